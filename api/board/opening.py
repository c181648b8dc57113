"""How an address is opened: what it leaves out is filled in, what it asks in vain is explained."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from fastapi import Response

from api.answers import Answers
from api.board.variables import bar_variables
from api.board.view import PAGE_OPTIONS, BoardView
from api.dependencies import HTML
from api.errors import status_of
from api.pages.bar import chosen_layer, folded, opening_period
from api.pages.templating import templates
from api.pages.text import reason_of
from api.query import QUESTION_PARAMETERS
from api.settings import VERSION
from geo.cells import MOST_CELLS, finest_width
from geo.errors import PatchmapError, QuestionError
from geo.question.ask import Question


def opening_view(answers: Answers, fields: list[tuple[str, str]]) -> BoardView:
    """The view of an address, with the board's defaults.

    A bare address is compared with the period before: what has changed lately is what a meeting
    asks first. Where that would leave out what only one of the periods covers, such as a source
    that has just begun, it is not compared: nobody would look for its incidents.

    Raises
    ------
    QuestionError
        If a field is unknown or has an unknown value.
    """
    view = BoardView.read(folded(fields))
    dated = replace(view, question=_with_period(answers, view.question))
    if set(view.options()) - set(PAGE_OPTIONS) or not dated.options():
        return dated
    compared = replace(dated.question, compare="previous")
    try:
        # Of the cells that the page will show, so that it need not ask anew.
        shown, _ = fitted_view(answers, replace(dated, question=compared))
        account = answers.ask(shown.question).accounts.compared
    except PatchmapError:
        return dated
    if account and account.left_out:
        return dated
    return replace(dated, question=compared)


SCREEN_CELLS: Final = 50_000
"""The most cells where the board chooses their width: over a country each is a few pixels wide."""


@dataclass(frozen=True)
class WiderCells:
    """What the board says where it shows wider cells than an address asks for.

    Attributes
    ----------
    requested, most
        The width that was asked for, in metres, and the most cells of a study area.
    smaller
        Whether the store has other layers, one of which may be smaller.
    """

    requested: int
    most: int
    smaller: bool


def fitted_view(answers: Answers, view: BoardView) -> tuple[BoardView, WiderCells | None]:
    """The view with cells that its study area allows, where those asked for are finer.

    Someone who opens the board of a whole country has chosen no cells, and a page about wider
    ones is more use than a refusal. Known before any incident is read.
    """
    question, snapshot = view.question, answers.snapshot()
    areas = snapshot.areas_or_none(question.study or chosen_layer(snapshot, question))
    if areas is None or not len(areas):
        return view, None  # the answer says why there is none
    west, south, east, north = areas.total_bounds.tolist()
    bounds = (west, south, east, north)
    if question.cell >= finest_width(bounds, question.shape):
        return view, None
    width = finest_width(bounds, question.shape, most=SCREEN_CELLS)
    widened = WiderCells(question.cell, MOST_CELLS, smaller=len(snapshot.choices()) > 1)
    return replace(view, question=replace(question, cell=width)), widened


@dataclass(frozen=True)
class RefusedOption:
    """An option of an address that is not applied, with what was written and why."""

    option: str
    value: str
    reason: str


def standing_view(
    answers: Answers, fields: list[tuple[str, str]]
) -> tuple[BoardView, WiderCells | None, list[RefusedOption]]:
    """The view of an address as `fitted_view`, without the options that are refused.

    A slip in one option, or one that these data cannot answer, leaves the rest of the page
    standing, with the reason at its form.

    Raises
    ------
    PatchmapError
        If nothing can be answered whatever is left out.
    """
    refused: list[RefusedOption] = []
    given = folded(fields)
    while True:
        try:
            view, widened = fitted_view(answers, opening_view(answers, list(given.items())))
            answers.ask(replace(view.narrowed, by=""))
        except QuestionError as error:
            options = _refused_by(error, given)
            if not options:
                raise
            value = " to ".join(given.pop(name) for name in options)
            refused.append(RefusedOption(" and ".join(options), value, reason_of(error)))
        else:
            return view, widened, refused


def _refused_by(error: QuestionError, given: dict[str, str]) -> list[str]:
    """The options of an address that an error is about; none where it names none of them."""
    if error.option in ("datetime", "period") and "month" in given:
        return ["month"]
    if error.option in given:
        return [error.option]
    written_as = {"datetime": ("from", "to"), "from and to": ("from", "to")}
    return [name for name in written_as.get(error.option, ()) if name in given]


def readable_view(answers: Answers, fields: list[tuple[str, str]]) -> BoardView:
    """The view without the options that are refused, so that the form keeps the rest."""
    options = {name: text for name, text in folded(fields).items() if name in QUESTION_PARAMETERS}
    while True:
        try:
            question = Question.read(options)
            break
        except QuestionError as error:
            if options.pop(error.option, None) is None:
                question = Question()
                break
    return BoardView(_with_period(answers, question))


def _with_period(answers: Answers, question: Question) -> Question:
    if question.period:
        return question
    return replace(question, period=opening_period(answers.snapshot(), question))


def refusal_page(answers: Answers, view: BoardView, error: PatchmapError) -> Response:
    """The form of a view with the reason why its Question has no answer."""
    text = templates.get_template("board.html").render(
        version=VERSION,
        view=view,
        question=view.question,
        answer=None,
        error=error,
        **bar_variables(answers, view, view.question),
    )
    return Response(text, status_code=status_of(error), media_type=HTML)
