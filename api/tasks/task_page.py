"""`/tasks/ID`: where it is, how it will be judged, what was done with it, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response

from api.dependencies import HTML
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.tasking_text import OUTCOME_WORDS, STATE_WORDS, day_words
from api.pages.text import date_words
from api.query import only
from api.snapshot import Snapshot
from api.tasks.assessing import FIXED, due_assessment
from api.tasks.drawing import drawn_place
from api.tasks.judging import CONTROLS, Proposal, proposal, question_of
from api.tasks.refusals import Refusal
from api.tasks.request import CITY_DECIDES, Caller, CallerDep, Fields, personal, today
from api.tasks.responses import address_of, page
from api.tasks.text import (
    BUTTONS,
    DIRECTION_WORDS,
    DONE_WORDS,
    KIND_WORDS,
    LEVEL_WORDS,
    history_of,
    removable_texts,
)
from api.tasks.where import lies_in
from boundaries.tasking.cautions import cautions
from boundaries.tasking.storage import read_meetings, read_priorities, read_task, row_of
from boundaries.tasking.task import DIRECTIONS, Direction, Task
from boundaries.tasking.texts import HINT
from boundaries.tasking.transitions import Transition, steps_from
from geo.errors import PatchmapError
from geo.incidents import category_title
from geo.store.tasking_contract import TaskRow

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_NAMES: Final = ("meeting", "saved")
_OF_ITSELF: Final = "answered"
"""The step that follows from another task's: the answer to a referral."""


@router.get("/tasks/{task_id}")
def one_task(request: Request, caller: CallerDep, task_id: str) -> Response:
    """One task."""

    def make() -> Response:
        query = only(request, _NAMES)
        return task_page(caller, task_id, {}, query)

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


def task_page(
    caller: Caller,
    task_id: str,
    fields: Fields,
    query: Mapping[str, str],
    *,
    refusal: Refusal | None = None,
) -> Response:
    """The page of a task, with what was written in a form that was refused.

    Parameters
    ----------
    caller
        Who looks at it.
    task_id
        The task.
    fields
        Of the form that was refused; none otherwise.
    query
        `meeting`, the one that decisions are taken in; `saved`, the step that was just taken.
    refusal
        Why it was refused.

    Raises
    ------
    NotFoundError
        If there is no such task or meeting, or it is not seen.
    """
    snapshot = caller.snapshot
    task = read_task(snapshot, task_id)
    meeting = caller.meeting(fields.get("meeting", "") or query.get("meeting", ""))
    due = due_assessment(task, today())
    possible = steps_from(task.state, referred=bool(task.parent))
    rows = [row for row in possible if row.step != _OF_ITSELF]
    allowed = [row for row in rows if caller.may_take(row, task.level)]
    return page(
        "task.html",
        status=refusal.status if refusal else 200,
        **caller.shared(meeting, by=fields.get("by", "")),
        task=task,
        drawn=drawn_place(caller, task.place),
        board=_board_address(task),
        asked=_asked_words(task),
        history=history_of(task.steps),
        rows=allowed,
        is_limited=len(allowed) < len(rows) and caller.may_edit,
        city_decides=CITY_DECIDES,
        proposal=_proposal(caller, task, allowed),
        controls=CONTROLS,
        due_assessment=due,
        waits_for_counts=lambda row: row.step == "assess" and due and not due.may_be_by_hand,
        fixed=FIXED,
        lies_in=lies_in(snapshot, row_of(task)),
        related=_related(snapshot.tasks(), task),
        priorities=[one for one in read_priorities(snapshot) if one.is_open],
        priority=next(
            (one for one in read_priorities(snapshot) if one.priority_id == task.priority), None
        ),
        meetings={one.meeting_id: one for one in read_meetings(snapshot)},
        texts=removable_texts(task.steps),
        directions=_directions(task),
        refusal=refusal,
        fields=fields,
        confirm=bool(fields) and bool(personal(fields, "title", "note", "owner", "service", "to")),
        saved=DONE_WORDS.get(query.get("saved", ""), ""),
        warnings=_warnings(snapshot, task) if "saved" in query else [],
        words=STATE_WORDS,
        outcomes=OUTCOME_WORDS,
        kinds=KIND_WORDS,
        levels=LEVEL_WORDS,
        buttons=BUTTONS,
        day_words=day_words,
        hint=HINT,
    )


def _warnings(snapshot: Snapshot, task: Task) -> list[str]:
    """What is odd about the step that was just saved; of a referral, about the task it raised."""
    if task.steps[-1].kind == "refer" and task.referral:
        task = read_task(snapshot, task.referral.child)
    return cautions(snapshot, task)


def _board_address(task: Task) -> str:
    """The address of the board on which it was decided."""
    at = task.place.ref.partition(":")[2] if task.place.kind == "area" else task.place.ref
    return address_of("/", **{**dict(parse_qsl(task.question)), "at": at})


def _asked_words(task: Task) -> str:
    """The Question that it came from, in few words; '' where it came from none."""
    try:
        options = question_of(task.question).options()
    except PatchmapError:
        return task.question
    words = {name: f"{name} {text}" for name, text in options.items()}
    if "datetime" in options:
        words["datetime"] = " to ".join(
            dict.fromkeys(map(date_words, options["datetime"].split("/")))
        )
    if "category" in options:
        words["category"] = ", ".join(map(category_title, options["category"].split(",")))
    return "; ".join(words.values())


def _proposal(caller: Caller, task: Task, rows: list[Transition]) -> Proposal | None:
    """How it could be judged, where it can be taken on and nobody has fixed that."""
    if task.assessment or "accept" not in [row.step for row in rows]:
        return None
    try:
        question = question_of(task.question)
        return proposal(caller.answers, question, task.place, decided=task.raised.day)
    except PatchmapError as refusal:
        return Proposal(None, str(refusal))


def _related(rows: list[TaskRow], task: Task) -> list[tuple[str, TaskRow]]:
    """The task that it was referred from, and those that it was referred to."""
    return [
        ("Referred from" if row.task_id == task.parent else "Referred to", row)
        for row in rows
        if row.task_id == task.parent or row.parent == task.task_id
    ]


def _directions(task: Task) -> dict[Direction, str]:
    """Where it can go: up from an area, down from the city, out of both."""
    no = "down" if task.level == "area" else "up"
    return {one: DIRECTION_WORDS[one] for one in DIRECTIONS if one != no}
