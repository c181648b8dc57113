"""Tasks, priorities, the roster and meetings in a store: read by replay, saved with a version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from boundaries.tasking.history import Step
from boundaries.tasking.meeting import Meeting
from boundaries.tasking.priority import Priority
from boundaries.tasking.roster import RosterEntry
from boundaries.tasking.task import Task
from geo.errors import NotFoundError
from geo.store.tasking_contract import (
    StepRecord,
    TaskingReader,
    TaskingRecord,
    TaskingStore,
    TaskingSubject,
    TaskRow,
)

Subject = Task | Priority | RosterEntry | Meeting
"""Whatever has steps."""

_NAMES: dict[TaskingSubject, str] = {
    "task": "task",
    "priority": "priority",
    "roster": "entry of the roster",
    "meeting": "meeting",
}
_LISTED = 8
"""More ids in a message would hide what it says."""


def read_tasks(store: TaskingReader, task_ids: Sequence[str] | None = None) -> list[Task]:
    """Tasks with their steps.

    Parameters
    ----------
    store
        A store, or a state of one.
    task_ids
        Of these only; None for all. Unknown ones are left out.

    Returns
    -------
    The tasks, by id.
    """
    return [Task.of(one, _steps(steps)) for one, steps in store.tasking("task", task_ids).items()]


def read_task(store: TaskingReader, task_id: str) -> Task:
    """One task with its steps.

    Parameters
    ----------
    store
        A store, or a state of one.
    task_id
        Its id, such as `T-0042`.

    Returns
    -------
    The task.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return Task.of(task_id, _read_one(store, "task", task_id))


def read_priorities(store: TaskingReader) -> list[Priority]:
    """Every priority, open or closed, by id."""
    return [Priority.of(one, _steps(steps)) for one, steps in store.tasking("priority").items()]


def read_priority(store: TaskingReader, priority_id: str) -> Priority:
    """One priority.

    Parameters
    ----------
    store
        A store, or a state of one.
    priority_id
        Its id, such as `P-0007`.

    Returns
    -------
    The priority.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return Priority.of(priority_id, _read_one(store, "priority", priority_id))


def read_roster(store: TaskingReader) -> list[RosterEntry]:
    """Every entry of the roster, past ones too, by id."""
    return [RosterEntry.of(one, _steps(steps)) for one, steps in store.tasking("roster").items()]


def read_roster_entry(store: TaskingReader, entry_id: str) -> RosterEntry:
    """One entry of the roster.

    Parameters
    ----------
    store
        A store, or a state of one.
    entry_id
        Its id, such as `R-0003`.

    Returns
    -------
    The entry.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return RosterEntry.of(entry_id, _read_one(store, "roster", entry_id))


def read_meetings(store: TaskingReader) -> list[Meeting]:
    """Every meeting, by id."""
    return [Meeting.of(one, _steps(steps)) for one, steps in store.tasking("meeting").items()]


def read_meeting(store: TaskingReader, meeting_id: str) -> Meeting:
    """One meeting.

    Parameters
    ----------
    store
        A store, or a state of one.
    meeting_id
        Its id, such as `M-0005`.

    Returns
    -------
    The meeting.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    return Meeting.of(meeting_id, _read_one(store, "meeting", meeting_id))


def save(store: TaskingStore, changed: Iterable[tuple[Subject, int]]) -> None:
    """Save what has new steps: all of it, or nothing.

    Parameters
    ----------
    store
        Inside a transaction.
    changed
        Each with the version that was read; 0 for something new.

    Raises
    ------
    ConflictError
        If somebody else saved steps since; the message says who, what and when.
    """
    store.put_tasking([_record(subject, based_on) for subject, based_on in changed])


def row_of(task: Task) -> TaskRow:
    """A task as lists and other programs see it.

    Parameters
    ----------
    task
        With its steps.
    """
    waits = task.referral
    return TaskRow(
        task_id=task.task_id,
        version=task.version,
        title=task.title,
        kind=task.kind,
        level=task.level,
        state=task.state,
        owner=task.owner,
        service=task.service,
        due=task.due,
        priority=task.priority,
        parent=task.parent,
        meeting=task.raised.meeting,
        place_kind=task.place.kind,
        place_ref=task.place.ref,
        place_label=task.place.label,
        question=task.question,
        outcome=task.outcome or "",
        finding=task.finding,
        reason=task.reason,
        referral=waits.child if waits else "",
        referred_to=waits.to if waits else "",
        waiting_since=waits.since if waits else None,
        done_at=task.done_at,
        raised_by=task.raised.by,
        raised_at=task.raised.at,
        updated_by=task.updated.by,
        updated_at=task.updated.at,
        wkb=task.place.wkb,
    )


def _record(subject: Subject, based_on: int) -> TaskingRecord:
    kind, own = _id_of(subject)
    row = row_of(subject) if isinstance(subject, Task) else None
    steps = [step.as_dict() for step in subject.steps]
    return TaskingRecord(kind, own, steps, based_on=based_on, task=row)


def _id_of(subject: Subject) -> tuple[TaskingSubject, str]:
    if isinstance(subject, Task):
        return "task", subject.task_id
    if isinstance(subject, Priority):
        return "priority", subject.priority_id
    if isinstance(subject, RosterEntry):
        return "roster", subject.entry_id
    return "meeting", subject.meeting_id


def _steps(steps: Iterable[StepRecord]) -> list[Step]:
    return [Step.read(step) for step in steps]


def _read_one(store: TaskingReader, subject: TaskingSubject, own: str) -> list[Step]:
    steps = store.tasking(subject, [own])
    if own not in steps:
        known = store.tasking_ids(subject)
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        ids = ", ".join(known[:_LISTED]) or "none yet"
        raise NotFoundError(f"there is no {_NAMES[subject]} {own!r}; there are: {ids}{more}")
    return _steps(steps[own])
