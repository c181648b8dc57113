"""Which incidents a Question means, and what the data is too coarse to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from geo.errors import QuestionError
from geo.incidents import LONDON, london_hours, london_months
from geo.options import DEFAULT_PERIOD, Question, read_hours
from geo.period import Period, read_interval, read_latest
from geo.store.contract import ImportRecord


@dataclass(frozen=True)
class Selection:
    """The incidents that a Question asks for.

    `months_published` are the period's months that some asked source has published: a month
    that is missing there is unknown, not zero.
    """

    incidents: pd.DataFrame
    period: Period
    sources: list[str]
    months_published: list[str]

    @property
    def months_missing(self) -> list[str]:
        """The period's months that no asked source has published."""
        return [month for month in self.period.months if month not in self.months_published]


def select(
    question: Question, incidents: pd.DataFrame, imports: Sequence[ImportRecord] = ()
) -> Selection:
    """Select the incidents of a Question's period, categories, sources and hours.

    Parameters
    ----------
    incidents
        An incident frame.
    imports
        The records of what was published; without them, months that have rows count.

    Raises
    ------
    QuestionError
        If a category or source is unknown, or the data is too coarse for the period or hours.
    """
    of_source = _of_source(question, incidents)
    period = _period(question, of_source)
    _refuse_finer_times(question, period, of_source)
    sources = sorted(of_source["source"].astype(str).unique())
    published = _published_months(period, of_source, imports=imports, sources=sources)
    return Selection(_asked(question, period, of_source), period, sources, published)


def _of_source(question: Question, incidents: pd.DataFrame) -> pd.DataFrame:
    for option in ("source", "category"):
        refuse_unknown(option, getattr(question, option), incidents[option].unique())
    if not question.source:
        return incidents
    return incidents[incidents["source"].isin(question.source)]


def refuse_unknown(option: str, asked: Sequence[str], known: Sequence[str]) -> None:
    """Refuse an option that names what is not there.

    Raises
    ------
    QuestionError
        With the first unknown name, and the names there are.
    """
    unknown = [name for name in asked if name not in set(known)]
    if unknown:
        there_are = ", ".join(sorted(map(str, known))[:20]) or "none yet"
        raise QuestionError(option, f"there is no {unknown[0]!r}; there are: {there_are}")


def _period(question: Question, incidents: pd.DataFrame) -> Period:
    if len(incidents):
        span = incidents["occurred_from"].agg(["min", "max"]).dt.tz_convert(LONDON)
        data = Period(span["min"].date(), span["max"].date())
        if (incidents["precision"] == "month").any():
            month = read_latest("latest-1m", last_day=data.last)
            data = replace(data, last=max(data.last, month.last))
    elif question.datetime and ".." not in question.datetime:
        data = read_interval(question.datetime, data=Period(*[pd.Timestamp(0).date()] * 2))
    else:
        raise QuestionError("period", "the store holds no incidents yet; see 'patchmap ingest'")
    if question.datetime:
        return read_interval(question.datetime, data=data)
    return read_latest(question.period or DEFAULT_PERIOD, last_day=data.last)


def _refuse_finer_times(question: Question, period: Period, incidents: pd.DataFrame) -> None:
    """Refuse what the data is too coarse for: it would be counted wrongly in silence."""
    coarse = incidents["precision"].isin(["month", "day"] if question.hours else ["month"])
    if question.hours:
        option, reason = "hours", "does not say at what hour incidents happened"
    elif not period.is_whole_months:
        option, reason = "datetime", "knows months only: ask for whole months"
        touched = (incidents["occurred_to"] >= period.start) & (
            incidents["occurred_from"] < period.end
        )
        coarse &= touched
    else:
        return
    if coarse.any():
        source = incidents.loc[coarse, "source"].iloc[0]
        raise QuestionError(option, f"the source {source} {reason}")


def _asked(question: Question, period: Period, incidents: pd.DataFrame) -> pd.DataFrame:
    occurred = incidents["occurred_from"]
    wanted = (occurred >= period.start) & (occurred < period.end)
    if question.category:
        wanted &= incidents["category"].isin(question.category)
    if question.hours:
        first, last = read_hours(question.hours)
        wanted &= (london_hours(occurred) - first) % 24 < ((last - first) % 24 or 24)
    return incidents[wanted]


def _published_months(
    period: Period,
    incidents: pd.DataFrame,
    *,
    imports: Sequence[ImportRecord],
    sources: Sequence[str],
) -> list[str]:
    """The period's months that some asked source published; without records, that have rows."""
    if imports:
        published = {record.month for record in imports if record.source in sources}
    else:
        published = set(london_months(incidents["occurred_from"]).astype(str))
    return [month for month in period.months if month in published]
