"""Pages that take long: their callers read that the page is being prepared, and it opens by itself.

A page that is not there after some seconds goes on being made while its caller reads so. The page
that says it asks again by itself, without a script, and is given what was made meanwhile. As long
as somebody asks again the work goes on, however slow the machine; else it ends.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, QueryParams
from starlette.responses import Response
from starlette.types import Message, Scope

from api.errors import TEMPLATES, reads_pages
from api.settings import VERSION

AGAIN_SECONDS: Final = 3
"""After how long a page that is being prepared is asked for again."""

_KEPT_SECONDS: Final = 30.0
"""How long a page that was made is kept for the one who reads that it is being prepared."""

_NOT_MODIFIED: Final = 304

_MOST: Final = 64
_MOST_BYTES: Final = 16_000_000
"""A larger page is not kept: it is made anew of what is cached by then."""

_VARYING: Final = (
    *(b"cache-control", b"pragma", b"referer", b"if-none-match", b"priority"),
    *(b"connection", b"keep-alive", b"upgrade-insecure-requests"),
)
_FETCHED: Final = b"sec-fetch-"
"""Headers in which asking again may differ from asking first."""

_OPENED: Final = ("", "document", "iframe")


class Preparation:
    """A page that goes on being made.

    Parameters
    ----------
    scope
        The request that it answers.
    renew
        Called where somebody asks for it again.

    Attributes
    ----------
    done
        Set once nothing more is made of it.
    is_outdated
        Whether its caller changed something since they asked for it.
    """

    def __init__(self, scope: Scope, renew: Callable[[], None]) -> None:
        self.key, self.owner = _key(scope), _owner(scope)
        self.renew = renew
        self.is_outdated = False
        self.done = asyncio.Event()
        self._messages: list[Message] = []
        self._bytes = 0

    @property
    def messages(self) -> list[Message]:
        """The answer, whole; none where it was given up, or is outdated.

        Nor where it says that the caller has the page already: by now they read another one.
        """
        if self.is_outdated or not self._messages:
            return []
        first, last = self._messages[0], self._messages[-1]
        is_whole = last["type"] == "http.response.body" and not last.get("more_body", False)
        return self._messages if is_whole and first["status"] != _NOT_MODIFIED else []

    def keep(self, message: Message) -> None:
        """Keep a message of the answer for who asks again."""
        self._bytes += len(message.get("body", b""))
        if self._bytes <= _MOST_BYTES:
            self._messages.append(message)

    def finish(self) -> None:
        """Note that nothing more is made of it."""
        self.done.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has come."""
        self.renew()
        try:
            await asyncio.wait_for(self.done.wait(), seconds)
        except TimeoutError:
            return False
        return True


class Preparations:
    """The pages that are being prepared, by who asks for what."""

    def __init__(self) -> None:
        self._all: dict[str, Preparation] = {}
        self._asked_for: set[Preparation] = set()

    def of(self, scope: Scope) -> Preparation | None:
        """What is being prepared for just such a request; None where nothing is.

        Whoever asks for a page past all caches shares what is being made, not what was made before.
        """
        made = self._all.get(_key(scope)) if self._all and is_opened(scope) else None
        if made and made.done.is_set() and _asks_anew(scope):
            self.drop(made)
            return None
        return made

    def expect(self, scope: Scope, renew: Callable[[], None]) -> Preparation:
        """Note a page that somebody asks for, which may have to be prepared."""
        expected = Preparation(scope, renew)
        self._asked_for.add(expected)
        return expected

    def begin(self, preparation: Preparation) -> bool:
        """Keep what is made from now on; False where there is no room for more."""
        if len(self._all) >= _MOST:
            return False
        if not preparation.is_outdated:
            self._all[preparation.key] = preparation
        return True

    def finish(self, preparation: Preparation) -> None:
        """End a preparation: what was begun is kept for a while for who asks again."""
        preparation.finish()
        self._asked_for.discard(preparation)
        if self._all.get(preparation.key) is preparation:
            asyncio.get_running_loop().call_later(_KEPT_SECONDS, self.drop, preparation)

    def drop(self, preparation: Preparation) -> None:
        """Forget a preparation: its answer was given, or nobody came for it."""
        if self._all.get(preparation.key) is preparation:
            del self._all[preparation.key]

    def drop_of(self, scope: Scope) -> None:
        """Forget all that was made for the caller of a request that changes something."""
        owner = _owner(scope)
        for preparation in {*self._asked_for, *self._all.values()}:
            if preparation.owner == owner:
                preparation.is_outdated = True
                self.drop(preparation)


def is_opened(scope: Scope) -> bool:
    """Whether a request is that of a person who opens a page, which can ask again by itself."""
    headers = Headers(scope=scope)
    return (
        scope["method"] == "GET"
        and headers.get("sec-fetch-dest", "") in _OPENED
        and reads_pages(headers, QueryParams(scope["query_string"]))
    )


def preparing_page() -> Response:
    """The page that says that another one is being prepared, and asks for that again."""
    text = TEMPLATES.get_template("preparing.html").render(seconds=AGAIN_SECONDS, version=VERSION)
    response = Response(text, status_code=202, media_type="text/html")
    response.headers["retry-after"] = str(AGAIN_SECONDS)
    response.headers["cache-control"] = "no-store"
    response.headers["vary"] = "accept"
    return response


def without_validators(scope: Scope) -> Scope:
    """A request that is answered with the page itself, whatever its caller had before."""
    headers = [pair for pair in scope["headers"] if pair[0] != b"if-none-match"]
    return {**scope, "headers": headers}


def _asks_anew(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    return "no-cache" in f"{headers.get('cache-control', '')} {headers.get('pragma', '')}".lower()


def _owner(scope: Scope) -> tuple[str, ...]:
    """Who makes a request, by their address and what they sign in with."""
    headers = Headers(scope=scope)
    return (_host(scope), headers.get("cookie", ""), headers.get("authorization", ""))


def _host(scope: Scope) -> str:
    return scope["client"][0] if scope.get("client") else ""


def _key(scope: Scope) -> str:
    """Who asks for what: nobody is given what was made for somebody else."""
    own = [
        (name, value)
        for name, value in scope["headers"]
        if name not in _VARYING and not name.startswith(_FETCHED)
    ]
    parts = (_host(scope), scope["path"], scope["query_string"], sorted(own))
    return hashlib.sha256(repr(parts).encode()).hexdigest()
