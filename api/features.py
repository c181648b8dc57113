"""OGC API – Features: every layer, and each answer as a collection of its own.

Source: OGC 17-069r4, Part 1: Core.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from api.answers import Answers
from api.collections import (
    GEOJSON,
    check_collection,
    described,
    items_of,
    link,
    within_box,
)
from api.encoding import feature_collection, to_json
from api.etags import not_modified_or
from api.openapi import openapi_document
from api.query import box_of, only, whole_number
from geo.analyses import LAYERS
from geo.options import OPTIONS

DEFAULT_LIMIT, MOST_ITEMS = 1_000, 10_000
PAGING = ("limit", "offset", "bbox", "datetime", "f")

CONFORMANCE = [
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
]

router = APIRouter(prefix="/ogc")


def answers_of(request: Request) -> Answers:
    """The answers that the app holds."""
    held: Answers = request.app.state.answers
    return held


Held = Annotated[Answers, Depends(answers_of)]


@router.get("")
def landing(request: Request, answers: Held) -> Response:
    """The entry: where everything else is."""
    only(request, ("f",))
    root = _root(request)
    links = [
        link(root, "self", "application/json", "This document"),
        link(f"{root}/api", "service-desc", "application/vnd.oai.openapi+json;version=3.0", "API"),
        link(f"{root}/conformance", "conformance", "application/json", "Conformance classes"),
        link(f"{root}/collections", "data", "application/json", "Collections"),
    ]
    return _json(
        request,
        answers,
        {
            "title": "Patchmap",
            "description": "Boundary layers, counts and hotspots for neighbourhood working.",
            "links": links,
        },
    )


@router.get("/conformance")
def conformance(request: Request, answers: Held) -> Response:
    """The classes of the standard that are kept."""
    only(request, ("f",))
    return _json(request, answers, {"conformsTo": CONFORMANCE})


@router.get("/api")
def api(request: Request, answers: Held) -> Response:
    """The OpenAPI document, with every address spelled out."""
    only(request, ("f",))
    snapshot = answers.snapshot()
    layers = [papers.layer_id for papers in snapshot.layers()]
    document = openapi_document(
        root=_root(request),
        layers=layers,
        answer_collections={name: kind.title for name, kind in LAYERS.items()},
        limits=(DEFAULT_LIMIT, MOST_ITEMS),
    )
    return _json(
        request, answers, document, media_type="application/vnd.oai.openapi+json;version=3.0"
    )


@router.get("/collections")
def collections(request: Request, answers: Held) -> Response:
    """Every collection with its papers."""
    only(request, ("f",))
    root = _root(request)
    snapshot = answers.snapshot()
    names = [papers.layer_id for papers in snapshot.layers()]
    about = [described(answers, name, root=root) for name in [*names, *LAYERS]]
    links = [link(f"{root}/collections", "self", "application/json", "This document")]
    return _json(request, answers, {"links": links, "collections": about})


@router.get("/collections/{collection_id}")
def collection(request: Request, answers: Held, collection_id: str) -> Response:
    """One collection's papers."""
    only(request, ("f",))
    return _json(request, answers, described(answers, collection_id, root=_root(request)))


@router.get("/collections/{collection_id}/items")
def items(request: Request, answers: Held, collection_id: str) -> Response:
    """A page of a collection's features."""
    check_collection(answers, collection_id)
    query = _query(request, collection_id)
    limit = whole_number(query, "limit", default=DEFAULT_LIMIT, lowest=1, highest=None)
    limit = min(limit, MOST_ITEMS)
    offset = whole_number(query, "offset", default=0, lowest=0, highest=2**31 - 1)

    def page() -> bytes:
        found = items_of(answers, collection_id, query)
        matched = np.arange(len(found.ids))
        if "bbox" in query:
            snapshot = answers.snapshot()
            matched = within_box(found, box_of(query["bbox"]), snapshot.projection)
        shown = matched[offset : offset + limit]
        links = _page_links(
            request, query, limit=limit, following=offset + limit, matched=len(matched)
        )
        counts = {"numberMatched": len(matched), "numberReturned": len(shown), "links": links}
        return feature_collection([found.encoded[i] for i in shown], {**counts, **found.members})

    return not_modified_or(
        request, answers, lambda: Response(page(), media_type=GEOJSON), media_type=GEOJSON
    )


@router.get("/collections/{collection_id}/items/{feature_id:path}")
def item(request: Request, answers: Held, collection_id: str, feature_id: str) -> Response:
    """One feature."""
    check_collection(answers, collection_id)
    query = _query(request, collection_id, paging=("f",))
    found = items_of(answers, collection_id, query)
    if feature_id not in found.ids:
        raise HTTPException(404, f"{collection_id} has no feature {feature_id!r}")
    address = f"{_root(request)}/collections/{collection_id}"
    links = [
        link(str(request.url), "self", GEOJSON, "This feature"),
        link(address, "collection", "application/json", "The collection"),
    ]
    feature = found.encoded[found.ids.index(feature_id)]
    body = feature[:-1] + b"," + to_json({"links": links})[1:]
    return not_modified_or(
        request, answers, lambda: Response(body, media_type=GEOJSON), media_type=GEOJSON
    )


def _query(
    request: Request, collection_id: str, *, paging: tuple[str, ...] = PAGING
) -> dict[str, str]:
    options = tuple(option.name for option in OPTIONS)
    known = (*paging, *options) if collection_id in LAYERS else paging
    return only(request, known)


def _page_links(
    request: Request, query: Mapping[str, str], *, limit: int, following: int, matched: int
) -> list[dict[str, str]]:
    address = str(request.url.replace(query=""))
    links = [
        link(str(request.url), "self", GEOJSON, "This page"),
        link(address.rpartition("/")[0], "collection", "application/json", "The collection"),
    ]
    if following < matched:
        more = urlencode({**query, "limit": limit, "offset": following}, safe="/:,.")
        links.append(link(f"{address}?{more}", "next", GEOJSON, "The next page"))
    return links


def _json(
    request: Request, answers: Answers, body: object, *, media_type: str = "application/json"
) -> Response:
    return not_modified_or(
        request,
        answers,
        lambda: Response(to_json(body), media_type=media_type),
        media_type=media_type,
    )


def _root(request: Request) -> str:
    return str(request.base_url).rstrip("/") + router.prefix
