"""What people do with tasks, the same from a page and from a command: read, step, save.

Each is one transaction, so what it reads is what it changes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from boundaries.tasking import referrals
from boundaries.tasking.history import Signed, next_id
from boundaries.tasking.meeting import Meeting, MeetingTerms
from boundaries.tasking.priority import Priority, PriorityTerms
from boundaries.tasking.roster import RosterEntry, RosterTerms
from boundaries.tasking.storage import (
    read_meeting,
    read_priority,
    read_roster_entry,
    read_task,
    save,
)
from boundaries.tasking.task import Direction, Task, TaskTerms
from boundaries.tasking.texts import check_texts
from boundaries.tasking.transitions import TaskStep
from geo.errors import ConflictError
from geo.store.tasking_contract import TaskingStore


class TaskStore(TaskingStore, Protocol):
    """A store, of which only tasking is used."""

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all."""


def raise_task(
    store: TaskStore,
    terms: TaskTerms,
    *,
    signed: Signed,
    note: str = "",
    accept: bool = False,
    names_nobody: bool = False,
) -> Task:
    """Raise a task.

    Parameters
    ----------
    store
        Where it is kept.
    terms
        What it is raised with.
    signed
        Who raises it, when, and in which meeting.
    note
        Why.
    accept
        Its owner takes it on at once: both steps, or none.
    names_nobody
        A person has confirmed that the texts name nobody, so they are not checked.

    Returns
    -------
    The task, with its id.

    Raises
    ------
    InputError
        If a text seems to name a person, or a task is to be taken on without an owner.
    NotFoundError
        If there is no such meeting or priority.
    """
    if not names_nobody:
        check_texts(
            title=terms.title,
            note=note,
            owner=terms.owner,
            service=terms.service,
            place=terms.place.label,
        )
    with store.transaction():
        _check_ids(store, signed, terms.priority)
        task = Task.begin(next_id(store.tasking_ids("task")), terms, signed=signed, note=note)
        if accept:
            task = task.take("accept", signed=signed)
        save(store, [(task, 0)])
    return task


def take_step(
    store: TaskStore,
    task_id: str,
    step: TaskStep,
    *,
    signed: Signed,
    note: str = "",
    version: int | None = None,
    names_nobody: bool = False,
    **changes: Any,
) -> Task:
    """Take a step with a task. If that answers a referral, the task that waits for it goes on.

    Parameters
    ----------
    store
        Where it is kept.
    task_id
        The task.
    step, signed, note, changes
        As `Task.take` takes them.
    version
        The version that was read; None takes the step on whatever is stored now.
    names_nobody
        As `raise_task` takes it.

    Returns
    -------
    The task after the step.

    Raises
    ------
    ConflictError
        If somebody else took a step since that version, or the step cannot be taken.
    InputError
        If the step lacks what it needs, or a text seems to name a person.
    NotFoundError
        If there is no such task, meeting or priority.
    """
    if not names_nobody:
        texts = {name: str(changes.get(name) or "") for name in ("title", "owner", "service", "to")}
        check_texts(note=note, **texts)
    with store.transaction():
        _check_ids(store, signed, str(changes.get("priority") or ""))
        before, based_on = _as_read(read_task(store, task_id), version)
        task = before.take(step, signed=signed, note=note, **changes)
        saved = [(task, based_on)]
        if task.parent:
            parent = read_task(store, task.parent)
            if referrals.answers(task, parent):
                saved.append((referrals.answered(parent, task), parent.version))
        save(store, saved)
    return task


@dataclass(frozen=True)
class ReferralTerms:
    """Where a task is passed, as `referrals.refer` takes it."""

    direction: Direction
    to: str
    note: str = ""
    due: date | None = None


def refer_task(
    store: TaskStore,
    task_id: str,
    terms: ReferralTerms,
    *,
    signed: Signed,
    version: int | None = None,
    names_nobody: bool = False,
) -> tuple[Task, Task]:
    """Pass a task up, down or out.

    Parameters
    ----------
    store
        Where it is kept.
    task_id
        The task.
    terms
        Where it goes, what is asked for, and by when.
    signed
        Who refers it, when, and in which meeting.
    version, names_nobody
        As `take_step` takes them.

    Returns
    -------
    The task, which waits, and the one that was raised there.

    Raises
    ------
    ConflictError, InputError, NotFoundError
        As `take_step` raises them.
    """
    if not names_nobody:
        check_texts(note=terms.note, to=terms.to)
    with store.transaction():
        _check_ids(store, signed)
        before, based_on = _as_read(read_task(store, task_id), version)
        own = next_id(store.tasking_ids("task"))
        parent, child = referrals.refer(
            before,
            own,
            direction=terms.direction,
            to=terms.to,
            signed=signed,
            note=terms.note,
            due=terms.due,
        )
        save(store, [(parent, based_on), (child, 0)])
    return parent, child


def set_priority(
    store: TaskStore, terms: PriorityTerms, *, signed: Signed, names_nobody: bool = False
) -> Priority:
    """Set a new priority.

    Parameters
    ----------
    store
        Where it is kept.
    terms
        What it says.
    signed
        Who sets it, when, and in which meeting.
    names_nobody
        As `raise_task` takes it.

    Returns
    -------
    The priority, with its id.
    """
    if not names_nobody:
        check_texts(issue=terms.issue, action=terms.action, target=terms.target)
    with store.transaction():
        _check_ids(store, signed)
        own = next_id(store.tasking_ids("priority"), letter="P")
        priority = Priority.begin(own, terms, signed=signed)
        save(store, [(priority, 0)])
    return priority


def change_priority(
    store: TaskStore,
    priority_id: str,
    *,
    signed: Signed,
    note: str = "",
    version: int | None = None,
    names_nobody: bool = False,
    **changes: Any,
) -> Priority:
    """Change what a priority says.

    Parameters
    ----------
    store
        Where it is kept.
    priority_id
        The priority.
    signed, note, changes
        As `Priority.set` takes them.
    version, names_nobody
        As `take_step` takes them.

    Returns
    -------
    The priority.
    """
    if not names_nobody:
        check_texts(
            note=note,
            **{name: str(changes.get(name) or "") for name in ("issue", "action", "target")},
        )
    with store.transaction():
        _check_ids(store, signed)
        before = read_priority(store, priority_id)
        based_on = _version_read(before, priority_id, version)
        as_read = Priority.of(priority_id, before.steps[:based_on])
        priority = as_read.set(signed=signed, note=note, **changes)
        save(store, [(priority, based_on)])
    return priority


def close_priority(
    store: TaskStore,
    priority_id: str,
    *,
    signed: Signed,
    note: str,
    version: int | None = None,
    names_nobody: bool = False,
) -> Priority:
    """Close a priority.

    Parameters
    ----------
    store
        Where it is kept.
    priority_id
        The priority.
    signed, note
        As `Priority.close` takes them.
    version, names_nobody
        As `take_step` takes them.

    Returns
    -------
    The priority.
    """
    if not names_nobody:
        check_texts(note=note)
    with store.transaction():
        _check_ids(store, signed)
        before = read_priority(store, priority_id)
        based_on = _version_read(before, priority_id, version)
        as_read = Priority.of(priority_id, before.steps[:based_on])
        priority = as_read.close(signed=signed, note=note)
        save(store, [(priority, based_on)])
    return priority


def set_roster_entry(store: TaskStore, terms: RosterTerms, *, signed: Signed) -> RosterEntry:
    """Add an entry to the roster.

    Parameters
    ----------
    store
        Where it is kept.
    terms
        What it says; the holder is meant to be a name.
    signed
        Who adds it.

    Returns
    -------
    The entry, with its id.
    """
    with store.transaction():
        _check_ids(store, signed)
        own = next_id(store.tasking_ids("roster"), letter="R")
        entry = RosterEntry.begin(own, terms, signed=signed)
        save(store, [(entry, 0)])
    return entry


def change_roster_entry(
    store: TaskStore,
    entry_id: str,
    *,
    signed: Signed,
    note: str = "",
    version: int | None = None,
    **changes: Any,
) -> RosterEntry:
    """Change an entry of the roster.

    Parameters
    ----------
    store
        Where it is kept.
    entry_id
        The entry.
    signed, note, changes
        As `RosterEntry.set` takes them.
    version
        As `take_step` takes it.

    Returns
    -------
    The entry.
    """
    with store.transaction():
        _check_ids(store, signed)
        before = read_roster_entry(store, entry_id)
        based_on = _version_read(before, entry_id, version)
        as_read = RosterEntry.of(entry_id, before.steps[:based_on])
        entry = as_read.set(signed=signed, note=note, **changes)
        save(store, [(entry, based_on)])
    return entry


def call_meeting(
    store: TaskStore, terms: MeetingTerms, *, signed: Signed, names_nobody: bool = False
) -> Meeting:
    """Call a meeting.

    Parameters
    ----------
    store
        Where it is kept.
    terms
        What is known of it.
    signed
        Who calls it.
    names_nobody
        As `raise_task` takes it.

    Returns
    -------
    The meeting, with its id.
    """
    if not names_nobody:
        check_texts(title=terms.title, roles=", ".join(terms.roles))
    with store.transaction():
        own = next_id(store.tasking_ids("meeting"), letter="M")
        meeting = Meeting.begin(own, terms, signed=signed)
        save(store, [(meeting, 0)])
    return meeting


def _as_read(task: Task, version: int | None) -> tuple[Task, int]:
    """A task as somebody read it: `save` refuses a step on an older version, and says why."""
    if version is None:
        return task, task.version
    based_on = _version_read(task, task.task_id, version)
    return Task.of(task.task_id, task.steps[:based_on]), based_on


def _version_read(before: Task | Priority | RosterEntry, own: str, version: int | None) -> int:
    """The version that a step is based on: the stored one where none is named."""
    if version is None:
        return before.version
    if version < 1:
        raise ConflictError(f"{own} is version {before.version}, not {version}")
    return version


def _check_ids(store: TaskStore, signed: Signed, priority: str = "") -> None:
    """Refuse a meeting or priority that does not exist."""
    if signed.meeting:
        read_meeting(store, signed.meeting)
    if priority:
        read_priority(store, priority)
