"""Hands requests on between the workers of a service, over sockets that only they can reach.

Uploads and the progress of imports are in the memory of one worker, the first. Whichever worker
accepts a request for them hands it on: all of `/data` is answered by that one, and `/retention`,
which removes uploads that may hold what is erased. So is `/planner/live`: who has a plan open is
kept in memory alone, and everybody is to see everybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httptools
import orjson
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import unavailable
from api.load.metrics import Family

PEER: Final = b"x-patchmap-worker-peer"
"""The header in which the caller's address goes along; it is read on these sockets alone."""

HANDED_ON: Final = ("/data", "/retention", "/planner/live")
_STARTING: Final = "part of the service is starting; try again in a moment"
_TRIES: Final = 30
_TRY_SECONDS: Final = 0.1
_BYTES: Final = 65_536
_OWN: Final = frozenset({b"connection", b"expect", b"keep-alive", b"transfer-encoding", PEER})
_OWN_OF_ANSWERS: Final = frozenset({b"connection", b"date", b"keep-alive", b"transfer-encoding"})
"""Headers of one connection alone, and what the worker that hands the answer on adds itself."""

Headers = list[tuple[bytes, bytes]]


class HandingOn:
    """ASGI middleware, outermost of all, of a worker that is not the first.

    Parameters
    ----------
    first
        The socket of the first worker.
    prefix
        The path that all addresses of the service begin with.
    """

    def __init__(self, app: ASGIApp, first: Path, prefix: str = "") -> None:
        self.app = app
        self._first, self._prefix = first, prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http" or not self._is_for_the_first(scope["path"]):
            await self.app(scope, receive, send)
            return
        try:
            reader, writer = await _connected(self._first)
        except OSError:
            await unavailable(HTTPConnection(scope), _STARTING)(scope, receive, send)
            return
        answer = _Answer(reader, is_bodiless=scope["method"] == "HEAD")
        sending = asyncio.create_task(_send_request(scope, receive, writer))
        try:
            await answer.pass_on(send)
        except ConnectionError:
            # Part of an answer must not pass for all of it: without its end the connection breaks.
            if not answer.has_begun:
                await unavailable(HTTPConnection(scope), _STARTING)(scope, receive, send)
        finally:
            sending.cancel()
            writer.close()

    def _is_for_the_first(self, path: str) -> bool:
        inside = path.removeprefix(self._prefix)
        return any(inside == own or inside.startswith(f"{own}/") for own in HANDED_ON)


async def _connected(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a worker, which may be about to listen."""
    for _ in range(_TRIES):
        with suppress(OSError):
            return await asyncio.open_unix_connection(str(path))
        await asyncio.sleep(_TRY_SECONDS)
    return await asyncio.open_unix_connection(str(path))


async def _send_request(scope: Scope, receive: Receive, writer: asyncio.StreamWriter) -> None:
    """Send a request as it comes in; close the connection when its caller leaves."""
    chunked = b"transfer-encoding" in dict(scope["headers"])
    writer.write(_head(scope, chunked=chunked))
    while (message := await receive())["type"] == "http.request":
        body = message.get("body", b"")
        more = message.get("more_body", False)
        with suppress(ConnectionError):
            if chunked:
                writer.write(b"%x\r\n%b\r\n" % (len(body), body) if body else b"")
                writer.write(b"" if more else b"0\r\n\r\n")
            else:
                writer.write(body)
            await writer.drain()
    writer.transport.abort()


def _head(scope: Scope, *, chunked: bool) -> bytes:
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    peer = orjson.dumps([scope.get("client"), scope["scheme"]])
    headers = [pair for pair in scope["headers"] if pair[0] not in _OWN]
    headers += [(PEER, peer), (b"connection", b"close")]
    headers += [(b"transfer-encoding", b"chunked")] if chunked else []
    lines = [b"%b: %b\r\n" % pair for pair in headers]
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (scope["method"].encode(), target, b"".join(lines))


class _Answer:
    """An answer as it comes back, by the callbacks of its parser."""

    def __init__(self, reader: asyncio.StreamReader, *, is_bodiless: bool = False) -> None:
        self._reader, self._is_bodiless = reader, is_bodiless
        self._parser: Any = httptools.HttpResponseParser(self)
        self.headers: Headers = []
        self._body: list[bytes] = []
        self._has_head = self.is_complete = self.has_begun = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Note that the head is complete."""
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._body.append(body)

    def on_message_complete(self) -> None:
        """Note that all of it is there."""
        self.is_complete = True

    @property
    def status(self) -> int:
        """Its status."""
        return int(self._parser.get_status_code())

    async def parts(self) -> AsyncIterator[bytes]:
        """Yield the body as it arrives, once the head is there.

        Raises
        ------
        ConnectionError
            If it breaks off.
        """
        while data := await self._reader.read(_BYTES):
            self._parser.feed_data(data)
            if self._has_head:
                yield b"".join(self._body)
                self._body.clear()
        if not (self.is_complete or (self._has_head and self._is_bodiless)):
            raise ConnectionError("the worker ended during a request")

    async def pass_on(self, send: Send) -> None:
        """Send it to the caller."""
        async for body in self.parts():
            if not self.has_begun:
                self.has_begun = True
                headers = [pair for pair in self.headers if pair[0] not in _OWN_OF_ANSWERS]
                start = {"type": "http.response.start", "status": self.status, "headers": headers}
                await send(start)
            await send({"type": "http.response.body", "body": body, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def figures_of(sockets: Sequence[Path]) -> list[Family]:
    """Return the figures of other workers; of one that does not answer, none."""
    answers = await asyncio.gather(*(_figures(path) for path in sockets), return_exceptions=True)
    return [Family(*fields) for answer in answers if isinstance(answer, list) for fields in answer]


async def _figures(path: Path) -> list[Sequence[Any]]:
    async with asyncio.timeout(5):
        reader, writer = await asyncio.open_unix_connection(str(path))
        try:
            writer.write(b"GET /figures HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            body = b"".join([part async for part in _Answer(reader).parts()])
        finally:
            writer.close()
    families: list[Sequence[Any]] = [
        (one["name"], one["kind"], one["text"], one["samples"]) for one in orjson.loads(body)
    ]
    return families
