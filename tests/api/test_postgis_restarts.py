"""The service on a server that restarts, or breaks off, while requests are under way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import psycopg
import pytest
import requests
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.store.contract import LayerMetadata
from geo.store.postgis import PostgisStore
from geo.store.postgis import server as postgis_server
from tests.api.conftest import MONTHS, month_of_incidents, two_wards
from tests.postgres import PrivateCluster
from tests.services import serving

PATHS = (
    "/readyz",
    "/?period=latest-2m",
    "/map?period=latest-2m",
    "/ogc/collections/wards/items",
    "/ogc/collections/area-counts/items?period=latest-2m",
    "/ogc/collections/hotspots/items?period=latest-2m",
)
WAYS = [PrivateCluster.restart, PrivateCluster.crash]
PATIENCE = 120.0  # seconds, of which a recovery takes one; the machine may be busy
ASKING, GIVEN_UP = 6, 2.0  # callers at once; seconds after which a store gives up


@pytest.fixture(scope="module")
def database(private: PrivateCluster) -> str:
    """A store of the town."""
    url = private.new_database()
    with closing(PostgisStore(url, create=True)) as store, store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
        for month in MONTHS:
            store.put_partition(month_of_incidents(month))
    return url


@pytest.fixture(scope="module")
def service(database: str) -> Iterator[str]:
    with serving(database) as address:
        yield address


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=PATIENCE)


def assert_recovers(service: str) -> None:
    """Every page answers again, and none fails until then."""
    deadline = time.monotonic() + PATIENCE
    for path in PATHS:
        while (reply := get(service + path)).status_code != 200:
            assert_unavailable(reply)
            assert time.monotonic() < deadline


def assert_unavailable(reply: requests.Response) -> None:
    assert reply.status_code == 503, reply.text
    assert "cannot be used" in reply.text
    assert "etag" not in reply.headers
    # The board tells a person the same on its page.
    if not reply.headers["content-type"].startswith("text/html"):
        assert reply.headers["content-type"] == "application/problem+json"
        assert "\n" not in reply.json()["detail"]


@contextmanager
def statements_that_wait(database: str) -> Iterator[Callable[[], None]]:
    """Makes every read wait in the middle; what is given returns once one waits."""
    lock = psycopg.connect(database)
    watch = psycopg.connect(database, autocommit=True)
    lock.execute("LOCK TABLE patchmap.patchmap_counters IN ACCESS EXCLUSIVE MODE")

    def until_one_waits() -> None:
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        deadline = time.monotonic() + PATIENCE
        while watch.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < deadline

    try:
        yield until_one_waits
    finally:
        lock.close()
        watch.close()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("path", ["/readyz", "/map?period=latest-2m"])
def test_a_request_that_loses_its_server_in_the_middle_is_told_so_and_the_next_is_answered(
    path: str,
    way: Callable[[PrivateCluster], None],
    private: PrivateCluster,
    database: str,
    service: str,
) -> None:
    with ThreadPoolExecutor() as pool, statements_that_wait(database) as until_one_waits:
        reply = pool.submit(get, service + path)
        until_one_waits()
        way(private)
        response = reply.result()
        # A server that stops in order may end the holder of the lock first, and so let the
        # request finish; one that breaks off takes it along.
        if way is PrivateCluster.crash or response.status_code != 200:
            assert_unavailable(response)
    assert_recovers(service)


def test_requests_during_restarts_are_answered_or_told_to_come_again(
    private: PrivateCluster, service: str
) -> None:
    undisturbed = {path: get(service + path).content for path in PATHS}
    over, replies = threading.Event(), []

    def ask(path: str) -> None:
        while not over.is_set():
            replies.append((path, get(service + path)))

    with ThreadPoolExecutor(len(PATHS)) as pool:
        asking = [pool.submit(ask, path) for path in PATHS]
        for way in WAYS * 2:
            time.sleep(0.2)
            way(private)
        over.set()
    for one in asking:
        one.result()
    for path, reply in replies:
        if reply.status_code == 200:
            assert reply.content == undisturbed[path]
        else:
            assert_unavailable(reply)
    assert_recovers(service)


def test_an_outage_is_told_to_all_who_ask_at_once_and_not_to_one_after_the_other(
    private: PrivateCluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgis_server, "POOL_TIMEOUT_S", GIVEN_UP)

    def ask(_number: int) -> requests.Response:
        return client.get("/readyz")

    with (
        closing(PostgisStore(database)) as store,
        TestClient(make_app(store, Settings()), base_url="http://127.0.0.1:8000") as client,
        ThreadPoolExecutor(ASKING) as pool,
    ):
        private.stop()
        try:
            begin = time.monotonic()
            replies = list(pool.map(ask, range(ASKING)))
            seconds = time.monotonic() - begin
        finally:
            private.start()
    for reply in replies:
        assert_unavailable(reply)
    # One after the other they would take longer, however idle the machine.
    assert seconds < GIVEN_UP * (ASKING - 1)
