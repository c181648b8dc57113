"""Answers a Question about what an analysis reads: incidents, measures, money or time.

Money is spent, and officers work, where no incident was ever imported. So what reads only measures
or entries is answered without any.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Final, Literal

import pandas as pd

from geo.calendar_parts import part_of
from geo.coverage import Coverage, Knowledge
from geo.errors import QuestionError
from geo.incidents import empty_incidents
from geo.measures.measured import Measured
from geo.measures.model import EntryKind
from geo.period import Interval, Latest, Period
from geo.question.answer import Answer, StoreFacts
from geo.question.ask import (
    ANYTHING,
    FurtherRows,
    LayerReader,
    Needs,
    answered,
    ask,
    named_places,
    read_layer,
    subjects_of,
)
from geo.question.kinds import one_of
from geo.question.layer_index import LayerIndexes
from geo.question.lives import NO_RECORDS
from geo.question.model import DEFAULT_PERIOD, Question
from geo.question.resolve import ResolvedQuestion, check_names
from geo.question.rows import AllIncidents
from geo.question.store_settings import default_layer
from geo.store.contract import StoreReader, Subject

AnswerSubject = Literal["incidents", "measures", "money", "time", "records"]
"""What an analysis reads: incidents; measures, and incidents where there are any; entries; or those
incidents that are records with a life."""

_NO_ENTRIES: Final = "the store holds no entries of {} yet; see 'patchmap entries add'"
_NONE_SEEN: Final = "no entries of {} are recorded in your areas yet"
_NO_INCIDENTS: Final = "the store holds no incidents"
_NO_MEASURES: Final = "the store holds no incidents and no measures yet; see 'patchmap ingest'"


def ask_about(
    subject: AnswerSubject,
    question: Question,
    store: StoreReader,
    *,
    history: bool = False,
    layer_of: LayerReader | None = None,
    indexes: LayerIndexes | None = None,
    visible: frozenset[str] | None = None,
    needs: Needs = ANYTHING,
) -> Answer:
    """Answer a Question from what an analysis reads of a store.

    Parameters
    ----------
    subject
        What is read.
    question, store, history, layer_of, indexes, needs
        As for `geo.question.ask.ask`.
    visible
        The codes of the areas whose entries the reader sees; None for all entries.

    Returns
    -------
    The Answer. Of money and time it has no incidents, and its accounts and days are of the entries
    that are seen; of measures it has none where the store has none of the period.

    Raises
    ------
    QuestionError
        If the data cannot answer it.
    """
    if subject == "money" or subject == "time":  # noqa: PLR1714 - tells the types apart
        return _of_entries(
            subject, question, store, layer_of=layer_of, indexes=indexes, visible=visible
        )
    if subject == "records":
        question = replace(question, source=record_sources(question, store))
        subject = "incidents"
    why = _NO_INCIDENTS
    if subject == "incidents" or store.incident_count():
        try:
            reply = ask(
                question,
                store,
                history=history,
                layer_of=layer_of,
                indexes=indexes,
                needs=needs,
            )
            return versioned(reply, subject, store)
        except QuestionError as refusal:
            if subject == "incidents" or refusal.option not in ("period", "datetime"):
                raise
            why, days = str(refusal), _days_of_measures(store)
            if days is None:
                raise
    elif (days := _days_of_measures(store)) is None:
        raise QuestionError("period", _NO_MEASURES)
    period = _period(question, days, default=DEFAULT_PERIOD.up_to(days.last))
    reply = _without_incidents(question, store, period, layer_of=layer_of, indexes=indexes, why=why)
    return versioned(reply, subject, store)


def record_sources(question: Question, store: StoreReader) -> tuple[str, ...]:
    """The sources of a Question about records: those it names, else all whose rows have lives.

    Parameters
    ----------
    question
        The Question.
    store
        With the imports.

    Returns
    -------
    Their ids.

    Raises
    ------
    QuestionError
        If no source that it names, or none at all, has records with lives.
    """
    sources = sorted({record.source for record in store.imports() if record.extracted})
    if not sources:
        raise QuestionError("source", NO_RECORDS)
    if question.source and not set(sources).intersection(question.source):
        named = ", ".join(question.source)
        raise QuestionError(
            "source",
            f"{named} has no records that are received and closed; choose {one_of(sources)}",
        )
    return tuple(question.source or sources)


def versioned(answer: Answer, subject: AnswerSubject, store: StoreReader) -> Answer:
    """The Answer, in whose accounts is the state of all that an analysis makes of it.

    Parameters
    ----------
    answer
        Of this state of the store.
    subject
        What the analysis reads.
    store
        What it is read from.

    Returns
    -------
    The same Answer, if it names that state already.
    """
    if subject in ("money", "time"):
        subjects: list[Subject] = ["layers", "settings", "entries"]
    else:
        subjects = subjects_of(answer.question, answer.areas)
        if subject == "measures" and "measures" not in subjects:
            subjects.append("measures")
    if "measures" in subjects:
        # Read here too, so that whoever keeps the Answer knows that it is of their state.
        store.measures()
    version = store.data_version().of(*subjects)
    if version == answer.accounts.data_version:
        return answer
    return replace(answer, accounts=replace(answer.accounts, data_version=version))


def _of_entries(
    kind: EntryKind,
    question: Question,
    store: StoreReader,
    *,
    layer_of: LayerReader | None,
    indexes: LayerIndexes | None,
    visible: frozenset[str] | None,
) -> Answer:
    if visible is None:
        entries, imports = store.entries(kind), store.table_imports("entries")
        rejected = sum(one.rows_rejected for one in imports)
    else:
        # How many there are elsewhere, and of which days, is not theirs to know.
        entries, rejected = _entries_in(visible, kind, question, store, layer_of=layer_of), 0
    if not len(entries):
        raise QuestionError("period", (_NO_ENTRIES if visible is None else _NONE_SEEN).format(kind))
    days = Period(entries["day"].min().date(), entries["day"].max().date())
    # Budgets are of financial years.
    year = part_of(days.last, "financial-year").whole
    period = _period(question, days, default=year)
    reply = _without_incidents(question, store, period, layer_of=layer_of, indexes=indexes)
    reply = versioned(reply, kind, store)
    day = entries["day"].dt.date
    counted = int(((day >= period.first) & (day <= period.last)).sum())
    accounts = replace(
        reply.accounts,
        read=len(entries) + rejected,
        rejected=rejected,
        not_asked=len(entries) - counted,
        counted=counted,
    )
    return replace(reply, accounts=accounts)


def _entries_in(
    visible: frozenset[str],
    kind: EntryKind,
    question: Question,
    store: StoreReader,
    *,
    layer_of: LayerReader | None,
) -> pd.DataFrame:
    """The entries that stand in some areas of the layer of a Question."""
    read = layer_of or store.layer
    layer = question.layer or default_layer(store)
    areas = read_layer(read, "layer", layer)[1]
    measured = Measured(store, layer, areas, lambda named: read(named)[1])
    placed = measured.entries(kind).placed
    return placed[placed["area_code"].isin(visible)].reset_index(drop=True)


def _period(question: Question, days: Period, *, default: Period) -> Period:
    """The days of a Question about data of some days."""
    if question.period is None:
        return default
    if isinstance(question.period, Latest):
        return question.period.up_to(days.last)
    interval: Interval = question.period
    # Dates need no data; an open end does.
    if interval.first and interval.last:
        return Period(interval.first, interval.last)
    return interval.within(days)


def _days_of_measures(store: StoreReader) -> Period | None:
    periods = store.measure_periods()
    if not len(periods):
        return None
    return Period(_day(periods["first_day"].min()), _day(periods["last_day"].max()))


def _day(moment: pd.Timestamp) -> date:
    return moment.date()


def _without_incidents(
    question: Question,
    store: StoreReader,
    period: Period,
    *,
    layer_of: LayerReader | None,
    indexes: LayerIndexes | None,
    why: str = "",
) -> Answer:
    """An Answer of layers alone: nothing was read of incidents, and nothing is said of them."""
    indexes = indexes or LayerIndexes()
    read = layer_of or store.layer
    with store.reading():
        layer = question.layer or default_layer(store)
        question = replace(question, layer=layer)
        metadata, areas = read_layer(read, "layer", layer)
        titles, study = {layer: metadata.title}, areas
        if question.study:
            of_study, study = read_layer(read, "study", question.study)
            titles[question.study] = of_study.title
        check_names("within", question.within, areas.index)
        control = named_places(read, "control", question.treatment.control)
        facts = StoreFacts(
            accepted=0,
            titles=titles,
            control=control.areas,
            unknown=control.unknown,
            data_version=store.data_version().of("layers", "settings"),
            measured=partial(Measured, store, layer, areas, lambda named: read(named)[1]),
            no_incidents=why or "no incident is read for it",
        )
    resolved = ResolvedQuestion(
        question, period, sources=[], months_published=period.months, sources_overlap=False
    )
    return answered(
        (resolved, Knowledge.everywhere(Coverage([]), (), areas=len(areas))),
        (indexes.of(areas), indexes.of(study)),
        imports=(),
        facts=facts,
        further=FurtherRows(None, AllIncidents.of_frame(empty_incidents())),
        history=False,
        indexes=indexes,
    )
