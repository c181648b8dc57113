"""Referrals: a task passed up, down or out becomes another one, whose answer comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, Protocol

from boundaries.tasking.history import LONDON, Signed
from boundaries.tasking.task import Direction, Level, Task, TaskTerms
from geo.errors import ConflictError, InputError

ANSWERED: Final = ("Done", "Declined")
"""What the answer to a referral begins with, before the words of who gave it."""

LATE_DAYS: Final = 28
"""A referral without an answer for longer stands at both levels: about one meeting was missed."""


def refer(
    task: Task,
    child_id: str,
    *,
    direction: Direction,
    to: str,
    signed: Signed,
    note: str = "",
    due: date | None = None,
) -> tuple[Task, Task]:
    """Pass a task on, and wait for the answer.

    Parameters
    ----------
    task
        The task.
    child_id
        The id of the task that is raised there.
    direction
        `up` from an area to the city, `down` from the city to an area, `out` to another service.
    to
        The role or service it goes to.
    signed
        Who refers it.
    note
        What is asked for.
    due
        When an answer is wanted; None for no day.

    Returns
    -------
    The task, which waits, and the one that was raised there.

    Raises
    ------
    ConflictError
        If the task cannot be referred in its state.
    InputError
        If it goes up from the city, or down from an area.
    """
    levels: dict[Direction, Level] = {"up": "city", "down": "area", "out": task.level}
    level = levels[direction]
    if direction != "out" and level == task.level:
        raise InputError(
            f"{task.task_id} is at level {task.level} already; refer it "
            f"{'down' if level == 'city' else 'up'} or out"
        )
    if not to.strip():
        raise InputError("to refer a task, say to whom: a role or a service")
    parent = task.take(
        "refer", signed=signed, note=note, child=child_id, direction=direction, to=to.strip()
    )
    terms = TaskTerms(
        title=task.title,
        kind=task.kind,
        level=level,
        place=task.place,
        owner="" if direction == "out" else to.strip(),
        service=to.strip() if direction == "out" else task.service,
        due=due,
        parent=task.task_id,
        question=task.question,
    )
    child = Task.begin(child_id, terms, signed=signed, note=note)
    return parent, child


def answers(child: Task, parent: Task) -> bool:
    """Whether a task is the answer that another one waits for.

    Parameters
    ----------
    child, parent
        The task that was raised by a referral, and the one that was referred.

    Returns
    -------
    Whether the parent waits for it, and it is done or declined.
    """
    is_waited_for = parent.referral is not None and parent.referral.child == child.task_id
    return is_waited_for and child.state in {"done", "declined", "assessed"}


def answered(parent: Task, child: Task) -> Task:
    """The task that was referred, after the answer to its referral.

    Parameters
    ----------
    parent
        The task that waits.
    child
        The task that it waits for: done or declined.

    Returns
    -------
    The parent, which stands as before the referral. Its step is signed as the answer is.

    Raises
    ------
    ConflictError
        If it does not wait for it, or there is no answer yet.
    """
    if not answers(child, parent):
        raise ConflictError(f"{child.task_id} is not an answer that {parent.task_id} waits for")
    last = next(step for step in reversed(child.steps) if step.kind in _ANSWERS)
    words = ANSWERED[last.kind == "decline"]
    note = f"{words}: {last.note}" if last.note else f"{words}."
    signed = Signed(last.signed.by, last.signed.at)
    return parent.take("answered", signed=signed, note=note, child=child.task_id)


_ANSWERS = frozenset({"answer", "decline", "finish"})


class Waiting(Protocol):
    """A task of a list that may wait for an answer."""

    @property
    def task_id(self) -> str:
        """Its id."""

    @property
    def referral(self) -> str:
        """The task that it waits for; '' where it does not wait."""

    @property
    def waiting_since(self) -> datetime | None:
        """When it was referred; None where it does not wait."""


def late_referrals(rows: Iterable[Waiting], *, day: date, days: int = LATE_DAYS) -> set[str]:
    """Referrals without an answer for longer than some days, at both levels.

    Parameters
    ----------
    rows
        Tasks of all levels.
    day
        Until which they wait; days are London's.
    days
        How long an answer may take.

    Returns
    -------
    Ids of the tasks that wait, and of those that they wait for.
    """
    late = [row for row in rows if row.waiting_since and _days(row.waiting_since, day) > days]
    return {own for row in late for own in (row.task_id, row.referral)}


def _days(since: datetime, day: date) -> int:
    return (day - since.astimezone(LONDON).date()).days
