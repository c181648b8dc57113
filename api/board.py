"""The tasking board: one page about one Question, and its map in a frame of its own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

import pandas as pd
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, PackageLoader

from api.answers import Answers
from api.collections import GEOJSON, items_of, members_of
from api.encoding import feature_collection, to_csv, to_table
from api.errors import status_of
from api.etags import not_modified_or
from api.features import answers_of
from api.maps import draw
from api.query import only
from api.settings import VERSION, Settings
from api.words import CLASS_WORDS, categories_words, headline, period_words
from geo.analyses import ANALYSES, LAYERS
from geo.errors import NotFoundError, PatchmapError, QuestionError
from geo.incidents import category_title
from geo.options import DEFAULT_PERIOD, OPTIONS
from geo.question import Answer, Question, default_layer

PERIODS = {
    "latest-1m": "Latest month",
    "latest-3m": "Latest 3 months",
    "latest-12m": "Latest 12 months",
    "latest-36m": "Latest 3 years",
}
RANKED = 10
CELLS = (100, 150, 200, 250, 300, 400, 500)
HTML = "text/html; charset=utf-8"

router = APIRouter()
templates = Environment(
    loader=PackageLoader("api"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
templates.filters["thousands"] = lambda number: f"{number:,}"
templates.filters["title_of"] = category_title

DOWNLOADS = {analysis.collection or analysis.command: analysis for analysis in ANALYSES}
"""What can be downloaded, by the name of its collection or else its command."""

_NAMES = (*(option.name for option in OPTIONS), "from", "to")


def settings_of(request: Request) -> Settings:
    """The settings that the app was started with."""
    settings: Settings = request.app.state.settings
    return settings


Held = Annotated[Answers, Depends(answers_of)]
Set = Annotated[Settings, Depends(settings_of)]


@router.get("/")
def board(request: Request, answers: Held) -> Response:
    """The board. Its address is its Question: what a form sends is written out and redirected."""
    try:
        options = {name: text for name, text in _given(request).items() if text}
        question = Question.read(options)
    except PatchmapError as error:
        return _page(answers, _readable(request), error=error)
    if question.options() != options:
        return RedirectResponse(f"?{question.query()}" if question.query() else "/", 303)
    return not_modified_or(request, answers, lambda: _page(answers, question), media_type=HTML)


@router.get("/map")
def map_page(request: Request, answers: Held, settings: Set) -> Response:
    """The folium map of a Question, a page of its own with its own content policy."""
    question = Question.read(_given(request))

    def page() -> Response:
        snapshot = answers.snapshot()
        ground = snapshot.setting("ground")
        drawn = draw(
            answers.ask(question),
            projection=snapshot.projection,
            ground=snapshot.layer(str(ground))[1] if ground else None,
            tiles=settings.tiles,
        )
        return Response(
            drawn.html, media_type=HTML, headers={"content-security-policy": drawn.policy}
        )

    tiles = settings.tiles.address if settings.tiles else ""
    return not_modified_or(request, answers, page, media_type=HTML, setting=tiles)


@router.get("/download/{name}.{ending}")
def download(request: Request, answers: Held, name: str, ending: str) -> Response:
    """A whole answer as a file: a layer as `.geojson` or `.csv`, a table as `.json` or `.csv`."""
    analysis = DOWNLOADS.get(name)
    if analysis is None or ending not in ("csv", "geojson" if analysis.collection else "json"):
        raise NotFoundError(f"there is no download {name}.{ending}")
    query = _given(request)
    if ending == "geojson":
        items = items_of(answers, name, query)
        content, media_type = feature_collection(items.encoded, items.members), GEOJSON
    else:
        answer, found = answers.find(analysis, Question.read(query))
        content, media_type = to_csv(found.frame).encode(), "text/csv; charset=utf-8"
        if ending == "json":
            content = to_table(found.frame, members_of(answer, found))
            media_type = "application/json"
    disposition = f'attachment; filename="{name}.{ending}"'
    return Response(content, media_type=media_type, headers={"content-disposition": disposition})


def _readable(request: Request) -> Question:
    """What can be kept of a Question that is refused, so that the form remembers it."""
    options = {name: text for name, text in request.query_params.items() if name in _NAMES}
    while True:
        try:
            return Question.read(options)
        except QuestionError as error:
            if options.pop(error.option, None) is None:
                return Question()


def _given(request: Request) -> dict[str, str]:
    return only(request, _NAMES)


def _page(answers: Answers, question: Question, *, error: PatchmapError | None = None) -> Response:
    """The board of a Question; with the reason and the form alone where it has no answer."""
    snapshot = answers.snapshot()
    choices = {
        "layers": snapshot.layers(),
        "categories": sorted(
            {name for record in snapshot.imports() for name in record.summary.categories}
        ),
        "sources": sorted({record.source for record in snapshot.imports()}),
    }
    told: dict[str, object] = {"answer": None}
    if error is None:
        try:
            answer, found = answers.find(LAYERS["ranked-hotspots"], question)
            question = answer.question
            told = _told(answer, found.frame.head(RANKED))
        except PatchmapError as refusal:
            error = refusal
    layer = question.layer
    if not layer and choices["layers"]:
        layer = default_layer(snapshot)
    text = templates.get_template("board.html").render(
        version=VERSION,
        question=question,
        layer=layer,
        error=error,
        choices=choices,
        periods=PERIODS,
        default_period=DEFAULT_PERIOD,
        cells=sorted({*CELLS, question.cell}),
        **told,
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)


def _told(answer: Answer, ranked: pd.DataFrame) -> dict[str, object]:
    """What the page says of an answer."""
    counts = answer.area_counts
    if answer.question.by == "month":
        counts = counts.groupby(["area_code", "area_name"], as_index=False)[["n"]].sum()
        counts["share"] = counts["n"] / max(answer.accounts.counted, 1)
    ordered = counts.sort_values(["n", "area_code"], ascending=[False, True])
    query = answer.question.query()
    return {
        "answer": answer,
        "accounts": answer.accounts,
        "headline": headline(answer),
        "categories": categories_words(answer),
        "period": period_words(answer),
        "shown": int(counts["n"].sum()),
        "hot": int(answer.hotspots["class"].str.startswith("hot").sum()),
        "words": CLASS_WORDS,
        "ranked": ranked.drop(columns="geometry").to_dict("records"),
        "names": answer.areas["area_name"].to_dict(),
        "areas": ordered.drop(columns="geometry", errors="ignore").to_dict("records"),
        "rated": "rate_per_1000" in counts,
        "credits": answer.accounts.attribution,
        "map_address": f"/map?{query}",
        "limits": _limits(answer.question),
        "downloads": {
            f"{title} ({ending})": f"/download/{name}.{ending}?{query}"
            for name, title in (("hotspots", "cells"), ("area-counts", "areas"))
            for ending in ("geojson", "csv")
        },
    }


def _limits(question: Question) -> list[tuple[str, str]]:
    """What narrows the Question beyond its form, each with the address that drops it."""
    titles = {
        "within": "only",
        "study": "judged against",
        "hours": "hours",
        "by": "by",
        "compare": "compared with",
        "weight": "weighed by",
    }
    found = []
    for name, title in titles.items():
        options = question.options()
        if value := options.pop(name, ""):
            found.append((f"{title} {value}", "?" + urlencode(options, safe="/:,.")))
    return found
