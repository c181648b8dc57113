"""`/meetings` and `/meetings/ID`: what a meeting has to look at, and what was decided in it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.dependencies import HTML
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.meetings import area_name
from api.pages.tasking_text import STATE_WORDS, outcome_words
from api.pages.text import moment_words
from api.query import only
from api.snapshot import Snapshot
from api.tasks.refusals import Refusal, submitted
from api.tasks.request import Caller, CallerDep, Fields, Submission, day_of, personal, today
from api.tasks.responses import address_of, go_to, page
from api.tasks.text import done_words, step_lines
from api.tasks.where import area_choices, chosen_area
from boundaries.tasking.actions import call_meeting
from boundaries.tasking.agendas import agenda_of, minutes_of, tasks_of_board
from boundaries.tasking.history import Step
from boundaries.tasking.meeting import (
    DUE_DAYS,
    Agenda,
    Meeting,
    MeetingTerms,
    meeting_before,
)
from boundaries.tasking.referrals import LATE_DAYS
from boundaries.tasking.storage import (
    read_meeting,
    read_meetings,
    read_priorities,
    read_roster,
    read_tasks,
)
from boundaries.tasking.task import Level, Task
from boundaries.tasking.texts import HINT
from geo.errors import InputError, NotFoundError

router = APIRouter(prefix="/meetings", dependencies=[requires(Capability.READ_ANSWERS)])

_SHOWN: Final = 100
PACK_DAYS: Final = 91
"""Of what was decided, on the board pack of a meeting that is over: a quarter, as on any pack."""
_PAGES: Final = {"T": "/tasks/", "P": "/priorities/", "R": "/roster/"}
"""The pages of what has steps, by the first letter of its id."""
_PARTS: Final = (
    ("new", "New: not decided yet"),
    ("overdue", "Overdue"),
    ("due", f"Due within {DUE_DAYS} days"),
    ("answered", "Answered since the last meeting"),
    ("assessed", "Assessed since the last meeting"),
    ("unanswered", f"Referred, and without an answer for more than {LATE_DAYS} days"),
)


@router.get("")
def meetings(request: Request, caller: CallerDep) -> Response:
    """The meetings, the last one first, and a form to call one."""

    def make() -> Response:
        only(request, ())
        return _list(caller, {})

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


@router.post("", dependencies=[requires(Capability.EDIT_TASKS)])
def call(sent: Annotated[Submission, Depends()]) -> Response:
    """Call a meeting."""
    caller, fields = sent.caller, sent.fields

    def save() -> Response:
        terms = _terms(caller, fields)
        if refusal := personal(fields, "title", "roles"):
            raise InputError(refusal)
        signed = caller.signed(fields)
        caller.record("a new meeting")
        meeting = call_meeting(caller.store, terms, signed=signed, names_nobody=True)
        return go_to(f"/meetings/{meeting.meeting_id}")

    return submitted(save, lambda refusal: _list(caller, fields, refusal=refusal))


@router.get("/{meeting_id}")
def one_meeting(request: Request, caller: CallerDep, meeting_id: str) -> Response:
    """One meeting: its agenda and its minutes."""

    def make() -> Response:
        only(request, ())
        snapshot = caller.snapshot
        meeting = read_meeting(snapshot, meeting_id)
        before = meeting_before(meeting, read_meetings(snapshot))
        points = _agenda(snapshot, meeting)
        return page(
            "meeting.html",
            **caller.shared(),
            one=meeting,
            before=before,
            area=area_name(snapshot, meeting.layer, meeting.area),
            parts=[*_parts(snapshot, meeting, points)] if points else [],
            pack=_pack_address(meeting),
            board={"layer": meeting.layer, "within": meeting.area} if points else {},
            minutes=_minutes(snapshot, meeting),
            states=STATE_WORDS,
            outcome_words=outcome_words,
        )

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


def _list(caller: Caller, fields: Fields, *, refusal: Refusal | None = None) -> Response:
    every = sorted(read_meetings(caller.snapshot), key=lambda one: (one.day, one.meeting_id))
    return page(
        "meetings.html",
        status=400 if refusal else 200,  # what it names and there is not is a mistake in it
        **caller.shared(by=fields.get("by", "")),
        meetings=[
            (one, area_name(caller.snapshot, one.layer, one.area)) for one in every[::-1][:_SHOWN]
        ],
        more=max(0, len(every) - _SHOWN),
        areas=area_choices(caller.snapshot, None),
        fields=fields,
        refusal=refusal,
        confirm=bool(fields) and bool(personal(fields, "title", "roles")),
        hint=HINT,
    )


def _terms(caller: Caller, fields: Fields) -> MeetingTerms:
    """What a form says of a meeting.

    Raises
    ------
    HTTPException
        If whoever sees some areas only calls a meeting of the city.
    PatchmapError
        If something is missing, or there is no such area.
    """
    area = chosen_area(caller.snapshot, fields.get("area", ""))
    level: Level = "area" if area else "city"
    if not area and not caller.is_of_city:
        raise HTTPException(403, "you see your own areas only, so choose one of them")
    day = day_of(fields.get("day", ""), "day")
    if day is None:
        raise InputError("say on which day the meeting is")
    roles = (text.strip() for text in fields.get("roles", "").split(","))
    return MeetingTerms(
        level=level,
        day=day,
        layer=area.layer if area else "",
        area=area.code if area else "",
        title=fields.get("title", ""),
        roles=tuple(filter(None, roles)),
    )


def _agenda(snapshot: Snapshot, meeting: Meeting) -> Agenda | None:
    """The agenda; None where the layer of its area is gone, and so is its board."""
    try:
        return agenda_of(snapshot, meeting)
    except NotFoundError:
        return None


def _parts(
    snapshot: Snapshot, meeting: Meeting, points: Agenda
) -> Iterator[tuple[str, list[Task]]]:
    """The parts of an agenda with their titles; what is done is for the meeting to say of."""
    for name, title in _PARTS:
        yield title, getattr(points, name)
    done = [row.task_id for row in tasks_of_board(snapshot, meeting) if row.state == "done"]
    yield "Done, not assessed yet", read_tasks(snapshot, done)


def _pack_address(meeting: Meeting) -> str:
    """The board pack of a meeting's board, with what was decided until its day."""
    past = {}
    if meeting.day < today():
        first = meeting.day - timedelta(days=PACK_DAYS - 1)
        past = {"datetime": f"{first}/{meeting.day}"}
    area = {"layer": meeting.layer, "within": meeting.area}
    return address_of("/reports/board-pack", **area, **past)


def _minutes(snapshot: Snapshot, meeting: Meeting) -> list[dict[str, Any]]:
    """The steps that were taken in a meeting, each with what it was about."""
    titles = {row.task_id: row.title for row in snapshot.tasks()}
    titles |= {one.priority_id: one.issue for one in read_priorities(snapshot)}
    titles |= {one.entry_id: one.role for one in read_roster(snapshot)}
    return [
        _minute(own, step, titles.get(own, ""))
        for own, step in minutes_of(snapshot, meeting.meeting_id)
    ]


def _minute(own: str, step: Step, title: str) -> dict[str, Any]:
    return {
        "id": own,
        "address": f"{_PAGES[own[:1]]}{own}" if own[:1] in _PAGES else "",
        "title": title,
        "words": done_words(step),
        "by": step.signed.by,
        "at": moment_words(step.signed.at),
        "iso": step.signed.at.isoformat(),
        "lines": [(name, text) for name, text in step_lines(step) if name != "title"],
    }
