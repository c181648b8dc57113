"""What is asked: the Question, and the options that every door offers to build one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any, Literal, cast, get_args
from urllib.parse import urlencode

from geo.cells import Shape
from geo.errors import QuestionError

DEFAULT_PERIOD = "latest-12m"


@dataclass(frozen=True)
class Option:
    """One option of a Question, as every door offers it."""

    name: str
    help: str
    example: str
    schema: Mapping[str, object]


_TEXT = {"type": "string", "maxLength": 500}
_MONTH = {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}
_BANDS = {"type": "string", "pattern": r"^\d{1,5}(,\d{1,5}){0,9}$"}
_NUMBERS = {
    "cell": (25, 5_000, 150),
    "bandwidth": (50, 10_000, None),
    "radius": (25, 500, 150),
    "spacing": (50, 10_000, 500),
    "top": (1, 500, 20),
    "holdout": (1, 60, 3),
    "buffer": (10, 5_000, 300),
}
"""The least, the most and the default of each option that is a whole number."""


def _number(name: str, text: str) -> Option:
    least, most, default = _NUMBERS[name]
    schema: dict[str, object] = {"type": "integer", "minimum": least, "maximum": most}
    if default is not None:
        schema["default"] = default
    return Option(name, text, str(default or 500), schema)


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
    _number("cell", "Width of a cell in metres"),
    Option(
        "shape",
        "Shape of a cell",
        "hexagon",
        {"type": "string", "enum": list(get_args(Shape)), "default": "hexagon"},
    ),
    Option("by", "Split the counts by month", "month", {"type": "string", "enum": ["month"]}),
    Option(
        "compare",
        "Compare with the period before, or with a year before",
        "previous",
        {"type": "string", "enum": ["previous", "year"]},
    ),
    Option("weight", "What an incident counts: count, or the id of a harm table", "count", _TEXT),
    _number("bandwidth", "Density: metres to which an incident reaches; else suggested"),
    Option(
        "edge",
        "Density: give back what falls beyond the study area's edge",
        "corrected",
        {"type": "string", "enum": ["corrected"]},
    ),
    _number("radius", "Ranked hotspots: radius of a place in metres"),
    _number("spacing", "Ranked hotspots: metres between the middles of places, at least"),
    _number("top", "Ranked hotspots: how many, at most"),
    _number("holdout", "Evaluation: how many last months are kept back to test on"),
    Option("treated", "Treatment: the layer of the places that were treated", "estates", _TEXT),
    Option("since", "Treatment: the month in which it began", "2024-03", _MONTH),
    _number("buffer", "Treatment: metres around a treated place to which it may spill"),
    Option("near", "Near repeats: bands of metres, their upper ends", "100,200,300,400", _BANDS),
    Option("days", "Near repeats: bands of days, their upper ends", "7,14,28", _BANDS),
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
    compare: Literal["", "previous", "year"] = ""
    weight: str = "count"
    bandwidth: int = 0
    edge: Literal["", "corrected"] = ""
    radius: int = 150
    spacing: int = 500
    top: int = 20
    holdout: int = 3
    treated: str = ""
    since: str = ""
    buffer: int = 300
    near: tuple[int, ...] = (100, 200, 300, 400)
    days: tuple[int, ...] = (7, 14, 28)

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
            values[name] = _READERS[name](name, text) if name in _READERS else text
        return cls(**values)

    def options(self) -> dict[str, str]:
        """The options that differ from their defaults, as texts that `read` takes."""
        found = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                many = isinstance(value, tuple)
                found[field.name] = ",".join(map(str, value)) if many else str(value)
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


def _checked_hours(_name: str, text: str) -> str:
    read_hours(text)
    return text


def _read_list(_name: str, text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in text.split(",") if part.strip()}))


def _read_number(name: str, text: str) -> int:
    least, most, _ = _NUMBERS[name]
    if not re.fullmatch(r"\d{1,6}", text) or not least <= int(text) <= most:
        raise QuestionError(name, f"{text!r} is no whole number from {least:,} to {most:,}")
    return int(text)


def _read_choice(name: str, text: str) -> str:
    choices = next(option.schema["enum"] for option in OPTIONS if option.name == name)
    known = [str(choice) for choice in cast("list[str]", choices)]
    if text not in known:
        raise QuestionError(name, f"{text!r} is none of: {', '.join(known)}")
    return text


def _read_month(name: str, text: str) -> str:
    if not re.fullmatch(str(_MONTH["pattern"]), text):
        raise QuestionError(name, f"{text!r} is no month, write it as 2024-03")
    return text


def _read_bands(name: str, text: str) -> tuple[int, ...]:
    if not re.fullmatch(str(_BANDS["pattern"]), text):
        raise QuestionError(name, f"{text!r} cannot be read, write it as 100,200,300")
    ends = tuple(int(part) for part in text.split(","))
    if ends[0] < 1 or any(later <= sooner for sooner, later in pairwise(ends)):
        raise QuestionError(name, f"{text!r}: each band must end beyond the one before it")
    return ends


_READERS: dict[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(("category", "source", "within"), _read_list),
    **dict.fromkeys(_NUMBERS, _read_number),
    **dict.fromkeys(("shape", "by", "compare", "edge"), _read_choice),
    **dict.fromkeys(("near", "days"), _read_bands),
    "hours": _checked_hours,
    "since": _read_month,
}
