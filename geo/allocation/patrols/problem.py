"""The problem of planning patrols: shifts, the rule for visits, and travel times."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError
from geo.properties import cached_property

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BASE = "base"
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True)
class Shift:
    """Officers on duty together.

    Attributes
    ----------
    name
        `late`, `night`; it names the column of demand.
    officers
        The number on patrol, each on a round of their own.
    minutes
        How long each has for visits and travel.
    starts
        `HH:MM`; empty where no hour is planned.
    """

    name: str
    officers: int
    minutes: float
    starts: str = ""

    def __post_init__(self) -> None:
        if self.officers < 1:
            raise InputError(f"the shift {self.name} needs at least one officer")
        if not 0 < self.minutes <= 24 * 60:
            raise InputError(f"the shift {self.name} must have between 0 and 1,440 minutes")
        if self.starts and not _CLOCK.fullmatch(self.starts):
            raise InputError(
                f"the shift {self.name} cannot start at {self.starts!r}; write it as 18:00"
            )


@dataclass(frozen=True)
class VisitRule:
    """How hotspots are visited.

    Attributes
    ----------
    minutes
        Length of a visit; 15 minutes by the Koper curve (Koper 1995).
    again_within
        A hotspot on a round is visited again within so many minutes for as long as the shift
        lasts: the round is repeated, and takes no longer than that. None: one round.
    per_day
        A hotspot that is visited at all is visited at least so often a day.
    covers
        The share of a hotspot's demand in a shift that a first visit covers; each further
        visit covers the same share of what is left. An assumption and not a finding: 1 says that
        one visit covers it all.
    area_visits
        Every area with a hotspot has at least so many visits a day.
    """

    minutes: float = 15.0
    again_within: float | None = 120.0
    per_day: int = 2
    covers: float = 0.5
    area_visits: int = 0

    def __post_init__(self) -> None:
        if not self.minutes > 0:
            raise InputError("a visit must last longer than 0 minutes")
        if self.again_within is not None and self.again_within < self.minutes:
            raise InputError(
                f"a hotspot cannot be visited again within {self.again_within:g} minutes "
                f"when a visit takes {self.minutes:g}"
            )
        if not 0 < self.covers <= 1:
            raise InputError("the share that a visit covers must be above 0 and at most 1")
        if self.per_day < 1 or self.area_visits < 0:
            raise InputError("visits a day must be at least 1, and visits to an area at least 0")

    def rounds(self, shift: Shift) -> int:
        """How often the rounds of a shift are repeated."""
        return 1 if self.again_within is None else math.ceil(shift.minutes / self.again_within)


@dataclass(frozen=True)
class Travel:
    """Minutes of travel.

    Attributes
    ----------
    between
        n × n, from row to column.
    out, back
        n numbers, from the base and to it; zeros where there is no base.
    has_base
        Whether rounds begin and end at a base.
    """

    between: Floats
    out: Floats
    back: Floats
    has_base: bool

    @classmethod
    def without_base(cls, between: Floats) -> Travel:
        """Travel between hotspots alone."""
        zero = np.zeros(len(between))
        return cls(between, zero, zero, has_base=False)


@dataclass(frozen=True)
class PatrolProblem:
    """Hotspots in the order of their ids, and everything that plans depend on.

    Attributes
    ----------
    ids
        n hotspots.
    demand
        n × s: the demand at each hotspot in each shift, in one unit.
    areas
        n numbers of areas; −1 outside all of them, or where areas do not matter.
    travel
        Between the hotspots.
    shifts, rule
        Who is on duty, and how hotspots are visited.
    """

    ids: tuple[str, ...]
    demand: Floats
    areas: Ints
    travel: Travel
    shifts: tuple[Shift, ...]
    rule: VisitRule

    @cached_property
    def rounds(self) -> tuple[int, ...]:
        """How often the rounds of each shift are repeated."""
        return tuple(self.rule.rounds(shift) for shift in self.shifts)

    def round_minutes(self, shift: int) -> float:
        """How long a round of a shift may take."""
        return self.shifts[shift].minutes / self.rounds[shift]

    def covered(self, visits: Ints) -> Floats:
        """The share of demand that so many visits cover.

        Source: the diminishing returns of repeated visits, as a geometric series.
        """
        return np.asarray(1.0 - (1.0 - self.rule.covers) ** visits)


@dataclass(frozen=True)
class StraightLines:
    """Travel along straight lines, lengthened by a factor for the bends of real ways.

    Attributes
    ----------
    factor
        The length of ways as a multiple of straight lines; about 1.3 in towns (Boscoe et al. 2012).
    km_per_hour
        About 25 on wheels in town, about 5 on foot.
    base
        Where rounds begin and end, x and y in metres; None: at their first and last stop.
    """

    factor: float = 1.3
    km_per_hour: float = 25.0
    base: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not self.factor >= 1 or not self.km_per_hour > 0:
            raise InputError("the detour factor must be at least 1, and the speed above 0")

    def travel(self, x: ArrayLike, y: ArrayLike) -> Travel:
        """Travel between places, and from the base.

        Parameters
        ----------
        x, y
            Of n places, in metres.

        Returns
        -------
        n × n minutes, and n minutes from the base where there is one.
        """
        between = self.minutes_to(x, y, x, y)
        if self.base is None:
            return Travel.without_base(between)
        out = self.minutes_to(x, y, *([coordinate] for coordinate in self.base))[:, 0]
        return Travel(between, out, out, has_base=True)

    def minutes_to(self, x: ArrayLike, y: ArrayLike, to_x: ArrayLike, to_y: ArrayLike) -> Floats:
        """Travel between places and sites.

        Parameters
        ----------
        x, y
            Of n places, in metres.
        to_x, to_y
            Of m sites, in metres.

        Returns
        -------
        n × m minutes.
        """
        minutes_a_metre = self.factor * 60 / (self.km_per_hour * 1000)
        across, up = np.asarray(x, float)[:, None], np.asarray(y, float)[:, None]
        metres = np.hypot(across - np.asarray(to_x, float), up - np.asarray(to_y, float))
        minutes: Floats = metres * minutes_a_metre
        return minutes


def travel_from_table(table: pd.DataFrame, ids: Sequence[str]) -> Travel:
    """Read travel times that the user gives.

    Parameters
    ----------
    table
        `from`, `to` (hotspot ids, or `base`) and `minutes`, a row for every pair both ways.
    ids
        The hotspots, in the order of the result's rows and columns.

    Returns
    -------
    Travel between the hotspots, and from the base where the table has one.

    Raises
    ------
    InputError
        If a pair is missing or its minutes are not a number of at least 0.
    """
    given = table.astype({"from": str, "to": str}).drop_duplicates(["from", "to"], keep="last")
    wide = given.pivot_table(index="from", columns="to", values="minutes")
    names = [*ids, BASE] if BASE in wide.index or BASE in wide.columns else list(ids)
    minutes = wide.reindex(index=names, columns=names).to_numpy(float, copy=True)
    np.fill_diagonal(minutes, 0.0)
    wrong = np.argwhere(~(np.isfinite(minutes) & (minutes >= 0)))
    if len(wrong):
        start, end = wrong[0]
        raise InputError(
            f"the travel table has no minutes of at least 0 from {names[start]} to {names[end]}"
        )
    n = len(ids)
    if len(names) == n:
        return Travel.without_base(minutes)
    return Travel(minutes[:n, :n], minutes[n, :n], minutes[:n, n], has_base=True)
