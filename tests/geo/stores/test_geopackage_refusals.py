"""A file that is no store of ours is refused with one line, and left as it is."""

import errno
import sqlite3

import pytest

from geo.errors import ConflictError, DiskFullError, NotFoundError, StoreError
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.sqlite_errors import store_error
from tests.geo.stores.parts import month_part, put


def refusal(path, kind: type[Exception] = StoreError, *, create: bool = False) -> str:
    with pytest.raises(kind) as refused:
        GeoPackageStore(path, create=create)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)
    return str(refused.value)


def change(path, sql: str) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(sql)
    connection.close()


def test_a_share_of_the_disk_that_is_used_up_is_said_in_one_line(tmp_path, monkeypatch):
    # SQLite reports it as a fault of the disk, so it is tried out.
    monkeypatch.setattr("geo.store.geopackage.sqlite_errors.write_fault", lambda _: errno.EDQUOT)
    fault = sqlite3.OperationalError("disk I/O error")
    fault.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
    error = store_error(tmp_path / "s.gpkg", fault)
    assert isinstance(error, DiskFullError)
    assert str(error).endswith(
        "s.gpkg cannot be written: your share of the disk is used up; free"
        " some space, or write to another folder"
    )


def test_a_store_that_is_not_there_is_refused_with_what_makes_one(tmp_path):
    message = refusal(tmp_path / "no.gpkg", NotFoundError)
    assert message.startswith("there is no store at")
    assert "'patchmap start' or 'patchmap demo' makes one" in message
    assert message.endswith("'patchmap serve --create' an empty one")
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_becomes_a_store_only_when_asked(tmp_path):
    path = tmp_path / "empty.gpkg"
    path.touch()
    refusal(path, NotFoundError)
    GeoPackageStore(path, create=True).close()
    GeoPackageStore(path).close()


@pytest.mark.parametrize("create", [False, True])
def test_a_text_file_is_refused_and_stays(tmp_path, create):
    path = tmp_path / "notes.txt"
    path.write_text("Ring the council about the bench.\n" * 40)
    assert "it is no Patchmap store; name another file" in refusal(path, create=create)
    assert path.read_text().startswith("Ring the council")


@pytest.mark.parametrize("create", [False, True])
def test_another_sqlite_file_is_refused_and_stays_byte_for_byte(tmp_path, create):
    path = tmp_path / "other.sqlite"
    change(path, "CREATE TABLE shopping (item TEXT)")
    before = path.read_bytes()
    assert "holds data, but it is no Patchmap store" in refusal(path, create=create)
    assert path.read_bytes() == before


def test_a_geopackage_of_somebody_else_is_refused_and_stays_byte_for_byte(tmp_path, four_squares):
    path = tmp_path / "theirs.gpkg"
    four_squares.reset_index().to_file(path, layer="wards", engine="pyogrio")
    before = path.read_bytes()
    assert "holds data, but it is no Patchmap store" in refusal(path, create=True)
    assert path.read_bytes() == before


def test_a_folder_is_refused(tmp_path):
    assert "cannot be used: it is a folder" in refusal(tmp_path)


def test_a_store_in_a_folder_that_is_not_there_is_refused(tmp_path):
    assert "there is no folder" in refusal(tmp_path / "no" / "s.gpkg", create=True)


def test_a_newer_store_is_refused(geopackage, store_path):
    geopackage.close()
    change(store_path, "INSERT INTO patchmap_migrations VALUES (999, 'later', 'x', '2099')")
    assert "was written by a newer Patchmap; update this one" in refusal(store_path)


def test_a_store_of_an_edited_migration_is_refused(geopackage, store_path):
    geopackage.close()
    change(store_path, "UPDATE patchmap_migrations SET sha256 = 'edited' WHERE number = 1")
    assert "migration 1 of" in refusal(store_path, ConflictError)


def test_a_damaged_store_is_refused_in_one_line(geopackage, store_path):
    put(geopackage, month_part("2024-01", 3000))
    geopackage.close()
    content = bytearray(store_path.read_bytes())
    content[4096 : len(content) // 2] = b"\xa5" * (len(content) // 2 - 4096)
    store_path.write_bytes(content)
    assert "cannot be used" in refusal(store_path)
