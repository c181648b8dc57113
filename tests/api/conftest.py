"""A town of two wards, side by side, with a cluster of incidents in the left one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.imports.process import ImportHere
from api.searches import Searches
from api.settings import Settings
from geo.crs import BRITISH_NATIONAL_GRID
from geo.incidents import COLUMNS, Batch, Partition, month_span
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.postgres import Cluster

WEST, SOUTH, SIDE = 435_000.0, 336_000.0, 2_000.0
MONTHS = ("2024-01", "2024-02")


@pytest.fixture(autouse=True)
def pages_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test waits for the page itself, however busy the machine is."""
    monkeypatch.setattr("api.load.lifecycle.is_opened", lambda _scope: False)


def two_wards() -> gpd.GeoDataFrame:
    """Two wards, the left with a name that would break a page that trusts it.

    +-----+-----+
    |  A  |  B  |
    +-----+-----+
    """
    squares = [
        shapely.box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE) for i in (0, 1)
    ]
    frame = gpd.GeoDataFrame(
        {"area_name": ["<b>Abbey</b> & Co", "Brook"], "residents": [1000, 2000]},
        geometry=squares,
        crs=BRITISH_NATIONAL_GRID,
    )
    return frame.set_axis(pd.Index(["A", "B"], name="area_code"))


def town_streets() -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """Streets through both wards every 200 m, from west to east, each of two segments.

    +-----+-----+
    |--w--|--e--|  Street 2
    |--w--|--e--|  Street 1
    +-----+-----+
    """
    rows = [(number, side) for number in range(1, 10) for side in (0, 1)]
    lines = [
        shapely.LineString(
            [
                (WEST + side * SIDE, SOUTH + number * 200),
                (WEST + (side + 1) * SIDE, SOUTH + number * 200),
            ]
        )
        for number, side in rows
    ]
    frame = gpd.GeoDataFrame(
        {"name": np.array([f"Street {number}" for number, _ in rows], dtype=object)},
        geometry=lines,
        index=pd.Index([f"{number}{'we'[side]}" for number, side in rows], name="code"),
        crs=BRITISH_NATIONAL_GRID,
    )
    return LayerMetadata("streets", "Streets", geometry_type="MultiLineString"), frame


def month_of_incidents(month: str, *, seed: int = 7, east: float = 0.0) -> Partition:
    """A month of 160 incidents: 60 around one corner of A, the others all over and beyond."""
    rng = np.random.default_rng([seed, int(month.replace("-", ""))])
    x = np.concatenate([rng.normal(WEST + 400, 60, 60), rng.uniform(WEST, WEST + 2.2 * SIDE, 100)])
    y = np.concatenate([rng.normal(SOUTH + 400, 60, 60), rng.uniform(SOUTH, SOUTH + SIDE, 100)])
    start, end = month_span(month)
    values = {
        "incident_id": [f"police.uk/testshire/{month}:{line}" for line in range(2, 162)],
        "source": "police.uk",
        "category": np.where(np.arange(160) % 4 == 0, "burglary", "anti-social-behaviour"),
        "occurred_from": start.as_unit("s"),
        "occurred_to": end.as_unit("s"),
        "precision": "month",
        "x": x + east,
        "y": y,
        "location": ["<i>On or near</i> Mill Lane"] * 60 + ["On or near Long Row"] * 100,
        "reference": "",
    }
    rejected = pd.DataFrame({"line": [162], "reason": ["no location"], "row": [("", "")]})
    batch = Batch(pd.DataFrame(values, columns=list(COLUMNS)), rejected)
    return Partition(
        source="police.uk",
        name="testshire",
        month=month,
        file=f"{month}-testshire-street.csv",
        sha256=f"{seed}-{month}",
        fields=("Longitude", "Latitude"),
        batches=lambda: iter([batch]),
    )


def make_town(path: Path) -> GeoPackageStore:
    """A store of the town: 320 incidents of two months, and 2 rejected rows."""
    made = GeoPackageStore(path, create=True)
    with made.transaction():
        fill_town(made)
    return made


def fill_town(store: Store) -> None:
    """Put the town into an empty store, inside a transaction."""
    store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
    for month in MONTHS:
        store.put_partition(month_of_incidents(month))


@pytest.fixture(scope="session")
def made_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The town's file, to be copied: that is quicker than to make it anew."""
    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    make_town(path).close()
    return path


@pytest.fixture
def store(tmp_path: Path, made_town: Path) -> Iterator[GeoPackageStore]:
    """A store of the town that a test may change."""
    made = GeoPackageStore(shutil.copy(made_town, tmp_path / "town.gpkg"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def town_database(cluster: Cluster) -> str:
    """The town in a database, for tests that only read."""
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)) as made, made.transaction():
        fill_town(made)
    return url


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def either_store(request: pytest.FixtureRequest, made_town: Path) -> Iterator[Store]:
    """The town in a store of each kind, for tests that only read."""
    is_file = request.param == "GeoPackage"
    address = made_town if is_file else request.getfixturevalue("town_database")
    with closing(GeoPackageStore(address) if is_file else PostgisStore(address)) as made:
        yield made


class SearchesHere(Searches):
    """Searches without a process: starting one takes longer than most tests."""

    def __call__(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


def serve_town(store: GeoPackageStore) -> TestClient:
    """The service of a store, called as its own machine would."""
    return TestClient(
        make_app(store, Settings(), searches=SearchesHere(), importer=ImportHere(store)),
        base_url="http://127.0.0.1:8000",
        follow_redirects=False,
        client=("127.0.0.1", 50_000),
    )


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    """The service of a town that a test may change."""
    with serve_town(store) as made:
        yield made


@pytest.fixture(scope="session")
def town_client(made_town: Path) -> Iterator[TestClient]:
    """The service of the town for tests that only read: it finds each answer once for all."""
    with closing(GeoPackageStore(made_town)) as store, serve_town(store) as made:
        yield made
