"""The page of a file of counts: a map of areas by month and category, without a store.

The counts are precomputed, so it opens at once. Results that need the place of each incident are
not available, and the page says so.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Annotated

import pandas as pd
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.basemap import routes as basemap_tiles
from api.basemap.sources import TileSource
from api.counts.file import CountsFile
from api.counts.summary import ANSWERED, MOST_ROWS, VIEW, CountsView, legend
from api.dependencies import HTML
from api.errors import status_of
from api.etags import of_version
from api.formats.encoding import to_json, to_table
from api.formats.registry import COUNT_DOWNLOADS, CSV, JSON
from api.identity.declared import open_to_anyone, requires
from api.identity.roles import Capability
from api.pages.bar import PERIODS, folded
from api.pages.templating import templates
from api.query import only
from api.service import alive, new_service
from api.settings import VERSION
from geo.errors import InputError, NotFoundError, PatchmapError
from geo.formats.csv_text import to_csv
from geo.incidents import category_title
from geo.question.model import DEFAULT_PERIOD

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])

_NAMES = (*ANSWERED, "from", "to", *VIEW)


def make_counts_app(
    file: CountsFile, guide: APIRouter | None = None, *, basemap: TileSource | None = None
) -> FastAPI:
    """The service of one file of counts.

    Parameters
    ----------
    guide
        The pages of the guide, which the footer then links.
    basemap
        The tiles under the map; None for none.

    Raises
    ------
    InputError
        If the file does not say where the basemap would belong.
    """
    if basemap and not file.is_located:
        raise InputError(
            f"{file.name} is of an earlier version and does not say where its areas lie; "
            "count again to draw a basemap under them"
        )
    app = new_service(compression=4)
    app.state.counts = file
    app.state.tile_sources = lambda _: (basemap,) if basemap else ()
    app.include_router(router)
    app.include_router(basemap_tiles.router)
    app.state.guide = guide is not None
    if guide is not None:
        app.include_router(guide)
    app.add_api_route("/readyz", alive, dependencies=[open_to_anyone()])
    return app


async def counts_of(request: Request) -> CountsFile:
    """The file that the service was started with."""
    file: CountsFile = request.app.state.counts
    return file


CountsDep = Annotated[CountsFile, Depends(counts_of)]


@router.get("/")
def page(request: Request, file: CountsDep) -> Response:
    """The map, its numbers and the accounts. A form's fields are redirected to their Question."""
    params = request.query_params
    try:
        view = CountsView.read(file, folded(params.multi_items()))
    except PatchmapError as error:
        return _page(request, CountsView.read(file, {}), error=error)
    if view.options() != dict(params) or len(params) < len(params.multi_items()):
        return RedirectResponse(view.address(), 303)
    return of_version(request, file.version, lambda: _page(request, view), media_type=HTML)


@router.get("/outlines.json")
def outlines(request: Request, file: CountsDep) -> Response:
    """The outlines of the areas, the same for every Question."""
    only(request, ())

    def payload() -> Response:
        return Response(file.outlines, media_type=JSON.media_type)

    return of_version(request, file.version, payload, media_type=JSON.media_type)


@router.get("/numbers.json")
def numbers(request: Request, file: CountsDep) -> Response:
    """The count of each area, in the order of the outlines, and the shades of the map."""
    query = only(request, _NAMES)

    def payload() -> Response:
        view = CountsView.read(file, query)
        members = {"n": view.mapped, "breaks": view.breaks, "legend": legend(view.breaks)}
        return Response(to_json(members), media_type=JSON.media_type)

    return of_version(request, file.version, payload, media_type=JSON.media_type)


@router.get("/download/area-counts.{ending}")
def download(request: Request, file: CountsDep, ending: str) -> Response:
    """Every area with its count and share, as CSV, or as JSON with the accounts."""
    query = only(request, (*ANSWERED, "from", "to"))
    form = next((form for form in COUNT_DOWNLOADS if form.ending == f".{ending}"), None)
    if form is None:
        raise NotFoundError(f"there is no download area-counts.{ending}; choose csv or json")
    view = CountsView.read(file, query)
    frame = view.frame()
    content = (
        to_csv(frame).encode() if form is CSV else to_table(frame, {"accounts": view.accounts()})
    )
    return Response(content, media_type=form.content_type, headers=form.attachment("area-counts"))


def _page(request: Request, view: CountsView, error: PatchmapError | None = None) -> Response:
    """The page of a view, or the form with the reason why there are no results."""
    matches = view.matches()
    chosen = [category_title(slug) for slug in view.question.category]
    text = templates.get_template("counts.html").render(
        version=VERSION,
        error=error,
        guide=request.app.state.guide,
        view=view,
        question=view.question,
        categories=", ".join(chosen) or "All incidents",
        slugs=sorted(view.file.cube.categories, key=category_title),
        default_period=str(DEFAULT_PERIOD),
        periods={value: words for value, words in PERIODS.items() if value.endswith("m")},
        accounts=view.accounts(),
        file_accounts=view.file.accounts,
        rows=_records(matches.head(MOST_ROWS)),
        matches=len(matches),
        story=view.story(),
        legend=legend(view.breaks),
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)


def _records(frame: pd.DataFrame) -> list[dict[Hashable, object]]:
    """The rows for a template, which knows an unknown number as none."""
    numbers = frame.astype({"rank": object, "n": object})
    known = frame["n"].notna()
    return numbers.assign(
        rank=numbers["rank"].where(known, None), n=numbers["n"].where(known, None)
    ).to_dict("records")
