"""The answers to a query of a layer: features, counts, ids, extents, values and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.arcgis.fields import Layer
from api.arcgis.geometry import GEOMETRY_TYPES, SpatialReference, esri_geometries
from api.arcgis.request import ArcgisRequest
from api.arcgis.selection import LayerQuery, milliseconds
from api.arcgis.statistics import read_statistics, summarised
from api.formats.encoding import encode_feature, feature_collection
from api.formats.registry import GEOJSON
from api.ogc.items import plain_rows
from geo.crs import LONLAT

MAX_RECORDS: Final = 2_000
"""Features in an answer; more come in pages."""

_MOST_SKIPPED: Final = 2**31 - 1
Positions = NDArray[np.int64]


def query_layer(request: ArcgisRequest, layer: Layer) -> bytes:
    """Return the answer to a query as JSON.

    Raises
    ------
    QuestionError
        With the parameter that cannot be read.
    """
    query = LayerQuery.read(request, layer)
    if request.text("outStatistics"):
        return _given(query, request.encoded(_statistics(query)), None)
    if request.flag("returnDistinctValues"):
        return _given(query, request.encoded(_distinct(query)), None)
    positions = query.positions()
    counted = {"count": len(positions)} if request.flag("returnCountOnly") else {}
    if request.flag("returnExtentOnly"):
        # That of one incident is its point.
        answer = request.encoded({**counted, "extent": _extent(query, positions)})
        return _given(query, answer, len(positions))
    if counted:
        # Whoever counts by one condition after another learns what single incidents hold.
        return _given(query, request.encoded(counted), None)
    if request.flag("returnIdsOnly"):
        name = layer.fields.id_name
        ids = query.items.rows(positions)[name].tolist()
        answer = request.encoded({"objectIdFieldName": name, "objectIds": ids})
        return _given(query, answer, len(ids))
    page, _ = _page(request, positions)
    return _given(query, _features(query, positions), len(page))


def _given(query: LayerQuery, answer: bytes, rows: int | None) -> bytes:
    """An answer, once it is recorded that it holds so many incidents."""
    query.request.ogc.consulted(query.layer.collection, query.request.parameters, rows=rows)
    return answer


def _features(query: LayerQuery, positions: Positions) -> bytes:
    request, fields = query.request, query.layer.fields
    page, more = _page(request, positions)
    names = list(dict.fromkeys([fields.id_name, *query.names("outFields")]))
    system = _system(query)
    rows = attributes(query.items.rows(page)[names])
    with_geometry = request.flag("returnGeometry", default=True)
    geometries = _written(query, page, system) if with_geometry else np.full(len(page), None)
    if request.form is GEOJSON:
        ids = query.items.rows(page)[fields.id_name].tolist()
        return _geojson(rows, geometries, ids, system, more=more)
    features: list[dict[str, object]] = [{"attributes": row} for row in rows]
    if with_geometry:
        for feature, geometry in zip(features, esri_geometries(geometries), strict=True):
            feature["geometry"] = geometry
    return request.encoded(
        {
            "objectIdFieldName": fields.id_name,
            "uniqueIdField": {"name": fields.id_name, "isSystemMaintained": True},
            "globalIdFieldName": "",
            "geometryType": GEOMETRY_TYPES[query.layer.collection.kind],
            "spatialReference": system.document,
            "fields": fields.documents(names),
            **({"exceededTransferLimit": True} if more else {}),
            "features": features,
        }
    )


def _geojson(
    rows: Sequence[Mapping[str, object]],
    geometries: NDArray[np.object_],
    ids: Sequence[int],
    system: SpatialReference,
    *,
    more: bool,
) -> bytes:
    shapes = [b"null" if one is None else one.encode() for one in shapely.to_geojson(geometries)]
    features = [
        encode_feature(number, shape, row)
        for number, row, shape in zip(ids, rows, shapes, strict=True)
    ]
    limit = {"exceededTransferLimit": True} if more else {}
    members = {**limit, "properties": limit} if more else {}
    return feature_collection(features, members, before=system.members)


def _page(request: ArcgisRequest, positions: Positions) -> tuple[Positions, bool]:
    """The features of the page that is asked for, and whether more follow."""
    offset = request.whole("resultOffset", 0, highest=_MOST_SKIPPED)
    asked_for = request.whole("resultRecordCount", MAX_RECORDS, highest=_MOST_SKIPPED)
    end = offset + min(asked_for or MAX_RECORDS, MAX_RECORDS)
    return positions[offset:end], end < len(positions)


def _system(query: LayerQuery) -> SpatialReference:
    projection = query.items.projection
    named = query.request.text("outSR")
    if named:
        return SpatialReference.read("outSR", named, projection)
    default = LONLAT if query.request.form is GEOJSON else projection.crs
    return SpatialReference(default, projection)


def _written(
    query: LayerQuery, positions: Positions, system: SpatialReference
) -> NDArray[np.object_]:
    if not len(positions):
        return np.array([], dtype=object)
    return system.write(query.items.geometries.take(positions))


def _extent(query: LayerQuery, positions: Positions) -> dict[str, object] | None:
    if not len(positions):
        return None
    bounds = shapely.total_bounds(query.items.geometries.take(positions))
    return _system(query).extent(bounds.tolist()) if np.isfinite(bounds).all() else None


def _statistics(query: LayerQuery) -> dict[str, object]:
    request, fields = query.request, query.layer.fields
    statistics = read_statistics(request.json("outStatistics"), fields)
    groups = query.names("groupByFieldsForStatistics")
    names = {*groups, *(one.field for one in statistics)}
    rows = summarised(_rows(query, list(names)), statistics, groups)
    described = {str(one["name"]): one for one in fields.documents()}
    documents = [
        *(described[name] for name in groups),
        *(one.document(described[one.field]) for one in statistics),
    ]
    return _table(query, rows, documents)


def _distinct(query: LayerQuery) -> dict[str, object]:
    names = query.names("outFields") or list(query.layer.fields.by_name.values())
    rows = _rows(query, names).drop_duplicates()
    return _table(
        query, rows.sort_values(names, kind="stable"), query.layer.fields.documents(names)
    )


def _rows(query: LayerQuery, names: list[str]) -> pd.DataFrame:
    """Some fields of the features that are selected; texts sort as texts."""
    rows = query.items.rows(query.selected())[names]
    kinds = [name for name in names if isinstance(rows[name].dtype, pd.CategoricalDtype)]
    return rows.astype(dict.fromkeys(kinds, object))


def _table(
    query: LayerQuery, rows: pd.DataFrame, documents: Sequence[Mapping[str, object]]
) -> dict[str, object]:
    """The answer of rows that are no features: in the order and the page that are asked for."""
    request = query.request
    if request.flag("returnCountOnly"):
        return {"count": len(rows)}
    rows = rows.reset_index(drop=True)
    if request.text("orderByFields"):
        keys = query.order({str(name).lower(): str(name) for name in rows.columns})
        names = [key.lstrip("-") for key in keys]
        rows = rows.sort_values(
            names, ascending=[not key.startswith("-") for key in keys], kind="stable"
        )
    page, more = _page(request, np.arange(len(rows)))
    return {
        "fields": list(documents),
        **({"exceededTransferLimit": True} if more else {}),
        "features": [{"attributes": row} for row in attributes(rows.iloc[page])],
    }


def attributes(rows: pd.DataFrame) -> list[dict[str, object]]:
    """Return each row as ArcGIS writes attributes: moments in milliseconds, unknown as null."""
    moments = [name for name in rows.columns if isinstance(rows[name].dtype, pd.DatetimeTZDtype)]
    return plain_rows(rows.assign(**{str(name): milliseconds(rows[name]) for name in moments}))
