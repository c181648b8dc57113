"""Callers who stall in the middle of a request or an answer, and connections without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from api.load.connections import BoundedConnection, most_connections
from tests.loops import run_async

PATIENCE = 120.0
HEAD = b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n"
POST = b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n"

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


class Impatient(BoundedConnection):
    """A connection whose callers must be quick."""

    head_seconds = 0.2
    body_seconds = 0.2
    write_seconds = 0.2
    most = 4


class Patient(BoundedConnection):
    """A connection that only its numbers end."""

    most = 4


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the length of the body; `/large` with more than the connection buffers."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message["body"])
        more = message["more_body"]
    body = b"x" * 50_000_000 if scope["path"] == "/large" else str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [
        (b"content-length", str(len(body)).encode())]})  # fmt: skip
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(
    kind: type[BoundedConnection], application: Any = app
) -> AsyncIterator[tuple[Connect, ServerState]]:
    config = uvicorn.Config(application, log_config=None, access_log=False, http=kind)
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: kind(config, state, {}), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield lambda: asyncio.open_connection("127.0.0.1", port), state
    finally:
        server.close()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(test(), PATIENCE)

    run_async(bounded())


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (HEAD, b"HTTP/1.1 408 "),
        (POST % 10 + b"half", b""),
        (HEAD + b"\r\n" + HEAD, b"HTTP/1.1 200 OK"),  # half of a second request
    ],
)
def test_who_stalls_is_let_go(sent: bytes, answer: bytes) -> None:
    async def test() -> None:
        async with served(Impatient) as (connect, state):
            reader, writer = await connect()
            writer.write(sent)
            got = await reader.read()
            assert got.startswith(answer)
            assert bool(got) == bool(answer)
            assert (b"408" in got) == (HEAD in sent)
            assert not state.connections

    run(test)


class Idle(BoundedConnection):
    """A connection that is soon closed after an answer."""

    idle_seconds = 1


def test_a_connection_is_kept_for_longer_than_a_proxy_keeps_it() -> None:
    async def test() -> None:
        for kind, open_after in ((Idle, False), (BoundedConnection, True)):
            async with served(kind) as (connect, _):
                reader, writer = await connect()
                writer.write(HEAD + b"\r\n")
                await reader.readuntil(b"\r\n\r\n0")
                further = asyncio.ensure_future(reader.read())
                await asyncio.wait([further], timeout=PATIENCE if kind is Idle else 1.5)
                assert further.done() is not open_after
                further.cancel()
                writer.close()

    run(test)
    assert BoundedConnection.idle_seconds > 60


def test_a_head_that_drips_is_let_go() -> None:
    async def test() -> None:
        async with served(Impatient) as (connect, _):
            reader, writer = await connect()
            ended, began = asyncio.ensure_future(reader.read()), False
            while not ended.done():
                writer.write(b"x: y\r\n" if began else HEAD)
                began = True
                await asyncio.wait([ended], timeout=0.05)

    run(test)


def test_a_body_may_take_long_while_it_comes_or_while_it_is_not_read() -> None:
    may_read = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        await may_read.wait()
        await app(scope, receive, send)

    async def test() -> None:
        async with served(Impatient, slow) as (connect, state):
            reader, writer = await connect()
            writer.write(POST % 400_000 + b"x" * 400_000)
            (connection,) = await _connections(state)
            first = connection._timer
            while connection._timer in (first, None):  # it has looked, and waits on
                await asyncio.sleep(0)
            may_read.set()
            assert (await reader.readuntil(b"400000")).startswith(b"HTTP/1.1 200")
            writer.close()

    run(test)


async def _connections(state: ServerState) -> list[Any]:
    while not state.connections:
        await asyncio.sleep(0)
    return list(state.connections)


def test_who_takes_nothing_of_an_answer_is_let_go() -> None:
    async def test() -> None:
        async with served(Impatient) as (connect, state):
            reader, writer = await connect()
            writer.write(HEAD.replace(b"/ ", b"/large ") + b"\r\n")
            await _connections(state)
            while state.connections:
                await asyncio.sleep(0.01)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(50_000_000)

    run(test)


def test_a_head_without_end_is_refused() -> None:
    async def test() -> None:
        async with served(Patient) as (connect, _):
            reader, writer = await connect()
            writer.write(HEAD)
            ended = asyncio.ensure_future(reader.read())
            while not ended.done():
                writer.write(b"x-more: %s\r\n" % (b"y" * 8_000))
                await asyncio.wait([ended], timeout=0.01)
            assert (await ended).startswith(b"HTTP/1.1 431 ")

    run(test)


def test_where_there_are_too_many_the_oldest_that_waits_makes_room() -> None:
    async def test() -> None:
        async with served(Patient) as (connect, state):
            half_open = []
            for number in range(1, 5):
                half_open.append(await connect())
                half_open[-1][1].write(HEAD)
                while len(state.connections) < number:
                    await asyncio.sleep(0)
            reader, writer = await connect()
            writer.write(HEAD + b"\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await half_open[0][0].readexactly(1)
            for one in half_open[1:]:
                one[1].write(b"\r\n")
                assert (await one[0].readline()).startswith(b"HTTP/1.1 200")
            for _, each in (*half_open, (reader, writer)):
                each.close()

    run(test)


def test_connections_leave_files_for_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    for files, most in ((256, 160), (64, 8), (100_000, 4_096), (resource.RLIM_INFINITY, 4_096)):
        monkeypatch.setattr(resource, "getrlimit", lambda _, files=files: (files, files))
        assert most_connections() == most
