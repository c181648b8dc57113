"""The tracker of tasks by ward, and the list of those that were assessed, failures too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import pandas as pd

from api.answers import Answers
from api.reports.model import Column, Part, Report, ReportTable
from api.reports.sentences import counted, joined
from api.reports.task_tables import (
    OUTSIDE,
    PLACED,
    STATES_NOTE,
    PlacedTasks,
    accounts_table,
    by_hand_words,
    day_words,
    placed_tasks,
    standing_sentences,
    task_table,
    today,
)
from boundaries.tasking.accounts import accounts_by_level
from boundaries.tasking.assessment import OUTCOMES
from boundaries.tasking.storage import read_tasks
from boundaries.tasking.task import Task
from geo.question.model import Question

ASSESSED_NOTE: Final = (
    "How a task is judged was fixed when it was decided: the months before, the control, the "
    "months to wait and to count. So nobody chose them by their result. “No clear effect” does not "
    "mean that there was none, and a single task that worked may have done so by chance."
)
_FINISHED: Final = frozenset({"finish", "answer"})


def tracker_report(answers: Answers, question: Question, *, day: date | None = None) -> Report:
    """List every task by area, with where it stands: the tracker of a ward's board.

    Parameters
    ----------
    answers
        About the store.
    question
        `layer` has the wards, and `within` chooses some.
    day
        The day on which tasks are overdue, or wait; today where it is omitted.
    """
    day = day or today()
    placed = placed_tasks(answers, question)
    return Report(
        title=placed.heading("task tracker"),
        period=f"As on {day_words(day)}",
        about=[placed.title] if len(placed.names) == 1 else [],
        sentences=standing_sentences(placed.rows, day),
        tables=[accounts_table(placed, day)],
        parts=[*_area_parts(placed, day)],
        methods=[PLACED, STATES_NOTE],
    )


def _area_parts(placed: PlacedTasks, day: date) -> Iterator[Part]:
    for code, name in (*placed.names.items(), ("", OUTSIDE)):
        if rows := placed.of(code):
            levels = accounts_by_level(rows).items()
            said = [f"{level.capitalize()} level: {own}." for level, own in levels if own.raised]
            yield Part(name, said, [task_table(f"Tasks, {name}", rows, day)])


def assessed_report(answers: Answers, question: Question, *, day: date | None = None) -> Report:
    """List every assessment of a task, whatever it found, and what is not assessed yet.

    Parameters
    ----------
    answers, question, day
        As `tracker_report` takes them.
    """
    placed = placed_tasks(answers, question)
    tasks = read_tasks(answers.snapshot(), [row.task_id for row in placed.rows])
    assessments = pd.DataFrame(
        [row for task in tasks for row in _assessments(task, placed.area_names[task.task_id])],
        columns=["task_id", "title", "area_name", "kind", "done", "assessed", "outcome", "finding"],
    )
    done = [task for task in tasks if task.state == "done"]
    parts = (
        [Part("Assessed tasks", [], [_assessments_table(assessments)])] if len(assessments) else []
    )
    if done:
        parts.append(Part("Done, not assessed yet", [], [_awaiting_table(done, placed)]))
    return Report(
        title=placed.heading("assessed tasks"),
        period=f"As on {day_words(day or today())}",
        about=[placed.title] if len(placed.names) == 1 else [],
        sentences=[_outcome_sentence(assessments), *_awaiting_sentences(done)],
        tables=[_kind_table(assessments)] if len(assessments) else [],
        parts=parts,
        methods=[ASSESSED_NOTE, PLACED],
    )


def _assessments(task: Task, area_name: str) -> Iterator[dict[str, Any]]:
    """Each assessment of a task, also one after which it was reopened."""
    done = ""
    for number, step in enumerate(task.steps):
        if step.kind in _FINISHED:
            done = day_words(step.signed.at)
        if step.kind == "assess":
            reopened = any(later.kind == "reopen" for later in task.steps[number:])
            finding = str(step.changes.get("finding", ""))
            yield {
                "task_id": task.task_id,
                "title": task.title,
                "area_name": area_name,
                "kind": task.kind,
                "done": done,
                "assessed": day_words(step.signed.at),
                "outcome": str(step.changes.get("outcome", "")),
                "finding": f"{finding} Reopened since.".strip() if reopened else finding,
            }


def _assessments_table(assessments: pd.DataFrame) -> ReportTable:
    order = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    rows = assessments.sort_values("outcome", key=lambda one: one.map(order), kind="stable")
    columns = (
        Column("task_id", "Task"),
        Column("title", "What was done"),
        Column("area_name", "Area"),
        Column("kind", "Kind"),
        Column("done", "Done"),
        Column("assessed", "Assessed"),
        Column("outcome", "Outcome"),
        Column("finding", "What was found"),
    )
    return ReportTable("Every assessment", rows, columns)


def _kind_table(assessments: pd.DataFrame) -> ReportTable:
    counts = pd.crosstab(assessments["kind"], assessments["outcome"]).reindex(
        columns=[*OUTCOMES], fill_value=0
    )
    counts = pd.concat([counts, counts.sum().to_frame("Total").T]).rename_axis("kind")
    counts["all"] = counts.sum(axis=1)
    columns = (
        Column("kind", "Kind"),
        *(Column(outcome, outcome.capitalize(), "count") for outcome in OUTCOMES),
        Column("all", "All", "count"),
    )
    return ReportTable("Outcomes by kind of task", counts.reset_index(), columns, totals=1)


def _awaiting_table(done: list[Task], placed: PlacedTasks) -> ReportTable:
    rows = [
        {
            "task_id": task.task_id,
            "title": task.title,
            "area_name": placed.area_names[task.task_id],
            "done": day_words(task.done_at),
            "judged": _terms(task),
        }
        for task in done
    ]
    columns = (
        Column("task_id", "Task"),
        Column("title", "What was done"),
        Column("area_name", "Area"),
        Column("done", "Done"),
        Column("judged", "How it will be judged"),
    )
    return ReportTable("Done, not assessed yet", pd.DataFrame(rows), columns)


def _terms(task: Task) -> str:
    terms = task.assessment
    if terms is None:
        return "not at all: no assessment was fixed"
    wait = f" after {counted(terms.wait_months, 'month')} to wait" if terms.wait_months else ""
    return f"by {counted(terms.after_months, 'month')}{wait}"


def _outcome_sentence(assessments: pd.DataFrame) -> str:
    outcomes = assessments["outcome"]
    if outcomes.empty:
        return "No task has been assessed yet."
    said = joined(f"{int((outcomes == one).sum())} {one}" for one in OUTCOMES)
    by_hand = by_hand_words(assessments["finding"])
    return f"{counted(len(outcomes), 'assessment')}: {said}{by_hand}."


def _awaiting_sentences(done: list[Task]) -> list[str]:
    if not done:
        return []
    without = sum(task.assessment is None for task in done)
    are = counted(len(done), "task is", "tasks are")
    rest = f"; for {without} of them no assessment was fixed" if without else ""
    return [f"{are} done and not assessed yet{rest}."]
