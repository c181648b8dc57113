"""HTTP routes of the page for importing: the list, one file, its import and its undo."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from api.addresses import own_address
from api.data.choices import FIELDS
from api.data.map import map_payload
from api.data.page import file_page, list_page
from api.data.request import DataDep, FormDep, PageDep, receive, upload_of
from api.data.service import DataService
from api.data.uploads import TooLargeError, Upload
from api.errors import problem, reads_pages, status_of
from api.formats.encoding import to_json
from api.identity.audit import Action, record
from api.identity.current import signature
from api.identity.declared import requires
from api.identity.roles import Capability
from api.imports.outcome import Undoable
from geo.errors import InputError, NotFoundError, PatchmapError

router = APIRouter(prefix="/data", dependencies=[requires(Capability.IMPORT)])

_UNDO_SECONDS = 40.0
"""How long a page waits for an undo; most take a moment."""

_NOT_STORED = {"cache-control": "no-store"}


@router.get("")
def data(request: Request, service: PageDep) -> Response:
    """The form for a file, and the list of all imports and changes of layers."""
    return list_page(service, undone=request.query_params.get("undone", ""))


@router.post("/files")
async def send(request: Request, service: DataDep) -> Response:
    """Take a file; what it is stands on a page of its own."""
    try:
        upload = await receive(request, service)
    except (HTTPException, PatchmapError) as error:
        await _drain(request, service.uploads.most_bytes)
        return await run_in_threadpool(_refused, request, service, error)
    address = own_address(f"/data/files/{upload.upload_id}")
    if reads_pages(request.headers, request.query_params):
        return RedirectResponse(address, 303)
    response = Response(to_json({"address": address}), 201, media_type="application/json")
    response.headers["location"] = address
    return response


@router.get("/files/{upload_id}")
def file(request: Request, service: DataDep, upload_id: str) -> Response:
    """What a file is, the form of its import, or what came of it."""
    try:
        upload = upload_of(service, upload_id)
    except NotFoundError as error:
        return _refused(request, service, error)
    try:
        service.look(upload)
    except InputError as error:
        service.uploads.remove(upload_id)
        return list_page(service, refusal=error)
    return file_page(service, upload)


@router.post("/files/{upload_id}")
def choose(request: Request, service: DataDep, upload_id: str, form: FormDep) -> Response:
    """Take the choices of a form, and import the file if the form says so."""
    upload = upload_of(service, upload_id)
    fields = dict(form)
    action = fields.get("action", "check")
    address = f"/data/files/{upload_id}"
    if action == "discard":
        service.uploads.remove(upload_id)
        return RedirectResponse("/data", 303)
    values = {name: fields.get(name, "").strip()[:500] for name in FIELDS}
    values["halves"] = " ".join(value for name, value in form if name == "halves")
    try:
        if action != "import":
            service.choose(upload, values)
        else:
            rows = upload.facts.rows if upload.facts else None
            record(request, action=Action.IMPORT, subject=upload.path.name, rows=rows)
            if not service.begin(upload, values, by=signature()):
                return file_page(service, upload, status=400)
    except PatchmapError as error:
        return file_page(service, upload, refusal=error)
    return RedirectResponse(address, 303)


@router.get("/files/{upload_id}/progress")
def progress(service: DataDep, upload_id: str) -> Response:
    """How far an import is; of one that failed a problem document, by the status of its reason."""
    job = upload_of(service, upload_id).job
    members: dict[str, object] = (
        {"state": "none"}
        if job is None
        else {"state": job.state, "rows": job.rows, "percent": job.percent}
    )
    if job is not None and job.refusal:
        response = problem(job.status, job.problem, **members)
    else:
        response = Response(to_json(members), media_type="application/json")
    response.headers.update(_NOT_STORED)
    return response


@router.get("/files/{upload_id}/map.json")
def map_of(service: DataDep, upload_id: str) -> Response:
    """Where a file lies, and the layer that the board opens with."""
    upload = upload_of(service, upload_id)
    tried, facts = service.preview(upload), service.look(upload)
    payload = map_payload(service.answers.snapshot(), tried, tried.place or facts.place)
    return Response(to_json(payload), media_type="application/json", headers=_NOT_STORED)


@router.get("/files/{upload_id}/rejects.csv")
def rejects(request: Request, service: DataDep, upload_id: str) -> Response:
    """The rows that an import rejected, with the reasons."""
    upload = upload_of(service, upload_id)
    if not upload.rejects.is_file():
        raise NotFoundError("no row of this file was rejected")
    name = f"{upload.path.stem or 'file'}.rejects.csv"
    record(request, action=Action.EXPORT, subject=name)
    return FileResponse(upload.rejects, media_type="text/csv", filename=name, headers=_NOT_STORED)


@router.post("/undo")
def undo(request: Request, service: DataDep, form: FormDep) -> Response:
    """Undo imports or changes of layers; the list then says what that did."""
    named = dict.fromkeys(value for name, value in form if name == "change")
    changes = [Undoable.read(value) for value in named]
    if not changes:
        raise InputError("choose what to undo")
    service.check_writable()
    record(request, action=Action.UNDO, subject=", ".join(map(str, changes)))
    job = service.undo(changes)
    job.over.wait(_UNDO_SECONDS)
    upload_id = dict(form).get("upload", "")
    if job.refusal:
        return list_page(service, refusal=job.refusal)
    with suppress(PatchmapError):
        _forget(upload_of(service, upload_id))
    return RedirectResponse(f"/data?undone={','.join(map(str, changes))}", 303)


def _forget(upload: Upload) -> None:
    """Show the form of an upload again after its import was undone."""
    if not upload.is_busy:
        upload.job = upload.preview = None


def _refused(
    request: Request, service: DataService, error: HTTPException | PatchmapError
) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else status_of(error)
    status = 413 if isinstance(error, TooLargeError) else status
    words = str(error.detail) if isinstance(error, HTTPException) else str(error)
    if not reads_pages(request.headers, request.query_params):
        return problem(status, words)
    return list_page(service, refusal=InputError(words), status=status)


async def _drain(request: Request, most: int) -> None:
    """Read on to the end: a browser shows an answer only once it has sent everything."""
    with suppress(RuntimeError):  # it was read to its end
        async for piece in request.stream():
            most -= len(piece)
            if most < 0:
                return
