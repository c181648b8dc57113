"""Whatever ends an import, a GeoPackage holds all of it or nothing, and goes on from there."""

import os
import random
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.options import Question
from geo.question import ask
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.importer import (
    MONTHS,
    ROWS,
    import_one_by_one,
    import_together,
    new_months,
    start,
)
from tests.geo.stores.parts import counters, held, lines, month_part, put, put_layer, states
from tests.geo.stores.soundness import faults


def counted(store: GeoPackageStore) -> list[int]:
    """What the store answers to one question."""
    return ask(Question.read({"period": "latest-9m"}), store).area_counts["n"].tolist()


@pytest.fixture(scope="module")
def begun(tmp_path_factory, empty_geopackage, four_squares) -> Path:
    """A store with a layer and two months, which the import replaces."""
    path = Path(shutil.copy(empty_geopackage, tmp_path_factory.mktemp("crashes") / "begun.gpkg"))
    with closing(GeoPackageStore(path)) as store:
        put_layer(store, four_squares)
        put(store, month_part(MONTHS[0], 40), month_part(MONTHS[1], 7))
    return path


@pytest.fixture(scope="module")
def finished(begun) -> tuple[list, list[int], float]:
    """What is held and answered after an import that nothing disturbed, and how long it takes."""
    path = Path(shutil.copy(begun, begun.with_name("finished.gpkg")))
    process, mark = start(import_together, path)
    assert mark.recv() == "begun"
    before = time.monotonic()
    assert mark.recv() == "done"
    seconds = time.monotonic() - before
    process.join(timeout=20)
    with closing(GeoPackageStore(path)) as store:
        return held(store), counted(store), seconds


@pytest.mark.parametrize("seed", range(10))
def test_an_import_that_is_killed_is_there_whole_or_not_at_all(seed, begun, finished, tmp_path):
    incidents, answer, seconds = finished
    path = Path(shutil.copy(begun, tmp_path / "s.gpkg"))
    process, mark = start(import_together, path)
    assert mark.recv() == "begun"
    # One moment in each tenth of the time that the import takes, and a little beyond its end.
    time.sleep(seconds * (seed + random.Random(seed).random()) / 9.5)
    process.kill()
    process.join(timeout=20)
    assert faults(path) == []
    with closing(GeoPackageStore(path)) as store:
        assert len(held(store)) in (47, len(MONTHS) * ROWS)
        assert states(store) in (["current"] * 2, ["replaced"] * 2 + ["current"] * 6)
        again = put(store, *new_months())
        assert again in (["replaced"] * 2 + ["added"] * 4, ["unchanged"] * 6)
        assert held(store) == incidents
        assert counted(store) == answer
    assert faults(path) == []


def test_a_store_whose_making_was_cut_short_can_be_made_again(tmp_path):
    """The file is there with its header, but no table yet."""
    path = tmp_path / "s.gpkg"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA application_id = 1196444487")
    with closing(GeoPackageStore(path, create=True)) as store:
        assert put(store, month_part("2024-01")) == ["added"]


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A disk of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("run as root, where a tmpfs can be mounted, to try a full disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_told_in_one_line_and_the_old_data_is_there(small_disk, empty_geopackage):
    path = Path(shutil.copy(empty_geopackage, small_disk / "s.gpkg"))
    with closing(GeoPackageStore(path)) as store:
        put(store, month_part("2024-01", 30))
        before = held(store), store.imports(history=True), counters(store)
        with pytest.raises(StoreError, match="disk is full") as refused:
            put(store, month_part("2024-02", 3), month_part("2024-01", 20_000))
        assert "\n" not in str(refused.value)
        assert (held(store), store.imports(history=True), counters(store)) == before
        assert put(store, month_part("2024-02", 3)) == ["added"]
    assert faults(path) == []


def test_a_new_store_on_a_full_disk_is_refused_in_one_line(small_disk):
    (small_disk / "ballast").write_bytes(b"x" * (3 * 2**20 - 8192))
    with pytest.raises(StoreError) as refused:
        GeoPackageStore(small_disk / "s.gpkg", create=True)
    assert "\n" not in str(refused.value)
    (small_disk / "ballast").unlink()
    GeoPackageStore(small_disk / "s.gpkg", create=True).close()


@pytest.mark.parametrize("same", [False, True])
def test_two_importers_at_once_lose_nothing(same, tmp_path, empty_geopackage):
    path = Path(shutil.copy(empty_geopackage, tmp_path / "s.gpkg"))
    names = ["derbyshire", "derbyshire" if same else "west-midlands"]
    running = [start(import_one_by_one, path, name) for name in names]
    ends = [mark.recv() for _, mark in running]
    for process, _ in running:
        process.join(timeout=20)
    assert "done" in ends
    assert all("\n" not in end for end in ends)
    with closing(GeoPackageStore(path)) as store:
        found = set(store.incidents()["incident_id"])
        for end, name in zip(ends, names, strict=True):
            whole = {row.key for month in MONTHS for row in lines(50, month=month, name=name)}
            assert end != "done" or whole <= found
        assert len(store.imports(history=True)) == len(store.imports()) == counters(store)[0]
        assert len(held(store)) == sum(record.rows_accepted for record in store.imports())
    assert faults(path) == []


def test_two_importers_that_make_the_store_at_once_lose_nothing(tmp_path):
    path = tmp_path / "new.gpkg"
    running = [start(import_one_by_one, path, name) for name in ("derbyshire", "west-midlands")]
    ends = [mark.recv() for _, mark in running]
    for process, _ in running:
        process.join(timeout=20)
    assert "done" in ends
    assert all("\n" not in end for end in ends)
    with closing(GeoPackageStore(path)) as store:
        assert len(held(store)) == ends.count("done") * 50 * len(MONTHS)
    assert faults(path) == []
