"""The town's service on a store of each kind, which each test may change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import shapely
from fastapi.testclient import TestClient

from boundaries.tasking.actions import raise_task
from boundaries.tasking.history import Signed
from boundaries.tasking.task import Level, Place, TaskTerms
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import SOUTH, WEST, fill_town, serve_town
from tests.postgres import Cluster


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def own_store(request: pytest.FixtureRequest, made_town: Path, tmp_path: Path) -> Iterator[Store]:
    """The town in a store of each kind, for a test that writes."""
    if request.param == "GeoPackage":
        with closing(GeoPackageStore(shutil.copy(made_town, tmp_path / "own.gpkg"))) as made:
            yield made
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with closing(PostgisStore(cluster.new_database(), create=True)) as server:
        with server.transaction():
            fill_town(server)
        yield server


@pytest.fixture
def page(own_store: Store) -> Iterator[TestClient]:
    """A browser on this machine."""
    with serve_town(own_store) as made:  # type: ignore[arg-type]
        made.headers["accept"] = "text/html"
        yield made


def square(east: float = 200, north: float = 200, side: float = 150) -> bytes:
    """A square in metres from the south-western corner of the town."""
    x, y = WEST + east, SOUTH + north
    return shapely.to_wkb(shapely.box(x, y, x + side, y + side))


def signed(by: str = "Officer 12", day: int = 2, meeting: str = "") -> Signed:
    return Signed(by, datetime(2026, 3, day, 9, 30, tzinfo=UTC), meeting)


def add_task(
    store: Store,
    title: str = "Lights in the underpass",
    *,
    level: Level = "area",
    east: float = 200,
    owner: str = "",
    due: date | None = None,
    by: Signed | None = None,
) -> str:
    """Raise a task in ward A, or in B with `east` above 2,000; return its id."""
    terms = TaskTerms(
        title=title,
        kind="environment",
        level=level,
        place=Place("cell", "h150:1:2", "Around Market Square", square(east)),
        owner=owner,
        due=due,
    )
    return raise_task(store, terms, signed=by or signed()).task_id
