"""`/metrics`: the figures of the service as text for Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, FastAPI, Request, Response

from api.data.service import DataService
from api.identity.audit import Audit
from api.identity.declared import requires
from api.identity.roles import Capability
from api.identity.trail import AuditTrail
from api.load.memory import MemoryBudget
from api.load.metrics import Family, Metrics, as_text, gauge
from api.load.turns import Turns
from api.operations.handing_on import figures_of
from api.operations.workers import WorkerSpec
from api.settings import VERSION
from geo.errors import StoreError

_TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(dependencies=[requires(Capability.READ_METRICS)])


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Return what the service has counted since its start, and how it stands now."""
    own: Metrics = request.app.state.metrics
    spec: WorkerSpec | None = request.app.state.worker
    families = await own.measured()
    if spec:
        others = [spec.socket_of(n) for n in range(spec.of) if n != spec.number]
        families = [one.labelled(spec.number) for one in families] + await figures_of(others)
    headers = {"cache-control": "no-store"}
    return Response(as_text(families), media_type=_TEXT, headers=headers)


def _audit_families(audit: Audit | None) -> Iterator[Family]:
    """Yield how long the audit is; nothing where there is none, or it cannot be read."""
    if not isinstance(audit, AuditTrail):
        return
    try:
        entries, last = audit.log.count(), audit.log.last()
    except StoreError:
        return
    yield gauge("patchmap_audit_entries", "Entries of the audit, without archived ones.", entries)
    yield gauge("patchmap_audit_last_entry", "Number of the last entry of the audit.", last)


def watch_load(app: FastAPI, turns: Turns, memory: MemoryBudget) -> None:
    """Let the metrics of a service measure its queue, caches and imports.

    Parameters
    ----------
    turns
        At questions.
    memory
        Of all caches.
    """
    data: DataService = app.state.data

    def families() -> Iterator[Family]:
        yield gauge("patchmap_info", "The version that serves.", 1, version=VERSION)
        yield gauge("patchmap_questions_working", "Questions being worked on.", turns.working)
        yield gauge("patchmap_questions_waiting", "Questions waiting for a turn.", turns.waiting)
        yield gauge("patchmap_callers_waiting", "Callers who wait at all.", turns.room.taken)
        yield gauge("patchmap_cache_bytes", "Memory of all caches, about.", memory.bytes)
        yield gauge("patchmap_cache_limit_bytes", "Memory they may take.", memory.most)
        yield gauge("patchmap_uploads", "Files that wait to be imported.", len(data.uploads))
        yield gauge("patchmap_imports_waiting", "Imports underway or waiting.", data.queue.waiting)
        ended = [("_total", (("state", state),), n) for state, n in data.queue.ended.items()]
        yield Family("patchmap_imports", "counter", "Imports and undos ended.", ended)
        yield from _audit_families(getattr(app.state, "audit", None))

    metrics: Metrics = app.state.metrics
    metrics.watch(families)
