"""ETags: made of the data that was read, the software's version, the format and the address.

An ETag begins with letters that name the parts of the store that its answer was made of. So a
request that brings an ETag needs no answer to be made to see whether it is still valid, even after
a restart: the same address, read from the same state of the same parts, gives the same answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from fastapi import Request, Response

from api.answers import Answers
from api.identity.identity import identity_of
from api.reads import Part, letters, note, noted, parts_of
from api.ready import ReadyAnswer
from api.retries import made_of_one_state
from api.settings import VERSION
from api.snapshot import Snapshot


def etag_of(request: Request, version: str, media_type: str, setting: str, *, read: str) -> str:
    """Return the ETag of what a request would get now.

    Parameters
    ----------
    version
        Of the data that the answer is made of.
    media_type
        Of the answer.
    setting
        Whatever of the settings the answer depends on.
    read
        Letters of the parts of the store that it is made of.
    """
    # The whole address, with its host: the links of an answer contain it.
    parts = "\n".join([version, VERSION, media_type, setting, str(request.url)])
    return f'"{read}-{hashlib.sha256(parts.encode()).hexdigest()[:32]}"'


def not_modified_or(
    request: Request,
    answers: Answers,
    make: Callable[[], Response],
    *,
    media_type: str,
    setting: str = "",
    reads: Iterable[Part] = (),
    former: ReadyAnswer | None = None,
) -> Response:
    """Return 304 where the caller has the answer of a store already, else the answer.

    Parameters
    ----------
    make
        Makes the answer.
    setting
        Whatever of the settings the answer depends on.
    reads
        Parts of the store that the answer is made of and that no snapshot notes, because they are
        read from the store itself or while the answer is being sent.
    former
        The last answer to such a request: given again where it is still valid.
    """
    # Before the answer is made: should the data change meanwhile, its ETag is outdated at once.
    snapshot = answers.snapshot()
    # Two people may use one browser, and what one of them may do may change.
    setting = f"{setting} {identity_of(request).fingerprint}"

    def tag(parts: frozenset[Part]) -> str:
        version = _version(snapshot, parts)
        return etag_of(request, version, media_type, setting, read=letters(parts))

    def is_valid(known: str) -> bool:
        parts = parts_of(known.strip('"').partition("-")[0])
        return parts is not None and tag(parts) == known

    for known in _known(request):
        if is_valid(known):
            return _named(Response(status_code=304), known)
    if former is not None and is_valid(former.tag):
        return former.response()
    response = made_of_one_state(make)
    note(*reads)
    return _named(response, tag(noted()))


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
    tag = etag_of(request, version, media_type, setting, read="")
    return _named(Response(status_code=304) if tag in _known(request) else make(), tag)


def _version(snapshot: Snapshot, parts: frozenset[Part]) -> str:
    """What names the state of some parts of a store."""
    view = snapshot.view.fingerprint
    states = [f"{part} {snapshot.state[part]}" for part in sorted(parts)]
    return "\n".join([snapshot.data_version().uuid, *states, *([view] if view else [])])


def _known(request: Request) -> list[str]:
    """The ETags of the answers that the caller has."""
    sent = request.headers.get("if-none-match", "").split(",")
    return [tag.strip().removeprefix("W/") for tag in sent if tag.strip()]


def _named(response: Response, tag: str) -> Response:
    if response.status_code >= 400:
        # A refusal may pass: a search that ran out of time may succeed on the same data.
        response.headers["cache-control"] = "no-store"
        return response
    response.headers["etag"] = tag
    response.headers["cache-control"] = "private, no-cache"
    return response
