"""Refusals as problem documents (RFC 9457), and the HTTP status of each kind of error."""

from __future__ import annotations

import logging
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

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

_log = logging.getLogger("patchmap")


def status_of(error: PatchmapError) -> int:
    """The HTTP status of an error; 500 if its kind is not in `STATUS`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(status: int, detail: str, **members: object) -> Response:
    """A problem document.

    Parameters
    ----------
    detail
        What is wrong and what to do, for people.
    members
        Further members of the document, such as `option`.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(
        orjson.dumps(body | {"detail": detail} | members),
        status_code=status,
        media_type="application/problem+json",
    )


def add_error_handlers(app: FastAPI) -> None:
    """Turn every error of an application into a problem document."""
    app.add_exception_handler(PatchmapError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)


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


def _failed(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return problem(500, "Patchmap failed; see its log for the reason")
