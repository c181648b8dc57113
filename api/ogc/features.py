"""OGC API – Features: every layer, each answer and the incidents as collections.

Source: OGC 17-069r4 (Part 1: Core), 18-058r1 (Part 2: CRS), 19-079r2 (Part 3: Filtering).
"""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import HTTPException, Response

from api.formats.encoding import to_json
from api.formats.negotiation import requested_format
from api.formats.registry import DOCUMENTS, FEATURE, GEOJSON_PAGE, HTML, JSON, OPENAPI, SCHEMA
from api.ogc.collection_links import link
from api.ogc.collections import (
    collection_ids,
    described,
    items_of,
    properties_of,
)
from api.ogc.coordinates import axes_of, offered
from api.ogc.cql2.filters import CONFORMANCE as CQL2_CONFORMANCE
from api.ogc.item_pages import ItemPage
from api.ogc.openapi import openapi_document, properties_schema
from api.ogc.pages import page_of
from api.ogc.request import Asking
from api.ogc.routes import Door
from api.query import only
from geo.analyses import LAYERS
from geo.question.model import OPTIONS

CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    *(
        f"http://www.opengis.net/spec/ogcapi-features-{part}"
        for part in (
            "1/1.0/conf/core",
            "1/1.0/conf/geojson",
            "1/1.0/conf/html",
            "1/1.0/conf/oas30",
            "2/1.0/conf/crs",
            "3/1.0/conf/queryables",
            "3/1.0/conf/queryables-query-parameters",
            "3/1.0/conf/filter",
            "3/1.0/conf/features-filter",
        )
    ),
    *CQL2_CONFORMANCE,
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "tilejson")
    ),
]

door = Door()


@door.get("")
@door.get("/")
def landing(ask: Asking) -> Response:
    """The entry: where everything else is."""

    def document() -> dict[str, Any]:
        root = ask.root
        links = [
            link(root, "self", JSON.media_type, "This document"),
            link(f"{root}?f=html", "alternate", HTML.media_type, "This document as HTML"),
            link(f"{root}/api", "service-desc", OPENAPI.media_type, "The API"),
            link(f"{root}/api?f=html", "service-doc", HTML.media_type, "The API for people"),
            link(f"{root}/conformance", "conformance", JSON.media_type, "Conformance classes"),
            link(f"{root}/collections", "data", JSON.media_type, "Collections"),
            link(
                f"{root}/tileMatrixSets",
                "http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes",
                JSON.media_type,
                "Tiling schemes of the vector tiles",
            ),
        ]
        return {
            "title": "Patchmap",
            "description": "Boundary layers, counts and hotspots for neighbourhood working.",
            "links": links,
        }

    return ask.document(document, DOCUMENTS, page="landing")


@door.get("/conformance")
def conformance(ask: Asking) -> Response:
    """The classes of the standard that are kept."""
    return ask.document(lambda: {"conformsTo": CONFORMANCE}, DOCUMENTS, page="conformance")


@door.get("/api")
def api(ask: Asking) -> Response:
    """The OpenAPI document, with every address spelled out."""

    def document() -> dict[str, Any]:
        snapshot = ask.answers.snapshot()
        titles = {metadata.layer_id: metadata.title for metadata in snapshot.choices()}
        titles |= {name: kind.title for name, kind in LAYERS.items()}
        named = collection_ids(snapshot, local=ask.local)
        return openapi_document(
            root=ask.root,
            collections={
                name: (titles.get(name) or name, properties_of(ask.answers, name)) for name in named
            },
            systems=list(offered(snapshot.projection)),
        )

    return ask.document(document, (OPENAPI, HTML), page="api")


@door.get("/collections")
def collections(ask: Asking) -> Response:
    """Every collection with its metadata."""

    def document() -> dict[str, Any]:
        snapshot, root = ask.answers.snapshot(), ask.root
        names = collection_ids(snapshot, local=ask.local)
        address = f"{root}/collections"
        return {
            "links": [
                link(address, "self", JSON.media_type, "This document"),
                link(f"{address}?f=html", "alternate", HTML.media_type, "This document as HTML"),
            ],
            "crs": list(offered(snapshot.projection)),
            "collections": [described(ask.answers, name, root=root) for name in names],
        }

    return ask.document(document, DOCUMENTS, page="collections")


@door.get("/collections/{collection_id}")
def collection(ask: Asking, collection_id: str) -> Response:
    """One collection's metadata."""
    ask.check(collection_id)
    return ask.document(
        lambda: described(ask.answers, collection_id, root=ask.root), DOCUMENTS, page="collection"
    )


@door.get("/collections/{collection_id}/queryables")
def queryables(ask: Asking, collection_id: str) -> Response:
    """The properties that features can be chosen by."""
    return _schema(ask, collection_id, "What can be filtered by", closed=True)


@door.get("/collections/{collection_id}/schema")
def schema(ask: Asking, collection_id: str) -> Response:
    """The properties that features have."""
    return _schema(ask, collection_id, "The properties of the features", closed=False)


@door.get("/collections/{collection_id}/items")
def items(ask: Asking, collection_id: str) -> Response:
    """Features of a collection: a page of them, or a file."""
    ask.check(collection_id)
    return ItemPage.read(ask, collection_id).reply()


@door.get("/collections/{collection_id}/items/{feature_id:path}")
def item(ask: Asking, collection_id: str, feature_id: str) -> Response:
    """One feature."""
    ask.check(collection_id)
    options = tuple(option.name for option in OPTIONS) if collection_id in LAYERS else ()
    query = only(ask.request, ("f", "crs", *options))
    form = requested_format(ask.request, FEATURE)
    found = items_of(ask.answers, collection_id, query)
    position = found.position(feature_id)
    if position is None:
        raise HTTPException(404, f"{collection_id} has no feature {feature_id!r}")
    axes = axes_of(query, "crs", found.projection)
    address = f"{ask.root}/collections/{collection_id}"
    links = [
        link(str(ask.request.url), "self", GEOJSON_PAGE.media_type, "This feature"),
        link(f"{ask.here}?f=html", "alternate", HTML.media_type, "This feature as HTML"),
        link(address, "collection", JSON.media_type, "The collection"),
    ]

    def answer() -> Response:
        feature = found.features([position], axes)[0]
        body = feature[:-1] + b"," + to_json({"links": links})[1:]
        if form is HTML:
            return page_of(
                "item",
                document=orjson.loads(body),
                root=ask.root,
                here=ask.here,
                as_json=str(ask.request.url.include_query_params(f="json")),
            )
        headers = {"content-crs": f"<{axes.uri}>"}
        return Response(body, media_type=GEOJSON_PAGE.media_type, headers=headers)

    return ask.reply(form, answer)


def _schema(ask: Asking, collection_id: str, title: str, *, closed: bool) -> Response:
    ask.check(collection_id)

    def document() -> dict[str, Any]:
        told = (
            ask.queryables(collection_id) if closed else properties_of(ask.answers, collection_id)
        )
        points = collection_id in ("incidents", "repeat-places")
        form = "geometry-point" if points else "geometry-multipolygon"
        return properties_schema(ask.here, title, told, form, closed=closed)

    return ask.document(document, (SCHEMA, HTML), page="schema")
