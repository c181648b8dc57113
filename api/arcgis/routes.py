"""The addresses of the FeatureServer: catalogue, service, layers and queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import HTTPException, Response

from api.arcgis.drawing import drawing_info
from api.arcgis.fields import Layer
from api.arcgis.geometry import GEOMETRY_TYPES, SpatialReference
from api.arcgis.ids import layer_numbers
from api.arcgis.request import ArcgisRequest, Router
from api.arcgis.results import MAX_RECORDS, query_layer
from api.arcgis.selection import TIME_FIELD
from api.ogc.collections.base import Collection
from api.ogc.coordinates import box_in_metres
from api.ogc.styles.symbology import collection_symbology
from geo.crs import Projection
from geo.errors import NotFoundError

SERVICE: Final = "patchmap"
_VERSION: Final = 10.91
"""Of ArcGIS Server: that whose answers these are like."""

_SERVER: Final = f"/services/{SERVICE}/FeatureServer"
_FORMATS: Final = "JSON, geoJSON"
_UTC: Final = {"timeZone": "UTC", "respectsDaylightSaving": False}
_ABLE: Final = (
    "supportsPagination",
    "supportsOrderBy",
    "supportsDistinct",
    "supportsStatistics",
    "supportsPaginationOnAggregatedQueries",
    "supportsReturningQueryExtent",
    "supportsQueryWithResultType",
    "supportsQueryWithDistance",
)
_UNABLE: Final = (
    "supportsSqlExpression",
    "supportsHavingClause",
    "supportsReturningGeometryCentroid",
    "supportsPercentileStatistics",
    "supportsQueryAnalytic",
    "supportsQueryAttachments",
)

router = Router()


@router.serve("/info")
def info(request: ArcgisRequest) -> Response:
    """Return what clients ask first: the version, and that no token is needed."""
    return request.document(
        lambda: {
            "currentVersion": _VERSION,
            "fullVersion": str(_VERSION),
            "authInfo": {"isTokenBasedSecurity": False},
        }
    )


@router.serve("/services")
@router.serve("/services/")
def catalogue(request: ArcgisRequest) -> Response:
    """Return the services: there is one."""
    services = [{"name": SERVICE, "type": "FeatureServer"}]
    return request.document(
        lambda: {"currentVersion": _VERSION, "folders": [], "services": services}
    )


@router.serve(_SERVER)
@router.serve(f"{_SERVER}/")
def service(request: ArcgisRequest) -> Response:
    """Return the service and the list of its layers."""
    return request.document(lambda: _service(request))


@router.serve(f"{_SERVER}/layers")
def described_layers(request: ArcgisRequest) -> Response:
    """Return the description of every layer."""
    return request.document(
        lambda: {"layers": [_layer(one) for one in _layers(request).values()], "tables": []}
    )


@router.serve(f"{_SERVER}/{{number}}")
@router.serve(f"{_SERVER}/{{number}}/")
def layer(request: ArcgisRequest, number: str) -> Response:
    """Return the description of a layer."""
    described = _layer_of(request, number)
    return request.document(lambda: _layer(described))


@router.serve(f"{_SERVER}/{{number}}/query")
def query(request: ArcgisRequest, number: str) -> Response:
    """Return features of a layer, or what is asked about them."""
    queried = _layer_of(request, number)
    return request.reply(lambda: query_layer(request, queried))


@router.serve("/services/{path:path}")
def nowhere(request: ArcgisRequest, path: str) -> Response:
    """Refuse what is not served, as ArcGIS Server does."""
    del request
    raise HTTPException(404, f"there is no service {path!r}; choose {SERVICE}/FeatureServer")


def _layers(request: ArcgisRequest) -> dict[int, Layer]:
    """The collections that the caller may see, by the number of their layer."""
    collections = request.ogc.collections()
    numbers = layer_numbers(collections)
    layers = [Layer(numbers[name], one) for name, one in collections.items()]
    return {one.number: one for one in sorted(layers, key=lambda one: one.number)}


def _layer_of(request: ArcgisRequest, number: str) -> Layer:
    layers = _layers(request)
    if not number.isdecimal() or int(number) not in layers:
        known = ", ".join(map(str, layers))
        raise NotFoundError(f"there is no layer {number!r}; there are: {known}")
    return layers[int(number)]


def _service(request: ArcgisRequest) -> dict[str, object]:
    layers = _layers(request)
    projection = request.ogc.answers.snapshot().projection
    extent = next(filter(None, (_extent(one.collection) for one in layers.values())), None)
    return {
        "currentVersion": _VERSION,
        "serviceDescription": "Boundary layers, counts and hotspots for neighbourhood working.",
        "description": "",
        "copyrightText": "",
        **_common(),
        "spatialReference": SpatialReference(projection.crs, projection).document,
        "initialExtent": extent,
        "fullExtent": extent,
        "units": "esriMeters",
        "hasVersionedData": False,
        "supportsDisconnectedEditing": False,
        "syncEnabled": False,
        "allowGeometryUpdates": False,
        "layers": [_entry(one) for one in layers.values()],
        "tables": [],
    }


def _entry(one: Layer) -> dict[str, object]:
    return {
        "id": one.number,
        "name": one.collection.title,
        "parentLayerId": -1,
        "defaultVisibility": True,
        "subLayerIds": None,
        "minScale": 0,
        "maxScale": 0,
        "type": "Feature Layer",
        "geometryType": GEOMETRY_TYPES[one.collection.kind],
    }


def _common() -> dict[str, object]:
    return {
        "capabilities": "Query",
        "maxRecordCount": MAX_RECORDS,
        "supportedQueryFormats": _FORMATS,
        "hasStaticData": False,
    }


def _layer(one: Layer) -> dict[str, object]:
    collection, fields = one.collection, one.fields
    summary = collection.summary()
    symbology = collection_symbology(collection)
    return {
        "currentVersion": _VERSION,
        **_entry(one),
        "description": summary.get("description", ""),
        "copyrightText": summary.get("attribution", ""),
        **_common(),
        "standardMaxRecordCount": MAX_RECORDS,
        "extent": _extent(collection),
        "drawingInfo": drawing_info(symbology, fields.name_of(symbology.field)),
        "objectIdField": fields.id_name,
        "uniqueIdField": {"name": fields.id_name, "isSystemMaintained": True},
        "globalIdField": "",
        "displayField": fields.display,
        "typeIdField": None,
        "fields": fields.documents(),
        "dateFieldsTimeReference": _UTC,
        **_time(one),
        "hasAttachments": False,
        "hasM": False,
        "hasZ": False,
        "types": [],
        "templates": [],
        "relationships": [],
        "isDataVersioned": False,
        "supportsStatistics": True,
        "supportsAdvancedQueries": True,
        "supportsCoordinatesQuantization": False,
        "useStandardizedQueries": True,
        "advancedQueryCapabilities": {
            "useStandardizedQueries": True,
            **dict.fromkeys(_ABLE, True),
            **dict.fromkeys(_UNABLE, False),
        },
    }


def _time(one: Layer) -> Mapping[str, object]:
    """When features happened, for the time slider; nothing where they have no time of their own."""
    field = one.fields.name_of(TIME_FIELD)
    times = one.collection.extent_times() if field else None
    if times is None:
        return {}
    ends = [round(moment.timestamp() * 1000) for moment in (times.first, times.last)]
    return {
        "timeInfo": {
            "startTimeField": field,
            "endTimeField": None,
            "trackIdField": None,
            "timeExtent": ends,
            "timeReference": _UTC,
            "timeInterval": 1,
            "timeIntervalUnits": "esriTimeUnitsMonths",
            "hasLiveData": False,
        }
    }


def _extent(collection: Collection) -> dict[str, object] | None:
    box = collection.extent_box()
    if box is None:
        return None
    projection: Projection = collection.snapshot.projection
    metres = box_in_metres(box, projection)
    return SpatialReference(projection.crs, projection).extent(metres)
