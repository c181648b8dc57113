"""What stands at the head of the pages of areas: the form of the Question, and its address."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from fastapi import Request

from api.areas.facts import LayerFacts
from api.pages.bar import COMPARED, PERIODS, bar, folded
from api.query import QUESTION_PARAMETERS
from geo.errors import QuestionError

FORMAT: Final = "f"
"""The parameter that asks for the workbook instead of the page."""

_SHOWN: Final = ("period", "category", "compare")
"""Options that the form has a field for."""


def options_of(request: Request, *, further: Collection[str] = ()) -> dict[str, str]:
    """Read the options of a page's address; fields that a form sends empty are left out.

    Parameters
    ----------
    further
        Parameters of the page itself, which are no options of a Question.

    Raises
    ------
    QuestionError
        If a parameter is unknown.
    """
    options = folded(request.query_params.multi_items())
    for name in (FORMAT, *further):
        options.pop(name, None)
    for name in ("layer", "within", "by"):  # the path says which area, and a page has all months
        options.pop(name, None)
    unknown = [name for name in options if name not in QUESTION_PARAMETERS]
    if unknown:
        known = ", ".join(sorted({*QUESTION_PARAMETERS, FORMAT}))
        raise QuestionError(unknown[0], f"unknown parameter; choose from: {known}")
    return options


def measures_of(request: Request) -> tuple[str, ...]:
    """The ids of the measures that an address chooses for the table of a layer."""
    texts = request.query_params.getlist("measures")
    ids = [name.strip() for text in texts for name in text.split(",")]
    return tuple(dict.fromkeys(name for name in ids if name))


def wants_workbook(request: Request) -> bool:
    """Whether an address asks for the workbook.

    Raises
    ------
    QuestionError
        If it asks for another format than there is.
    """
    form = request.query_params.get(FORMAT, "html")
    if form not in ("html", "xlsx"):
        raise QuestionError(FORMAT, "unknown format; choose from: html, xlsx")
    return form == "xlsx"


def form_variables(facts: LayerFacts) -> dict[str, object]:
    """The fields of the form: what can be chosen, what is, and what goes with it unseen."""
    question = facts.question
    offered = bar(facts.snapshot, question)
    texts = question.options()
    return {
        "periods": PERIODS,
        "compared": COMPARED,
        "categories": offered["categories"],
        "chosen": {
            "period": texts.get("period", "" if "datetime" in texts else "latest-12m"),
            "compare": question.compare,
            "category": question.category,
        },
        "no_days": offered["no_days"],
        "dates": texts.get("datetime", ""),
        "hidden": {
            name: text
            for name, text in texts.items()
            if name not in (*_SHOWN, "datetime", "layer", "within", "by")
        },
    }


_NAME_LETTERS: Final = 60


def named_file(name: str) -> str:
    """The name of a file to save, of letters that any system takes; '' is called `areas`."""
    plain = "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in name)
    return plain[:_NAME_LETTERS].strip("-") or "areas"
