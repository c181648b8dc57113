"""`/search`: results as GeoJSON, or as a page for a browser without scripts."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request, Response

from api.addresses import own_address
from api.dependencies import HTML, AnswersDep
from api.errors import reads_pages
from api.etags import not_modified_or
from api.find.finding import PlacedResult, SearchAnswer, find
from api.find.payload import feature_collection
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.templating import templates
from api.query import QUESTION_PARAMETERS, only, whole_number
from api.settings import VERSION
from boundaries.gazetteer.folder import OpenGazetteer
from boundaries.gazetteer.folding import LONGEST_QUERY
from boundaries.gazetteer.search import LIMIT, MOST
from geo.errors import QuestionError
from geo.question.ask import Question

BOARD_ONLY: Final[tuple[str, ...]] = ("show", "at", "month", "over", "view", "mark", "present")
"""Parameters of the board's address that its box passes on, and that say nothing to a search."""

_MAP_PIXELS: Final = 600
"""About how wide and high the map of a board is that is opened by a link."""

_GEOJSON: Final = "application/geo+json"
_FORMATS: Final = ("json", "html")

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/search")
def search_page(request: Request, answers: AnswersDep) -> Response:
    """What a text names: an area, a place, a street, a postcode, a position."""
    gazetteer: OpenGazetteer = request.app.state.gazetteer
    is_page = reads_pages(request.headers, request.query_params)

    def make() -> Response:
        options = only(request, ("q", "limit", "f", *QUESTION_PARAMETERS, *BOARD_ONLY))
        if options.pop("f", "json") not in _FORMATS:
            raise QuestionError("f", f"unknown format; choose from: {', '.join(_FORMATS)}")
        text = options.pop("q", "")
        if len(text) > LONGEST_QUERY:
            raise QuestionError("q", f"is longer than {LONGEST_QUERY} characters")
        most = whole_number(options, "limit", default=MOST, lowest=1, highest=LIMIT)
        options.pop("limit", None)
        board = {name: options.pop(name) for name in BOARD_ONLY if name in options}
        question = Question.read(options)
        answer = find(answers, gazetteer, text, question, most=most)
        if is_page:
            return Response(_page(answer, question, board), media_type=HTML)
        return Response(orjson.dumps(feature_collection(answer)), media_type=_GEOJSON)

    response = not_modified_or(
        request,
        answers,
        make,
        media_type=HTML if is_page else _GEOJSON,
        setting=gazetteer.state(),
    )
    response.headers["vary"] = "accept"
    return response


def _page(answer: SearchAnswer, question: Question, board: dict[str, str]) -> str:
    look = ("at", "view", "mark", "present")
    own = question.options() | {name: text for name, text in board.items() if name not in look}
    return templates.get_template("find.html").render(
        answer=answer,
        question=question,
        hidden=own,
        links=[board_address(result, own) for result in answer.results],
        back=own_address(f"/?{urlencode(own)}" if own else "/"),
        most=LONGEST_QUERY,
        version=VERSION,
    )


def board_address(result: PlacedResult, options: dict[str, str]) -> str:
    """The board at a result: with its own story, else with its map there and a mark on it."""
    look = {"at": result.at}
    if not result.at:
        look = {"view": result.view(_MAP_PIXELS), "mark": result.mark}
    return own_address(f"/?{urlencode({**options, **look}, safe='/:,.')}")
