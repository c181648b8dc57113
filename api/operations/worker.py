"""What a worker does beside serving: it answers its siblings, and ends without losing a request."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Final

import orjson
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.load.connections import BoundedConnection
from api.load.metrics import Family, Metrics
from api.operations.handing_on import PEER, HandingOn
from api.operations.stopping import StoppableServer
from api.operations.workers import WorkerSpec

QUIET_SECONDS: Final = 11.0
"""How long connections without a request are still served: none stays idle for longer."""

FIGURES: Final = "/figures"


class WorkerServer(StoppableServer):
    """The server of one worker, which SIGUSR1 lets end once its requests are answered.

    Parameters
    ----------
    siblings
        Serves requests of the other workers.
    spec
        Which worker it is.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        release: Callable[[], object],
        siblings: uvicorn.Config,
        spec: WorkerSpec,
    ) -> None:
        super().__init__(config, release)
        self._siblings, self._spec = siblings, spec
        self._parent = os.getppid()
        self._retired, self._may_end = 0.0, spec.number > 0
        self._asked_to_retire = 0

    def expect_signals(self) -> None:
        """Let signals stop the server, or retire it."""
        super().expect_signals()
        signal.signal(signal.SIGUSR1, self._ask_to_retire)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal's; the supervisor acts on it

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve callers, and the siblings on a socket of their own."""
        await super().startup(sockets)
        self._siblings.load()
        path = self._spec.socket_of(self._spec.number)
        path.unlink(missing_ok=True)  # of a worker that was here before
        loop = asyncio.get_running_loop()
        self.servers.append(await loop.create_unix_server(self._connection, str(path)))
        self._spec.say_ready()

    def _connection(self) -> BoundedConnection:
        return BoundedConnection(self._siblings, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Look, ten times a second, whether it is time to end."""
        if os.getppid() != self._parent:  # the supervisor was killed
            self.handle_exit(signal.SIGTERM, None)
        self._may_end |= self._asked_to_retire > 1
        if self._asked_to_retire and not self._retired:
            self._retire()
            return await super().on_tick(counter)
        return await super().on_tick(counter) or (self._retired > 0 and self._is_done())

    def _ask_to_retire(self, number: int, frame: FrameType | None) -> None:
        # The signal may come while a connection is being accepted, which would be lost with the
        # socket that it came to: the socket is closed between the events of the loop.
        del number, frame
        self._asked_to_retire += 1

    def _retire(self) -> None:
        self._retired = asyncio.get_running_loop().time()
        BoundedConnection.is_retiring = True
        # The others have the socket too: what waits to be accepted is theirs.
        self.servers[0].close()

    def _is_done(self) -> bool:
        quiet = asyncio.get_running_loop().time() - self._retired > QUIET_SECONDS
        connections = self.server_state.connections
        idle = quiet and all(
            isinstance(one, BoundedConnection) and one.is_waiting for one in connections
        )
        return self._may_end and (idle or not connections) and not self._imports()

    def _imports(self) -> bool:
        """Whether it does what outlasts requests."""
        service: ForSiblings = self._siblings.app  # type: ignore[assignment]  # what it was given
        return bool(service.app.state.data.queue.waiting)


class ForSiblings:
    """ASGI application for the other workers: the service, as if their callers had come here.

    Parameters
    ----------
    metrics
        The figures of this worker.
    """

    def __init__(self, app: FastAPI, metrics: Metrics, number: int) -> None:
        self.app = app
        self._metrics, self._number = metrics, number

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that a sibling hands on."""
        if scope["type"] != "http":
            return
        if scope["path"] == FIGURES:
            await _send_json(
                send, [one.labelled(self._number) for one in await self._metrics.measured()]
            )
            return
        peer = next(value for name, value in scope["headers"] if name == PEER)
        client, scheme = orjson.loads(peer)
        headers = [pair for pair in scope["headers"] if pair[0] != PEER]
        own = {"client": client and tuple(client), "scheme": scheme, "headers": headers}
        await self.app({**scope, **own}, receive, send)


@dataclass(frozen=True)
class Sides:
    """What a worker serves.

    Attributes
    ----------
    callers
        The service for its callers, which hands on what is the first worker's.
    siblings
        The service for what other workers hand on.
    """

    callers: ASGIApp
    siblings: ForSiblings

    @classmethod
    def of(cls, app: FastAPI, spec: WorkerSpec) -> Sides:
        """Return both sides of a service."""
        access = app.state.settings.access
        prefix = access.public_url.prefix if access.public_url else ""
        callers = HandingOn(app, spec.socket_of(0), prefix) if spec.number else app
        return cls(callers, ForSiblings(app, app.state.metrics, spec.number))


async def _send_json(send: Send, families: list[Family]) -> None:
    start: Message = {"type": "http.response.start", "status": 200, "headers": []}
    await send(start)
    await send({"type": "http.response.body", "body": orjson.dumps(families)})
