"""How methods choose cells, or places, from a window of months: those that `evaluate` compares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.backtesting import HeldOut, Training
from geo.analyses.proof_text import COUNT, SHRUNK
from geo.checkpoints import checkpoint
from geo.errors import InputError, QuestionError
from geo.hotspots import density, emerging, getis_ord, ranking
from geo.hotspots.baselines import neighbourhood_tails
from geo.hotspots.evaluation import accuracy
from geo.hotspots.shrinkage import prior, shrunk_rates

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

DENSITY: Final = "density"
GI_STAR: Final = "gi_star"
EMERGING: Final = "emerging"
HOT: Final = "hot cells"
"""With the name of their baseline in brackets."""

PLACE_SHARES: Final = (0.01, 0.02)
"""Shares of the land of ranked places: more, so far apart, would be no list to patrol."""


@dataclass(frozen=True)
class Choice:
    """How a method ranks the cells, and what it expects of them.

    Attributes
    ----------
    scores
        Of the n cells; the highest are taken first.
    a_day
        Incidents that it expects in each cell on a day; None where it predicts no number.
    """

    scores: Floats
    a_day: Floats | None = None


Method = Callable[[Training], Choice]


def methods(of: HeldOut, *, bandwidth: float) -> dict[str, Method]:
    """All methods that choose cells, by name, the plainest first.

    Parameters
    ----------
    of
        The held-out months: they say which baselines there are.
    bandwidth
        Of the kernel density, in metres.

    Returns
    -------
    Functions of a window of months.
    """
    hot: dict[str, Method] = {f"{HOT} ({name})": _hot_cells(name) for name in of.baselines}
    return {
        COUNT: _count,
        SHRUNK: _shrunk,
        DENSITY: _density(bandwidth),
        GI_STAR: _gi_star,
        **hot,
        EMERGING: _Emerging(of, {}),
    }


def _count(known: Training) -> Choice:
    return Choice(known.n, known.n / known.expected_days)


def _shrunk(known: Training) -> Choice:
    """The count, shrunk towards the mean of all cells: in the same order."""
    ones = np.ones(len(known.n))
    rate = shrunk_rates(known.n, ones, prior(known.n, ones))
    return Choice(known.n, rate / known.expected_days)


def _density(bandwidth: float) -> Method:
    def choose(known: Training) -> Choice:
        spread = density.quartic_density(
            known.rows["x"], known.rows["y"], at=known.of.centres, bandwidth=bandwidth
        )
        return Choice(spread, spread * known.of.area / 1e6 / known.expected_days)

    return choose


def _gi_star(known: Training) -> Choice:
    z = getis_ord.gi_star(known.n, known.of.neighbours)
    return Choice(np.where(np.isnan(z), -np.inf, z))


def _hot_cells(name: str) -> Method:
    """The cells whose neighbourhoods hold most beyond their baseline, the surest first.

    A hot cell holds incidents, so those without any come last.
    """

    def choose(known: Training) -> Choice:
        baseline = known.of.baseline(name, known.months).baseline
        p, surplus = neighbourhood_tails(
            known.evidence, known.of.neighbours, baseline, dispersion=known.of.dispersion
        )
        unknown = np.isnan(p)
        # Tails of the surest neighbourhoods are too small for a float: the surplus decides then.
        sure = np.sign(surplus) * -np.log(np.maximum(np.where(unknown, 1.0, p), 1e-300))
        order = np.lexsort([np.where(unknown, -np.inf, surplus), sure, known.n > 0])
        scores = np.empty(len(order))
        scores[order] = np.arange(len(order))
        return Choice(np.where(unknown, -1.0, scores))

    return choose


@dataclass(frozen=True)
class _Emerging:
    """Cells that are hot in the last step, those that were so in most steps first.

    Attributes
    ----------
    of
        The held-out months.
    hot
        The hot cells of a step, by its last month: steps of several windows are the same.
    """

    of: HeldOut
    hot: dict[tuple[str, ...], Bools]

    def __call__(self, known: Training) -> Choice:
        ends = range(1, len(known.months) + 1)
        steps = [known.months[max(0, end - emerging.WINDOW) : end] for end in ends]
        hot = np.column_stack([self._called(step) for step in steps])
        times = hot.sum(axis=1) * (1.0 + hot[:, -1] * len(steps))
        # Among cells that were hot as often the count decides; it is below the whole.
        return Choice(times + known.n / (known.n.sum() + 1.0))

    def _called(self, step: tuple[str, ...]) -> Bools:
        if step not in self.hot:
            checkpoint()
            at = self.of.columns(step)
            self.hot[step], _ = emerging.called(
                self.of.counts[:, at].sum(axis=1),
                self.of.neighbours,
                self.of.baseline(self.of.answer.question.baseline, step).baseline,
                tested=self.of.evidence[:, at].sum(axis=1),
                dispersion=self.of.dispersion,
            )
        return self.hot[step]


def chosen_places(known: Training, *, most: int) -> pd.DataFrame:
    """The places that `patchmap rank` chooses by a window, with what is expected of them.

    Parameters
    ----------
    known
        The window.
    most
        How many places, at most.

    Returns
    -------
    As `geo.hotspots.ranking.busiest_circles`, and `expected` in the month that is tested.

    Raises
    ------
    QuestionError
        If circles so near would overlap.
    """
    terms, land = known.of.answer.question.places, float(known.of.area.sum())
    try:
        places = ranking.busiest_circles(
            known.rows, most=most, radius=terms.radius, apart=terms.spacing
        )
    except InputError as error:
        raise QuestionError("spacing", str(error)) from error
    by = ranking.place_prior(known.rows, radius=terms.radius, land=land)
    rate = shrunk_rates(places["n"], np.ones(len(places)), by)
    return places.assign(expected=rate / known.expected_days * known.days_tested)


def place_curve(known: Training, *, later: pd.DataFrame, study: shapely.Geometry) -> pd.DataFrame:
    """The indices of ranked places as more and more of them are taken.

    Parameters
    ----------
    known
        The window that they are chosen by.
    later
        The incidents of the month tested.
    study
        The study area, in metres.

    Returns
    -------
    The columns of `geo.hotspots.evaluation.accuracy`, held to the best choice of cells; a row for
    each number of places, up to the largest of `PLACE_SHARES`.
    """
    radius, of = known.of.answer.question.places.radius, known.of
    land = float(of.area.sum())
    places = chosen_places(known, most=int(max(PLACE_SHARES) * land / (np.pi * radius**2)) + 1)
    circles = shapely.buffer(shapely.points(places[["x", "y"]].to_numpy()), radius)
    area = shapely.area(shapely.intersection(circles, study))
    hits, before = ranking.count_inside(places, later), places["n"].to_numpy(float)
    cells = np.bincount(later["cell"], minlength=len(of.area))
    # All the rest is taken last, as one piece, so that shares are of the whole.
    curve = accuracy(
        np.arange(len(places), -1, -1),
        np.append(hits, len(later) - hits.sum()),
        np.append(area, max(land - area.sum(), 1.0)),
        earlier=np.append(before, len(known.rows) - before.sum()),
        expected=np.append(places["expected"], np.nan),
        best=(cells, of.area),
    )
    return curve.iloc[: len(places)]


def choices(by: Mapping[str, Method], known: Training) -> dict[str, Choice]:
    """What each method chooses from a window.

    Parameters
    ----------
    by
        The methods by name.
    known
        The window.

    Returns
    -------
    The choices of those that can be made of so few months, by the name of the method.
    """
    few = len(known.months) < emerging.LEAST_MONTHS
    result = {}
    for name, choose in by.items():
        checkpoint()
        if not (few and name == EMERGING):
            result[name] = choose(known)
    return result
