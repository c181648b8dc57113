"""The outermost layer of the service: every request becomes a call with an id, a deadline, an end.

It notices callers who leave, answers for what takes too long, and logs each fault once.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.addresses import path_inside
from api.calls import Call, CallerLeftError, OverdueError, serving_call
from api.errors import FAILED, refusal, unavailable
from api.identity.identity import IDENTITY, Identity
from api.load.allocator import MemoryReturn
from api.load.log import log, log_request
from api.load.metrics import NO_ROUTE, Metrics
from api.load.preparing import (
    Preparation,
    Preparations,
    is_opened,
    preparing_page,
    without_validators,
)
from api.settings import PATIENCE_S
from geo.checkpoints import StoppedError

REQUEST_ID: Final = "x-request-id"
LEFT: Final = 499
"""The status in the log of a request whose caller left before the answer began."""

_WATCH_AFTER: Final = 0.05
"""Seconds until it is watched whether the caller is still there: most answers are made by then."""

_INCIDENT: Final = re.compile(r"(/incidents/items/).*")
"""The id of an incident is its publisher's, or that of a crime in the books of the police."""

_EVENTS: Final = "text/event-stream"
_NOTED: Final = "patchmap.noted"
_STATIC: Final = "/static/"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, and have no body."""


class Lifecycle:
    """ASGI middleware that makes a call of each request.

    Parameters
    ----------
    guard
        Wraps the answers that are made here as all others are wrapped.
    seconds
        How long a caller may wait for the beginning, or for the next part, of an answer.
    metrics
        Counts the requests.
    patience
        After how many seconds who opens a page reads that it is being prepared.
    """

    def __init__(
        self,
        app: ASGIApp,
        guard: Callable[[ASGIApp], ASGIApp],
        *,
        seconds: float,
        metrics: Metrics,
        patience: float = PATIENCE_S,
    ) -> None:
        self.app = app
        self._guard, self._seconds = guard, seconds
        self._patience, self._preparations = patience, Preparations()
        self._metrics = metrics
        self._memory = MemoryReturn()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # Layers below pass on copies of the scope, but all of them share this.
        scope = {**scope, _NOTED: {}}
        exchange = _Exchange(
            Call(_caller(scope)),
            scope,
            receive,
            send,
            preparations=self._preparations,
            memory=self._memory,
        )
        with serving_call(exchange.call):
            exchange.start(self._guard, self._seconds)
            try:
                if not await self._answered_before(exchange):
                    exchange.prepare_after(self._patience)
                    await self._answer(exchange)
                # Also where an answer was made after all: it came too late to be sent.
                await exchange.settle()
            finally:
                exchange.finish(self._metrics)

    async def _answered_before(self, exchange: _Exchange) -> bool:
        """Whether the caller asks again for a page, and was given it or has to wait for it."""
        made = self._preparations.of(exchange.scope)
        if made is None:
            return False
        if not await made.wait(self._patience):
            await self._guard(preparing_page())(exchange.scope, exchange.receive, exchange.send)
            return True
        self._preparations.drop(made)
        for message in made.messages:
            await exchange.send(dict(message))
        # Meanwhile they were sent another page, which may have taken the place of their copy.
        exchange.scope = without_validators(exchange.scope)
        return bool(made.messages)

    async def _answer(self, exchange: _Exchange) -> None:
        scope = exchange.scope
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except (ClientDisconnect, StoppedError):
            pass
        except Exception as fault:  # noqa: BLE001 - the one place that reports what nobody caught
            log.error("%s %s failed", scope["method"], scope["path"], exc_info=fault)
            await exchange.fail()


def _caller(scope: Scope) -> str:
    """Who makes a request: all share this machine's address, so the program tells them apart."""
    client = scope.get("client")
    return f"{client[0] if client else ''} {Headers(scope=scope).get('user-agent', '')}"


class NotingCall:
    """ASGI middleware, innermost of all, that notes whose request it is and for which route."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the routes then write into its scope."""
        try:
            await self.app(scope, receive, send)
        finally:
            noted = scope.get(_NOTED, {})
            noted.update((key, scope[key]) for key in ("route", IDENTITY) if key in scope)


def _route(scope: Scope) -> str:
    """The pattern of the address that a request was found to match."""
    noted: Scope = scope[_NOTED]
    if "route" not in noted and path_inside(scope).startswith(_STATIC):
        return _STATIC
    return str(getattr(noted.get("route"), "path", NO_ROUTE))


def _named_path(scope: Scope) -> str:
    """The address of a request, without what names a single incident: that is personal."""
    return _INCIDENT.sub(r"\1…", scope["path"])


def _identity(scope: Scope) -> str:
    """Who made a request, as the service knows them; '' where it was refused before that."""
    identity: Identity | None = scope[_NOTED].get(IDENTITY)
    return "" if identity is None else identity.name or identity.way


class _Exchange:
    """The messages of one call."""

    def __init__(
        self,
        call: Call,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        preparations: Preparations,
        memory: MemoryReturn,
    ) -> None:
        self.call = call
        self._memory, self._is_work = memory, True
        self.scope, self._receive, self._send = scope, receive, send
        self._status, self._bytes = 0, 0
        self._complete = False
        self._body_read = scope["method"] in _SAFE
        self._first_message: Message | None = None
        if self._body_read:
            self._first_message = {"type": "http.request", "body": b"", "more_body": False}
        self._left = asyncio.Event()
        self._watcher: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._preparations = preparations
        self._expected: Preparation | None = None
        self._preparation: Preparation | None = None
        self._prepare_timer: asyncio.TimerHandle | None = None
        self._began = time.perf_counter()
        self._extended = 0

    def start(self, guard: Callable[[ASGIApp], ASGIApp], seconds: float) -> None:
        """Begin to count the time, and to watch whether the caller is still there."""
        self._memory.begin()
        self._guard, self._seconds = guard, seconds
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + seconds
        self._deadline = self._loop.call_at(self._due, self._expire)
        self._watch_timer = self._loop.call_later(_WATCH_AFTER, self._watch)

    def prepare_after(self, patience: float) -> None:
        """Say after some seconds that the page is being prepared, where a person opens one."""
        if patience < self._seconds and is_opened(self.scope):
            self._expected = self._preparations.expect(self.scope, self._renew)
            self._prepare_timer = self._loop.call_later(patience, self._prepare, self._expected)

    async def receive(self) -> Message:
        """Give the application the next message of the caller."""
        if self._first_message is not None:
            message, self._first_message = self._first_message, None
            return message
        if self._body_read:
            self._watch()
            await self._left.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._due = self._loop.time() + self._seconds
        if message["type"] == "http.disconnect":
            self._leave()
        elif not message.get("more_body", False):
            self._body_read = True
        return message

    async def send(self, message: Message) -> None:
        """Send the caller a message, unless they were refused already because it takes too long."""
        if self._telling is None:
            await self._pass_on(message)
        elif self._preparation is not None:
            self._preparation.keep(dict(message))

    async def settle(self) -> None:
        """Wait until the caller was refused, where it takes too long."""
        if self._telling is not None:
            await self._telling

    async def fail(self) -> None:
        """Tell the caller that the service failed, if they have no answer and get none."""
        if not self._status and self._telling is None:
            answer = refusal(HTTPConnection(self.scope), 500, FAILED)
            await self._guard(answer)(self.scope, self.receive, self._pass_on)

    def finish(self, metrics: Metrics) -> None:
        """End the call, count it, and write its line to the log.

        Parameters
        ----------
        metrics
            Count it.
        """
        self._deadline.cancel()
        self._watch_timer.cancel()
        if self._prepare_timer is not None:
            self._prepare_timer.cancel()
        if self._expected is not None:
            self._preparations.finish(self._expected)
        if self._watcher is not None:
            self._watcher.cancel()
        left = isinstance(self.call.ended, CallerLeftError)
        seconds = time.perf_counter() - self._began
        status = self._status or (LEFT if left else 500)
        metrics.count(self.scope["method"], _route(self.scope), status, seconds)
        log_request(
            method=self.scope["method"],
            path=_named_path(self.scope),
            status=status,
            ms=round(seconds * 1000, 1),
            bytes=self._bytes,
            identity=_identity(self.scope),
        )
        self._end_work(seconds)

    async def _pass_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.scope["method"] not in _SAFE:
                # Before its caller reads that it was done, and opens a page that shows it.
                self._preparations.drop_of(self.scope)
            self._status = message["status"]
            self.call.streaming = True
            headers = MutableHeaders(scope=message)
            headers[REQUEST_ID] = self.call.id
            if headers.get("content-type", "").startswith(_EVENTS):
                # It waits for news as long as its page is open.
                self._end_work(0.0)
        else:
            self._bytes += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
        await self._send(message)
        self._due = self._loop.time() + self._seconds

    def _end_work(self, seconds: float) -> None:
        if self._is_work:
            self._is_work = False
            self._memory.end(seconds)

    def _leave(self) -> None:
        self._left.set()
        if not self._complete:
            self.call.end(CallerLeftError("the caller left"))

    def _watch(self) -> None:
        if self._watcher is None and self._body_read:
            self._watcher = self._loop.create_task(self._await_leaving())

    async def _await_leaving(self) -> None:
        # What a caller sends after the request itself is no part of it.
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _prepare(self, expected: Preparation) -> None:
        """Say that the page is being prepared, unless its answer has begun or nobody waits."""
        if self._status or self.call.ended:
            return
        if self._preparations.begin(expected):
            self._preparation = expected
            self._telling = self._loop.create_task(self._tell_preparing())

    def _renew(self) -> None:
        self._due = self._loop.time() + self._seconds

    async def _tell_preparing(self) -> None:
        await self._guard(preparing_page())(self.scope, self.receive, self._pass_on)
        # Its own answer has not begun: it is worked out like all others.
        self.call.streaming = False

    def _expire(self) -> None:
        """Give the call up if it is due; else wait until it is."""
        if self._extended != self.call.extended:
            self._extended = self.call.extended
            self._due = self._loop.time() + self._seconds
        if self._loop.time() < self._due:
            self._deadline = self._loop.call_at(self._due, self._expire)
            return
        error = OverdueError(
            f"this takes longer than {self._seconds:g} seconds here; ask for fewer areas, larger "
            "cells or a shorter period, or try again"
        )
        if not self._status:
            # The thread that works on it may be deep in a long stage: the caller is answered now.
            self._telling = self._loop.create_task(self._tell(error))
        self.call.end(error)

    async def _tell(self, error: OverdueError) -> None:
        answer = unavailable(HTTPConnection(self.scope), str(error))
        await self._guard(answer)(self.scope, self.receive, self._pass_on)
