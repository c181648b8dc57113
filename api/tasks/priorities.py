"""`/priorities` and `/priorities/ID`: what the city and its areas give priority to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.dependencies import HTML
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.meetings import area_name
from api.pages.tasking_text import STATE_WORDS, day_words
from api.query import only
from api.tasks.judging import question_of
from api.tasks.refusals import Refusal, submitted
from api.tasks.removing import remove_text
from api.tasks.request import (
    Caller,
    CallerDep,
    Fields,
    Submission,
    day_of,
    personal,
    today,
    version_of,
)
from api.tasks.responses import address_of, go_to, page
from api.tasks.text import DONE_WORDS, history_of, removable_texts
from api.tasks.where import area_choices, chosen_area, layer_words
from boundaries.tasking.actions import (
    change_priority,
    close_priority,
    set_priority,
)
from boundaries.tasking.priority import Priority, PriorityTerms
from boundaries.tasking.storage import read_meetings, read_priorities, read_priority
from boundaries.tasking.texts import HINT
from geo.errors import InputError, PatchmapError

router = APIRouter(prefix="/priorities", dependencies=[requires(Capability.READ_ANSWERS)])

_TEXTS: Final = ("issue", "action", "target", "note")
_CHANGED: Final = (
    *("issue", "issue_date", "action", "action_date", "measure", "target", "quarter"),
)
_OF_CITY: Final = "you see your own areas only, and this priority is the whole city's"


@router.get("")
def priorities(request: Request, caller: CallerDep) -> Response:
    """The priorities that stand, or all of them, of the city or an area, and a form to set one."""

    def make() -> Response:
        return _list(caller, only(request, ("area", "all", "meeting")), {})

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


@router.post("", dependencies=[requires(Capability.EDIT_TASKS)])
def set_one(sent: Annotated[Submission, Depends()]) -> Response:
    """Set a new priority."""
    caller, fields = sent.caller, sent.fields
    meeting = {"meeting": fields.get("meeting", "")}

    def save() -> Response:
        terms = _terms(caller, fields)
        _check_texts(fields)
        signed = caller.signed(fields)
        caller.record("a new priority")
        priority = set_priority(caller.store, terms, signed=signed, names_nobody=True)
        return go_to(f"/priorities/{priority.priority_id}", saved="add", **meeting)

    return submitted(save, lambda refusal: _list(caller, meeting, fields, refusal=refusal))


@router.get("/{priority_id}")
def one_priority(request: Request, caller: CallerDep, priority_id: str) -> Response:
    """One priority: what it says, its tasks, its history, and the forms that change it."""

    def make() -> Response:
        return _page(caller, priority_id, only(request, ("meeting", "saved")), {})

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


@router.post("/{priority_id}/{step}", dependencies=[requires(Capability.EDIT_TASKS)])
def change(sent: Annotated[Submission, Depends()], priority_id: str, step: str) -> Response:
    """Change a priority, close it, or remove a text from it."""
    caller, fields = sent.caller, sent.fields
    if step not in _STEPS:
        raise HTTPException(404, f"there is no step {step!r}; choose {', '.join(_STEPS)}")
    meeting = {"meeting": fields.get("meeting", "")}

    def save() -> Response:
        before = read_priority(caller.snapshot, priority_id)
        if not caller.is_of_city and before.level == "city":
            raise HTTPException(403, _OF_CITY)
        _check_texts(fields)
        version_of(fields)
        _STEPS[step](caller, before, fields)
        return go_to(f"/priorities/{priority_id}", saved=step, **meeting)

    return submitted(
        save,
        lambda refusal: _page(
            caller, priority_id, meeting, {**fields, "step": step}, refusal=refusal
        ),
    )


def _set(caller: Caller, before: Priority, fields: Fields) -> None:
    version, fields = version_of(fields), _checked(caller, fields)
    # What differs from what its writer had read, so that they undo nothing of somebody else's.
    read = Priority.of(before.priority_id, before.steps[:version]) if version else before
    old = read.terms()
    changes = {
        name: fields[name] for name in _CHANGED if name in fields and fields[name] != old[name]
    }
    if not changes and not read.is_open:
        changes = {"issue": old["issue"]}  # it is set again as it was
    signed = caller.signed(fields)
    caller.record(f"priority {before.priority_id}: set")
    change_priority(
        caller.store,
        before.priority_id,
        signed=signed,
        note=fields.get("note", ""),
        version=version,
        names_nobody=True,
        **changes,
    )


def _close(caller: Caller, before: Priority, fields: Fields) -> None:
    signed = caller.signed(fields)
    caller.record(f"priority {before.priority_id}: close")
    close_priority(
        caller.store,
        before.priority_id,
        signed=signed,
        note=fields.get("note", ""),
        version=version_of(fields),
        names_nobody=True,
    )


def _redact(caller: Caller, before: Priority, fields: Fields) -> None:
    remove_text(caller, before.priority_id, fields, what="priority")


_STEPS: Final = {"set": _set, "close": _close, "redact": _redact}


def _terms(caller: Caller, fields: Fields) -> PriorityTerms:
    area = chosen_area(caller.snapshot, fields.get("area", ""))
    if not area and not caller.is_of_city:
        raise HTTPException(403, "you see your own areas only, so choose one of them")
    fields = _checked(caller, fields)
    return PriorityTerms(
        level="area" if area else "city",
        layer=area.layer if area else "",
        area=area.code if area else "",
        issue=fields.get("issue", ""),
        issue_date=day_of(fields.get("issue_date", ""), "since") or today(),
        action=fields.get("action", ""),
        action_date=day_of(fields.get("action_date", ""), "day of the action"),
        measure=fields.get("measure", ""),
        target=fields.get("target", ""),
        quarter=fields.get("quarter", ""),
    )


def _checked(caller: Caller, fields: Fields) -> Fields:
    """The fields with a measure that can be read.

    Raises
    ------
    InputError
        If a day or the measure is none.
    """
    if "version" in fields and fields.get("issue_date") == "":
        raise InputError("say since when it is an issue")
    day_of(fields.get("issue_date", ""), "since")
    if day_of(fields.get("action_date", ""), "day of the action") and not fields.get("action"):
        raise InputError("say what was done on that day, or leave the day of the action empty")
    measure = fields.get("measure", "")
    if not measure or measure in {one.measure_id for one in caller.snapshot.measures()}:
        return fields
    return {**fields, "measure": _counted(measure)}


def _counted(text: str) -> str:
    """The query of a count whose address somebody has copied."""
    try:
        if query := question_of(text.partition("?")[2] or text).query():
            return query
        why = "it asks nothing"
    except PatchmapError as error:
        why = str(error)
    raise InputError(
        f"the measure {text!r} is neither the id of a measure nor the address of a count: {why}"
    )


def _check_texts(fields: Fields) -> None:
    if refusal := personal(fields, *_TEXTS):
        raise InputError(refusal)


def _list(
    caller: Caller, query: Mapping[str, str], fields: Fields, *, refusal: Refusal | None = None
) -> Response:
    snapshot = caller.snapshot
    area = None if refusal else chosen_area(snapshot, query.get("area", ""))
    every = read_priorities(snapshot)
    own = [one for one in every if not area or (one.layer, one.area) == (area.layer, area.code)]
    listed = [one for one in own if one.is_open or query.get("all")]
    meeting = caller.meeting(query.get("meeting", ""))
    return page(
        "priorities.html",
        status=refusal.status if refusal else 200,
        **caller.shared(meeting, by=fields.get("by", "")),
        refusal=refusal,
        fields=fields,
        confirm=bool(fields) and bool(personal(fields, *_TEXTS)),
        area=area,
        feed=area.feed if area else "",
        areas=area_choices(snapshot, area),
        chosen=query,
        rows=[_row(caller, one) for one in sorted(listed, key=_newest_first)],
        standing=sum(one.is_open for one in own),
        closed=sum(not one.is_open for one in own),
        elsewhere=sum(one.is_open and one.layer not in ("", area.layer) for one in every)
        if area
        else 0,
        measures=caller.snapshot.measures(),
        day_words=day_words,
        hint=HINT,
    )


def _newest_first(priority: Priority) -> tuple[bool, int, str]:
    return not priority.is_open, -priority.issue_date.toordinal(), priority.priority_id


def _row(caller: Caller, priority: Priority) -> dict[str, Any]:
    own = [row for row in caller.snapshot.tasks() if row.priority == priority.priority_id]
    return {
        "priority": priority,
        "of": area_name(caller.snapshot, priority.layer, priority.area) or "The city",
        "layer": layer_words(caller.snapshot, priority.layer),
        "tasks": len(own),
        "finished": sum(row.state in ("declined", "done", "assessed") for row in own),
    }


def _page(
    caller: Caller,
    priority_id: str,
    query: Mapping[str, str],
    fields: Fields,
    *,
    refusal: Refusal | None = None,
) -> Response:
    snapshot = caller.snapshot
    priority = read_priority(snapshot, priority_id)
    meeting = caller.meeting(query.get("meeting", ""))
    return page(
        "priority.html",
        status=refusal.status if refusal else 200,
        **caller.shared(meeting, by=fields.get("by", "")),
        refusal=refusal,
        fields=fields,
        confirm=bool(fields) and bool(personal(fields, *_TEXTS)),
        one=priority,
        of=area_name(snapshot, priority.layer, priority.area) or "The city",
        layer=layer_words(snapshot, priority.layer),
        may_change=caller.may_edit and (caller.is_of_city or priority.level == "area"),
        board=_board_address(priority),
        measure=_measure_title(caller, priority.measure),
        tasks=[row for row in snapshot.tasks() if row.priority == priority_id],
        states=STATE_WORDS,
        history=history_of(priority.steps),
        meetings={one.meeting_id: one for one in read_meetings(snapshot)},
        texts=removable_texts(priority.steps),
        measures=snapshot.measures(),
        saved=DONE_WORDS.get(query.get("saved", ""), ""),
        day_words=day_words,
        hint=HINT,
    )


def _board_address(priority: Priority) -> str:
    """The board of the count that shows progress; '' where a measure does, or nothing."""
    query = priority.measure.partition("?")[2] or priority.measure
    return f"{address_of('/')}?{query}" if "=" in query else ""


def _measure_title(caller: Caller, measure: str) -> str:
    titles = {one.measure_id: one.title for one in caller.snapshot.measures()}
    return titles.get(measure, "")
