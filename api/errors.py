"""Refusals as problem documents (RFC 9457) or pages, and the HTTP status of each kind of error."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

import orjson
from fastapi import FastAPI, Request, Response
from jinja2 import Environment, PackageLoader
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from api.addresses import OwnAddresses
from api.calls import BusyError, current_call
from api.settings import VERSION
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
from geo.output import is_out_of_room

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

LASTING: Final = (InputError, QuestionError, NotFoundError, ConflictError)
"""Refusals that stay the same as long as the data do."""

RETRY_SECONDS: Final = 5
"""After how long to try again, where nothing tells a better time."""

_NO_ROOM: Final = "there is no room for a temporary file here; free some space"

FAILED: Final = "Patchmap failed; see its log for the reason"
"""What people read of an error that is Patchmap's own; the log has its trace."""

_FIRST_WORD: Final = re.compile(r"[a-z]+(?=[ ,])")


def sentence(detail: str) -> str:
    """A refusal as a sentence: with a capital, unless an id begins it, and a full stop."""
    first = _FIRST_WORD.match(detail)
    text = first[0].capitalize() + detail[first.end() :] if first else detail
    return text if text.endswith((".", "?", "!")) else f"{text}."


TEMPLATES: Final = Environment(
    loader=PackageLoader("api"), autoescape=True, extensions=[OwnAddresses]
)
# Until a service knows of people who sign in.
TEMPLATES.globals |= {"signed_in_line": lambda: "", "home": lambda: "/", "sentence": sentence}


def status_of(error: PatchmapError) -> int:
    """The HTTP status of an error; 500 if its kind is not in `STATUS`."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def refusal_of(fault: Exception) -> PatchmapError:
    """Return what people read of an error of work that no request waits for.

    Parameters
    ----------
    fault
        Any error; one that is not Patchmap's refusal is for the log.
    """
    if isinstance(fault, PatchmapError):
        return fault
    return DiskFullError(_NO_ROOM) if is_out_of_room(fault) else PatchmapError(FAILED)


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


def refusal(caller: HTTPConnection, status: int, detail: str, **members: object) -> Response:
    """A refusal as its caller reads it: a page for people, a problem document for programs.

    Parameters
    ----------
    caller
        The request that is refused.
    detail, members
        As for `problem`.
    """
    call = current_call()
    if reads_pages(caller.headers, caller.query_params):
        text = TEMPLATES.get_template("error.html").render(
            status=status,
            phrase=HTTPStatus(status).phrase,
            detail=detail,
            request_id=call.id if call else "",
            version=VERSION,
        )
        response = Response(text, status_code=status, media_type="text/html")
    else:
        response = problem(status, detail, **members)
    response.headers["vary"] = "accept"
    return response


def reads_pages(headers: Headers, query: QueryParams) -> bool:
    """Tell whether a person reads the answer in a browser.

    A browser names HTML for whatever it opens as a page; scripts and other programs do not. An
    `f` in the address says more than that: it is how the OGC API is asked for another format.
    """
    return "text/html" in headers.get("accept", "") and query.get("f", "html") == "html"


def unavailable(caller: HTTPConnection, detail: str, *, seconds: int = RETRY_SECONDS) -> Response:
    """A refusal that passes.

    Parameters
    ----------
    caller, detail
        As for `refusal`.
    seconds
        After how many seconds to try again.
    """
    response = refusal(caller, 503, detail)
    response.headers["retry-after"] = str(seconds)
    response.headers["cache-control"] = "no-store"
    return response


def add_error_handlers(app: FastAPI) -> None:
    """Turn every error of an application into a problem document or a page."""
    app.add_exception_handler(PatchmapError, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(BusyError, _busy)
    app.add_exception_handler(OSError, _system)


def _refused(request: Request, error: Exception) -> Response:
    if isinstance(error, QuestionError):
        return refusal(request, 400, str(error), option=error.option)
    status = status_of(error) if isinstance(error, PatchmapError) else 500
    return refusal(request, status, str(error))


def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == 404 and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"There is nothing at {request.url.path}; check the address"
    response = refusal(request, error.status_code, detail)
    response.headers.update(error.headers or {})
    return response


def _system(request: Request, error: Exception) -> Response:
    """Say that there is no room for a temporary file; what else the system reports is a fault."""
    if not is_out_of_room(error):
        raise error
    return refusal(request, STATUS[DiskFullError], _NO_ROOM)


def _busy(request: Request, error: Exception) -> Response:
    seconds = error.seconds if isinstance(error, BusyError) else RETRY_SECONDS
    return unavailable(request, str(error), seconds=seconds)
