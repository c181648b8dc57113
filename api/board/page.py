"""The tasking board: one page about one Question, and its map in a frame of its own.

The page is sent piece by piece: its question, headline and map at once, each section when it has
been worked out. A section that the data cannot fill says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from markupsafe import Markup

from api.answers import Answers
from api.board.brief import BRIEF_POLICY, brief_page
from api.board.findings import Findings
from api.board.stories import story_of
from api.board.views import SECTION, VIEW_OPTIONS, View, page_facts, render_section
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.errors import UNANSWERED, status_of
from api.etags import not_modified_or
from api.maps.answer_map import draw
from api.maps.basemap import OwnGround, own_ground
from api.maps.modes import COMPARING, DEFAULT_SHOW, SHOWS
from api.maps.pages import MapPage
from api.pages.bar import bar, folded, opening_period
from api.pages.templating import templates
from api.pages.text import reason_of
from api.query import QUESTION_PARAMETERS, only
from api.settings import VERSION, Settings
from geo.errors import PatchmapError, QuestionError
from geo.question.ask import Question
from geo.question.exclusions import place_title

router = APIRouter()


@router.get("/")
def board(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The board. Its address is its Question: what a form sends is written out and redirected."""
    given = dict(request.query_params)
    try:
        view = View.read(folded(request.query_params.multi_items()))
    except PatchmapError as error:
        return _refusal(answers, View(_dated(answers, _readable(request))), error)
    view = _opened(answers, view)
    if view.options() != given or len(given) < len(request.query_params.multi_items()):
        return RedirectResponse(view.address() if view.options() else "/", 303)
    own = own_ground(request)

    def draw_maps() -> None:
        for address in (
            each["address"]
            for each in view.maps(_findings(answers, view.question).answer.accounts.compared)
        ):
            _drawn(answers, dict(parse_qsl(urlsplit(address).query)), own, settings)

    origin = str(request.base_url).rstrip("/")
    return not_modified_or(
        request, answers, lambda: _page(answers, view, draw_maps, origin), media_type=HTML
    )


@router.get("/story")
def story(request: Request, answers: AnswersDep) -> Response:
    """The story of one cell, place or area, as a part of the board."""

    def part() -> Response:
        view = View.read(only(request, (*QUESTION_PARAMETERS, *VIEW_OPTIONS)))
        findings = _findings(answers, view.question)
        return Response(_story(findings, view), media_type=HTML)

    return not_modified_or(request, answers, part, media_type=HTML)


@router.get("/map")
def map_page(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The folium map of a Question, a page of its own with its own content policy."""
    own = own_ground(request)

    def page() -> Response:
        try:
            drawn = _drawn(
                answers, only(request, (*QUESTION_PARAMETERS, "show", "over")), own, settings
            )
        except PatchmapError as refusal:
            # It is read in a frame, by people.
            text = templates.get_template("map_refusal.html").render(reason=reason_of(refusal))
            return Response(text, status_code=status_of(refusal), media_type=HTML)
        return Response(
            drawn.html, media_type=HTML, headers={"content-security-policy": drawn.policy}
        )

    return not_modified_or(request, answers, page, media_type=HTML, setting=own.key(settings.tiles))


def _drawn(
    answers: Answers, options: Mapping[str, str], own: OwnGround, settings: Settings
) -> MapPage:
    """The map that an address asks for, drawn once."""
    name = f"map?{urlencode(options)} {own.key(settings.tiles)}"
    return answers.cached(name, lambda _: _draw(answers, dict(options), own, settings))


def _draw(answers: Answers, options: dict[str, str], own: OwnGround, settings: Settings) -> MapPage:
    show, over = options.pop("show", DEFAULT_SHOW), options.pop("over", "")
    findings = _findings(answers, Question.read(options))
    snapshot = answers.snapshot()
    return draw(
        findings.answer,
        projection=snapshot.projection,
        painting=findings.painting(show),
        places=findings.places,
        ground=own.under(snapshot, settings.tiles),
        over=snapshot.layer(over) if over else None,
        rounds=findings.rounds if show == "patrols" else None,
    )


@router.get("/brief.html")
def brief(request: Request, answers: AnswersDep) -> Response:
    """The board as one file to print, keep or send."""

    def page() -> Response:
        view = View.read(only(request, (*QUESTION_PARAMETERS, *VIEW_OPTIONS)))
        text = brief_page(_findings(answers, view.question), view)
        headers = {
            "content-security-policy": BRIEF_POLICY,
            "content-disposition": 'attachment; filename="brief.html"',
        }
        return Response(text, media_type=HTML, headers=headers)

    return not_modified_or(request, answers, page, media_type=HTML)


def _opened(answers: Answers, view: View) -> View:
    """The view with what its address leaves open.

    A bare address asks what a meeting asks first: what has changed of late.
    """
    opened = replace(view, question=_dated(answers, view.question))
    if view.options() or not opened.options():
        return opened
    compared = replace(opened.question, compare="previous")
    try:
        answers.ask(compared)
    except PatchmapError:
        return opened
    return replace(opened, question=compared)


def _dated(answers: Answers, question: Question) -> Question:
    """The question with the board's own period where it names none."""
    if question.period:
        return question
    return replace(question, period=opening_period(answers.snapshot(), question))


def _readable(request: Request) -> Question:
    """What can be kept of a Question that is refused, so that the form remembers it."""
    given = folded(request.query_params.multi_items())
    options = {name: text for name, text in given.items() if name in QUESTION_PARAMETERS}
    while True:
        try:
            return Question.read(options)
        except QuestionError as error:
            if options.pop(error.option, None) is None:
                return Question()


def _findings(answers: Answers, question: Question) -> Findings:
    return answers.cached(f"findings?{question.query()}", lambda _: Findings(answers, question))


def _page(answers: Answers, view: View, draw_maps: Callable[[], None], origin: str) -> Response:
    """The board of a Question; with the reason and the form alone where it has no answer."""
    try:
        findings = _findings(answers, view.question)
    except PatchmapError as error:
        return _refusal(answers, view, error)
    common = page_facts(findings, view) | {"origin": origin}
    text = templates.get_template("board.html").render(
        bar=bar(answers.snapshot(), findings.question),
        error=None,
        shows=_shows(findings, view),
        limits=_limits(view),
        story=_story(findings, view) if view.at else "",
        **common,
    )
    pieces = _pieces(text, findings, common, draw_maps=draw_maps)
    return StreamingResponse(pieces, media_type=HTML)


def _pieces(
    text: str, findings: Findings, common: dict[str, Any], *, draw_maps: Callable[[], None]
) -> Iterator[str]:
    """The page piece by piece: what stands between the sections, and each of them when made.

    The maps are drawn before the sections: people look at them first, and one processor that
    worked on both would make both late.
    """
    between, *rest = SECTION.split(text)
    yield between
    with suppress(PatchmapError):  # the frame of the map says why
        draw_maps()
    for name, following in zip(rest[::2], rest[1::2], strict=True):
        yield str(render_section(name, findings, common))
        yield following


def _refusal(answers: Answers, view: View, error: PatchmapError) -> Response:
    text = templates.get_template("board.html").render(
        bar=bar(answers.snapshot(), view.question),
        version=VERSION,
        view=view,
        question=view.question,
        answer=None,
        error=error,
    )
    return Response(text, status_code=status_of(error), media_type=HTML)


def _story(findings: Findings, view: View) -> Markup:
    """The story that a page has open; what is asked for in vain says so."""
    try:
        told = {"reason": "", **story_of(findings, view.at)}
    except UNANSWERED as refusal:
        told = {"reason": reason_of(refusal)}
    text = templates.get_template("board_story.html").render(**page_facts(findings, view) | told)
    return Markup(text)  # noqa: S704 - escaped by its template


def _shows(findings: Findings, view: View) -> list[dict[str, object]]:
    """The ways of showing the map, each with its address; change brings what it compares with."""
    compare = findings.question.compare or "previous"
    others: dict[str, dict[str, str]] = {name: {"compare": compare} for name in COMPARING}
    others |= {"pair": {"compare": compare, "month": ""}}
    return [
        {
            "title": title,
            "now": name == view.show,
            "address": view.address(
                "/", show=name if name != DEFAULT_SHOW else "", **others.get(name, {})
            ),
        }
        for name, title in SHOWS.items()
    ]


def _limits(view: View) -> list[tuple[str, str]]:
    """What is easily overlooked in the bar, each with the address that drops it."""
    titles = {"within": "only", "study": "judged against", "by": "by"}
    options = view.options()
    found = [
        (f"{title} {options[name]}", view.address("/", at="", **{name: ""}))
        for name, title in titles.items()
        if name in options
    ]
    places = view.question.without
    for place in places:
        others = ",".join(other for other in places if other != place)
        found.append((f"without {place_title(place)}", view.address("/", at="", without=others)))
    return found
