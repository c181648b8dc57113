"""What the collections hold: their papers, and their features encoded once per data version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from api.answers import Answers, Snapshot
from api.encoding import encode_features, feature_ids
from api.query import check_interval
from api.settings import VERSION
from geo.analyses import LAYERS, Found
from geo.crs import LONLAT, Projection
from geo.errors import NotFoundError
from geo.options import OPTIONS
from geo.question import Answer, Question
from geo.store.contract import LayerPapers

GEOJSON = "application/geo+json"
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True)
class Items:
    """The features of a collection, encoded once, with what paging and filters need."""

    ids: list[str]
    geometries: NDArray[np.object_]
    encoded: list[bytes]
    members: Mapping[str, object]


def check_collection(answers: Answers, collection_id: str) -> None:
    """Refuse a collection that is not there.

    Raises
    ------
    NotFoundError
        With the collections there are.
    """
    snapshot = answers.snapshot()
    names = [papers.layer_id for papers in snapshot.layers()] + list(LAYERS)
    if collection_id not in names:
        raise NotFoundError(
            f"there is no collection {collection_id!r}; there are: {', '.join(names)}"
        )


def items_of(answers: Answers, collection_id: str, query: Mapping[str, str]) -> Items:
    """The features of a collection; those of an answer for the Question in the parameters.

    Raises
    ------
    QuestionError
        If the parameters are no Question that the data can answer.
    """
    if collection_id in LAYERS:
        names = {option.name for option in OPTIONS} | {"from", "to"}
        question = Question.read({name: text for name, text in query.items() if name in names})
        name = f"{collection_id}?{question.query()}"
        analysis = LAYERS[collection_id]
        return answers.keep(
            name, lambda snapshot: _answer_items(snapshot, *answers.find(analysis, question))
        )
    if "datetime" in query:
        check_interval(query["datetime"])
    return answers.keep(collection_id, lambda snapshot: _layer_items(snapshot, collection_id))


def _layer_items(snapshot: Snapshot, layer_id: str) -> Items:
    _, areas = snapshot.layer(layer_id)
    codes = [str(code) for code in areas.index]
    return _encoded(areas.reset_index(), codes, snapshot.projection)


def _answer_items(snapshot: Snapshot, answer: Answer, found: Found) -> Items:
    frame = gpd.GeoDataFrame(found.frame)
    items = _encoded(frame, feature_ids(frame), snapshot.projection)
    return replace(items, members=members_of(answer, found))


def members_of(answer: Answer, found: Found) -> dict[str, object]:
    """What every JSON answer says of itself beside its rows."""
    accounts = answer.accounts.as_dict() | {"software": f"patchmap {VERSION}"}
    return {"accounts": accounts, **found.as_dict()}


def _encoded(frame: gpd.GeoDataFrame, ids: list[str], projection: Projection) -> Items:
    encoded = encode_features(frame, ids, projection=projection)
    return Items(ids, frame.geometry.to_numpy(), encoded, {})


def described(answers: Answers, collection_id: str, *, root: str) -> dict[str, Any]:
    """The description of one collection, as the standard asks for it."""
    snapshot = answers.snapshot()
    papers = {papers.layer_id: papers for papers in snapshot.layers()}
    if collection_id in LAYERS:
        kind = LAYERS[collection_id]
        about: dict[str, Any] = {"title": kind.title, "description": kind.description}
        layers = [snapshot.layer(name)[1] for name in papers]
    else:
        check_collection(answers, collection_id)
        about = _layer_papers(papers[collection_id])
        layers = [snapshot.layer(collection_id)[1]]
    extent = _extent(layers, snapshot.projection)
    address = f"{root}/collections/{collection_id}"
    return {
        "id": collection_id,
        **about,
        "itemType": "feature",
        "crs": [CRS84_URI],
        "extent": extent,
        "links": [
            link(address, "self", "application/json", "This document"),
            link(f"{address}/items", "items", GEOJSON, "The features"),
        ],
    }


def _layer_papers(papers: LayerPapers) -> dict[str, Any]:
    told = {
        "title": papers.title or papers.layer_id,
        "description": papers.source,
        "attribution": papers.authority,
        "license": papers.licence,
    }
    return {name: text for name, text in told.items() if text}


def _extent(layers: list[gpd.GeoDataFrame], projection: Projection) -> dict[str, Any]:
    if not layers:
        return {}
    boxes = np.array([layer.total_bounds for layer in layers])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    lon, lat = projection.to_lonlat([west, east, west, east], [south, south, north, north])
    box = [lon.min(), lat.min(), lon.max(), lat.max()]
    return {"spatial": {"bbox": [[round(float(value), 6) for value in box]], "crs": CRS84_URI}}


def within_box(found: Items, box: shapely.Geometry, projection: Projection) -> NDArray[np.int64]:
    """Positions of the features that a box in degrees touches: the box moves, not the data."""
    west, south, east, north = projection.area_of_use
    # Beyond the area of use the projection folds over; nothing of the store lies there.
    world = shapely.intersection(box, shapely.box(west - 1, south - 1, east + 1, north + 1))
    if shapely.is_empty(world):
        return np.array([], dtype=np.int64)
    # A straight line in degrees is a curve in metres: short pieces follow it closely.
    pieces = np.array([shapely.segmentize(world, 0.01)], dtype=object)
    metres = projection.geometries_to_metres(pieces, source=LONLAT)[0]
    shapely.prepare(metres)
    return np.flatnonzero(shapely.intersects(metres, found.geometries))


def link(href: str, rel: str, media_type: str, title: str) -> dict[str, str]:
    """A link as the standard writes it."""
    return {"href": href, "rel": rel, "type": media_type, "title": title}
