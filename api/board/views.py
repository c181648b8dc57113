"""How a Question is looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup

from api.board.findings import Findings
from api.board.sections import SECTIONS
from api.errors import UNANSWERED
from api.maps.modes import COMPARING, DEFAULT_SHOW, SHOWS
from api.pages.templating import templates
from api.pages.text import (
    categories_words,
    headline,
    period_words,
    reason_of,
)
from api.settings import VERSION
from geo.errors import QuestionError
from geo.question.accounts import Compared
from geo.question.answer import Answer
from geo.question.ask import Question
from geo.question.exclusions import place_title

# Stands in a page for a section that is sent later; no escaped text can hold it.
SECTION = re.compile(r"<\?section (\w+)\?>")

YEAR = 12
VIEW_OPTIONS = ("show", "at", "month", "over")
"""What an address says beside the Question."""


@dataclass(frozen=True)
class View:
    """How a Question is looked at.

    Attributes
    ----------
    show
        What the map shows, one of `SHOWS`.
    at
        Whose story is open: a cell, a ranked place or an area.
    month
        The month that the map is narrowed to; '' for the whole period.
    over
        Another layer that the map draws too.
    """

    question: Question
    show: str = DEFAULT_SHOW
    at: str = ""
    month: str = ""
    over: str = ""

    @classmethod
    def read(cls, options: dict[str, str]) -> View:
        """Read what an address says.

        Raises
        ------
        QuestionError
            If there is no such option, way of showing or month.
        """
        show, at, month, over = (options.pop(name, "") for name in VIEW_OPTIONS)
        if show and show not in SHOWS:
            raise QuestionError("show", f"{show!r} is none of: {', '.join(SHOWS)}")
        if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise QuestionError("month", f"{month!r} is no month, write it as 2024-03")
        question = Question.read(options)
        # Nothing compared any more: the change that the map showed has gone with it.
        shown = show and not (show in COMPARING and not question.compare)
        return cls(question, show if shown else DEFAULT_SHOW, at, month, over)

    def options(self, **others: str) -> dict[str, str]:
        """What its address says, with other values for some of it."""
        show = self.show if self.show != DEFAULT_SHOW else ""
        view = {"show": show, "at": self.at, "month": self.month, "over": self.over}
        told = self.question.options() | view | others
        return {name: text for name, text in told.items() if text}

    def maps(self, compared: Compared | None) -> list[dict[str, str]]:
        """The maps of the page, each with its title, if there are several, and its address."""
        if self.show == "pair" and compared:
            span = {"datetime": str(compared.period), "period": ""}
            return [
                {"title": f"Before: {compared.period.title}", "address": self._map(**span)},
                {"title": "After", "address": self._map()},
            ]
        if self.month:
            compare: str = self.question.compare if self.show == "change" else ""
            narrowed = {"datetime": self.month, "period": "", "compare": compare}
            return [{"title": "", "address": self._map(**narrowed)}]
        return [{"title": "", "address": self.address("/map", at="", by="")}]

    def _map(self, **others: str) -> str:
        show = "" if self.show == "pair" else self.show
        kept = {"at": "", "by": "", "month": "", "show": "" if show == DEFAULT_SHOW else show}
        if self.show == "pair":
            kept["compare"] = ""
        return self.address("/map", **(kept | others))

    def address(self, path: str = "", **others: str) -> str:
        """Its address, with other values for some of it."""
        return f"{path}?{urlencode(self.options(**others), safe='/:,.')}"

    def without(self, place: str) -> str:
        """Its address with one more place left out."""
        places = sorted({*self.question.without, place})
        return self.address("/", at="", without=",".join(places))


def page_facts(findings: Findings, view: View) -> dict[str, Any]:
    """What the page and each of its sections are told."""
    answer = findings.answer
    shown = answer.hotspots["class"]
    return {
        "version": VERSION,
        "view": view,
        "linked": True,
        "question": findings.question,
        "answer": answer,
        "accounts": answer.accounts,
        "compared": answer.accounts.compared,
        "headline": headline(answer),
        "categories": categories_words(answer),
        "period": period_words(answer),
        "shown": int(answer.area_counts["n"].sum()),
        "hot": int(shown.str.startswith("hot").sum()),
        "areas_shown": len(answer.area_counts),
        "left_out": [place_title(place) for place in findings.question.without],
        "unit": "harm" if answer.harm else "incidents",
        "credits": answer.accounts.attribution,
        "map_address": view.address("/map", at="", by="", month=""),
        "maps": view.maps(answer.accounts.compared),
        "months": _months(answer),
    }


def render_section(name: str, findings: Findings, facts: Mapping[str, Any]) -> Markup:
    """One section of a page; one that the data cannot fill says why."""
    template = templates.get_template(f"board_{name}.html")
    try:
        told = {"reason": "", **SECTIONS[name](findings)}
    except UNANSWERED as refusal:
        told = {"reason": reason_of(refusal)}
    return Markup(template.render({**facts, **told}))  # noqa: S704 - escaped by its template


def _months(answer: Answer) -> list[str]:
    """The months that the map can show by themselves: those of the period, or of the last year."""
    accounts = answer.accounts
    if accounts.period.is_whole_months and len(accounts.months_published) > 1:
        return accounts.months_published
    known = [month for month in answer.published if month <= accounts.period.months[-1]]
    return known[-YEAR:] if len(known) > 1 else []
