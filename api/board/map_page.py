"""The map of a Question as a page of its own, which the board shows in a frame."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request, Response

from api.answers import Answers
from api.basemap.sources import Basemaps, basemaps_of
from api.board.findings import cached_findings
from api.board.view import BEFORE, BoardView
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.answer_map import draw
from api.maps.modes import DEFAULT_MODE, paint
from api.maps.pages import MapPage, map_response
from api.query import QUESTION_PARAMETERS, only
from api.settings import Settings, TileServer
from geo.question.ask import Question

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/map")
def map_page(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The folium map of a Question, with its own content policy."""
    basemap = basemaps_of(request)

    def draw_page() -> MapPage:
        options = only(request, (*QUESTION_PARAMETERS, "show", "over"))
        return _cached_map(answers, options, basemap, settings.tiles)

    return not_modified_or(
        request,
        answers,
        lambda: map_response(draw_page),
        media_type=HTML,
        setting=basemap.key(settings.tiles),
    )


def draw_maps(answers: Answers, basemaps: Basemaps, settings: Settings, view: BoardView) -> None:
    """Draw the maps of a board before its frames ask for them.

    Raises
    ------
    PatchmapError
        If a map cannot be drawn.
    """
    accounts = cached_findings(answers, view.narrowed).answer.accounts
    for frame in view.maps(accounts):
        options = dict(parse_qsl(urlsplit(frame["address"]).query))
        _cached_map(answers, options, basemaps, settings.tiles)


def _cached_map(
    answers: Answers,
    options: Mapping[str, str],
    basemap: Basemaps,
    server: TileServer | None,
) -> MapPage:
    """The map of an address, drawn once for each version of the data."""
    key = f"map?{urlencode(options)} {basemap.key(server)}"
    return answers.cached(key, lambda _: _draw(answers, dict(options), basemap, server))


def _draw(
    answers: Answers, options: dict[str, str], basemap: Basemaps, server: TileServer | None
) -> MapPage:
    mode, over = options.pop("show", DEFAULT_MODE), options.pop("over", "")
    findings = cached_findings(answers, Question.read(options))
    snapshot = answers.snapshot()
    before = mode == BEFORE
    return draw(
        findings.before if before else findings.answer,
        projection=snapshot.projection,
        painting=paint(DEFAULT_MODE, findings.before) if before else findings.painting(mode),
        # The places of the page on either map: their numbers are those of its cards and tables.
        places=findings.places,
        basemap=basemap.under(snapshot, server),
        over=findings.overlays(over, snapshot),
        patrols=findings.patrols if mode == "patrols" else None,
    )
