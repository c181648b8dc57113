"""The SQL of `where`, as ArcGIS, Power BI and others send it, rewritten as CQL2.

Both have the same comparisons, AND, OR, NOT, IN, LIKE, BETWEEN and IS NULL. They differ in how
dates are written, and in UPPER and LOWER, which CQL2 has as CASEI.

Source: Esri, "Standardized SQL functions"; OGC 21-065r2, Common Query Language (CQL2).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from api.arcgis.request import MAX_BODY_BYTES
from api.ogc.cql2.parse import MAX_CHARACTERS, Tree, read_filter
from geo.errors import QuestionError

_TOKEN: Final = re.compile(
    r"""\s*(?:
      [Nn]?(?P<text>'(?:[^']|'')*')
    | "(?P<quoted>[^"]+)"
    | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<name>[^\W\d]\w*)
    | (?P<sign><>|!=|<=|>=|[=<>(),+*/-])
    )""",
    re.VERBOSE,
)
_KEYWORDS: Final = frozenset({"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "NULL"})
_FOLDING: Final = frozenset({"UPPER", "LOWER"})
_LITERAL: Final = r"\s*(?:-?[\d.]+|[Nn]?'(?:[^']|'')*')\s*"
_LIST: Final = re.compile(rf"\({_LITERAL}(?:,{_LITERAL})*\)")
_DAY_LETTERS: Final = len("2024-01-31")


def read_where(text: str, fields: Mapping[str, str]) -> Tree:
    """Read a condition as a CQL2 tree.

    Parameters
    ----------
    fields
        The name of each field, by that name in small letters: SQL minds no case.

    Raises
    ------
    QuestionError
        If it is no condition, too long, or names an unknown field.
    """
    # Values of a list take no time: they are looked up together, and are many in a selection.
    if len(_LIST.sub("()", text)) > MAX_CHARACTERS:
        raise QuestionError("where", f"is longer than {MAX_CHARACTERS:,} characters")
    rewritten = " ".join(_Rewriting(text, fields).parts())
    try:
        return read_filter(rewritten, "cql2-text", longest=2 * MAX_BODY_BYTES)
    except QuestionError as error:
        raise error.under("where") from error


class _Rewriting:
    """One pass over the tokens of a condition.

    Parameters
    ----------
    text
        The condition.
    fields
        As for `read_where`.
    """

    def __init__(self, text: str, fields: Mapping[str, str]) -> None:
        self._tokens = list(_tokens(text))
        self._fields = fields
        # Whether the values that follow are compared without their case.
        self._folding = False

    def parts(self) -> Iterator[str]:
        """Yield the condition in CQL2, token by token."""
        before = ("", "")
        at = 0
        while at < len(self._tokens):
            kind, text = self._tokens[at]
            following = self._tokens[at + 1] if at + 1 < len(self._tokens) else ("", "")
            word = text.upper()
            if kind == "name" and word in ("DATE", "TIMESTAMP") and following[0] == "text":
                yield _moment(following[1])
                at += 1
            elif kind == "name" and word in _FOLDING and following == ("sign", "("):
                self._folding = True
                yield "CASEI"
            elif kind == "name" and word in _KEYWORDS:
                self._folding = self._folding and word not in ("AND", "OR")
                yield word
            elif kind in ("name", "quoted"):
                yield f'"{self._field(text)}"'
            elif kind == "text":
                yield self._value(text, before)
            else:
                yield "<>" if text == "!=" else text
            calls = before[1] in _FOLDING and text == "("
            before = ("call" if calls else kind, word)
            at += 1

    def _field(self, name: str) -> str:
        if name.lower() not in self._fields:
            names = ", ".join(self._fields.values())
            raise QuestionError("where", f"unknown field {name!r}; choose one of: {names}")
        return self._fields[name.lower()]

    def _value(self, text: str, before: tuple[str, str]) -> str:
        if before[1] == "LIKE":
            text = text.replace("\\", "\\\\")  # SQL has no escapes of its own, CQL2 does
        return f"CASEI({text})" if self._folding and before != ("call", "(") else text


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    end = len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise QuestionError("where", f"cannot be read from character {at + 1}")
        kind = str(match.lastgroup)
        yield kind, match[kind]
        at = match.end()


def _moment(quoted: str) -> str:
    """A day in London, or a moment in UTC, from how SQL writes them."""
    text = quoted.strip("'").strip()
    if len(text) <= _DAY_LETTERS:
        return f"DATE('{text}')"
    zone = "" if text.upper().endswith("Z") else "Z"
    return f"TIMESTAMP('{text.replace(' ', 'T')}{zone}')"
