"""The tiles of the basemap, and what they are as TileJSON."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Final

from fastapi import APIRouter, Request, Response

from api.basemap.sources import TileSource, basemaps_of
from api.dependencies import answers_of
from api.etags import of_version
from api.formats.encoding import to_json
from api.identity.declared import requires
from api.identity.roles import Capability
from api.query import whole_number
from geo.errors import InputError, NotFoundError
from geo.tiles.tile_file import DEEPEST, VECTOR_TILE, is_packed, media_type_of, unpacked_tile

_CLEAR_TILE: Final = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR42mNgAAIAAAUAAen63NgAAAAASUVORK5CYII="
)
"""A transparent pixel, for pictures that a file lacks."""

_IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""A tile whose address names its version never changes."""

# Maps of releases are drawn on it too.
router = APIRouter(dependencies=[requires(Capability.READ_RELEASES)])


SourcesOf = Callable[[Request], tuple[TileSource, ...]]
"""The tiles that whoever makes a request may see, the lowest first; `tile_sources` of an app."""


def stored_sources(request: Request) -> tuple[TileSource, ...]:
    """The tiles of a service with a store."""
    return basemaps_of(request).sources(answers_of(request).snapshot())


@router.get("/basemap")
def basemaps(request: Request) -> Response:
    """List the basemaps, the lowest first, each as TileJSON."""
    root = str(request.base_url).rstrip("/")
    return _json({"basemaps": [_tilejson(source, root) for source in _sources(request)]})


@router.get("/basemap/{source_id}")
def basemap(request: Request, source_id: str) -> Response:
    """Say what a basemap's tiles are, as TileJSON 3.0.0."""
    source = _source(request, source_id)
    return _json(_tilejson(source, str(request.base_url).rstrip("/")))


@router.get("/basemap/{source_id}/{zoom}/{column}/{row}")
def tile(request: Request, source_id: str, *, zoom: str, column: str, row: str) -> Response:
    """A tile; a transparent picture, or 204, where there is none."""
    numbers = {"zoom": zoom, "column": column, "row": row}
    place = [_number(numbers, name) for name in numbers]
    source = _source(request, source_id)
    media_type = VECTOR_TILE if source.kind == "vector" else "image/png"

    def answer() -> Response:
        return _tile(request, source, source.read(place[0], place[1], place[2]))

    response = of_version(request, source.version, answer, media_type=media_type)
    if request.query_params.get("v") == source.version:
        response.headers["cache-control"] = _IMMUTABLE
    return response


def _tile(request: Request, source: TileSource, data: bytes | None) -> Response:
    media_type = media_type_of(data, source.kind) if data else None
    if not data or not media_type:
        if source.kind == "vector":
            return Response(status_code=204)
        return Response(_CLEAR_TILE, media_type="image/png")
    headers = {}
    if source.kind == "vector" and is_packed(data):
        headers["vary"] = "accept-encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            data = _unpacked(data)
    return Response(data, media_type=media_type, headers=headers)


def _unpacked(data: bytes) -> bytes:
    try:
        return unpacked_tile(data)
    except InputError:
        # Of a file that is served as it is: one damaged tile is an empty one.
        return b""


def _sources(request: Request) -> tuple[TileSource, ...]:
    sources_of: SourcesOf = request.app.state.tile_sources
    return sources_of(request)


def _source(request: Request, source_id: str) -> TileSource:
    sources = _sources(request)
    for source in sources:
        if source.source_id == source_id:
            return source
    listed = ", ".join(source.source_id for source in sources) or "none"
    raise NotFoundError(f"there is no basemap {source_id!r}; there are: {listed}")


def _tilejson(source: TileSource, root: str) -> dict[str, object]:
    layers = [{"id": name, "fields": {}} for name in source.layers]
    return {
        "tilejson": "3.0.0",
        "id": source.source_id,
        "name": source.title,
        "attribution": source.attribution,
        "format": "pbf" if source.kind == "vector" else "png",
        "tiles": [f"{root}{source.address}"],
        "minzoom": source.first,
        "maxzoom": source.last,
        **({"bounds": list(source.box)} if source.box else {}),
        **({"vector_layers": layers} if source.kind == "vector" else {}),
    }


def _json(document: object) -> Response:
    return Response(
        to_json(document), media_type="application/json", headers={"cache-control": "no-cache"}
    )


def _number(numbers: Mapping[str, str], name: str) -> int:
    highest = DEEPEST if name == "zoom" else 2**DEEPEST - 1
    return whole_number(numbers, name, default=0, lowest=0, highest=highest)
