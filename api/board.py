"""The tasking board: one page about one Question, and its map in a frame of its own.

The page is sent piece by piece: its question, headline and map at once, each section when it has
been worked out. A section that the data cannot fill says why.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from markupsafe import Markup

from api.answers import Answers
from api.asking import answers_of
from api.bar import bar, folded, opening_period
from api.brief import BRIEF_POLICY, brief_page
from api.collection_links import GEOJSON
from api.collections import items_of, members_of
from api.encoding import feature_collection, to_csv, to_table
from api.errors import UNANSWERED, status_of
from api.etags import not_modified_or
from api.findings import Findings
from api.ground import Ground, own_ground
from api.map_pages import MapPage
from api.maps import draw
from api.query import only
from api.settings import VERSION, Settings
from api.shows import COMPARING, DEFAULT_SHOW, SHOWS
from api.stories import story_of
from api.views import SECTION, VIEW_OPTIONS, View, page_facts, render_section, templates
from api.words import reason_of
from geo.analyses import ANALYSES
from geo.errors import NotFoundError, PatchmapError, QuestionError
from geo.leave_out import place_title
from geo.options import OPTIONS
from geo.question import Question

HTML = "text/html; charset=utf-8"
router = APIRouter()
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
    given = dict(request.query_params)
    try:
        view = View.read(folded(request.query_params.multi_items()))
    except PatchmapError as error:
        return _refusal(answers, View(_dated(answers, _readable(request))), error)
    view = _opened(answers, view)
    if view.options() != given or len(given) < len(request.query_params.multi_items()):
        return RedirectResponse(view.address() if view.options() else "/", 303)
    return not_modified_or(request, answers, lambda: _page(answers, view), media_type=HTML)


@router.get("/story")
def story(request: Request, answers: Held) -> Response:
    """The story of one cell, place or area, as a part of the board."""

    def part() -> Response:
        view = View.read(only(request, (*_NAMES, *VIEW_OPTIONS)))
        findings = _findings(answers, view.question)
        return Response(_story(findings, view), media_type=HTML)

    return not_modified_or(request, answers, part, media_type=HTML)


@router.get("/map")
def map_page(request: Request, answers: Held, settings: Set) -> Response:
    """The folium map of a Question, a page of its own with its own content policy."""
    own = own_ground(request)

    def page() -> Response:
        try:
            drawn = _drawn(request, answers, own.under(answers.snapshot(), settings.tiles))
        except PatchmapError as refusal:
            # It is read in a frame, by people.
            text = templates.get_template("map_refusal.html").render(reason=reason_of(refusal))
            return Response(text, status_code=status_of(refusal), media_type=HTML)
        return Response(
            drawn.html, media_type=HTML, headers={"content-security-policy": drawn.policy}
        )

    return not_modified_or(request, answers, page, media_type=HTML, setting=own.key(settings.tiles))


def _drawn(request: Request, answers: Answers, ground: Ground) -> MapPage:
    options = only(request, (*_NAMES, "show", "over"))
    show, over = options.pop("show", DEFAULT_SHOW), options.pop("over", "")
    findings = _findings(answers, Question.read(options))
    snapshot = answers.snapshot()
    return draw(
        findings.answer,
        projection=snapshot.projection,
        painting=findings.painting(show),
        places=findings.places,
        ground=ground,
        over=snapshot.layer(over) if over else None,
        rounds=findings.rounds if show == "patrols" else None,
    )


@router.get("/brief.html")
def brief(request: Request, answers: Held) -> Response:
    """The board as one file to print, keep or send."""

    def page() -> Response:
        view = View.read(only(request, (*_NAMES, *VIEW_OPTIONS)))
        text = brief_page(_findings(answers, view.question), view)
        headers = {
            "content-security-policy": BRIEF_POLICY,
            "content-disposition": 'attachment; filename="brief.html"',
        }
        return Response(text, media_type=HTML, headers=headers)

    return not_modified_or(request, answers, page, media_type=HTML)


@router.get("/download/{name}.{ending}")
def download(request: Request, answers: Held, name: str, ending: str) -> Response:
    """A whole answer as a file: a layer as `.geojson` or `.csv`, a table as `.json` or `.csv`."""
    analysis = DOWNLOADS.get(name)
    if analysis is None or ending not in ("csv", "geojson" if analysis.collection else "json"):
        raise NotFoundError(f"there is no download {name}.{ending}")
    query = only(request, _NAMES)
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
    if question.datetime or question.period:
        return question
    return replace(question, period=opening_period(answers.snapshot(), question))


def _readable(request: Request) -> Question:
    """What can be kept of a Question that is refused, so that the form remembers it."""
    given = folded(request.query_params.multi_items())
    options = {name: text for name, text in given.items() if name in _NAMES}
    while True:
        try:
            return Question.read(options)
        except QuestionError as error:
            if options.pop(error.option, None) is None:
                return Question()


def _findings(answers: Answers, question: Question) -> Findings:
    return answers.keep(f"findings?{question.query()}", lambda _: Findings(answers, question))


def _page(answers: Answers, view: View) -> Response:
    """The board of a Question; with the reason and the form alone where it has no answer."""
    try:
        findings = _findings(answers, view.question)
    except PatchmapError as error:
        return _refusal(answers, view, error)
    common = page_facts(findings, view)
    text = templates.get_template("board.html").render(
        bar=bar(answers.snapshot(), findings.question),
        error=None,
        shows=_shows(findings, view),
        limits=_limits(view),
        story=_story(findings, view) if view.at else "",
        **common,
    )
    return StreamingResponse(_pieces(text, findings, common), media_type=HTML)


def _pieces(text: str, findings: Findings, common: dict[str, Any]) -> Iterator[str]:
    """The page piece by piece: what stands between the sections, and each of them when made."""
    between, *rest = SECTION.split(text)
    yield between
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
