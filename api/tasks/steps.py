"""What is done with a task: its forms are read, guarded, signed, recorded and saved here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Response

from api.identity.declared import requires
from api.identity.roles import Capability
from api.tasks.assessing import take_assessment
from api.tasks.judging import fixed, question_of
from api.tasks.refusals import submitted
from api.tasks.removing import remove_text
from api.tasks.request import Caller, Fields, Submission, day_of, personal, version_of
from api.tasks.responses import go_to
from api.tasks.task_page import task_page
from boundaries.tasking.actions import ReferralTerms, refer_task, take_step
from boundaries.tasking.storage import read_priority, read_task
from boundaries.tasking.task import AMENDABLE, Direction, Task
from boundaries.tasking.transitions import TaskStep, transition
from geo.errors import InputError

router = APIRouter(dependencies=[requires(Capability.EDIT_TASKS)])


@router.post("/tasks/{task_id}/{step}")
def take(sent: Annotated[Submission, Depends()], task_id: str, step: str) -> Response:
    """Take a step; where it is refused the form comes back with all that was written in it."""
    caller, fields = sent.caller, sent.fields
    meeting = {"meeting": fields.get("meeting", "")}

    def save() -> Response:
        before = read_task(caller.snapshot, task_id)
        row = transition(before.state, step)
        caller.check_level(row, before.level)
        if refusal := personal(fields, "title", "note", "owner", "service", "to"):
            raise InputError(refusal)
        if priority := fields.get("priority", ""):
            read_priority(caller.snapshot, priority)
        version_of(fields)
        _STEPS.get(row.step, _plain)(caller, before, row.step, fields)
        return go_to(f"/tasks/{task_id}", saved=step, **meeting)

    return submitted(
        save,
        lambda refusal: task_page(
            caller, task_id, {**fields, "step": step}, meeting, refusal=refusal
        ),
    )


def _plain(caller: Caller, task: Task, step: TaskStep, fields: Fields) -> None:
    # Read, then recorded, then saved: what is read anew is neither recorded nor saved twice.
    changes, signed = _changes(caller, task, step, fields), caller.signed(fields)
    caller.record(f"task {task.task_id}: {step}")
    take_step(
        caller.store,
        task.task_id,
        step,
        signed=signed,
        note=fields.get("note", ""),
        version=version_of(fields),
        names_nobody=True,
        **changes,
    )


def _refer(caller: Caller, task: Task, step: TaskStep, fields: Fields) -> None:
    direction = fields.get("direction", "")
    if direction not in ("up", "down", "out"):
        raise InputError("choose where it goes: up, down or out")
    terms = ReferralTerms(
        cast("Direction", direction),
        fields.get("to", ""),
        fields.get("note", ""),
        day_of(fields.get("due", ""), "due"),
    )
    signed = caller.signed(fields)
    caller.record(f"task {task.task_id}: {step}")
    refer_task(
        caller.store,
        task.task_id,
        terms,
        signed=signed,
        version=version_of(fields),
        names_nobody=True,
    )


def _redact(caller: Caller, task: Task, step: TaskStep, fields: Fields) -> None:
    del step
    remove_text(caller, task.task_id, fields, what="task")


def _assess(caller: Caller, task: Task, step: TaskStep, fields: Fields) -> None:
    del step
    take_assessment(caller, task, fields)


def _changes(caller: Caller, task: Task, step: TaskStep, fields: Fields) -> dict[str, Any]:
    """The values that a form changes: those that differ from what its writer had read."""
    if step not in ("accept", "amend"):
        return {}
    version = version_of(fields)
    read = Task.of(task.task_id, task.steps[:version]) if 0 < version < task.version else task
    names = AMENDABLE if step == "amend" else ("owner", "service", "due", "priority")
    day_of(fields.get("due", ""), "due")
    old = read.terms()
    changes: dict[str, Any] = {
        name: fields[name] for name in names if name in fields and fields[name] != old[name]
    }
    if step == "accept" and not task.assessment:
        question, day = question_of(task.question), task.raised.day
        assessment = fixed(caller.answers, question, task.place, fields, decided=day)
        changes |= {"assessment": assessment.as_dict()} if assessment else {}
    return changes


Take = Callable[[Caller, Task, TaskStep, Fields], None]
_STEPS: Final[Mapping[TaskStep, Take]] = {
    "refer": _refer,
    "redact": _redact,
    "assess": _assess,
}
