"""Reads CQL2 text and JSON as a tree of operators, within bounds.

Source: OGC 21-065r2, Common Query Language (CQL2). The parser is compiled and recurses on its
own stack: nesting is bounded before it sees a text, else a hostile one ends the process.
"""

from __future__ import annotations

import re
from typing import Any

from cql2 import ParseError, parse_json, parse_text

from geo.errors import QuestionError

MAX_CHARACTERS = 6_000
MAX_DEPTH = 24
LANGUAGES = ("cql2-text", "cql2-json", "cql-text")
"""The values of `filter-lang`; GDAL before 3.10 uses the older name, cql-text."""

_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_CHAIN = re.compile(r"(?:\bnot\b[\s(]*){25}|(?:[-^+*/%][\s(]*){9}", re.IGNORECASE)

Tree = Any
"""Any JSON value; operators are `{"op": …, "args": […]}`."""


def read_filter(text: str, language: str = "", *, longest: int = MAX_CHARACTERS) -> Tree:
    """Read a filter.

    Parameters
    ----------
    language
        One of `LANGUAGES`; if empty, the filter is JSON where it begins with a brace.
    longest
        Characters that it may have.

    Raises
    ------
    QuestionError
        If the language is unknown, or the text is too long, too deep or not of that language.
    """
    if language and language not in LANGUAGES:
        raise QuestionError(
            "filter-lang", f"unknown language {language!r}; choose one of: {', '.join(LANGUAGES)}"
        )
    if len(text) > longest:
        raise QuestionError("filter", f"is longer than {longest:,} characters")
    as_json = language == "cql2-json" or (not language and text.lstrip().startswith("{"))
    _check_depth(text, brackets="[{" if as_json else "(", closing="]}" if as_json else ")")
    if not as_json and _CHAIN.search(_QUOTED.sub("''", text)):
        raise QuestionError("filter", "has too many signs or negations in a row")
    try:
        expression = parse_json(text) if as_json else parse_text(text)
    except (ParseError, ValueError) as error:
        raise QuestionError("filter", f"cannot be read: {_one_line(str(error))}") from error
    return expression.to_json()


def _check_depth(text: str, *, brackets: str, closing: str) -> None:
    depth = 0
    # JSON needs two brackets for each operator.
    deepest = MAX_DEPTH * (2 if "{" in brackets else 1)
    for letter in _QUOTED.sub("", text):
        depth += (letter in brackets) - (letter in closing)
        if depth > deepest:
            raise QuestionError("filter", f"is nested more than {MAX_DEPTH} levels deep")


def _one_line(message: str) -> str:
    """Return the parser's message as one line: where it failed, and what it expected."""
    place = re.search(r"-->\s*(\d+):(\d+)", message)
    expected = re.search(r"=\s*expected (.*)", message)
    if place and expected:
        return f"at character {place[2]}; expected there: {expected[1][:120]}"
    return " ".join(message.split())[:200]
