"""An index that was written whole is the one that SQLite would have made, and goes on working."""

import sqlite3
import tracemalloc

import numpy as np
import pytest

from geo.crs import Projection
from geo.store.geopackage.packed_rtree import outward, write_index
from geo.store.geopackage.sqlite_file import SqliteFile


class Plain:
    """A file with nothing but an index, as `write_index` needs it."""

    projection = Projection.choose()

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:")
        self.connection.execute("CREATE VIRTUAL TABLE tree USING rtree(id, minx, maxx, miny, maxy)")

    def rows(self, sql, *values):
        return self.connection.execute(sql, values).fetchall()

    def execute(self, sql, *values):
        self.connection.execute(sql, values)

    def fill(self, sql, rows):
        self.connection.executemany(sql, rows)

    insert = SqliteFile.insert

    def sound(self):
        return self.rows("SELECT rtreecheck('tree')") == [("ok",)]


def boxes(n, *, seed=1, size=500.0):
    draw = np.random.default_rng(seed)
    corner = draw.uniform(-700_000, 1_300_000, (n, 2))
    return np.hstack([corner, corner + draw.uniform(0, size, (n, 2))])


def ids_within(file, west, south, east, north):
    query = "SELECT id FROM tree WHERE maxx >= ? AND maxy >= ? AND minx <= ? AND miny <= ?"
    return {row[0] for row in file.rows(query, west, south, east, north)}


@pytest.mark.parametrize("n", [0, 1, 51, 52, 53, 51 * 51, 51 * 51 + 1, 20_000])
def test_an_index_of_any_size_is_sound_and_holds_every_row(n):
    file = Plain()
    ids = np.arange(n) * 3 + 1
    write_index(file, "tree", [(ids, boxes(n))])
    assert file.sound()
    assert [row[0] for row in file.rows("SELECT id FROM tree ORDER BY id")] == ids.tolist()


def test_a_window_finds_at_least_what_lies_in_it_and_little_more():
    file, bounds = Plain(), boxes(20_000)
    write_index(file, "tree", [(np.arange(20_000), bounds)])
    for west, south in np.random.default_rng(2).uniform(-700_000, 1_000_000, (50, 2)):
        window = west, south, west + 90_000, south + 50_000
        inside = (
            (bounds[:, 2] >= window[0])
            & (bounds[:, 3] >= window[1])
            & (bounds[:, 0] <= window[2])
            & (bounds[:, 1] <= window[3])
        )
        exact, indexed = set(np.flatnonzero(inside).tolist()), ids_within(file, *window)
        assert exact <= indexed
        assert len(indexed - exact) <= 2


def test_boxes_are_rounded_outwards_only():
    file, bounds = Plain(), boxes(300, size=0.0)
    write_index(file, "tree", [(np.arange(300), bounds)])
    stored = np.array(file.rows("SELECT minx, miny, maxx, maxy FROM tree ORDER BY id"))
    assert (stored[:, :2] <= bounds[:, :2]).all()
    assert (stored[:, 2:] >= bounds[:, 2:]).all()
    assert np.abs(stored - bounds).max() < 0.13


def test_sqlite_goes_on_with_a_packed_index():
    file = Plain()
    write_index(file, "tree", [(np.arange(5_000), boxes(5_000))])
    new = [(10_000 + i, i, i + 1, i, i + 1) for i in range(500)]
    file.fill("INSERT INTO tree VALUES (?, ?, ?, ?, ?)", new)
    file.execute("DELETE FROM tree WHERE id % 2 = 0")
    assert file.sound()
    assert file.rows("SELECT count(*) FROM tree") == [(2_750,)]


def test_writing_again_leaves_nothing_of_before():
    file = Plain()
    write_index(file, "tree", [(np.arange(5_000), boxes(5_000))])
    write_index(file, "tree", [(np.array([7]), boxes(1))])
    assert file.sound()
    assert file.rows("SELECT id FROM tree") == [(7,)]


def in_parts(n, rows):
    return [(range(at, at + rows), outward(boxes(rows, seed=at))) for at in range(0, n, rows)]


@pytest.mark.parametrize("rows", [2_000, 2_001])
def test_an_index_packed_piece_by_piece_is_sound_and_holds_every_row(monkeypatch, rows):
    monkeypatch.setattr("geo.store.geopackage.packed_rtree._MOST_SORTED", 4_000)
    file, n = Plain(), 6 * rows
    write_index(file, "tree", in_parts(n, rows))
    assert file.sound()
    assert [row[0] for row in file.rows("SELECT id FROM tree ORDER BY id")] == list(range(n))


def test_packing_takes_some_40_bytes_for_each_row_of_a_piece(monkeypatch):
    monkeypatch.setattr("geo.store.geopackage.packed_rtree._MOST_SORTED", 50_000)
    peaks = {}
    for n in (50_000, 150_000):
        file, parts = Plain(), in_parts(n, 5_000)
        tracemalloc.start()
        write_index(file, "tree", (parts.pop(0) for _ in range(len(parts))))
        _, peaks[n] = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert file.rows("SELECT count(*) FROM tree") == [(n,)]
    # Besides what grows with the rows of a piece there are the numbers of 50,000 rows at a time.
    assert peaks[50_000] < 40 * 50_000 + 15e6
    assert peaks[150_000] < 1.5 * peaks[50_000]
