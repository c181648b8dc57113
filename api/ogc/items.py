"""The features of a collection: geometries, properties, ids, and the encoded bytes of each.

A feature is encoded when it is first requested in a reference system and then cached for as long
as the data version stays, so that a page of known features is joined bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.formats.encoding import encode_feature, to_json
from api.ogc.coordinates import Axes, offered
from api.ogc.properties import Property, table_properties, typed
from geo.crs import Projection
from geo.prepared import prepared
from geo.properties import cached_property

Positions = range | list[int] | NDArray[np.int64]

_TYPES: Mapping[str, pd.api.extensions.ExtensionDtype] = {
    "boolean": pd.BooleanDtype(),
    "integer": pd.Int64Dtype(),
    "floating": pd.Float64Dtype(),
    "mixed-integer-float": pd.Float64Dtype(),
}
"""Types of columns by what their values are."""

MAX_CACHED = 250_000
"""Larger collections are encoded page by page: their cached bytes would fill the memory."""


Kind = Literal["Point", "MultiPoint", "MultiLineString", "Polygon", "MultiPolygon"]
"""The one type of geometry that all features of a collection have."""


class Geometries:
    """Geometries of one kind in metres; None where a feature has none."""

    def __init__(self, geometries: NDArray[np.object_], kind: Kind = "MultiPolygon") -> None:
        # One type in every format: a table has one, and so the schema can say which.
        self.geometries = _as_multipolygons(geometries) if kind == "MultiPolygon" else geometries
        self.kind = kind

    def __len__(self) -> int:
        return len(self.geometries)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self.geometries)

    def touching(self, area: shapely.Geometry) -> NDArray[np.int64]:
        """Return positions of the geometries that touch an area in metres."""
        return np.sort(self._tree.query(prepared(area), predicate="intersects"))

    def take(self, positions: Positions) -> NDArray[np.object_]:
        """Return some of the geometries."""
        return self.geometries[_index(positions)]

    def write(self, positions: Positions, axes: Axes, projection: Projection) -> list[bytes]:
        """Return some of the geometries as GeoJSON."""
        written = axes.write(self.take(positions), projection)
        return [b"null" if text is None else text.encode() for text in shapely.to_geojson(written)]


class PointGeometries:
    """Points as two arrays in metres: ten million of them need no objects."""

    kind: Kind = "Point"

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    def touching(self, area: shapely.Geometry) -> NDArray[np.int64]:
        """Return positions of the points in an area in metres, its edge included."""
        west, south, east, north = shapely.bounds(area)
        order, eastings = self._by_easting
        first, last = np.searchsorted(eastings, west), np.searchsorted(eastings, east, "right")
        near = order[first:last]
        near = near[(self.y[near] >= south) & (self.y[near] <= north)]
        return np.sort(near[shapely.intersects_xy(prepared(area), self.x[near], self.y[near])])

    @cached_property
    def _by_easting(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        order = np.argsort(self.x, kind="stable")
        return order, self.x[order]

    def take(self, positions: Positions) -> NDArray[np.object_]:
        """Return some of the points as geometries."""
        index = _index(positions)
        return np.asarray(shapely.points(self.x[index], self.y[index]), dtype=object)

    def write(self, positions: Positions, axes: Axes, projection: Projection) -> list[bytes]:
        """Return some of the points as GeoJSON."""
        index = _index(positions)
        first, second = axes.write_points(self.x[index], self.y[index], projection)
        if axes.swapped:
            first, second = second, first
        pairs = np.column_stack([first, second])
        return [b'{"type":"Point","coordinates":%b}' % to_json(pair) for pair in pairs]


class Items:
    """The features of a collection, for one Question where it answers one.

    Attributes
    ----------
    table
        Their properties, a row each.
    ids
        Their ids, in the same order: the order in which pages list them.
    geometries
        Where they are.
    members
        Further members of the collection's GeoJSON.
    is_declared
        Whether the properties are those that Patchmap declares; else a file's own.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        ids: pd.Index,
        *,
        geometries: Geometries | PointGeometries,
        projection: Projection,
        members: Mapping[str, object] | None = None,
        cache: bool = True,
        declared: bool = False,
    ) -> None:
        self.table = table
        self.is_declared = declared
        self.ids = ids
        self.geometries = geometries
        self.projection = projection
        self.members = members or {}
        self._caches = cache and len(ids) <= MAX_CACHED
        # Encoded features by reference system; b"" where one has not been requested yet.
        self._encoded: dict[tuple[str, bool], list[bytes]] = {}

    @classmethod
    def of_frame(
        cls,
        frame: gpd.GeoDataFrame,
        ids: Sequence[str],
        *,
        projection: Projection,
        kind: Kind = "MultiPolygon",
        members: Mapping[str, object] | None = None,
        declared: bool = False,
    ) -> Items:
        """Return the rows of a frame as features.

        Parameters
        ----------
        frame
            In metres of the working CRS.
        ids
            The id of each row.
        kind
            The type of their geometries; polygons become multipolygons where it is that.
        members
            Further members of the collection's GeoJSON.
        declared
            Whether the columns are those that Patchmap declares, with their types.
        """
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
        columns = {name: _of_one_type(table[name]) for name in table.columns}
        table = pd.DataFrame(columns, index=table.index)
        return cls(
            typed(table) if declared else table,
            pd.Index(ids, dtype=str),
            geometries=_geometries(frame.geometry.to_numpy(), kind),
            projection=projection,
            members=members,
            declared=declared,
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def encoded(self) -> list[bytes]:
        """Every feature as GeoJSON in degrees of longitude and latitude."""
        return self.features(range(len(self)), next(iter(offered(self.projection).values())))

    def position(self, feature_id: str) -> int | None:
        """Return the position of the feature of an id, None where there is none."""
        try:
            position = self.ids.get_loc(feature_id)
        except KeyError:
            return None
        return position if isinstance(position, int) else None

    @cached_property
    def properties(self) -> list[Property]:
        """The properties that the features have."""
        return table_properties(self.rows(range(0)), declared=self.is_declared)

    def rows(self, positions: Positions) -> pd.DataFrame:
        """Return the properties of some features."""
        if isinstance(positions, range):
            return self.table.iloc[positions.start : positions.stop]
        return self.table.iloc[positions]

    def features(self, positions: Positions, axes: Axes) -> list[bytes]:
        """Return some features as GeoJSON, with all their properties."""
        if not self._caches:
            return self.encode(positions, axes)
        encoded = self._encoded.setdefault((axes.name, axes.swapped), [b""] * len(self))
        if isinstance(positions, np.ndarray):
            positions = positions.tolist()  # a list is looked up by plain numbers much faster
        missing = [position for position in positions if not encoded[position]]
        for position, feature in zip(missing, self.encode(missing, axes), strict=True):
            # A copy has the size of its text; what orjson returns may hold ten times as much.
            encoded[position] = bytes(memoryview(feature))
        return [encoded[position] for position in positions]

    def encode(
        self,
        positions: Positions,
        axes: Axes,
        *,
        names: Sequence[str] | None = None,
        with_geometry: bool = True,
    ) -> list[bytes]:
        """Return some features as GeoJSON, without the cache.

        Parameters
        ----------
        names
            The properties to write; all when omitted.
        with_geometry
            Whether to write geometries, else null.
        """
        if not len(positions):
            return []
        rows = self.rows(positions)
        rows = rows if names is None else rows[list(names)]
        geometries = (
            self.geometries.write(positions, axes, self.projection)
            if with_geometry
            else [b"null"] * len(positions)
        )
        ids = self.ids[_index(positions)].tolist()
        return [
            encode_feature(feature_id, geometry, properties)
            for feature_id, geometry, properties in zip(
                ids, geometries, plain_rows(rows), strict=True
            )
        ]


def plain_rows(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return each row as a dict of values that JSON has; times in UTC."""
    names = [str(name) for name in rows.columns]
    if not names:
        return [{} for _ in range(len(rows))]
    columns = [_plain(rows[name]) for name in rows.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[object]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    values: list[object] = column.astype(object).where(column.notna(), None).tolist()
    return values


def _of_one_type(column: pd.Series) -> pd.Series:
    """Return a column whose values have one type: its property has that in every format."""
    if column.dtype != object:
        return column
    kind = pd.api.types.infer_dtype(column, skipna=True)
    if kind in _TYPES:
        return column.astype(_TYPES[kind])
    if kind in ("string", "empty"):
        return column
    return column.map(str, na_action="ignore").astype(object)


def _geometries(shapes: NDArray[np.object_], kind: Kind) -> Geometries | PointGeometries:
    if kind == "Point" and not shapely.is_missing(shapes).any():
        return PointGeometries(shapely.get_x(shapes), shapely.get_y(shapes))
    return Geometries(shapes, kind)


def _as_multipolygons(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    single = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    if not single.any():
        return geometries
    joined = geometries.copy()
    joined[single] = [shapely.MultiPolygon([one]) for one in geometries[single]]
    return joined


def _index(positions: Positions) -> slice | NDArray[np.int64]:
    if isinstance(positions, range):
        return slice(positions.start, positions.stop)
    return np.asarray(positions, dtype=np.int64)
