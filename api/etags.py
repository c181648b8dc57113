"""ETags: the data's version, the software's, the format and the Question name an answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import Request, Response

from api.answers import Answers
from api.settings import VERSION


def etag_of(request: Request, version: str, media_type: str, setting: str) -> str:
    """The name of what a request would get now. The host counts, because links carry it."""
    named = "\n".join([version, VERSION, media_type, setting, str(request.url)])
    return f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'


def not_modified_or(
    request: Request,
    answers: Answers,
    make: Callable[[], Response],
    *,
    media_type: str,
    setting: str = "",
    state: str = "",
) -> Response:
    """304 where the caller has the answer of a store already, else the answer with its ETag.

    Parameters
    ----------
    setting
        Whatever of the settings the answer depends on.
    state
        What names the state of the data, where that is less than all of it.
    """
    version = state or str(answers.snapshot().data_version())
    return of_version(request, version, make, media_type=media_type, setting=setting)


def of_version(
    request: Request,
    version: str,
    make: Callable[[], Response],
    *,
    media_type: str,
    setting: str = "",
) -> Response:
    """304 where the caller has the answer already, else the answer with its ETag; none on refusals.

    Parameters
    ----------
    version
        Of the data that the answer is made of.
    setting
        Whatever of the settings the answer depends on.
    """
    etag = etag_of(request, version, media_type, setting)
    known = [
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    ]
    response = Response(status_code=304) if etag in known else make()
    if response.status_code >= 400:
        # What refuses now may answer the next time, though the data is the same.
        response.headers["cache-control"] = "no-store"
        return response
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, no-cache"
    return response
