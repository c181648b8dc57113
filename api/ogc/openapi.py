"""The OpenAPI 3.0 document, fully inlined, with the literal address of every collection.

GDAL reads it to learn which parameters a collection takes, so what is written here must be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import get_args

from api.formats.registry import (
    DOCUMENTS,
    FEATURE,
    GEOJSON_PAGE,
    GEOPACKAGE,
    HTML,
    ITEMS,
    MVT,
    OPENAPI,
    QGIS_PROJECT,
    SCHEMA,
    STYLESHEETS,
    TILESET,
    Format,
)
from api.ogc.collections.base import Collection
from api.ogc.items import Kind
from api.ogc.mvt.tiling import MAX_ZOOM
from api.ogc.parameters import (
    BBOX,
    CSV_FORM,
    FILTERING,
    ITEM_NAMES,
    PAGING,
    SEARCH,
    SELECTING,
    JsonSchema,
    Parameter,
    crs_parameters,
    format_parameter,
    option_parameters,
    path_parameter,
    property_parameter,
    query_parameter,
)
from api.settings import VERSION
from boundaries.gazetteer.folding import LONGEST_QUERY
from boundaries.gazetteer.search import LIMIT, MOST

_GEOMETRY: JsonSchema = {
    "type": "object",
    "nullable": True,
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": list(get_args(Kind))},
        "coordinates": {"type": "array", "items": {}},
    },
}
_LINKS: JsonSchema = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["href", "rel"],
        "properties": {name: {"type": "string"} for name in ("href", "rel", "type", "title")},
    },
}
_PROBLEM_SCHEMA: JsonSchema = {
    "type": "object",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}
_PROBLEM = {
    "description": "Refused: a problem document says why",
    "content": {"application/problem+json": {"schema": _PROBLEM_SCHEMA}},
}


Paths = dict[str, object]
"""The operations of each address; only `get` is used."""


def openapi_document(
    *, root: str, collections: Iterable[Collection], systems: Sequence[str]
) -> dict[str, object]:
    """Describe the OGC API below the address `root`.

    Parameters
    ----------
    collections
        Those that the caller may see.
    systems
        Addresses of the reference systems that are served, the default first.
    """
    documents = [format_parameter(DOCUMENTS)]
    project = [format_parameter((QGIS_PROJECT,))]
    paths: Paths = {
        "/": _get("The landing page", "landing", DOCUMENTS, documents),
        "/conformance": _get("Conformance classes", "conformance", DOCUMENTS, documents),
        "/api": _get("This document", "api", (OPENAPI, HTML), documents),
        "/collections": _get("Collections", "collections", DOCUMENTS, [*documents, SEARCH]),
        "/styles": _get("Styles", "styles", DOCUMENTS, documents),
        "/qgis.qgs": _get("A QGIS project", "qgis-project", (QGIS_PROJECT,), project),
        "/tileMatrixSets": _get("Tiling schemes", "schemes", DOCUMENTS, documents),
        "/tileMatrixSets/WebMercatorQuad": _get("Web Mercator", "scheme", DOCUMENTS, documents),
    }
    for collection in collections:
        paths |= _collection(collection, systems)
    paths["/search"] = _search(root)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Patchmap",
            "version": VERSION,
            "description": "Boundary layers, counts and hotspots for neighbourhood working.",
        },
        "servers": [{"url": root}],
        "security": [],  # said outright: nobody needs a key on this machine
        "paths": paths,
    }


def _search(root: str) -> dict[str, object]:
    """Finding a place: beside the OGC API and not below it, as its own `servers` say."""
    text: JsonSchema = {"type": "string", "maxLength": LONGEST_QUERY}
    number: JsonSchema = {"type": "integer", "minimum": 1, "maximum": LIMIT, "default": MOST}
    parameters = [
        query_parameter(
            "q",
            "What to find: an area or its code, a street, a place, a postcode, a National Grid "
            "reference or coordinates",
            text,
        ),
        query_parameter("limit", "The most results", number),
        *option_parameters(("layer",)),
    ]
    operation = _get("Find a place", "search", (GEOJSON_PAGE,), parameters)
    return {"servers": [{"url": root.removesuffix("/ogc") or "/"}], **operation}


def _collection(collection: Collection, systems: Sequence[str]) -> Paths:
    name, title = collection.id, collection.title
    address = f"/collections/{name}"
    documents = [format_parameter(DOCUMENTS)]
    options = option_parameters(collection.options)
    # An answer's `datetime` is an option of its Question.
    dates = [] if options else option_parameters(("datetime",))
    many = [
        *(
            *PAGING,
            BBOX,
            *dates,
            format_parameter(ITEMS),
            *crs_parameters(systems),
            *FILTERING,
            *CSV_FORM,
        ),
        *options,
        *map(property_parameter, collection.queryables()),
    ]
    one = [
        path_parameter("featureId", "Id of a feature", {"type": "string"}),
        format_parameter(FEATURE),
        *crs_parameters(systems)[:1],
        *options,
    ]
    return {
        **_tiles(name, title, many),
        **_styles(name, title),
        address: _get(title, f"describe-{name}", DOCUMENTS, documents),
        f"{address}/queryables": _get(
            f"{title}: properties to filter by", f"queryables-{name}", (SCHEMA, HTML), documents
        ),
        f"{address}/schema": _get(
            f"{title}: properties", f"schema-{name}", (SCHEMA, HTML), documents
        ),
        f"{address}/items": _get(
            title, f"items-{name}", ITEMS, many, body=_collection_schema(collection)
        ),
        f"{address}/items/{{featureId}}": _get(
            f"{title}: one feature",
            f"item-{name}",
            FEATURE,
            one,
            body=_feature_schema(collection),
        ),
    }


def _tiles(name: str, title: str, item_parameters: Sequence[Parameter]) -> Paths:
    address = f"/collections/{name}/tiles"
    selecting = [
        one for one in item_parameters if one["name"] in SELECTING or one["name"] not in ITEM_NAMES
    ]
    path = [
        _tile_number("tileMatrix", MAX_ZOOM),
        *(_tile_number(one, 2**MAX_ZOOM - 1) for one in ("tileRow", "tileCol")),
    ]
    return {
        address: _get(
            f"{title}: tilesets", f"tilesets-{name}", DOCUMENTS, [format_parameter(DOCUMENTS)]
        ),
        f"{address}/WebMercatorQuad": _get(
            f"{title}: tileset", f"tileset-{name}", TILESET, [format_parameter(TILESET), *selecting]
        ),
        f"{address}/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"{title}: a tile", f"tile-{name}", (MVT,), [*path, *selecting]
        ),
    }


def _styles(name: str, title: str) -> Paths:
    documents, sheets = [format_parameter(DOCUMENTS)], [format_parameter(STYLESHEETS)]
    listed, own = f"/collections/{name}/styles", f"/styles/{name}"
    return {
        listed: _get(f"{title}: styles", f"styles-{name}", DOCUMENTS, documents),
        f"{listed}/{name}": _get(f"{title}: its style", f"its-style-{name}", STYLESHEETS, sheets),
        own: _get(f"{title}: style", f"style-{name}", STYLESHEETS, sheets),
        f"{own}/metadata": _get(
            f"{title}: what the style draws", f"style-metadata-{name}", DOCUMENTS, documents
        ),
    }


def _tile_number(name: str, highest: int) -> Parameter:
    schema: JsonSchema = {"type": "integer", "minimum": 0, "maximum": highest}
    return path_parameter(name, "Position of the tile", schema)


def _feature_schema(collection: Collection) -> JsonSchema:
    properties = {one.name: {**one.schema(), "nullable": True} for one in collection.properties()}
    return {
        "type": "object",
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": {"type": "string"},
            "geometry": _GEOMETRY,
            "properties": {"type": "object", "properties": properties},
            "links": _LINKS,
        },
    }


def _collection_schema(collection: Collection) -> JsonSchema:
    return {
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": {"type": "array", "items": _feature_schema(collection)},
            "numberMatched": {"type": "integer", "minimum": 0},
            "numberReturned": {"type": "integer", "minimum": 0},
            "links": _LINKS,
        },
    }


def _get(
    summary: str,
    name: str,
    formats: Sequence[Format],
    parameters: Iterable[Parameter],
    *,
    body: JsonSchema | None = None,
) -> dict[str, object]:
    content = {
        form.media_type: {
            "schema": body if body and form.media_type == GEOJSON_PAGE.media_type else _body(form)
        }
        for form in formats
    }
    responses: dict[str, object] = {
        "200": {"description": summary, "content": content},
        **({"204": {"description": "The tile is empty"}} if MVT in formats else {}),
        "304": {"description": "The caller has it already"},
        **dict.fromkeys(("400", "403", "404", "503"), _PROBLEM),
        **({"507": _PROBLEM} if GEOPACKAGE in formats else {}),
    }
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": list(parameters),
            "responses": responses,
        }
    }


def _body(form: Format) -> dict[str, str]:
    if form.media_type.partition(";")[0].endswith("json"):
        return {"type": "object"}
    text = form.media_type.startswith("text/")
    return {"type": "string"} if text else {"type": "string", "format": "binary"}
