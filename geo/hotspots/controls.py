"""Controls of a treatment: untreated places that were like the treated ones before the choice.

Places are treated because they were at their worst, so they fall of themselves. Untreated places
chosen by the same rule, on the same months, and of like level, trend and season fall as much; what
the treated ones fell beyond them is more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.hotspots.circles import STEPS, best_circles
from geo.prepared import prepared

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

EACH: Final = 2
"""Controls of each treated place: a second one narrows the interval, a third hardly."""

MOST_UNLIKE: Final = 2.0
"""A control had between half and twice as many incidents as its treated place."""

MOST_UNMATCHED: Final = 0.25
"""Where more of the treated places have no control of like level, matching is refused."""

FEWEST_LIKE: Final = 20
"""Of fewer places, how much places change of themselves is hardly known."""

MOST_CANDIDATES: Final = 60
"""How many untreated circles are drawn, the busiest first."""

_YEAR = 12
_QUARTER = 3


@dataclass(frozen=True)
class Matches:
    """The controls of each treated place, and how like they are.

    Attributes
    ----------
    controls
        For each treated place the positions of its controls among the candidates; empty where none
        is of like level.
    """

    controls: tuple[tuple[int, ...], ...]

    @property
    def chosen(self) -> list[int]:
        """All controls, in the order of the candidates."""
        return sorted(position for own in self.controls for position in own)

    @property
    def unmatched(self) -> list[int]:
        """The treated places without a control."""
        return [place for place, own in enumerate(self.controls) if not own]


def untreated_circles(
    x: ArrayLike,
    y: ArrayLike,
    *,
    treated: shapely.Geometry,
    radius: float,
    apart: float,
    gap: float,
    most: int = MOST_CANDIDATES,
) -> Floats:
    """Choose circles as ranked places are chosen, away from treated ones.

    Parameters
    ----------
    x, y
        Incidents of the months in which the treated places were chosen, in metres.
    treated
        The union of the treated places.
    radius, apart
        Of a circle, and the least distance between two centres, in metres.
    gap
        Metres between a circle and the treated places, at least.
    most
        The largest number of circles.

    Returns
    -------
    Rows of x and y of their centres, the busiest first.
    """
    at_x, at_y = np.asarray(x, float), np.asarray(y, float)
    near = prepared(shapely.buffer(treated, gap))
    free = ~shapely.intersects_xy(near, at_x, at_y)
    sites = best_circles(
        at_x[free],
        at_y[free],
        weights=np.ones(int(free.sum())),
        radius=radius,
        apart=apart,
        most=most,
    )
    centres = np.array(sites, float).reshape(-1, 2) * (radius / STEPS)
    return centres[shapely.distance(shapely.points(centres), treated) >= radius + gap]


def counts_of_places(
    x: ArrayLike, y: ArrayLike, month: ArrayLike, *, places: ArrayLike, months: int
) -> Integers:
    """Count incidents by place and month; a point in two places counts in both.

    Parameters
    ----------
    x, y
        Of n incidents, in metres.
    month
        The number of the month of each, from 0; outside the months it does not count.
    places
        k polygons, in metres.
    months
        How many months there are.

    Returns
    -------
    k × months.
    """
    number = np.asarray(month)
    known = (number >= 0) & (number < months)
    at = np.column_stack([np.asarray(x, float)[known], np.asarray(y, float)[known]])
    land = np.asarray(places)
    place, point = shapely.STRtree(np.array(shapely.points(at)).ravel()).query(
        land, predicate="intersects"
    )
    lands = len(land)
    cell = place * months + number[known][point]
    return np.bincount(cell, minlength=lands * months).reshape(lands, months)


def match_controls(treated: ArrayLike, candidates: ArrayLike, *, each: int = EACH) -> Matches:
    """Choose for each treated place the untreated ones most like it before the choice.

    Greedy and without replacement, the busiest treated place first, in rounds: every place has its
    first control before one has a second. Ties go to the first candidate.

    Parameters
    ----------
    treated, candidates
        Counts of n and m places in the months before the choice: n × k and m × k.
    each
        Controls of each place, at most.

    Returns
    -------
    The matches; a control has from half to twice as many incidents as its treated place.

    Raises
    ------
    InputError
        If too few treated places have a control of like level.

    Source: greedy nearest-neighbour matching within a caliper, Stuart 2010, on standardised
    logarithms of level, trend and season.
    """
    own, others = np.asarray(treated, float), np.asarray(candidates, float)
    traits, weights = _traits(np.vstack([own, others]))
    scale = traits.std(axis=0)
    traits = traits / np.where(scale > 0, scale, 1.0) * np.sqrt(weights)
    distance = ((traits[: len(own), None] - traits[None, len(own) :]) ** 2).sum(axis=2)
    n, m = own.sum(axis=1)[:, None], others.sum(axis=1)[None]
    distance[(m * MOST_UNLIKE < n) | (m > n * MOST_UNLIKE) | (m == 0)] = np.inf
    controls: list[list[int]] = [[] for _ in own]
    for _ in range(each):
        for place in np.argsort(-own.sum(axis=1), kind="stable").tolist():
            if len(others) and np.isfinite(distance[place]).any():
                best = int(np.argmin(distance[place]))
                controls[place].append(best)
                distance[:, best] = np.inf
    matches = Matches(tuple(tuple(own) for own in controls))
    _refuse_unmatched(matches, own, others)
    return matches


def like_level(treated: ArrayLike, candidates: ArrayLike) -> Integers:
    """The untreated places whose changes say how much the treated ones would change of themselves.

    Parameters
    ----------
    treated, candidates
        Incidents of n treated places and of m untreated ones before the treatment.

    Returns
    -------
    Positions of the candidates of like level: within half and twice the median treated place, but
    at least the nearest `FEWEST_LIKE`.
    """
    own, others = np.asarray(treated, float) + 0.5, np.asarray(candidates, float) + 0.5
    apart = np.abs(np.log(others / np.median(own)))
    most = max(FEWEST_LIKE, int((apart <= np.log(MOST_UNLIKE)).sum()))
    return np.sort(np.argsort(apart, kind="stable")[:most])


def expected_share(places: ArrayLike, reference: ArrayLike, *, dispersion: float = 1.0) -> float:
    """What places would be expected to have again, as a share of what they had.

    A place that had many incidents had some of them by chance: its expectation lies between its
    own count and the mean of all such places.

    Parameters
    ----------
    places
        Incidents of the places in the months on which they may have been chosen.
    reference
        Incidents of all places of the kind in the same months, with these.
    dispersion
        Variance over mean of the count of a place whose rate does not change.

    Returns
    -------
    Below 1 where they are busier than most; 1 where nothing was counted.

    Source: empirical Bayes, Hauer 1997.
    """
    own, every = np.asarray(places, float), np.asarray(reference, float)
    if not own.sum() or len(every) < 2:
        return 1.0
    mean, variance = float(every.mean()), float(every.var(ddof=1))
    weight = min(1.0, dispersion * mean / variance) if variance > 0 else 1.0
    return float((weight * mean + (1 - weight) * own).sum() / own.sum())


def _traits(counts: Floats) -> tuple[Floats, Floats]:
    """Logarithms of level, trend and, where there is a year, season; and the weight of each."""
    months = counts.shape[1]
    half = months // 2
    traits, weights = [np.log(counts.sum(axis=1) + 0.5)], [1.0]
    if half:
        early, late = counts[:, :half].sum(axis=1), counts[:, months - half :].sum(axis=1)
        traits.append(np.log((late + 0.5) / (early + 0.5)))
        weights.append(1.0)
    if months >= _YEAR:
        year = counts[:, months - _YEAR :].reshape(len(counts), -1, _QUARTER).sum(axis=2) + 0.5
        # The fourth share follows from the others; together they weigh as much as one trait.
        traits += list(np.log(year / year.mean(axis=1, keepdims=True)).T[:-1])
        weights += [1 / 3] * 3
    return np.column_stack(traits), np.array(weights)


def _refuse_unmatched(matches: Matches, treated: Floats, candidates: Floats) -> None:
    if len(matches.unmatched) <= MOST_UNMATCHED * len(treated):
        return
    n, m = treated.sum(axis=1), candidates.sum(axis=1)
    busiest = f"the busiest untreated one had {m.max():,.0f}" if len(m) else "no place is left"
    raise InputError(
        f"{len(matches.unmatched)} of {len(treated)} treated places have no untreated place of "
        f"like level (half to twice as many incidents before the choice): they had up to "
        f"{n[matches.unmatched].max():,.0f}, and {busiest}. Compare with the rest of the study "
        "area, or name a control"
    )
