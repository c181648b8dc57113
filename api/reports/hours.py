"""The officer-hours report: hours by ward, activity and quarter, with their cost."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd

from api.answers import Answers
from api.pages.measure_text import hours, pounds
from api.reports.asking import Result, asked_of
from api.reports.cells import part_title
from api.reports.model import Column, Part, Report, ReportTable
from api.reports.money import TOTAL
from api.reports.sentences import joined
from geo.analyses.entry_rows import ELSEWHERE
from geo.calendar_parts import column_of
from geo.question.model import Question

ACTIVITY_TITLES: Final = {
    "office": "Office",
    "patrol": "Patrol",
    "engagement": "Engagement",
    "cases": "Cases",
}
_TITLES_IN_ORDER: Final = tuple(ACTIVITY_TITLES.values())


def officer_hours_report(answers: Answers, question: Question) -> Report:
    """Put the hours of officers together: by ward and activity, and by quarter.

    Parameters
    ----------
    question
        Its `by` says into what the time is split; quarters where it says nothing.
    """
    result = asked_of(answers, "officer-hours", replace(question, by=question.by or "quarter"))
    rows, part = _every_row(result), column_of(result.answer.question.by)
    rate = result.answer.question.measures.hourly_rate
    areas = result.answer.facts.title(result.answer.question.layer)
    # Of all minutes together: rows are rounded each by itself.
    total = result.analysis.parameters.get("total_cost")
    cost = float(total) if isinstance(total, float) else rows["cost"].sum(min_count=1)
    return Report(
        title=f"{areas}: officer hours",
        period=result.answer.accounts.period.title,
        about=[f"An hour costs {pounds(rate / 100)}, as stated"] if rate else [],
        sentences=[_sentence(rows, cost)],
        tables=[activity_table(rows, cost), part_table(rows, part)],
        parts=[Part("By area and activity", [], [long_table(rows, part)])],
        methods=[result.analysis.method, *result.analysis.warnings, *result.analysis.caveats],
    )


def _every_row(result: Result) -> pd.DataFrame:
    """The rows of areas in the order of names, then what is in none of them."""
    rows = result.frame.sort_values("area_name", kind="stable")
    table = result.analysis.tables.get(ELSEWHERE)
    if table is not None:
        rows = pd.concat([rows, table.assign(area_name=table["where"])], ignore_index=True)
    return rows if "cost" in rows else rows.assign(cost=float("nan"))


def _sentence(rows: pd.DataFrame, cost: float) -> str:
    """How many hours are recorded, for what, and what they cost."""
    if not rows["hours"].any():
        return "No hours of officers are recorded in this time."
    by = rows.groupby("activity")["hours"].sum()
    spent = "" if pd.isna(cost) else f", which cost {pounds(cost)}"
    shares = joined(
        f"{hours(by[name])} {title.lower()}"
        for name, title in ACTIVITY_TITLES.items()
        if by.get(name, 0)
    )
    return f"{hours(rows['hours'].sum())} hours of officers are recorded{spent}: {shares}."


def activity_table(rows: pd.DataFrame, total_cost: float) -> ReportTable:
    """Hours by area and activity, all time together, with their cost.

    Parameters
    ----------
    rows
        `area_name`, `activity`, `hours` and `cost`.
    total_cost
        In pounds; NaN where no rate is stated.
    """
    frame = _crossed(rows, "activity")
    names = [name for name in ACTIVITY_TITLES if name in frame]
    frame = frame[["area_name", *names, "sum"]]
    cost = rows.groupby("area_name", sort=False)["cost"].sum(min_count=1)
    frame = frame.assign(cost=[*cost.to_numpy(), total_cost])
    columns = (
        Column("area_name", "Area"),
        *(Column(name, ACTIVITY_TITLES[name], "hours") for name in names),
        Column("sum", "All hours", "hours"),
        *((Column("cost", "Cost", "pounds"),) if cost.notna().any() else ()),
    )
    return ReportTable("Hours by activity", frame, columns, totals=1)


def part_table(rows: pd.DataFrame, part: str) -> ReportTable:
    """Hours by area and part of time, all activities together.

    Parameters
    ----------
    rows
        `area_name`, `hours` and the column of the part.
    part
        `quarter`, for example.
    """
    frame = _crossed(rows, part)
    labels = [str(name) for name in frame if name not in ("area_name", "sum")]
    columns = (
        Column("area_name", "Area"),
        *(Column(label, part_title(label), "hours") for label in labels),
        Column("sum", "All hours", "hours"),
    )
    return ReportTable(f"Hours by {part.replace('_', ' ')}", frame, columns, totals=1)


def long_table(rows: pd.DataFrame, part: str) -> ReportTable:
    """Hours by area, activity and part of time: a row for each area and activity."""
    frame = rows.assign(activity=rows["activity"].map(ACTIVITY_TITLES))
    labels = [str(label) for label in frame[part].drop_duplicates().sort_values(kind="stable")]
    # In the order of the other tables, and not of the alphabet.
    order = [(name, title) for name in frame["area_name"].unique() for title in _TITLES_IN_ORDER]
    wide = frame.pivot_table(
        values="hours", index=["area_name", "activity"], columns=part, aggfunc="sum", sort=False
    )
    wide = wide.reindex([pair for pair in order if pair in wide.index])
    wide = wide.reindex(columns=labels).assign(sum=wide.sum(axis=1)).reset_index()
    columns = (
        Column("area_name", "Area"),
        Column("activity", "Activity"),
        *(Column(label, part_title(label), "hours") for label in labels),
        Column("sum", "All hours", "hours"),
    )
    return ReportTable("Hours by area, activity and time", wide, columns)


def _crossed(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """The hours of each area by the values of a column, their sum, and a last row of totals."""
    wide = rows.pivot_table(
        values="hours", index="area_name", columns=by, aggfunc="sum", sort=False
    )
    wide = wide[sorted(wide.columns)]
    wide = wide.assign(sum=wide.sum(axis=1))
    total = pd.DataFrame([wide.sum()], index=pd.Index([TOTAL], name="area_name"))
    frame = pd.concat([wide, total]).rename_axis("area_name").reset_index()
    return frame.rename(columns=str)
