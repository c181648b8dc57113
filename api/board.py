"""The tasking board: one page about one Question, and its map in a frame of its own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from jinja2 import Environment, PackageLoader

from api.answers import Answers
from api.errors import status_of
from api.etags import not_modified_or
from api.features import answers_of
from api.maps import draw
from api.query import only
from api.settings import VERSION, Settings
from api.words import CLASS_WORDS, categories_words, headline, period_words
from geo.errors import PatchmapError
from geo.incidents import category_title
from geo.options import DEFAULT_PERIOD, OPTIONS
from geo.question import Answer, Question, default_layer
from geo.sources import NOTES

BUSIEST = 10
PERIODS = {
    "latest-1m": "Latest month",
    "latest-3m": "Latest 3 months",
    "latest-12m": "Latest 12 months",
    "latest-36m": "Latest 3 years",
}
CELLS = (100, 150, 200, 250, 300, 400, 500)
HTML = "text/html; charset=utf-8"

router = APIRouter()
templates = Environment(
    loader=PackageLoader("api"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
templates.filters["thousands"] = lambda number: f"{number:,}"
templates.filters["title_of"] = category_title

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
        if question.options() != options:
            return RedirectResponse(f"?{question.query()}" if question.query() else "/", 303)
    except PatchmapError as error:
        return _page(answers, Question(), error=error)
    return not_modified_or(request, answers, lambda: _page(answers, question), media_type=HTML)


@router.get("/map")
def map_page(request: Request, answers: Held, settings: Set) -> Response:
    """The folium map of a Question, a page of its own with its own content policy."""
    question = Question.read(_given(request))

    def page() -> Response:
        with answers.reading() as snapshot:
            answer = answers.ask(question)
            ground = snapshot.setting("ground")
            drawn = draw(
                answer,
                projection=snapshot.projection,
                ground=snapshot.layer(str(ground))[1] if ground else None,
                tiles=settings.tiles,
            )
        return Response(
            drawn.html, media_type=HTML, headers={"content-security-policy": drawn.policy}
        )

    return not_modified_or(request, answers, page, media_type=HTML)


def _given(request: Request) -> dict[str, str]:
    return only(request, _NAMES)


def _page(answers: Answers, question: Question, *, error: PatchmapError | None = None) -> Response:
    """The board of a Question; with the reason and the form alone where it has no answer."""
    with answers.reading() as snapshot:
        choices = {
            "layers": snapshot.layers(),
            "categories": sorted(
                {name for record in snapshot.imports() for name in record.summary.categories}
            ),
            "ground": snapshot.setting("ground"),
        }
        answer = None
        if error is None:
            try:
                answer = answers.ask(question)
                question = answer.question
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
        **(_told(answer) if answer else {"answer": None}),
    )
    return Response(text, status_code=status_of(error) if error else 200, media_type=HTML)


def _told(answer: Answer) -> dict[str, object]:
    """What the page says of an answer."""
    counts = answer.area_counts
    if answer.question.by == "month":
        counts = counts.groupby(["area_code", "area_name"], as_index=False)[["n"]].sum()
        counts["share"] = counts["n"] / max(answer.accounts.counted, 1)
    classes = answer.hotspots["class"].value_counts()
    ordered = counts.sort_values(["n", "area_code"], ascending=[False, True])
    return {
        "answer": answer,
        "accounts": answer.accounts,
        "headline": headline(answer),
        "categories": categories_words(answer),
        "period": period_words(answer),
        "hot": int(classes.filter(like="hot").sum()),
        "words": CLASS_WORDS,
        "busiest": answer.busiest_cells(BUSIEST).drop(columns="geometry").to_dict("records"),
        "names": answer.areas["area_name"].to_dict(),
        "areas": ordered.drop(columns="geometry", errors="ignore").to_dict("records"),
        "rated": "rate_per_1000" in counts,
        "credits": [NOTES[name].attribution for name in answer.accounts.source if name in NOTES],
        "map_address": f"/map?{answer.question.query()}",
        "download": _download(answer),
    }


def _download(answer: Answer) -> dict[str, str]:
    query = urlencode(answer.question.options(), safe="/:,.")
    return {
        "Hotspot cells (GeoJSON)": f"/ogc/collections/hotspots/items?{query}&limit=10000",
        "Counts by area (GeoJSON)": f"/ogc/collections/area-counts/items?{query}&limit=10000",
    }
