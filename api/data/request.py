"""What the routes of the page for importing read from a request, and whom they answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import Depends, HTTPException, Request
from fastapi.concurrency import contextmanager_in_threadpool

from api.calls import current_call, extend
from api.data.multipart import PartHead, boundary_of, read_parts
from api.data.service import DataService
from api.data.uploads import Receiver, TooLargeError, Upload
from api.identity.identity import identity_of
from api.security import is_own_caller
from geo.errors import InputError, NotFoundError
from geo.text import control_character

FORM: Final = "application/x-www-form-urlencoded"
_LARGEST_FORM: Final = 1_000_000  # bytes
_MOST_FIELDS: Final = 1_000
_LARGEST_FIELD: Final = 1_000  # bytes of a field that stands beside files
_OUTDATED: Final = "this form is out of date; reload the page and send it again"


async def data_service(request: Request) -> DataService:
    """The uploads and imports of the service."""
    service: DataService = request.app.state.data
    return service


async def own_data_service(request: Request) -> DataService:
    """The same for those who have signed in, else for callers on this machine alone.

    What they import can be personal data.
    """
    client = request.client.host if request.client else None
    signed_in = identity_of(request).way != "local"
    if not signed_in and not is_own_caller(client, request.headers):
        raise HTTPException(403, "files are imported on this machine only, from Patchmap's page")
    return await data_service(request)


PageDep = Annotated[DataService, Depends(data_service)]
DataDep = Annotated[DataService, Depends(own_data_service)]


async def read_form(request: Request, service: DataDep) -> list[tuple[str, str]]:
    """Read a form of the page's own.

    Raises
    ------
    HTTPException
        If it is another page's, or too large.
    InputError
        If it holds what no form can.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != FORM:
        raise HTTPException(415, f"send the form as {FORM}")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_FORM:
            raise HTTPException(413, "the form is too large")
    try:
        fields = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise InputError("the form cannot be read; reload the page and send it again") from error
    for name, value in fields:
        if character := control_character(f"{name}{value}"):
            raise InputError(f"the form holds the control character {character}; remove it")
    _check_token(service, dict(fields).get("token", ""))
    return fields


FormDep = Annotated[list[tuple[str, str]], Depends(read_form)]


async def receive(request: Request, service: DataService) -> Upload:
    """Receive the files of a form, into a private folder.

    Raises
    ------
    TooLargeError, InputError
        If they are too large, damaged or too many.
    ConflictError
        If the caller is sending something else.
    StoreError
        If the store can only be read.
    """
    await to_thread.run_sync(service.check_writable)
    most = service.uploads.most_bytes
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > most + _LARGEST_FORM:
        raise TooLargeError(most)
    boundary = boundary_of(request.headers.get("content-type", ""))
    call = current_call()
    receiving = service.uploads.receiving(call.caller if call else "")
    # Its folder is made and removed in a thread: that waits for the disk, and the loop must not.
    async with contextmanager_in_threadpool(receiving) as receiver:
        await _receive_parts(request.stream(), boundary, receiver, service)
    return receiver.upload


async def _receive_parts(
    stream: AsyncIterator[bytes], boundary: bytes, receiver: Receiver, service: DataService
) -> None:
    # A file is only written once the token was there: it is the first field of the form.
    field, token, in_file = "", bytearray(), False
    async for part in read_parts(stream, boundary):
        extend()
        if isinstance(part, PartHead):
            field, in_file = part.name, bool(part.file)
            if part.file:
                _check_token(service, token.decode("utf-8", errors="replace"))
                await to_thread.run_sync(receiver.begin, part.file)
        elif in_file:
            await to_thread.run_sync(receiver.write, part)
        elif field == "token":
            token += part
            if len(token) > _LARGEST_FIELD:
                raise InputError(_OUTDATED)
    _check_token(service, token.decode("utf-8", errors="replace"))


def upload_of(service: DataService, upload_id: str) -> Upload:
    """An upload by the id in an address.

    Raises
    ------
    NotFoundError
        If there is none, or it has expired.
    """
    if len(upload_id) > 64:
        raise NotFoundError("there is no such file")
    return service.uploads.get(upload_id)


def _check_token(service: DataService, token: str) -> None:
    if not service.has_token(token):
        raise HTTPException(403, _OUTDATED)
