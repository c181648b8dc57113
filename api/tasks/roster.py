"""`/roster` and `/roster/ID`: which role answers for which areas, who holds it, who covers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.dependencies import HTML
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.tasking_text import day_words
from api.query import only
from api.snapshot import Snapshot
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
from api.tasks.responses import go_to, page
from api.tasks.text import DONE_WORDS, history_of, removable_texts
from api.tasks.where import MOST_CHOICES, area_choices, chosen_area, layer_words
from boundaries.tasking.actions import change_roster_entry, set_roster_entry
from boundaries.tasking.roster import RosterEntry, RosterTerms
from boundaries.tasking.storage import read_meetings, read_roster, read_roster_entry
from geo.errors import InputError, PatchmapError
from geo.question.store_settings import default_layer

router = APIRouter(prefix="/roster", dependencies=[requires(Capability.READ_ANSWERS)])

_CHANGED: Final = ("role", "holder", "covered_by", "first", "last")
_CODES: Final = ("areas", "contact_for")


@router.get("")
def roster(request: Request, caller: CallerDep) -> Response:
    """Who holds which role today, or ever, and a form to add an entry."""

    def make() -> Response:
        return _list(caller, only(request, ("area", "all", "meeting")), {})

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


@router.post("", dependencies=[requires(Capability.EDIT_ROSTER)])
def add(sent: Annotated[Submission, Depends()]) -> Response:
    """Add an entry."""
    caller, fields = sent.caller, sent.fields
    meeting = {"meeting": fields.get("meeting", "")}

    def save() -> Response:
        terms = _terms(caller.snapshot, fields)
        signed = caller.signed(fields)
        caller.record("a new entry of the roster")
        entry = set_roster_entry(caller.store, terms, signed=signed)
        return go_to(f"/roster/{entry.entry_id}", saved="add", **meeting)

    return submitted(save, lambda refusal: _list(caller, meeting, fields, refusal=refusal))


@router.get("/{entry_id}")
def one_entry(request: Request, caller: CallerDep, entry_id: str) -> Response:
    """One entry: what it says, its history, and the forms that change it."""

    def make() -> Response:
        return _page(caller, entry_id, only(request, ("meeting", "saved")), {})

    return not_modified_or(request, caller.answers, make, media_type=HTML, setting=caller.setting)


@router.post("/{entry_id}/{step}", dependencies=[requires(Capability.EDIT_ROSTER)])
def change(sent: Annotated[Submission, Depends()], entry_id: str, step: str) -> Response:
    """Change an entry, or remove a text from it, such as the name of a former holder."""
    caller, fields = sent.caller, sent.fields
    if step not in _STEPS:
        raise HTTPException(404, f"there is no step {step!r}; choose {', '.join(_STEPS)}")
    meeting = {"meeting": fields.get("meeting", "")}

    def save() -> Response:
        before = read_roster_entry(caller.snapshot, entry_id)
        version_of(fields)
        _STEPS[step](caller, before, fields)
        return go_to(f"/roster/{entry_id}", saved=step, **meeting)

    return submitted(
        save,
        lambda refusal: _page(caller, entry_id, meeting, {**fields, "step": step}, refusal=refusal),
    )


def _set(caller: Caller, before: RosterEntry, fields: Fields) -> None:
    if refusal := personal(fields, "note"):
        raise InputError(refusal)
    version = version_of(fields)
    # What differs from what its writer had read, so that they undo nothing of somebody else's.
    read = RosterEntry.of(before.entry_id, before.steps[:version])
    terms = _terms(caller.snapshot, fields, unchanged=(read.layer, read.areas))
    written, old = terms.terms(), read.terms()
    changes = {
        name: written[name] for name in (*_CHANGED, *_CODES, "layer") if written[name] != old[name]
    }
    signed = caller.signed(fields)
    caller.record(f"entry {before.entry_id} of the roster: set")
    change_roster_entry(
        caller.store,
        before.entry_id,
        signed=signed,
        note=fields.get("note", ""),
        version=version,
        **changes,
    )


def _redact(caller: Caller, before: RosterEntry, fields: Fields) -> None:
    remove_text(caller, before.entry_id, fields, what="entry of the roster")


_STEPS: Final = {"set": _set, "redact": _redact}


def _terms(
    snapshot: Snapshot, fields: Fields, *, unchanged: tuple[str, tuple[str, ...]] = ("", ())
) -> RosterTerms:
    """What a form says of an entry; `unchanged` are the layer and areas that it has already.

    Raises
    ------
    PatchmapError
        If something is missing, or there is no such area.
    """
    contact_for = _codes(fields, "contact_for")
    # Whoever is the contact of an area answers for it.
    areas = tuple(dict.fromkeys((*_codes(fields, "areas"), *contact_for)))
    layer = (fields.get("layer", "") or default_layer(snapshot)) if areas else ""
    if areas and (layer, areas) != unchanged:  # those it has stay, even where their layer is gone
        known = set(snapshot.layer(layer)[1].index.astype(str))
        if other := [code for code in areas if code not in known]:
            raise InputError(f"there is no area {other[0]!r} in {layer}")
    first = day_of(fields.get("first", ""), "from")
    if first is None and "version" in fields:
        raise InputError("say from which day it holds")
    return RosterTerms(
        role=fields.get("role", ""),
        holder=fields.get("holder", ""),
        covered_by=fields.get("covered_by", ""),
        layer=layer,
        areas=areas,
        contact_for=contact_for,
        first=first or today(),
        last=day_of(fields.get("last", ""), "until"),
    )


def _codes(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, map(str.strip, fields.get(name, "").split(",")))))


def _list(
    caller: Caller, query: Mapping[str, str], fields: Fields, *, refusal: Refusal | None = None
) -> Response:
    snapshot, day = caller.snapshot, today()
    area = None if refusal else chosen_area(snapshot, query.get("area", ""))
    every = read_roster(snapshot)
    own = [
        one
        for one in every
        if not (area and one.areas) or (one.layer == area.layer and area.code in one.areas)
    ]
    today_s = [one for one in own if one.holds_on(day)]
    listed = own if query.get("all") else today_s
    vacant = [one for one in today_s if one.is_vacant]
    layer, areas = _areas(snapshot)
    return page(
        "roster.html",
        status=refusal.status if refusal else 200,
        **caller.shared(caller.meeting(query.get("meeting", "")), by=fields.get("by", "")),
        refusal=refusal,
        fields=fields,
        confirm=False,
        may_change=caller.may_edit_roster,
        area=area,
        chosen=query,
        areas=area_choices(snapshot, area),
        rows=[_row(snapshot, one, every) for one in listed],
        total=len(today_s),
        vacant=len(vacant),
        covered=sum(bool(one.covered_by) for one in vacant),
        other_days=len(own) - len(today_s),
        elsewhere=sum(one.layer not in ("", area.layer) and one.holds_on(day) for one in every)
        if area
        else 0,
        without_contact=_without_contact(today_s, layer, areas) if not area else [],
        layer=layer,
        choices=areas,
        roles=_roles(every),
        others=[(one.entry_id, one.role, one.holder) for one in every],
        day_words=day_words,
    )


def _row(snapshot: Snapshot, entry: RosterEntry, every: Sequence[RosterEntry]) -> dict[str, Any]:
    names = _names(snapshot, entry.layer)
    return {
        "entry": entry,
        "areas": _areas_words(entry, names),
        "contact_for": [names.get(code, code) for code in entry.contact_for],
        "layer": layer_words(snapshot, entry.layer),
        "cover": cover_words(entry, every, today()),
    }


def _areas_words(entry: RosterEntry, names: Mapping[str, str]) -> str:
    if not entry.areas:
        return "the whole city"
    if len(names) > 1 and names.keys() <= set(entry.areas):
        return f"all {len(names):,} areas"
    return ", ".join(names.get(code, code) for code in entry.areas)


def cover_words(entry: RosterEntry, every: Sequence[RosterEntry], day: date) -> str:
    """Who does the work of an entry meanwhile, and whether there is anybody.

    Parameters
    ----------
    entry
        Of the roster.
    every
        All its entries: `covered_by` may be the id of one.
    day
        The day.

    Returns
    -------
    The role, with its holder where an entry is named; '' where nobody covers it.
    """
    other = next((one for one in every if one.entry_id == entry.covered_by), None)
    if other is None:
        return entry.covered_by
    gone = "" if other.holds_on(day) else ", which does not hold today"
    return f"{other.role} ({other.holder or 'vacant too'}){gone}"


def _without_contact(
    entries: Sequence[RosterEntry], layer: str, areas: Sequence[tuple[str, str]]
) -> list[str]:
    """The names of the areas that have no named contact today."""
    named = {code for one in entries if one.layer == layer for code in one.contact_for}
    return [name for code, name in areas if code not in named]


def _areas(snapshot: Snapshot, layer: str = "") -> tuple[str, list[tuple[str, str]]]:
    """A layer of areas, by default that which is asked about, and its areas by name."""
    try:
        own = layer or default_layer(snapshot)
        names = _names(snapshot, own)
    except PatchmapError:
        return "", []
    return own, sorted(names.items(), key=lambda one: one[1]) if len(names) <= MOST_CHOICES else []


def _names(snapshot: Snapshot, layer: str) -> dict[str, str]:
    areas = snapshot.areas_or_none(layer) if layer else None
    if areas is None:
        return {}
    return dict(zip(areas.index.astype(str), areas["area_name"].astype(str), strict=True))


def _roles(every: Sequence[RosterEntry]) -> list[str]:
    return sorted({one.role for one in every}, key=str.casefold)


def _page(
    caller: Caller,
    entry_id: str,
    query: Mapping[str, str],
    fields: Fields,
    *,
    refusal: Refusal | None = None,
) -> Response:
    snapshot = caller.snapshot
    entry, every = read_roster_entry(snapshot, entry_id), read_roster(snapshot)
    layer, choices = _areas(snapshot, entry.layer)
    return page(
        "roster_entry.html",
        status=refusal.status if refusal else 200,
        **caller.shared(caller.meeting(query.get("meeting", "")), by=fields.get("by", "")),
        refusal=refusal,
        fields=fields,
        confirm=bool(personal(fields, "note")),
        one=entry,
        row=_row(snapshot, entry, every),
        others=[(one.entry_id, one.role, one.holder) for one in every if one is not entry],
        may_change=caller.may_edit_roster,
        layer=layer,
        choices=choices,
        roles=_roles(every),
        history=history_of(entry.steps),
        meetings={one.meeting_id: one for one in read_meetings(snapshot)},
        texts=removable_texts(entry.steps),
        saved=DONE_WORDS.get(query.get("saved", ""), ""),
        day_words=day_words,
    )
