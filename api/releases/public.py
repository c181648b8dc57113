"""`/open`: published releases for everybody, as pages, maps and files.

What is served is what was stored when a release was made; nothing is counted here. Every page of
the web may read it, and no answer depends on who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from fastapi import APIRouter, HTTPException, Request, Response

from api.basemap.sources import basemaps_of
from api.dependencies import HTML, answers_of, settings_of
from api.etags import of_version
from api.formats.encoding import encode_features, feature_collection, to_json, to_table
from api.formats.registry import CSV, GEOJSON, JSON, Format
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.pages import map_response
from api.maps.release_map import draw_release
from api.pages.templating import templates
from api.query import only
from api.releases.opening import OpenReleases, ReleasesDep
from api.releases.text import error_text, rounding_text
from api.settings import VERSION
from geo.crs import Projection
from geo.errors import NotFoundError, QuestionError
from geo.formats.csv_text import to_csv
from geo.releases.model import Release, ReleaseTable

router = APIRouter(prefix="/open", dependencies=[requires(Capability.READ_RELEASES)])

_SHARED: Final = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "etag, link",
    "cross-origin-resource-policy": "cross-origin",
}
"""Any page of the web may read a release; no answer takes cookies or keys."""

_FRAMES: Final[Mapping[str, Callable[[ReleaseTable], pd.DataFrame]]] = {
    "months": ReleaseTable.months_of_all,
    "full": ReleaseTable.by_month,
}
_WORDS: Final = {
    "": "Areas, whole period",
    "months": "Months, all areas",
    "full": "Every area, month and group",
}


@router.get("")
def releases(request: Request, opened: ReleasesDep) -> Response:
    """List the published releases, for people."""
    only(request, ())
    every = _approved(opened)
    return _answer(
        request,
        _version(*every),
        lambda: _page("open.html", releases=every),
        HTML,
    )


@router.get("/index.json")
def index(request: Request, opened: ReleasesDep) -> Response:
    """List the published releases with the addresses of their files, for programs."""
    only(request, ())
    every = _approved(opened)
    members = {"releases": [_members(request, one) for one in every]}
    return _answer(
        request, _version(*every), lambda: _content(to_json(members), JSON), JSON.media_type
    )


@router.get("/{release_id}")
def release(request: Request, opened: ReleasesDep, release_id: str) -> Response:
    """A release: what it covers, how it was rounded, maps and tables."""
    only(request, ())
    one = _published(opened, release_id)

    def make() -> Response:
        tables = [
            {
                "table": table,
                "areas": table.by_area(one.crs).drop(columns="geometry").astype(object),
                "months": table.months_of_all().astype(object),
                "files": _files(table),
            }
            for table in one.tables
        ]
        return _page(
            "open_release.html",
            release=one,
            tables=tables,
            rounding=rounding_text(one),
            error=error_text(one),
        )

    return _answer(request, _version(one), make, HTML)


@router.get("/{release_id}/index.json")
def description(request: Request, opened: ReleasesDep, release_id: str) -> Response:
    """A release's description and the addresses of its files."""
    only(request, ())
    one = _published(opened, release_id)
    content = to_json(_members(request, one))
    return _answer(request, _version(one), lambda: _content(content, JSON), JSON.media_type)


@router.get("/{release_id}/map")
def map_page(request: Request, opened: ReleasesDep, release_id: str) -> Response:
    """The map of one layer of a release."""
    answers, settings = answers_of(request), settings_of(request)
    layer = only(request, ("layer",)).get("layer", "")
    one = _published(opened, release_id)
    table = one.table(layer) if layer else one.tables[0]
    if table is None:
        names = ", ".join(each.layer for each in one.tables)
        raise QuestionError("layer", f"the release has no layer {layer!r}; choose {names}")
    basemap = basemaps_of(request)

    def make() -> Response:
        under = basemap.under(answers.snapshot(), settings.tiles)
        projection = opened.store.projection
        return map_response(lambda: draw_release(one, table, projection=projection, basemap=under))

    return _answer(request, _version(one), make, HTML, setting=basemap.key(settings.tiles))


@router.get("/{release_id}/{file}")
def table_file(request: Request, opened: ReleasesDep, release_id: str, file: str) -> Response:
    """A table of a release as a file: `LAYER`, `LAYER.months` or `LAYER.full`, and its ending."""
    only(request, ())
    name, _, ending = file.rpartition(".")
    one = _published(opened, release_id)
    layer, _, kind = name.partition(".")
    table = one.table(layer)
    formats = {form.ending: form for form in _formats(kind)}
    form = formats.get(f".{ending}")
    if table is None or form is None or (kind and kind not in _FRAMES):
        offered = ", ".join(known["name"] for each in one.tables for known in _files(each))
        raise NotFoundError(f"release {release_id} has no file {file}; choose {offered}")
    frame = _FRAMES[kind](table) if kind else table.by_area(one.crs)

    def make() -> Response:
        content = _encoded(frame, form, _members(request, one), opened.store.projection)
        return _content(content, form)

    return _answer(request, _version(one), make, form.media_type)


def _formats(kind: str) -> tuple[Format, ...]:
    """Only areas have a shape; the other tables are rows."""
    return (CSV, JSON) if kind else (CSV, GEOJSON, JSON)


def _encoded(
    frame: pd.DataFrame, form: Format, members: Mapping[str, Any], projection: Projection
) -> bytes:
    if form is CSV:
        return to_csv(frame).encode()
    if form is JSON:
        return to_table(frame, members)
    areas = gpd.GeoDataFrame(frame)
    ids = areas["area_code"].astype(str)
    return feature_collection(encode_features(areas, ids, projection=projection), members)


def _content(content: bytes, form: Format) -> Response:
    return Response(content, media_type=form.content_type)


def _page(template: str, **values: object) -> Response:
    text = templates.get_template(template).render(version=VERSION, **values)
    return Response(text, media_type=HTML)


def _approved(opened: OpenReleases) -> list[Release]:
    existing = opened.existing()
    return existing.approved() if existing else []


def _published(opened: OpenReleases, release_id: str) -> Release:
    """A release that the public may read; a draft is no more there than one that never was."""
    existing = opened.existing()
    one = existing.find(release_id) if existing else None
    if one and one.state == "withdrawn":
        raise HTTPException(
            410,
            f"The release {one.definition.title} was withdrawn on {one.withdrawn_at[:10]}: "
            f"{one.reason}",
            {**_SHARED, "cache-control": "no-store"},
        )
    if one is None or one.state != "approved":
        raise NotFoundError(f"there is no release {release_id!r}; /open lists those there are")
    return one


def _version(*releases: Release) -> str:
    return " ".join(f"{one.release_id} {one.approved_at}" for one in releases)


def _answer(
    request: Request,
    version: str,
    make: Callable[[], Response],
    media_type: str,
    *,
    setting: str = "",
) -> Response:
    response = of_version(request, version, make, media_type=media_type, setting=setting)
    response.headers.update(_SHARED)
    # Whoever keeps a copy asks before they show it: one that was withdrawn is withdrawn at once.
    response.headers["cache-control"] = "public, no-cache"
    return response


def _files(table: ReleaseTable) -> list[dict[str, str]]:
    """The files of a table: name, what it holds and in which format."""
    return [
        {
            "name": f"{table.layer}{'.' if kind else ''}{kind}{form.ending}",
            "words": words,
            "label": form.label,
        }
        for kind, words in _WORDS.items()
        for form in _formats(kind)
    ]


def _members(request: Request, one: Release) -> dict[str, Any]:
    """What everybody may know of a release; not who made it, nor how far it is off exactly."""
    own = one.definition
    base = f"{str(request.base_url).rstrip('/')}/open/{own.release_id}"
    return {
        "id": own.release_id,
        "title": own.title,
        "from": own.first,
        "to": own.last,
        "months_unknown": list(one.months_missing),
        "groups": {name: list(slugs) for name, slugs in own.groups.items()},
        "sources": list(own.sources),
        "attribution": list(one.attribution),
        "licence": own.licence,
        "made": one.made_at,
        "published": one.approved_at,
        "rounded_to": 5 if one.is_rounded else 1,
        "rounding": rounding_text(one),
        "error": error_text(one),
        "layers": [{"id": table.layer, "title": table.title} for table in one.tables],
        "page": base,
        "files": [f"{base}/{file['name']}" for table in one.tables for file in _files(table)],
    }
