"""The Jinja templates of the pages, with their filters and functions."""

from __future__ import annotations

import re
from collections.abc import Callable

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from api.addresses import OwnAddresses
from api.errors import sentence
from api.pages.area_address import area_address
from api.pages.navigation import HEAD_FUNCTIONS
from api.pages.tasking_text import day_words, months_words
from api.pages.text import (
    CHANGE_WORDS,
    average_words,
    conversion_words,
    date_words,
    hours_words,
    moment_words,
    officer_words,
    percent,
    signed,
)
from boundaries.tasking.whose import who_words
from geo.analyses.unusual_text import step_title
from geo.coverage import span_words
from geo.incidents import category_title
from geo.period import Period

# Stands in a page for a section that is sent later; escaped text can never contain it.
SECTION_MARK = re.compile(r"<\?section (\w+)\?>")

templates = Environment(
    loader=PackageLoader("api"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=[OwnAddresses],
)
_FILTERS: dict[str, Callable[..., str]] = {
    "thousands": lambda number: f"{number:,.0f}",
    "title_of": category_title,
    "month_title": step_title,
    "date_words": date_words,
    "moment_words": moment_words,
    "month_short": lambda month: f"{Period.of_months(month, month).first:%b %Y}",
    "month_spans": span_words,
    "signed": signed,
    "percent": percent,
    "officer_words": officer_words,
    "conversion": conversion_words,
    # A number at the end of a line, and its sign on the next, is read twice.
    "unbroken": lambda text: text.replace(" %", "\u00a0%"),
}
templates.filters |= _FILTERS
templates.globals |= {
    **HEAD_FUNCTIONS,
    "area_address": area_address,
    "section": lambda name: Markup("<?section {}?>").format(name),
    "change_words": CHANGE_WORDS,
    "hours_words": hours_words,
    "day_words": day_words,
    "months_words": months_words,
    "who_words": who_words,
    "sentence": sentence,
    "average_words": average_words,
}


def load_templates(kind: str) -> None:
    """Compile the templates whose names begin so, before the first page waits for it."""
    for name in templates.list_templates(filter_func=lambda name: name.startswith(kind)):
        templates.get_template(name)
