"""The basemap as shapes and names for a drawing on paper, without a browser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import shapely

from api.basemap.naming import (
    BoundingBox,
    Floats,
    Name,
    NamedPoint,
    NamedRoad,
    NameWriter,
    longest_straight,
)
from api.basemap.raster import PlacedPicture, draw_pictures
from api.basemap.sources import TileSource
from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.decode import Properties, TileFeature, read_tile
from geo.tiles.grid import Box, Tile, from_unit, tiles_of

MOST_VERTICES: Final = 80_000
"""With more, a drawing takes a zoom level less: it would make the page heavier than all else."""

_WORLD_M: Final = 40_075_016.7
_TILE_UNITS: Final = 400.0
"""Units of paper across a tile at least: twice as fine as on a screen, as paper shows more."""

_MOST_TILES: Final = 400
STREETS_NAMED_M: Final = 4.5
"""Metres in a unit of paper up to which side streets are named, and not only main roads."""


class Look(NamedTuple):
    """How shapes are drawn; widths and dashes in units of paper."""

    fill: str = "none"
    stroke: str = "none"
    width: float = 0.0
    dash: tuple[float, float] | None = None


LOOKS: Final[Mapping[str, Look]] = {
    "water": Look(fill="#cfdbe2"),
    "green": Look(fill="#e1e9da"),
    "wood": Look(fill="#d7e2d1"),
    "site": Look(fill="#efebe4"),
    "stream": Look(stroke="#cfdbe2", width=0.9),
    "line": Look(stroke="#b9b4a8", width=0.5),
    "street": Look(stroke="#d6d1c7", width=0.45),
    "road": Look(stroke="#c6bfb2", width=0.9),
    "main": Look(stroke="#b5ad9f", width=1.5),
    "rail": Look(stroke="#a39d94", width=0.8, dash=(5, 2)),
    "edge": Look(stroke="#a79fae", width=0.7, dash=(4, 3)),
}
"""What is drawn, from the lowest to the highest."""

_LAYERS: Final = {
    "sea": "water",
    "surfacewater": "water",
    "water": "water",
    "greenspaces": "green",
    "greenspace": "green",
    "park": "green",
    "woodland": "wood",
    "sites": "site",
    "waterlines": "stream",
    "waterway": "stream",
    "lines": "line",
    "rail": "rail",
    "boundaries": "edge",
}
_ROAD_LAYERS: Final = ("roads", "roads_local", "roads_regional", "roads_national", "transportation")
_MAIN: Final = frozenset(
    {"Motorway", "Primary", "A Road", "highway", "major_road", "motorway", "trunk", "primary",
     "secondary"}
)  # fmt: skip
_ROAD: Final = frozenset({"B Road", "Minor", "tertiary", "medium_road"})
_PATHS: Final = frozenset({"Restricted", "path", "service", "track", "footway", "other"})
_NAME_LAYERS: Final = ("names", "places", "place")
_STATION_LAYERS: Final = ("railwaystations", "railway_stations")
_PLACES: Final = {"capital": 0, "city": 0, "town": 1, "suburban area": 3, "village": 3, "water": 4}
"""The places that are named, by their kind, the most important first."""


@dataclass(frozen=True)
class BasemapPicture:
    """The basemap of a drawing, in metres with y downwards.

    Attributes
    ----------
    pictures
        Pictures under everything.
    shapes
        An SVG path for each look that occurs, the lowest first.
    names
        Names that overlap neither one another nor what was there before.
    stations
        Where stations lie.
    credits
        What the files ask to be said of them.
    """

    shapes: list[tuple[Look, str]]
    names: list[Name]
    stations: list[tuple[int, int]]
    credits: list[str]
    pictures: Sequence[PlacedPicture] = ()


@dataclass
class _Contents:
    """What was read of the tiles: points in longitude and latitude by look, and names.

    Roads and points are by their importance, the most important first, and their name.
    """

    paths: defaultdict[str, list[Floats]] = field(default_factory=lambda: defaultdict(list))
    roads: defaultdict[tuple[int, str], list[Floats]] = field(
        default_factory=lambda: defaultdict(list)
    )
    points: dict[tuple[str, str], tuple[int, Floats]] = field(default_factory=dict)

    @property
    def vertices(self) -> int:
        return sum(len(path) for paths in self.paths.values() for path in paths)


@dataclass(frozen=True)
class BoxContents:
    """What tiles show of a box, before its names are placed: the same whatever is drawn over it.

    Attributes
    ----------
    box, unit
        As for `draw_basemap`.
    shapes, credits, pictures
        As of a `BasemapPicture`.
    points, roads
        What can be named, the most important first.
    """

    box: BoundingBox
    unit: float
    shapes: list[tuple[Look, str]]
    points: list[NamedPoint]
    roads: list[NamedRoad]
    credits: list[str]
    pictures: Sequence[PlacedPicture]

    def picture(self, taken: Iterable[tuple[float, float, float]] = ()) -> BasemapPicture:
        """Place the names.

        Parameters
        ----------
        taken
            As for `draw_basemap`.

        Returns
        -------
        The drawing.
        """
        writer = NameWriter(self.box, self.unit, taken)
        stations = writer.write_points(self.points)
        writer.write_roads(self.roads)
        return BasemapPicture(self.shapes, writer.names, stations, self.credits, self.pictures)


def read_basemap(
    sources: Sequence[TileSource],
    projection: Projection,
    *,
    box: BoundingBox,
    unit: float,
    pictures: TileSource | None = None,
) -> BoxContents | None:
    """Read what vector tiles show of a box: most of the work of drawing it.

    Parameters
    ----------
    sources, projection, box, unit, pictures
        As for `draw_basemap`.

    Returns
    -------
    None where no source has a tile of the box.
    """
    contents = _Contents()
    degrees = _degrees(box, projection)
    used = [source for source in sources if _read_source(source, degrees, unit, contents=contents)]
    placed = draw_pictures(pictures, projection, degrees=degrees, unit=unit) if pictures else []
    if not used and not placed:
        return None
    return BoxContents(
        box,
        unit,
        shapes=[
            (look, path)
            for kind, look in LOOKS.items()
            if (path := _svg(_metres(contents.paths[kind], projection), box, unit, look))
        ],
        points=_named_points(contents, projection),
        roads=_named_roads(contents, projection, unit, finest=0 if unit > STREETS_NAMED_M else 2),
        credits=_credits([*used, *([pictures] if pictures and placed else [])]),
        pictures=placed,
    )


def draw_basemap(
    sources: Sequence[TileSource],
    projection: Projection,
    *,
    box: BoundingBox,
    unit: float,
    taken: Iterable[tuple[float, float, float]] = (),
    pictures: TileSource | None = None,
) -> BasemapPicture | None:
    """Draw vector tiles as SVG paths, over pictures where there are some.

    Parameters
    ----------
    sources
        Vector tiles, the lowest first.
    projection
        To the metres of the drawing.
    box
        West, south, east and north in metres.
    unit
        Metres in a unit of paper.
    taken
        X, y and half the width in metres of each text that is there already.
    pictures
        Pictures under the vector tiles.

    Returns
    -------
    None where no source has a tile of the box.
    """
    contents = read_basemap(sources, projection, box=box, unit=unit, pictures=pictures)
    return contents.picture(taken) if contents else None


def _credits(used: Iterable[TileSource]) -> list[str]:
    return list(dict.fromkeys(source.attribution for source in used if source.attribution))


def _read_source(source: TileSource, degrees: Box, unit: float, *, contents: _Contents) -> bool:
    """Read the tiles of the finest zoom that is not too heavy; whether there were any."""
    across = _WORLD_M * float(np.cos(np.radians((degrees.south + degrees.north) / 2)))
    finest = int(np.ceil(np.log2(across / (_TILE_UNITS * unit))))
    for zoom in range(min(max(finest, source.first), source.last), source.first - 1, -1):
        wanted = tiles_of(degrees, zoom)
        if wanted.size > _MOST_TILES:
            continue
        read = _Contents()
        any_there = [_read_tile(source, tile, read) for tile in wanted.tiles()]
        if read.vertices > MOST_VERTICES and zoom > source.first:
            continue
        for kind, paths in read.paths.items():
            contents.paths[kind] += paths
        for road, paths in read.roads.items():
            contents.roads[road] += paths
        contents.points |= read.points
        return any(any_there)
    return False


def _read_tile(source: TileSource, tile: Tile, contents: _Contents) -> bool:
    data = source.read(tile.zoom, tile.column, tile.row)
    if not data:
        return False
    try:
        layers = read_tile(data, layer=_is_drawn, feature=_is_wanted)
    except InputError:
        # Of a file that is served as it is: one damaged tile is an empty one.
        return False
    for name, features in layers.items():
        for feature in features:
            _note(name, feature, tile, contents)
    return True


def _is_drawn(layer: str) -> bool:
    return layer in _LAYERS or layer in (*_ROAD_LAYERS, *_NAME_LAYERS, *_STATION_LAYERS)


def _is_wanted(layer: str, properties: Properties) -> bool:
    return layer not in _ROAD_LAYERS or _road_class(properties) not in _PATHS


def _road_class(properties: Properties) -> str:
    known = (properties.get(name) for name in ("type", "kind", "class"))
    return str(next((one for one in known if one), ""))


def _note(layer: str, feature: TileFeature, tile: Tile, contents: _Contents) -> None:
    paths = [
        np.column_stack(from_unit(*tile.from_units(path, extent=feature.extent).T))
        for path in feature.paths
    ]
    properties = feature.properties
    named = properties.get("name1") or properties.get("name")
    if layer in _NAME_LAYERS or layer in _STATION_LAYERS:
        kind = "station" if layer in _STATION_LAYERS else _road_class(properties).lower()
        rank = 2 if kind == "station" else _PLACES.get(kind)
        if named and rank is not None and paths:
            contents.points[kind, str(named)] = (rank, paths[0][:1])
    elif layer in _ROAD_LAYERS:
        road = _road_class(properties)
        if road == "rail":
            contents.paths["rail"] += paths
            return
        kind = "main" if road in _MAIN else "road" if road in _ROAD else "street"
        contents.paths[kind] += paths
        if named:
            contents.roads[("main", "road", "street").index(kind), str(named)] += paths
    elif (_LAYERS[layer] in ("water", "green", "wood", "site")) == (feature.kind == 3):
        contents.paths[_LAYERS[layer]] += paths


def _degrees(box: BoundingBox, projection: Projection) -> Box:
    west, south, east, north = box
    x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    longitude, latitude = projection.to_lonlat(x.ravel(), y.ravel())
    return Box(longitude.min(), latitude.min(), longitude.max(), latitude.max())


def _metres(paths: Sequence[Floats], projection: Projection) -> list[Floats]:
    """Paths in degrees as paths in metres, all of them at once."""
    if not paths:
        return []
    x, y = projection.to_metres(*np.concatenate(paths).T)
    ends = np.cumsum([len(path) for path in paths])[:-1]
    return np.split(np.column_stack([x, y]), ends)


def _length(path: Floats) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def _svg(paths: Sequence[Floats], box: BoundingBox, unit: float, look: Look) -> str:
    """Paths inside a box as one SVG path, simplified to half a unit."""
    if not paths:
        return ""
    closed = look.fill != "none"
    lengths = [len(path) for path in paths]
    owner = np.repeat(np.arange(len(paths)), lengths)
    lines = np.asarray(shapely.linestrings(np.concatenate(paths), indices=owner), dtype=object)
    lines = lines[shapely.box(*box).intersects(lines) | closed]
    lines = shapely.simplify(lines, unit / 2, preserve_topology=False)
    parts = []
    for line in lines:
        corners = np.round(shapely.get_coordinates(line)).astype(int)
        if len(corners) > 1 + closed:
            steps = "L".join(f"{x} {-y}" for x, y in corners[: -1 if closed else None].tolist())
            parts.append(f"M{steps}{'Z' if closed else ''}")
    return "".join(parts)


def _named_points(contents: _Contents, projection: Projection) -> list[NamedPoint]:
    """The places and stations in metres, the most important first."""
    points = []
    for (kind, text), (rank, point) in sorted(contents.points.items(), key=lambda item: item[1][0]):
        x, y = (float(one[0]) for one in projection.to_metres(*point.T))
        points.append(NamedPoint(x, y, rank, kind, text))
    return points


def _named_roads(
    contents: _Contents, projection: Projection, unit: float, *, finest: int
) -> list[NamedRoad]:
    """The roads up to an importance, the longest first, by what is straight of them."""
    roads = {
        road: _metres(paths, projection)
        for road, paths in contents.roads.items()
        if road[0] <= finest
    }
    order = sorted(roads, key=lambda road: (road[0], -sum(map(_length, roads[road])), road[1]))
    return [NamedRoad(road[1], *longest_straight(roads[road], unit)) for road in order]
