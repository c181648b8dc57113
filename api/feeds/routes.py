"""`/tasks.ics` and `/areas/LAYER/CODE/priorities.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from api.dependencies import AnswersDep
from api.etags import not_modified_or
from api.feeds.calendar import MEDIA_TYPE, calendar_of
from api.identity.declared import requires
from api.identity.roles import Capability
from api.query import only
from api.snapshot import Snapshot
from boundaries.tasking.history import one_of
from boundaries.tasking.places import area_codes, read_area
from boundaries.tasking.priority import Priority
from boundaries.tasking.storage import read_priorities
from boundaries.tasking.task import LEVELS
from boundaries.tasking.transitions import OPEN, STATES
from boundaries.tasking.whose import is_of
from geo.errors import InputError, NotFoundError, QuestionError
from geo.question.ask import default_layer
from geo.store.tasking_contract import TaskRow

JSON: Final = "application/json"
FILTERS: Final = ("area", "owner", "state", "level")
"""Those of the list of tasks."""

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/tasks.ics")
def due_dates(request: Request, answers: AnswersDep) -> Response:
    """Due dates as iCalendar, to subscribe to: of open and waiting tasks, or of one state."""

    def make() -> Response:
        query = {name: text for name, text in only(request, FILTERS).items() if text}
        rows = _chosen(answers.snapshot(), query)
        chosen = ", ".join(query.values())
        title = f"Patchmap: tasks due{f' ({chosen})' if chosen else ''}"
        root = str(request.base_url).rstrip("/")
        headers = {"content-disposition": 'inline; filename="tasks.ics"'}
        text = calendar_of(rows, title=title, root=root)
        return Response(text.encode(), media_type=MEDIA_TYPE, headers=headers)

    return not_modified_or(request, answers, make, media_type=MEDIA_TYPE)


@router.get("/areas/{layer_id}/{code:path}/priorities.json")
def priorities(request: Request, answers: AnswersDep, layer_id: str, code: str) -> Response:
    """The priorities of an area that stand, as data.police.uk publishes those of neighbourhoods."""

    def make() -> Response:
        only(request, ())
        snapshot = answers.snapshot()
        if code not in snapshot.layer(layer_id)[1].index.astype(str):
            raise NotFoundError(f"there is no area {code!r} in {layer_id}")
        own = [
            one
            for one in read_priorities(snapshot)
            if one.is_open and (one.layer, one.area) == (layer_id, code)
        ]
        own.sort(key=lambda one: (one.issue_date, one.priority_id), reverse=True)
        return JSONResponse([_as_police_uk(one) for one in own])

    return not_modified_or(request, answers, make, media_type=JSON)


def _as_police_uk(priority: Priority) -> dict[str, str | None]:
    """A priority with the four fields of police.uk, whose texts are HTML."""
    return {
        "action": f"<p>{escape(priority.action)}</p>" if priority.action else None,
        "issue-date": _moment(priority.issue_date),
        "action-date": _moment(priority.action_date),
        "issue": f"<p>{escape(priority.issue)}</p>",
    }


def _moment(day: date | None) -> str | None:
    return f"{day.isoformat()}T00:00:00" if day else None


def _chosen(snapshot: Snapshot, query: Mapping[str, str]) -> list[TaskRow]:
    """The tasks that the filters choose; without a state those that are neither done nor declined.

    Raises
    ------
    QuestionError
        If a filter has no such value.
    NotFoundError
        If there is no such area.
    """
    for name, known in (("state", STATES), ("level", LEVELS)):
        _check(name, query.get(name, ""), known)
    states = {query["state"]} if "state" in query else {*OPEN, "waiting"}
    rows = [row for row in snapshot.tasks() if row.state in states]
    if level := query.get("level"):
        rows = [row for row in rows if row.level == level]
    rows = [row for row in rows if is_of(row, query.get("owner", ""))]
    return _in_area(snapshot, rows, query["area"]) if "area" in query else rows


def _check(name: str, value: str, known: Sequence[str]) -> None:
    try:
        if value:
            one_of(name, value, known)
    except InputError as error:
        raise QuestionError(name, str(error)) from error


def _in_area(snapshot: Snapshot, rows: list[TaskRow], text: str) -> list[TaskRow]:
    layer_id, code = read_area(text) if "@" in text else (default_layer(snapshot), text)
    areas = snapshot.layer(layer_id)[1]
    if code not in areas.index.astype(str):
        raise NotFoundError(f"there is no area {code!r} in {layer_id}")
    codes = area_codes([row.wkb for row in rows], areas)
    return [row for row, own in zip(rows, codes, strict=True) if own == code]
