"""A store's files are readable by their owner alone."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.parts import month_part, put


@pytest.fixture(autouse=True)
def open_to_all():
    """The umask of a system where new files can be read, and written, by everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in sorted(folder.iterdir())}


def test_a_store_its_log_and_its_backup_are_their_owners_alone(tmp_path):
    path = tmp_path / "s.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        put(store, month_part("2024-01", 3))
        assert modes(tmp_path) == {"s.gpkg": 0o600, "s.gpkg-shm": 0o600, "s.gpkg-wal": 0o600}
        store.back_up(tmp_path / "saved.gpkg")
        assert modes(tmp_path)["saved.gpkg"] == 0o600
        store.restore(tmp_path / "saved.gpkg")
        assert set(modes(tmp_path).values()) == {0o600}


def test_an_empty_file_that_was_there_becomes_private(tmp_path):
    path = tmp_path / "s.gpkg"
    path.touch(mode=0o666)
    GeoPackageStore(path, create=True).close()
    assert set(modes(tmp_path).values()) == {0o600}


def test_a_store_of_an_earlier_release_is_closed_to_others_once(tmp_path, monkeypatch):
    from geo.store.migrations import migrations  # noqa: PLC0415 - the list as it is

    path = tmp_path / "s.gpkg"
    with monkeypatch.context() as earlier:
        earlier.setattr(
            "geo.store.migrations.migrations", lambda dialect: list(migrations(dialect))[:2]
        )
        GeoPackageStore(path, create=True).close()
    with closing(sqlite3.connect(path)) as file:
        for event in ("insert", "update", "delete"):  # which that release did not have
            file.execute(f"DROP TRIGGER patchmap_edits_{event}_incidents")
    path.chmod(0o664)
    with closing(GeoPackageStore(path)):
        assert set(modes(tmp_path).values()) == {0o600}
    # A group that works on one store is its owner's choice.
    path.chmod(0o660)
    with closing(GeoPackageStore(path)):
        assert modes(tmp_path)["s.gpkg"] == 0o660
