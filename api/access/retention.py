"""`/retention`: how long sources are kept, and the form that erases one incident."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from api.access.request import Form, FormDep, PersonDep, only
from api.access.responses import page
from api.identity.audit import Action, record
from api.identity.declared import requires
from api.identity.identity import Identity
from api.identity.roles import Capability
from api.imports.removal import (
    ELSEWHERE,
    REFUSED,
    apply_retention,
    erase,
    expiries,
    left_in_copies,
    set_retention,
)
from geo.errors import InputError, PatchmapError, UnavailableError
from geo.store.contract import Store

router = APIRouter(prefix="/retention", dependencies=[requires(Capability.ERASE)])


@router.get("")
def retention(request: Request, person: PersonDep) -> Response:
    """Show how long each source is kept, with the forms."""
    return _page(request, person)


@router.post("/months")
def months(request: Request, person: PersonDep, form: FormDep) -> Response:
    """Set how long a source is kept."""
    source, text = only(form, "source"), only(form, "months").strip()
    try:
        number = _number(text) if text else None
        length = f"for {text} months" if text else "without end"
        record(request, action=Action.RETENTION, subject=f"{source} is kept {length}")
        set_retention(_store(request), source, number)
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _page(request, person, refusal=error, form=form)
    return _page(request, person, done=f"{source} is kept {length}")


@router.post("/apply")
def apply(request: Request, person: PersonDep, form: FormDep) -> Response:
    """Remove what is older than its source is kept."""
    try:
        if only(form, "sure") != "yes":
            raise InputError("tick the box if you want to remove these rows for good")
        for one in expiries(_store(request)):
            record(request, action=Action.RETENTION, subject=one.line, rows=one.rows)
        gone = sum(one.rows for one in apply_retention(_store(request)))
    except UnavailableError:
        raise
    except PatchmapError as error:
        return _page(request, person, refusal=error)
    rows = "1 row is" if gone == 1 else f"{gone:,} rows are"
    return _page(request, person, done=_with_warnings(request, f"{rows} removed for good"))


@router.post("/erase")
def erase_one(request: Request, person: PersonDep, form: FormDep) -> Response:
    """Erase one incident."""
    source, incident_id = only(form, "source"), only(form, "id").strip()
    reason, subject = only(form, "reason").strip(), f"an incident of {source}"
    try:
        record(request, action=Action.ERASURE, subject=subject, reason=reason)
        erasure, rows = erase(
            _store(request),
            request.app.state.records,
            source,
            incident_id,
            by=person.name,
            reason=reason,
        )
        request.app.state.data.uploads.remove_idle()
    except UnavailableError:
        raise
    except PatchmapError as error:
        subject = f"{subject}: {REFUSED}"
        record(request, action=Action.ERASURE, subject=subject, rows=0, reason=reason)
        return _page(request, person, refusal=error, form=form)
    again = f"it was erased on {erasure.erased_at[:10]} already"
    done = "the incident is erased for good" if rows else again
    return _page(request, person, done=_with_warnings(request, done))


def _with_warnings(request: Request, done: str) -> str:
    return "; but ".join([done, *left_in_copies(_store(request))])


def _store(request: Request) -> Store:
    store: Store = request.app.state.data.store
    return store


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InputError(f"{text!r} is no number of months; write 24, say, or nothing")
    return int(text)


def _page(
    request: Request,
    person: Identity,
    *,
    refusal: PatchmapError | None = None,
    done: str = "",
    form: Form | None = None,
) -> Response:
    store = _store(request)
    planned: Mapping[str, object] = {one.source: one for one in expiries(store)}
    sources = sorted({one.source for one in store.imports(history=True)})
    return page(
        "retention.html",
        status=400 if refusal else 200,
        person=person,
        refusal=str(refusal) if refusal else "",
        done=done,
        sources=[(source, planned.get(source)) for source in sources],
        older=sum(one.rows for one in expiries(store)),
        erased=len(store.erasures()),
        elsewhere=ELSEWHERE,
        form=form or {},
    )
