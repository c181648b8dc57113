"""The features of a collection: their places, properties and ids, and each one's bytes.

A feature is encoded when it is first asked for in a reference system and then kept for as long
as the data version stays, so that a page of known features is joined bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, cast

import geopandas as gpd
import numpy as np
import orjson
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.formats.encoding import to_json
from api.ogc.coordinates import Axes, offered
from api.ogc.properties import Property, properties_of_table
from geo.crs import Projection

Positions = Sequence[int] | NDArray[np.int64]

MOST_KEPT = 250_000
"""Collections of more features are encoded page by page: their bytes would fill the memory."""


class Areas:
    """Places of any form, as geometries in metres; None where something has no place."""

    def __init__(self, geometries: NDArray[np.object_]) -> None:
        self.geometries = geometries
        kinds = shapely.get_type_id(geometries[~shapely.is_missing(geometries)])
        self.form = "Point" if set(kinds.tolist()) == {0} else "MultiPolygon"

    def __len__(self) -> int:
        return len(self.geometries)

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Where each of them lies."""
        return shapely.STRtree(self.geometries)

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, south, east and north of all, in metres."""
        return np.asarray(shapely.total_bounds(self.geometries))

    def touching(self, area: shapely.Geometry) -> NDArray[np.int64]:
        """Positions of those that touch an area in metres."""
        shapely.prepare(area)
        return np.sort(self.tree.query(area, predicate="intersects"))

    def take(self, positions: Positions) -> NDArray[np.object_]:
        """Some of them as geometries."""
        return np.asarray(self.geometries[_index(positions)], dtype=object)

    def write(self, positions: Positions, axes: Axes, projection: Projection) -> list[bytes]:
        """Some of them as GeoJSON geometries."""
        written = axes.write(self.take(positions), projection)
        return [b"null" if text is None else text.encode() for text in shapely.to_geojson(written)]


class Points:
    """Places that are points, as two arrays in metres: ten million need no objects."""

    form = "Point"

    def __init__(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self.x, self.y = x, y

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, south, east and north of all, in metres."""
        if not len(self.x):
            return np.full(4, np.nan)
        return np.array([self.x.min(), self.y.min(), self.x.max(), self.y.max()])

    def touching(self, area: shapely.Geometry) -> NDArray[np.int64]:
        """Positions of those that lie in an area in metres, its edge included."""
        west, south, east, north = shapely.bounds(area)
        order, eastings = self._by_easting
        first, last = np.searchsorted(eastings, west), np.searchsorted(eastings, east, "right")
        near = order[first:last]
        near = near[(self.y[near] >= south) & (self.y[near] <= north)]
        shapely.prepare(area)
        return np.sort(near[shapely.intersects_xy(area, self.x[near], self.y[near])])

    @cached_property
    def _by_easting(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        order = np.argsort(self.x, kind="stable")
        return order, self.x[order]

    def take(self, positions: Positions) -> NDArray[np.object_]:
        """Some of them as geometries."""
        index = _index(positions)
        return np.asarray(shapely.points(self.x[index], self.y[index]), dtype=object)

    def write(self, positions: Positions, axes: Axes, projection: Projection) -> list[bytes]:
        """Some of them as GeoJSON geometries."""
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
        Their ids, in the same order: the order in which pages show them.
    places
        Where they are.
    members
        What the collection says of itself beside its features.

    Unless it is told not to, or they are too many, it keeps the bytes of its features.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        ids: pd.Index,
        *,
        places: Areas | Points,
        projection: Projection,
        members: Mapping[str, object] | None = None,
        kept: bool = True,
    ) -> None:
        self.table = table
        self.ids = ids
        self.places = places
        self.projection = projection
        self.members = members or {}
        self._keeps = kept and len(ids) <= MOST_KEPT
        self._kept: dict[str, list[bytes | None]] = {}

    @classmethod
    def of_frame(
        cls,
        frame: gpd.GeoDataFrame,
        ids: Sequence[str],
        *,
        projection: Projection,
        members: Mapping[str, object] | None = None,
    ) -> Items:
        """The rows of a frame in metres of the working CRS."""
        table = pd.DataFrame(frame.drop(columns=frame.geometry.name)).reset_index(drop=True)
        for name in table.columns:
            if pd.api.types.infer_dtype(table[name], skipna=True) == "date":
                table[name] = table[name].map(str, na_action="ignore")
        places = Areas(frame.geometry.to_numpy())
        return cls(
            table, pd.Index(ids, dtype=str), places=places, projection=projection, members=members
        )

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def nbytes(self) -> int:
        """About how many bytes it takes once every feature has been asked for."""
        if isinstance(self.places, Points):
            return len(self) * (150 if len(self) > MOST_KEPT else 700)
        return len(self) * 1_000 + 100 * int(
            shapely.get_num_coordinates(self.places.geometries).sum()
        )

    @property
    def encoded(self) -> list[bytes]:
        """Every feature as GeoJSON in degrees of longitude and latitude."""
        return self.features(range(len(self)), next(iter(offered(self.projection).values())))

    def position(self, feature_id: str) -> int | None:
        """Where the feature of an id stands."""
        try:
            return int(self.ids.get_loc(feature_id))
        except KeyError:
            return None

    @cached_property
    def properties(self) -> list[Property]:
        """The properties that the features have."""
        return properties_of_table(self.rows(range(0)))

    def rows(self, positions: Positions) -> pd.DataFrame:
        """The properties of some features."""
        if isinstance(positions, range):
            return self.table.iloc[positions.start : positions.stop]
        return self.table.iloc[positions]

    def features(self, positions: Positions, axes: Axes) -> list[bytes]:
        """Some features as GeoJSON, with all their properties."""
        if not self._keeps:
            return self.encode(positions, axes)
        kept = self._kept.setdefault(axes.name, [None] * len(self))
        if isinstance(positions, np.ndarray):
            positions = positions.tolist()  # a list is looked up by plain numbers much faster
        missing = [place for place in positions if kept[place] is None]
        for place, feature in zip(missing, self.encode(missing, axes), strict=True):
            # A copy has the size of its text; what orjson returns may hold ten times as much.
            kept[place] = bytes(memoryview(feature))
        return cast("list[bytes]", [kept[place] for place in positions])

    def encode(
        self,
        positions: Positions,
        axes: Axes,
        *,
        names: Sequence[str] | None = None,
        with_geometry: bool = True,
    ) -> list[bytes]:
        """Some features as GeoJSON, with the named properties, or with all."""
        if not len(positions):
            return []
        rows = self.rows(positions)
        rows = rows if names is None else rows[list(names)]
        geometries = (
            self.places.write(positions, axes, self.projection)
            if with_geometry
            else [b"null"] * len(positions)
        )
        ids = self.ids[_index(positions)].tolist()
        return [
            to_json(
                {
                    "type": "Feature",
                    "id": feature_id,
                    "geometry": orjson.Fragment(geometry),
                    "properties": properties,
                }
            )
            for feature_id, geometry, properties in zip(
                ids, geometries, plain_rows(rows), strict=True
            )
        ]


def plain_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Each row as a dict of plain values that JSON has; times in UTC."""
    names = [str(name) for name in rows.columns]
    if not names:
        return [{} for _ in range(len(rows))]
    columns = [_plain(rows[name]) for name in rows.columns]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _plain(column: pd.Series) -> list[object]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    found: list[object] = column.astype(object).where(column.notna(), None).tolist()
    return found


def _index(positions: Positions) -> slice | NDArray[np.int64]:
    if isinstance(positions, range):
        return slice(positions.start, positions.stop)
    return np.asarray(positions, dtype=np.int64)
