"""What is asked: the Question, and the options that every door offers to build one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

from geo.cells import Shape
from geo.errors import QuestionError

SMALLEST_CELL, LARGEST_CELL = 25, 5_000
DEFAULT_PERIOD = "latest-12m"


@dataclass(frozen=True)
class Option:
    """One option of a Question, as every door offers it."""

    name: str
    help: str
    example: str
    schema: Mapping[str, object]


_TEXT = {"type": "string", "maxLength": 500}
OPTIONS = (
    Option(
        "datetime",
        "From the first to the last day or month, both inclusive",
        "2024-01-01/2024-04-30",
        _TEXT,
    ),
    Option(
        "period",
        "The latest months or days of the data, instead of dates",
        DEFAULT_PERIOD,
        {"type": "string", "pattern": "^latest-[1-9][0-9]{0,3}[md]$"},
    ),
    Option("category", "Categories, comma between them", "anti-social-behaviour", _TEXT),
    Option("source", "Sources, comma between them", "police.uk", _TEXT),
    Option("hours", "Hours of the day in London, up to and without the last", "18-02", _TEXT),
    Option("layer", "The layer of areas to count by", "wards-2025", _TEXT),
    Option(
        "study",
        "The layer that is judged as a whole: mask and family of tests; else the layer",
        "wards-2025",
        _TEXT,
    ),
    Option("within", "Show only these areas, comma between codes", "E05015507", _TEXT),
    Option(
        "cell",
        "Width of a cell in metres",
        "150",
        {"type": "integer", "minimum": SMALLEST_CELL, "maximum": LARGEST_CELL, "default": 150},
    ),
    Option(
        "shape",
        "Shape of a cell",
        "hexagon",
        {"type": "string", "enum": list(get_args(Shape)), "default": "hexagon"},
    ),
    Option("by", "Split the counts by month", "month", {"type": "string", "enum": ["month"]}),
)
"""Every option; a door never knows one that the others lack."""


@dataclass(frozen=True)
class Question:
    """Which incidents, over which areas, at which grain. Empty means: the default."""

    datetime: str = ""
    period: str = ""
    category: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    hours: str = ""
    layer: str = ""
    study: str = ""
    within: tuple[str, ...] = ()
    cell: int = 150
    shape: Shape = "hexagon"
    by: Literal["", "month"] = ""

    @classmethod
    def read(cls, options: Mapping[str, str]) -> Question:
        """Read a Question from texts by option name; empty texts are as if not given.

        `from` and `to` may stand for `datetime`.

        Raises
        ------
        QuestionError
            If an option is unknown, cannot be read, or contradicts another.
        """
        given = {name: text.strip() for name, text in options.items() if text.strip()}
        first, last = given.pop("from", ""), given.pop("to", "")
        if first or last:
            if "datetime" in given:
                raise QuestionError("datetime", "give it, or from and to, not both")
            given["datetime"] = f"{first or '..'}/{last or '..'}"
        if "datetime" in given and "period" in given:
            raise QuestionError("period", "give it or dates, not both")
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {}
        for name, text in given.items():
            if name not in known:
                raise QuestionError(name, f"is no option; there are: {', '.join(sorted(known))}")
            values[name] = _READERS.get(name, str)(text)
        return cls(**values)

    def options(self) -> dict[str, str]:
        """The options that differ from their defaults, as texts that `read` takes."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                found[field.name] = ",".join(value) if isinstance(value, tuple) else str(value)
        return found

    def query(self) -> str:
        """The Question as the query string of an address."""
        return urlencode(self.options(), safe="/:,.")


def read_hours(text: str) -> tuple[int, int]:
    """Read `18-02` as the first hour and the hour at which it ends, both from 0 to 23.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    match = re.fullmatch(r"([01]?\d|2[0-4])-([01]?\d|2[0-4])", text)
    if not match:
        raise QuestionError("hours", f"{text!r} cannot be read, write it as 18-02")
    return int(match[1]) % 24, int(match[2]) % 24


def _checked_hours(text: str) -> str:
    read_hours(text)
    return text


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in text.split(",") if part.strip()}))


def _read_cell(text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text) or not SMALLEST_CELL <= int(text) <= LARGEST_CELL:
        raise QuestionError(
            "cell", f"{text!r} is no whole number of metres from {SMALLEST_CELL} to {LARGEST_CELL}"
        )
    return int(text)


def _read_shape(text: str) -> Shape:
    if text not in get_args(Shape):
        raise QuestionError("shape", f"{text!r} is none of: {', '.join(get_args(Shape))}")
    return cast("Shape", text)


def _read_by(text: str) -> str:
    if text != "month":
        raise QuestionError("by", f"{text!r} is none of: month")
    return text


_READERS: dict[str, Callable[[str], Any]] = {
    "category": _read_list,
    "source": _read_list,
    "within": _read_list,
    "hours": _checked_hours,
    "cell": _read_cell,
    "shape": _read_shape,
    "by": _read_by,
}
