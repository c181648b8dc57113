"""OGC API – Styles: the style of each collection, in several encodings, to read only.

Source: OGC 20-009 (draft), OGC API – Styles Part 1: Core.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Response

from api.formats.encoding import to_json
from api.formats.registry import (
    DOCUMENTS,
    GEOJSON_PAGE,
    HTML,
    JSON,
    MAPBOX_STYLE,
    SLD,
    STYLESHEETS,
    TILEJSON,
    Format,
)
from api.ogc.collections.base import Collection
from api.ogc.links import link
from api.ogc.request import OgcRequest
from api.ogc.routes import Router
from api.ogc.styles.mapbox import to_mapbox
from api.ogc.styles.qml import to_qml
from api.ogc.styles.sld import to_sld
from api.ogc.styles.symbology import SYMBOL_SHAPES, collection_symbology
from geo.errors import NotFoundError

_STANDARD = "http://www.opengis.net/spec/ogcapi-styles-1/1.0/conf"
CONFORMANCE = tuple(
    f"{_STANDARD}/{name}" for name in ("core", "json", "html", "mapbox-styles", "sld-10")
)
"""The conformance classes of the draft that are implemented."""

_SPECIFICATIONS: Mapping[str, tuple[str, str]] = {
    "mapbox": ("8", "https://docs.mapbox.com/style-spec/reference/"),
    "sld": ("1.0.0", "https://www.ogc.org/standard/sld/"),
    "qml": ("3.22", "https://docs.qgis.org/3.22/en/docs/user_manual/style_library/"),
}
"""Version and specification of each encoding."""

router = Router()


@router.get("/styles")
def styles(request: OgcRequest) -> Response:
    """Return the styles: each collection has one, of the same id."""

    def document() -> Mapping[str, object]:
        entries = [_entry(request, one) for one in request.collections().values()]
        return {"title": "Styles", "styles": entries, "links": _own_links(request)}

    return request.document(document, DOCUMENTS, page="styles")


@router.get("/styles/{style_id}")
def style(request: OgcRequest, style_id: str) -> Response:
    """Return the style of a collection in one encoding."""
    return _stylesheet(request, request.described(style_id))


@router.get("/styles/{style_id}/metadata")
def metadata(request: OgcRequest, style_id: str) -> Response:
    """Return what a style is, the encodings that there are, and what it draws."""
    collection = request.described(style_id)

    def document() -> Mapping[str, object]:
        return _metadata(request, collection)

    return request.document(document, DOCUMENTS, page="document")


@router.get("/collections/{collection_id}/styles")
def styles_of_collection(request: OgcRequest, collection_id: str) -> Response:
    """Return the styles of a collection: there is one."""
    collection = request.described(collection_id)

    def document() -> Mapping[str, object]:
        return {
            "title": f"Styles of {collection.title}",
            "styles": [_entry(request, collection)],
            "default": collection_id,
            "links": _own_links(request),
        }

    return request.document(document, DOCUMENTS, page="styles")


@router.get("/collections/{collection_id}/styles/{style_id}")
def style_of_collection(request: OgcRequest, collection_id: str, style_id: str) -> Response:
    """Return the style of a collection, below the collection's own address."""
    collection = request.described(collection_id)
    if style_id != collection_id:
        raise NotFoundError(f"{collection_id} has no style {style_id!r}; choose {collection_id}")
    return _stylesheet(request, collection)


def _stylesheet(request: OgcRequest, collection: Collection) -> Response:
    request.query(("f",))
    form = request.form(STYLESHEETS)

    def answer() -> Response:
        return Response(_encoded(request, collection, form), media_type=form.media_type)

    return request.reply(form, answer)


def _encoded(request: OgcRequest, collection: Collection, form: Format) -> bytes:
    symbology = collection_symbology(collection)
    if form is MAPBOX_STYLE:
        tiles = f"{request.root}/collections/{collection.id}/tiles/WebMercatorQuad"
        tilejson = f"{tiles}?f={TILEJSON.name}"
        title = collection.title
        return to_json(to_mapbox(symbology, collection.id, title=title, tilejson=tilejson))
    if form is SLD:
        return to_sld(symbology, collection.id, collection.title).encode()
    return to_qml(symbology).encode()


def _entry(request: OgcRequest, collection: Collection) -> dict[str, object]:
    address = f"{request.root}/styles/{collection.id}"
    links = [
        *(link(f"{address}?f={one.name}", "stylesheet", one, one.label) for one in STYLESHEETS),
        link(f"{address}/metadata", "describedby", JSON, "What the style draws"),
    ]
    return {"id": collection.id, "title": collection.title, "links": links}


def _own_links(request: OgcRequest) -> list[object]:
    return [
        link(request.here, "self", JSON, "This document"),
        link(f"{request.here}?f=html", "alternate", HTML, "This document as HTML"),
    ]


def _metadata(request: OgcRequest, collection: Collection) -> dict[str, object]:
    address = f"{request.root}/styles/{collection.id}"
    items = f"{request.root}/collections/{collection.id}/items"
    summary = collection.summary()
    field = collection_symbology(collection).field
    attributes = {one.name: one.schema() for one in collection.properties() if one.name == field}
    layer = {
        "id": collection.id,
        "type": SYMBOL_SHAPES[collection.kind],
        "attributes": attributes,
        "sampleData": link(items, "data", GEOJSON_PAGE, "The features"),
    }
    return {
        "id": collection.id,
        "title": collection.title,
        "description": summary.get("description", ""),
        "scope": "style",
        "stylesheets": [_description(address, form) for form in STYLESHEETS],
        "layers": [layer],
        "links": [
            link(request.here, "self", JSON, "This document"),
            link(f"{request.root}/collections/{collection.id}", "start", JSON, "The collection"),
        ],
    }


def _description(address: str, form: Format) -> dict[str, object]:
    version, specification = _SPECIFICATIONS[form.name]
    return {
        "title": form.label,
        "version": version,
        "specification": specification,
        "native": False,
        "link": link(f"{address}?f={form.name}", "stylesheet", form, form.label),
    }
