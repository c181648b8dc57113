"""`/audit`: who did what with personal data."""

from __future__ import annotations

from itertools import islice
from typing import Final

from fastapi import APIRouter, Request, Response

from api.access.request import PersonDep
from api.access.responses import page
from api.identity.audit import Action, record
from api.identity.declared import requires
from api.identity.entries import EntryChoice
from api.identity.roles import Capability
from api.identity.trail import AuditTrail
from api.query import only, whole_number
from geo.errors import PatchmapError
from geo.store.audit_chain import AuditEntry

router = APIRouter(prefix="/audit", dependencies=[requires(Capability.READ_AUDIT)])

_SHOWN: Final = 100
_NAMES: Final = ("from", "to", "who", "action", "before")
_MOST: Final = 10**9


@router.get("")
def audit(request: Request, person: PersonDep) -> Response:
    """List the last entries, or those that are chosen; whoever reads them is recorded too."""
    trail: AuditTrail = request.app.state.audit
    query = only(request, _NAMES)
    entries: list[AuditEntry] = []
    problem = ""
    try:
        choice = EntryChoice(*(query.get(name, "").strip() for name in _NAMES[:4]))
        before = whole_number(query, "before", default=_MOST, lowest=1, highest=_MOST)
        chosen = choice.entries(trail.log, newest_first=True, before=before)
        entries = [*islice(chosen, _SHOWN + 1)]
    except PatchmapError as refusal:
        problem = str(refusal)
    record(
        request,
        action=Action.CONSULTATION,
        subject="the audit",
        question=query,
        rows=len(entries[:_SHOWN]),
    )
    return page(
        "audit.html",
        status=400 if problem else 200,
        person=person,
        refusal=problem,
        entries=entries[:_SHOWN],
        older=entries[_SHOWN - 1].sequence if len(entries) > _SHOWN else 0,
        query=query,
        actions=[*Action],
    )


@router.get("/check")
def check(request: Request, person: PersonDep) -> Response:
    """Say whether an entry was changed, moved or removed."""
    trail: AuditTrail = request.app.state.audit
    record(request, action=Action.CONSULTATION, subject="check of the audit")
    return page(
        "audit_check.html",
        person=person,
        faults=trail.log.faults(),
        number=trail.log.count(),
        has_head=request.app.state.settings.audit_head is not None,
    )
