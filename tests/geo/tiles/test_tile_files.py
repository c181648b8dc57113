"""MBTiles and PMTiles: read alike, and hostile ones refused with one line."""

from __future__ import annotations

import gzip
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.curve import curve_number, numbers_within
from geo.tiles.decode import layers_of, read_tile
from geo.tiles.grid import Box, tiles_of
from geo.tiles.mbtiles import MBTiles
from geo.tiles.opening import open_tiles
from geo.tiles.pmtiles import PMTiles, _Directory
from geo.tiles.tile_file import StoredTile, unpacked_tile
from tests.tile_files import CREDIT, write_mbtiles, write_pmtiles, zoomstack

BOX = Box(-1.47, 52.92, -1.45, 52.94)


@pytest.fixture(scope="module")
def tiles() -> list[StoredTile]:
    return zoomstack(Projection.choose())


@pytest.mark.parametrize(
    ("zoom", "column", "row", "number"),
    # Of the reference implementation: python/pmtiles/test/test_convert.py and spec v3.
    [(0, 0, 0, 0), (1, 0, 0, 1), (1, 0, 1, 2), (1, 1, 1, 3), (1, 1, 0, 4), (2, 0, 0, 5),
     (12, 3423, 1763, 19078479)],
)  # fmt: skip
def test_tiles_lie_on_the_curve_where_the_specification_puts_them(
    zoom: int, column: int, row: int, number: int
) -> None:
    assert curve_number(zoom, column, row) == number
    for level in range(zoom + 1):
        up = zoom - level
        low, end = numbers_within(zoom, level, column >> up, row >> up)
        assert low <= number < end == low + 4**up


@pytest.mark.parametrize("leaf", [0, 7])
def test_both_formats_give_the_same_tiles(
    tmp_path: Path, tiles: list[StoredTile], leaf: int
) -> None:
    files = [
        open_tiles(write_mbtiles(tmp_path / "a.mbtiles", tiles)),
        open_tiles(write_pmtiles(tmp_path / "a.pmtiles", tiles, leaf=leaf)),
    ]
    for file in files:
        facts = file.metadata
        assert (facts.kind, facts.first, facts.last, facts.title) == ("vector", 10, 14, "Zoomstack")
        assert facts.attribution == CREDIT
        for tile in tiles:
            assert file.tile(*tile[:3]) == tile.data
        assert file.tile(14, 0, 0) is None
        assert file.tile(99, 0, 0) is None
        assert sorted(file.tiles(14, None)) == sorted(one for one in tiles if one.zoom == 14)
        near = tiles_of(BOX, 14)
        inside = set(near.tiles())
        assert len(list(file.tiles(14, BOX))) == sum(
            one.zoom == 14 and (one.column, one.row) in {(t.column, t.row) for t in inside}
            for one in tiles
        )


def test_a_tile_is_read_back_as_it_was_drawn(tiles: list[StoredTile]) -> None:
    deepest = next(tile for tile in tiles if tile.zoom == 14 and tile.data != b"")
    names = layers_of(deepest.data)
    assert set(names) <= {
        "greenspaces", "surfacewater", "roads", "rail", "railwaystations", "names",
    }  # fmt: skip
    streets: dict[str, int] = {}
    for tile in tiles:
        if tile.zoom != 14:
            continue
        layers = read_tile(tile.data, layer=lambda name: name == "roads")
        for road in layers.get("roads", []):
            streets[str(road.properties["name"])] = road.kind
            assert road.extent == 4096
            assert all(path.shape[1] == 2 and len(path) > 1 for path in road.paths)
    assert streets == {"Long Street": 2, "Cross Road": 2, "Short Lane": 2}


def test_polygons_come_back_closed(tiles: list[StoredTile]) -> None:
    for tile in tiles:
        for park in read_tile(tile.data, layer=lambda name: name == "greenspaces").get(
            "greenspaces", []
        ):
            assert park.kind == 3
            assert all((path[0] == path[-1]).all() for path in park.paths)


@pytest.mark.parametrize("data", [b"\x1a\x05ab", b"\x1a", b"\xff" * 20, b"\x1a\x02\x0a\x09"])
def test_what_is_no_vector_tile_is_refused(data: bytes) -> None:
    with pytest.raises(InputError, match="not a vector tile, or is damaged"):
        layers_of(data)


def test_a_tile_that_unpacks_to_too_much_is_refused() -> None:
    bomb = gzip.compress(b"\0" * 9_000_000)
    with pytest.raises(InputError, match="larger than 8,000,000 bytes"):
        unpacked_tile(bomb)
    with pytest.raises(InputError, match="cut off"):
        unpacked_tile(gzip.compress(b"tile" * 100)[:-9])


@pytest.mark.parametrize(
    ("at", "content", "message"),
    [
        (97, b"\x03", "compressed by brotli, which is not read; write it with gzip"),
        (99, b"\x05", "tiles of the type 5"),
        (16, struct.pack("<Q", 2**40), "a directory of 1,099,511,627,776 bytes is too large"),
        (8, struct.pack("<Q", 2**40), "is cut off"),
        (127, b"\0\0\0\0", "is damaged"),
        (100, b"\x63\x63", "no zoom levels from 0 to 24"),
        (8, struct.pack("<Q", 2**64 - 10), "is cut off"),
        (40, struct.pack("<Q", 2**64 - 10), "is cut off"),
        (56, struct.pack("<Q", 2**64 - 10), "is cut off"),
    ],
)
def test_a_broken_archive_is_refused_with_one_line(
    tmp_path: Path, tiles: list[StoredTile], at: int, content: bytes, message: str
) -> None:
    path = write_pmtiles(tmp_path / "a.pmtiles", tiles)
    whole = path.read_bytes()
    path.write_bytes(whole[:at] + content + whole[at + len(content) :])
    with pytest.raises(InputError, match=message):
        PMTiles(path)


def test_an_archive_may_not_point_outside_itself(tmp_path: Path, tiles: list[StoredTile]) -> None:
    path = write_pmtiles(tmp_path / "a.pmtiles", tiles)
    whole = path.read_bytes()
    path.write_bytes(whole[:64] + struct.pack("<Q", 10) + whole[72:])  # ten bytes of tiles
    assert PMTiles(path).tile(*tiles[-1][:3]) is None


def test_an_mbtiles_file_need_not_say_its_bounds(tmp_path: Path, tiles: list[StoredTile]) -> None:
    file = MBTiles(write_mbtiles(tmp_path / "a.mbtiles", tiles, bounds="1,2,three"))
    assert file.metadata.box is None
    assert len(list(file.tiles(12, None))) == sum(tile.zoom == 12 for tile in tiles)


@pytest.mark.parametrize("zoom", ["9e999", "-1", "25", "0.5", "'12'", "x'0c'"])
def test_an_mbtiles_file_with_a_zoom_that_is_none_is_refused(
    tmp_path: Path, tiles: list[StoredTile], zoom: str
) -> None:
    path = write_mbtiles(tmp_path / "a.mbtiles", tiles)
    insert(path, f"{zoom}, 0, 0")
    with pytest.raises(
        InputError, match="not an MBTiles file: it has zoom levels that are not from"
    ):
        MBTiles(path)


@pytest.mark.parametrize("column", ["0.5", "9e999", "'5'"])
def test_columns_that_are_not_whole_end_the_reading(
    tmp_path: Path, tiles: list[StoredTile], column: str
) -> None:
    path = write_mbtiles(tmp_path / "a.mbtiles", tiles)
    insert(path, f"12, {column}, 0")
    with pytest.raises(InputError, match="the number of a column is not whole"):
        list(MBTiles(path).tiles(12, Box(-180, -85, 180, 85)))


def insert(path: Path, place: str) -> None:
    """Add a tile at a zoom, column and row to an MBTiles file."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"INSERT INTO tiles VALUES ({place}, x'00')")
        database.commit()


class Cleared(dict):
    """A cache that another thread clears at once."""

    def __setitem__(self, key: object, value: object) -> None:
        """Keep nothing."""


def test_a_directory_that_another_thread_forgets_is_still_read(
    tmp_path: Path, tiles: list[StoredTile]
) -> None:
    file = PMTiles(write_pmtiles(tmp_path / "a.pmtiles", tiles, leaf=7))
    file._leaves = Cleared()
    assert [file.tile(*tile[:3]) for tile in tiles] == [tile.data for tile in tiles]


WORLD = struct.pack("<4i", *(int(side * 1e7) for side in (-180, -85, 180, 85)))


@pytest.mark.parametrize("leaf", [0, 7])
def test_an_archive_that_says_to_cover_the_world_is_read_where_it_has_tiles(
    tmp_path: Path, tiles: list[StoredTile], leaf: int
) -> None:
    path = write_pmtiles(tmp_path / "a.pmtiles", tiles, leaf=leaf)
    whole = path.read_bytes()
    path.write_bytes(whole[:101] + b"\x18" + WORLD + whole[118:])  # to zoom 24
    file = PMTiles(path)
    assert file.metadata.last == 24
    read = [tile for zoom in range(25) for tile in file.tiles(zoom, None)]
    assert sorted(read) == sorted(tiles)


def test_of_a_run_of_tiles_only_those_in_the_box_are_read(
    tmp_path: Path, tiles: list[StoredTile]
) -> None:
    file = PMTiles(write_pmtiles(tmp_path / "a.pmtiles", tiles))
    sea = (curve_number(12, 0, 0), 4**12, 9, 0)  # all of a zoom, as one entry of nine bytes
    file._root = _Directory(*(np.array([number]) for number in sea))
    read = [(tile.column, tile.row) for tile in file.tiles(12, BOX)]
    assert sorted(read) == [(tile.column, tile.row) for tile in tiles_of(BOX, 12).tiles()]
    assert list(file.tiles(11, None)) == []
