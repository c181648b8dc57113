"""What open pages of a plan hear: steps of others at once, and who else is here."""

from __future__ import annotations

import shutil
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection

from api.app import make_app
from api.identity.identity import Identity
from api.identity.roles import Role
from api.load.connections import BoundedConnection
from api.settings import Settings
from boundaries.plans.draft import new_plan, open_plan, save_plan
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of
from tests.api.planner.streams import PATIENCE_S, Stream
from tests.boundaries.drawn import SIGNED
from tests.services import serving

PAGES = [f"page000{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123"]


@pytest.fixture(scope="module")
def place(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(town, tmp_path_factory.mktemp("live") / "town.gpkg"))


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with closing(GeoPackageStore(place)) as store:
        draft, _ = new_plan(store, "north", blocks_layer="blocks", from_layer="wards", by="Cay")
        save_plan(store, draft.plan)
    with serving(place) as running:
        yield running


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def opened(stack: ExitStack, address: str, page: str, plan_id: str = "north") -> Stream:
    return stack.enter_context(closing(Stream(address, page, plan_id)))


def save_a_step(place: Path) -> int:
    """Another process saves a step; returns the version."""
    with closing(GeoPackageStore(place)) as store:
        plan = open_plan(store, "north", question=None).plan
        moved = plan.move(["c1"], "E" if plan.assignment["c1"] == "W" else "W", signed=SIGNED)
        return save_plan(store, moved).metadata.version


def test_a_step_of_another_process_appears_within_a_second(
    address: str, place: Path, stack: ExitStack
) -> None:
    stream = opened(stack, address, PAGES[0])
    assert stream.answer.headers["content-type"].startswith("text/event-stream")
    assert stream.answer.headers["cache-control"] == "no-store"
    assert stream.answer.headers["x-accel-buffering"] == "no"
    assert "content-encoding" not in stream.answer.headers
    first = stream.next()
    version = save_a_step(place)
    assert version == first["version"] + 1
    seconds = stream.until(lambda news: news["version"] == version)
    print(f"the step appeared {seconds:.2f} s after it was saved")  # noqa: T201
    assert seconds < PATIENCE_S / 2


def test_who_else_is_here_is_told_until_they_leave(address: str, stack: ExitStack) -> None:
    ann = opened(stack, address, PAGES[0])
    assert ann.next()["here"] == []
    bob = opened(stack, address, PAGES[1])
    assert bob.next()["here"] == [""]
    ann.until(lambda news: news["here"] == [""])
    bob.close()
    ann.until(lambda news: news["here"] == [])


def test_a_page_that_asks_now_and_then_is_here_too(address: str, stack: ExitStack) -> None:
    ann = opened(stack, address, PAGES[0])
    ann.next()
    with urllib.request.urlopen(f"{address}/planner/live/north/now?page={PAGES[2]}") as answer:
        assert answer.headers["cache-control"] == "no-store"
        assert b'"here":[""]' in answer.read()
    ann.until(lambda news: news["here"] == [""])
    ann.until(lambda news: news["here"] == [])


def test_many_open_pages_starve_nobody(address: str, place: Path, stack: ExitStack) -> None:
    streams = [opened(stack, address, page) for page in PAGES]
    assert len(streams) == 30
    for stream in streams:
        stream.next()
    began = time.monotonic()
    for path in ("/healthz", "/readyz", "/planner", "/planner/plans/north", "/ogc/collections"):
        with urllib.request.urlopen(f"{address}{path}", timeout=PATIENCE_S) as answer:
            assert answer.status == 200
    print(f"beside 30 streams, five answers took {time.monotonic() - began:.2f} s")  # noqa: T201
    version = save_a_step(place)
    waits: list[float] = []

    def wait(stream: Stream) -> None:
        waits.append(stream.until(lambda news: news["version"] == version))

    waiting = [threading.Thread(target=wait, args=(stream,)) for stream in streams]
    for thread in waiting:
        thread.start()
    for thread in waiting:
        thread.join(PATIENCE_S)
    print(f"all 30 had the step after {max(waits):.2f} s")  # noqa: T201
    assert len(waits) == 30


def test_a_plan_that_is_deleted_has_no_version(address: str, place: Path, stack: ExitStack) -> None:
    with closing(GeoPackageStore(place)) as store:
        draft, _ = new_plan(store, "short", blocks_layer="blocks", from_layer="wards")
        save_plan(store, draft.plan)
        stream = opened(stack, address, PAGES[0], "short")
        assert stream.next()["version"] == 1
        with store.transaction():
            store.remove_plan("short")
    stream.until(lambda news: news["version"] is None)


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        begin(made)
        yield made


@pytest.mark.parametrize("below", ["", "/now"])
@pytest.mark.parametrize(
    ("plan_id", "query", "status"),
    [
        ("south", "?page=page000a", 404),
        ("north", "", 400),
        ("north", "?page=a", 400),
        ("north", "?page=page000a&colour=red", 400),
    ],
)
def test_what_is_no_page_of_a_plan_has_no_news(
    client: TestClient, below: str, plan_id: str, query: str, status: int
) -> None:
    assert client.get(f"/planner/live/{plan_id}{below}{query}").status_code == status


class _ByHeader:
    """Whoever the header `as` says: one of a role, or nobody."""

    async def identify(self, caller: HTTPConnection) -> Identity:
        role = Role(caller.headers["as"])
        way = "public" if role is Role.PUBLIC else "account"
        return Identity("ann", frozenset({role}), way)


@pytest.mark.parametrize("below", ["", "/now"])
@pytest.mark.parametrize(
    ("role", "status"),
    [("public", 403), ("viewer", 404), ("auditor", 404), ("analyst", 200), ("planner", 200)],
)
def test_who_may_not_read_plans_hears_nothing_of_them(
    client: TestClient,
    store: GeoPackageStore,
    below: str,
    role: str,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(BoundedConnection, "is_retiring", True)  # a stream then ends at once
    app = make_app(store, Settings(), authenticator=_ByHeader())
    address = f"/planner/live/north{below}?page=page000a"
    answer = TestClient(app, base_url=str(client.base_url)).get(address, headers={"as": role})
    assert answer.status_code == status


def test_a_stream_ends_when_its_process_retires(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedConnection, "is_retiring", False)
    retire = threading.Timer(0.5, setattr, (BoundedConnection, "is_retiring", True))
    retire.start()
    answer = client.get("/planner/live/north?page=page000a")  # returns once the stream has ended
    retire.join()
    assert answer.content.startswith(b"retry: 500\n\ndata: {")
