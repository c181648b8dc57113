"""Stores that the first release wrote: a town of two wards, by the code of that day."""

from __future__ import annotations

import gzip
import shutil
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from geo.errors import StoreError
from geo.question.ask import Question, ask
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.migrations import migrations
from geo.store.postgis import PostgisStore
from tests.postgres import Cluster

FIRST = Path(__file__).parent / "first_release"


def check_town(store: Store) -> None:
    """All of the town is there, and can be asked, changed and undone."""
    assert store.incident_count() == 320
    assert [layer.layer_id for layer in store.layers()] == ["wards"]
    assert [record.month for record in store.imports()] == ["2024-01", "2024-02"]
    answer = ask(Question(layer="wards"), store)
    assert answer.accounts.counted > 100  # of the months that are asked by default
    last = store.imports()[-1]
    with store.transaction():
        store.undo_import(last.import_id)
    assert store.incident_count() == 160


@pytest.fixture
def first_file(tmp_path: Path) -> Path:
    path = tmp_path / "town.gpkg"
    path.write_bytes(gzip.decompress((FIRST / "town.gpkg.gz").read_bytes()))
    return path


def test_a_file_of_the_first_release_opens_and_an_upgrade_is_undone_by_its_backup(
    first_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = shutil.copy(first_file, first_file.with_name("backup.gpkg"))
    with closing(GeoPackageStore(first_file)) as store:
        check_town(store)
    # As the first release looks at it.
    monkeypatch.setattr("geo.store.migrations.migrations", lambda name: [*migrations(name)][:1])
    with pytest.raises(StoreError, match="was written by a newer Patchmap"):
        GeoPackageStore(first_file)
    shutil.copy(backup, first_file)
    GeoPackageStore(first_file).close()


def test_a_backup_of_the_first_release_is_restored_by_this_one(
    first_file: Path, tmp_path: Path
) -> None:
    with closing(GeoPackageStore(tmp_path / "new.gpkg", create=True)) as store:
        store.restore(first_file)
        check_town(store)


def test_a_database_of_the_first_release_opens(cluster: Cluster) -> None:
    url = cluster.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(gzip.decompress((FIRST / "town.sql.gz").read_bytes()).decode())
    with closing(PostgisStore(url)) as store:
        check_town(store)
