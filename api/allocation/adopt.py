"""`POST /allocation/adopt`: an allocation becomes the roster, signed and in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.answers import SnapshotAnswers
from api.dependencies import HTML, AnswersDep
from api.errors import status_of
from api.identity.audit import Action, record
from api.identity.current import current_caller, signature
from api.identity.declared import requires
from api.identity.identity import identity_of
from api.identity.roles import Capability
from api.pages.allocation_summary import AllocationSummary
from api.pages.allocation_view import AllocationView
from api.pages.templating import templates
from api.settings import VERSION, user_name
from boundaries.tasking.history import Signed, next_id
from boundaries.tasking.roster import RosterEntry, RosterTerms
from boundaries.tasking.storage import read_roster, save
from geo.errors import ConflictError, InputError, PatchmapError, StoreError
from geo.question.store_settings import london_day
from geo.store.contract import Store
from geo.text import refuse_control_characters

router = APIRouter(dependencies=[requires(Capability.EDIT_ROSTER)])

MOST_ENTRIES: Final = 500
_LONGEST: Final = 200
_FORM: Final = "application/x-www-form-urlencoded"


def may_adopt() -> bool:
    """Whether whoever reads a page may adopt an allocation; nobody outside of a service."""
    caller = current_caller()
    if caller is None or caller.app.state.store.is_read_only:
        return False
    return identity_of(caller).may(Capability.EDIT_ROSTER)


async def _fields(request: Request) -> Mapping[str, str]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != _FORM:
        raise HTTPException(415, f"send the form as {_FORM}")
    async with request.form(max_files=0, max_fields=10) as form:
        fields = {name: str(text).strip() for name, text in form.multi_items()}
    for name, text in fields.items():
        if len(text) > _LONGEST:
            raise InputError(f"{name}: write {_LONGEST} characters at most")
        refuse_control_characters(text, "the form")
    return fields


FieldsDep = Annotated[Mapping[str, str], Depends(_fields)]


@router.post("/allocation/adopt")
def adopt(request: Request, answers: AnswersDep, fields: FieldsDep) -> Response:
    """Write the posts or patches of an address into the roster, in the place of those before."""
    identity = identity_of(request)
    if identity.areas is not None:
        raise HTTPException(403, "you see your own areas only, and this allocation is of all areas")
    store: Store = request.app.state.store
    view = AllocationView.read(dict(request.query_params))
    try:
        summary = AllocationSummary.ask(SnapshotAnswers(answers), view)
        role, first = _role(fields), _day(fields)
        by = signature() or fields.get("by", "") or user_name()
        terms = [
            RosterTerms(
                role=role,
                layer=summary.answer.question.layer,
                areas=areas,
                contact_for=areas,
                first=first,
            )
            for areas in areas_of(summary)
        ]
        record(request, action=Action.TASK_STEP, subject=f"the roster: {len(terms)} entries")
        ended = adopted(store, terms, signed=Signed(by, datetime.now(UTC)))
    except StoreError:
        raise
    except PatchmapError as error:
        return _page(view, status=status_of(error), refusal=str(error))
    return _page(view, entries=len(terms), ended=ended, role=role, first=first)


def areas_of(summary: AllocationSummary) -> list[tuple[str, ...]]:
    """The areas that each post of an allocation answers for.

    Parameters
    ----------
    summary
        Posts, of which each has its area; or patches, of which each has one post.

    Returns
    -------
    Codes, for each post.

    Raises
    ------
    InputError
        If it is of patrols, has no posts, or too many.
    """
    if summary.view.tab == "patrols":
        raise InputError("patrols are of a day; adopt posts or patches")
    rows = summary.rows
    codes = rows["area_code"].astype(str)
    if summary.view.tab == "patches":
        areas = [tuple(sorted(own)) for _, own in codes.groupby(rows["patch"])]
    else:
        posts = rows["posts"].fillna(0).astype(int)
        areas = [(code,) for code, n in zip(codes, posts, strict=True) for _ in range(n)]
    if not 0 < len(areas) <= MOST_ENTRIES:
        raise InputError(f"this allocation has {len(areas):,} posts; adopt 1 to {MOST_ENTRIES}")
    return areas


def adopted(store: Store, terms: list[RosterTerms], *, signed: Signed) -> int:
    """Write entries into the roster, and end those of their role and layer that hold then.

    Parameters
    ----------
    store
        Where the roster is kept.
    terms
        Of one role, layer and first day.
    signed
        Who adopts them.

    Returns
    -------
    How many earlier entries end on the day before.

    Raises
    ------
    ConflictError
        If entries of the role and layer begin on that day or later.
    """
    own = terms[0]
    last = own.first - timedelta(days=1)
    with store.transaction():
        roster = read_roster(store)
        same = [one for one in roster if (one.role, one.layer) == (own.role, own.layer)]
        if any(one.first >= own.first for one in same):
            raise ConflictError(
                f"the roster has entries of {own.role} from {own.first:%-d %B %Y} or later; choose "
                "a later day"
            )
        before = [one for one in same if one.holds_on(own.first)]
        changed: list[tuple[RosterEntry, int]] = [
            (one.set(signed=signed, note="Another allocation", last=last.isoformat()), one.version)
            for one in before
        ]
        ids = [one.entry_id for one in roster]
        for each in terms:
            ids.append(next_id(ids, letter="R"))
            changed.append((RosterEntry.begin(ids[-1], each, signed=signed), 0))
        save(store, changed)
    return len(before)


def _role(fields: Mapping[str, str]) -> str:
    if not (role := " ".join(fields.get("role", "").split())):
        raise InputError("say which role these posts have")
    return role


def _day(fields: Mapping[str, str]) -> date:
    text = fields.get("first") or london_day()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day; write it as 2026-03-31") from error


def _page(view: AllocationView, *, status: int = 200, **values: object) -> Response:
    text = templates.get_template("allocation_adopted.html").render(
        version=VERSION, back=view.address(), **values
    )
    return Response(
        text, status_code=status, media_type=HTML, headers={"cache-control": "no-store"}
    )
