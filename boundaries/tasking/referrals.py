"""Referrals: a task passed up, down or out becomes another one, whose answer comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NamedTuple, Protocol

from boundaries.tasking.history import LONDON, Signed
from boundaries.tasking.task import Direction, Level, Task, TaskTerms
from geo.errors import ConflictError, InputError
from geo.store.tasking_rows import NOTE

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


class TextAt(NamedTuple):
    """Where a text stands.

    Attributes
    ----------
    task_id, step, text
        The task, the number of its step from 1, and the name of the text, as `redactable` has it.
    """

    task_id: str
    step: int
    text: str


def copies(parent: Task, child: Task) -> list[tuple[TextAt, TextAt]]:
    """Which texts a referral and its answer carried from one task to another.

    Parameters
    ----------
    parent, child
        The task that was referred, and the one that was raised there.

    Returns
    -------
    Pairs of a text of the parent and one of the child. Texts that are only alike are no pair.
    """
    sent = _step_with_child(parent, "refer", child)
    if not sent:
        return []
    direction = parent.steps[sent - 1].changes["direction"]
    pairs = [(sent, NOTE, 1, NOTE), (sent, "to", 1, "service" if direction == "out" else "owner")]
    same = ("title", "place.label", *(() if direction == "out" else ("service",)))
    pairs += [(_set_before(parent, text, sent), text, 1, text) for text in same]
    if received := _step_with_child(parent, "answered", child):
        pairs.append((received, NOTE, _first_answer(child), NOTE))
    return [
        (TextAt(parent.task_id, above, one), TextAt(child.task_id, below, other))
        for above, one, below, other in pairs
    ]


def _step_with_child(parent: Task, kind: str, child: Task) -> int:
    """The number of the step in which a task was referred, or was answered; 0 for none."""
    for number, step in enumerate(parent.steps, start=1):
        if step.kind == kind and step.changes.get("child") == child.task_id:
            return number
    return 0


def _set_before(task: Task, text: str, sent: int) -> int:
    """The number of the last step before a referral that set a text."""
    name = text.partition(".")[0]
    earlier = enumerate(task.steps[: sent - 1], start=1)
    return max(number for number, step in earlier if name in step.changes)


def _first_answer(child: Task) -> int:
    steps = enumerate(child.steps, start=1)
    return next(number for number, step in steps if step.kind in _ANSWERS)


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
