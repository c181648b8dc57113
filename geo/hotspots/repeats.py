"""Repeats: addresses with incidents again and again, and incidents that soon follow nearby.

Both need true places. A source that moves its points to a few anonymous ones makes neighbours
of strangers, and a source with months only puts every pair "within 30 days" of each other. Both
are refused, and points are never jittered to get round that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.hotspots.knox import Distance, knox
from geo.incidents import LONDON
from geo.statistics import benjamini_hochberg

Ints = NDArray[np.int64]

METRES: Final = (0.0, 1.0, 100.0, 200.0, 300.0, 400.0)
"""Edges of the bands of distance: the same place, then every 100 metres."""

DAYS: Final = (0, 7, 14, 21, 28)
"""Edges of the bands of time: four weeks, one by one."""

PLACE_COLUMNS: Final = (
    "rank", "location", "n", "share", "first", "last", "x", "y", "spread_m"
)  # fmt: skip


@dataclass(frozen=True)
class RepeatPlaces:
    """The places with repeats, and the incidents they are drawn from.

    Attributes
    ----------
    places
        `PLACE_COLUMNS`: `location` as it is most often written, `share` of the incidents that
        have a location, London dates of the `first` and `last`, the median `x` and `y`, and
        `spread_m`: the distance from there to its farthest incident. A wide spread shows a text
        that names more than one place.
    incidents, without_location
        The number of incidents, and the number of them that name no place.
    locations
        The number of different places named.
    """

    places: pd.DataFrame
    incidents: int
    without_location: int
    locations: int


@dataclass(frozen=True)
class NearRepeats:
    """Knox's test by bands.

    Attributes
    ----------
    bands
        As `geo.hotspots.knox.knox` returns them, with `q`: p corrected over all bands.
    incidents, left_out
        How many were tested, and how many were not because their day is not known well enough.
    permutations, seed
        Of the test.
    """

    bands: pd.DataFrame
    incidents: int
    left_out: int
    permutations: int
    seed: int


def names_place(location: pd.Series) -> NDArray[np.bool_]:
    """Tell which of n incidents name a place, by their texts."""
    texts = location.astype("category").cat
    named = texts.categories.astype(str).str.strip() != ""
    # Code −1, an incident without any text, takes the last one.
    return np.asarray(np.append(named, False)[texts.codes], dtype=bool)


def repeat_places(
    incidents: pd.DataFrame, *, snapped: bool, least: int = 2, named: int | None = None
) -> RepeatPlaces:
    """Rank the addresses and premises that had more than one incident.

    Texts that differ only in case, spaces or full stops name the same place.

    Parameters
    ----------
    incidents
        `location`, `occurred_from` in UTC, and `x` and `y` in metres.
    snapped
        Whether the source moves its points to anonymous ones.
    least
        The fewest incidents of a place with repeats.
    named
        How many incidents name a place, of which `incidents` are a part; None where they are all.

    Returns
    -------
    The places, most incidents first, then the latest, then by name.

    Raises
    ------
    InputError
        If the points are snapped.

    Source: repeat victimisation as counted by Farrell & Pease 1993.
    """
    if snapped:
        raise InputError(
            "repeats at an address cannot be found: the source moves its points to anonymous ones "
            "that many addresses share. Use a source with true addresses"
        )
    written = incidents["location"].astype(str).str.strip()
    frame = incidents.loc[written != "", ["occurred_from", "x", "y"]].copy()
    frame["written"] = written[written != ""]
    frame["place"] = (
        frame["written"].str.casefold().str.replace(r"[\s.]+", " ", regex=True).str.strip()
    )
    places = _by_place(frame)
    repeated = places[places["n"] >= least].sort_values(
        ["n", "last", "location"], ascending=[False, False, True], ignore_index=True
    )
    repeated["share"] = repeated["n"] / max(len(frame) if named is None else named, 1)
    for name in ("first", "last"):
        repeated[name] = repeated[name].dt.tz_convert(LONDON).dt.date
    repeated["rank"] = np.arange(1, len(repeated) + 1)
    return RepeatPlaces(
        places=repeated[list(PLACE_COLUMNS)],
        incidents=len(incidents),
        without_location=len(incidents) - len(frame),
        locations=len(places),
    )


def _by_place(frame: pd.DataFrame) -> pd.DataFrame:
    grouped = frame.groupby("place")
    places = grouped.agg(
        n=("written", "size"),
        first=("occurred_from", "min"),
        last=("occurred_from", "max"),
        x=("x", "median"),
        y=("y", "median"),
    )
    away = frame[["x", "y"]] - grouped[["x", "y"]].transform("median")
    metres = pd.Series(np.hypot(away["x"], away["y"]), index=frame.index)
    places["spread_m"] = metres.groupby(frame["place"]).max()
    # The commonest spelling names the place; of equals the first in alphabetical order.
    spellings = frame.groupby(["place", "written"]).size().reset_index(name="times")
    spellings = spellings.sort_values(["times", "written"], ascending=[False, True])
    places["location"] = spellings.drop_duplicates("place").set_index("place")["written"]
    return places


def near_repeats(
    incidents: pd.DataFrame,
    *,
    snapped: bool,
    metres: Sequence[float] = METRES,
    days: Sequence[int] = DAYS,
    permutations: int = 999,
    seed: int = 0,
    distance: Distance = "euclidean",
) -> NearRepeats:
    """Test whether incidents are followed by others nearby, by distance and by days.

    The gap in time is that of the London dates. An incident that happened at some time between
    two dates is dated in their middle, and left out where they lie as many days apart as the
    narrowest band is wide, or more.

    Parameters
    ----------
    incidents
        `x` and `y` in metres, `occurred_from`, `occurred_to` in UTC, `precision`.
    snapped
        Whether the source moves its points to anonymous ones.
    metres, days, permutations, seed, distance
        As `geo.hotspots.knox.knox`.

    Returns
    -------
    The bands, and how many incidents they are of.

    Raises
    ------
    InputError
        If points are snapped, if only the month of some incidents is known, or as `knox`.

    Source: Knox 1964; the bands and the reading as near repeats of Johnson et al. 2007.
    """
    if snapped:
        raise InputError(
            "near repeats cannot be tested: the source moves its points to anonymous ones, which "
            "makes neighbours of incidents that were not. Use a source with true places"
        )
    if (incidents["precision"] == "month").any():
        raise InputError(
            "near repeats cannot be tested: some incidents have a month and no day. "
            "Choose a source with days"
        )
    first, last = _london_days(incidents)
    # A doubt as long as the narrowest band could put a pair into the wrong band.
    dated = (last >= first) & (last - first < np.diff(days).min(initial=36_500))
    some = incidents[dated]
    bands = knox(
        some["x"],
        some["y"],
        (first[dated] + last[dated]) // 2,
        metres=metres,
        days=days,
        permutations=permutations,
        seed=seed,
        distance=distance,
    )
    return NearRepeats(
        bands=bands.assign(q=benjamini_hochberg(bands["p"])),
        incidents=len(some),
        left_out=len(incidents) - len(some),
        permutations=permutations,
        seed=seed,
    )


def _london_days(incidents: pd.DataFrame) -> tuple[Ints, Ints]:
    """First and last London date of each incident, in days since 1970."""
    local = (
        incidents[name].dt.tz_convert(LONDON).dt.tz_localize(None)
        for name in ("occurred_from", "occurred_to")
    )
    first, last = (np.asarray(times, dtype="datetime64[D]").astype(np.int64) for times in local)
    return first, last
