"""Connections whose callers must keep sending, and of which there are only so many.

uvicorn waits for the rest of a request for ever, and its files run out. granian does not, but it
starts the application anew in processes of its own, where ours has a store open already.
"""

from __future__ import annotations

import asyncio
import sys
from enum import Enum, auto
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_CONNECTIONS: Final = 4_096
_OWN_FILES: Final = 96
"""Files that are left for the store, for what is being written, and for modules."""

_REFUSAL: Final = b"HTTP/1.1 %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_TIMEOUT: Final = _REFUSAL % b"408 Request Timeout"
_TOO_LARGE: Final = _REFUSAL % b"431 Request Header Fields Too Large"


def most_connections() -> int:
    """How many connections this process can have open."""
    if sys.platform == "win32":  # where sockets are no files
        return MOST_CONNECTIONS
    import resource  # noqa: PLC0415 - it is not on every machine

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(8, min(files - _OWN_FILES, MOST_CONNECTIONS))


class _Stage(Enum):
    NEW = auto()
    HEAD = auto()
    BODY = auto()
    SENT = auto()


class BoundedConnection(HttpToolsProtocol):
    """An HTTP connection that ends when its caller stalls.

    Attributes
    ----------
    head_seconds
        How long the head of a request may take, from the connection or its first byte on.
    body_seconds, body_rate
        How long a body may take: some seconds, and one more for so many bytes.
    write_seconds
        How long a caller may take nothing of an answer.
    idle_seconds
        How long a connection stays open after an answer: longer than a proxy keeps one, 60 s in
        nginx. One that sends on it just as it is closed gets no answer, and its caller a 502.
    most_head_bytes
        How long a head may be.
    most
        How many connections there may be; the oldest that waits for a request makes room.
    is_retiring
        Whether this process ends soon: each connection closes after its next answer.
    """

    head_seconds: ClassVar[float] = 10.0
    body_seconds: ClassVar[float] = 10.0
    body_rate: ClassVar[float] = 10_000.0
    write_seconds: ClassVar[float] = 60.0
    idle_seconds: ClassVar[int] = 75
    most_head_bytes: ClassVar[int] = 65_536
    most: ClassVar[int] = most_connections()
    is_retiring: ClassVar[bool] = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Expect a request, and make room for it."""
        super().connection_made(transport)
        self.timeout_keep_alive = self.idle_seconds
        self._stage = _Stage.NEW
        self._since = self.loop.time()
        self._bytes = 0
        self._due: float | None = self._since + self.head_seconds
        # One timer, which looks at what is due when it fires: a request then costs no timer.
        self._timer: asyncio.TimerHandle | None = self.loop.call_at(self._due, self._look)
        self._write_timer: asyncio.TimerHandle | None = None
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        super().connection_lost(exc)
        for timer in (self._timer, self._write_timer):
            if timer is not None:
                timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on; bytes of a body buy it time, those of a head do not."""
        super().data_received(data)
        if self._stage is _Stage.HEAD:
            self._bytes += len(data)
            if self._bytes > self.most_head_bytes:
                self._refuse(_TOO_LARGE)
        elif self._stage is _Stage.BODY:
            self._bytes += len(data)
            self._due = self._since + self.body_seconds + self._bytes / self.body_rate

    def on_message_begin(self) -> None:
        """Begin to count the time of a head."""
        super().on_message_begin()
        # The time of a first request runs since the connection was made.
        self._enter(_Stage.HEAD, self.head_seconds, anew=self._stage is not _Stage.NEW)

    def on_headers_complete(self) -> None:
        """Begin to count the time of a body."""
        super().on_headers_complete()
        self._enter(_Stage.BODY, self.body_seconds)
        if self.is_retiring and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Expect nothing more: the answer is the service's turn."""
        super().on_message_complete()
        self._enter(_Stage.SENT, None)

    def pause_writing(self) -> None:
        """Wait for the caller to take what was sent, but not for ever."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on, as the caller takes what was sent."""
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is being worked on."""
        idle = self.cycle is None or self.cycle.response_complete
        return idle and self._stage is not _Stage.BODY

    def _enter(self, stage: _Stage, seconds: float | None, *, anew: bool = True) -> None:
        self._stage, self._bytes = stage, 0
        if anew:
            self._since = self.loop.time()
            self._due = None if seconds is None else self._since + seconds
        if self._due is not None and self._timer is None:
            self._timer = self.loop.call_at(self._due, self._look)

    def _look(self) -> None:
        """End the connection if what was due has not come."""
        self._timer = None
        if self._due is None or self.transport.is_closing():
            return
        if self._stage is _Stage.BODY and self.flow.read_paused:
            # The service is slow to read, not the caller to send.
            self._due = self.loop.time() + self.body_seconds
        if self.loop.time() < self._due:
            self._timer = self.loop.call_at(self._due, self._look)
        elif self._stage is _Stage.HEAD:
            self._refuse(_TIMEOUT)
        else:
            self.transport.close()

    def _refuse(self, answer: bytes) -> None:
        if self.is_waiting:
            self.transport.write(answer)
        self.transport.close()

    def _make_room(self) -> None:
        """Close the connection that has waited longest for a request; this one if none waits."""
        others = [
            other
            for other in self.connections
            if isinstance(other, BoundedConnection)
            and other is not self
            and other.is_waiting
            and not other.transport.is_closing()
        ]
        oldest = min(others, key=lambda other: other._since, default=self)
        oldest.transport.abort()
