"""Referrals as reports read them: what went up, down or out, and the answer that came back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Final

import pandas as pd

from api.reports.model import Column, ReportTable
from api.reports.sentences import counted
from api.reports.task_tables import PlacedTasks, day_words, days_between, london_day
from boundaries.tasking.referrals import LATE_DAYS
from boundaries.tasking.storage import read_tasks
from boundaries.tasking.task import Direction, Task
from geo.store.tasking_contract import TaskingReader

_COLUMNS: Final = (
    Column("task_id", "Task"),
    Column("title", "What is asked for"),
    Column("area_name", "Area"),
    Column("parent", "From task"),
    Column("to", "To"),
    Column("since", "Since"),
    Column("waiting", "Days waiting", "count"),
    Column("answered_in", "Answered in days", "count"),
    Column("answer", "Answer"),
)


@dataclass(frozen=True)
class Referred:
    """A task that was passed on, and what came back.

    Attributes
    ----------
    parent, child
        Ids of the task that was referred, and of the one that was raised by that.
    title
        What is asked for.
    direction, to
        Where it went.
    since, answered
        When, UTC; None where there is no answer yet.
    answer
        Its words; '' where there is none yet.
    """

    parent: str
    child: str
    title: str
    direction: Direction
    to: str
    since: datetime
    answered: datetime | None
    answer: str

    def days(self, day: date) -> int:
        """Days in London until the answer, or until a day where there is none yet."""
        if self.answered:
            return days_between(self.since, london_day(self.answered))
        return max(days_between(self.since, day), 0)

    @property
    def is_waiting(self) -> bool:
        """Whether there is no answer yet."""
        return self.answered is None


def referrals_among(store: TaskingReader, placed: PlacedTasks) -> list[Referred]:
    """Every referral of some tasks, answered or not.

    Parameters
    ----------
    store
        The state that the tasks were read from.
    placed
        The tasks.

    Returns
    -------
    The referrals: those without an answer first, the longest wait first; then the latest answers.
    """
    rows = placed.rows
    parents = {row.parent for row in rows if row.parent}
    parents |= {row.task_id for row in rows if row.referral}
    # Whose place is elsewhere by now is not asked about.
    own = sorted(parents & {row.task_id for row in rows})
    every = [one for task in read_tasks(store, own) for one in _of_task(task)]
    answered = sorted(
        (one for one in every if one.answered), key=lambda one: one.answered or one.since
    )
    waiting = sorted((one for one in every if one.is_waiting), key=lambda one: one.since)
    return [*waiting, *reversed(answered)]


def referral_table(
    title: str, referred: Sequence[Referred], placed: PlacedTasks, day: date
) -> ReportTable:
    """Referrals with the days that they wait, or waited.

    Parameters
    ----------
    title
        Its caption.
    referred
        The referrals, in the order of the rows.
    placed
        The tasks, for their areas.
    day
        Until which they wait.
    """
    frame = pd.DataFrame(
        [
            {
                "task_id": one.child,
                "title": one.title,
                "area_name": placed.area_names[one.parent],
                "parent": one.parent,
                "to": one.to,
                "since": day_words(one.since),
                "waiting": one.days(day) if one.is_waiting else None,
                "answered_in": None if one.is_waiting else one.days(day),
                "answer": one.answer,
            }
            for one in referred
        ],
        columns=[column.name for column in _COLUMNS],
    )
    return ReportTable(title, frame, _COLUMNS)


def referral_sentences(what: str, referred: Sequence[Referred], day: date) -> list[str]:
    """How many referrals wait and for how long, and how soon the others were answered.

    Parameters
    ----------
    what
        As `came up`, after the number of tasks.
    referred
        The referrals.
    day
        Until which they wait.
    """
    if not referred:
        return [f"No task {what}."]
    waiting = [one.days(day) for one in referred if one.is_waiting]
    answered = [one.days(day) for one in referred if not one.is_waiting]
    said = [f"{counted(len(referred), 'task')} {what}: {len(answered)} answered"]
    if answered:
        said.append(f" (after {counted(int(median(answered)), 'day')} at the median)")
    said.append(f", {counted(len(waiting), 'waits', 'wait')} for an answer")
    if waiting:
        said.append(f", the longest for {counted(max(waiting), 'day')}")
    sentences = [f"{''.join(said)}."]
    if late := sum(days > LATE_DAYS for days in waiting):
        sentences.append(
            f"{late} of those that wait {'has' if late == 1 else 'have'} waited for more than "
            f"{LATE_DAYS} days."
        )
    return sentences


def _of_task(task: Task) -> Iterator[Referred]:
    for number, step in enumerate(task.steps):
        if step.kind != "refer":
            continue
        child = str(step.changes["child"])
        answers = (
            later
            for later in task.steps[number:]
            if later.kind == "answered" and later.changes.get("child") == child
        )
        answer = next(answers, None)
        yield Referred(
            parent=task.task_id,
            child=child,
            title=task.title,
            direction=step.changes["direction"],
            to=str(step.changes["to"]),
            since=step.signed.at,
            answered=answer.signed.at if answer else None,
            answer=answer.note if answer else "",
        )
