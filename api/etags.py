"""ETags: made of the data's version, the software's version, the format and the address."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fastapi import Request, Response

from api.answers import Answers
from api.settings import VERSION


def etag_of(request: Request, version: str, media_type: str, setting: str) -> str:
    """Return the ETag of what a request would get now.

    Parameters
    ----------
    version
        Of the data that the answer is made of.
    media_type
        Of the answer.
    setting
        Whatever of the settings the answer depends on.
    """
    # The whole address, with its host: the links of an answer contain it.
    parts = "\n".join([version, VERSION, media_type, setting, str(request.url)])
    return f'"{hashlib.sha256(parts.encode()).hexdigest()[:32]}"'


def not_modified_or(
    request: Request,
    answers: Answers,
    make: Callable[[], Response],
    *,
    media_type: str,
    setting: str = "",
    state: str = "",
) -> Response:
    """Return 304 where the caller has the answer of a store already, else the answer.

    Parameters
    ----------
    make
        Makes the answer.
    setting
        Whatever of the settings the answer depends on.
    state
        The version of the data that the answer depends on, if that is only part of it.
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
    """Return 304 where the caller has the answer already, else the answer with its ETag.

    Parameters
    ----------
    version
        Of the data that the answer is made of.
    make
        Makes the answer; a refusal gets no ETag.
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
        # A refusal may pass: a search that ran out of time may succeed on the same data.
        response.headers["cache-control"] = "no-store"
        return response
    response.headers["etag"] = etag
    response.headers["cache-control"] = "private, no-cache"
    return response
