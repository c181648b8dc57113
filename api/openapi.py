"""The OpenAPI 3.0 document, fully inlined, with the literal address of every collection.

GDAL reads it to learn which parameters a collection takes, so what is written here must be true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.settings import VERSION
from geo.options import OPTIONS

_PROBLEM = {
    "description": "Refused: a problem document says why",
    "content": {"application/problem+json": {"schema": {"type": "object"}}},
}
_BBOX = {
    "name": "bbox",
    "in": "query",
    "required": False,
    "description": "West, south, east, north in degrees",
    "style": "form",
    "explode": False,
    "schema": {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}},
}
_FORMAT = {
    "name": "f",
    "in": "query",
    "required": False,
    "description": "Format of the answer",
    "schema": {"type": "string", "enum": ["json", "geojson"]},
}


def openapi_document(
    *,
    root: str,
    layers: Iterable[str],
    answer_collections: Mapping[str, str],
    limits: tuple[int, int],
) -> dict[str, Any]:
    """Describe the OGC API below the address `root`.

    Parameters
    ----------
    layers
        Ids of the boundary layers.
    answer_collections
        Titles of the collections that answer a Question, by id.
    limits
        Default and maximum of `limit`.
    """
    paths: dict[str, Any] = {
        "/": _get("The landing page", "landing", "application/json"),
        "/conformance": _get("Conformance classes", "conformance", "application/json"),
        "/api": _get("This document", "api", "application/vnd.oai.openapi+json;version=3.0"),
        "/collections": _get("Collections", "collections", "application/json"),
    }
    paging = [*_paging(limits), _BBOX, _FORMAT]
    for layer in layers:
        paths |= _collection(layer, layer, [*paging, _datetime()], [_FORMAT])
    options = [_option(option.name) for option in OPTIONS]
    for name, title in answer_collections.items():
        paths |= _collection(name, title, [*paging, *options], [_FORMAT, *options])
    return {
        "openapi": "3.0.3",
        "info": {"title": "Patchmap", "version": VERSION},
        "servers": [{"url": root}],
        "paths": paths,
    }


def _collection(
    name: str, title: str, many: list[dict[str, Any]], one: list[dict[str, Any]]
) -> dict[str, Any]:
    address = f"/collections/{name}"
    feature_id = {
        "name": "featureId",
        "in": "path",
        "required": True,
        "description": "Id of a feature",
        "schema": {"type": "string"},
    }
    return {
        address: _get(title, f"describe-{name}", "application/json"),
        f"{address}/items": _get(title, f"items-{name}", "application/geo+json", many),
        f"{address}/items/{{featureId}}": _get(
            title, f"item-{name}", "application/geo+json", [feature_id, *one]
        ),
    }


def _get(
    summary: str, name: str, media_type: str, parameters: Iterable[dict[str, Any]] = (_FORMAT,)
) -> dict[str, Any]:
    content = {media_type: {"schema": {"type": "object"}}}
    return {
        "get": {
            "summary": summary,
            "operationId": name,
            "parameters": list(parameters),
            "responses": {
                "200": {"description": summary, "content": content},
                "400": _PROBLEM,
                "404": _PROBLEM,
            },
        }
    }


def _paging(limits: tuple[int, int]) -> list[dict[str, Any]]:
    default, most = limits
    limit = {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    offset = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1, "default": 0}
    return [
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "description": "Features of a page",
            "style": "form",
            "explode": False,
            "schema": limit,
        },
        {
            "name": "offset",
            "in": "query",
            "required": False,
            "description": "Features to pass over",
            "schema": offset,
        },
    ]


def _option(name: str) -> dict[str, Any]:
    option = next(option for option in OPTIONS if option.name == name)
    return {
        "name": option.name,
        "in": "query",
        "required": False,
        "description": option.help,
        "schema": dict(option.schema),
        "example": option.example,
        "style": "form",
        "explode": False,
    }


def _datetime() -> dict[str, Any]:
    return _option("datetime")
