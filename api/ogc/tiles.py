"""OGC API – Tiles: every collection as vector tiles of WebMercatorQuad, and as TileJSON.

Source: OGC 20-057, OGC API – Tiles Part 1: Core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
from fastapi import HTTPException, Response

from api.formats.negotiation import requested_format
from api.formats.registry import DOCUMENTS, JSON, MVT, TILEJSON, TILESET
from api.ogc.collection_links import link
from api.ogc.collections import (
    INCIDENTS,
    described,
    items_of,
    properties_of,
    question_of,
)
from api.ogc.incident_items import times_of
from api.ogc.items import Items
from api.ogc.mvt.tiling import ALONE, DEEPEST, Tile, tiled
from api.ogc.openapi import SELECTING
from api.ogc.request import Asking
from api.ogc.routes import Door
from api.ogc.selecting import select
from api.query import whole_number
from geo.analyses import LAYERS
from geo.crs import WEB_MERCATOR, crs_uri

SCHEME = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_TILESET_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_WORLD_M, _SCALE = 20_037_508.342789244, 559_082_264.0287178

door = Door()


@door.get("/tileMatrixSets")
def schemes(ask: Asking) -> Response:
    """The tiling schemes: there is one."""

    def document() -> dict[str, Any]:
        address = f"{ask.root}/tileMatrixSets/WebMercatorQuad"
        links = [link(address, "self", JSON.media_type, "WebMercatorQuad")]
        told = {"id": "WebMercatorQuad", "title": "Web Mercator", "uri": SCHEME, "links": links}
        return {"title": "Tiling schemes", "tileMatrixSets": [told]}

    return ask.document(document, DOCUMENTS, page="document")


@door.get("/tileMatrixSets/WebMercatorQuad")
def scheme(ask: Asking) -> Response:
    """WebMercatorQuad, zoom level by zoom level."""

    def document() -> dict[str, Any]:
        return {
            "id": "WebMercatorQuad",
            "title": "Web Mercator",
            "uri": SCHEME,
            "crs": crs_uri(WEB_MERCATOR),
            "orderedAxes": ["E", "N"],
            "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": [_matrix(zoom) for zoom in range(DEEPEST + 1)],
        }

    return ask.document(document, DOCUMENTS, page="document")


@door.get("/collections/{collection_id}/tiles")
def tilesets(ask: Asking, collection_id: str) -> Response:
    """The tilesets of a collection: there is one."""
    ask.check(collection_id)

    def document() -> dict[str, Any]:
        tileset = _tileset(ask, collection_id, f"{ask.here}/WebMercatorQuad", {})
        return {"title": f"Vector tiles of {collection_id}", "tilesets": [tileset]}

    return ask.document(document, DOCUMENTS, page="document")


@door.get("/collections/{collection_id}/tiles/WebMercatorQuad")
def tileset(ask: Asking, collection_id: str) -> Response:
    """A tileset's metadata, or its TileJSON; its Question goes on into the address of the tiles."""
    ask.check(collection_id)
    query = _query(ask, collection_id)
    form = requested_format(ask.request, TILESET)
    kept = {name: text for name, text in query.items() if name != "f"}
    make = _tilejson if form is TILEJSON else _tileset
    return ask.told(lambda: make(ask, collection_id, ask.here, kept), form, page="document")


@door.get("/collections/{collection_id}/tiles/WebMercatorQuad/{zoom}/{row}/{column}")
def tile(ask: Asking, collection_id: str, *, zoom: str, row: str, column: str) -> Response:
    """A tile; 204 where it shows nothing."""
    ask.check(collection_id)
    query = _query(ask, collection_id)
    wanted = _place(zoom, row, column)
    requested_format(ask.request, (MVT,))

    def answer() -> Response:
        items = items_of(ask.answers, collection_id, query)
        name = f"tiles of {collection_id}"
        if collection_id in LAYERS:
            name += f"?{question_of(ask.answers, collection_id, query).query()}"
        places = ask.answers.cached(name, lambda _: tiled(items))
        body = places.tile(wanted, collection_id, _chosen(ask, collection_id, items, query))
        if not body:
            return Response(status_code=204)
        return Response(body, media_type=MVT.media_type)

    return ask.reply(MVT, answer)


def _chosen(
    ask: Asking, collection_id: str, items: Items, query: Mapping[str, str]
) -> np.ndarray | None:
    """Positions of the features that the parameters choose; None where they choose all."""
    queryables = ask.queryables(collection_id)
    if not (SELECTING | {told.name for told in queryables}).intersection(query):
        return None
    times = times_of(ask.answers.snapshot()) if collection_id == INCIDENTS else None
    return np.asarray(select(items, query, queryables=queryables, times=times), dtype=np.int64)


def _query(ask: Asking, collection_id: str) -> dict[str, str]:
    names = SELECTING | {"f"}
    return ask.item_query(collection_id, ask.queryables(collection_id), names=names)


def _place(zoom: str, row: str, column: str) -> Tile:
    level = whole_number({"zoom": zoom}, "zoom", default=0, lowest=0, highest=DEEPEST)
    given = {"row": row, "column": column}
    down, across = (whole_number(given, name, default=0, lowest=0, highest=None) for name in given)
    if max(down, across) >= 2**level:
        raise HTTPException(404, f"there is no tile {zoom}/{row}/{column}")
    return Tile(level, across, down)


def _matrix(zoom: int) -> dict[str, Any]:
    return {
        "id": str(zoom),
        "scaleDenominator": _SCALE / 2**zoom,
        "cellSize": 2 * _WORLD_M / 256 / 2**zoom,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-_WORLD_M, _WORLD_M],
        "tileWidth": 256,
        "tileHeight": 256,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def _tileset(
    ask: Asking, collection_id: str, address: str, query: Mapping[str, str]
) -> dict[str, Any]:
    about = described(ask.answers, collection_id, root=ask.root)
    asked = f"?{urlencode(query, safe='/:,.')}" if query else ""
    tilejson = urlencode({**query, "f": "tilejson"}, safe="/:,.")
    template = f"{address}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{asked}"
    scheme_address = f"{ask.root}/tileMatrixSets/WebMercatorQuad"
    return {
        "title": about["title"],
        "dataType": "vector",
        "crs": crs_uri(WEB_MERCATOR),
        "tileMatrixSetURI": SCHEME,
        "links": [
            link(f"{address}{asked}", "self", JSON.media_type, "This document"),
            link(f"{address}?{tilejson}", "describedby", TILEJSON.media_type, "As TileJSON"),
            link(scheme_address, _TILESET_REL, JSON.media_type, "The tiling scheme"),
            {**link(template, "item", MVT.media_type, "The tiles"), "templated": "true"},
        ],
    }


def _tilejson(
    ask: Asking, collection_id: str, address: str, query: Mapping[str, str]
) -> dict[str, Any]:
    about = described(ask.answers, collection_id, root=ask.root)
    asked = f"?{urlencode(query, safe='/:,.')}" if query else ""
    fields = {
        told.name: told.title or told.kind for told in properties_of(ask.answers, collection_id)
    }
    points = f"Before zoom {ALONE} each pixel is one point, whose `points` says how many it holds."
    layer = {
        "id": collection_id,
        "description": points if collection_id == INCIDENTS else about.get("description", ""),
        "fields": fields | ({"points": "Points"} if collection_id == INCIDENTS else {}),
    }
    box = about["extent"].get("spatial", {}).get("bbox", [None])[0]
    return {
        "tilejson": "3.0.0",
        "name": about["title"],
        "attribution": about.get("attribution", ""),
        "tiles": [f"{address}/{{z}}/{{y}}/{{x}}{asked}"],
        "minzoom": 0,
        "maxzoom": DEEPEST,
        "vector_layers": [layer],
    } | ({"bounds": box} if box else {})
