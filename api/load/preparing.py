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
    renew
        Called where somebody asks for it again.

    Attributes
    ----------
    done
        Set once nothing more is made of it.
    messages
        The answer, whole; none where it was given up.
    """

    def __init__(self, renew: Callable[[], None]) -> None:
        self.renew = renew
        self.done = asyncio.Event()
        self.messages: list[Message] = []
        self._bytes = 0

    def keep(self, message: Message) -> None:
        """Keep a message of the answer for who asks again."""
        self._bytes += len(message.get("body", b""))
        if self._bytes <= _MOST_BYTES:
            self.messages.append(message)

    def finish(self) -> None:
        """Note that nothing more is made of it."""
        whole = bool(self.messages) and not self.messages[-1].get("more_body", False)
        if not whole or self.messages[-1]["type"] != "http.response.body":
            self.messages = []
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

    def of(self, scope: Scope) -> Preparation | None:
        """What is being prepared for just such a request; None where nothing is."""
        return self._all.get(_key(scope)) if self._all and is_opened(scope) else None

    def begin(self, scope: Scope, renew: Callable[[], None]) -> Preparation | None:
        """Keep what is made for a request; None where there is no room for more."""
        if len(self._all) >= _MOST:
            return None
        made = self._all[_key(scope)] = Preparation(renew)
        return made

    def finish(self, scope: Scope, preparation: Preparation) -> None:
        """End a preparation: it is kept for a while for who asks again."""
        preparation.finish()
        asyncio.get_running_loop().call_later(_KEPT_SECONDS, self.drop, scope, preparation)

    def drop(self, scope: Scope, preparation: Preparation) -> None:
        """Forget a preparation: its answer was given, or nobody came for it."""
        key = _key(scope)
        if self._all.get(key) is preparation:
            del self._all[key]


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


def _key(scope: Scope) -> str:
    """Who asks for what: nobody is given what was made for somebody else."""
    host = scope["client"][0] if scope.get("client") else ""
    own = [
        (name, value)
        for name, value in scope["headers"]
        if name not in _VARYING and not name.startswith(_FETCHED)
    ]
    parts = (host, scope["path"], scope["query_string"], sorted(own))
    return hashlib.sha256(repr(parts).encode()).hexdigest()
