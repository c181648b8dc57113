"""Answers that are ready: sent again without a thread, and only while they are valid."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from fastapi.testclient import TestClient

import api.ogc.routes
import api.ready
from api.ready import ReadyAnswers
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import two_wards

WARDS = "/ogc/collections/wards"
PATHS = (
    f"{WARDS}/items?limit=1",
    f"{WARDS}/items/A",
    f"{WARDS}/tiles/WebMercatorQuad/14/5366/8125",
    "/ogc/collections/incidents/items?limit=2",
    "/ogc/collections",
)


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was answered in threads."""
    answered: list[object] = []
    run = api.ogc.routes.run_in_threadpool

    async def noted(handler: object, *given: object, **parts: object) -> object:
        answered.append(handler)
        return await run(handler, *given, **parts)

    monkeypatch.setattr(api.ogc.routes, "run_in_threadpool", noted)
    return answered


@pytest.mark.parametrize("path", PATHS)
def test_the_same_request_is_answered_alike_without_a_thread(
    client: TestClient, threads: list[object], path: str
) -> None:
    first = client.get(path)
    assert (first.status_code, len(threads)) in {(200, 1), (204, 1)}
    again = client.get(path)
    assert len(threads) == 1
    assert again.content == first.content
    del first.headers["x-request-id"], again.headers["x-request-id"]
    assert [*again.headers.multi_items()] == [*first.headers.multi_items()]


def test_who_has_a_ready_answer_is_told_so_without_a_thread(
    client: TestClient, threads: list[object]
) -> None:
    tag = client.get(PATHS[0]).headers["etag"]
    for known in (tag, f"W/{tag}"):
        again = client.get(PATHS[0], headers={"if-none-match": known})
        assert (again.status_code, again.content, len(threads)) == (304, b"", 1)
        assert (again.headers["etag"], again.headers["vary"]) == (tag, "accept")
    other = client.get(PATHS[0], headers={"if-none-match": f'"other", {tag}'})
    assert (other.status_code, len(threads)) == (304, 2)


def test_a_change_of_this_service_is_seen_at_once(
    client: TestClient, store: GeoPackageStore
) -> None:
    path = f"{WARDS}/items/A"
    before = client.get(path).json()
    changed = two_wards().assign(area_name=["Newton", "Brook"])
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards of the town"), changed)
    after = client.get(path).json()
    assert before["properties"]["area_name"] == "<b>Abbey</b> & Co"
    assert after["properties"]["area_name"] == "Newton"


def test_a_change_of_another_program_is_seen_at_once(
    client: TestClient, store: GeoPackageStore, threads: list[object]
) -> None:
    first = client.get("/ogc/collections/incidents/items?limit=2").json()
    with closing(sqlite3.connect(store.path)) as other, other:
        other.execute("DELETE FROM incidents WHERE fid = (SELECT min(fid) FROM incidents)")
    after = client.get("/ogc/collections/incidents/items?limit=2").json()
    assert after["numberMatched"] == first["numberMatched"] - 1
    assert len(threads) == 2


def test_what_has_not_changed_is_not_made_again(
    client: TestClient,
    store: GeoPackageStore,
    threads: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = client.get(PATHS[0])
    with store.transaction():
        store.put_setting("default_cell", "300")
    monkeypatch.setattr("api.ogc.item_pages.ItemPage._answer", lambda _: 1 / 0)
    again, ready = client.get(PATHS[0]), client.get(PATHS[0])
    assert first.content == again.content == ready.content
    assert len(threads) == 2


def test_a_ready_answer_is_for_callers_who_may_have_it(client: TestClient) -> None:
    path = "/ogc/collections/incidents/items?limit=2"
    assert client.get(path).status_code == 200
    foreign = client.get(path, headers={"origin": "https://elsewhere.example"})
    assert foreign.status_code == 403


def test_pages_for_people_and_refusals_are_not_kept(
    client: TestClient, threads: list[object]
) -> None:
    for path in (f"{WARDS}/items?f=html", f"{WARDS}/items?limit=x", f"{WARDS}/items?f=csv"):
        threads.clear()
        assert client.get(path).status_code == client.get(path).status_code
        assert len(threads) == 2


def test_the_addresses_of_an_answer_are_those_of_its_request(client: TestClient) -> None:
    one = client.get(PATHS[0], headers={"host": "localhost:8000"}).json()
    other = client.get(PATHS[0], headers={"host": "127.0.0.1:8000"}).json()
    assert one["links"][0]["href"].startswith("http://localhost:8000/")
    assert other["links"][0]["href"].startswith("http://127.0.0.1:8000/")


def test_the_least_recent_answers_go_first(
    client: TestClient, threads: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.ready, "MOST_ANSWERS", 2)
    for limit in (1, 2, 1, 3, 1, 2):
        client.get(f"{WARDS}/items?limit={limit}")
    ready: ReadyAnswers = client.app.state.ready  # type: ignore[attr-defined] - an ASGI app to it
    assert len(ready.entries()) == 2
    assert len(threads) == 4


def test_a_database_server_is_asked_in_a_thread(town_database: str) -> None:
    with closing(PostgisStore(town_database)) as store:
        assert store.stamp() is None


def test_a_stamp_stays_while_nothing_changes(store: GeoPackageStore) -> None:
    first = store.stamp()
    store.layers()
    assert store.stamp() == first is not None
    with store.transaction():
        store.put_setting("default_cell", "300")
    assert store.stamp() != first
