"""10,000 tasks: what lists them takes few times as long as JSON of as many records."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from api.cli import app
from boundaries.tasking.actions import take_step
from boundaries.tasking.storage import save
from boundaries.tasking.task import Place, Task
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import SIDE, SOUTH, WEST, fill_town, serve_town
from tests.boundaries.tasking.tasking_made import signed, task
from tests.postgres import Cluster
from tests.processor import json_seconds, quickest

TASKS = 10_000
MOST_TIMES = 12
"""As long as JSON of as many records takes to be written and read: the slowest takes seven."""


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store with 10,000 tasks: half at each level, a third declined, all due."""
    if request.param == "PostGIS":
        cluster: Cluster = request.getfixturevalue("cluster")
        url = cluster.new_database()
        with closing(PostgisStore(url, create=True)) as store:
            _fill(store)
        return url
    path = tmp_path_factory.mktemp("many") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        _fill(store)
    return str(path)


def _fill(store: Store) -> None:
    with store.transaction():
        fill_town(store)
        save(store, [(one, 0) for one in _tasks()])


def _tasks() -> Iterator[Task]:
    rng = np.random.default_rng(10_000)
    points = rng.uniform((WEST, SOUTH), (WEST + 2 * SIDE, SOUTH + SIDE), (TASKS, 2))
    for number, point in enumerate(points):
        place = Place("point", "", "Place", shapely.to_wkb(shapely.Point(point)))
        level = ("area", "city")[number % 2]
        one = task(f"T-{number:05d}", level=level, place=place, due=date(2026, 4, 1))
        yield one if number % 3 else one.take("decline", signed=signed(hours=1), note="No.")


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    is_file = not address.startswith("postgresql://")
    opened = GeoPackageStore(Path(address)) if is_file else PostgisStore(address)
    with closing(opened) as store:
        yield store


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        ((), 10_000),
        (("--level", "city", "--state", "raised"), 3_333),
        (("--area", "A@wards"), None),
    ],
)
def test_the_command_lists_them(address: str, options: tuple[str, ...], listed: int | None) -> None:
    line = ["--store", address, "--json", "task", "list", *options]
    most = MOST_TIMES * json_seconds(TASKS)
    seconds, done = quickest(lambda: CliRunner().invoke(app, line), enough=most)
    assert done.exit_code == 0, done.output
    facts = json.loads(done.stdout)
    if listed is None:
        assert 4_500 < len(facts["tasks"]) < 5_500
    else:
        assert len(facts["tasks"]) == listed
    assert facts["accounts"]["raised"] >= len(facts["tasks"])
    assert seconds < most


@pytest.mark.parametrize(
    "path",
    [
        "/ogc/collections/tasks/items?f=json&limit=100",
        "/ogc/collections/tasks/items?f=json&limit=100&state=raised&offset=6000",
        "/tasks",
        "/tasks?area=A@wards&state=raised&sort=due",
        "/tasks.ics?area=A@wards",
    ],
)
def test_a_page_of_them_is_served_after_one_has_changed(store: Store, path: str) -> None:
    client = serve_town(store)  # type: ignore[arg-type]
    client.get(path)  # what is read once, whatever becomes of tasks

    def change() -> None:
        take_step(store, "T-00001", "note", signed=signed(hours=2), note="Seen.")

    most = MOST_TIMES * json_seconds(TASKS)
    seconds, answer = quickest(lambda: client.get(path), before=change, enough=most)
    assert answer.status_code == 200, answer.text[:500]
    if path.startswith("/ogc"):
        body = answer.json()
        assert body["numberMatched"] == (6_666 if "state" in path else TASKS)
        assert body["numberReturned"] == 100
    assert seconds < most
