"""Promise: vector tiles come at least as fast as PostGIS makes them with ST_AsMVT.

Ours come over HTTP, those of PostGIS straight from its connection, without any server before it.
One caller asks for each tile of a view at every zoom, as a map does while one zooms in.

After the first round ours are ready, where PostGIS makes each tile anew.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

import geopandas as gpd
import numpy as np
import psycopg
import pyogrio
import shapely

from api.ogc.mvt.tiling import SINGLE_POINTS_ZOOM
from geo.tiles.encode import EXTENT
from geo.tiles.grid import to_unit
from tests.bench.runner import CACHE, ROUNDS, Line, Run, middle, say
from tests.bench.servers import OURS, TIPG, Servers

TITLE = "serving, tiles of"
POSTGIS = "ST_AsMVT"
GOAL = 1.0
MIDDLE = (-1.40, 52.96)
REPEATS = 5

_COLUMNS = {
    "plots": ("area_code", "area_name", "residents"),
    "incidents": ("incident_id", "source", "category", "occurred_from", "precision", "location"),
}
_ZOOMS = {"plots": range(11, 15), "incidents": range(SINGLE_POINTS_ZOOM, SINGLE_POINTS_ZOOM + 2)}
"""From SINGLE_POINTS_ZOOM on each point is drawn; below it Patchmap makes a smaller tile."""

_QUERY = """
SELECT ST_AsMVT(tile, '{layer}', 4096, 'geom') FROM (
  SELECT {columns}, ST_AsMVTGeom(
    ST_Transform(geom, 3857), ST_TileEnvelope(%(zoom)s, %(column)s, %(row)s), 4096, 64
  ) AS geom
  FROM {layer}
  WHERE geom && ST_Transform(
    ST_TileEnvelope(%(zoom)s, %(column)s, %(row)s, margin => 64 / 4096.0), 4326
  )
) AS tile
"""


class Place(NamedTuple):
    """A tile of WebMercatorQuad."""

    zoom: int
    column: int
    row: int


Maker = Callable[[Place], bytes]


def measure(servers: Servers) -> tuple[dict[str, list[Run]], list[Line]]:
    """Race the tiles of running servers."""
    runs: dict[str, list[Run]] = {}
    for layer, zooms in _ZOOMS.items():
        places = [place for zoom in zooms for place in _view(zoom)]
        with _makers(servers, layer) as makers:
            _compare(makers, layer, places)
        with _makers(servers, layer) as makers:
            for number in range(ROUNDS + 1):
                for name, make in makers.items():
                    took = _time(make, places)
                    if number:  # the first round warms up
                        runs.setdefault(f"tiles of {layer}: {name}", []).append(Run(took, 0, 0))
                        say(f"{number} of {ROUNDS}: tiles of {layer}: {name} {took:.2f} ms")
    return runs, [_line(layer, runs) for layer in _ZOOMS]


@contextlib.contextmanager
def _makers(servers: Servers, layer: str) -> Iterator[Mapping[str, Maker]]:
    """What makes a tile: a connection to each, which is kept as a map keeps it."""
    with (
        psycopg.connect(servers.database, autocommit=True) as database,
        contextlib.closing(_connection(servers.roots[OURS])) as ours,
        contextlib.closing(_connection(servers.roots[TIPG])) as tipg,
    ):
        tiles = f"{layer}/tiles/WebMercatorQuad"
        yield {
            OURS: lambda at: _get(
                ours, f"/ogc/collections/{tiles}/{at.zoom}/{at.row}/{at.column}"
            ),
            POSTGIS: lambda at: _query(database, layer, at),
            TIPG: lambda at: _get(
                tipg, f"/collections/public.{tiles}/{at.zoom}/{at.column}/{at.row}"
            ),
        }  # fmt: skip


def _line(layer: str, runs: Mapping[str, list[Run]]) -> Line:
    ours, rival = (middle(runs[f"tiles of {layer}: {name}"]).wall_s for name in (OURS, POSTGIS))
    return Line(f"{TITLE} {layer}", ours, rival, "ms", GOAL, POSTGIS)


def _view(zoom: int) -> list[Place]:
    """The four tiles that meet nearest to the middle of the layer."""
    x, y = to_unit(*np.array([[MIDDLE[0]], [MIDDLE[1]]]))
    column, row = round(x[0] * 2**zoom), round(y[0] * 2**zoom)
    return [Place(zoom, column - i, row - j) for i in (0, 1) for j in (0, 1)]


def _time(make: Maker, places: list[Place]) -> float:
    """Milliseconds of a tile."""
    start = perf_counter()
    for _ in range(REPEATS):
        for place in places:
            make(place)
    return (perf_counter() - start) / REPEATS / len(places) * 1_000


def _compare(makers: Mapping[str, Maker], layer: str, places: list[Place]) -> None:
    """Refuse tiles that show other features, with other properties or at other places."""
    features = 0
    for place in places:
        ours, rival = (_read(makers[name](place), layer) for name in (OURS, POSTGIS))
        names = [name for name in _COLUMNS[layer] if name != "occurred_from"]  # a text there
        if not ours[names].equals(rival[names]):
            raise SystemExit(f"{layer}, {place}: the tiles show different features")
        if ours.geometry.hausdorff_distance(rival.geometry).max() > 4:
            raise SystemExit(f"{layer}, {place}: the tiles show features at different places")
        features += len(ours)
    say(f"{len(places)} tiles of {layer} with {features:,} features, the same from each")


def _read(tile: bytes, layer: str) -> gpd.GeoDataFrame:
    """A tile as GDAL reads it, by the ids of its features; what only its buffer shows is left out.

    A sliver at the very edge of the buffer is too small for us, and not for PostGIS.
    """
    with TemporaryDirectory(dir=CACHE) as folder:
        path = Path(folder) / "tile.mvt"
        path.write_bytes(tile)
        frame = pyogrio.read_dataframe(f"MVT:{path}", CLIP="NO")
    shown = frame[frame.intersects(shapely.box(0, 0, EXTENT, EXTENT))]
    return shown.set_index(_COLUMNS[layer][0], drop=False).sort_index()


def _query(database: psycopg.Connection, layer: str, place: Place) -> bytes:
    query = _QUERY.format(layer=layer, columns=", ".join(_COLUMNS[layer]))
    row = database.execute(query.encode(), place._asdict()).fetchone()
    return bytes(row[0]) if row else b""


def _connection(root: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(root).netloc, timeout=60)


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return body
