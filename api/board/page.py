"""The tasking board: one page about one Question, with its map in a frame.

The page is streamed: its headline and the frame of the map at once, then each section as soon as
it is computed. A section that the data cannot fill says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from api.answers import Answers
from api.basemap.sources import basemaps_of
from api.board.findings import Findings, cached_findings
from api.board.lasting import edition
from api.board.map_page import draw_maps
from api.board.opening import (
    RefusedOption,
    opening_view,
    readable_view,
    refusal_page,
    standing_view,
)
from api.board.sections import WHOLE_PERIOD, WITH_TASKS, explain, render_or_explain
from api.board.stories import render_story_or_explain
from api.board.tasks import may_decide, meeting_of
from api.board.variables import bar_variables, page_variables
from api.board.view import BoardView
from api.calls import OverdueError
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.templating import SECTION_MARK, templates
from api.pages.text import reason_of
from api.retries import made_of_one_state
from geo.checkpoints import checkpoint
from geo.errors import PatchmapError, QuestionError
from geo.question.store_settings import london_day

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/")
def board(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The board. A form's fields are redirected to the address of their Question."""
    fields = request.query_params.multi_items()
    try:
        view = opening_view(answers, fields)
    except PatchmapError:
        view = None
    if view and (view.options() != dict(fields) or len(dict(fields)) < len(fields)):
        return RedirectResponse(view.address() if view.options() else "/", 303)

    origin = str(request.base_url).rstrip("/")
    draw = partial(draw_maps, answers, basemaps_of(request), settings)

    def page() -> Response:
        try:
            opened = made_of_one_state(lambda: open_board(answers, fields, origin))
        except PatchmapError as error:
            return refusal_page(answers, readable_view(answers, fields), error)
        status = 400 if opened.shared["refused"] else 200
        return StreamingResponse(board_parts(opened, draw), status_code=status, media_type=HTML)

    # The presentation begins with the news of tasks, and is sent when the ETag is already.
    setting = f"{edition()} {london_day()}"
    return not_modified_or(
        request, answers, page, media_type=HTML, setting=setting, reads=("tasks",)
    )


class OpenedBoard(NamedTuple):
    """A board whose first screen is worked out.

    Attributes
    ----------
    view
        What it shows.
    text
        The page, with a mark for each of its sections.
    results
        What a section presents, by its name; '' is that of all others.
    shared
        The variables of all sections.
    tasks
        What names the state of the tasks, which sections may show beside their results.
    """

    view: BoardView
    text: str
    results: Mapping[str, Findings]
    shared: Mapping[str, object]
    tasks: str


def open_board(answers: Answers, fields: list[tuple[str, str]], origin: str = "") -> OpenedBoard:
    """Work out the first screen of an address.

    Parameters
    ----------
    fields
        The parameters of the address.
    origin
        The scheme and host of the service, for links that are copied.

    Raises
    ------
    PatchmapError
        If nothing can be answered.
    """
    view, widened, refused = standing_view(answers, fields)
    findings, snapshot = cached_findings(answers, view.narrowed), answers.snapshot()
    try:
        meeting = meeting_of(snapshot, view.meeting)
    except QuestionError as error:
        refused.append(RefusedOption(error.option, view.meeting, reason_of(error)))
        view, meeting = replace(view, meeting=""), None
    with findings.computing(f"headline {view.address()}"):
        shared = page_variables(findings, view) | {
            "origin": origin,
            "take_snapshot": answers.snapshot,
            "meeting": meeting,
            "may_decide": may_decide(),
            "widened": widened,
            "refused": {one.option: one for one in refused},
        }
    with findings.computing(f"story {view.address()}"):
        story = render_story_or_explain(findings, view, snapshot) if view.at else ""
    bar = bar_variables(answers, view, view.question)
    text = templates.get_template("board.html").render(error=None, story=story, **shared, **bar)
    whole = findings
    if view.month:
        with suppress(PatchmapError):  # a month may have data where its period has none
            whole = cached_findings(answers, view.question)
    results = {"": findings, **dict.fromkeys(WHOLE_PERIOD, whole)}
    return OpenedBoard(view, text, results, shared, f"{snapshot.state['tasks']} {london_day()}")


def board_parts(board: OpenedBoard, draw: Callable[[BoardView], None]) -> Iterator[str]:
    """Yield the page in parts, each section rendered when its turn comes; `draw` draws the maps.

    The maps are drawn before the sections: people look at them first, and one processor working
    on both at once would make both late.
    """
    start, *rest = SECTION_MARK.split(board.text)
    yield start
    with suppress(Exception):  # the frame of the map asks again, and says why
        draw(board.view)
    with suppress(OverdueError):  # who waits reads that in the place of each section
        checkpoint()  # what nobody waits for any more stops all the same
    for name, following in zip(rest[::2], rest[1::2], strict=True):
        yield _section(board, name)
        yield following


def _section(board: OpenedBoard, name: str) -> str:
    """A section, rendered once for all who look at one board."""
    findings = board.results.get(name, board.results[""])
    begun, shared = edition(), board.shared

    def render() -> str:
        try:
            with findings.computing(name):
                return str(render_or_explain(name, findings, shared))
        except OverdueError as late:
            return str(explain(name, late, shared))

    def lasts() -> bool:
        return edition() == begun  # which ends when a section fails

    if shared["refused"]:
        return render()  # what was refused is not part of the address

    # What follows from tasks is no part of what is worked out for an Answer.
    key: tuple[object, ...] = (name, board.view.address(), shared["origin"], begun)
    if name in WITH_TASKS:
        key = (*key, board.tasks, shared["may_decide"])
    return findings.text(key, render, lasts=lasts)
