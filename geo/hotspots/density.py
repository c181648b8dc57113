"""Density surfaces: incidents per km² by a quartic kernel, exact at every place.

Each incident is spread over a disc whose radius is the bandwidth, most of it at the middle.
Nothing is binned: incidents at one snap point are added up once, the others stay where they are.

Source of the kernel: Silverman 1986, equation 4.5, as CrimeStat uses it (Levine 2015, chapter 10):
3 / (π h²) · (1 − d² / h²)² for d ≤ h.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]
Points = tuple[ArrayLike, ArrayLike]

FEWEST_PLACES = 10
"""With fewer distinct places than this no bandwidth is suggested."""

FEWEST_RESIDENTS = 100.0
"""With fewer residents under the kernel a rate is undefined: one incident would change it much."""

_KM2 = 1e6  # square metres
_SAMPLE = 2_000  # places whose neighbours are looked up to suggest a bandwidth

MOST_PLAIN = 200_000_000
"""Pairs of points and places up to which NumPy is faster than loading the compiled loops."""

_PLACES_AT_ONCE = 64
_PAIRS_AT_ONCE = 4_000_000  # bounds the memory of the NumPy sums


def suggest_bandwidth(x: ArrayLike, y: ArrayLike, *, at_least: float = 100.0) -> float:
    """Suggest a bandwidth for these incidents, in metres, rounded to tens.

    It is the median distance from a place to its k-th nearest other place, where k is half the
    square root of the number of places. A place is a distinct point, however many incidents it
    has: rules that use every incident, above all cross-validation, shrink to nothing on snap
    points. The median keeps a few isolated farms from widening a town's kernel.

    Parameters
    ----------
    x, y
        Metres, of equal length.
    at_least
        Metres; give twice the width of a cell, or the surface has holes between the centres.

    Returns
    -------
    Metres.

    Raises
    ------
    InputError
        If there are fewer than `FEWEST_PLACES` distinct points.

    Source: Williamson, McLafferty, Goldsmith, Mollenkopf & McGuire 1999 (k-th nearest neighbour);
    k was chosen to stay near the best leave-one-place-out likelihood on published data.
    """
    points = pd.DataFrame(_xy(x, y), columns=["x", "y"])
    places = points.drop_duplicates().sort_values(["x", "y"]).to_numpy()
    if len(places) < FEWEST_PLACES:
        raise InputError(
            f"a bandwidth cannot be suggested from {len(places)} places, "
            f"fewer than {FEWEST_PLACES}; give one in metres"
        )
    k = max(1, round(math.sqrt(len(places)) / 2))
    # The places are sorted, so that even steps through them sample the whole area.
    sample = places[:: max(1, len(places) // _SAMPLE)]
    distance, _ = scipy.spatial.cKDTree(places).query(sample, [k + 1])
    return float(max(round(float(np.median(distance)), -1), at_least))


def quartic_density(
    x: ArrayLike,
    y: ArrayLike,
    *,
    at: Points,
    bandwidth: float,
    weights: ArrayLike | None = None,
    inside_area: ArrayLike | None = None,
) -> Floats:
    """Incidents per km² at some places.

    Parameters
    ----------
    x, y
        The n incidents, in metres.
    at
        X and y of m places in metres, such as `Grid.centres` gives them.
    bandwidth
        Radius h of the kernel in metres.
    weights
        Weight of each incident, such as its harm; 1 where not given.
    inside_area
        Square metres inside the mask of the cell around each of the m places. If given, the surface
        is corrected at the mask's edge: each incident's kernel is divided by its mass inside
        the mask, as the cells measure it, so that density times area adds up to n.

    Returns
    -------
    m densities; zeros where there is no incident.

    Raises
    ------
    InputError
        If the bandwidth is not above 0, or an incident has no place; with the correction also if
        the bandwidth is under two cells, or an incident lies far outside the mask.

    Source: Silverman 1986, equation 4.5; of the correction Jones 1993, which spatstat calls
    Jones–Diggle.
    """
    points, places = _xy(x, y), _xy(*at)
    if not (math.isfinite(bandwidth) and bandwidth > 0):
        raise InputError(f"bandwidth {bandwidth:g} m is not valid; give a length above 0")
    if not np.isfinite(points).all():
        raise InputError("an incident has no coordinates; leave such incidents out")
    weight = np.broadcast_to(np.asarray(1.0 if weights is None else weights, float), len(points))
    if inside_area is not None:
        weight = weight / _mass_inside(points, places, inside_area, bandwidth)
    return quartic_sums(points, weight, at=places, bandwidth=bandwidth) * _KM2


def quartic_sums(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    """For each place the sum of 3 / (πh²) · (1 − d² / h²)² over the points no farther than h.

    Few pairs are summed by NumPy. Many are summed by compiled loops, which agree to rounding.

    Parameters
    ----------
    points
        n × 2 coordinates in metres, finite.
    weights
        n factors.
    at
        m × 2 coordinates of the places, in metres.
    bandwidth
        h in metres.

    Returns
    -------
    m sums, per square metre.

    Source: Silverman 1986, equation 4.5.
    """
    scale = 3 / (math.pi * bandwidth**2)
    if len(points) * len(at) <= MOST_PLAIN:
        return _plain_sums(points, weights, at=at, bandwidth=bandwidth) * scale
    from geo.hotspots import kernel_compiled  # noqa: PLC0415 - start-up must not pay for numba

    return kernel_compiled.quartic_sums(points, weights, at=at, bandwidth=bandwidth) * scale


def _plain_sums(points: Floats, weights: Floats, *, at: Floats, bandwidth: float) -> Floats:
    """Sum by NumPy: places of similar y at once, against the band of points around them."""
    sums = np.zeros(len(at))
    by_y = np.argsort(points[:, 1], kind="stable")
    (x, y), weights = points[by_y].T, weights[by_y]
    order = np.argsort(at[:, 1], kind="stable")
    step = max(1, min(_PLACES_AT_ONCE, _PAIRS_AT_ONCE // max(len(points), 1)))
    for start in range(0, len(order), step):
        some = order[start : start + step]
        at_x, at_y = at[some].T[:, :, None]
        first = np.searchsorted(y, at_y[0, 0] - bandwidth, side="left")
        last = np.searchsorted(y, at_y[-1, 0] + bandwidth, side="right")
        squared = (x[first:last] - at_x) ** 2 + (y[first:last] - at_y) ** 2
        near = np.maximum(1.0 - squared * (1 / bandwidth**2), 0.0)
        sums[some] = (near * near) @ weights[first:last]
    return sums


def _mass_inside(
    points: Floats, places: Floats, inside_area: ArrayLike, bandwidth: float
) -> Floats:
    """The share of each point's kernel inside the mask, to about 2 %, by the areas of the cells."""
    area = np.asarray(inside_area, float)
    shortest = 2 * math.sqrt(float(area.max(initial=0.0)))
    if bandwidth < shortest:
        raise InputError(
            f"bandwidth {bandwidth:g} m is too short to correct at the edge on these cells; "
            f"choose {math.ceil(shortest):,} m or more, or narrower cells"
        )
    mass = quartic_sums(places, area, at=points, bandwidth=bandwidth)
    lost = int((mass <= 0).sum())
    if lost:
        raise InputError(
            f"{lost:,} of {len(mass):,} incidents lie outside the mask by more than the bandwidth; "
            "leave them out, or choose a wider bandwidth"
        )
    return mass


def rate_per_1000(incidents: Floats, residents: Floats, *, bandwidth: float) -> Floats:
    """Incidents per 1,000 residents: a dual kernel density.

    Parameters
    ----------
    incidents, residents
        Densities of both at the same places, by the same bandwidth. Two bandwidths would make
        rates that only reflect the difference between them.
    bandwidth
        Metres, of both densities.

    Returns
    -------
    The rate at each place; NaN where the kernel covers fewer than `FEWEST_RESIDENTS`.

    Source: Kelsall & Diggle 1995; Levine 2015, chapter 10.
    """
    enough = residents * effective_area_km2(bandwidth) >= FEWEST_RESIDENTS
    rate = np.full(len(incidents), np.nan)
    np.divide(1000.0 * incidents, residents, out=rate, where=enough)
    return rate


def compare_densities(
    density: Floats, compared: Floats, *, days: tuple[float, float], bandwidth: float
) -> pd.DataFrame:
    """A density beside that of a compared period.

    Parameters
    ----------
    density, compared
        Incidents per km² at the same places, by the same bandwidth.
    days
        Published days of the period and of the compared period.
    bandwidth
        Metres, of both densities.

    Returns
    -------
    `density`, `density_compared` (scaled to the days of the period), `difference` (per km²) and
    `ratio`, NaN where the kernel covers less than one incident of the compared period.

    Source: Kelsall & Diggle 1995 (ratio of two kernel densities by one bandwidth).
    """
    scaled = compared * (days[0] / days[1])
    enough = compared * effective_area_km2(bandwidth) >= 1
    ratio = np.divide(density, scaled, out=np.full(len(density), np.nan), where=enough)
    return pd.DataFrame(
        {
            "density": density,
            "density_compared": scaled,
            "difference": density - scaled,
            "ratio": ratio,
        }
    )


def effective_area_km2(bandwidth: float) -> float:
    """The area of an even disc that smooths as much as the kernel: 1 / ∫k² = 5πh² / 9.

    Source: Silverman 1986, section 3.3 (the roughness ∫k² of a kernel).
    """
    return 5 * math.pi * bandwidth**2 / 9 / _KM2


def _xy(x: ArrayLike, y: ArrayLike) -> Floats:
    return np.column_stack([np.asarray(x, float), np.asarray(y, float)])
