"""Refusals as problem documents (RFC 9457), and the HTTP status of each kind of error."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import orjson
from fastapi import FastAPI, Request, Response
from jinja2 import Environment, PackageLoader
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException

from api.calls import BusyError, current_call
from geo.errors import (
    ConflictError,
    DiskFullError,
    InputError,
    NotFoundError,
    PatchmapError,
    QuestionError,
    SolverError,
    StoreError,
    UnavailableError,
)

STATUS: dict[type[PatchmapError], int] = {
    QuestionError: 400,
    InputError: 400,
    NotFoundError: 404,
    ConflictError: 409,
    StoreError: 503,
    UnavailableError: 503,
    DiskFullError: 507,
}

UNANSWERED = (
    InputError,
    QuestionError,
    NotFoundError,
    ConflictError,
    SolverError,
    UnavailableError,
)
"""Errors that a section of a page shows in its place. Not StoreError: then no section works."""

RETRY_SECONDS: Final = 5
"""After how long to try again, where nothing tells a better time."""

_TEMPLATES: Final = Environment(loader=PackageLoader("api"), autoescape=True)


def status_of(error: PatchmapError) -> int:
    """The HTTP status of an error; 500 if its kind is not in `STATUS`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(status: int, detail: str, **members: object) -> Response:
    """A problem document; in a call it bears the call's id as `request_id`.

    Parameters
    ----------
    detail
        What is wrong and what to do, for people.
    members
        Further members of the document, such as `option`.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    call = current_call()
    named = {"request_id": call.id} if call else {}
    return Response(
        orjson.dumps(body | {"detail": detail} | members | named),
        status_code=status,
        media_type="application/problem+json",
    )


def unavailable(headers: Headers, detail: str, *, seconds: int = RETRY_SECONDS) -> Response:
    """A refusal that passes: for browsers a page, for others a problem document.

    Parameters
    ----------
    headers
        Those of the request.
    detail
        What is wrong and what to do, for people.
    seconds
        After how many seconds to try again.
    """
    response = problem(503, detail)
    if headers.get("accept", "").startswith("text/html"):
        call = current_call()
        text = _TEMPLATES.get_template("unavailable.html").render(
            detail=detail, request_id=call.id if call else ""
        )
        response = Response(text, 503, media_type="text/html; charset=utf-8")
    response.headers["retry-after"] = str(seconds)
    response.headers["cache-control"] = "no-store"
    return response


def add_error_handlers(app: FastAPI) -> None:
    """Turn every refusal of an application into a problem document."""
    app.add_exception_handler(PatchmapError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BusyError, _busy)


def _refused(_request: Request, error: Exception) -> Response:
    if isinstance(error, QuestionError):
        return problem(400, str(error), option=error.option)
    return problem(status_of(error) if isinstance(error, PatchmapError) else 500, str(error))


def _http(_request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    response = problem(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _busy(request: Request, error: Exception) -> Response:
    seconds = error.seconds if isinstance(error, BusyError) else RETRY_SECONDS
    return unavailable(request.headers, str(error), seconds=seconds)
