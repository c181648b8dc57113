"""Counts of months or weeks by area and category, where they are known and alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.coverage import SMALL_AREA_M2
from geo.errors import QuestionError
from geo.incidents import LONDON, london_months, months_between
from geo.period import month_title
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.surveillance import MONTHS, WEEKS, Reference

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_DATA: Final = "no data for {} here"
"""Why a step cannot be judged where no source has it."""

MOST_COUNTS: Final = 12_000_000
"""Areas times categories times steps: all of England's wards and kinds of crime in five years
are seven million. Each takes eight bytes, in some arrays at once."""

_WEEK: Final = 7  # days


@dataclass(frozen=True)
class Steps:
    """The steps of time of a series, the last of which is judged.

    Attributes
    ----------
    reference
        Which steps it is compared with.
    starts
        The m first days; months or weeks, each following the one before.
    """

    reference: Reference
    starts: NDArray[np.datetime64]

    @property
    def weekly(self) -> bool:
        """Whether they are weeks from Monday to Sunday, and not months."""
        return self.reference is WEEKS

    @property
    def unit(self) -> str:
        """What they are, in the plural."""
        return "weeks" if self.weekly else "months"

    @property
    def labels(self) -> list[str]:
        """Their names: `2024-03`, or `2024-W13` (ISO 8601) for a week."""
        if not self.weekly:
            return [str(month) for month in self.starts.astype("datetime64[M]")]
        return [f"{day:%G-W%V}" for day in pd.DatetimeIndex(self.starts)]

    @property
    def last_title(self) -> str:
        """The last of them as people read it: `March 2024`, or `2024-W13` for a week."""
        label = self.labels[-1]
        return label if self.weekly else month_title(label)

    @property
    def months(self) -> list[set[str]]:
        """The months that each step touches, as `YYYY-MM`."""
        if not self.weekly:
            return [{label} for label in self.labels]
        first = self.starts.astype("datetime64[M]").astype(str)
        last = (self.starts + _WEEK - 1).astype("datetime64[M]").astype(str)
        return [{one, other} for one, other in zip(first.tolist(), last.tolist(), strict=True)]

    def of(self, occurred: pd.Series) -> Ints:
        """The position of the step of each UTC time; outside of 0 to m − 1 for other times."""
        if not self.weekly:
            months = london_months(occurred) - self.starts[0].astype("datetime64[M]")
            return np.asarray(months, dtype=np.int64)
        local = occurred.dt.tz_convert(LONDON).dt.tz_localize(None)
        days = np.asarray(local, dtype="datetime64[D]") - self.starts[0]
        return np.asarray(days, dtype=np.int64) // _WEEK


def steps_of(answer: Answer) -> Steps:
    """The steps up to the last one that is over by the end of an Answer's period.

    Parameters
    ----------
    answer
        Its question says whether they are months or weeks.

    Returns
    -------
    As many as the judged one is compared with, and that one.

    Raises
    ------
    QuestionError
        If no step is over, or only the months of some incidents are known and weeks are wanted.
    """
    period, option = answer.accounts.period, answer.question.period_option
    if answer.question.by == "week":
        _refuse_months(answer)
        end = np.datetime64(period.last, "D") + 1
        # 1970-01-05 was a Monday.
        last = end - _WEEK - (end - np.datetime64("1970-01-05")).astype(np.int64) % _WEEK
        if last + _WEEK <= np.datetime64(period.first, "D"):
            raise QuestionError(option, "no week is over by the end of the period")
        return Steps(WEEKS, last - _WEEK * np.arange(WEEKS.reach, -1, -1))
    over = str((np.datetime64(period.last, "D") + 1).astype("datetime64[M]") - 1)
    months = [name for name in answer.published if period.months[0] <= name <= over]
    if not months:
        raise QuestionError(option, "no month with data is over by the end of the period")
    first = str(np.datetime64(months[-1], "M") - MONTHS.reach)
    starts = np.array(months_between(first, months[-1]), dtype="datetime64[D]")
    return Steps(MONTHS, starts)


def _refuse_months(answer: Answer) -> None:
    dated = answer.history[answer.history["precision"] == "month"]
    if len(dated):
        names = ", ".join(sorted(dated["source"].astype(str).unique()))
        raise QuestionError(
            "by", f"weeks need a day, and {names} publishes months only; leave by out"
        )


@dataclass(frozen=True)
class Known:
    """Which steps are known in full of each territory and category, and why others are not.

    Attributes
    ----------
    answer
        An Answer with its history.
    steps
        The m steps.
    """

    answer: Answer
    steps: Steps

    def of(self, part: int, category: str, *, small: bool) -> Bools:
        """Which of the m steps are known in full and alike of a category in a territory.

        Parameters
        ----------
        part
            The territory's number.
        category
            The category.
        small
            Whether of a place or a small area, which is not compared across a change of points.

        Returns
        -------
        m flags.
        """
        short = self.answer.known.short_months(part)
        months = self.months(part, category) - short - self._doubled.get(category, set())
        since = self.since if small else ""
        return np.array([own <= months and min(own) >= since for own in self.steps.months])

    def months(self, part: int, category: str) -> frozenset[str]:
        """The months of which the sources of a category's series publish it in a territory.

        Parameters
        ----------
        part
            The territory's number.
        category
            The category.

        Returns
        -------
        Months, `YYYY-MM`.
        """
        strata = self._strata[part]
        own = [months for stratum, months in strata.items() if stratum[1] == category]
        alike = [
            months
            for stratum, months in strata.items()
            if stratum[1] == category and stratum in self._series[part]
        ]
        return frozenset.intersection(*alike) if alike else frozenset().union(*own)

    def is_in_series(self, part: int, category: str) -> bool:
        """Whether some source covers enough of the history for the category to be in it.

        Parameters
        ----------
        part
            The territory's number.
        category
            The category.

        Returns
        -------
        True where some source does.
        """
        return any(stratum[1] == category for stratum in self._series[part])

    def why(self, part: int, category: str) -> str:
        """Why the last step is not known in full; '' where it is.

        Parameters
        ----------
        part
            The territory's number.
        category
            The category.

        Returns
        -------
        The reason, or ''.
        """
        last = self.steps.months[-1]
        title = self.steps.last_title
        if not last <= self.months(part, category):
            return NO_DATA.format(title)
        if last & self.answer.known.short_months(part):
            return f"{title} looks incomplete"
        if last & self._doubled.get(category, set()):
            return f"{title} looks published twice"
        return ""

    @property
    def categories(self) -> list[str]:
        """The categories of which some source says something, in the order of the alphabet."""
        return sorted({category for strata in self._strata for _, category in strata})

    @property
    def since(self) -> str:
        """The month from which the latest list of points is used; '' where there was one only."""
        last = max(self.steps.months[-1])
        return max((month for month in self.answer.point_lists if month <= last), default="")

    @property
    def caveats(self) -> list[str]:
        """What is left out, as sentences."""
        lists = [month for month in self.answer.point_lists if month in self._span]
        sentences = [
            f"From {month_title(month)} the source uses other anonymous points: places and areas "
            "of less than 1 km² are judged by the months since, larger areas by all."
            for month in lists[-1:]
        ]
        doubled = [
            f"{month_title(month)} ({category})"
            for category, months in sorted(self._doubled.items())
            for month in sorted(months & self._span)
        ]
        if doubled:
            sentences.append(f"Published twice, it seems, and left out: {', '.join(doubled)}.")
        short = sorted(self.answer.short & self._span)
        if short:
            named = ", ".join(map(month_title, short))
            sentences.append(f"These months look incomplete and are left out: {named}.")
        if self.answer.series and self.answer.series.left_out:
            sentences.append(
                f"Too short a history to be judged: {'; '.join(self.answer.series.left_out)}."
            )
        return sentences

    @property
    def _span(self) -> set[str]:
        return set().union(*self.steps.months)

    @cached_property
    def _strata(self) -> list[Mapping[tuple[str, str], frozenset[str]]]:
        known = self.answer.known
        return [known.strata(part) for part in range(len(known.territories))]

    @property
    def _series(self) -> tuple[frozenset[tuple[str, str]], ...]:
        if self.answer.series is None:
            raise AssertionError("series are counted without a history")
        return self.answer.series.strata

    @cached_property
    def _doubled(self) -> dict[str, set[str]]:
        doubled: defaultdict[str, set[str]] = defaultdict(set)
        for one in self.answer.doubled:
            doubled[one.category].add(one.month)
        return dict(doubled)


@dataclass(frozen=True)
class CountSeries:
    """Counts of n series in m steps.

    Attributes
    ----------
    counts
        n × m; NaN where unknown, or not alike.
    n
        The counts of the last step; NaN where it is unknown, a number where it is only not alike.
    why
        Why the last step cannot be judged whatever the history; '' where it can.
    history
        How many of the steps before the last are known and alike.
    """

    counts: Floats
    n: Floats
    why: NDArray[np.object_]
    history: Ints

    @classmethod
    def joined(cls, one: CountSeries, other: CountSeries) -> CountSeries:
        """Join the series of both, one after the other.

        Parameters
        ----------
        one, other
            Series of the same steps.

        Returns
        -------
        Those of the first, then those of the other.
        """
        parts = (
            np.concatenate([getattr(one, part.name), getattr(other, part.name)])
            for part in fields(cls)
        )
        return cls(*parts)


def area_series(known: Known) -> CountSeries:
    """Count the steps of each area and category.

    Parameters
    ----------
    known
        An Answer with its history, and the steps.

    Returns
    -------
    A series for each area and category: the categories of the first area, then of the next.

    Raises
    ------
    QuestionError
        If there are so many that they would fill the memory.
    """
    answer, steps, categories = known.answer, known.steps, known.categories
    shape = (len(answer.areas), len(categories), len(steps.starts))
    if math.prod(shape) > MOST_COUNTS:
        raise QuestionError(
            "category",
            f"{shape[0]:,} areas by {shape[1]} categories are too many series to judge at once; "
            "choose a category, or a layer of fewer areas",
        )
    counts = _counted(answer, answer.history_in_areas, steps, categories)
    n = counts[:, :, -1].copy()
    last = replace(steps, starts=steps.starts[-1:])
    beside = _counted(answer, answer.counted_in_areas, last, categories)[:, :, -1]
    why = np.full(shape[:2], "", dtype=object)
    history = np.zeros(shape[:2], dtype=np.int64)
    small = answer.areas.area.to_numpy() < SMALL_AREA_M2
    for part in range(len(answer.known.territories)):
        here = answer.known.of_area == part
        for number, category in enumerate(categories):
            reason = known.why(part, category)
            why[here, number] = reason
            if reason == NO_DATA.format(steps.last_title):
                n[here, number] = np.nan
            for size in np.unique(small[here]).tolist():
                rows = np.flatnonzero(here & (small == size))
                unknown = ~known.of(part, category, small=size)
                counts[rows[:, np.newaxis], number, unknown] = np.nan
                history[rows, number] = (~unknown)[:-1].sum()
            if not known.is_in_series(part, category):
                # Its rows are not in the history: only its months are known.
                counts[here, number] = np.nan
                n[here, number] = beside[here, number]
                why[here, number] = reason or "its source has too short a history"
    return CountSeries(counts.reshape(-1, shape[2]), n.ravel(), why.ravel(), history.ravel())


def _counted(answer: Answer, rows: pd.DataFrame, steps: Steps, categories: list[str]) -> Floats:
    """Counts by area, category and step."""
    shape = (len(answer.areas), len(categories), len(steps.starts))
    point, area = answer.membership.of(rows)
    step = steps.of(rows["occurred_from"])[point]
    # Of other categories, whose history is too short, there are none.
    kinds = rows["category"].astype("category").cat
    code = pd.Index(categories).get_indexer(kinds.categories.astype(str))[kinds.codes][point]
    inside = (step >= 0) & (step < shape[2]) & (code >= 0)
    at = np.ravel_multi_index((area[inside], code[inside], step[inside]), shape)
    # With weights it counts in floats at once: a copy of millions of counts takes as long.
    counts = np.bincount(at, np.ones(len(at)), minlength=math.prod(shape))
    return np.asarray(counts.reshape(shape), float)


def place_series(known: Known, places: pd.DataFrame) -> CountSeries:
    """Count the steps of each place, all categories together.

    Parameters
    ----------
    known
        An Answer with its history, and the steps.
    places
        With `x`, `y` and `radius_m` in metres.

    Returns
    -------
    A series for each place.
    """
    answer, steps = known.answer, known.steps
    rows, m = answer.history, len(steps.starts)
    step = steps.of(rows["occurred_from"])
    x, y = (rows[axis].to_numpy(float) for axis in ("x", "y"))
    own = (step >= 0) & (step < m)
    counts = np.zeros((len(places), m))
    for number, (at_x, at_y, radius) in enumerate(places[["x", "y", "radius_m"]].to_numpy(float)):
        inside = own & ((x - at_x) ** 2 + (y - at_y) ** 2 <= radius**2)
        counts[number] = np.bincount(step[inside], minlength=m)
    n = counts[:, -1].copy()
    # A place beyond the layer's areas is published as the largest territory is.
    at = answer.areas_at(places["x"].to_numpy(float), places["y"].to_numpy(float))
    parts = np.where(at >= 0, answer.known.of_area[at], 0)
    why = np.full(len(places), "", dtype=object)
    history = np.zeros(len(places), dtype=np.int64)
    for part in np.unique(parts).tolist():
        here = parts == part
        every = [one for one in known.categories if known.is_in_series(part, one)]
        alike = np.all([known.of(part, one, small=True) for one in every], axis=0)
        counts[np.ix_(here, ~alike)] = np.nan
        why[here] = next(filter(None, (known.why(part, one) for one in every)), "")
        history[here] = alike[:-1].sum()
    return CountSeries(counts, n, why, history)
