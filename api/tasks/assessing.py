"""A task that is done is assessed on its page: by what was fixed, or by hand with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from api.answers import Answers
from api.pages.tasking_text import day_words, months_words
from api.pages.text import reason_of
from api.tasks.request import Caller, Fields, today, version_of
from boundaries.tasking.actions import take_step
from boundaries.tasking.assessing import BY, Finding, after_period, finding_of
from boundaries.tasking.by_hand import finding_by_hand
from boundaries.tasking.history import LONDON, Signed
from boundaries.tasking.storage import read_tasks
from boundaries.tasking.task import Task
from geo.errors import ConflictError, InputError, QuestionError

LATEST_DAYS: Final = 183
"""How long what was fixed waits for its months to be published: nobody judges by hand what the
counts would have shown differently."""

FIXED: Final = "fixed"
"""The value of the button that assesses by what was fixed."""


@dataclass(frozen=True)
class DueAssessment:
    """When what was fixed can be counted.

    Attributes
    ----------
    first, last
        The first and the last month that are counted after the work, as `2026-04`.
    is_over
        Whether these months are over. Whether they are published is for the assessment to say.
    by_hand_from
        The day from which on it may be judged by hand, since the counts seem not to come.
    may_be_by_hand
        Whether that is today or earlier.
    """

    first: str
    last: str
    is_over: bool
    by_hand_from: date
    may_be_by_hand: bool


def due_assessment(task: Task, day: date) -> DueAssessment | None:
    """When a task that is done can be assessed by what was fixed.

    Parameters
    ----------
    task
        Any.
    day
        Today.

    Returns
    -------
    None where it is not done, or nothing was fixed.
    """
    if task.assessment is None or task.done_at is None or task.state != "done":
        return None
    after = after_period(task.assessment, task.done_at.astimezone(LONDON).date())
    since = after.last + timedelta(days=LATEST_DAYS)
    return DueAssessment(
        after.months[0],
        after.months[-1],
        is_over=after.last < day,
        by_hand_from=since,
        may_be_by_hand=since <= day,
    )


def take_assessment(caller: Caller, task: Task, fields: Fields) -> None:
    """Assess a task as a form asks for.

    Parameters
    ----------
    caller
        Who asks for it. They sign what they judge by hand; what follows from what was fixed is
        nobody's choice, and signed as such.
    task
        As they read it.
    fields
        `do`, or `outcome` and `note`.

    Raises
    ------
    ConflictError
        If it is not done, or somebody else took a step meanwhile.
    InputError
        If its months are not all known yet, no reason is given, or it is judged by hand while it
        can still be counted.
    """
    signed = caller.signed(fields)
    if fields.get("do") == FIXED:
        finding = _by_what_was_fixed(caller, task)
        signed = Signed(BY, datetime.now(UTC), signed.meeting)
    else:
        _refuse_by_hand(task)
        finding = finding_by_hand(fields.get("outcome", ""), fields.get("note", ""))
    caller.record(f"task {task.task_id}: assess")
    take_step(
        caller.store,
        task.task_id,
        "assess",
        signed=signed,
        version=version_of(fields),
        names_nobody=True,
        outcome=finding.outcome,
        finding=finding.sentence,
        figures=dict(finding.figures),
    )


def _refuse_by_hand(task: Task) -> None:
    due = due_assessment(task, today())
    if due and not due.may_be_by_hand:
        raise InputError(
            "how this task is judged was fixed when it was decided, and is counted once the "
            f"figures of {months_words(due.first, due.last)} are published; judge it by hand from "
            f"{day_words(due.by_hand_from)} if they are not"
        )


def _by_what_was_fixed(caller: Caller, task: Task) -> Finding:
    if task.state != "done":
        raise ConflictError(f"{task.task_id} is {task.state}; only a task that is done is assessed")
    if task.assessment is None:
        raise InputError("nobody fixed how it will be judged; judge it by hand")
    # Of the whole store whoever asks: one task has one verdict.
    everything: Answers = caller.request.app.state.answers
    try:
        return finding_of(task, everything.ask, today(), others=read_tasks(everything.snapshot()))
    except QuestionError as refusal:
        # It goes on to say which period to choose; here nobody may choose one.
        raise InputError(reason_of(refusal).partition("; ")[0]) from refusal
