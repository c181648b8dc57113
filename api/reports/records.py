"""Reports of records: what was answered in time, the log of open ones, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import pandas as pd

from api.answers import Answers
from api.pages.text import percent
from api.reports.asking import Result, asked_of
from api.reports.cells import part_title
from api.reports.model import Column, Part, Report, ReportTable
from geo.analyses.backlog import OLDEST
from geo.analyses.record_rows import ACCOUNTS_OF_RECORDS, ALL, received_in, record_rows
from geo.analyses.repeat_issues import CASE_REVIEW, DONE_BEFORE
from geo.calendar_parts import column_of
from geo.incidents import LONDON, category_title
from geo.question.model import Question
from geo.records.flow import FLOW_COLUMNS

LISTED: Final = 24
"""Of the oldest open records; the report has three pages."""

LOG_ROWS: Final = 24
"""Of areas, months and types in the log on paper, those with most open."""

REPEATS_LISTED: Final = 60

_UNKNOWN: Final = "–"
_LOG_STATES: Final = ("open", "answered", "closed", "withdrawn", "vanished")
_FLOW: Final = tuple(
    Column(name, name.replace("_", " ").capitalize(), "count") for name in FLOW_COLUMNS
)


def response_report(answers: Answers, question: Question) -> Report:
    """Put together what was answered in time and how long records wait, by area and quarter.

    Parameters
    ----------
    question
        Its `by` says into what the time is split; quarters where it says nothing. Where it names a
        study area, the report is also by the areas of that layer, such as wards beside
        neighbourhoods: both of the same records.
    """
    first = _by_area_and_time(answers, question)
    also = None
    if question.study and question.study != first[0].answer.question.layer:
        also = replace(question, layer=question.study, study="", within=())
    second = [] if also is None else _by_area_and_time(answers, also)
    whole = first[0]
    return Report(
        title=f"{_areas(whole)}: raised and answered",
        period=whole.answer.accounts.period.title,
        about=[*_chosen(whole), *([f"also by {_areas(second[0])}"] if second else [])],
        sentences=[str(whole.analysis.parameters["headline"])],
        tables=[_area_table(_by_name(whole))],
        parts=[
            _split_part(first, question),
            *([_other_part(second), _split_part(second, question)] if second else []),
        ],
        methods=_methods(whole),
    )


def members_report(answers: Answers, question: Question) -> Report:
    """Put together what members asked: `response_report` of the records that came from them.

    Parameters
    ----------
    question
        Whose `channel` is that of members, and whose `kind` enquiries, whatever it says.
    """
    terms = replace(question.records, channel=("member",), kind=("enquiry",))
    report = response_report(answers, replace(question, records=terms))
    backlog = asked_of(answers, "backlog", replace(question, by="", compare="", records=terms))
    still = _by_name(backlog)
    open_now = ReportTable(
        "Open enquiries by area",
        still,
        (
            Column("area_name", "Area"),
            *_FLOW,
            Column("oldest_days", "Oldest, days", "count"),
        ),
    )
    return replace(
        report,
        title=report.title.replace("raised and answered", "members’ enquiries"),
        sentences=[*report.sentences, str(backlog.analysis.parameters["headline"])],
        tables=[*report.tables, open_now],
    )


def _by_area_and_time(answers: Answers, question: Question) -> list[Result]:
    """The response times of the whole period, and of its parts."""
    by = question.by or "quarter"
    return [
        asked_of(answers, "response-times", replace(question, by="")),
        asked_of(answers, "response-times", replace(question, by=by, compare="")),
    ]


def _split_part(results: list[Result], question: Question) -> Part:
    by = question.by or "quarter"
    part, split = column_of(by), results[1]
    return Part(
        f"{_areas(split)} by {by.replace('-', ' ')}",
        [],
        [
            _crossed(split, part, "Answered in time, of those due", _share),
            _crossed(split, part, "Median days to the answer", _days),
        ],
    )


def _other_part(results: list[Result]) -> Part:
    whole = results[0]
    title = _areas(whole)
    return Part(
        title,
        [str(whole.analysis.parameters["headline"])],
        [replace(_area_table(_by_name(whole)), title=f"By area of {title}")],
    )


def log_report(answers: Answers, question: Question) -> Report:
    """Put the log together: records by area, month, type and state, and the oldest open.

    Parameters
    ----------
    question
        Its `split` says by what the types are: categories where it says nothing.
    """
    terms = replace(question.measures, split=question.measures.split or "category")
    plain = replace(question, by="", compare="", measures=replace(terms, split=""))
    whole = asked_of(answers, "backlog", plain)
    months = asked_of(answers, "backlog", replace(plain, by="month"))
    types = asked_of(answers, "backlog", replace(plain, measures=terms))
    oldest = whole.analysis.tables.get(OLDEST, pd.DataFrame())
    title = "Kind" if terms.split == "kind" else "Type"
    return Report(
        title=f"{_areas(whole)}: log of records",
        period=whole.answer.accounts.period.title,
        about=_chosen(whole),
        sentences=[str(whole.analysis.parameters["headline"])],
        tables=[
            ReportTable(
                "Open records by area",
                _by_name(whole),
                (
                    Column("area_name", "Area"),
                    *_FLOW,
                    Column("oldest_days", "Oldest, days", "count"),
                ),
            ),
            ReportTable(
                "Open records by month",
                months.analysis.tables[ALL],
                (Column("month", "Month", "day"), *_FLOW),
            ),
            ReportTable(
                f"Open records by {title.lower()}",
                types.analysis.tables[ALL],
                (Column(terms.split, title), *_FLOW),
            ),
        ],
        parts=[
            Part("Open at the end", [], [_open_table(types, terms.split)]),
            *([Part("Oldest open", [], [_oldest_table(oldest)])] if len(oldest) else []),
            Part("Every area, month and type", [], [_state_table(whole, terms.split, title)]),
        ],
        methods=_methods(whole),
    )


def repeats_report(answers: Answers, question: Question) -> Report:
    """List the repeat issues with what had been done before, and after what they came back."""
    result = asked_of(answers, "repeat-issues", replace(question, by="", compare=""))
    rows = result.frame.sort_values("received_on", ascending=False, kind="stable")
    shown = rows.head(REPEATS_LISTED)
    notes = (
        (f"The latest {len(shown):,} of {len(rows):,}; the file of the answer has all.",)
        if len(rows) > len(shown)
        else ()
    )
    tables = result.analysis.tables
    return Report(
        title=f"{_areas(result)}: repeat issues",
        period=result.answer.accounts.period.title,
        about=_chosen(result),
        sentences=[str(result.analysis.parameters["headline"])],
        tables=[
            ReportTable(
                "Repeat issues",
                shown,
                (
                    Column("received_on", "Received", "day"),
                    Column("category", "Issue"),
                    Column("area_name", "Area"),
                    Column("outcome", "What was done before"),
                    Column("closed_on", "Closed", "day"),
                    Column("days", "Days between", "count"),
                ),
                notes=notes,
            )
        ],
        parts=[
            *_optional(
                "What was done, and came back",
                tables.get(DONE_BEFORE),
                (
                    Column("outcome", "What was done"),
                    Column("closed", "Closed", "count"),
                    Column("came_back", "Came back", "count"),
                    Column("share", "Share", "share"),
                ),
            ),
            *_optional(
                "Three reports in six months",
                tables.get(CASE_REVIEW),
                (
                    Column("area_code", "Area"),
                    Column("reports", "Reports", "count"),
                    Column("still_open", "Still open", "count"),
                    Column("first", "First", "day"),
                    Column("last", "Last", "day"),
                ),
            ),
        ],
        methods=_methods(result),
    )


def _optional(title: str, table: pd.DataFrame | None, columns: tuple[Column, ...]) -> list[Part]:
    if table is None or table.empty:
        return []
    plain = pd.DataFrame(table.drop(columns="geometry", errors="ignore"))
    return [Part(title, [], [ReportTable(title, plain, columns)])]


def _areas(result: Result) -> str:
    return result.answer.facts.title(result.answer.question.layer)


def _by_name(result: Result) -> pd.DataFrame:
    return result.frame.sort_values("area_name", kind="stable")


def _chosen(result: Result) -> list[str]:
    """Which records it is of, where the Question chooses some."""
    options = result.answer.question.options()
    names = ("channel", "kind", "service", "state", "category", "target")
    return [f"{name.capitalize()}: {options[name]}" for name in names if name in options]


def _methods(result: Result) -> list[str]:
    accounts = [str(result.analysis.parameters[name]) for name in ACCOUNTS_OF_RECORDS]
    method = f"{result.analysis.method.rstrip('.')}."
    return [*accounts, method, *result.analysis.caveats]


def _area_table(rows: pd.DataFrame) -> ReportTable:
    frame = rows.assign(share=rows.apply(_share, axis=1), wait=rows.apply(_days, axis=1))
    columns = (
        Column("area_name", "Area"),
        Column("received", "Received", "count"),
        Column("due", "Due", "count"),
        Column("share", "Answered in time"),
        Column("overdue", "Overdue", "count"),
        Column("wait", "Days to the answer, median"),
        Column("verdict", "Against the rest"),
    )
    return ReportTable("By area", frame, columns)


def _crossed(
    result: Result, part: str, title: str, words: Callable[[pd.Series], str]
) -> ReportTable:
    rows = _by_name(result)
    rows = rows.assign(words=rows.apply(words, axis=1))
    wide = rows.pivot_table(
        values="words", index="area_name", columns=part, aggfunc="first", sort=False
    )
    labels = sorted(map(str, wide.columns))
    columns = (
        Column("area_name", "Area"),
        *(Column(label, part_title(label)) for label in labels),
    )
    return ReportTable(title, wide.reset_index(), columns)


def _open_table(types: Result, split: str) -> ReportTable:
    rows = _by_name(types)
    wide = rows.pivot_table(
        values="open_after", index="area_name", columns=split, aggfunc="sum", sort=False
    )
    labels = sorted(map(str, wide.columns))
    columns = (
        Column("area_name", "Area"),
        *(Column(label, label.replace("-", " ").capitalize(), "count") for label in labels),
    )
    return ReportTable("Open at the end by area and type", wide.reset_index(), columns)


def _state_table(result: Result, split: str, title: str) -> ReportTable:
    """How many records of each area, month of receipt and type are in which state at the end."""
    rows = record_rows(result.answer)
    own = received_in(rows.by_area, rows.period)
    own = own.assign(
        state=rows.states.reindex(own.index),
        month=own["received"].dt.tz_convert(LONDON).dt.strftime("%Y-%m"),
        where=own["where"].where(own["area_code"] == "", own["area_name"]),
    )
    # Names and codes of areas that the reader does not see are not in the shown frame.
    shown = result.frame[["area_code", "area_name"]]
    own = own[own["area_code"].isin(shown["area_code"]) | (own["area_code"] == "")]
    names = shown.set_index("area_code")["area_name"]
    own["where"] = own["area_code"].map(names).fillna(own["where"])
    table = pd.crosstab([own["where"], own["month"], own[split]], own["state"])
    table = table.reindex(columns=[*_LOG_STATES], fill_value=0)
    table = table.assign(received=table.sum(axis=1)).reset_index()
    table = table.sort_values(
        ["open", "answered", "where", "month"], ascending=[False, False, True, True], kind="stable"
    )
    note = f"The {LOG_ROWS} with most open of {len(table):,} rows; the workbook (XLSX) has all."
    return ReportTable(
        f"Records received by area, month and {title.lower()}, and their state at the end",
        table.assign(**{split: table[split].map(category_title)}),
        (
            Column("where", "Area"),
            Column("month", "Received in", "day"),
            Column(split, title),
            Column("received", "Received", "count"),
            *(Column(name, name.capitalize(), "count") for name in _LOG_STATES),
        ),
        notes=(note,) if len(table) > LOG_ROWS else (),
        most=LOG_ROWS,
    )


def _oldest_table(oldest: pd.DataFrame) -> ReportTable:
    columns = (
        Column("incident_id", "Record"),
        Column("category", "Type"),
        Column("area_name", "Area"),
        Column("state", "State"),
        Column("received", "Received", "day"),
        Column("due", "Due", "day"),
        Column("days_open", "Days open", "count"),
    )
    return ReportTable("The oldest open records", oldest.head(LISTED), columns)


def _share(row: pd.Series) -> str:
    if pd.isna(row["share_in_time"]):
        return _UNKNOWN
    low, high = percent(row["share_in_time_low"]), percent(row["share_in_time_high"])
    return f"{percent(row['share_in_time'])} ({low} to {high})".replace(" % to", " to")


def _days(row: pd.Series) -> str:
    if pd.isna(row["answer_days"]):
        return _UNKNOWN
    low, high = row["answer_days_low"], row["answer_days_high"]
    upper = "more" if pd.isna(high) else f"{high:.1f}"
    return f"{row['answer_days']:.1f} ({low:.1f} to {upper})"
