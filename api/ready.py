"""Answers that are ready: those that were made before, sent again without a thread.

An answer is ready while the store says, without a wait, that nothing has changed since before it
was made. Once something has, the answer is made anew in a thread, or found to be the same by its
ETag; then it is ready again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Final

from fastapi import Request, Response

from api.identity.audit import is_recorded
from api.identity.identity import identity_of
from geo.question.store_settings import london_day
from geo.store.contract import Store

MOST_ANSWERS: Final = 4_000
MOST_BYTES: Final = 32_000_000
"""What all of them take; the least recently used go first."""

LARGEST: Final = 1_000_000
"""Bytes: a larger answer takes so long to send that a thread more does not matter."""

_NAMING: Final = frozenset({b"etag", b"cache-control", b"vary"})
"""The headers of an answer that 304 repeats."""

Moment = tuple[Hashable, str]
"""The stamp of a store, and the day: from day to day another layer may come into force."""


@dataclass
class ReadyAnswer:
    """An answer as it was sent.

    Attributes
    ----------
    tag
        Its ETag.
    moment
        When it was known to be valid.
    status, headers, body
        What was sent.
    used
        When it was last asked for, in seconds of `time.monotonic`.
    """

    tag: str
    moment: Moment | None
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    used: float

    def response(self) -> Response:
        """Return the answer, to be sent once more."""
        return _Encoded(self)

    def not_modified(self) -> Response:
        """Return that the caller has the answer already."""
        named = tuple(one for one in self.headers if one[0] in _NAMING)
        return _Encoded(replace(self, status=304, headers=named, body=b""))


class _Encoded(Response):
    """A response whose headers are encoded already."""

    def __init__(self, answer: ReadyAnswer) -> None:
        self.status_code, self.body, self.background = answer.status, answer.body, None
        self.raw_headers = [*answer.headers]  # middleware adds its own to this very list


class ReadyAnswers:
    """The latest answers of a service, by all that they depend on beside the store.

    Parameters
    ----------
    store
        What the answers are made of.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, ReadyAnswer] = OrderedDict()
        self._bytes = 0

    def place_of(self, request: Request, setting: Hashable) -> ReadyPlace:
        """Where the answer to a request is kept.

        Parameters
        ----------
        request
            Reads a page or document.
        setting
            What the answer depends on beside the store, the address, the format and the caller.

        Returns
        -------
        ReadyPlace
            Of this moment: it must be asked for before the store is read.
        """
        scope, headers = request.scope, request.headers
        key = (
            *(scope["scheme"], headers.get("host"), scope["path"], scope["query_string"]),
            *(headers.get("accept"), identity_of(request), setting),
        )
        stamp = self._store.stamp()
        moment = None if stamp is None else (stamp, london_day())
        return ReadyPlace(self, key, moment)

    def get(self, key: Hashable) -> ReadyAnswer | None:
        """Return the answer at a place, valid or not."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                answer.used = time.monotonic()
                self._answers.move_to_end(key)
            return answer

    def put(self, key: Hashable, answer: ReadyAnswer) -> None:
        """Put an answer at a place."""
        with self._lock:
            self._remove(key)
            self._answers[key] = answer
            self._bytes += len(answer.body)
            while self._bytes > MOST_BYTES or len(self._answers) > MOST_ANSWERS:
                self._remove(next(iter(self._answers)))

    def entries(self) -> list[tuple[float, Hashable, object]]:
        """When each answer was last asked for, its place, and the answer."""
        with self._lock:
            return [(one.used, key, one) for key, one in self._answers.items()]

    def drop(self, key: Hashable) -> None:
        """Forget an answer."""
        with self._lock:
            self._remove(key)

    def _remove(self, key: Hashable) -> None:
        former = self._answers.pop(key, None)
        self._bytes -= len(former.body) if former else 0


@dataclass(frozen=True)
class ReadyPlace:
    """Where the answer to one request is kept.

    Attributes
    ----------
    answers
        All of them.
    key
        Names the place.
    moment
        When the request came; None where the store cannot tell without a wait.
    """

    answers: ReadyAnswers
    key: Hashable
    moment: Moment | None

    def former(self) -> ReadyAnswer | None:
        """Return the last answer to such a request, valid or not."""
        return self.answers.get(self.key)

    def ready(self, known: str | None) -> Response | None:
        """Return the answer where it is valid still.

        Parameters
        ----------
        known
            The header If-None-Match; where it names any other answer, the ETags must be compared.

        Returns
        -------
        fastapi.Response
            The answer, or 304; None where it takes a thread to tell.
        """
        answer = self.former()
        if answer is None or answer.moment is None or answer.moment != self.moment:
            return None
        if known is None:
            return answer.response()
        return answer.not_modified() if known.removeprefix("W/") == answer.tag else None

    def keep(self, request: Request, response: Response) -> None:
        """Keep an answer, unless it is large or must be recorded each time that it is given."""
        tag = response.headers.get("etag")
        # A file is sent from its own place, part by part.
        if type(response) not in (Response, _Encoded) or tag is None or is_recorded(request):
            return
        body = bytes(response.body)
        if response.status_code not in (200, 204) or len(body) > LARGEST:
            return
        headers = tuple(response.raw_headers)
        self.answers.put(
            self.key,
            ReadyAnswer(tag, self.moment, response.status_code, headers, body, time.monotonic()),
        )
