"""The state of the board page, as its address records it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from api.maps.modes import DEFAULT_MODE, map_mode
from geo.errors import QuestionError
from geo.question.accounts import Compared
from geo.question.ask import Question

VIEW_OPTIONS = ("show", "at", "month", "over")
"""Parameters of the address besides the Question's own."""


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
    """

    question: Question
    mode: str = DEFAULT_MODE
    at: str = ""
    month: str = ""
    over: str = ""

    @classmethod
    def read(cls, options: dict[str, str]) -> BoardView:
        """Read the parameters of an address.

        Raises
        ------
        QuestionError
            If a parameter, the map mode or the month is unknown.
        """
        mode, at, month, over = (options.pop(name, "") for name in VIEW_OPTIONS)
        compares = map_mode(mode or DEFAULT_MODE).compares
        if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise QuestionError("month", f"{month!r} is not a month; write it as 2024-03")
        question = Question.read(options)
        # Someone who stops comparing on the form still sends the mode that compared.
        if compares and not question.compare:
            mode = ""
        return cls(question, mode or DEFAULT_MODE, at, month, over)

    def options(self, **others: str) -> dict[str, str]:
        """The parameters of its address; `others` replace some of them."""
        mode = self.mode if self.mode != DEFAULT_MODE else ""
        own = {"show": mode, "at": self.at, "month": self.month, "over": self.over}
        options = self.question.options() | own | others
        return {name: text for name, text in options.items() if text}

    def address(self, path: str = "", **others: str) -> str:
        """Its address; `others` replace some of its parameters."""
        return f"{path}?{urlencode(self.options(**others), safe='/:,.')}"

    def without(self, place: str) -> str:
        """Its address with one more place left out."""
        places = sorted({*self.question.without, place})
        return self.address("/", at="", without=",".join(places))

    def maps(self, compared: Compared | None) -> list[dict[str, str]]:
        """The `title` and `address` of each map of the page; a single map has no title."""
        if self.mode == "pair" and compared:
            before = {"datetime": str(compared.period), "period": ""}
            plain = {"at": "", "by": "", "month": "", "show": "", "compare": ""}
            return [
                {
                    "title": f"Before: {compared.period.title}",
                    "address": self.address("/map", **(plain | before)),
                },
                {"title": "After", "address": self.address("/map", **plain)},
            ]
        if self.month:
            compare = self.question.compare if self.mode == "change" else ""
            mode = "" if self.mode in (DEFAULT_MODE, "pair") else self.mode
            month = {"datetime": self.month, "period": "", "month": ""}
            address = self.address("/map", at="", by="", show=mode, compare=compare, **month)
            return [{"title": "", "address": address}]
        return [{"title": "", "address": self.address("/map", at="", by="")}]
