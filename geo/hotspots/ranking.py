"""Ranked micro-hotspots: circles of one size, apart from one another, with the most incidents.

UK practice patrols small places of one size: Operation Savvy of West Midlands Police took
circles of at most 150 m radius with centres at least 500 m apart, which are the defaults here.
`geo.hotspots.circles` describes how circles are chosen and ties broken.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.hotspots.circles import STEPS, Site, Wanted, best_circles
from geo.hotspots.shrinkage import Prior, prior
from geo.hotspots.street_names import numbered_names
from geo.incidents import london_hours

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY: Final = (7, 19)
"""First hour of the day in London, and the hour at which night begins."""

RADIUS_M: Final = 150.0
APART_M: Final = 500.0
"""Radius and distance of centres of Operation Savvy, West Midlands Police."""

MOVED_M: Final = 150.0
"""Metres within which a place still counts as a known one: one radius."""

MOST_STREETS = 3  # named for a place: more do not fit into a table's row
_HOUR = pd.Timedelta(hours=1)

# In the order of the columns; an answer without places has the same types.
_TYPES = {
    "rank": "int64",
    "hotspot_id": "str",
    "n": "int64",
    "share": "float64",
    "weighted": "float64",
    "streets": "str",
    "radius_m": "float64",
    "x": "float64",
    "y": "float64",
    "n_day": "int64",
    "n_night": "int64",
    "n_untimed": "int64",
    "moved_m": "float64",
}


def rank(  # noqa: PLR0913 - each says which places count, or what is known of them
    incidents: pd.DataFrame,
    *,
    most: int = 20,
    radius: float = RADIUS_M,
    apart: float = APART_M,
    weights: ArrayLike | None = None,
    known: pd.DataFrame | None = None,
    moved: float = MOVED_M,
    day: tuple[int, int] = DAY,
    wanted: Wanted | None = None,
) -> pd.DataFrame:
    """The places with the most incidents, or the most harm.

    Parameters
    ----------
    incidents
        An incident frame of the study area.
    most
        The largest number of places; there are fewer where no incident is left.
    radius, apart
        Of a place, and the least distance between two centres, in metres.
    weights
        Weight of each incident in the choice, 0 or more; 1 where not given.
    known
        Places with `hotspot_id`, `x`, `y`, as this function returned them before. A place keeps
        the id of the nearest known one; the frame itself is not changed.
    moved
        Metres within which a place still counts as a known one.
    day
        First hour of the day in London, and the hour at which night begins.
    wanted
        Which centres count, such as those in one ward; all where not given. Their places are those
        that they have among all, ranked anew.

    Returns
    -------
    A row for each place, best first: `rank`, `hotspot_id`, `n`, `share` of all incidents,
    `weighted` (where weights are given), `streets` (the names that occur most), `radius_m`, `x`,
    `y`, `n_day`, `n_night`, `n_untimed` (no time is known, or it spans both) and `moved_m` (from
    the known place; NaN where the place is new).

    Raises
    ------
    InputError
        If circles so near would overlap, the radius is not above 0, or a weight is negative or
        missing.

    Source: Operation Savvy, West Midlands Police (equal circles with a least distance); the greedy
    choice as in `geo.hotspots.circles`.
    """
    value = np.ones(len(incidents)) if weights is None else np.asarray(weights, float)
    _refuse_impossible(radius=radius, apart=apart, weights=value)
    x, y = (incidents[axis].to_numpy(float) for axis in ("x", "y"))
    sites = best_circles(x, y, weights=value, radius=radius, apart=apart, most=most, wanted=wanted)
    centres = np.array(sites, dtype=float).reshape(-1, 2) * (radius / STEPS)
    inside = [(x - at_x) ** 2 + (y - at_y) ** 2 <= radius**2 for at_x, at_y in centres]
    places = pd.DataFrame(_described(incidents, inside, day), columns=list(_TYPES))
    places["x"], places["y"] = centres.T
    places["share"] = [one.sum() / len(incidents) for one in inside]
    places["weighted"] = [value[one].sum() for one in inside]
    places["rank"], places["radius_m"] = np.arange(1, len(sites) + 1), radius
    ids = [_id_of(site, radius) for site in sites]
    places["hotspot_id"], places["moved_m"] = _keep_ids(ids, places, known=known, moved=moved)
    places = places.astype(_TYPES)
    return places.drop(columns="weighted") if weights is None else places


def place_prior(incidents: pd.DataFrame, *, radius: float, land: float) -> Prior:
    """How the numbers of incidents of places of one size differ over a whole study area.

    Parameters
    ----------
    incidents
        Of the study area: `x` and `y` in metres.
    radius
        Of a place, in metres.
    land
        Square metres of the study area.

    Returns
    -------
    The prior by which counts of chosen places are shrunk. It is that of squares as large as a
    place, which are not chosen by their incidents; those without any count as well.
    """
    side = math.sqrt(math.pi) * radius
    column, row = (np.floor(incidents[axis].to_numpy(float) / side) for axis in ("x", "y"))
    _, n = np.unique(column + 1j * row, return_counts=True)
    empty = max(round(land / side**2) - len(n), 0)
    counts = np.append(n, np.zeros(empty))
    return prior(counts, np.ones(len(counts))) if len(counts) else Prior(0.0, 0.0)


def busiest_circles(
    incidents: pd.DataFrame, *, most: int, radius: float = RADIUS_M, apart: float = APART_M
) -> pd.DataFrame:
    """The circles that `rank` chooses by counts, without what describes them.

    Parameters
    ----------
    incidents
        `x` and `y` in metres.
    most, radius, apart
        As in `rank`.

    Returns
    -------
    `x`, `y`, `radius_m` and `n` of each circle, in the order of the choice.

    Raises
    ------
    InputError
        As `rank`.
    """
    x, y = (incidents[axis].to_numpy(float) for axis in ("x", "y"))
    ones = np.ones(len(x))
    _refuse_impossible(radius=radius, apart=apart, weights=ones)
    sites = best_circles(x, y, weights=ones, radius=radius, apart=apart, most=most)
    centres = np.array(sites, float).reshape(-1, 2) * (radius / STEPS)
    places = pd.DataFrame({"x": centres[:, 0], "y": centres[:, 1], "radius_m": float(radius)})
    return places.assign(n=count_inside(places, incidents))


def of_period(
    places: pd.DataFrame,
    incidents: pd.DataFrame,
    *,
    weights: ArrayLike | None = None,
    day: tuple[int, int] = DAY,
) -> pd.DataFrame:
    """Put what another time brought to places in the place of what they were chosen by.

    Parameters
    ----------
    places
        As `rank` returned them.
    incidents
        An incident frame of the other time.
    weights
        Weight of each of these incidents, where the places have `weighted`.
    day
        As in `rank`.

    Returns
    -------
    The places with `n`, `share`, `weighted` where they have it, `n_day`, `n_night` and
    `n_untimed` of these incidents; the places, their order, ids and streets stay.
    """
    value = np.ones(len(incidents)) if weights is None else np.asarray(weights, float)
    x, y = (incidents[axis].to_numpy(float) for axis in ("x", "y"))
    by_day, by_night = _day_and_night(incidents, day)
    rows = []
    for at_x, at_y, radius in places[["x", "y", "radius_m"]].to_numpy(float):
        inside = (x - at_x) ** 2 + (y - at_y) ** 2 <= radius**2
        n_day, n_night = int(by_day[inside].sum()), int(by_night[inside].sum())
        n = int(inside.sum())
        rows.append(
            {
                "n": n,
                "share": n / max(len(incidents), 1),
                "weighted": float(value[inside].sum()),
                "n_day": n_day,
                "n_night": n_night,
                "n_untimed": n - n_day - n_night,
            }
        )
    names = ["n", "share", "weighted", "n_day", "n_night", "n_untimed"]
    own = pd.DataFrame(rows, columns=names, index=places.index)
    own = own.astype({name: _TYPES[name] for name in names})
    return places.assign(**{name: own[name] for name in names if name in places})


def count_inside(places: pd.DataFrame, incidents: pd.DataFrame) -> NDArray[np.int64]:
    """Count other incidents inside each place.

    Parameters
    ----------
    places
        As `rank` returned them.
    incidents
        `x` and `y` in metres.

    Returns
    -------
    One count for each place, in their order.
    """
    x, y = (incidents[axis].to_numpy(float) for axis in ("x", "y"))
    circles = places[["x", "y", "radius_m"]].to_numpy(float)
    inside = [
        ((x - at_x) ** 2 + (y - at_y) ** 2 <= radius**2).sum() for at_x, at_y, radius in circles
    ]
    return np.array(inside, dtype=np.int64)


def place_of(hotspot_id: str) -> tuple[float, float, float]:
    """X, y and radius in metres of the place that received an id when it was new.

    Raises
    ------
    InputError
        If it is not such an id.
    """
    match = re.fullmatch(r"p(\d{1,4}):(-?\d{1,7}):(-?\d{1,7})(:\d+)?", hotspot_id)
    if not match:
        raise InputError(
            f"{hotspot_id!r} is not the id of a ranked hotspot; write it as p150:43512:33610"
        )
    radius, column, row = (float(match[number]) for number in (1, 2, 3))
    return column * (radius / STEPS), row * (radius / STEPS), radius


def place_id(x: float, y: float, radius: float) -> str:
    """The id that a place receives when it is new.

    Parameters
    ----------
    x, y
        Its centre in metres, on the lattice of `geo.hotspots.circles`.
    radius
        Metres.

    Returns
    -------
    The id, such as `p150:43513:33475`.
    """
    step = radius / STEPS
    return _id_of((round(x / step), round(y / step)), radius)


def _id_of(site: Site, radius: float) -> str:
    column, row = site
    return f"p{radius:g}:{column}:{row}"


def _refuse_impossible(*, radius: float, apart: float, weights: Floats) -> None:
    if not (math.isfinite(radius) and radius > 0):
        raise InputError(f"radius {radius:g} m is not valid; give a length above 0")
    if not apart >= 2 * radius:
        raise InputError(
            f"circles of {radius:g} m radius with centres {apart:g} m apart would overlap; "
            f"put them at least {2 * radius:g} m apart"
        )
    if not (weights >= 0).all():
        raise InputError("a weight is missing or below 0; give weights of at least 0")


def _described(
    incidents: pd.DataFrame, inside: Sequence[Bools], day: tuple[int, int]
) -> list[dict[str, object]]:
    """What the incidents of each place tell of it."""
    # Names and hours are read once for the incidents of all places: each reading has its price.
    some = np.any([np.zeros(len(incidents), dtype=bool), *inside], axis=0)
    rows = incidents[some]
    names, code = numbered_names(rows["location"])
    by_day, by_night = _day_and_night(rows, day)
    described = []
    for here in (one[some] for one in inside):
        n, n_day, n_night = (int(rows[here].sum()) for rows in (here, by_day, by_night))
        described.append(
            {
                "n": n,
                "streets": commonest_streets(names, code[here]),
                "n_day": n_day,
                "n_night": n_night,
                "n_untimed": n - n_day - n_night,
            }
        )
    return described


def commonest_streets(names: NDArray[np.object_], code: NDArray[np.int64]) -> str:
    """Name the streets that occur most.

    Parameters
    ----------
    names, code
        As `geo.hotspots.street_names.numbered_names` returns them, `code` of some incidents alone.

    Returns
    -------
    At most `MOST_STREETS` names, ties in alphabetical order, joined with `;`.
    """
    # Of the names that occur here alone: a city has thousands of others.
    own, n = np.unique(code, return_counts=True)
    most = np.argsort(-n, kind="stable")
    return "; ".join([name for name in names[own[most]] if name][:MOST_STREETS])


def _day_and_night(incidents: pd.DataFrame, day: tuple[int, int]) -> tuple[Bools, Bools]:
    """Which incidents surely happened by day, and which by night.

    An interval counts where it begins and ends in the same part, without the other between.
    """
    by_day, by_night = np.zeros((2, len(incidents)), dtype=bool)
    is_timed = incidents["precision"].isin(["instant", "interval"]).to_numpy(dtype=bool)
    if not is_timed.any():
        return by_day, by_night
    timed = incidents[is_timed]
    begins, ends = timed["occurred_from"], timed["occurred_to"]
    length = (day[1] - day[0]) % 24
    is_day, still = ((london_hours(when) - day[0]) % 24 < length for when in (begins, ends))
    other = np.where(is_day, 24 - length, length) * _HOUR
    sure = (is_day == still) & (ends - begins < other).to_numpy()
    by_day[is_timed], by_night[is_timed] = sure & is_day, sure & ~is_day
    return by_day, by_night


def _keep_ids(
    ids: list[str], places: pd.DataFrame, *, known: pd.DataFrame | None, moved: float
) -> tuple[list[str], Floats]:
    """Ids and metres moved: a place keeps the id of a known one, nearest pairs first."""
    distances = np.full(len(places), np.nan)
    if known is None:
        return ids, distances
    names = known["hotspot_id"].astype(str).to_numpy()
    apart = np.hypot(
        *(places[a].to_numpy(float)[:, None] - known[a].to_numpy(float) for a in ("x", "y"))
    )
    near, old = np.nonzero(apart < moved)
    free = set(names)
    inherited: dict[int, str] = {}
    # Nearest pairs first: a known place can then lose its id only to a nearer one.
    for i in np.lexsort((names[old], near, apart[near, old])):
        place, name = int(near[i]), str(names[old[i]])
        if place not in inherited and name in free:
            free.remove(name)
            inherited[place], distances[place] = name, apart[place, old[i]]
    used = set(names)
    return [inherited.get(i) or _unused(own, used) for i, own in enumerate(ids)], distances


def _unused(name: str, used: set[str]) -> str:
    """The name, numbered if a place that has since moved already has it."""
    number, candidate = 1, name
    while candidate in used:
        number += 1
        candidate = f"{name}:{number}"
    return candidate
