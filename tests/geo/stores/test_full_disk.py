"""A full disk is reported in one line; what was stored before is still there."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.disks import MB, fill, small_disk
from tests.geo.stores import postgis_soundness, soundness
from tests.geo.stores.parts import all_incidents, counters, month_part, put


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", megabytes=3) as mounted:
        yield mounted


def refuse_what_is_too_much(store: Store) -> None:
    before = all_incidents(store), store.imports(history=True), counters(store)
    with pytest.raises(StoreError, match="disk is full") as refused:
        put(store, month_part("2024-02", 3), month_part("2024-01", 20_000))
    assert "\n" not in str(refused.value)
    assert (all_incidents(store), store.imports(history=True), counters(store)) == before


def test_a_full_disk_leaves_a_geopackage_as_it_was(disk, empty_geopackage):
    path = Path(shutil.copy(empty_geopackage, disk / "s.gpkg"))
    with closing(GeoPackageStore(path)) as store:
        put(store, month_part("2024-01", 30))
        refuse_what_is_too_much(store)
        assert put(store, month_part("2024-02", 3)) == ["added"]
    assert soundness.faults(path) == []


def test_a_new_geopackage_on_a_full_disk_is_refused_in_one_line(disk):
    ballast = fill(disk, leave=8192)
    with pytest.raises(StoreError) as refused:
        GeoPackageStore(disk / "s.gpkg", create=True)
    assert "\n" not in str(refused.value)
    ballast.unlink()
    GeoPackageStore(disk / "s.gpkg", create=True).close()


def test_a_full_disk_of_its_server_leaves_a_postgis_store_as_it_was(private, server_disk):
    with private.database_at(server_disk) as url, closing(PostgisStore(url, create=True)) as store:
        put(store, month_part("2024-01", 30))
        ballast = fill(server_disk, leave=MB)
        refuse_what_is_too_much(store)
        ballast.unlink()
        assert put(store, month_part("2024-02", 3), month_part("2024-01", 20_000)) == [
            "added",
            "replaced",
        ]
        assert postgis_soundness.faults(url) == []
