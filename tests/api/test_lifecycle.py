"""What becomes of a request: its id, its line in the log, its end when the caller leaves."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.responses import PlainTextResponse, StreamingResponse

from api.calls import BusyError, current_call
from api.load import log as service_log
from api.load.lifecycle import Lifecycle
from api.load.metrics import Metrics
from api.service import new_service
from geo.checkpoints import StoppedError, checkpoint
from tests.loops import run_async

HERE: dict[str, Any] = {"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50_000)}


@pytest.fixture(params=["json"])
def lines(request: pytest.FixtureRequest) -> Iterator[Callable[[], list[str]]]:
    """The lines of the log so far; every request has one."""
    loggers = [logging.getLogger(name) for name in ("patchmap", "patchmap.requests", "uvicorn")]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    written = io.StringIO()
    service_log.set_up(request.param, written)
    yield lambda: written.getvalue().splitlines()
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def service(seconds: float = 60.0) -> FastAPI:
    return new_service(compression=1, seconds=seconds)


def test_a_refusal_a_header_and_a_line_bear_the_same_id(lines: Callable[[], list[str]]) -> None:
    response = TestClient(service(), **HERE).get("/nowhere?secret=1")
    (line,) = [json.loads(text) for text in lines()]
    assert response.json()["request_id"] == response.headers["x-request-id"] == line["request_id"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/nowhere", 404)
    assert line["bytes"] == len(response.content)
    assert line["ms"] >= 0


def test_each_request_has_an_id_of_its_own() -> None:
    client = TestClient(service(), **HERE)
    ids = {client.get("/healthz").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3
    refused = TestClient(service(), base_url="http://elsewhere").get("/healthz")
    assert refused.status_code == 403
    assert refused.json()["request_id"] == refused.headers["x-request-id"]


def test_a_fault_is_logged_once_with_its_trace_and_shown_without(
    lines: Callable[[], list[str]],
) -> None:
    app = service()

    @app.get("/fault")
    def fault() -> None:
        raise ZeroDivisionError("of our own")

    response = TestClient(app, **HERE).get("/fault")
    traced, line = [json.loads(text) for text in lines()]
    assert response.status_code == line["status"] == 500
    assert response.json()["detail"] == "Patchmap failed; see its log for the reason"
    assert "x-content-type-options" in response.headers
    assert response.json()["request_id"] == traced["request_id"]
    assert "ZeroDivisionError: of our own" in traced["trace"]


@pytest.mark.parametrize("lines", ["requests"], indirect=True)
def test_a_path_cannot_begin_a_line_of_its_own(lines: Callable[[], list[str]]) -> None:
    TestClient(service(), **HERE).get("/a%0Ab%1B[31m")
    (line,) = lines()
    pattern = r"\S+ INFO [0-9a-f]{16} GET /a\\nb\\u001b\[31m 400 [\d.]+ ms \d+ bytes"
    assert re.fullmatch(pattern, line)


async def exchange(
    app: FastAPI,
    messages: list[dict[str, Any]],
    *,
    method: str = "GET",
    path: str = "/",
    answered: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """Call an application as a server does.

    The caller leaves after the messages, or stays if it is to be noted when they are answered.
    """
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if answered is not None and not messages:
            await asyncio.Event().wait()
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if answered is not None and message["type"] == "http.response.body":
            answered.set()

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


def test_a_body_that_breaks_off_is_one_line(lines: Callable[[], list[str]]) -> None:
    app = service()

    @app.post("/")
    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    begun = [{"type": "http.request", "body": b"{", "more_body": True}]
    assert run_async(exchange(app, begun, method="POST")) == []
    (line,) = [json.loads(text) for text in lines()]
    assert (line["method"], line["status"], line["bytes"]) == ("POST", 499, 0)


def work_until_stopped(outcome: list[str]) -> None:
    """Work that only its checkpoints end."""
    call = current_call()
    assert call is not None
    never = threading.Event()
    try:
        while True:
            checkpoint()
            never.wait(0.01)
    except StoppedError as stopped:
        outcome.append(type(stopped).__name__)
        raise


def test_work_ends_at_its_next_checkpoint_when_the_caller_leaves(
    lines: Callable[[], list[str]],
) -> None:
    app, outcome = service(), []

    @app.get("/")
    def work() -> None:
        work_until_stopped(outcome)

    run_async(exchange(app, []))
    assert outcome == ["CallerLeftError"]
    assert [json.loads(text)["status"] for text in lines()] == [499]


def test_a_caller_is_refused_when_the_time_is_over_though_the_work_has_not_ended() -> None:
    app, outcome = service(seconds=0.1), []
    refused = threading.Event()

    @app.get("/")
    def work() -> None:
        assert refused.wait(120)  # a long stage: it looks at nothing until the caller was refused
        work_until_stopped(outcome)

    start, body = run_async(exchange(app, [], answered=refused))
    assert start["status"] == 503
    document = json.loads(body["body"])
    assert "takes longer than 0.1 seconds" in document["detail"]
    assert document["request_id"] == dict(start["headers"])[b"x-request-id"].decode()
    assert dict(start["headers"])[b"retry-after"] == b"5"
    assert outcome == ["OverdueError"]


@pytest.mark.parametrize("faulty", [False, True])
def test_an_answer_or_a_fault_that_comes_while_the_caller_is_refused_is_not_sent(
    faulty: bool, lines: Callable[[], list[str]]
) -> None:
    async def late(scope: Any, receive: Any, send: Any) -> None:
        # The time is over after the first of these, and the refusal is sent after the second.
        for _ in range(2):
            await asyncio.sleep(0)
        if faulty:
            raise ZeroDivisionError("of our own")
        await PlainTextResponse("late")(scope, receive, send)

    sent = run_async(exchange(Lifecycle(late, lambda app: app, seconds=0.0, metrics=Metrics()), []))
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 503
    assert [json.loads(text).get("status") for text in lines()] == [None] * faulty + [503]


def test_the_time_counts_anew_with_each_part_of_an_answer() -> None:
    app = service(seconds=1.0)

    def parts() -> Iterator[bytes]:
        never = threading.Event()
        for _ in range(5):
            never.wait(0.3)
            checkpoint()
            yield b"part "

    @app.get("/")
    def answer() -> StreamingResponse:
        return StreamingResponse(parts())

    assert TestClient(app, **HERE).get("/").text == "part " * 5


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml", "application/json"])
def test_a_busy_service_says_when_to_come_back(accept: str) -> None:
    app = service()

    @app.get("/")
    def busy() -> None:
        raise BusyError(7)

    response = TestClient(app, **HERE).get("/", headers={"accept": accept})
    assert (response.status_code, response.headers["retry-after"]) == (503, "7")
    assert response.headers["cache-control"] == "no-store"
    assert "working on as many questions as it can; try again in 7 seconds" in response.text
    kind = "text/html" if "html" in accept else "application/problem+json"
    assert response.headers["content-type"].startswith(kind)
    assert response.headers["x-request-id"] in response.text


def test_health_needs_no_thread() -> None:
    async def asked() -> int:
        import anyio.to_thread  # noqa: PLC0415

        limiter = anyio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 1
        await limiter.acquire_on_behalf_of("work that never ends")
        sent = await exchange(service(), [], path="/healthz")
        return int(sent[0]["status"])

    assert run_async(asyncio.wait_for(asked(), 120)) == 200
