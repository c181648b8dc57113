"""`patchmap erase`, `retention` and `restore`: what is gone stays gone."""

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from api.cli import app
from api.imports.removal import apply_retention, set_retention
from geo.columns import ColumnFolder, beside
from geo.errors import PatchmapError
from geo.incidents import COVERS_SETTING
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import records_path


def run(store: GeoPackageStore, *words: str) -> str:
    result = CliRunner().invoke(app, ["--store", str(store.path), *words], catch_exceptions=False)
    return result.output


def _has(store: Store, incident_id: str) -> bool:
    return incident_id in set(store.incidents(columns=("incident_id",))["incident_id"])


_ID = "police.uk/testshire/2024-01:9"


def test_an_erased_incident_does_not_come_back_with_a_backup(
    store: GeoPackageStore, tmp_path: Path
) -> None:
    run(store, "backup", str(tmp_path / "b.gpkg"))
    said = run(store, "erase", "--source", "police.uk", "--id", _ID, "--reason", "asked for")
    assert "1 row removed" in said
    assert "copies may remain in backups" in said
    assert not _has(store, _ID)
    said = run(store, "restore", str(tmp_path / "b.gpkg"), "--replace")
    assert "319 incidents" in said
    assert "erased again, as since the backup: 1" in said
    assert not _has(store, _ID)
    # Also where the store is gone, and only its records are left.
    other = tmp_path / "other.gpkg"
    records_path(store.path).rename(records_path(other))
    CliRunner().invoke(app, ["--store", str(other), "restore", str(tmp_path / "b.gpkg")])
    with_other = GeoPackageStore(other)
    assert not _has(with_other, _ID)
    with_other.close()


def test_copies_that_could_not_be_changed_are_named(
    store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("erase", "--source", "police.uk", "--id", _ID, "--reason", "asked for")
    monkeypatch.setattr(ColumnFolder, "is_out_of_reach", True)
    result = CliRunner().invoke(app, ["--store", str(store.path), *words])
    assert result.exit_code == 0
    assert f"warning: {beside(store.path)} belongs to another user" in result.stderr
    monkeypatch.undo()
    assert "warning" not in CliRunner().invoke(app, ["--store", str(store.path), *words]).stderr


def test_what_is_erased_while_a_backup_is_restored_is_erased_again(
    store: GeoPackageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = tmp_path / "b.gpkg"
    run(store, "backup", str(backup))
    restored = GeoPackageStore.restore

    def interrupted(restoring: GeoPackageStore, file: Path) -> None:
        run(store, "erase", "--source", "police.uk", "--id", _ID, "--reason", "asked for")
        restored(restoring, file)

    monkeypatch.setattr(GeoPackageStore, "restore", interrupted)
    said = run(store, "restore", str(backup), "--replace")
    assert "erased again, as since the backup: 1" in said
    assert not _has(store, _ID)


def test_what_cannot_be_erased_is_said(store: GeoPackageStore) -> None:
    with pytest.raises(PatchmapError, match=r"no incident 'x' of police.uk"):
        run(store, "erase", "--source", "police.uk", "--id", "x", "--reason", "y")
    with pytest.raises(PatchmapError, match="reason is empty"):
        run(store, "erase", "--source", "police.uk", "--id", _ID, "--reason", " ")
    assert _has(store, _ID)


MAPPING = """
source = "council"
[when]
from = "Date"
format = "dd/mm/yyyy"
[where]
easting = "easting"
northing = "northing"
[what]
category = "noise"
"""


def test_an_import_says_that_a_row_is_left_out_by_what_it_says_alone(
    store: GeoPackageStore, tmp_path: Path
) -> None:
    (tmp_path / "council.toml").write_text(MAPPING)
    file, row = tmp_path / "calls.csv", "31/01/2024,435100,336100\n"
    file.write_text("Date,easting,northing\n" + 2 * row)
    words = (
        "ingest",
        str(file),
        "--mapping",
        str(tmp_path / "council.toml"),
        "--partition",
        "calls",
        "--rejects",
        str(tmp_path / "calls.rejects.csv"),
    )
    assert "erased" not in run(store, *words)
    erased = ("--source", "council", "--id", "council/calls:2", "--reason", "asked for")
    assert "1 row removed" in run(store, "erase", *erased)
    # The publisher took out the erased row, and nothing tells the other one from it.
    file.write_text("Date,easting,northing\n" + row + row.replace("31", "30"))
    said = run(store, *words)
    assert "2 read = 1 accepted + 1 rejected (1 erased)" in said
    assert "1 row was left out by what was erased, known by time, place, category and text" in said
    assert "left out" not in run(store, *words)  # unchanged


def test_sources_are_kept_for_whole_months(store: GeoPackageStore) -> None:
    with store.transaction():
        covers = {"police.uk/x": {"from": "2020-01", "to": "", "categories": []}}
        store.put_setting(COVERS_SETTING.format("police.uk"), covers)
    set_retention(store, "police.uk", 24)
    assert "police.uk: kept for 24 months, since" in run(store, "retention", "show")
    [done] = apply_retention(store, today=pd.Timestamp("2026-02-28").date())
    assert (done.first, done.rows) == ("2024-02", 160)
    assert store.incident_count() == 160
    kept = store.setting(COVERS_SETTING.format("police.uk"))
    assert kept == {"police.uk/x": {"from": "2024-02", "to": "", "categories": []}}
    assert "160 rows would be removed" in run(store, "retention", "apply", "--dry-run")
    assert store.incident_count() == 160
    assert "160 rows removed" in run(store, "retention", "apply")
    assert store.incident_count() == 0
    assert "is kept without end" in run(store, "retention", "set", "police.uk", "none")
    with pytest.raises(PatchmapError, match=r"there is no source 'x'; there are: police.uk"):
        run(store, "retention", "set", "x", "3")
