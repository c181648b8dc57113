"""The OpenAPI 3.0 document, fully inlined, with the literal address of every collection.

GDAL reads it to learn which parameters a collection takes, so what is written here must be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.formats.registry import (
    DOCUMENTS,
    FEATURE,
    GEOPACKAGE,
    HTML,
    ITEMS,
    MVT,
    OPENAPI,
    SCHEMA,
    TILESET,
    Format,
)
from api.ogc.cql2.parse import LANGUAGES, LONGEST
from api.ogc.mvt.tiling import DEEPEST
from api.ogc.properties import Property
from api.settings import VERSION
from geo.analyses import LAYERS
from geo.question.model import OPTIONS

DEFAULT_LIMIT, MOST_ITEMS = 1_000, 10_000
MOST_OFFSET = 2**31 - 1

Parameter = dict[str, Any]

_PROBLEM = {
    "description": "Refused: a problem document says why",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}


def _parameter(name: str, description: str, schema: Mapping[str, object]) -> Parameter:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "style": "form",
        "explode": False,
        "schema": dict(schema),
    }


def format_parameter(formats: Sequence[Format]) -> Parameter:
    """The parameter `f`."""
    told = "; ".join(f"{one.name}: {one.label}" for one in formats)
    return _parameter(
        "f",
        f"Format of the answer ({told}); else the header Accept chooses",
        {"type": "string", "enum": [one.name for one in formats]},
    )


def _whole(lowest: int, highest: int, default: int) -> dict[str, object]:
    return {"type": "integer", "minimum": lowest, "maximum": highest, "default": default}


_TEXT = {"type": "string", "maxLength": 500}

_PAGING = [
    _parameter(
        "limit",
        "Features of a page, at most; files (geojson, csv, gpkg, fgb, parquet) are whole without",
        _whole(1, MOST_ITEMS, DEFAULT_LIMIT),
    ),
    _parameter("offset", "Features to pass over", _whole(0, MOST_OFFSET, 0)),
]
_BBOX = _parameter(
    "bbox",
    "Only features that touch this box: west, south, east, north in `bbox-crs`",
    {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
)
_LATER = [
    _parameter(
        "filter",
        "A CQL2 condition on the properties and the geometry",
        {"type": "string", "maxLength": LONGEST},
    ),
    _parameter(
        "filter-lang",
        "Language of `filter`",
        {"type": "string", "enum": list(LANGUAGES), "default": LANGUAGES[0]},
    ),
    _parameter(
        "sortby",
        "Properties to sort by, comma between them; - before one sorts it downwards",
        _TEXT,
    ),
    _parameter("properties", "Only these properties, comma between them", _TEXT),
    _parameter("skipGeometry", "Leave the geometry out", {"type": "boolean", "default": False}),
    _parameter(
        "resultType",
        "hits: only how many features there are",
        {"type": "string", "enum": ["results", "hits"], "default": "results"},
    ),
]
_CRS_NAMES = {
    "crs": "Reference system of the answer",
    "bbox-crs": "Reference system of `bbox`",
    "filter-crs": "Reference system of geometries in `filter`",
}
_TILE = ("tileRow", "tileCol")
ITEM_NAMES = frozenset(
    {"f", "bbox", "datetime", *_CRS_NAMES, *(told["name"] for told in (*_PAGING, *_LATER))}
)
"""The parameters that every collection's items take."""

_TAKEN_IN_ANSWERS = ITEM_NAMES.union(option.name for option in OPTIONS)

SELECTING = frozenset({"datetime", "filter", "filter-lang", "filter-crs"})
"""Those of them that tiles take too: the ones that say which features there are."""


def item_parameters(
    collection_id: str, properties: Sequence[Property], systems: Sequence[str]
) -> list[Parameter]:
    """The parameters of a collection's items: those of all, its Question's, and properties."""
    options = [_option(option.name) for option in OPTIONS] if collection_id in LAYERS else []
    dates = [] if options else [_option("datetime")]
    common = [*_PAGING, _BBOX, *dates, format_parameter(ITEMS), *_systems(systems), *_LATER]
    return [*common, *options, *(_property(told) for told in queryable(collection_id, properties))]


def queryable(collection_id: str, properties: Sequence[Property]) -> list[Property]:
    """The properties that are parameters themselves: those whose name means nothing else."""
    taken = _TAKEN_IN_ANSWERS if collection_id in LAYERS else ITEM_NAMES
    return [told for told in properties if told.name not in taken]


def openapi_document(
    *,
    root: str,
    collections: Mapping[str, tuple[str, Sequence[Property]]],
    systems: Sequence[str],
) -> dict[str, Any]:
    """Describe the OGC API below the address `root`.

    Parameters
    ----------
    collections
        Title and properties of each collection, by its id.
    systems
        Addresses of the reference systems that are served.
    """
    documents = [format_parameter(DOCUMENTS)]
    paths: dict[str, Any] = {
        "/": _get("The landing page", "landing", DOCUMENTS, documents),
        "/conformance": _get("Conformance classes", "conformance", DOCUMENTS, documents),
        "/api": _get("This document", "api", (OPENAPI, HTML), documents),
        "/collections": _get("Collections", "collections", DOCUMENTS, documents),
        "/tileMatrixSets": _get("Tiling schemes", "schemes", DOCUMENTS, documents),
        "/tileMatrixSets/WebMercatorQuad": _get("Web Mercator", "scheme", DOCUMENTS, documents),
    }
    for name, (title, properties) in collections.items():
        paths |= _collection(name, title, properties, systems)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Patchmap",
            "version": VERSION,
            "description": "Boundary layers, counts and hotspots for neighbourhood working.",
        },
        "servers": [{"url": root}],
        "paths": paths,
    }


def _collection(
    name: str, title: str, properties: Sequence[Property], systems: Sequence[str]
) -> dict[str, Any]:
    address = f"/collections/{name}"
    documents = [format_parameter(DOCUMENTS)]
    feature_id = {
        "name": "featureId",
        "in": "path",
        "required": True,
        "description": "Id of a feature",
        "schema": {"type": "string"},
    }
    options = [_option(option.name) for option in OPTIONS] if name in LAYERS else []
    one = [feature_id, format_parameter(FEATURE), *_systems(systems)[:1], *options]
    many = item_parameters(name, properties, systems)
    return {
        **_tiles(name, title, many),
        address: _get(title, f"describe-{name}", DOCUMENTS, documents),
        f"{address}/queryables": _get(
            f"{title}: what can be filtered by", f"queryables-{name}", (SCHEMA, HTML), documents
        ),
        f"{address}/schema": _get(
            f"{title}: properties", f"schema-{name}", (SCHEMA, HTML), documents
        ),
        f"{address}/items": _get(title, f"items-{name}", ITEMS, many),
        f"{address}/items/{{featureId}}": _get(
            f"{title}: one feature", f"item-{name}", FEATURE, one
        ),
    }


def _tiles(name: str, title: str, many: Sequence[Parameter]) -> dict[str, Any]:
    address = f"/collections/{name}/tiles"
    chosen = [one for one in many if one["name"] in SELECTING or one["name"] not in ITEM_NAMES]
    places = [_place("tileMatrix", DEEPEST), *(_place(one, 2**DEEPEST - 1) for one in _TILE)]
    return {
        address: _get(
            f"{title}: tilesets", f"tilesets-{name}", DOCUMENTS, [format_parameter(DOCUMENTS)]
        ),
        f"{address}/WebMercatorQuad": _get(
            f"{title}: tileset", f"tileset-{name}", TILESET, [format_parameter(TILESET), *chosen]
        ),
        f"{address}/WebMercatorQuad/{{tileMatrix}}/{{tileRow}}/{{tileCol}}": _get(
            f"{title}: a tile", f"tile-{name}", (MVT,), [*places, *chosen]
        ),
    }


def _place(name: str, highest: int) -> Parameter:
    schema = {"type": "integer", "minimum": 0, "maximum": highest}
    told = {"name": name, "in": "path", "required": True, "description": "Where the tile lies"}
    return {**told, "schema": schema}


def _get(
    summary: str, name: str, formats: Sequence[Format], parameters: Iterable[Parameter]
) -> dict[str, Any]:
    content = {one.media_type: {"schema": _body(one)} for one in formats}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": list(parameters),
            "responses": {
                "200": {"description": summary, "content": content},
                **({"204": {"description": "Nothing is there"}} if MVT in formats else {}),
                "304": {"description": "The caller has it already"},
                "400": _PROBLEM,
                "403": _PROBLEM,
                "404": _PROBLEM,
                "503": _PROBLEM,
                **({"507": _PROBLEM} if GEOPACKAGE in formats else {}),
            },
        }
    }


def _body(one: Format) -> dict[str, str]:
    if one.media_type.partition(";")[0].endswith("json"):
        return {"type": "object"}
    text = one.media_type.startswith("text/")
    return {"type": "string"} if text else {"type": "string", "format": "binary"}


def _systems(systems: Sequence[str]) -> list[Parameter]:
    schema = {"type": "string", "enum": list(systems), "default": systems[0]}
    return [_parameter(name, told, schema) for name, told in _CRS_NAMES.items()]


def _option(name: str) -> Parameter:
    option = next(option for option in OPTIONS if option.name == name)
    return {**_parameter(name, option.help, option.schema), "example": option.example}


def _property(told: Property) -> Parameter:
    schema = {"type": told.kind} | ({"format": told.form} if told.form else {})
    return _parameter(told.name, f"Only features whose {told.name} is this", schema)


JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"


def properties_schema(
    address: str, title: str, properties: Sequence[Property], form: str, *, closed: bool
) -> dict[str, Any]:
    """The properties of a collection as JSON Schema: its schema or its queryables."""
    geometry = {"title": "Geometry", "x-ogc-role": "primary-geometry", "format": form}
    return {
        "$schema": JSON_SCHEMA,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": {"geometry": geometry, **{told.name: told.schema() for told in properties}},
        "additionalProperties": not closed,
    }
