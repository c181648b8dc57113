"""The templates of the pages, with the words that they use."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from api.pages.text import CHANGE_WORDS, hours_words, percent, signed
from geo.incidents import category_title

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
