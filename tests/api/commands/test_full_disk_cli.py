"""On a full disk every command that writes says so in one line and leaves all as it was."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import make_town
from tests.disks import fill, largest_file, small_disk
from tests.services import run_patchmap

WHOLE = "--layer wards --from 2024-01 --to 2024-02"
COMMANDS = [
    *(f"count {WHOLE} -o n.{ending}" for ending in ("csv", "geojson", "gpkg", "parquet")),
    f"hotspots {WHOLE} -o cells.gpkg",
    f"rank {WHOLE} --save -o places.csv",
    f"map {WHOLE} -o map.html",
    f"brief {WHOLE} -o brief.html",
    "locate {elsewhere}/points.csv --areas wards -o out.csv",
    "layers add {elsewhere}/n.geojson --id again",
    "plan new p --blocks wards --from wards",
    "backup saved.gpkg",
    "copy --to copied.gpkg",
    "imports undo 1",
    "restore {elsewhere}/saved.gpkg --replace",
    "demo",
]
LARGE = [
    f"hotspots {WHOLE} -o cells.csv",
    "plan new p --blocks wards --from wards",
    "backup b.gpkg",
]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store, a backup and files to read, on a disk with room."""
    folder = tmp_path_factory.mktemp("elsewhere")
    make_town(folder / "town.gpkg").close()
    for line in ("backup saved.gpkg", f"count {WHOLE} -o n.geojson"):
        done = run_patchmap("--store", "town.gpkg", *line.split(), cwd=folder)
        assert done.returncode == 0, done.stderr
    (folder / "points.csv").write_text("x,y\n" + "435100,336100\n" * 5_000)
    return folder


@pytest.fixture(scope="module")
def disk(elsewhere: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with small_disk(tmp_path_factory.mktemp("disks") / "small", megabytes=4) as mounted:
        shutil.copy(elsewhere / "town.gpkg", mounted)
        yield mounted


def rows(store: Path) -> tuple[str, list[int]]:
    """Whether a store is sound, and how many rows each of its tables has."""
    with closing(sqlite3.connect(store)) as file:
        tables = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        counted = [file.execute(f'SELECT count(*) FROM "{name}"') for (name,) in tables.fetchall()]
        sound = file.execute("PRAGMA integrity_check").fetchone()[0]
        return sound, [cursor.fetchone()[0] for cursor in counted]


@pytest.mark.parametrize("line", COMMANDS)
def test_one_line_and_nothing_left(disk: Path, elsewhere: Path, line: str) -> None:
    before = rows(disk / "town.gpkg")
    store = "new.gpkg" if line == "demo" else "town.gpkg"
    for kilobytes in (0, 40):
        ballast = fill(disk, leave=kilobytes * 1024)
        try:
            words = line.format(elsewhere=elsewhere).split()
            done = run_patchmap("--store", store, *words, cwd=disk)
        finally:
            ballast.unlink()
        if kilobytes and not done.returncode:
            (disk / words[-1]).unlink()  # small enough for the room that there was
            continue
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        assert "the disk is full" in done.stderr
        assert ".patchmap-" not in done.stderr
        # SQLite may leave its log and its index beside the store, and uses them again.
        left = {path.name for path in disk.iterdir()} - {"town.gpkg-wal", "town.gpkg-shm"}
        assert left == {"town.gpkg"}
        assert rows(disk / "town.gpkg") == before
    assert before[0] == "ok"


@pytest.mark.parametrize("line", LARGE)
def test_a_file_that_may_not_grow_is_named_in_one_line(
    elsewhere: Path, tmp_path: Path, line: str
) -> None:
    shutil.copy(elsewhere / "town.gpkg", tmp_path)
    before = rows(tmp_path / "town.gpkg")
    with largest_file(1_024):
        done = run_patchmap("--store", "town.gpkg", *line.split(), cwd=tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    name = line.rsplit(maxsplit=1)[-1] if "." in line.rsplit(maxsplit=1)[-1] else "town.gpkg"
    assert f"{name} cannot be written: it is larger than a file may be here" in done.stderr
    left = {path.name for path in tmp_path.iterdir()} - {"town.gpkg-wal", "town.gpkg-shm"}
    assert left == {"town.gpkg"}
    assert rows(tmp_path / "town.gpkg") == before


def test_places_that_cannot_be_saved_leave_no_file(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("the store cannot be written")

    shutil.copy(elsewhere / "town.gpkg", tmp_path)
    monkeypatch.setattr(GeoPackageStore, "put_setting", refuse)
    line = f"rank {WHOLE} --save -o places.csv"
    done = run_patchmap("--store", "town.gpkg", *line.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "patchmap: the store cannot be written\n")
    assert not (tmp_path / "places.csv").exists()
