"""Every refusal as a problem document (RFC 9457); one table says which status it has."""

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
)

STATUS: dict[type[PatchmapError], int] = {
    QuestionError: 400,
    InputError: 400,
    NotFoundError: 404,
    ConflictError: 409,
    StoreError: 503,
    DiskFullError: 507,
}

UNANSWERED = (InputError, QuestionError, NotFoundError, ConflictError, SolverError)
"""What a part of a page says in its place; a store that is away is no answer of any page."""

_log = logging.getLogger("patchmap")


def status_of(error: PatchmapError) -> int:
    """The HTTP status of a refusal."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem(status: int, detail: str, **members: object) -> Response:
    """A problem document."""
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(
        orjson.dumps(body | {"detail": detail} | members),
        status_code=status,
        media_type="application/problem+json",
    )


def add_error_handlers(app: FastAPI) -> None:
    """Let every error of an app leave as a problem document, never as a traceback."""
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
    return problem(500, "Patchmap failed here; its log says where")
