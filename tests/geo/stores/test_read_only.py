"""A store that can only be read is read; what cannot be done with it is refused in one line."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import DiskFullError, StoreError
from geo.store.geopackage import GeoPackageStore, sqlite_connection
from tests.disks import fill, small_disk
from tests.geo.stores.parts import month_part, put
from tests.nobody import as_nobody, folder_open_to_all


@pytest.fixture
def shared(empty_geopackage) -> Iterator[Path]:
    """A store of 30 incidents that everybody can read and nobody else can change."""
    with folder_open_to_all() as folder:
        path = Path(shutil.copy(empty_geopackage, folder / "s.gpkg"))
        with closing(GeoPackageStore(path)) as store:
            put(store, month_part("2024-01", 30))
        path.chmod(0o644)
        yield path


def counted(path: Path) -> int:
    with closing(GeoPackageStore(path)) as store, store.reading():
        return store.incident_count()


def changed(path: Path, *, create: bool = False) -> None:
    with closing(GeoPackageStore(path, create=create)) as store:
        put(store, month_part("2024-02", 3))


def test_a_store_in_a_folder_of_another_is_read_and_not_changed(shared):
    assert as_nobody(lambda: counted(shared)) == "30"
    refusal = as_nobody(lambda: changed(shared))
    assert refusal.startswith(f"StoreError: the store {shared} cannot be used: it can only be read")
    assert [path.name for path in shared.parent.iterdir()] == ["s.gpkg"]
    assert counted(shared) == 30


def test_a_store_that_another_is_writing_is_read_with_its_log_or_not_at_all(shared):
    with closing(GeoPackageStore(shared)) as owner:
        put(owner, month_part("2024-02", 3))
        assert as_nobody(lambda: counted(shared)) == "33"
        shared.with_name("s.gpkg-shm").chmod(0o600)
        shared.with_name("s.gpkg-wal").chmod(0o600)
        assert as_nobody(lambda: counted(shared)).startswith(f"StoreError: the store {shared}")


def test_a_change_made_meanwhile_is_noticed(shared):
    def read_twice() -> int:
        with closing(GeoPackageStore(shared)) as store:
            with store.reading():
                store.incident_count()
            os.seteuid(0)
            changed(shared)
            os.seteuid(65534)
            with store.reading():
                return store.incident_count()

    if os.geteuid():
        pytest.skip("run as root, to be two users")
    assert "has changed since it was opened; start again" in as_nobody(read_twice)


def test_a_store_that_may_not_be_read_is_refused_with_the_reason(shared):
    shared.chmod(0o600)
    assert "you have no permission to read it; ask its owner" in as_nobody(lambda: counted(shared))


def test_a_new_store_in_a_folder_of_another_is_refused(shared):
    new = shared.with_name("new.gpkg")
    refusal = as_nobody(lambda: changed(new, create=True))
    assert "you have no permission to write in its folder" in refusal
    assert not new.exists()


def test_a_store_on_a_full_disk_is_read_and_not_changed(empty_geopackage, tmp_path):
    with small_disk(tmp_path / "small", megabytes=3) as disk:
        path = Path(shutil.copy(empty_geopackage, disk / "s.gpkg"))
        with closing(GeoPackageStore(path)) as store:
            put(store, month_part("2024-01", 30))
        ballast = fill(disk, leave=0)
        assert counted(path) == 30
        with pytest.raises(DiskFullError, match=r"s\.gpkg cannot be used: the disk is full"):
            changed(path)
        ballast.unlink()
        changed(path)
        assert counted(path) == 33


def test_a_store_that_another_program_has_for_itself_is_refused(shared, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_TIMEOUT_S", 0.1)
    with closing(sqlite3.connect(shared)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="another program is using it; try again"):
            counted(shared)
    assert counted(shared) == 30


@pytest.mark.parametrize("kind", ["device", "pipe"])
def test_what_is_no_file_is_no_store_and_stays(tmp_path, kind):
    path = Path("/dev/null") if kind == "device" else tmp_path / "pipe"
    if kind == "pipe":
        os.mkfifo(path)
    before = path.stat().st_mode
    for create in (False, True):
        with pytest.raises(StoreError, match=f"it is a {kind}; name a file"):
            GeoPackageStore(path, create=create)
    assert path.stat().st_mode == before


def test_a_link_to_a_store_stays_a_link(tmp_path, empty_geopackage):
    link, real = tmp_path / "link.gpkg", tmp_path / "real.gpkg"
    link.symlink_to("real.gpkg")
    changed(link, create=True)
    assert (link.readlink(), real.stat().st_mode & 0o777) == (Path("real.gpkg"), 0o600)
    with closing(GeoPackageStore(link)) as store:
        store.restore(empty_geopackage)
        assert store.incident_count() == 0
    assert link.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.gpkg", "real.gpkg"]
