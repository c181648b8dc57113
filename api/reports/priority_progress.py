"""Priorities with the measure that shows their progress: its latest value, and the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl

import pandas as pd

from api.answers import Answers
from api.errors import LASTING
from api.pages.measure_text import UNKNOWN, days_words, value_words
from api.reports.asking import asked_of
from api.reports.model import Column, Part, ReportTable
from api.reports.sentences import counted
from api.reports.task_tables import day_words
from boundaries.tasking.accounts import accounts_of
from boundaries.tasking.priority import Priority
from geo.errors import InputError, NotFoundError
from geo.question.model import Question
from geo.store.tasking_contract import TaskRow

PRIORITY_NOTE: Final = (
    "The measure of a priority is its latest known value, beside the one before it; a difference "
    "between two values may be chance, and does not say that the priority was the reason."
)


@dataclass(frozen=True)
class Progress:
    """What the measure of a priority says.

    Attributes
    ----------
    now, before
        The latest value with its time, and the one before; – where it is unknown.
    why
        Why nothing is known; '' where something is.
    """

    now: str = UNKNOWN
    before: str = UNKNOWN
    why: str = ""


def progress_of(answers: Answers, priority: Priority) -> Progress:
    """Read the measure of a priority, or count what its Question asks for.

    Parameters
    ----------
    answers
        About the store.
    priority
        Its `measure` is the id of a measure, or the query string of a Question.
    """
    if not priority.measure:
        return Progress(why="no measure was chosen")
    try:
        if "=" in priority.measure:
            return _counted(answers, priority)
        return _measured(answers, priority)
    except LASTING as refusal:
        return Progress(why=str(refusal).rstrip("."))


def _counted(answers: Answers, priority: Priority) -> Progress:
    """How many incidents its Question counts, and in the period before."""
    question = Question.read(dict(parse_qsl(priority.measure.lstrip("?"), strict_parsing=True)))
    if priority.area:
        question = replace(question, layer=priority.layer, within=(priority.area,))
    result = asked_of(answers, "count", replace(question, by="", compare="previous"))
    period = result.answer.accounts.period
    frame = result.frame
    return Progress(
        _count_words(frame["n"], period.title),
        _count_words(frame["n_compared"], period.before.title),
    )


def _count_words(counts: pd.Series, when: str) -> str:
    """The sum of counts; unknown where one of them is."""
    if counts.empty or counts.isna().any():
        return UNKNOWN
    return f"{int(counts.sum()):,} ({when})"


def _measured(answers: Answers, priority: Priority) -> Progress:
    """The last two known values of its measure: of its area, or added up for the city."""
    snapshot = answers.snapshot()
    measures = {one.measure_id: one for one in snapshot.measures()}
    if priority.measure not in measures:
        raise NotFoundError(f"there is no measure {priority.measure!r}")
    measure = measures[priority.measure]
    if measure.question:
        return _counted(answers, replace(priority, measure=measure.question))
    if priority.area and measure.layer_id != priority.layer:
        raise InputError(f"{measure.title} is published on {measure.layer_id}")
    if not (priority.area or measure.adds_up):
        raise InputError(f"{measure.title} of areas does not add up to the city's")
    codes = [priority.area] if priority.area else None
    values = snapshot.measure_values([priority.measure], area_codes=codes)
    spans = values.groupby(["last_day", "first_day"], sort=True)["value"]
    known = [
        f"{value_words(float(one.sum()), measure.unit)} ({days_words(first, last)})"
        for (last, first), one in spans
        if one.notna().all()
    ]
    if not known:
        raise InputError(f"no value of {measure.title} is known")
    return Progress(known[-1], known[-2] if len(known) > 1 else UNKNOWN)


def priorities_table(
    answers: Answers, priorities: Sequence[Priority], tasks: Sequence[TaskRow], *, most: int
) -> Part:
    """The priorities that stand, each with its measure and its tasks.

    Parameters
    ----------
    answers
        About the store.
    priorities
        Of which those that are closed are counted only.
    tasks
        Those whose priority they are.
    most
        How many are shown; the others are counted.
    """
    standing = [one for one in priorities if one.is_open]
    closed = len(priorities) - len(standing)
    shut = f"; {counted(closed, 'is', 'are')} closed" if closed else ""
    stand = counted(len(standing), "priority stands", "priorities stand")
    shown = standing[:most]
    progress = [progress_of(answers, one) for one in shown]
    rows = [
        {
            "priority_id": one.priority_id,
            "of": _area_name(answers, one),
            "issue": f"{one.issue} ({day_words(one.issue_date)})",
            "action": f"{one.action} ({day_words(one.action_date)})" if one.action_date else "",
            "now": own.now,
            "before": own.before,
            "target": one.target,
            "tasks": _tasks_words([task for task in tasks if task.priority == one.priority_id]),
        }
        for one, own in zip(shown, progress, strict=True)
    ]
    columns = (
        Column("priority_id", "Priority"),
        Column("of", "Of"),
        Column("issue", "Issue"),
        Column("action", "Action"),
        Column("now", "Measure now"),
        Column("before", "Before"),
        Column("target", "Target"),
        Column("tasks", "Tasks"),
    )
    notes = (f"{len(rows):,} of {len(standing):,} rows.",) if len(rows) < len(standing) else ()
    table = ReportTable("Priorities", pd.DataFrame(rows), columns, notes=notes)
    unknown = [
        f"{one.priority_id}: {own.why}."
        for one, own in zip(shown, progress, strict=True)
        if own.why
    ]
    sentence = f"{stand}{shut}." if priorities else "No priority has been set."
    return Part("Priorities", [sentence], [table] if rows else [], unknown)


def _area_name(answers: Answers, priority: Priority) -> str:
    if not priority.area:
        return "the city"
    areas = answers.snapshot().areas_or_none(priority.layer)
    if areas is None or priority.area not in areas.index:
        return priority.area
    return str(areas["area_name"].loc[priority.area] or priority.area)


def _tasks_words(tasks: Sequence[TaskRow]) -> str:
    if not tasks:
        return "none"
    accounts = accounts_of(tasks)
    return f"{accounts.done + accounts.assessed} of {accounts.raised} done"
