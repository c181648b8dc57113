"""Resolves a Question against what the data covers: its period, sources and categories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import pandas as pd

from geo.coverage import Anchor, Coverage, ImportCoverage, Once, anchor_of, at_once, near
from geo.errors import QuestionError
from geo.incidents import LONDON, category_title, london_hours
from geo.period import Interval, Latest, Period, month_title
from geo.question.earlier import earlier_span
from geo.question.exclusions import at_places
from geo.question.kinds import one_of
from geo.question.model import DEFAULT_PERIOD, MOST_NAMES, Question
from geo.store.contract import Window


@dataclass(frozen=True)
class ResolvedQuestion:
    """A Question with its period and sources, as the data gives them.

    Attributes
    ----------
    question
        The Question.
    period
        The days that it means.
    sources
        The sources that answer it, in the order of the alphabet.
    months_published
        The months of the period in which some of these sources published some of the categories.
        A month that is missing here is unknown, not zero.
    sources_overlap
        Whether two sources publish the same month, so that incidents may count twice.
    ever_published
        All the months in which they did, in order.
    last_known
        The last day of the data; None where there is no incident.
    parts
        What these sources published here, import by import.
    zeros
        Months of the period in which a category that is asked for has no rows and counts as zero,
        as words.
    latest_note
        Why the latest months are not the last of the data, as a sentence; '' where they are.
    """

    question: Question
    period: Period
    sources: list[str]
    months_published: list[str]
    sources_overlap: bool
    ever_published: tuple[str, ...] = ()
    last_known: date | None = None
    parts: tuple[ImportCoverage, ...] = ()
    zeros: tuple[str, ...] = ()
    latest_note: str = ""

    @property
    def is_latest(self) -> bool:
        """Whether its period is that of the latest months or days."""
        return isinstance(self.question.period or DEFAULT_PERIOD, Latest)

    def no_data_words(self, period: Period) -> str:
        """That a period is unknown: `no data is imported for March 2024`."""
        words, _ = _no_data_words(self.question, period, Coverage(self.parts))
        return f"{words} for {period.title}"

    @property
    def days_unknown(self) -> int:
        """How many days at the end of the period come after the last day of the data.

        An extract of all records knows the days up to its own, with incidents or without.
        """
        if self.last_known is None:
            return 0
        known = [part.until for part in self.parts if part.until is not None]
        return (self.period.last - max([self.last_known, *known])).days

    @property
    def months_missing(self) -> list[str]:
        """The months of the period of which there is no data."""
        return [month for month in self.period.months if month not in self.months_published]

    def where_known(self, months: Set[str]) -> ResolvedQuestion:
        """It with the months alone that are known of some area.

        Parameters
        ----------
        months
            As `YYYY-MM`. A force beside the study area may have published others.

        Raises
        ------
        QuestionError
            If none of them is in the period.
        """
        if not months or set(self.ever_published) <= months:
            return self
        if months.isdisjoint(self.period.months):
            coverage = Coverage(self.parts)
            raise _without_data(
                self.question, self.period, coverage, {*self.ever_published} & months
            )
        return replace(
            self,
            months_published=[month for month in self.months_published if month in months],
            ever_published=tuple(month for month in self.ever_published if month in months),
        )

    @property
    def window(self) -> Window:
        """The span of time in which the Question's incidents lie."""
        return Window(self.period.start, self.period.end)

    @property
    def history(self) -> Period:
        """From the first published month to the end of the period."""
        months = self.ever_published or tuple(self.period.months)
        first = Period.of_months(months[0], months[0]).first
        return Period(min(first, self.period.first), self.period.last)

    @property
    def compared(self) -> Period | None:
        """The period to compare with; None without a comparison."""
        if not self.question.compare:
            return None
        return (
            self.period.before if self.question.compare == "previous" else self.period.year_before
        )

    @property
    def earlier(self) -> Period | None:
        """The days before the period by which a change is judged; None without a comparison."""
        return earlier_span(self.period, self.compared) if self.compared else None

    def select(self, incidents: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
        """Select the incidents that the Question means.

        Parameters
        ----------
        incidents
            An incident frame.
        period
            Another period than the Question's.

        Returns
        -------
        Their rows, without those at places that the Question leaves out.
        """
        selected = self._select_anywhere(incidents, period)
        if not self.question.without:
            return selected
        return selected[~at_places(selected, self.question.without)]

    def left_out(self, incidents: pd.DataFrame) -> int:
        """How many incidents only their place leaves out."""
        if not self.question.without:
            return 0
        return int(at_places(self._select_anywhere(incidents), self.question.without).sum())

    def _select_anywhere(
        self, incidents: pd.DataFrame, period: Period | None = None
    ) -> pd.DataFrame:
        question, occurred = self.question, incidents["occurred_from"]
        days = period or self.period
        selected = (occurred >= days.start) & (occurred < days.end)
        if question.source:
            selected &= incidents["source"].isin(question.source)
        if question.category:
            selected &= incidents["category"].isin(question.category)
        if question.hours:
            selected &= question.hours.include(london_hours(occurred))
        # A country's incidents are not copied where all of them are meant.
        return incidents if selected.all() else incidents[selected]


def resolve(
    question: Question,
    imports: Sequence[ImportCoverage],
    study: gpd.GeoDataFrame,
    *,
    latest: str = "",
    once: Once = at_once,
) -> ResolvedQuestion:
    """Resolve a Question's period, sources and categories.

    Parameters
    ----------
    question
        What is asked.
    imports
        What the data covers, import by import.
    study
        The study area: a police force that covers another place says nothing of it,
        and its latest month is not the latest here.
    latest
        The last month of which anything is known in the areas asked for, as `YYYY-MM`; '' where
        that is not known yet.
    once
        Keeps which imports have incidents in the study area, for these imports and sources.

    Returns
    -------
    The Question with its period, sources and months known.

    Raises
    ------
    QuestionError
        If a category or source is unknown, the data is too coarse for the period or hours, or
        no data is imported for the study area in the period.
    """
    check_names("source", question.source, {part.source for part in imports})
    check_names(
        "category",
        question.category,
        {name for part in imports for name in (*part.summary.categories, *part.categories)},
    )
    of_sources = [part for part in imports if not question.source or part.source in question.source]
    parts = once("near", lambda: near(of_sources, study))
    data = _data_span(parts)
    coverage = Coverage(parts)
    published = {
        month
        for publisher in coverage.publishers
        for month in coverage.months_known(publisher, question.category)
    }
    last_month = latest or max(published, default="")
    anchor = anchor_of(parts)
    period = _period(question, data, anchor, last_month)
    _refuse_finer_times(question, period, [part for part in parts if part.has(question.category)])
    if any(map(coverage.months_of, coverage.publishers)) and published.isdisjoint(period.months):
        raise _without_data(question, period, coverage, published)
    return ResolvedQuestion(
        question,
        period,
        sources=sorted({part.source for part in parts}),
        months_published=[month for month in period.months if month in published],
        sources_overlap=_overlap(parts, set(period.months)),
        ever_published=tuple(sorted(published)),
        last_known=data.last if data else None,
        parts=tuple(parts),
        zeros=tuple(
            f"{month_title(month)}: {publisher.title} has no rows of {category}; fewer than five "
            "were to be expected, so it counts as zero."
            for publisher in coverage.publishers
            for category, month in coverage.zeros(publisher, question.category, period.months)
        ),
        latest_note=_latest_note(question, period, data, anchor),
    )


def _without_data(
    question: Question, period: Period, coverage: Coverage, published: set[str]
) -> QuestionError:
    """The refusal of a period that is unknown."""
    advice = f"choose a period from {min(published)} to {max(published)}" if published else ""
    words, of_category = _no_data_words(question, period, coverage)
    text = f"{words} here for {period.title}" + (" (unknown, not zero)" if of_category else "")
    return QuestionError(question.period_option, text + (f"; {advice}" if advice else ""))


def _no_data_words(question: Question, period: Period, coverage: Coverage) -> tuple[str, bool]:
    """That a period is unknown, and whether only the Question's categories are."""
    months = {month for one in coverage.publishers for month in coverage.months_of(one)}
    of_category = bool(question.category) and not months.isdisjoint(period.months)
    if not of_category:
        return "no data is imported", False
    subject = " and ".join(map(category_title, question.category))
    return f"no data of {subject} is imported", True


def check_names(option: str, names: Sequence[str], known: Iterable[object]) -> None:
    """Refuse an option that names what the data does not have.

    Parameters
    ----------
    option
        The option, for the refusal.
    names
        Its value.
    known
        All names that there are.

    Raises
    ------
    QuestionError
        With the first unknown name, and the names to choose from.
    """
    choices = set(map(str, known))
    unknown = [name for name in names if name not in choices]
    if unknown:
        shown = sorted(choices)[:MOST_NAMES]
        advice = f"choose {one_of(shown)}" if shown else "there is none yet"
        raise QuestionError(option, f"unknown value {unknown[0]!r}; {advice}")


def _data_span(imports: Sequence[ImportCoverage]) -> Period | None:
    """From the first to the last day of the data; None where there is no incident."""
    # Not by adding the summaries up: their squares and days are many, and not needed here.
    spans = [
        (part.summary.first, part.summary.last)
        for part in imports
        if part.summary.first is not None and part.summary.last is not None
    ]
    if not spans:
        return None
    ends = min(first for first, _ in spans), max(last for _, last in spans)
    data = Period(*(moment.tz_convert(LONDON).date() for moment in ends))
    if any("month" in part.summary.precisions for part in imports):
        # Incidents dated by month bear its first day: the data reaches to its last.
        data = replace(data, last=max(data.last, Latest(1).up_to(data.last).last))
    return data


def _latest_note(
    question: Question, period: Period, data: Period | None, anchor: Anchor | None
) -> str:
    """That the latest days or months are not the last of the data."""
    latest = isinstance(question.period or DEFAULT_PERIOD, Latest)
    if not latest or data is None or anchor is None:
        return ""
    if anchor.later and period.last < anchor.last:
        dated = "1 incident is" if anchor.later == 1 else f"{anchor.later:,} incidents are"
        return (
            f"The latest period is counted up to {anchor.day:%-d %B %Y}, the last day that many "
            f"incidents share; {dated} dated later, up to {anchor.last:%-d %B %Y}."
        )
    if period.months[-1] == f"{data.last:%Y-%m}":
        return ""
    what = " and ".join(map(category_title, question.category)) or "anything"
    return (
        f"The latest month in which there is data of {what} for these areas is "
        f"{period.last:%B %Y}; other data reach to {data.last:%B %Y}."
    )


def _period(
    question: Question, data: Period | None, anchor: Anchor | None, last_month: str
) -> Period:
    period = question.period or DEFAULT_PERIOD
    if data is None or anchor is None:
        # Dates need no data, an open end or the latest months do.
        if isinstance(period, Interval) and period.first and period.last:
            return Period(period.first, period.last)
        raise QuestionError("period", "the store holds no incidents yet; see 'patchmap ingest'")
    if isinstance(period, Interval):
        return period.within(data)
    last = Period.of_months(last_month, last_month).last if last_month else data.last
    newest = anchor.day if anchor.later else data.last
    return period.up_to(min(last, newest))


def _refuse_finer_times(
    question: Question, period: Period, imports: Sequence[ImportCoverage]
) -> None:
    """Refuse a Question finer than the data's dates: its counts would be wrong in silence."""
    if question.hours:
        coarse, option = {"month", "day"}, "hours"
        reason = "does not say at what hour incidents happened; leave hours out"
    elif not period.is_whole_months:
        coarse, option = {"month"}, question.period_option
        reason = "dates incidents by month only; choose whole months"
    else:
        return
    months = set(period.months)
    for part in imports:
        if coarse & set(part.summary.precisions) and months & set(part.months):
            raise QuestionError(option, f"the source {part.source} {reason}")


def _overlap(imports: Sequence[ImportCoverage], months: set[str]) -> bool:
    """Whether two sources publish the same one of some months."""
    pairs = {(part.source, month) for part in imports for month in part.months if month in months}
    return len(pairs) > len({month for _, month in pairs})
