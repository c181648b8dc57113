"""Officers' hours by area and activity, and what they cost at a stated rate."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from geo.analyses.analysis import AnalysisResult
from geo.analyses.entry_rows import (
    ELSEWHERE,
    elsewhere,
    on_areas,
    placing_caveats,
    refuse_none,
    visible_entries,
)
from geo.calendar_parts import CalendarPart, column_of, parts_of
from geo.measures.officer_time import MINUTES_PER_HOUR, officer_hours
from geo.question.answer import Answer
from geo.question.time_parts import part_columns, unit_of

METHOD: Final = (
    "Sums of dated entries of whole minutes; a reversal is an entry of the opposite time"
)


def hours(answer: Answer) -> AnalysisResult:
    """Add up officers' hours by area, activity and part of time."""
    period, question = answer.accounts.period, answer.question
    entries = answer.facts.measured().entries("time", period=period)
    every, other = visible_entries(answer, entries), elsewhere(entries)
    refuse_none(answer, every, "officers' time")
    # Activities that occur anywhere have a row everywhere.
    activities = sorted(every["activity"].unique())
    parts = parts_of(period, unit_of(question.by)) if question.by else []
    rate = question.measures.hourly_rate

    def table(rows: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
        by = {column_of(question.by): [part.label for part in parts]} if parts else {}
        labelled = _labelled(rows, parts)
        added = officer_hours(
            labelled, codes, by={**by, "activity": activities}, pence_per_hour=rate
        )
        return _with_days(added, parts)

    shown = on_areas(answer, table(entries.placed, list(answer.areas.index.astype(str))))
    caveats = [
        *_rate_caveats(rate),
        *(f"{part.label}: only {part.period.title}." for part in parts if part.is_cut),
    ]
    method = METHOD + (f"; an hour costs £{rate / 100:,.2f}, as stated" if rate else "")
    totals = _parameters(int(every["amount"].sum()), rate)
    if answer.visible.codes is not None:
        headline = f"In the areas shown: {totals['headline']}"
        return AnalysisResult(shown, method, {**totals, "headline": headline}, caveats)
    beside = table(other, list(dict.fromkeys(other["area_code"])))
    return AnalysisResult(
        shown,
        method,
        totals,
        [*caveats, *placing_caveats(entries)],
        tables={ELSEWHERE: beside.rename(columns={"area_code": "where"})} if len(other) else {},
    )


def _labelled(entries: pd.DataFrame, parts: list[CalendarPart]) -> pd.DataFrame:
    """Entries with the label of the part of time that their day lies in."""
    if not parts:
        return entries
    starts = np.array([part.period.first for part in parts], dtype="datetime64[s]")
    at = np.searchsorted(starts, entries["day"].to_numpy("datetime64[s]"), side="right") - 1
    labels = np.array([part.label for part in parts], dtype=object)[at]
    return entries.assign(**{column_of(parts[0].unit): labels})


def _with_days(table: pd.DataFrame, parts: list[CalendarPart]) -> pd.DataFrame:
    """A table with the first and last day of each part, after its label."""
    if not parts:
        return table
    name = column_of(parts[0].unit)
    at = list(table.columns).index(name) + 1
    for column in ("last_day", "first_day"):
        days = {part.label: part_columns(part)[column] for part in parts}
        table.insert(at, column, table[name].map(days))
    return table


def _parameters(minutes: int, rate: int | None) -> dict[str, object]:
    hours = minutes / MINUTES_PER_HOUR
    if rate is None:
        return {"headline": f"{hours:,.1f} hours.", "total_hours": hours}
    cost = round(minutes * rate / MINUTES_PER_HOUR) / 100
    return {
        "headline": f"{hours:,.1f} hours: £{cost:,.2f} at £{rate / 100:,.2f} an hour.",
        "total_hours": hours,
        "hourly_rate": rate / 100,
        "total_cost": cost,
    }


def _rate_caveats(rate: int | None) -> list[str]:
    if rate is not None:
        return ["Costs are rounded to the penny row by row; the total is of all minutes."]
    return ["No hourly rate is given, so no cost is worked out: see the option rate."]
