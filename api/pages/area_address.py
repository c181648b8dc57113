"""Addresses of the pages of areas, which other pages link."""

from __future__ import annotations

from functools import lru_cache
from typing import Final
from urllib.parse import quote

from api.addresses import own_address
from geo.question.ask import Question

PATH: Final = "/areas"

# An area's page is about one area of the layer that its path names, over the whole period.
_NOT_OF_AN_AREA: Final = ("layer", "within", "by")


def area_address(layer_id: str, code: str = "", question: Question | None = None) -> str:
    """Return the address of the page of an area, or of its layer.

    Parameters
    ----------
    layer_id
        The layer.
    code
        The area's code, of any letters; '' for the page of the layer.
    question
        What the page is to answer; by default what such a page begins with.
    """
    path = "/".join([PATH, quote(layer_id, safe=""), *([_quoted(code)] if code else [])])
    query = _query_of(question) if question else ""
    return own_address(path) + (f"?{query}" if query else "")


@lru_cache(maxsize=32)
def _query_of(question: Question) -> str:
    """What the page of an area is asked: the same for all areas of a table, each with a link."""
    options = question.options()
    of_page = {name: text for name, text in options.items() if name not in _NOT_OF_AN_AREA}
    return Question.read(of_page).query()


def _quoted(code: str) -> str:
    """A code as a path; a slash stays one, as some proxies refuse it otherwise."""
    steps = code.split("/")
    # Browsers and proxies walk these steps, and drop empty ones.
    walked = any(step in ("", ".", "..") for step in steps)
    return quote(code, safe="" if walked else "/")
