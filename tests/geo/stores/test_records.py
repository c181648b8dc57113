"""The records of a store: a database of their own, alike beside a file and in a database."""

import multiprocessing
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile, records_path
from geo.store.postgis import PostgisStore
from geo.store.postgis.records import PostgisRecords
from geo.store.records import Records
from tests.postgres import Cluster

_ADD = "INSERT INTO patchmap_sessions VALUES (?, ?, ?, ?)"


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    if request.param == "GeoPackage":
        with closing(RecordsFile(tmp_path / "city.gpkg")) as file:
            yield file
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)), closing(PostgisRecords(url)) as server:
        yield server


def _add_and_fail(records: Records) -> None:
    records.execute(_ADD, "b", "ben", "1", "1")
    raise StoreError("no more")


def test_what_is_written_in_a_transaction_is_there_whole_or_not_at_all(records: Records) -> None:
    with records.transaction():
        records.execute(_ADD, "a", "ann", "1", "1")
    with pytest.raises(StoreError), records.transaction():
        _add_and_fail(records)
    with records.reading():
        assert records.rows("SELECT sha256, user_name FROM patchmap_sessions") == [("a", "ann")]


def test_an_import_into_a_database_does_not_hold_up_its_records(cluster: Cluster) -> None:
    url = cluster.new_database()
    with (
        closing(PostgisStore(url, create=True)) as store,
        closing(PostgisRecords(url)) as records,
        store.transaction(),
        records.transaction(),
    ):
        records.execute(_ADD, "a", "ann", "1", "1")


def test_the_file_is_its_owners_alone_and_lies_beside_the_store(tmp_path: Path) -> None:
    (tmp_path / "link.gpkg").symlink_to(tmp_path / "city.gpkg")
    path = records_path(tmp_path / "link.gpkg")
    assert path == tmp_path / "city.gpkg.records"
    with closing(RecordsFile(tmp_path / "link.gpkg")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _append(path: Path) -> None:
    with closing(RecordsFile(path)) as records:
        for _ in range(20):
            with records.transaction():
                n = records.rows("SELECT count(*) FROM patchmap_sessions")[0][0]
                records.execute(_ADD, str(n), "ann", "1", "1")


def test_processes_wait_for_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(tmp_path / "city.gpkg",)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    with closing(RecordsFile(tmp_path / "city.gpkg")) as records:
        assert records.rows("SELECT count(*) FROM patchmap_sessions") == [(60,)]


def test_records_are_no_store(tmp_path: Path) -> None:
    RecordsFile(tmp_path / "city.gpkg").close()
    with pytest.raises(StoreError, match="no Patchmap store"):
        GeoPackageStore(tmp_path / "city.gpkg.records")
