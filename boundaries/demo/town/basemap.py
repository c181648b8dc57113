"""What a map of the demo city shows: streets, water, parks, works, a railway, names.

Layers and properties are named as in OS Open Zoomstack, so that one style draws both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
import shapely
import shapely.geometry.base
from numpy.typing import NDArray

from boundaries.demo.town.fabric import WATER_HALF_M, Fabric
from boundaries.demo.town.land import PARK, WORKS, Land
from boundaries.demo.town.lines import CENTRE, RADIUS_M, Floats, Lines
from boundaries.demo.town.names import BAY, CITY, PARK_NAMES, RIVER, WORKS_NAMES
from geo.crs import BRITISH_NATIONAL_GRID
from geo.properties import cached_property
from geo.tiles.build import FROM_ZOOM

Shape = shapely.geometry.base.BaseGeometry

BAY_M: Final = 6_200.0
BAY_AT: Final = np.array([10_600.0, -300.0])
"""The bay's width from its middle, and where that lies from the city's centre."""

_TYPES: Final = {"main": "A Road", "ring": "Primary", "residential": "Local"}
_ROAD_ZOOMS: Final = {"Primary": 9, "A Road": 9, "Local": 12}
_RAILWAY: Final = (
    (-9_000, 4_100),
    (-4_200, 2_350),
    (-1_300, 1_150),
    (-150, 800),
    (1_150, 1_250),
    (2_500, 3_900),
    (3_300, 9_000),
)
"""Where the railway runs, in metres from the centre: north of the old town, in a bend."""

_STATIONS: Final = {f"{CITY} Central": 3, f"{CITY} North": 5, "Meadow Halt": 1}
"""The stations, by their place in the railway."""

_SMALLEST_PARK_M2: Final = 15_000.0
_WOODS = 14


@dataclass(frozen=True)
class Ground:
    """What the city is built on."""

    lines: Lines
    fabric: Fabric
    land: Land

    @cached_property
    def outline(self) -> Shape:
        """The edge of the city."""
        return gpd.GeoSeries(self.fabric.cells).union_all(method="coverage")


def basemap_layers(
    ground: Ground, streets: gpd.GeoDataFrame, *, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """The layers of a basemap in metres, the lowest first.

    Parameters
    ----------
    streets
        Named streets with their `kind`.
    """
    sea = _sea(ground)
    water = [_beyond(ground, sea), *_merged(ground, ground.fabric.water)]
    parks, works = _parts(ground, PARK), _parts(ground, WORKS)
    railway = _railway()
    return {
        "sea": _frame([sea]),
        "urban_areas": _frame([ground.outline.buffer(40).simplify(8)]),
        "woodland": _frame(_woods(ground, sea, rng)),
        "sites": _frame(works, name=_named(works, WORKS_NAMES)),
        "greenspaces": _frame(parks, name=_named(parks, PARK_NAMES)),
        "surfacewater": _frame(water, name=[RIVER] * len(water)),
        "roads": _roads(ground, streets, sea),
        "rail": _frame([railway], name=[f"{CITY} line"]),
        "railwaystations": _stations(),
        "names": _names(ground, parks, works),
    }


def _frame(shapes: Sequence[Shape], **columns: list[str]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=BRITISH_NATIONAL_GRID)


def _merged(ground: Ground, cells: NDArray[np.bool_]) -> list[Shape]:
    whole = shapely.coverage_union_all(ground.fabric.cells[cells])
    return [part for part in shapely.get_parts(whole) if not part.is_empty]


def _parts(ground: Ground, use: int) -> list[Shape]:
    """The pieces of land of one use, the largest first."""
    pieces = _merged(ground, ground.land.use == use)
    pieces.sort(key=lambda piece: -piece.area)
    return [piece for piece in pieces if piece.area > _SMALLEST_PARK_M2]


def _named(pieces: list[Shape], names: tuple[str, ...]) -> list[str]:
    return [names[number % len(names)] for number in range(len(pieces))]


def _sea(ground: Ground) -> Shape:
    """A bay: a sea that went on for ever would end at a straight edge where the map does."""
    turn = np.linspace(0, 2 * np.pi, 180)
    amplitude, order, phase = ground.lines.edge_waves
    waves = (amplitude * np.cos(order * turn[:, None] + phase)).sum(axis=1)
    away = BAY_M * (1 + 0.45 * waves)
    shore = CENTRE + BAY_AT + away[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    return shapely.Polygon(shore).buffer(0).difference(ground.outline.buffer(70))


def _beyond(ground: Ground, sea: Shape) -> Shape:
    """The river outside the city."""
    stream = shapely.LineString(ground.lines.river).buffer(2 * WATER_HALF_M - 8)
    return stream.difference(ground.outline).difference(sea).simplify(3)


def _woods(ground: Ground, sea: Shape, rng: np.random.Generator) -> list[Shape]:
    """Woods around the city: blots of a few discs each."""
    turn = rng.uniform(0, 2 * np.pi, _WOODS)
    away = RADIUS_M * rng.uniform(1.15, 1.75, _WOODS)
    middles = CENTRE + away[:, None] * np.column_stack([np.cos(turn), np.sin(turn)])
    around = rng.normal(0, 240, (_WOODS, 6, 2))
    discs = shapely.buffer(
        shapely.points(middles[:, None] + around), rng.uniform(110, 320, (_WOODS, 6)), quad_segs=4
    )
    keep_off = shapely.union_all(
        [ground.outline.buffer(150), sea, *map(_corridor, (ground.lines.river, _track()))]
    )
    woods = [shapely.union_all(blot).difference(keep_off) for blot in discs]
    return [wood for wood in woods if wood.area > _SMALLEST_PARK_M2]


def _corridor(line: Floats) -> Shape:
    return shapely.LineString(line).buffer(90)


def _track() -> Floats:
    stops = CENTRE + np.array(_RAILWAY, float)
    along = np.append(0, np.cumsum(np.hypot(*np.diff(stops, axis=0).T)))
    return np.asarray(scipy.interpolate.CubicSpline(along, stops)(np.linspace(0, along[-1], 160)))


def _railway() -> Shape:
    return shapely.LineString(_track())


def _stations() -> gpd.GeoDataFrame:
    points = [shapely.Point(CENTRE + np.array(_RAILWAY[place])) for place in _STATIONS.values()]
    return _frame(points, name=list(_STATIONS), type=["Railway Station"] * len(points))


def _roads(ground: Ground, streets: gpd.GeoDataFrame, sea: Shape) -> gpd.GeoDataFrame:
    """The streets, and the main roads on their way out into the country."""
    inside = gpd.GeoDataFrame(
        {
            "type": streets["kind"].map(_TYPES),
            "name": streets["street_name"],
            "number": None,
        },
        geometry=streets.geometry,
        crs=BRITISH_NATIONAL_GRID,
    )
    ways = [
        shapely.LineString(line).difference(ground.outline).difference(sea).simplify(4)
        for line in ground.lines.radials
    ]
    numbers = [f"A{6_100 + 11 * place}" for place in range(len(ways))]
    outside = _frame(ways, type=["A Road"] * len(ways), number=numbers)
    roads = pd.concat([inside, outside[~outside.is_empty]], ignore_index=True)
    roads[FROM_ZOOM] = roads["type"].map(_ROAD_ZOOMS)
    return roads


def _names(ground: Ground, parks: list[Shape], works: list[Shape]) -> gpd.GeoDataFrame:
    river = shapely.LineString(ground.lines.river)
    on_river = [river.interpolate(share, normalized=True) for share in (0.22, 0.42, 0.6)]
    # One: a map that shows the whole city would show the name of the bay twice.
    at_sea = shapely.Point(CENTRE + 0.62 * BAY_AT)
    return pd.concat(
        [
            _named_points([shapely.Point(CENTRE)], [CITY], "City", 9),
            _named_points(on_river, [RIVER] * len(on_river), "Water", 11),
            _named_points([at_sea], [BAY], "Water", 9),
            _named_points(_inside(parks), _named(parks, PARK_NAMES), "Greenspace", 12),
            _named_points(_inside(works), _named(works, WORKS_NAMES), "Sites", 12),
        ],
        ignore_index=True,
    )


def _named_points(
    points: Sequence[Shape], names: list[str], kind: str, zoom: int
) -> gpd.GeoDataFrame:
    frame = _frame(points, name1=names, type=[kind] * len(points))
    frame[FROM_ZOOM] = zoom
    return frame


def _inside(pieces: Sequence[Shape]) -> list[Shape]:
    return list(shapely.point_on_surface(np.array(pieces, dtype=object)))
