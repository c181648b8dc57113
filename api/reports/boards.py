"""The page of the city's board, and the pack of two sheets for a meeting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pandas as pd

from api.answers import Answers
from api.errors import LASTING
from api.pages.text import reason_of
from api.reports.model import Column, Part, Report, ReportTable
from api.reports.priority_progress import PRIORITY_NOTE, priorities_table
from api.reports.referred_tasks import (
    Referred,
    referral_sentences,
    referral_table,
    referrals_among,
)
from api.reports.sentences import counted, joined
from api.reports.spend import spend_report
from api.reports.task_tables import (
    PLACED,
    STATES_NOTE,
    PlacedTasks,
    accounts_table,
    by_hand_words,
    day_words,
    london_day,
    placed_tasks,
    standing_sentences,
    task_table,
    today,
)
from boundaries.tasking.accounts import accounts_by_level
from boundaries.tasking.assessment import OUTCOMES
from boundaries.tasking.history import Step
from boundaries.tasking.storage import read_priorities, read_tasks
from boundaries.tasking.task import Task
from geo.calendar_parts import parts_of
from geo.errors import QuestionError
from geo.period import Interval, Latest, Period
from geo.question.model import Question

QUARTER: Final = 91
"""Days of the pack's decisions and results, where no time is named."""
_PRIORITIES, _DECISIONS, _RESULTS, _MONEY = 8, 12, 10, 8
"""Rows for which two sheets of A4 have room at once, however long their titles are."""
_WAITING: Final = (
    "“Days waiting” are days without an answer until the day of the report; a referral that was "
    "declined is answered too."
)
_DECIDED: Final = {
    "accept": "Accepted",
    "decline": "Declined",
    "refer": "Referred",
    "answer": "Answered",
    "reopen": "Reopened",
}


def city_board_report(answers: Answers, question: Question, *, day: date | None = None) -> Report:
    """Put the city board's page together: what came up, what went down, days waiting.

    Parameters
    ----------
    answers
        About the store.
    question
        `layer` has the wards.
    day
        Until which referrals wait; today where it is omitted.
    """
    day = day or today()
    placed = placed_tasks(answers, question)
    referred = referrals_among(answers.snapshot(), placed)
    own = [row for row in placed.rows if row.level == "city"]
    levels = accounts_by_level(placed.rows)
    return Report(
        title=placed.heading("city board"),
        period=f"As on {day_words(day)}",
        about=[],
        sentences=[
            *referral_sentences("came up", [one for one in referred if one.direction == "up"], day),
            *(f"{level.capitalize()} level: {accounts}." for level, accounts in levels.items()),
        ],
        parts=[
            *_referral_parts(referred, placed, day),
            Part(
                "The city's own tasks",
                standing_sentences(own, day),
                [task_table("Tasks of the city's level", own, day)] if own else [],
            ),
            Part("By ward", [], [accounts_table(placed, day)]),
        ],
        methods=[_WAITING, PLACED, STATES_NOTE],
    )


def _referral_parts(referred: Sequence[Referred], placed: PlacedTasks, day: date) -> Iterator[Part]:
    parts = {
        "up": ("What came up", "came up"),
        "down": ("What went down", "went down"),
        "out": ("What went out to other services", "went out"),
    }
    for direction, (title, verb) in parts.items():
        some = [one for one in referred if one.direction == direction]
        said = referral_sentences(verb, some, day)
        yield Part(title, said, [referral_table(title, some, placed, day)] if some else [])


def board_pack_report(answers: Answers, question: Question, *, day: date | None = None) -> Report:
    """Put the pack of a meeting together: priorities, decisions, results and money on two sheets.

    Parameters
    ----------
    answers
        About the store.
    question
        `layer` has the wards, `within` chooses some, and `datetime` is the time of decisions,
        results and money; the 91 days to today, and the latest year of money, without it.
    day
        In place of today.
    """
    day = day or today()
    placed = placed_tasks(answers, question)
    period = _period(question, day)
    snapshot = answers.snapshot()
    since = [row.task_id for row in placed.rows if london_day(row.updated_at) >= period.first]
    tasks = read_tasks(snapshot, since)
    priorities = [
        one
        for one in read_priorities(snapshot)
        if not question.within or (one.layer == placed.layer and one.area in question.within)
    ]
    decisions, results = _decisions(tasks, placed, period), _results(tasks, placed, period)
    return Report(
        title=placed.heading("board pack"),
        period=period.title,
        about=[],
        sentences=standing_sentences(placed.rows, day),
        parts=[
            # A priority of a ward may need work elsewhere: all of its tasks count.
            priorities_table(answers, priorities, snapshot.tasks(), most=_room(decisions, results)),
            decisions,
            results,
            _money(answers, question, period),
        ],
        methods=[PRIORITY_NOTE, STATES_NOTE],
    )


def _room(decisions: Part, results: Part) -> int:
    """How many priorities the sheets have room for beside the decisions and results there are.

    A priority takes as many lines as two of those.
    """
    rows = sum(len(table.frame) for part in (decisions, results) for table in part.tables)
    return _PRIORITIES + (_DECISIONS + _RESULTS - rows) // 2


def _period(question: Question, day: date) -> Period:
    """The days of decisions and results."""
    if question.period is None:
        return Period(day - timedelta(days=QUARTER - 1), day)
    if isinstance(question.period, Latest):
        raise QuestionError(
            "period", "counts back from the last day of the data; name the time: from and to"
        )
    return question.period.within(Period(date(1900, 1, 1), day))


def _steps_in(
    tasks: Sequence[Task], period: Period, kinds: Sequence[str]
) -> list[tuple[Task, Step]]:
    """The steps of some kinds in a period, the latest first."""
    taken = [
        (task, step)
        for task in tasks
        for step in task.steps
        if step.kind in kinds and period.first <= london_day(step.signed.at) <= period.last
    ]
    return sorted(taken, key=lambda pair: (pair[1].signed.at, pair[0].task_id), reverse=True)


def _decisions(tasks: Sequence[Task], placed: PlacedTasks, period: Period) -> Part:
    taken = _steps_in(tasks, period, [*_DECIDED])
    counts = {kind: sum(step.kind == kind for _, step in taken) for kind in _DECIDED}
    said = joined(f"{n} {_DECIDED[kind].lower()}" for kind, n in counts.items() if n)
    sentence = f"{counted(len(taken), 'decision')}: {said}." if taken else "Nothing was decided."
    rows = [
        {
            "on": day_words(step.signed.at),
            "decision": _DECIDED[step.kind],
            "task": f"{task.task_id}: {task.title}",
            "area_name": placed.area_names[task.task_id],
            "what": _decided(step),
        }
        for task, step in taken[:_DECISIONS]
    ]
    columns = (
        Column("on", "On"),
        Column("decision", "Decision"),
        Column("task", "Task"),
        Column("area_name", "Area"),
        Column("what", "To whom, or why"),
    )
    return Part("Decisions", [sentence], _tables("Decisions", rows, columns, len(taken)))


def _decided(step: Step) -> str:
    """To whom a task went, or why."""
    to = step.changes.get("to") or step.changes.get("owner") or ""
    return ": ".join(text for text in (str(to), step.note) if text)


def _results(tasks: Sequence[Task], placed: PlacedTasks, period: Period) -> Part:
    assessments = _steps_in(tasks, period, ["assess"])
    finished = _steps_in(tasks, period, ["finish"])
    outcomes = [str(step.changes.get("outcome", "")) for _, step in assessments]
    said = joined(f"{outcomes.count(one)} {one}" for one in OUTCOMES)
    said += by_hand_words(str(step.changes.get("finding", "")) for _, step in assessments)
    sentences = [
        f"{counted(len(finished), 'task was', 'tasks were')} finished.",
        f"{counted(len(assessments), 'assessment')}: {said}."
        if assessments
        else "None was assessed.",
    ]
    rows = [
        {
            "outcome": str(step.changes.get("outcome", "")).capitalize(),
            "task": f"{task.task_id}: {task.title}",
            "area_name": placed.area_names[task.task_id],
            "finding": str(step.changes.get("finding", "")),
        }
        for task, step in assessments[:_RESULTS]
    ]
    columns = (
        Column("outcome", "Outcome"),
        Column("task", "Task"),
        Column("area_name", "Area"),
        Column("finding", "What was found"),
    )
    return Part("Results", sentences, _tables("Assessed tasks", rows, columns, len(assessments)))


def _money(answers: Answers, question: Question, period: Period) -> Part:
    """The sentences of the report on money, and its table by priority.

    Money is given for a year: that of the last day, where a time is named.
    """
    if question.period:
        (year, *_) = parts_of(Period(period.last, period.last), "financial-year")
        question = replace(question, period=Interval(year.whole.first, year.whole.last))
    try:
        money = spend_report(answers, question)
    except LASTING as refusal:
        # Its advice is for who asked; here nobody chose a time.
        why = reason_of(refusal).partition("; ")[0].rstrip(".")
        return Part("Money", [], [], [f"{why[:1].upper()}{why[1:]}."])
    (by_priority, *_) = (table for part in money.parts for table in part.tables)
    rows = by_priority.frame
    if len(rows) <= by_priority.totals:
        return Part("Money", [], [], [f"No money is recorded in {money.period}."])
    shown = rows if len(rows) <= _MONEY else pd.concat([rows.head(_MONEY - 1), rows.tail(1)])
    notes = _of_all(len(shown), len(rows))
    return Part(
        "Money",
        [f"{money.period}: {money.sentences[0]}", *money.sentences[1:]],
        [replace(by_priority, frame=shown, notes=notes)],
    )


def _tables(
    title: str, rows: list[dict[str, str]], columns: tuple[Column, ...], every: int
) -> list[ReportTable]:
    """A table, if it has a row; a pack has room for some rows, and counts the others."""
    if not rows:
        return []
    return [ReportTable(title, pd.DataFrame(rows), columns, notes=_of_all(len(rows), every))]


def _of_all(shown: int, every: int) -> tuple[str, ...]:
    return (f"{shown:,} of {every:,} rows.",) if shown < every else ()
