"""Concentration: how few places account for how many of the incidents.

Places without an incident count: measured over the busy places alone, an even city would look
concentrated. And where there are fewer incidents than places some places must be empty, which
the plain Gini coefficient mistakes for concentration; the generalised coefficient does not.
For the same reason each figure stands beside the one that chance gives: as many incidents dealt
at random over places that are all alike.

Places are cells, or streets as `geo.hotspots.street_names` numbers them. A file names only the
streets that have an incident: give the true number of streets where it is known.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]

FEWEST_INCIDENTS: Final = 30
"""With fewer incidents the places that hold half of them say nothing beyond chance."""


def concentration(
    counts: ArrayLike, *, places: int | None = None, occupied: bool = False
) -> pd.DataFrame:
    """Crime concentration in one row.

    Parameters
    ----------
    counts
        Incidents of each place, whole numbers.
    places
        The number of places in all, where `counts` leaves out empty ones.
    occupied
        Whether `counts` has only places with an incident, of a number that is unknown: chance is
        then that of places with an incident too.

    Returns
    -------
    One row: `places`, `n`; `places_50`, `share_50` (how many of the places, and what share of
    them, account for half the incidents), `places_80`, `share_80`; `gini`, `generalised_gini`,
    `generalised_gini_unbiased`; and what to expect if as many incidents fell on equal places at
    random: `gini_by_chance`, `share_50_by_chance`, `share_80_by_chance`. NaN where there is no
    incident.

    Raises
    ------
    InputError
        As `lorenz_curve`.

    Source: Weisburd 2015 (the shares); Bernasco & Steenbeek 2017 (generalised Gini); Johnson &
    Kotz 1977 (occupancy, for the shares by chance); Ramasubban 1958 (Gini coefficient of Poisson
    counts).
    """
    values = _ranked(counts, places)
    n, m = int(values.sum()), len(values)
    chance = _by_chance(n, m, occupied=occupied)
    half, most = (places_holding(values, share) for share in (0.5, 0.8))
    return pd.DataFrame(
        {
            "places": [m],
            "n": [n],
            "places_50": [half],
            "share_50": [half / m if n else np.nan],
            "places_80": [most],
            "share_80": [most / m if n else np.nan],
            "gini": [gini(values)],
            "generalised_gini": [generalised_gini(values)],
            "generalised_gini_unbiased": [generalised_gini(values, unbiased=True)],
            "gini_by_chance": [_gini_by_chance(chance, n, m, occupied=occupied)],
            "share_50_by_chance": [chance.places_holding(0.5, of=m)],
            "share_80_by_chance": [chance.places_holding(0.8, of=m)],
        }
    )


def lorenz_curve(
    counts: ArrayLike, *, places: int | None = None, occupied: bool = False
) -> pd.DataFrame:
    """The curve of incidents over places, the busiest first.

    Parameters
    ----------
    counts, places, occupied
        As in `concentration`.

    Returns
    -------
    `share_of_places` and `share_of_incidents`, from 0 to 1, at the ends of the curve's straight
    pieces: places with equal counts form one piece. `share_of_incidents_by_chance`: that of the
    same share of places if as many incidents fell on equal places at random.

    Raises
    ------
    InputError
        If there is no place, a count is no whole number from 0, or there are fewer places than
        counts.

    Source: Lorenz 1905; over places, busiest first, as in Bernasco & Steenbeek 2017.
    """
    values = _ranked(counts, places)
    ends = np.flatnonzero(np.diff(values, append=-1)) + 1
    cumulative = np.cumsum(values)[ends - 1]
    of_places = np.concatenate([[0.0], ends / len(values)])
    chance = _by_chance(int(cumulative[-1]), len(values), occupied=occupied)
    return pd.DataFrame(
        {
            "share_of_places": of_places,
            "share_of_incidents": np.concatenate([[0.0], cumulative / max(cumulative[-1], 1)]),
            "share_of_incidents_by_chance": np.interp(of_places, *chance),
        }
    )


class _ChanceCurve(NamedTuple):
    """The Lorenz curve to expect by chance, the busiest places first, from (0, 0) to (1, 1)."""

    of_places: Floats
    of_incidents: Floats

    def places_holding(self, share: float, *, of: int) -> float:
        """The share of the places that holds a share of the incidents; NaN without incidents."""
        places = np.interp(share, self.of_incidents, self.of_places) * of
        # Whole places, as those that are counted; less a hair for rounding.
        return float(np.ceil(places - 1e-9) / of)


def _by_chance(n: int, m: int, *, occupied: bool) -> _ChanceCurve:
    """The curve of n incidents that fall on m equal places, each place as likely as another.

    With `occupied` the m places are those with an incident, of so many that m of them are to be
    expected.

    Source: expected occupancy numbers, Johnson & Kotz 1977, chapter 3; zero-truncated Poisson.
    """
    if not n:
        return _ChanceCurve(np.array([0.0, 1.0]), np.array([np.nan, np.nan]))
    mean = n / m
    # Beyond so many deviations a count is as good as impossible.
    reach = 12 * np.sqrt(mean) + 40
    counts = np.arange(max(int(mean - reach), int(occupied)), min(n, int(mean + reach)) + 1)
    places = _occupied(counts, mean) if occupied else _binomial(counts, n, 1 / m)
    # The busiest first. Rounded sums would not end at exactly 1.
    of_places = np.cumsum(places[::-1])
    of_incidents = np.cumsum((places * counts)[::-1])
    return _ChanceCurve(
        np.concatenate([[0.0], of_places / of_places[-1]]),
        np.concatenate([[0.0], of_incidents / of_incidents[-1]]),
    )


def _occupied(counts: NDArray[np.int64], mean: float) -> Floats:
    """The chance of each count from 1 at a place with an incident, where their mean is given."""
    if mean <= 1:
        once: Floats = np.where(counts == 1, 1.0, 0.0)
        return once
    rate = scipy.optimize.brentq(lambda value: value / -np.expm1(-value) - mean, 1e-9, mean)
    chance: Floats = np.exp(
        scipy.special.xlogy(counts, rate) - scipy.special.gammaln(counts + 1) - rate
    )
    return chance


# Written out, as above: scipy.stats takes a quarter second to import.
def _binomial(counts: NDArray[np.int64], n: int, p: float) -> Floats:
    """The chance of each count among n incidents that fall on a place with probability p."""
    if p >= 1:
        certain: Floats = np.where(counts == n, 1.0, 0.0)
        return certain
    ways = -scipy.special.betaln(n - counts + 1, counts + 1) - np.log1p(n)
    chance: Floats = np.exp(ways + scipy.special.xlogy(counts, p) + (n - counts) * np.log1p(-p))
    return chance


def _gini_by_chance(chance: _ChanceCurve, n: int, m: int, *, occupied: bool) -> float:
    if not n:
        return float("nan")
    if occupied:
        return float(2 * np.trapezoid(chance.of_incidents, chance.of_places) - 1)
    # The scaled Bessel functions include the factor e^(−2λ) of the formula.
    return float(scipy.special.ive(0, 2 * n / m) + scipy.special.ive(1, 2 * n / m))


def places_holding(counts: ArrayLike, share: float) -> int:
    """The fewest places that together account for at least a share of the incidents.

    Parameters
    ----------
    counts
        Incidents of each place.
    share
        From 0 to 1.

    Returns
    -------
    A number of places; 0 where there is no incident.

    Source: Weisburd 2015.
    """
    cumulative = np.cumsum(np.sort(np.asarray(counts))[::-1])
    # Less a hair: 0.8 × 5 must be 4 and not, by a rounding error, more than 4.
    return (
        int(np.searchsorted(cumulative, share * cumulative[-1] * (1 - 1e-12))) + 1
        if cumulative[-1]
        else 0
    )


def gini(counts: ArrayLike) -> float:
    """The Gini coefficient: 0 where all places have equal counts, near 1 where one place has all.

    NaN where there is no incident.

    Source: Gini 1912, in the form over sorted values.
    """
    values = np.sort(np.asarray(counts, float))
    total, n = values.sum(), len(values)
    if not total:
        return float("nan")
    return float(((2 * np.arange(1, n + 1) - n - 1) * values).sum() / (n * total))


def generalised_gini(counts: ArrayLike, *, unbiased: bool = False) -> float:
    """Gini coefficient relative to the most even spread that this many incidents can have.

    Parameters
    ----------
    counts
        Incidents of each place, empty ones included.
    unbiased
        Multiply by m / (m − 1), where m is the lesser of places and incidents; NaN for m = 1.

    Returns
    -------
    From 0 (as even as can be) to 1; NaN where there is no incident.

    Source: Bernasco & Steenbeek 2017.
    """
    values = np.asarray(counts, float)
    incidents, n = values.sum(), len(values)
    if not incidents:
        return float("nan")
    coefficient = max(1.0, n / incidents) * (gini(values) - 1) + 1
    m = min(n, incidents)
    if not unbiased:
        return float(coefficient)
    return float(coefficient * m / (m - 1)) if m > 1 else float("nan")


def _ranked(counts: ArrayLike, places: int | None) -> NDArray[np.int64]:
    """Whole numbers, the largest first, with zeros for the places that were left out."""
    values = np.asarray(counts, float)
    if not ((values >= 0) & (values == np.floor(values))).all():
        raise InputError("concentration needs counts: give whole numbers of at least 0")
    n = len(values) if places is None else places
    if n < len(values):
        raise InputError(
            f"{len(values):,} places have a count, more than the {n:,} places in all; "
            "give a larger number of places"
        )
    if n == 0:
        raise InputError("there are no places to measure concentration over")
    ranked = np.zeros(n, dtype=np.int64)
    ranked[: len(values)] = np.sort(values)[::-1]
    return ranked
