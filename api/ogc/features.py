"""OGC API – Features: the landing page, the collections and their features.

Source: OGC 17-069r4 (Part 1: Core), 18-058r1 (Part 2: CRS), 19-079r2 (Part 3: Filtering).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson
from fastapi import HTTPException, Response

from api.formats.encoding import to_json
from api.formats.registry import (
    DOCUMENTS,
    FEATURE,
    GEOJSON_PAGE,
    HTML,
    JSON,
    OPENAPI,
    QGIS_PROJECT,
    SCHEMA,
)
from api.ogc.collections.base import Collection
from api.ogc.coordinates import axes_of, offered
from api.ogc.cql2.filters import CONFORMANCE as CQL2_CONFORMANCE
from api.ogc.item_pages import ItemPage
from api.ogc.links import link
from api.ogc.openapi import openapi_document
from api.ogc.properties import properties_schema
from api.ogc.request import OgcRequest
from api.ogc.routes import Router
from api.ogc.styles.routes import CONFORMANCE as STYLES_CONFORMANCE
from geo.store.layer_ids import renaming_notices

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
    *STYLES_CONFORMANCE,
    *(
        f"http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "tilejson")
    ),
]

router = Router()


@router.get("")
@router.get("/")
def landing(request: OgcRequest) -> Response:
    """Return the landing page, which links everything else."""

    def document() -> Mapping[str, object]:
        root = request.root
        relation = "http://www.opengis.net/def/rel/ogc/1.0"
        schemes = f"{relation}/tiling-schemes"
        search = f"{root.removesuffix('/ogc')}/search"
        links = [
            link(root, "self", JSON, "This document"),
            link(f"{root}?f=html", "alternate", HTML, "This document as HTML"),
            link(f"{root}/api", "service-desc", OPENAPI, "The API"),
            link(f"{root}/api?f=html", "service-doc", HTML, "The API as a page"),
            link(f"{root}/conformance", "conformance", JSON, "Conformance classes"),
            link(f"{root}/collections", "data", JSON, "Collections"),
            link(f"{root}/styles", f"{relation}/styles", JSON, "Styles"),
            link(f"{root}/qgis.qgs", "enclosure", QGIS_PROJECT, "All collections, for QGIS"),
            link(f"{search}?q=", "search", GEOJSON_PAGE, "Find a place: add a name or postcode"),
            link(f"{root}/tileMatrixSets", schemes, JSON, "Tiling schemes of the vector tiles"),
        ]
        return {
            "title": "Patchmap",
            "description": "Boundary layers, counts and hotspots for neighbourhood working.",
            "links": links,
        }

    return request.document(document, DOCUMENTS, page="landing")


@router.get("/conformance")
def conformance(request: OgcRequest) -> Response:
    """Return the conformance classes that the API implements."""
    return request.document(lambda: {"conformsTo": CONFORMANCE}, DOCUMENTS, page="conformance")


@router.get("/api")
def api(request: OgcRequest) -> Response:
    """Return the OpenAPI document, with every address spelled out."""

    def document() -> Mapping[str, object]:
        return openapi_document(
            root=request.root,
            collections=request.collections().values(),
            systems=list(offered(request.answers.snapshot().projection)),
        )

    return request.document(document, (OPENAPI, HTML), page="api")


@router.get("/collections")
def collections(request: OgcRequest) -> Response:
    """Return every collection with its metadata; with `q` those that hold all its words."""
    words = request.query(("f", "q")).get("q", "").casefold().split()
    form = request.form(DOCUMENTS)

    def document() -> Mapping[str, object]:
        snapshot = request.answers.snapshot()
        address = f"{request.root}/collections"
        notices = renaming_notices(snapshot.layers())
        return {
            "links": [
                link(address, "self", JSON, "This document"),
                link(f"{address}?f=html", "alternate", HTML, "This document as HTML"),
            ],
            "crs": list(offered(snapshot.projection)),
            "collections": [one.document(request.root) for one in _holding(request, words)],
        } | ({"notices": notices} if notices else {})

    def answer() -> Response:
        if form is HTML:
            groups = {one.id: one.group for one in request.collections().values()}
            return request.page("collections", document(), groups=groups, q=" ".join(words))
        return Response(to_json(document()), media_type=form.media_type)

    return request.reply(form, answer)


def _holding(request: OgcRequest, words: Sequence[str]) -> list[Collection]:
    """Return the collections that hold every word in their id, title or description."""
    return [
        one
        for one in request.collections().values()
        if all(word in one.searched_text.casefold() for word in words)
    ]


@router.get("/collections/{collection_id}")
def collection(request: OgcRequest, collection_id: str) -> Response:
    """Return one collection's metadata."""
    requested = request.described(collection_id)
    return request.document(lambda: requested.document(request.root), DOCUMENTS, page="collection")


@router.get("/collections/{collection_id}/queryables")
def queryables(request: OgcRequest, collection_id: str) -> Response:
    """Return the properties that features can be filtered by."""
    return _schema(request, collection_id, "Properties to filter by", closed=True)


@router.get("/collections/{collection_id}/schema")
def schema(request: OgcRequest, collection_id: str) -> Response:
    """Return the properties that features have."""
    return _schema(request, collection_id, "The properties of the features", closed=False)


@router.get("/collections/{collection_id}/items")
def items(request: OgcRequest, collection_id: str) -> Response:
    """Return features of a collection: a page of them, or a file."""
    return ItemPage.read(request, request.collection(collection_id)).reply()


@router.get("/collections/{collection_id}/items/{feature_id:path}")
def item(request: OgcRequest, collection_id: str, feature_id: str) -> Response:
    """Return one feature."""
    requested = request.collection(collection_id)
    query = request.query(("f", "crs", *requested.options))
    form = request.form(FEATURE)
    features = requested.items_with(query, feature_id)
    position = features.position(feature_id)
    if position is None:
        raise HTTPException(404, f"{collection_id} has no feature {feature_id!r}")
    axes = axes_of(query, "crs", features.projection)
    links = [
        link(str(request.request.url), "self", GEOJSON_PAGE, "This feature"),
        link(f"{request.here}?f=html", "alternate", HTML, "This feature as HTML"),
        link(f"{request.root}/collections/{collection_id}", "collection", JSON, "The collection"),
    ]

    def answer() -> Response:
        asked_for = {**query, "feature": feature_id}
        request.consulted(requested, asked_for, rows=1)
        feature = features.features([position], axes)[0]
        body = feature[:-1] + b"," + to_json({**axes.members, "links": links})[1:]
        if form is HTML:
            as_json = str(request.request.url.include_query_params(f="json"))
            return request.page("item", orjson.loads(body), as_json=as_json)
        headers = {"content-crs": f"<{axes.uri}>"}
        return Response(body, media_type=GEOJSON_PAGE.media_type, headers=headers)

    return request.reply(form, answer)


def _schema(request: OgcRequest, collection_id: str, title: str, *, closed: bool) -> Response:
    requested = request.described(collection_id)

    def document() -> Mapping[str, object]:
        return properties_schema(
            request.here,
            title,
            requested.queryables() if closed else requested.properties(),
            geometry=requested.geometry,
            closed=closed,
        )

    return request.document(document, (SCHEMA, HTML), page="schema")
