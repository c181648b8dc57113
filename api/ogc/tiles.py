"""OGC API – Tiles: every collection as vector tiles of WebMercatorQuad, and as TileJSON.

Source: OGC 20-057, OGC API – Tiles Part 1: Core.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import numpy as np
from fastapi import HTTPException, Response
from numpy.typing import NDArray

from api.formats.registry import DOCUMENTS, JSON, MVT, TILEJSON, TILESET
from api.ogc.collections.base import Collection
from api.ogc.items import Items
from api.ogc.links import link
from api.ogc.mvt.tiling import MAX_ZOOM, SINGLE_POINTS_ZOOM, tiled
from api.ogc.parameters import SELECTING
from api.ogc.request import OgcRequest
from api.ogc.routes import Router
from api.ogc.selection import select
from api.query import whole_number
from geo.crs import WEB_MERCATOR, crs_uri
from geo.tiles.grid import WORLD_M, Tile

SCHEME = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_TILESET_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
_TILE_PIXELS = 256
_SCALE = 559_082_264.0287178
"""Denominator of the scale of zoom level 0 (OGC 17-083r4, annex D.1)."""

router = Router()


@router.get("/tileMatrixSets")
def schemes(request: OgcRequest) -> Response:
    """Return the tiling schemes: there is one."""

    def document() -> Mapping[str, object]:
        links = [link(_scheme_address(request), "self", JSON, "WebMercatorQuad")]
        only_one = {"id": "WebMercatorQuad", "title": "Web Mercator", "uri": SCHEME, "links": links}
        return {"title": "Tiling schemes", "tileMatrixSets": [only_one]}

    return request.document(document, DOCUMENTS, page="document")


@router.get("/tileMatrixSets/WebMercatorQuad")
def scheme(request: OgcRequest) -> Response:
    """Return WebMercatorQuad, zoom level by zoom level."""

    def document() -> Mapping[str, object]:
        return {
            "id": "WebMercatorQuad",
            "title": "Web Mercator",
            "uri": SCHEME,
            "crs": crs_uri(WEB_MERCATOR),
            "orderedAxes": ["E", "N"],
            "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
            "tileMatrices": [_matrix(zoom) for zoom in range(MAX_ZOOM + 1)],
        }

    return request.document(document, DOCUMENTS, page="document")


@router.get("/collections/{collection_id}/tiles")
def tilesets(request: OgcRequest, collection_id: str) -> Response:
    """Return the tilesets of a collection: there is one."""
    collection = request.described(collection_id)

    def document() -> Mapping[str, object]:
        tileset = _tileset(request, collection, f"{request.here}/WebMercatorQuad", {})
        return {"title": f"Vector tiles of {collection_id}", "tilesets": [tileset]}

    return request.document(document, DOCUMENTS, page="document")


@router.get("/collections/{collection_id}/tiles/WebMercatorQuad")
def tileset(request: OgcRequest, collection_id: str) -> Response:
    """Return a tileset's metadata or its TileJSON; its tiles answer the same Question."""
    collection = request.described(collection_id)
    query = _query(request, collection)
    form = request.form(TILESET)
    question = {name: text for name, text in query.items() if name != "f"}
    if question:
        # What no tile could be drawn of is refused here already.
        _selected(collection, collection.items(query), query)
    make = _tilejson if form is TILEJSON else _tileset
    return request.document_as(
        form, lambda: make(request, collection, request.here, question), page="document"
    )


@router.get("/collections/{collection_id}/tiles/WebMercatorQuad/{zoom}/{row}/{column}")
def tile(request: OgcRequest, collection_id: str, *, zoom: str, row: str, column: str) -> Response:
    """Return a tile; 204 where it is empty."""
    collection = request.collection(collection_id)
    query = _query(request, collection)
    position = _position(zoom, row, column)
    request.form((MVT,))

    def answer() -> Response:
        items = collection.items(query)
        features = request.answers.cached(
            f"tiles of {collection.key(query)}", lambda _: tiled(collection.items(query))
        )
        body = features.tile(position, collection_id, _selected(collection, items, query))
        if not body:
            return Response(status_code=204)
        request.consulted(collection, {**query, "tile": f"{zoom}/{row}/{column}"}, rows=None)
        return Response(body, media_type=MVT.media_type)

    return request.reply(MVT, answer)


def _selected(
    collection: Collection, items: Items, query: Mapping[str, str]
) -> NDArray[np.int64] | None:
    """Return positions of the features that the parameters select; None where they do not."""
    queryables = collection.queryables()
    if SELECTING.union(one.name for one in queryables).isdisjoint(query):
        return None
    positions = select(items, query, queryables=queryables, times=collection.event_times())
    return np.asarray(positions, dtype=np.int64)


def _query(request: OgcRequest, collection: Collection) -> dict[str, str]:
    queryables = (one.name for one in collection.queryables())
    return request.query(SELECTING.union({"f"}, collection.options, queryables))


def _scheme_address(request: OgcRequest) -> str:
    return f"{request.root}/tileMatrixSets/WebMercatorQuad"


def _position(zoom: str, row: str, column: str) -> Tile:
    level = whole_number({"zoom": zoom}, "zoom", default=0, lowest=0, highest=MAX_ZOOM)
    given = {"row": row, "column": column}
    down, across = (whole_number(given, name, default=0, lowest=0, highest=None) for name in given)
    if max(down, across) >= 2**level:
        raise HTTPException(404, f"there is no tile {zoom}/{row}/{column}")
    return Tile(level, across, down)


def _matrix(zoom: int) -> dict[str, object]:
    return {
        "id": str(zoom),
        "scaleDenominator": _SCALE / 2**zoom,
        "cellSize": 2 * WORLD_M / _TILE_PIXELS / 2**zoom,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-WORLD_M, WORLD_M],
        "tileWidth": _TILE_PIXELS,
        "tileHeight": _TILE_PIXELS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }


def _tileset(
    request: OgcRequest, collection: Collection, address: str, query: Mapping[str, str]
) -> dict[str, object]:
    question = f"?{urlencode(query, safe='/:,.')}" if query else ""
    tilejson = urlencode({**query, "f": "tilejson"}, safe="/:,.")
    template = f"{address}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}{question}"
    return {
        "title": collection.title,
        "dataType": "vector",
        "crs": crs_uri(WEB_MERCATOR),
        "tileMatrixSetURI": SCHEME,
        "links": [
            link(f"{address}{question}", "self", JSON, "This document"),
            link(f"{address}?{tilejson}", "describedby", TILEJSON, "As TileJSON"),
            link(_scheme_address(request), _TILESET_REL, JSON, "The tiling scheme"),
            {**link(template, "item", MVT, "The tiles"), "templated": "true"},
        ],
    }


def _tilejson(
    request: OgcRequest, collection: Collection, address: str, query: Mapping[str, str]
) -> dict[str, object]:
    document = collection.document(request.root)
    question = f"?{urlencode(query, safe='/:,.')}" if query else ""
    fields = {one.name: one.title or one.kind for one in collection.properties()}
    description = document.get("description", "")
    if collection.merges_points:
        description = (
            f"Below zoom {SINGLE_POINTS_ZOOM} each pixel is one point; `points` says how many "
            "it stands for."
        )
        fields["points"] = "Points"
    layer = {"id": collection.id, "description": description, "fields": fields}
    spatial = document["extent"].get("spatial")
    return {
        "tilejson": "3.0.0",
        "name": collection.title,
        "attribution": document.get("attribution", ""),
        "tiles": [f"{address}/{{z}}/{{y}}/{{x}}{question}"],
        "minzoom": 0,
        "maxzoom": MAX_ZOOM,
        "vector_layers": [layer],
    } | ({"bounds": spatial["bbox"][0]} if spatial else {})
