"""A QGIS project of every collection, in groups and with its style: the service as one file.

Source: project files that QGIS 3.22 saves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final
from xml.etree import ElementTree as Xml

from fastapi import Response

from api.formats.registry import QGIS_PROJECT
from api.ogc.collections.base import GROUPS, BoundingBox, Collection
from api.ogc.coordinates import box_in_metres
from api.ogc.request import OgcRequest
from api.ogc.routes import Router
from api.ogc.styles.qml import qgis_renderer
from api.ogc.styles.symbology import SYMBOL_SHAPES, SymbolShape, collection_symbology
from geo.crs import LONLAT, WGS84, wkt1
from geo.question.ask import default_layer

_VERSION: Final = "3.22.0"
_TYPES: Final[Mapping[SymbolShape, str]] = {
    "point": "Point",
    "line": "Line",
    "polygon": "Polygon",
}

router = Router()


@router.get("/qgis.qgs")
def qgis_project(request: OgcRequest) -> Response:
    """Return a QGIS project that reads every collection of this service."""
    request.query(("f",))
    form = request.form((QGIS_PROJECT,))

    def answer() -> Response:
        headers = form.attachment("patchmap")
        body = _project(request)
        return Response(body, media_type=form.media_type, headers=headers)

    return request.reply(form, answer)


def _project(request: OgcRequest) -> bytes:
    # Boundaries are listed first and drawn last: answers lie on top of them.
    collections = sorted(request.collections().values(), key=lambda one: -GROUPS.index(one.group))
    projection = request.answers.snapshot().projection
    qgis = Xml.Element("qgis", {"version": _VERSION, "projectname": "Patchmap"})
    _text(qgis, "title", "Patchmap")
    _add_system(Xml.SubElement(qgis, "projectCrs"), projection.crs)
    # Without this QGIS leaves `projectCrs` unread.
    systems = Xml.SubElement(Xml.SubElement(qgis, "properties"), "SpatialRefSys")
    _text(systems, "ProjectionsEnabled", "1").set("type", "int")
    tree = Xml.SubElement(qgis, "layer-tree-group")
    layers = Xml.SubElement(qgis, "projectlayers")
    visible = _visible(request)
    for group, members in groupby(collections, key=lambda one: one.group):
        branch = Xml.SubElement(
            tree,
            "layer-tree-group",
            {"name": group, "checked": "Qt::Checked", "expanded": "1"},
        )
        for one in members:
            _add_to_tree(branch, one, checked=one.id in visible)
            layers.append(_layer(request, one))
    boxes = [box for one in collections if one.id in visible and (box := one.extent_box())]
    if boxes:
        _add_view(qgis, box_in_metres(_around(boxes), projection), projection.crs)
    body: bytes = Xml.tostring(qgis, encoding="utf-8", xml_declaration=True)
    return body


def _visible(request: OgcRequest) -> frozenset[str]:
    """The layers that are drawn at first: drawing all of them would ask every question."""
    snapshot = request.answers.snapshot()
    return frozenset({"hotspots", default_layer(snapshot)} if snapshot.layers() else ())


def _add_to_tree(parent: Xml.Element, collection: Collection, *, checked: bool) -> None:
    attributes = {
        "id": _layer_id(collection),
        "name": collection.title,
        "providerKey": "OAPIF",
        "checked": "Qt::Checked" if checked else "Qt::Unchecked",
        "expanded": "0",
    }
    Xml.SubElement(parent, "layer-tree-layer", attributes)


def _layer_id(collection: Collection) -> str:
    # QGIS makes up another id where one has ten letters or fewer.
    return f"patchmap_layer_{collection.id}"


def _layer(request: OgcRequest, collection: Collection) -> Xml.Element:
    layer = Xml.Element(
        "maplayer", {"type": "vector", "geometry": _TYPES[SYMBOL_SHAPES[collection.kind]]}
    )
    if box := collection.extent_box():
        _add_extent(layer, "extent", box)
    _text(layer, "id", _layer_id(collection))
    _text(layer, "datasource", _source(request.root, collection.id))
    _text(layer, "layername", collection.title)
    _text(layer, "abstract", collection.summary().get("description", ""))
    _add_system(Xml.SubElement(layer, "srs"), WGS84)
    _text(layer, "provider", "OAPIF").set("encoding", "UTF-8")
    layer.append(qgis_renderer(collection_symbology(collection)))
    _add_aliases(layer, {one.name: one.title for one in collection.properties() if one.title})
    return layer


def _source(root: str, collection_id: str) -> str:
    parameters = {
        "pagingEnabled": "true",
        "restrictToRequestBBOX": "1",
        "srsname": LONLAT,
        "typename": collection_id,
        "url": root,
    }
    return " ".join(f"{name}='{value}'" for name, value in parameters.items())


def _add_aliases(layer: Xml.Element, titles: Mapping[str, str]) -> None:
    aliases = Xml.SubElement(layer, "aliases")
    for name, title in titles.items():
        Xml.SubElement(aliases, "alias", {"field": name, "name": title})


def _add_view(qgis: Xml.Element, box: BoundingBox, crs: str) -> None:
    """What is in view at first, and where "full extent" leads back to."""
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), map(str, box), strict=True))
    settings = Xml.SubElement(qgis, "ProjectViewSettings")
    _add_system(Xml.SubElement(settings, "DefaultViewExtent", sides), crs)
    canvas = Xml.SubElement(qgis, "mapcanvas", {"name": "theMapCanvas"})
    _text(canvas, "units", "meters")
    _add_extent(canvas, "extent", box)
    _add_system(Xml.SubElement(canvas, "destinationsrs"), crs)


def _add_system(parent: Xml.Element, name: str) -> None:
    system = Xml.SubElement(parent, "spatialrefsys")
    _text(system, "wkt", wkt1(name))
    _text(system, "authid", name)


def _add_extent(parent: Xml.Element, name: str, box: BoundingBox) -> None:
    extent = Xml.SubElement(parent, name)
    for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True):
        _text(extent, side, f"{value:.9g}")


def _around(boxes: Sequence[BoundingBox]) -> BoundingBox:
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _text(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    element = Xml.SubElement(parent, name)
    element.text = text
    return element
