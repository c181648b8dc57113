"""How the pages of tasking word what they show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from api.pages.tasking_text import day_words
from api.pages.text import moment_words
from boundaries.tasking.history import Step, redactable
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
    "assess": "Say whether it worked",
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
    "add": "added",
}
"""What was done by each step of a history."""

_SHOWN: Final[Mapping[str, str]] = {
    **{name: name for name in ("title", "kind", "owner", "service", "due", "priority", "to")},
    "child": "task there",
    **{name: name for name in ("finding", "issue", "action", "measure", "target")},
    **{name: name for name in ("quarter", "role", "holder", "areas")},
    "issue_date": "since",
    "action_date": "day of the action",
    "covered_by": "covered by",
    "contact_for": "named contact of",
    "first": "from",
    "last": "until",
}
"""The values that a history shows, each with its name for people."""

_CHILD_WORDS: Final = {"refer": "task raised there", "answered": "answer of task"}

_EMPTY: Final[Mapping[str, str]] = {
    "holder": "vacant",
    "last": "goes on",
    "areas": "the whole city",
}
"""What an empty value means, where it means something once it has been changed."""

_TEXT_WORDS: Final = {"place.label": "the name of the place", "to": "whom it went to"}
"""Texts of a step that have no word of their own."""

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


def step_lines(step: Step) -> Iterator[tuple[str, str]]:
    """What a step says, by name: its note, and the values that it changed."""
    if step.note:
        yield "note", step.note
    if step.kind == REDACT:
        yield "removed", f"{text_words(step.changes['text'])} of step {step.changes['step']}"
        return
    for name, words in _SHOWN.items():
        if text := _text(step.changes.get(name)):
            yield _CHILD_WORDS.get(step.kind, words) if name == "child" else words, text
        elif name in step.changes and name in _EMPTY and not _is_first(step):
            yield words, _EMPTY[name]


def text_words(name: str) -> str:
    """A text of a step, such as `the title`."""
    return _TEXT_WORDS.get(name, f"the {name.replace('_', ' ')}")


def done_words(step: Step) -> str:
    """What was done by a step, such as `taken on`."""
    return "set" if _is_first(step) else DONE_WORDS.get(step.kind, step.kind)


def _is_first(step: Step) -> bool:
    """Whether a priority, post or meeting begins with a step: a change names some values only."""
    return step.kind == "set" and (
        "level" in step.changes or {"role", "areas", "first", "last"} <= set(step.changes)
    )


def removable_texts(steps: Sequence[Step]) -> list[tuple[str, str]]:
    """The texts of a history that can be removed: the value of each on a form, and its words."""
    return [
        (f"{number}.{name}", f"step {number}: {text_words(name)}")
        for number, step in enumerate(steps, start=1)
        for name in redactable(step)
    ]


def history_of(steps: Sequence[Step]) -> list[dict[str, object]]:
    """A history as pages list it."""
    return [
        {
            "number": number,
            "words": done_words(step),
            "by": step.signed.by,
            "at": moment_words(step.signed.at),
            "iso": step.signed.at.isoformat(),
            "meeting": step.signed.meeting,
            "lines": [*step_lines(step)],
        }
        for number, step in enumerate(steps, start=1)
    ]


def _text(value: Any) -> str:
    if isinstance(value, str):
        try:
            return day_words(date.fromisoformat(value))
        except ValueError:
            return value
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return ""
