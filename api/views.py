"""How a Question is looked at, and the templates that show it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from api.findings import Findings
from api.sections import SECTIONS
from api.settings import VERSION
from api.shows import DEFAULT_SHOW, SHOWS
from api.words import (
    CHANGE_WORDS,
    categories_words,
    headline,
    hours_words,
    percent,
    period_words,
    reason_of,
    signed,
)
from geo.errors import PatchmapError, QuestionError
from geo.incidents import category_title
from geo.leave_out import place_title
from geo.question import Question

# Stands in a page for a section that is sent later; no escaped text can hold it.
SECTION = re.compile(r"<\?section (\w+)\?>")

templates = Environment(
    loader=PackageLoader("api"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_FILTERS: dict[str, Any] = {
    "thousands": lambda number: f"{number:,.0f}",
    "title_of": category_title,
    "signed": signed,
    "percent": percent,
}
templates.filters |= _FILTERS
templates.globals |= {
    "section": lambda name: Markup("<?section {}?>").format(name),
    "change_words": CHANGE_WORDS,
    "hours_words": hours_words,
}


@dataclass(frozen=True)
class View:
    """How a Question is looked at: what the map shows, and whose story is open."""

    question: Question
    show: str = DEFAULT_SHOW
    at: str = ""

    @classmethod
    def read(cls, options: dict[str, str]) -> View:
        """Read what an address says.

        Raises
        ------
        QuestionError
            If there is no such option or way of showing.
        """
        show, at = options.pop("show", DEFAULT_SHOW), options.pop("at", "")
        if show not in SHOWS:
            raise QuestionError("show", f"{show!r} is none of: {', '.join(SHOWS)}")
        question = Question.read(options)
        # Nothing compared any more: the change that the map showed has gone with it.
        return cls(
            question, DEFAULT_SHOW if show == "change" and not question.compare else show, at
        )

    def options(self, **others: str) -> dict[str, str]:
        """What its address says, with other values for some of it."""
        view = {"show": self.show if self.show != DEFAULT_SHOW else "", "at": self.at}
        told = self.question.options() | view | others
        return {name: text for name, text in told.items() if text}

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
        "map_address": view.address("/map", at="", by=""),
    }


def render_section(name: str, findings: Findings, facts: Mapping[str, Any]) -> Markup:
    """One section of a page; one that the data cannot fill says why."""
    template = templates.get_template(f"board_{name}.html")
    try:
        told = {"reason": "", **SECTIONS[name](findings)}
    except PatchmapError as refusal:
        told = {"reason": reason_of(refusal)}
    return Markup(template.render({**facts, **told}))  # noqa: S704 - escaped by its template
