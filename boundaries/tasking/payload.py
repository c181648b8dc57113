"""Tasks, priorities, the roster and meetings as plain JSON, the same from commands and pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from boundaries.tasking.accounts import accounts_by_level, accounts_of
from boundaries.tasking.history import Step
from boundaries.tasking.meeting import Agenda, Meeting
from boundaries.tasking.priority import Priority
from boundaries.tasking.roster import RosterEntry
from boundaries.tasking.storage import Subject, row_of
from boundaries.tasking.task import Task
from boundaries.tasking.transitions import steps_from
from geo.store.tasking_contract import TaskRow

_TIMES: Final = ("due", "waiting_since", "done_at", "raised_at", "updated_at")
"""Days and moments of a task of a list."""


def task_row_facts(row: TaskRow) -> dict[str, Any]:
    """A task of a list, without its geometry and steps."""
    facts: dict[str, Any] = row._asdict()
    del facts["wkb"]
    for name in _TIMES:  # all else is plain already, and lists have thousands of rows
        facts[name] = _plain(facts[name])
    return facts


def task_facts(task: Task) -> dict[str, Any]:
    """A task with its assessment, its steps, and what can be done with it."""
    return {
        **task_row_facts(row_of(task)),
        "assessment": task.assessment.as_dict() if task.assessment else None,
        "can": [row.step for row in steps_from(task.state, referred=bool(task.parent))],
        "steps": step_facts(task.steps),
    }


def list_facts(rows: Iterable[TaskRow], among: Iterable[TaskRow]) -> dict[str, Any]:
    """A list of tasks with the accounts of those that it was chosen from.

    Parameters
    ----------
    rows
        The tasks listed.
    among
        Those of the same level, area and owner, whatever their state.

    Returns
    -------
    `tasks`, `accounts`, and `accounts_by_level`.
    """
    every = list(among)
    return {
        "tasks": [task_row_facts(row) for row in rows],
        "accounts": accounts_of(every).as_dict(),
        "accounts_by_level": {
            level: accounts.as_dict() for level, accounts in accounts_by_level(every).items()
        },
    }


def priority_facts(priority: Priority) -> dict[str, Any]:
    """A priority with its steps."""
    return {
        "priority_id": priority.priority_id,
        "version": priority.version,
        "is_open": priority.is_open,
        **priority.terms(),
        "steps": step_facts(priority.steps),
    }


def roster_facts(entry: RosterEntry) -> dict[str, Any]:
    """An entry of the roster with its steps."""
    return {
        "entry_id": entry.entry_id,
        "version": entry.version,
        "is_vacant": entry.is_vacant,
        **entry.terms(),
        "steps": step_facts(entry.steps),
    }


def meeting_facts(meeting: Meeting) -> dict[str, Any]:
    """A meeting, without its steps."""
    return {
        "meeting_id": meeting.meeting_id,
        "version": meeting.version,
        **meeting.terms(),
    }


def agenda_facts(agenda: Agenda) -> dict[str, Any]:
    """An agenda: each part as tasks of a list."""
    parts = ("new", "due", "overdue", "answered", "assessed", "unanswered")
    return {
        "since": _plain(agenda.since),
        **{part: [task_row_facts(row_of(one)) for one in getattr(agenda, part)] for part in parts},
    }


def minutes_facts(minutes: Iterable[tuple[str, Step]]) -> list[dict[str, Any]]:
    """The steps taken in a meeting, each with the id of what it changed."""
    return [{"id": own, **_step(step)} for own, step in minutes]


def facts_of(subject: Subject) -> dict[str, Any]:
    """Whatever has steps, as the functions above give it."""
    if isinstance(subject, Task):
        return task_facts(subject)
    if isinstance(subject, Priority):
        return priority_facts(subject)
    if isinstance(subject, RosterEntry):
        return roster_facts(subject)
    return {**meeting_facts(subject), "steps": step_facts(subject.steps)}


def step_facts(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """Steps, numbered from 1, without the geometry of the place."""
    return [{"number": number, **_step(step)} for number, step in enumerate(steps, start=1)]


def _step(step: Step) -> dict[str, Any]:
    written = step.as_dict()
    return {**written, "changes": _without_geometry(written["changes"])}


def _without_geometry(changes: Mapping[str, Any]) -> dict[str, Any]:
    kept_out = {"place": ("wkb",), "assessment": ("place",)}
    return {
        name: {key: one for key, one in value.items() if key not in kept_out.get(name, ())}
        if isinstance(value, dict)
        else value
        for name, value in changes.items()
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return value.isoformat() if isinstance(value, date) else value
