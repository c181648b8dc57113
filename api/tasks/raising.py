"""`/tasks/new`: raise a task at a place, filled in by the Question that the board answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.identity.declared import requires
from api.identity.roles import Capability
from api.query import QUESTION_PARAMETERS, only
from api.retries import made_of_one_state
from api.tasks.drawing import drawn_place
from api.tasks.judging import CONTROLS, fixed, proposal
from api.tasks.places import place_at
from api.tasks.refusals import Refusal, submitted
from api.tasks.request import (
    BOARD_OPTIONS,
    Caller,
    CallerDep,
    Fields,
    FieldsDep,
    day_of,
    personal,
    today,
)
from api.tasks.responses import go_to, page
from api.tasks.text import KIND_WORDS, LEVEL_WORDS
from api.tasks.where import area_choices
from boundaries.tasking.actions import raise_task
from boundaries.tasking.cautions import cautions
from boundaries.tasking.storage import read_priorities, read_priority
from boundaries.tasking.task import Place, TaskKind, TaskTerms
from boundaries.tasking.texts import HINT
from geo.errors import InputError
from geo.period import Interval
from geo.question.ask import Question

router = APIRouter(dependencies=[requires(Capability.EDIT_TASKS)])

NAMES: Final = (*QUESTION_PARAMETERS, *BOARD_OPTIONS, "area")


@router.get("/tasks/new")
def form(request: Request, caller: CallerDep) -> Response:
    """The form for a task, filled in by the Question of the address."""
    return made_of_one_state(lambda: _form(caller, _query(request), {}))


@router.post("/tasks/new")
def raised(request: Request, caller: CallerDep, fields: FieldsDep) -> Response:
    """Raise a task, and take it on where the form says so; then back to the board."""
    query = _query(request)
    question = _question(query)
    place = place_at(caller.answers, question, query.get("at", ""))

    def save() -> Response:
        terms = _terms(caller, question, place, fields)
        accepts = fields.get("do") == "accept"
        signed = caller.signed(fields)
        caller.record("a new task")
        task = raise_task(
            caller.store,
            terms,
            signed=signed,
            note=fields.get("note", ""),
            accept=accepts,
            names_nobody=True,
        )
        is_odd = bool(cautions(caller.store, task))
        return _back(query, task.task_id, fields.get("meeting", ""), is_odd=is_odd)

    return submitted(save, lambda refusal: _form(caller, query, fields, refusal=refusal))


def _terms(caller: Caller, question: Question, place: Place, fields: Fields) -> TaskTerms:
    """What a form says of a task.

    Raises
    ------
    PatchmapError
        If something is missing, or there is no such priority.
    """
    if refusal := _personal(fields, place):
        raise InputError(refusal)
    if priority := fields.get("priority", ""):
        read_priority(caller.snapshot, priority)
    return TaskTerms(
        title=fields.get("title", ""),
        kind=cast("TaskKind", fields.get("kind", "")),
        level="city" if fields.get("level") == "city" and caller.is_of_city else "area",
        place=replace(place, label=fields.get("label", "") or place.label),
        owner=fields.get("owner", ""),
        service=fields.get("service", ""),
        due=day_of(fields.get("due", ""), "due"),
        priority=priority,
        question=question.query(),
        assessment=fixed(caller.answers, question, place, fields, decided=today()),
    )


def _personal(fields: Fields, place: Place) -> str:
    """As `personal`; what a place is called by itself was written by nobody."""
    texts = {
        **fields,
        "label": "" if fields.get("label") == place.label else fields.get("label", ""),
    }
    return personal(texts, "title", "note", "owner", "service", "label")


def _back(query: dict[str, str], task_id: str, meeting: str, *, is_odd: bool) -> Response:
    """To the board that it was decided on; to the task where that has something to say of it.

    The page of a task says what is odd about it. One of an area or a point alone has no place on
    the board.
    """
    board = {name: text for name, text in query.items() if name not in ("area", "meeting")}
    if is_odd or "area" in query or query.get("at", "").count(",") == 1:
        return go_to(f"/tasks/{task_id}", saved="raise", meeting=meeting)
    return go_to("/", **board, meeting=meeting)


def _form(
    caller: Caller, query: dict[str, str], fields: Fields, *, refusal: Refusal | None = None
) -> Response:
    question = _question(query)
    place = place_at(caller.answers, question, query["at"]) if query.get("at") else None
    meeting = caller.meeting(fields.get("meeting", "") or query.get("meeting", ""))
    level = fields.get("level", "") or (meeting.level if meeting else "area")
    return page(
        "tasks_new.html",
        status=_status(refusal),
        **caller.shared(meeting, by=fields.get("by", "")),
        refusal=refusal,
        confirm=bool(place and _personal(fields, place)),
        fields=fields,
        level=level,
        place=place,
        drawn=drawn_place(caller, place) if place else None,
        question=question,
        asked=urlencode(query, safe="/:,."),
        proposal=proposal(caller.answers, question, place, decided=today()) if place else None,
        controls=CONTROLS,
        kinds=KIND_WORDS,
        levels=LEVEL_WORDS,
        priorities=[one for one in read_priorities(caller.snapshot) if one.is_open],
        areas=area_choices(caller.snapshot, None),
        hint=HINT,
    )


def _status(refusal: Refusal | None) -> int:
    """Of the form: what it names and there is not is a mistake in it, and the form is there."""
    if refusal is None:
        return 200
    return 409 if refusal.is_conflict else 400


def _query(request: Request) -> dict[str, str]:
    """The parameters of an address; an area that was chosen by name is a place of its layer."""
    query = only(request, NAMES)
    if area := query.get("area", ""):
        code, _, layer = area.rpartition("@")
        query |= {"at": code, "layer": layer}
    return query


def _question(query: dict[str, str]) -> Question:
    """The Question of an address: of the month, where one is chosen; of the area's layer."""
    question = Question.read(
        {name: text for name, text in query.items() if name in QUESTION_PARAMETERS}
    )
    if month := query.get("month", ""):
        question = replace(question, period=Interval.read(month))
    return question
