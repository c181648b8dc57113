"""The records of a service: of a file, or of a file and a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.identity.passwords import Passwords
from geo.store.geopackage.records import RecordsFile
from geo.store.postgis import PostgisStore
from geo.store.postgis.records import PostgisRecords
from geo.store.records import Records
from tests.postgres import Cluster

CHEAP = Passwords(time_cost=1, memory_cost=8, parallelism=1)
"""argon2 at a cost that a test can pay."""


class Watch:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def file_records(tmp_path: Path) -> Iterator[Records]:
    with closing(RecordsFile(tmp_path / "city.gpkg")) as records:
        yield records


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    if request.param == "GeoPackage":
        yield request.getfixturevalue("file_records")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)), closing(PostgisRecords(url)) as server:
        yield server
