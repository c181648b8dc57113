"""A worker that retires while a connection is being accepted: the connection is answered."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn
from starlette.responses import PlainTextResponse

from api.load.connections import BoundedConnection
from api.operations.worker import WorkerServer
from api.operations.workers import WorkerSpec
from tests.services import free_port


class _SignalledConnection(BoundedConnection):
    """The signal to retire comes once a connection was accepted and before it is made."""

    def __init__(self, *given: object, **named: object) -> None:
        signal.raise_signal(signal.SIGUSR1)
        super().__init__(*given, **named)  # type: ignore[arg-type]


@pytest.fixture
def _no_loop_runs() -> Iterator[None]:
    """In a process that has shown pages before, the browser's loop stays that of this thread."""
    running = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    yield
    asyncio._set_running_loop(running)


@pytest.mark.usefixtures("_no_loop_runs")
@pytest.mark.parametrize("loop", ["uvloop", "asyncio"])
def test_a_connection_being_accepted_is_answered(
    loop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "is_retiring", False)
    port = free_port()
    listener = socket.create_server(("127.0.0.1", port))

    # What it asks of the service before it ends: whether an import still runs.
    data = SimpleNamespace(queue=SimpleNamespace(waiting=0))
    app = PlainTextResponse("answered")
    app.app = SimpleNamespace(state=SimpleNamespace(data=data))
    settings = {"lifespan": "off", "log_config": None}
    config = uvicorn.Config(app, loop=loop, http=_SignalledConnection, **settings)
    siblings = uvicorn.Config(app, **settings)
    spec = WorkerSpec(1, 2, listener.fileno(), -1, tmp_path)
    server = WorkerServer(config, lambda: None, siblings, spec)

    def ask() -> bytes:
        with socket.create_connection(("127.0.0.1", port), 60) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return b"".join(iter(lambda: connection.recv(65_536), b""))

    before = {one: signal.getsignal(one) for one in signal.Signals if one.name.startswith("SIG")}
    server.expect_signals()
    try:
        with ThreadPoolExecutor(1) as others:
            answer = others.submit(ask)
            server.serve_until_stopped(listener)
            assert answer.result().endswith(b"answered")
    finally:
        for one, handler in before.items():
            if one not in {signal.SIGKILL, signal.SIGSTOP} and handler is not None:
                signal.signal(one, handler)
    assert BoundedConnection.is_retiring
