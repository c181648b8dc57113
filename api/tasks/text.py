"""How the pages of tasking word what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

from api.pages.tasking_text import day_words
from boundaries.tasking.history import NOTE, Step
from boundaries.tasking.meeting import LONDON
from boundaries.tasking.task import Direction, TaskKind
from boundaries.tasking.transitions import TaskStep
from geo.store.tasking_rows import REDACT

KIND_WORDS: Final[Mapping[TaskKind, str]] = {
    "engage": "Engage: talk with people there",
    "educate": "Educate: inform and warn",
    "enforce": "Enforce: notices, fines, orders",
    "environment": "Environment: change the place itself",
    "patrol": "Patrol: be there",
    "refer": "Refer: another service does it",
}

LEVEL_WORDS: Final = {"city": "City", "area": "Area"}

DIRECTION_WORDS: Final[Mapping[Direction, str]] = {
    "up": "Up, to the city",
    "down": "Down, to the area",
    "out": "Out, to another service",
}

BUTTONS: Final[Mapping[TaskStep, str]] = {
    "accept": "Take it on",
    "decline": "Decline",
    "start": "Begin the work",
    "finish": "The work is done",
    "refer": "Refer it",
    "answer": "Answer",
    "reopen": "Reopen",
    "amend": "Change",
    "note": "Add a remark",
    "redact": "Remove a text",
}
"""What the button of each step says."""

DONE_WORDS: Final[Mapping[str, str]] = {
    "raise": "raised",
    "accept": "taken on",
    "decline": "declined",
    "start": "work begun",
    "finish": "work done",
    "refer": "referred",
    "answer": "answered",
    "answered": "answer received",
    "assess": "assessed",
    "reopen": "reopened",
    "amend": "changed",
    "note": "remark added",
    "redact": "text removed",
    "set": "changed",
    "close": "closed",
}
"""What was done by each step of a history."""

_SHOWN: Final = ("title", "kind", "owner", "service", "due", "priority", "to", "child", "finding")
COLUMNS: Final = (
    ("id", "Task"),
    ("title", "What"),
    ("place", "Where"),
    ("level", "Level"),
    ("owner", "Who"),
    ("due", "Due"),
    ("state", "State"),
)
"""The columns of a list, by the name that it is ordered by."""


def moment_words(moment: datetime) -> str:
    """A moment in London."""
    local = moment.astimezone(LONDON)
    return f"{day_words(local.date())}, {local:%H:%M}"


def step_lines(step: Step) -> Iterator[tuple[str, str]]:
    """What a step says, by name: its note, and the values that it changed."""
    if step.note:
        yield "note", step.note
    if step.kind == REDACT:
        yield "removed", f"the {step.changes['text']} of step {step.changes['step']}"
        return
    for name in _SHOWN:
        if text := _text(step.changes.get(name)):
            yield name, text


def redactable(step: Step) -> list[str]:
    """The texts of a step that can be removed."""
    if step.kind == REDACT:
        return []
    names = [NOTE] if step.note else []
    return [*names, *(name for name in ("title", "owner", "service") if step.changes.get(name))]


def _text(value: Any) -> str:
    if isinstance(value, str):
        try:
            return day_words(date.fromisoformat(value))
        except ValueError:
            return value
    return ""
