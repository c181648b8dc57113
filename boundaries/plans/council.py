"""Council size: what a number of members would mean for the areas of a plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from boundaries.layers.electorates import FORECAST
from boundaries.plans.electoral import ReviewTriggers, electoral_variance, review_triggers
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.rules import LARGEST_COUNCIL
from geo.allocation.apportionment import apportion
from geo.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PATTERNS: Final[Mapping[str, tuple[int, int]]] = {
    "mixed": (1, 3),
    "one": (1, 1),
    "two": (2, 2),
    "three": (3, 3),
}
"""Patterns of wards → the fewest and the most members of a ward.

Councils that elect by thirds are to have wards of three members, those that elect by halves wards
of two (Local Government Boundary Commission for England, "Electoral reviews: technical guidance").
"""

MOST_SIZES: Final = 12
"""Most council sizes compared at once: more do not fit beside each other."""


@dataclass(frozen=True, eq=False)
class CouncilOption:
    """What a council of some size would mean for the areas of a plan as they are drawn.

    Attributes
    ----------
    size
        Members of the whole council.
    averages
        Electors per member of the council, by electorate.
    table
        By `area_code`: `entitlement` (electors of the chosen electorate by its average: 2.4 means
        2.4 members), `seats` (whole members, NaN where they cannot be shared out, or the area has
        no electors), and the columns of `electoral_variance` that those seats would give.
    triggers
        How many areas would be how far from the average, by electorate; empty without seats.
    fewest_wards, most_wards
        How many wards a council of this size needs under the pattern; 0 if no number of wards
        fits it.
    why
        Why the seats cannot be shared out over these areas, as a sentence; '' if they can.
    """

    size: int
    averages: Mapping[str, float]
    table: pd.DataFrame
    triggers: Mapping[str, ReviewTriggers]
    fewest_wards: int
    most_wards: int
    why: str = ""


def default_electorate(measures: PlanMeasures) -> str:
    """The electorate that seats are shared out by: the forecast one if there is one.

    Raises
    ------
    InputError
        If the blocks have no electors.
    """
    known = [*measures.electorates]
    if not known:
        raise InputError(
            "the blocks have no electors; add a column electors to their layer with "
            "'patchmap attributes add'"
        )
    return FORECAST if FORECAST in known else known[0]


def council_options(
    measures: PlanMeasures,
    sizes: Iterable[int],
    *,
    pattern: str = "mixed",
    electorate: str = "",
) -> list[CouncilOption]:
    """Share the members of councils of several sizes out over the areas of a plan.

    Parameters
    ----------
    measures
        Of the plan's current state.
    sizes
        Members of the whole council, one number for each option.
    pattern
        One of `PATTERNS`: how many members a ward may elect.
    electorate
        The column of electors that decides; '' for `default_electorate`.

    Returns
    -------
    One option for each size, in the order given. Seats are shared out by Sainte-Laguë between the
    limits of the pattern.

    Raises
    ------
    InputError
        If a size is impossible, the pattern or the electorate is unknown, or there are no
        electors.

    References
    ----------
    Balinski and Young (2001), "Fair Representation", second edition (Sainte-Laguë is Webster's
    method there).
    """
    column = _electorate(measures, electorate)
    if pattern not in PATTERNS:
        raise InputError(f"unknown pattern {pattern!r}; choose {', '.join(PATTERNS)}")
    chosen = list(sizes)
    if not 0 < len(chosen) <= MOST_SIZES:
        raise InputError(f"compare 1 to {MOST_SIZES} council sizes at once")
    for size in chosen:
        if not 1 <= size <= LARGEST_COUNCIL:
            raise InputError(f"a council cannot have {size:,} members; give 1 to {LARGEST_COUNCIL}")
    return [_option(measures, size, pattern, column) for size in chosen]


def sizes_to_compare(measures: PlanMeasures) -> list[int]:
    """Council sizes worth a first look: the present one, and three fewer and more.

    Returns
    -------
    Rising numbers; those around the number of areas if nothing is known of the members.
    """
    state = measures.state
    size = state.council_size or state.members_elected or len(state.areas)
    return sorted({min(max(size + change, 1), LARGEST_COUNCIL) for change in (-3, 0, 3)})


def _electorate(measures: PlanMeasures, electorate: str) -> str:
    default = default_electorate(measures)
    if not electorate:
        return default
    if electorate not in measures.electorates:
        known = " or ".join(measures.electorates)
        raise InputError(f"unknown electorate {electorate!r}; choose {known}")
    return electorate


def _option(measures: PlanMeasures, size: int, pattern: str, column: str) -> CouncilOption:
    averages = {name: _electors(measures, name) / size for name in measures.electorates}
    electors = measures.totals[column]
    average = averages[column]
    index = pd.Index(list(measures.state.areas), name="area_code", dtype="str")
    entitlement = electors / average if average else np.full(len(index), np.nan)
    table = pd.DataFrame({"entitlement": entitlement}, index=index)
    seats, why = _shared(electors, size, pattern)
    table["seats"] = seats
    triggers = {}
    members = np.nan_to_num(seats)
    for name, ending in measures.electorates.items():
        equality = electoral_variance(measures.totals[name], members, average=averages[name])
        for key in ("variance", "variance_percent", "beyond"):
            table[f"{key}{ending}"] = equality[key]
        if not why:
            triggers[name] = review_triggers(equality["variance"])
    fewest, most = _wards_needed(size, *PATTERNS[pattern])
    return CouncilOption(size, averages, table, triggers, fewest, most, why)


def _electors(measures: PlanMeasures, column: str) -> float:
    """Electors of the whole plan, unassigned ones included."""
    return float(measures.blocks.sums[column].sum())


def _shared(electors: Floats, size: int, pattern: str) -> tuple[Floats, str]:
    """Seats by area, NaN where there are none, and why they cannot be shared out."""
    least, most = PATTERNS[pattern]
    counted = electors > 0
    areas = int(counted.sum())
    seats = np.full(len(electors), np.nan)
    why = _why_not(size, areas, least, most)
    if not why:
        seats[counted] = apportion(electors[counted], size, floors=least, ceilings=most)
    return seats, why


def _why_not(size: int, areas: int, least: int, most: int) -> str:
    if not areas:
        return "no area has electors yet"
    if areas * least <= size <= areas * most:
        return ""
    fewest, highest = _wards_needed(size, least, most)
    each = f"{least} members" if least == most else f"{least} to {most} members"
    each = "1 member" if (least, most) == (1, 1) else each
    if not fewest:
        below, above = size // least * least, (size // least + 1) * least
        near = f"{below:,} or {above:,}" if below else f"{above:,}"
        return f"{size:,} is no multiple of {least}; {near} is"
    wards = f"{fewest:,}" if fewest == highest else f"{fewest:,} to {highest:,}"
    noun = "ward" if wards == "1" else "wards"
    whole = "1 member" if size == 1 else f"{size:,} members"
    return f"{whole} in wards of {each} need {wards} {noun}; this plan has {areas:,}"


def _wards_needed(size: int, least: int, most: int) -> tuple[int, int]:
    fewest, highest = math.ceil(size / most), size // least
    return (fewest, highest) if fewest <= highest else (0, 0)
