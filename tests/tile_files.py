"""Small files of tiles of the schema of OS Open Zoomstack, made by the tests."""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import shapely

from geo.crs import Projection
from geo.tiles.build import build_tiles
from geo.tiles.curve import curve_number
from geo.tiles.packing import varint
from geo.tiles.tile_file import StoredTile

CREDIT = "Contains OS data © Crown copyright"
ZOOMS = range(10, 15)
CENTRE = (436_500.0, 337_000.0)
"""Where the town of the tests lies, in metres of the British National Grid."""


def zoomstack(projection: Projection, centre: tuple[float, float] = CENTRE) -> list[StoredTile]:
    """Tiles of a few streets, a river, a park and names around a point."""
    x, y = centre

    def frame(shapes: list[shapely.Geometry], **columns: Sequence[object]) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=shapes, crs=projection.crs)

    def way(*steps: tuple[float, float]) -> shapely.LineString:
        return shapely.LineString([(x + across, y + up) for across, up in steps])

    layers = {
        "greenspaces": frame([shapely.box(x - 900, y + 200, x - 300, y + 700)]),
        "surfacewater": frame([way((-3_000, -500), (3_000, -300)).buffer(30)]),
        "roads": frame(
            [
                way((-3_000, 0), (3_000, 0)),
                way((0, -2_000), (0, 2_000)),
                way((200, 300), (900, 300)),
            ],
            type=["A Road", "B Road", "Local"],
            name=["Long Street", "Cross Road", "Short Lane"],
            number=["A6", "B5010", None],
            level=[0, 0, 0],
        ),
        "rail": frame([way((-3_000, 1_000), (3_000, 1_400))], type=["Multi Track"]),
        "railwaystations": frame(
            [shapely.Point(x + 500, y + 1_230)], name=["Town Station"], type=["Railway Station"]
        ),
        "names": frame(
            [shapely.Point(x, y), shapely.Point(x - 600, y + 450)],
            name1=["Testford", "Green Park"],
            type=["Town", "Greenspace"],
        ),
    }
    return list(build_tiles(layers, projection, zooms=ZOOMS))


def write_mbtiles(path: Path, tiles: Iterable[StoredTile], **metadata: str) -> Path:
    """Write an MBTiles file of vector tiles, whose rows count from the south."""
    facts = {"name": "Zoomstack", "format": "pbf", "attribution": CREDIT} | metadata
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.executemany("INSERT INTO metadata VALUES (?, ?)", facts.items())
        database.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        database.executemany(
            "INSERT INTO tiles VALUES (?, ?, ?, ?)",
            [(tile.zoom, tile.column, 2**tile.zoom - 1 - tile.row, tile.data) for tile in tiles],
        )
        database.commit()
    return path


def write_pmtiles(
    path: Path, tiles: Iterable[StoredTile], *, leaf: int = 0, compression: int = 2
) -> Path:
    """Write a PMTiles archive of version 3; with `leaf` as directories of so many entries each."""
    by_place = sorted((curve_number(*tile[:3]), tile.data) for tile in tiles)
    content = b"".join(data for _, data in by_place)
    zooms = [tile.zoom for tile in tiles]
    entries, offset = [], 0
    for number, data in by_place:
        entries.append((number, 1, len(data), offset))
        offset += len(data)
    leaves, root = b"", _directory(entries)
    if leaf:
        parts = [entries[start : start + leaf] for start in range(0, len(entries), leaf)]
        pointers = []
        for part in parts:
            packed = _directory(part)
            pointers.append((part[0][0], 0, len(packed), len(leaves)))
            leaves += packed
        root = _directory(pointers)
    metadata = gzip.compress(
        json.dumps(
            {"name": "Zoomstack", "attribution": CREDIT, "vector_layers": [{"id": "roads"}]}
        ).encode()
    )
    root_at = 127
    metadata_at = root_at + len(root)
    leaves_at = metadata_at + len(metadata)
    tiles_at = leaves_at + len(leaves)
    places = (root_at, len(root), metadata_at, len(metadata), leaves_at, len(leaves))
    numbers = (tiles_at, len(content), len(entries), len(entries), len(entries))
    box = (int(side * 1e7) for side in (-2.0, 52.5, -1.0, 53.5))
    head = b"PMTiles\x03" + struct.pack("<11Q", *places, *numbers)
    head += struct.pack("<6B", 1, 2, compression, 1, min(zooms), max(zooms))
    head += struct.pack("<4iB2i", *box, 12, 0, 0)
    path.write_bytes(head + root + metadata + leaves + content)
    return path


def _directory(entries: Sequence[tuple[int, int, int, int]]) -> bytes:
    numbers = [len(entries)]
    starts = [entry[0] for entry in entries]
    numbers += [here - before for here, before in zip(starts, [0, *starts], strict=False)]
    numbers += [entry[1] for entry in entries]
    numbers += [entry[2] for entry in entries]
    end = None
    for _, _, size, offset in entries:
        numbers.append(0 if offset == end else offset + 1)
        end = offset + size
    return gzip.compress(b"".join(map(varint, numbers)))
