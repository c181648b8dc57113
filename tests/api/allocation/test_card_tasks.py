"""Patrol cards name the tasks at their stops."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
import shapely
from fastapi.testclient import TestClient

from boundaries.tasking.actions import raise_task, take_step
from boundaries.tasking.task import Place
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SOUTH, WEST, serve_town
from tests.boundaries.tasking.tasking_made import signed, terms

CARDS = "/allocation/cards?officers=1&again=240&visits=1"


@pytest.fixture
def store(made_town: Path, tmp_path: Path) -> Iterator[GeoPackageStore]:
    with closing(GeoPackageStore(Path(shutil.copy(made_town, tmp_path / "own.gpkg")))) as store:
        yield store


@pytest.fixture
def client(store: GeoPackageStore) -> TestClient:
    return serve_town(store)


def add(store: GeoPackageStore, title: str, *, east: float = 400, kind: str = "point") -> str:
    """Raise a task, by default in the middle of the town's incidents."""
    x, y = WEST + east, SOUTH + 400
    shape = shapely.box(x, y, x + 600, y + 600) if kind == "area" else shapely.Point(x, y)
    place = Place(kind, "", title, shapely.to_wkb(shape))  # type: ignore[arg-type]
    made = terms(title=title, place=place, owner="warden", due=date(2026, 3, 20))
    return raise_task(store, made, signed=signed()).task_id


def tasks_of(page: str) -> list[str]:
    return re.findall(r'<span class="task">(.*?)</span>', page)


def test_a_card_names_the_tasks_at_its_stops(client: TestClient, store: GeoPackageStore) -> None:
    assert tasks_of(client.get(CARDS).text) == []
    add(store, "Talk to <riders>")
    add(store, "Far away", east=1_900)
    add(store, "The whole ward", kind="area")
    take_step(store, add(store, "Over"), "decline", signed=signed(hours=1), note="No.")
    tasks = tasks_of(client.get(CARDS).text)
    assert set(tasks) == {
        "Task T-0001: Talk to &lt;riders&gt; (new, overdue since 20 March 2026; warden)"
    }


def test_a_card_lists_three_tasks_of_a_stop_and_counts_the_others(
    client: TestClient, store: GeoPackageStore
) -> None:
    for number in range(5):
        add(store, f"Task number {number}")
    tasks = tasks_of(client.get(CARDS).text)
    assert tasks[3] == "2 more tasks here"


def test_cards_change_with_tasks_and_the_plan_does_not(
    client: TestClient, store: GeoPackageStore
) -> None:
    plan = "/allocation?tab=patrols&officers=1&again=240&visits=1"
    known = {one: {"if-none-match": client.get(one).headers["etag"]} for one in (CARDS, plan)}
    add(store, "Lights")
    statuses = {one: client.get(one, headers=known[one]).status_code for one in (CARDS, plan)}
    assert statuses == {CARDS: 200, plan: 304}
