"""The board of a file of counts: a national map of areas, by month and category, without a store.

It opens at once, because the counts are made already. What needs to know where each incident
happened is not here, and the page says so.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.counts.file import CountsFile
from api.counts.summary import ANSWERED, MOST_ROWS, VIEW, CountsView, legend
from api.dependencies import HTML
from api.errors import status_of
from api.etags import of_version
from api.formats.encoding import to_csv, to_json, to_table
from api.formats.registry import COUNT_DOWNLOADS, CSV, JSON
from api.pages.bar import PERIODS, folded
from api.pages.templating import templates
from api.query import only
from api.service import alive, new_service
from api.settings import VERSION
from geo.errors import NotFoundError, PatchmapError
from geo.incidents import category_title
from geo.question.model import DEFAULT_PERIOD

router = APIRouter()

_NAMES = (*ANSWERED, "from", "to", *VIEW)


def make_counts_app(file: CountsFile) -> FastAPI:
    """The service of one file of counts."""
    app = new_service(compression=4)
    app.state.counts = file
    app.include_router(router)
    app.add_api_route("/readyz", alive)
    return app


def counts_of(request: Request) -> CountsFile:
    """The file that the app was started with."""
    file: CountsFile = request.app.state.counts
    return file


CountsDep = Annotated[CountsFile, Depends(counts_of)]


@router.get("/")
def page(request: Request, file: CountsDep) -> Response:
    """The map, its numbers, and where every row went. Its address is its Question."""
    given = request.query_params
    try:
        view = CountsView.read(file, folded(given.multi_items()))
    except PatchmapError as error:
        return _page(CountsView.read(file, {}), error=error)
    if view.options() != dict(given) or len(given) < len(given.multi_items()):
        return RedirectResponse(view.address(), 303)
    return of_version(request, file.version, lambda: _page(view), media_type=HTML)


@router.get("/outlines.json")
def outlines(request: Request, file: CountsDep) -> Response:
    """The areas as outlines, the same for every Question."""
    only(request, ())

    def made() -> Response:
        return Response(file.outlines, media_type=JSON.media_type)

    return of_version(request, file.version, made, media_type=JSON.media_type)


@router.get("/numbers.json")
def numbers(request: Request, file: CountsDep) -> Response:
    """What the map shows: the number of each area in the order of the outlines, and the shades."""
    query = only(request, _NAMES)

    def made() -> Response:
        view = CountsView.read(file, query)
        told = {"n": view.drawn, "breaks": view.breaks, "legend": legend(view.breaks)}
        return Response(to_json(told), media_type=JSON.media_type)

    return of_version(request, file.version, made, media_type=JSON.media_type)


@router.get("/download/area-counts.{ending}")
def download(request: Request, file: CountsDep, ending: str) -> Response:
    """Every area with its number and share, as CSV, or as JSON with the accounts."""
    query = only(request, (*ANSWERED, "from", "to"))
    form = next((form for form in COUNT_DOWNLOADS if form.ending == f".{ending}"), None)
    if form is None:
        raise NotFoundError(f"there is no download area-counts.{ending}")
    view = CountsView.read(file, query)
    frame = view.frame()
    content = (
        to_csv(frame).encode() if form is CSV else to_table(frame, {"accounts": view.accounts()})
    )
    return Response(content, media_type=form.content_type, headers=form.attachment("area-counts"))


def _page(view: CountsView, error: PatchmapError | None = None) -> Response:
    """The page of a view; with the reason and the form alone where there is no answer."""
    found = view.found()
    chosen = [category_title(slug) for slug in view.question.category]
    text = templates.get_template("counts.html").render(
        version=VERSION,
        error=error,
        view=view,
        question=view.question,
        categories=", ".join(chosen) or "All incidents",
        slugs=sorted(view.file.cube.categories, key=category_title),
        default_period=str(DEFAULT_PERIOD),
        periods={value: words for value, words in PERIODS.items() if value.endswith("m")},
        accounts=view.accounts(),
        told=view.file.accounts,
        rows=found.head(MOST_ROWS).to_dict("records"),
        found=len(found),
        story=view.story(),
        legend=legend(view.breaks),
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)
