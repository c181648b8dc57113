"""Which incidents a Question means, and what the data is too coarse to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.errors import QuestionError
from geo.incidents import EMPTY_SUMMARY, LONDON, SQUARE_M, IncidentSummary, london_hours
from geo.period import Interval, Latest, Period
from geo.question.exclusions import at_places
from geo.question.model import DEFAULT_PERIOD, Question
from geo.store.contract import ImportRecord, Window

STRAYS = 0.05
"""A force with less than this share of a study area's busiest force has only strays there."""


@dataclass(frozen=True)
class Known:
    """What is known of one set of incidents before any of them is read.

    `name` is the part of the source, such as a police force; `months` are those that it has
    published, as `YYYY-MM`.
    """

    source: str
    name: str
    summary: IncidentSummary
    months: tuple[str, ...]

    @classmethod
    def of_import(cls, record: ImportRecord) -> Known:
        """What an import's record tells."""
        months = (record.month,) if record.month else _months(record.summary)
        return cls(record.source, record.name, record.summary, months)

    @classmethod
    def of_frame(cls, incidents: pd.DataFrame) -> list[Known]:
        """What the incidents themselves tell, by source and month."""
        local = incidents["occurred_from"].dt.tz_convert(LONDON).dt.strftime("%Y-%m")
        grouped = incidents.groupby([incidents["source"].astype(str), local], observed=True)
        return [
            cls(str(source), "", IncidentSummary.of(rows), (str(month),))
            for (source, month), rows in grouped
        ]


@dataclass(frozen=True)
class ResolvedQuestion:
    """A Question's terms, resolved against what is known of the data.

    `months_published` are the period's months that some asked source has published: a month
    that is missing there is unknown, not zero. `ever_published` are all there are, in order.
    `last_known` is the last day that the data speaks of.
    """

    question: Question
    period: Period
    sources: list[str]
    months_published: list[str]
    sources_overlap: bool
    ever_published: tuple[str, ...] = ()
    last_known: date | None = None

    @property
    def days_unknown(self) -> int:
        """How many last days of the period come after the last day that is known of."""
        return 0 if self.last_known is None else (self.period.last - self.last_known).days

    @property
    def months_missing(self) -> list[str]:
        """The period's months that no asked source has published."""
        return [month for month in self.period.months if month not in self.months_published]

    @property
    def window(self) -> Window:
        """The span of time in which the asked incidents lie."""
        return Window(self.period.start, self.period.end)

    @property
    def history(self) -> Period:
        """From the first month that was published to the period's end."""
        months = self.ever_published or tuple(self.period.months)
        first = Period.of_months(months[0], months[0]).first
        return Period(min(first, self.period.first), self.period.last)

    @property
    def compared(self) -> Period | None:
        """The period that this one is compared with."""
        if not self.question.compare:
            return None
        return (
            self.period.before if self.question.compare == "previous" else self.period.year_before
        )

    def select(self, incidents: pd.DataFrame, period: Period | None = None) -> pd.DataFrame:
        """The rows of an incident frame that the Question asks for, in its period or another."""
        asked = self._select_anywhere(incidents, period)
        if not self.question.without:
            return asked
        return asked[~at_places(asked, self.question.without)]

    def left_out(self, incidents: pd.DataFrame) -> int:
        """How many rows the Question would ask for, but for the places that it leaves out."""
        if not self.question.without:
            return 0
        return int(at_places(self._select_anywhere(incidents), self.question.without).sum())

    def _select_anywhere(
        self, incidents: pd.DataFrame, period: Period | None = None
    ) -> pd.DataFrame:
        question, occurred = self.question, incidents["occurred_from"]
        span = period or self.period
        wanted = (occurred >= span.start) & (occurred < span.end)
        for option in ("source", "category"):
            if names := getattr(question, option):
                wanted &= incidents[option].isin(names)
        if question.hours:
            wanted &= question.hours.include(london_hours(occurred))
        return incidents[wanted]


def resolve(
    question: Question, known: Sequence[Known], study: gpd.GeoDataFrame
) -> ResolvedQuestion:
    """Resolve a Question's period, sources and categories.

    Parameters
    ----------
    known
        What is known of the data, part by part.
    study
        The study area: a police force that covers another place has published nothing for it,
        and its latest month is not the latest here.

    Raises
    ------
    QuestionError
        If a category or source is unknown, the data is too coarse for the period or hours, or
        nothing was published for the study area in the period.
    """
    refuse_unknown("source", question.source, {part.source for part in known})
    asked = [part for part in known if not question.source or part.source in question.source]
    refuse_unknown(
        "category", question.category, {name for part in known for name in part.summary.categories}
    )
    asked = _near(asked, study)
    data = _data_span(asked)
    period = _period(question, data)
    _refuse_finer_times(question, period, [part for part in asked if _has(part, question)])
    published = {month for part in asked for month in part.months}
    if published and published.isdisjoint(period.months):
        raise QuestionError(
            question.period_option,
            f"nothing was published here for {period.title}; there is data of "
            f"{min(published)} to {max(published)}",
        )
    return ResolvedQuestion(
        question,
        period,
        sources=sorted({part.source for part in asked}),
        months_published=[month for month in period.months if month in published],
        sources_overlap=_overlap(asked, set(period.months)),
        ever_published=tuple(sorted(published)),
        last_known=data.last if data else None,
    )


def refuse_unknown(option: str, asked: Sequence[str], known: Iterable[str]) -> None:
    """Refuse an option that names what is not there.

    Raises
    ------
    QuestionError
        With the first unknown name, and the names there are.
    """
    names = set(map(str, known))
    unknown = [name for name in asked if name not in names]
    if unknown:
        there_are = ", ".join(sorted(names)[:20]) or "none yet"
        raise QuestionError(option, f"there is no {unknown[0]!r}; there are: {there_are}")


def _near(known: Sequence[Known], study: gpd.GeoDataFrame) -> list[Known]:
    """The parts whose incidents lie in the study area, beyond strays, or all if none do."""
    squares = sorted({square for part in known for square in part.summary.squares})
    places = np.array([[int(number) for number in square.split(":")] for square in squares])
    if not len(places):
        return list(known)
    west, south = places.T * float(SQUARE_M)
    boxes = shapely.box(west, south, west + SQUARE_M, south + SQUARE_M)
    touched = np.unique(shapely.STRtree(study.geometry).query(boxes, predicate="intersects")[0])
    inside = {squares[position] for position in touched}
    counts: Counter[tuple[str, str]] = Counter()
    for part in known:
        n = sum(count for square, count in part.summary.squares.items() if square in inside)
        counts[part.source, part.name] += n
    most: dict[str, int] = {}
    for (source, _), n in counts.items():
        most[source] = max(most.get(source, 0), n)
    near = [
        part
        for part in known
        if counts[part.source, part.name] >= max(STRAYS * most[part.source], 1)
    ]
    return near or list(known)


def _data_span(asked: Sequence[Known]) -> Period | None:
    """From the first to the last day that the data speaks of; none where there is no incident."""
    whole = EMPTY_SUMMARY
    for part in asked:
        whole |= part.summary
    if whole.first is None or whole.last is None:
        return None
    data = Period(*(moment.tz_convert(LONDON).date() for moment in (whole.first, whole.last)))
    if "month" in whole.precisions:
        month = Latest(1).up_to(data.last)
        data = replace(data, last=max(data.last, month.last))
    return data


def _period(question: Question, data: Period | None) -> Period:
    asked = question.period or DEFAULT_PERIOD
    if data is None:
        # Without data a period is still a period, unless it is told by the data.
        if isinstance(asked, Interval) and asked.first and asked.last:
            return Period(asked.first, asked.last)
        raise QuestionError("period", "the store holds no incidents yet; see 'patchmap ingest'")
    return asked.within(data) if isinstance(asked, Interval) else asked.up_to(data.last)


def _refuse_finer_times(question: Question, period: Period, asked: Sequence[Known]) -> None:
    """Refuse what the data is too coarse for: it would be counted wrongly in silence."""
    if question.hours:
        coarse, option = {"month", "day"}, "hours"
        reason = "does not say at what hour incidents happened"
    elif not period.is_whole_months:
        coarse, option = {"month"}, question.period_option
        reason = "knows months only: ask for whole months"
    else:
        return
    months = set(period.months)
    for part in asked:
        if coarse & set(part.summary.precisions) and months & set(part.months):
            raise QuestionError(option, f"the source {part.source} {reason}")


def _overlap(asked: Sequence[Known], months: set[str]) -> bool:
    told = {(part.source, month) for part in asked for month in part.months if month in months}
    return len(told) > len({month for _, month in told})


def _has(part: Known, question: Question) -> bool:
    return not question.category or bool({*question.category} & {*part.summary.categories})


def _months(summary: IncidentSummary) -> tuple[str, ...]:
    if summary.first is None or summary.last is None:
        return ()
    first, last = (
        np.datetime64(moment.tz_convert(LONDON).strftime("%Y-%m"), "M")
        for moment in (summary.first, summary.last)
    )
    return tuple(str(month) for month in np.arange(first, last + 1))
