"""The tasking board: one page about one Question, with its map in a frame.

The page is streamed: its headline and the frame of the map at once, then each section as soon as
it is computed. A section that the data cannot fill says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from api.board.findings import Findings, cached_findings
from api.board.lasting import edition
from api.board.map_page import draw_maps
from api.board.opening import opening_view, readable_view, refusal_page, standing_view
from api.board.sections import WHOLE_PERIOD, render_or_explain
from api.board.stories import render_story_or_explain
from api.board.variables import Variables, bar_variables, page_variables
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.pages.templating import SECTION_MARK, templates
from geo.checkpoints import checkpoint
from geo.errors import PatchmapError

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

    def page() -> Response:
        try:
            shown, widened, refused = standing_view(answers, fields)
            findings = cached_findings(answers, shown.narrowed)
            with findings.computing(f"headline {shown.address()}"):
                shared = page_variables(findings, shown) | {
                    "origin": origin,
                    "widened": widened,
                    "refused": {one.option: one for one in refused},
                }
        except PatchmapError as error:
            return refusal_page(answers, readable_view(answers, fields), error)
        with findings.computing(f"story {shown.address()}"):
            story = render_story_or_explain(findings, shown) if shown.at else ""
        text = templates.get_template("board.html").render(
            error=None,
            story=story,
            **shared,
            **bar_variables(answers, shown, shown.question),
        )
        whole = findings
        if shown.month:
            with suppress(PatchmapError):  # a month may have data where its period has none
                whole = cached_findings(answers, shown.question)

        def draw() -> None:
            draw_maps(request, answers, settings, shown)

        parts = _parts(
            text, {"": findings, **dict.fromkeys(WHOLE_PERIOD, whole)}, shared, draw=draw
        )
        return StreamingResponse(parts, status_code=400 if refused else 200, media_type=HTML)

    return not_modified_or(request, answers, page, media_type=HTML, setting=edition())


def _parts(
    text: str, results: Mapping[str, Findings], shared: Variables, *, draw: Callable[[], None]
) -> Iterator[str]:
    """Yield the page in parts, each section rendered when its turn comes.

    `results` are what a section presents, by its name; '' is that of all others.

    The maps are drawn before the sections: people look at them first, and one processor working
    on both at once would make both late.
    """
    start, *rest = SECTION_MARK.split(text)
    yield start
    with suppress(Exception):  # the frame of the map asks again, and says why
        draw()
    checkpoint()  # what nobody waits for any more stops all the same
    for name, following in zip(rest[::2], rest[1::2], strict=True):
        findings = results.get(name, results[""])
        with findings.computing(name):
            section = str(render_or_explain(name, findings, shared))
        yield section
        yield following
