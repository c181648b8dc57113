"""The state of the board page, as its address records it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from api.addresses import own_address
from api.board.headline import span_title
from api.maps.modes import DEFAULT_MODE, map_mode
from geo.errors import QuestionError
from geo.period import Interval
from geo.question.accounts import Accounts
from geo.question.ask import Question

VIEW_OPTIONS = ("show", "at", "month", "over", "view", "mark", "present", "meeting")
"""Parameters of the address besides the Question's own."""

PAGE_OPTIONS = ("at", "view", "mark", "present", "meeting")
"""Those that say how the page is looked at: a map, a file or another page has none of them."""

BEFORE = "before"
"""What a map shows of the compared period, beside the map of the period; `show` in its address."""

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_VIEW = re.compile(r"-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?,\d{1,2}(\.\d+)?")
_AT = r"-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?"
_MARK = re.compile(rf"{_AT}(,{_AT})?:[^\x00-\x1f]{{1,100}}")
_STEP = re.compile(r"[1-9]\d{0,2}")
_MEETING = re.compile(r"M-\d{4,8}")


@dataclass(frozen=True)
class BoardView:
    """A Question and how the page presents it.

    Attributes
    ----------
    mode
        What the map shows, one of `MAP_MODES`; `show` in the address.
    at
        The id of the cell, ranked place or area whose story is open.
    month
        The month that the map is limited to; '' for the whole period.
    over
        The id of another layer drawn over the map.
    view
        Latitude, longitude and zoom of the map; '' where it shows all areas.
    mark
        A place that was looked for: latitude and longitude of its point, or of two corners of its
        box, and its name; '' where none is marked.
    present
        The step of the presentation; '' for the board.
    meeting
        The id of the meeting in which the board is looked at; '' outside of any.
    """

    question: Question
    mode: str = DEFAULT_MODE
    at: str = ""
    month: str = ""
    over: str = ""
    view: str = ""
    mark: str = ""
    present: str = ""
    meeting: str = ""

    @classmethod
    def read(cls, options: dict[str, str]) -> BoardView:
        """Read the parameters of an address.

        Raises
        ------
        QuestionError
            If a parameter, the map mode or the month is unknown.
        """
        mode, at, month, over, view, mark, present, meeting = (
            options.pop(name, "") for name in VIEW_OPTIONS
        )
        compares = map_mode(mode or DEFAULT_MODE).compares
        for name, text, form, example in (
            ("month", month, _MONTH, "is not a month; write it as 2024-03"),
            ("view", view, _VIEW, "is not a view; write latitude,longitude,zoom: 52.92,-1.47,13"),
            ("mark", mark, _MARK, "is not a mark; write latitude,longitude:name"),
            ("present", present, _STEP, "is not a step; write 1 for the first"),
            ("meeting", meeting, _MEETING, "is not a meeting; write its id, such as M-0005"),
        ):
            if text and not form.fullmatch(text):
                raise QuestionError(name, f"{text!r} {example}")
        question = Question.read(options)
        # Someone who stops comparing on the form still sends the mode that compared.
        if compares and not question.compare:
            mode = ""
        mode = mode or DEFAULT_MODE
        return cls(question, mode, at, month, over, view, mark, present, meeting)

    @property
    def narrowed(self) -> Question:
        """The Question that every part of the page answers: of the month, where one is chosen."""
        if not self.month:
            return self.question
        return replace(self.question, period=Interval.read(self.month))

    def options(self, **others: str) -> dict[str, str]:
        """The parameters of its address; `others` replace some of them."""
        mode = self.mode if self.mode != DEFAULT_MODE else ""
        own = {
            "show": mode,
            "at": self.at,
            "month": self.month,
            "over": self.over,
            "view": self.view,
            "mark": self.mark,
            "present": self.present,
            "meeting": self.meeting,
        }
        options = self.question.options() | own | others
        return {name: text for name, text in options.items() if text}

    def address(self, path: str = "", **others: str) -> str:
        """Its address; `others` replace some of its parameters.

        Another page is no step of the presentation, and another place is shown where it lies.
        """
        dropped = {"present": ""} if others else {}
        if "at" in others:
            dropped |= {"view": "", "mark": ""}
        query = urlencode(self.options(**(dropped | others)), safe="/:,.")
        return f"{own_address(path) if path else ''}?{query}"

    def without(self, place: str) -> str:
        """Its address with one more place left out."""
        places = sorted({*self.question.without, place})
        return self.address("/", at="", without=",".join(places))

    def map_address(self, **others: str) -> str:
        """The address of its map; `others` replace some of its parameters."""
        question = self.narrowed.options()
        period = {name: question.get(name, "") for name in ("period", "datetime")}
        plain = dict.fromkeys((*PAGE_OPTIONS, "by", "month"), "")
        return self.address("/map", **(plain | period | others))

    def maps(self, accounts: Accounts) -> list[dict[str, str]]:
        """The `title` and `address` of each map of the page; a single map has no title."""
        if self.mode == "pair" and accounts.compared:
            return [
                {
                    "title": f"Before: {span_title(accounts.compared.period)}",
                    "address": self.map_address(show=BEFORE),
                },
                {
                    "title": f"After: {span_title(accounts.period)}",
                    "address": self.map_address(show=""),
                },
            ]
        # Of a month too it compares as the page does: so both are made of one Answer.
        return [{"title": "", "address": self.map_address()}]
