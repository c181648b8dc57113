"""A page that takes long says that it is being prepared, and is given to who asks again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from api.service import new_service
from geo.checkpoints import StoppedError, checkpoint
from geo.errors import QuestionError
from tests.loops import run_async

Messages = list[dict[str, Any]]
OPENED = {"accept": "text/html,*/*", "sec_fetch_dest": "document", "cookie": "session=ann"}


@pytest.fixture(autouse=True)
def pages_are_waited_for() -> None:
    """Here they are not."""


def slow_service(make: Callable[..., Response], *, seconds: float = 60.0) -> FastAPI:
    app = new_service(compression=1, seconds=seconds, patience=0.05)
    app.get("/slow")(make)
    return app


class Page:
    """A page that is made slowly of what is saved when it is asked for."""

    def __init__(self) -> None:
        self.text = "old"
        self.may_end = threading.Event()

    def make(self) -> HTMLResponse:
        text = self.text
        assert self.may_end.wait(60)
        return HTMLResponse(text)

    def save(self) -> HTMLResponse:
        self.text = "new"
        return HTMLResponse("saved")

    def service(self) -> FastAPI:
        app = slow_service(self.make)
        app.post("/saved")(self.save)
        return app


async def opened(
    app: FastAPI, sent: Messages, *, path: str = "/slow", method: str = "GET", **headers: str
) -> asyncio.Task[None]:
    """Open a page as a browser does, until its answer is whole; its work may go on."""
    whole = asyncio.Event()

    bodies = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if method != "GET" and bodies:
            return bodies.pop()
        await whole.wait()
        return {"type": "http.disconnect"}  # as a server says once it has sent all

    async def send(message: Any) -> None:
        sent.append(dict(message))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            whole.set()

    fields = {"host": "127.0.0.1", **OPENED, **headers}
    encoded = [(name.replace("_", "-").encode(), text.encode()) for name, text in fields.items()]
    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
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


async def read_at_last(app: FastAPI, **headers: str) -> tuple[int, str]:
    """Ask again as the page says that is being prepared: a busy machine may take that long."""
    while True:
        sent: Messages = []
        await (await opened(app, sent, **headers))
        if read(sent)[0] != 202:
            return read(sent)


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
        app, anns = slow_service(make), []
        begun = await opened(app, anns)
        assert await read_at_last(app, cookie="session=bob") == (200, "page 2")
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


def test_who_reads_that_a_page_is_prepared_is_given_the_page_and_not_that_it_is_unchanged() -> None:
    may_end = threading.Event()

    def make(request: Request) -> Response:
        assert may_end.wait(60)
        known = request.headers.get("if-none-match") == '"1"'
        return Response(status_code=304) if known else HTMLResponse("the page")

    async def ask(**again: str) -> None:
        app, first = slow_service(make), []
        begun = await opened(app, first, if_none_match='"1"')
        assert read(first)[0] == 202
        may_end.set()
        await begun
        assert await read_at_last(app, **again) == (200, "the page")
        may_end.clear()

    run_async(ask())
    run_async(ask(if_none_match='"1"'))


@pytest.mark.parametrize("when", ["while it is made", "once it is made"])
def test_after_saving_the_page_shows_what_was_saved(when: str) -> None:
    async def ask() -> None:
        page, first = Page(), []
        app = page.service()
        begun = await opened(app, first)
        assert read(first)[0] == 202
        if when == "once it is made":
            page.may_end.set()
            await begun
        await (await opened(app, [], path="/saved", method="POST"))
        page.may_end.set()
        await begun
        assert await read_at_last(app, referer="http://127.0.0.1/saved") == (200, "new")

    run_async(ask())


def test_a_page_asked_for_before_saving_is_not_kept_after_it() -> None:
    page = Page()

    async def ask() -> None:
        app = new_service(compression=1, seconds=60, patience=0.5)
        app.get("/slow")(page.make)
        app.post("/saved")(page.save)
        first: Messages = []
        asked = asyncio.create_task(opened(app, first))
        await asyncio.sleep(0.1)
        await (await opened(app, [], path="/saved", method="POST"))
        begun = await asked
        assert read(first)[0] == 202
        page.may_end.set()
        await begun
        assert await read_at_last(app) == (200, "new")

    run_async(ask())


def test_what_others_save_takes_no_page_away() -> None:
    async def ask() -> None:
        page, first = Page(), []
        app = page.service()
        begun = await opened(app, first)
        await (await opened(app, [], path="/saved", method="POST", cookie="session=bob"))
        page.may_end.set()
        await begun
        assert await read_at_last(app) == (200, "old")  # as it was when they asked

    run_async(ask())


def test_a_page_made_before_is_not_given_to_who_reloads_past_all_caches() -> None:
    async def ask() -> None:
        page, first = Page(), []
        app = page.service()
        begun = await opened(app, first)
        page.may_end.set()
        await begun
        page.text = "new"
        assert await read_at_last(app, cache_control="no-cache") == (200, "new")
        assert await read_at_last(app) == (200, "new")

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
