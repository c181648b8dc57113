"""Check whether the areas of a layer tile their city: what is wrong, where, and how large."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from boundaries.layers.rings import invalid_rings
from boundaries.layers.shared_edges import Rings, border
from geo.errors import InputError
from geo.locate import refuse_overlaps

Shapes = NDArray[np.object_]
Ints = NDArray[np.int64]
Row = tuple[str, str, str, shapely.Geometry]

KINDS = (
    "invalid ring",
    "overlap",
    "gap",
    "sliver",
    "mismatched edge",
    "detached part",
    "doughnut",
    "duplicate code",
    "stale code",
)
"""Kinds of findings, in the order of the result."""

BLOCKING = frozenset(KINDS[:5]) | {"duplicate code"}
"""Kinds that must be repaired before a plan is made; the others are reported, and may be right."""

_ROUNDING_M2 = 1e-6
"""A smaller overlap comes from rounded coordinates and is no finding."""

# Coordinates of findings are computed, so that they touch their neighbours only to within this.
_TOUCHING_M = 1e-3

# Longer lists of codes are cut to the first three.
_MOST_LISTED = 4


def check_layer(
    areas: gpd.GeoDataFrame, *, sliver_m: float = 1.0, current_codes: Collection[str] | None = None
) -> gpd.GeoDataFrame:
    """Find what keeps a layer from tiling its city.

    Parameters
    ----------
    areas
        Polygons in metres indexed by area code; they may be invalid, and codes may repeat.
    sliver_m
        A gap narrower than this many metres is a sliver.
    current_codes
        The codes in force; others are reported as stale. None to skip this check.

    Returns
    -------
    A layer of findings in the order of `KINDS`, the largest first: `kind`, `codes` (of the areas
    concerned, separated by commas), `detail` (a sentence), `area_m2`, `length_m` (of an edge, or
    half the perimeter), `width_m` (mean: area by length), `x`, `y` (a point in it) and the
    geometry. Empty if the layer has no faults.

    Raises
    ------
    InputError
        If the layer is in degrees.
    """
    if areas.crs is not None and areas.crs.is_geographic:
        raise InputError("this layer is in degrees; convert it to metres to check it")
    codes = areas.index.to_numpy().astype(str)
    shapes = _made_valid(areas.geometry.to_numpy())
    surface = [*_overlaps(codes, shapes), *_gaps(codes, shapes, sliver_m)]
    rows = [
        *_rings(areas),
        *surface,
        # Vertices also mismatch along overlaps and gaps, which are reported already.
        *_mismatched(codes, shapes, faults=[row[3] for row in surface], sliver_m=sliver_m),
        *_detached(codes, shapes),
        *_doughnuts(codes, shapes),
        *_codes(codes, shapes, current_codes),
    ]
    return _frame(rows, areas.crs)


def unfit_for_plan(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The findings that must be repaired before a plan is made on the layer."""
    return findings[findings["kind"].isin(BLOCKING)]


def refuse_unfit(areas: gpd.GeoDataFrame) -> None:
    """Refuse a layer as blocks of a plan unless its areas tile.

    Raises
    ------
    InputError
        If they do not; the message counts the faults, names the first, and says what to do.
    """
    if _tiles(areas):
        return
    faults = unfit_for_plan(check_layer(areas))
    faulty = set(faults["kind"])
    # Before they are repaired, areas may be too broken to be intersected.
    if "overlap" in faulty and "invalid ring" not in faulty:
        refuse_overlaps(
            areas,
            "they cannot be the blocks of a plan: a block has one area",
            "remove one area of each pair from the file, or choose another layer",
        )
    if len(faults):
        first = faults.iloc[0]
        kinds = faults["kind"].value_counts(sort=False)
        counts = ", ".join(f"{kind} {number}" for kind, number in kinds.items())
        raise InputError(
            f"these blocks do not tile ({counts}; first {first['detail']} at {first['x']:.0f}, "
            f"{first['y']:.0f}); check the layer, and repair it with --snap METRES"
        )


def _tiles(areas: gpd.GeoDataFrame, *, sliver_m: float = 1.0) -> bool:
    """Whether areas surely tile: quicker than to find all their faults, for layers without any."""
    shapes = areas.geometry.to_numpy()
    if areas.crs is not None and areas.crs.is_geographic:
        return False
    if not (len(shapes) and areas.index.is_unique and shapely.is_valid(shapes).all()):
        return False
    lines = border(Rings.of(shapes))
    near = shapely.STRtree(shapes).query(lines, predicate="dwithin", distance=sliver_m)[1]
    # A valid coverage has no overlaps, and its edges match; what is left to find are its gaps.
    if not shapely.coverage_is_valid(shapes[np.unique(near)], gap_width=sliver_m):
        return False
    return not len(
        _holes(shapely.get_parts(shapely.build_area(shapely.multilinestrings(lines))))[0]
    )


def _made_valid(shapes: Shapes) -> Shapes:
    """Valid shapes to compare: one invalid polygon must not hide all other faults."""
    shapes = shapes.copy()
    faulty = ~shapely.is_valid(shapes)
    shapes[faulty] = shapely.make_valid(shapes[faulty], method="structure", keep_collapsed=False)
    return shapes


def _rings(areas: gpd.GeoDataFrame) -> Iterator[Row]:
    for finding in invalid_rings(areas):
        detail = f"{finding.area}: {finding.fault}"
        yield "invalid ring", finding.area, detail, shapely.Point(finding.x, finding.y)


def _overlaps(codes: NDArray[np.str_], shapes: Shapes) -> Iterator[Row]:
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    common = shapely.intersection(shapes[one], shapes[other])
    for at in np.flatnonzero(shapely.area(common) > _ROUNDING_M2):
        surface = _polygons(common[at])
        parts = shapely.get_num_geometries(surface)
        where = f" in {parts} places" if parts > 1 else ""
        pair = sorted((codes[one[at]], codes[other[at]]))
        yield "overlap", ", ".join(pair), f"{pair[0]} and {pair[1]} overlap{where}", surface


def _polygons(geometry: shapely.Geometry) -> shapely.Geometry:
    """The polygons of a mixed geometry, without its lines and points."""
    parts = shapely.get_parts(geometry)
    surfaces: list[shapely.Polygon] = parts[shapely.get_dimensions(parts) == 2].tolist()
    return surfaces[0] if len(surfaces) == 1 else shapely.MultiPolygon(surfaces)


def _gaps(codes: NDArray[np.str_], shapes: Shapes, sliver_m: float) -> Iterator[Row]:
    # Gaps are holes of the union. A gap that is open to the outside is no hole: see `_mismatched`.
    parts = shapely.get_parts(shapely.union_all(shapes))
    gaps = _holes(parts)[0]
    beside = _beside(gaps, shapes)
    # The mean width of a long shape: its area by half its perimeter.
    widths = 2 * shapely.area(gaps) / shapely.length(gaps)
    for gap, neighbours, width in zip(gaps, beside, widths, strict=True):
        kind = "sliver" if width < sliver_m else "gap"
        named = sorted(codes[neighbours])
        where = "between" if len(named) > 1 else "within"
        yield kind, ", ".join(named), f"{kind} {where} {_listed(named)}", gap


def _holes(polygons: Shapes) -> tuple[Shapes, Ints]:
    """The holes of polygons as polygons, and the position of the polygon of each."""
    rings, owner = shapely.get_rings(polygons, return_index=True)
    # The first ring of each polygon is its outside; the slice is for layers without any.
    first = np.append(True, owner[1:] != owner[:-1])[: len(owner)]
    return np.atleast_1d(shapely.polygons(rings[~first])), owner[~first]


def _beside(faults: Shapes, shapes: Shapes) -> list[Ints]:
    fault, area = shapely.STRtree(shapes).query(faults, predicate="dwithin", distance=_TOUCHING_M)
    return [np.sort(area[fault == number]) for number in range(len(faults))]


def _mismatched(
    codes: NDArray[np.str_], shapes: Shapes, *, faults: list[shapely.Geometry], sliver_m: float
) -> Iterator[Row]:
    """Edges that neighbours do not share vertex by vertex, where no overlap or gap explains it.

    Either only one of two neighbours has a vertex, or a narrow gap is open to the outside.
    """
    lines, owner = shapely.get_parts(
        shapely.coverage_invalid_edges(shapes, gap_width=sliver_m), return_index=True
    )
    points, line = shapely.get_coordinates(lines, return_index=True)
    along = line[1:] == line[:-1]
    ends = np.stack([points[:-1][along], points[1:][along]], axis=1)
    segments = np.asarray(shapely.linestrings(ends))
    tree = shapely.STRtree(faults)
    explained = tree.query(segments, predicate="dwithin", distance=_TOUCHING_M)[0]
    left = np.setdiff1d(np.arange(len(segments)), explained)
    area, segments = owner[line[:-1][along]][left], segments[left]
    for position in np.unique(area):
        edge = shapely.line_merge(shapely.multilinestrings(segments[area == position]))
        detail = f"{codes[position]} does not share its edge vertex by vertex"
        yield "mismatched edge", codes[position], detail, edge


def _detached(codes: NDArray[np.str_], shapes: Shapes) -> Iterator[Row]:
    for position in np.flatnonzero(shapely.get_num_geometries(shapes) > 1):
        parts = sorted(shapely.get_parts(shapes[position]), key=lambda part: -part.area)
        for part in parts[1:]:
            detail = f"{codes[position]} lies in {len(parts)} parts"
            yield "detached part", codes[position], detail, part


def _doughnuts(codes: NDArray[np.str_], shapes: Shapes) -> Iterator[Row]:
    """Areas that enclose others; a hole that no area fills is a gap instead."""
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    holes, holed = _holes(parts)
    # A point inside each area is enough to see which hole it is in, as areas do not overlap.
    inner = shapely.point_on_surface(shapes)
    hole, inside = shapely.STRtree(inner).query(holes, predicate="contains")
    for number in np.unique(hole):
        outer = codes[part_owner[holed[number]]]
        enclosed = sorted(codes[inside[hole == number]])
        detail = f"{outer} encloses {_listed(enclosed)}"
        yield "doughnut", ", ".join([outer, *enclosed]), detail, holes[number]


def _codes(
    codes: NDArray[np.str_], shapes: Shapes, current: Collection[str] | None
) -> Iterator[Row]:
    values, first, counts = np.unique(codes, return_index=True, return_counts=True)
    for code, count in zip(values[counts > 1], counts[counts > 1], strict=True):
        where = shapes[np.flatnonzero(codes == code)[1]]
        yield "duplicate code", code, f"{count} areas have the code {code}", where
    if current is not None:
        known = set(current)
        for code, position in zip(values, first, strict=True):
            if code not in known:
                yield "stale code", code, f"{code} is not a code in force", shapes[position]


def _listed(codes: list[str]) -> str:
    few = len(codes) <= _MOST_LISTED
    named = codes if few else [*codes[:3], f"{len(codes) - 3} more"]
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))


def _frame(rows: list[Row], crs: CRS | None) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(
        [row[:3] for row in rows], columns=["kind", "codes", "detail"], dtype="str"
    )
    shapes = np.array([row[3] for row in rows], dtype=object)
    flat = shapely.get_dimensions(shapes) == 2
    place = shapely.point_on_surface(shapes)
    frame["area_m2"] = shapely.area(shapes)
    # Half the perimeter of a thin polygon is its length; an edge is a line already.
    frame["length_m"] = shapely.length(shapes) / np.where(flat, 2.0, 1.0)
    frame["width_m"] = frame["area_m2"] / frame["length_m"].where(frame["length_m"] > 0)
    frame["width_m"] = frame["width_m"].fillna(0.0)
    frame["x"], frame["y"] = shapely.get_x(place), shapely.get_y(place)
    order = pd.DataFrame(
        {
            "kind": [KINDS.index(kind) for kind in frame["kind"]],
            "size": -frame["area_m2"],
            "length": -frame["length_m"],
            "codes": frame["codes"],
        }
    )
    positions = order.sort_values(["kind", "size", "length", "codes"], kind="stable").index
    layer = gpd.GeoDataFrame(frame, geometry=shapes, crs=crs)
    return layer.loc[positions].reset_index(drop=True)
