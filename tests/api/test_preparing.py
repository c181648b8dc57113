"""A page that takes long says that it is being prepared, and is given to who asks again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.responses import HTMLResponse

from api.service import new_service
from geo.checkpoints import StoppedError, checkpoint
from geo.errors import QuestionError
from tests.loops import run_async

Messages = list[dict[str, Any]]
OPENED = {"accept": "text/html,*/*", "sec_fetch_dest": "document", "cookie": "session=ann"}


@pytest.fixture(autouse=True)
def pages_are_waited_for() -> None:
    """Here they are not."""


def slow_service(make: Callable[[], HTMLResponse], *, seconds: float = 60.0) -> FastAPI:
    app = new_service(compression=1, seconds=seconds, patience=0.05)
    app.get("/slow")(make)
    return app


async def opened(
    app: FastAPI, sent: Messages, *, path: str = "/slow", **headers: str
) -> asyncio.Task[None]:
    """Open a page as a browser does, until its answer is whole; its work may go on."""
    whole = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await whole.wait()
        return {"type": "http.disconnect"}  # as a server says once it has sent all

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            whole.set()

    fields = {"host": "127.0.0.1", **OPENED, **headers}
    encoded = [(name.replace("_", "-").encode(), text.encode()) for name, text in fields.items()]
    scope = {
        "type": "http", "method": "GET", "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "headers": encoded,
        "client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    task = asyncio.create_task(app(scope, receive, send))
    waiting = asyncio.create_task(whole.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
    waiting.cancel()
    return task


def read(sent: Messages) -> tuple[int, str]:
    start, *bodies = sent
    return start["status"], b"".join(body["body"] for body in bodies).decode()


def test_a_page_that_takes_long_opens_by_itself_and_is_made_once() -> None:
    may_end, made = threading.Event(), []

    def make() -> HTMLResponse:
        made.append(1)
        assert may_end.wait(60)
        return HTMLResponse("the page")

    async def ask() -> None:
        app, first, second, third = slow_service(make), [], [], []
        begun = await opened(app, first)
        status, text = read(first)
        assert status == 202
        assert "This page is being prepared" in text
        assert 'class="preparing"' in text  # nothing is refused
        assert "refusal" not in text
        assert '<meta http-equiv="refresh" content="3">' in text
        assert "<script" not in text
        assert (b"cache-control", b"no-store") in first[0]["headers"]
        await (await opened(app, second, cache_control="max-age=0"))
        assert read(second)[0] == 202
        may_end.set()
        await begun
        await (await opened(app, third))
        assert read(third) == (200, "the page")
        assert made == [1]

    run_async(ask())


def test_nobody_is_given_a_page_of_somebody_else() -> None:
    first_may_end, made = threading.Event(), []

    def make() -> HTMLResponse:
        made.append(1)
        if len(made) == 1:
            assert first_may_end.wait(60)
        return HTMLResponse(f"page {len(made)}")

    async def ask() -> None:
        app, anns, bobs = slow_service(make), [], []
        begun = await opened(app, anns)
        await (await opened(app, bobs, cookie="session=bob"))
        assert read(bobs) == (200, "page 2")
        first_may_end.set()
        await begun

    run_async(ask())


def test_a_refusal_of_a_page_that_took_long_is_read_too() -> None:
    may_end = threading.Event()

    def make() -> HTMLResponse:
        assert may_end.wait(60)
        raise QuestionError("cell", "too small")

    async def ask() -> None:
        app, first, second = slow_service(make), [], []
        begun = await opened(app, first)
        may_end.set()
        await begun
        await (await opened(app, second))
        status, text = read(second)
        assert status == 400
        assert "too small" in text

    run_async(ask())


def test_the_work_ends_where_nobody_asks_again() -> None:
    outcome = []

    def make() -> HTMLResponse:
        try:
            while True:
                checkpoint()
                threading.Event().wait(0.01)
        except StoppedError as stopped:
            outcome.append(type(stopped).__name__)
            raise

    async def ask() -> None:
        sent: Messages = []
        await (await opened(slow_service(make, seconds=0.3), sent))
        assert read(sent)[0] == 202

    run_async(ask())
    assert outcome == ["OverdueError"]


@pytest.mark.parametrize(
    "headers",
    [{"accept": "*/*"}, {"accept": "application/json"}, {"sec_fetch_dest": "empty"}],
    ids=["any program", "JSON", "a script"],
)
def test_programs_wait_for_the_answer_itself(headers: dict[str, str]) -> None:
    def make() -> HTMLResponse:
        threading.Event().wait(0.3)
        return HTMLResponse("the page")

    async def ask() -> None:
        sent: Messages = []
        await (await opened(slow_service(make), sent, **headers))
        assert read(sent) == (200, "the page")

    run_async(ask())
