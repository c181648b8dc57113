"""The formats of the OGC door, and which of them a caller wants: by `f`, else by Accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from geo.errors import QuestionError


@dataclass(frozen=True)
class Format:
    """A format as `f` names it, its media type, and the ending of a file of it."""

    name: str
    media_type: str
    title: str
    ending: str = ""


JSON = Format("json", "application/json", "JSON")
HTML = Format("html", "text/html", "HTML")
OPENAPI = Format("json", "application/vnd.oai.openapi+json;version=3.0", "OpenAPI 3.0")
SCHEMA = Format("json", "application/schema+json", "JSON Schema")
GEOJSON = Format("json", "application/geo+json", "GeoJSON, in pages")
GEOJSON_FILE = Format("geojson", "application/geo+json", "GeoJSON, whole", "geojson")
CSV = Format("csv", "text/csv", "CSV", "csv")
GEOPACKAGE = Format("gpkg", "application/geopackage+sqlite3", "GeoPackage", "gpkg")
FLATGEOBUF = Format("fgb", "application/flatgeobuf", "FlatGeobuf", "fgb")
PARQUET = Format("parquet", "application/vnd.apache.parquet", "GeoParquet", "parquet")
TILEJSON = Format("tilejson", "application/vnd.mapbox.tilejson+json", "TileJSON 3.0")
MVT = Format("mvt", "application/vnd.mapbox-vector-tile", "Mapbox Vector Tile")

DOCUMENTS = (JSON, HTML)
FILES = (GEOJSON_FILE, CSV, GEOPACKAGE, FLATGEOBUF, PARQUET)
ITEMS = (GEOJSON, HTML, *FILES)
TILESET = (JSON, TILEJSON, HTML)
FEATURE = (GEOJSON, HTML)


def chosen(request: Request, formats: Sequence[Format]) -> Format:
    """The format that a request asks for; the first one where it does not say.

    Raises
    ------
    QuestionError
        If `f` names none of them.
    """
    name = request.query_params.get("f")
    if name is None:
        return _accepted(request.headers.get("accept", ""), formats)
    for one in formats:
        if one.name == name:
            return one
    raise QuestionError("f", f"{name!r} is none of: {', '.join(one.name for one in formats)}")


def _accepted(accept: str, formats: Sequence[Format]) -> Format:
    """What the header likes best; a caller who likes nothing that there is gets the first."""
    liked = [_ranged(part) for part in accept.split(",")]
    for _, media_type in sorted(liked, key=lambda one: -one[0]):
        if media_type in ("*/*", "application/*", JSON.media_type):
            return formats[0]
        for one in formats:
            if one.media_type.partition(";")[0] == media_type:
                return one
    return formats[0]


def _ranged(part: str) -> tuple[float, str]:
    media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
    try:
        return float(quality), media_type
    except ValueError:
        return 0.0, media_type
