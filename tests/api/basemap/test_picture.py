"""The basemap on paper: vector tiles as SVG paths and names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from api.basemap.picture import LOOKS, BasemapPicture, draw_basemap, read_basemap
from api.basemap.raster import MOST_BYTES
from api.basemap.sources import TileSource
from geo.crs import Projection
from geo.tiles.grid import Box, tiles_of, to_unit
from geo.tiles.tile_file import StoredTile
from tests.tile_files import CENTRE, CREDIT, zoomstack

X, Y = CENTRE
BOX = (X - 2_000, Y - 1_500, X + 2_000, Y + 1_500)
UNIT = 4_000 / 700


@pytest.fixture(scope="module")
def projection() -> Projection:
    return Projection.choose()


@pytest.fixture(scope="module")
def source(projection: Projection) -> TileSource:
    tiles = {tile[:3]: tile.data for tile in zoomstack(projection)}
    return TileSource(
        source_id="t", title="T", kind="vector", attribution=CREDIT, first=10, last=14,
        version="1", box=None, layers=(), read=lambda *place: tiles.get(place),
        tiles=lambda _zoom, _box: iter(()),
    )  # fmt: skip


def drawn(source: TileSource, projection: Projection, **options: object) -> BasemapPicture:
    picture = draw_basemap([source], projection, box=BOX, unit=UNIT, **options)  # type: ignore[arg-type]
    assert picture is not None
    return picture


def test_streets_lie_where_they_are_and_under_them_water_and_parks(
    source: TileSource, projection: Projection
) -> None:
    picture = drawn(source, projection)
    looks = [look for look, _ in picture.shapes]
    order = list(LOOKS.values())
    assert looks == sorted(looks, key=order.index)
    paths = dict(picture.shapes)
    main = np.array(re.findall(r"[ML](-?\d+) (-?\d+)", paths[LOOKS["main"]]), int)
    # Long Street runs from west to east through the centre; a unit of the tiles is 0.4 m.
    assert np.abs(main[:, 1] + Y).max() <= 1 + UNIT / 2
    assert main[:, 0].min() < X - 1_900 < X + 1_900 < main[:, 0].max()
    assert LOOKS["water"] in paths
    assert paths[LOOKS["green"]].endswith("Z")
    assert picture.credits == [CREDIT]


def test_names_overlap_neither_one_another_nor_what_is_there(
    source: TileSource, projection: Projection
) -> None:
    names = {name.text: name for name in drawn(source, projection).names}
    assert set(names) >= {"Testford", "Town Station", "Long Street"}
    town = names["Testford"]
    assert (town.x, town.y, town.kind) == (round(X), round(-Y), "place")
    assert abs(names["Long Street"].turn) <= 1
    fewer = drawn(source, projection, taken=[(X, Y, 100.0)]).names
    assert "Testford" not in [name.text for name in fewer]


def test_where_there_are_no_tiles_nothing_is_drawn(
    source: TileSource, projection: Projection
) -> None:
    box = (100_000.0, 100_000.0, 104_000.0, 103_000.0)
    assert draw_basemap([source], projection, box=box, unit=UNIT) is None
    assert draw_basemap([], projection, box=BOX, unit=UNIT) is None


PNG = b"\x89PNG and so on"


def pictures(size: int = len(PNG)) -> TileSource:
    """Pictures of zoom 12 to 16 wherever one asks, each of so many bytes."""

    def tiles(zoom: int, box: Box) -> Iterator[StoredTile]:
        for tile in tiles_of(box, zoom).tiles():
            yield StoredTile(zoom, tile.column, tile.row, PNG.ljust(size, b"."))

    return TileSource(
        source_id="p", title="P", kind="pictures", attribution="© Aerial", first=12, last=16,
        version="1", box=None, layers=(), read=lambda *_: None, tiles=tiles,
    )  # fmt: skip


def test_pictures_lie_on_paper_where_they_are(source: TileSource, projection: Projection) -> None:
    picture = drawn(source, projection, pictures=pictures())
    assert picture.credits == [CREDIT, "© Aerial"]
    assert {one.address.partition(",")[0] for one in picture.pictures} == {"data:image/png;base64"}
    a, b, c, d, e, f = np.array([one.matrix for one in picture.pictures]).T
    # Each is as wide as high and hardly turned; its first corner is that of a tile of zoom 16.
    assert np.hypot(a, b) == pytest.approx(np.hypot(c, d), rel=4e-3)
    assert np.abs(np.degrees(np.arctan2(b, a))).max() < 1
    longitude, latitude = projection.to_lonlat(e, -f)
    columns, rows = (np.array(to_unit(longitude, latitude)) * 2**16).round(3)
    assert columns == pytest.approx(columns.round(), abs=2e-3)
    assert rows == pytest.approx(rows.round(), abs=2e-3)
    # Together they cover the box.
    assert (e.min(), (e + a).max()) <= (BOX[0], np.inf)
    assert (e + a).max() >= BOX[2]
    assert draw_basemap([], projection, box=BOX, unit=UNIT, pictures=pictures()) is not None


def test_heavy_pictures_are_drawn_of_a_coarser_zoom(
    source: TileSource, projection: Projection
) -> None:
    light, heavy = (drawn(source, projection, pictures=pictures(n)) for n in (100, 60_000))
    assert 0 < len(heavy.pictures) < len(light.pictures)
    assert sum(len(one.address) for one in heavy.pictures) < 1.4 * MOST_BYTES
    assert drawn(source, projection, pictures=pictures(2_000_000)).pictures == []


def test_tiles_of_a_box_are_read_once_whatever_is_drawn_over_it(
    source: TileSource, projection: Projection
) -> None:
    reads: list[tuple[int, int, int]] = []

    def read(zoom: int, column: int, row: int) -> bytes | None:
        reads.append((zoom, column, row))
        return source.read(zoom, column, row)

    contents = read_basemap([replace(source, read=read)], projection, box=BOX, unit=UNIT)
    assert contents is not None
    n = len(reads)
    assert n > 0
    for taken in ([], [(X, Y, 100.0)], []):
        assert contents.picture(taken) == drawn(source, projection, taken=taken)
    assert len(reads) == n
