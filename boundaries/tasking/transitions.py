"""The states of a task and the steps between them: one table, which the guide prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

from geo.errors import ConflictError

State = Literal["raised", "accepted", "declined", "doing", "waiting", "done", "assessed"]
"""Where a task stands. `waiting` is for the answer to a referral."""
STATES: Final[tuple[State, ...]] = get_args(State)
OPEN: Final[frozenset[State]] = frozenset({"raised", "accepted", "doing"})
"""The states in which it is the turn of the task's own level."""

TaskStep = Literal[
    "raise", "accept", "decline", "start", "finish", "refer", "answer", "answered", "assess",
    "reopen", "amend", "note", "redact",
]  # fmt: skip
"""What can be done with a task."""

Actor = Literal["anyone", "its level", "the referral"]
"""Who may take a step: whoever may edit tasks and sees the place; of these, who works at the task's
level (the city's, or the area's); nobody, since it follows from the answer to a referral."""

Need = Literal["a reason", "an answer", "a result", "whom", "an owner", "a text"]

BEFORE: Final = "as before"
"""The task returns to the state in which it was referred."""


@dataclass(frozen=True)
class Transition:
    """A row of the table.

    Attributes
    ----------
    step
        What is done.
    sources
        The states in which it can be done; empty where there is no task yet.
    target
        The state afterwards; `BEFORE`, or '' where it stays.
    actor
        Who may do it.
    need
        What must be said; '' for nothing.
    meaning
        For people.
    """

    step: TaskStep
    sources: tuple[State, ...]
    target: State | Literal["", "as before"]
    actor: Actor
    need: Need | Literal[""]
    meaning: str


_STANDING: Final[tuple[State, ...]] = ("raised", "accepted", "doing")

TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition("raise", (), "raised", "anyone", "", "Raise a task at a place."),
    Transition("accept", ("raised",), "accepted", "its level", "an owner", "Take it on."),
    Transition(
        "decline", _STANDING, "declined", "its level", "a reason", "Decide not to do it."
    ),
    Transition("start", ("accepted",), "doing", "its level", "", "Begin the work."),
    Transition("finish", ("accepted", "doing"), "done", "its level", "", "The work is done."),
    Transition(
        "refer", _STANDING, "waiting", "its level", "whom",
        "Pass it up, down or out: another task is raised there, and this one waits for it.",
    ),
    Transition(
        "answer", _STANDING, "done", "its level", "an answer",
        "Answer a referral; only a task that was referred has this step.",
    ),
    Transition(
        "answered", ("waiting",), "as before", "the referral", "an answer",
        "The referral was answered, done or declined; this task goes on.",
    ),
    Transition(
        "assess", ("done",), "assessed", "its level", "a result",
        "Say whether it worked: counted by what was fixed, as Patchmap does by itself, or judged "
        "by hand.",
    ),
    Transition(
        "reopen", ("declined",), "raised", "its level", "a reason", "Ask for it again."
    ),
    Transition(
        "reopen", ("done", "assessed"), "accepted", "its level", "a reason", "Go on with it."
    ),
    Transition(
        "amend", (*_STANDING, "waiting"), "", "its level", "",
        "Change its title, owner, service, due date, priority or kind.",
    ),
    Transition("note", STATES, "", "anyone", "a text", "Add a remark."),
    Transition(
        "redact", STATES, "", "its level", "a reason",
        "Remove a text that names a person; that it stood there is kept, not what it said.",
    ),
)  # fmt: skip
"""Every step that there is. Whatever is not in the table is refused."""


def transition(state: State | None, step: str) -> Transition:
    """The row of a step from a state.

    Parameters
    ----------
    state
        None where there is no task yet.
    step
        What is to be done.

    Returns
    -------
    The row.

    Raises
    ------
    ConflictError
        If it cannot be done in that state; the message says in which it can.
    """
    rows = [row for row in TRANSITIONS if row.step == step]
    for row in rows:
        if state in row.sources or (state is None and not row.sources):
            return row
    states = [source for row in rows for source in row.sources]
    listed = " or ".join(states) or "new"
    raise ConflictError(f"cannot {step} a task that is {state or 'new'}; it must be {listed}")


def steps_from(state: State, *, referred: bool) -> list[Transition]:
    """What can be done with a task, in the order of the table.

    Parameters
    ----------
    state
        Where it stands.
    referred
        Whether it was referred from another task, which alone can be answered.

    Returns
    -------
    The rows.
    """
    return [
        row for row in TRANSITIONS if state in row.sources and (referred or row.step != "answer")
    ]


def table_rows() -> Iterator[tuple[str, str, str, str, str, str]]:
    """The table for people: step, from, to, who may, what it needs, and what it means."""
    for row in TRANSITIONS:
        yield (
            row.step,
            "any" if row.sources == STATES else ", ".join(row.sources) or "–",
            {"": "the same"}.get(row.target, row.target),
            row.actor,
            row.need or "–",
            row.meaning,
        )
