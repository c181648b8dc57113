"""The basemap as shapes and names for a drawing on paper, without a browser."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from api.basemap.raster import PlacedPicture, draw_pictures
from api.basemap.sources import TileSource
from geo.crs import Projection
from geo.errors import InputError
from geo.tiles.decode import Properties, TileFeature, read_tile
from geo.tiles.grid import Box, Tile, from_unit, tiles_of

Floats = NDArray[np.float64]

MOST_VERTICES: Final = 80_000
"""With more, a drawing takes a zoom level less: it would make the page heavier than all else."""

_WORLD_M: Final = 40_075_016.7
_TILE_UNITS: Final = 400.0
"""Units of paper across a tile at least: twice as fine as on a screen, as paper shows more."""

_MOST_TILES: Final = 400
_MOST_NAMES: Final = 40
STATION_ABOVE: Final = 7.0
"""Units from a station to the middle of its name above it."""

STREETS_NAMED_M: Final = 4.5
"""Metres in a unit of paper up to which side streets are named, and not only main roads."""

_LETTER: Final = 0.56
"""The mean width of a letter, as a share of its height."""


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


class Name(NamedTuple):
    """A name on the drawing: where its middle lies, how it is turned in degrees, its letters."""

    x: int
    y: int
    turn: int
    text: str
    kind: str


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


def draw_basemap(
    sources: Sequence[TileSource],
    projection: Projection,
    *,
    box: tuple[float, float, float, float],
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
    contents = _Contents()
    degrees = _degrees(box, projection)
    used = [source for source in sources if _read_source(source, degrees, unit, contents=contents)]
    placed = draw_pictures(pictures, projection, degrees=degrees, unit=unit) if pictures else []
    if not used and not placed:
        return None
    writer = _NameWriter(box, unit, list(taken))
    stations = _write_points(writer, contents, projection)
    _write_roads(writer, contents, projection, finest=0 if unit > STREETS_NAMED_M else 2)
    return BasemapPicture(
        shapes=[
            (look, path)
            for kind, look in LOOKS.items()
            if (path := _svg(_metres(contents.paths[kind], projection), box, unit, look))
        ],
        names=writer.names,
        stations=stations,
        credits=_credits([*used, *([pictures] if pictures and placed else [])]),
        pictures=placed,
    )


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


def _degrees(box: tuple[float, float, float, float], projection: Projection) -> Box:
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


def _svg(
    paths: Sequence[Floats], box: tuple[float, float, float, float], unit: float, look: Look
) -> str:
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


class _NameWriter:
    """Places names so that none overlaps another."""

    def __init__(
        self,
        box: tuple[float, float, float, float],
        unit: float,
        taken: list[tuple[float, float, float]],
    ) -> None:
        self._box, self._unit = box, unit
        self._taken = [(x, y, half, 7 * unit) for x, y, half in taken]
        self.names: list[Name] = []

    def at(self, x: float, y: float, text: str, kind: str, *, size: float) -> bool:
        """Write a name around a point if there is room; whether there was."""
        half = _LETTER * size * self._unit * len(text) / 2
        above = STATION_ABOVE * self._unit if kind == "station" else 0.0
        return self._write((x, y + above), (half, size * self._unit * 0.6), text, kind)

    def along(self, text: str, paths: Sequence[Floats]) -> None:
        """Write a name along the longest straight piece of some lines, if it is long enough."""
        long = _LETTER * 9 * self._unit * len(text)
        start, end = max(
            map(self._straight, paths), key=lambda piece: np.hypot(*(piece[1] - piece[0]))
        )
        across, up = end - start
        if np.hypot(across, up) < long or len(self.names) >= _MOST_NAMES:
            return
        turn = np.degrees(np.arctan2(-up, across))
        turn = turn - 180 if turn > 90 else turn + 180 if turn < -90 else turn
        half = (abs(np.cos(np.radians(turn))) * long / 2 + 4 * self._unit,
                abs(np.sin(np.radians(turn))) * long / 2 + 4 * self._unit)  # fmt: skip
        self._write(tuple((start + end) / 2), half, text, "road", turn=round(float(turn)))

    def _straight(self, path: Floats) -> tuple[Floats, Floats]:
        """The ends of the longest piece of a line that is straight but for two units."""
        line = shapely.simplify(shapely.LineString(path), 2 * self._unit)
        corners = shapely.get_coordinates(line)
        longest = int(np.hypot(*np.diff(corners, axis=0).T).argmax())
        return corners[longest], corners[longest + 1]

    def _write(
        self,
        middle: tuple[float, float],
        half: tuple[float, float],
        text: str,
        kind: str,
        *,
        turn: int = 0,
    ) -> bool:
        (x, y), (wide, high) = middle, half
        west, south, east, north = self._box
        inside = west + wide < x < east - wide and south + high < y < north - high
        if not inside or any(
            abs(x - a) < wide + b and abs(y - c) < high + d for a, c, b, d in self._taken
        ):
            return False
        self._taken.append((x, y, wide, high))
        self.names.append(Name(round(x), round(-y), turn, text, kind))
        return True


def _write_points(
    writer: _NameWriter, contents: _Contents, projection: Projection
) -> list[tuple[int, int]]:
    """Write the names of places and stations; returns where the stations lie."""
    stations = []
    for (kind, text), (rank, point) in sorted(contents.points.items(), key=lambda item: item[1][0]):
        x, y = (float(one[0]) for one in projection.to_metres(*point.T))
        is_station = kind == "station"
        shown = "place" if rank < 2 else kind if kind in ("station", "water") else "suburb"
        size = 12 if rank < 2 else 9
        if writer.at(x, y, text, shown, size=size):
            stations += [(round(x), round(-y))] if is_station else []
    return stations


def _write_roads(
    writer: _NameWriter, contents: _Contents, projection: Projection, *, finest: int
) -> None:
    """Write the names of roads up to an importance, of the longest first."""
    roads = {
        road: _metres(paths, projection)
        for road, paths in contents.roads.items()
        if road[0] <= finest
    }
    order = sorted(roads, key=lambda road: (road[0], -sum(map(_length, roads[road])), road[1]))
    for road in order:
        writer.along(road[1], roads[road])
