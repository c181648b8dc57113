"""Every option of a Question: what it is called, how it is read, and what every door says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final, get_args

from geo.cells import Shape
from geo.errors import QuestionError
from geo.question.parsers import (
    read_bridges,
    read_hours,
    read_mix,
    read_pairs,
    read_point,
    read_shifts,
    read_size,
)

DEFAULT_PERIOD: Final = "latest-12m"
METHODS: Final = ("sainte-lague", "dhondt", "largest-remainder")

_PLACE = ("rank", "patrols")


@dataclass(frozen=True)
class Option:
    """One option of a Question, as every door offers it.

    Attributes
    ----------
    name, help, example
        For people.
    schema
        As OpenAPI describes it.
    read
        Makes its value of the name and a text, or refuses it by a `QuestionError`.
    of
        The analyses that it is for, by command; none means all.
    """

    name: str
    help: str
    example: str
    schema: Mapping[str, object]
    read: Callable[[str, str], Any]
    of: Sequence[str] = ()


_SCHEMA_TEXT: Final = {"type": "string", "maxLength": 500}


def _plain(_name: str, text: str) -> str:
    return text


def _checked(parse: Callable[[str], object], _name: str, text: str) -> str:
    parse(text)
    return text


def _text(
    name: str,
    text: str,
    example: str,
    *,
    read: Callable[[str, str], Any] = _plain,
    of: Sequence[str] = (),
) -> Option:
    return Option(name, text, example, _SCHEMA_TEXT, read, of)


def _read_list(_name: str, text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in text.split(",") if part.strip()}))


def _read_whole(least: int, most: int, name: str, text: str) -> int:
    if not re.fullmatch(r"\d{1,6}", text) or not least <= int(text) <= most:
        raise QuestionError(name, f"{text!r} is no whole number from {least:,} to {most:,}")
    return int(text)


def _whole(
    name: str,
    text: str,
    span: tuple[int, int],
    *,
    default: int | None = None,
    of: Sequence[str] = (),
) -> Option:
    schema: dict[str, object] = {"type": "integer", "minimum": span[0], "maximum": span[1]}
    if default is not None:
        schema["default"] = default
    return Option(
        name, text, str(default or max(span[0], 1)), schema, partial(_read_whole, *span), of
    )


def _read_choice(choices: Sequence[str], name: str, text: str) -> str:
    if text not in choices:
        raise QuestionError(name, f"{text!r} is none of: {', '.join(choices)}")
    return text


def _choice(name: str, text: str, choices: Sequence[str], *, of: Sequence[str] = ()) -> Option:
    schema = {"type": "string", "enum": list(choices)}
    return Option(name, text, choices[0], schema, partial(_read_choice, choices), of)


_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_BANDS = r"\d{1,5}(,\d{1,5}){0,9}"


def _read_month(name: str, text: str) -> str:
    if not re.fullmatch(_MONTH, text):
        raise QuestionError(name, f"{text!r} is no month, write it as 2024-03")
    return text


def _read_bands(name: str, text: str) -> tuple[int, ...]:
    if not re.fullmatch(_BANDS, text):
        raise QuestionError(name, f"{text!r} cannot be read, write it as 100,200,300")
    ends = tuple(int(part) for part in text.split(","))
    if ends[0] < 1 or any(later <= sooner for sooner, later in pairwise(ends)):
        raise QuestionError(name, f"{text!r}: each band must end beyond the one before it")
    return ends


def _bands(name: str, text: str, example: str) -> Option:
    schema = {"type": "string", "pattern": f"^{_BANDS}$"}
    return Option(name, text, example, schema, _read_bands, ("near-repeats",))


_NEED_OF = ("posts", "patches")
OPTIONS: Final = (
    _text("datetime", "From the first to the last day or month, both inclusive",
          "2024-01-01/2024-04-30"),
    Option("period", "The latest months or days of the data, instead of dates", DEFAULT_PERIOD,
           {"type": "string", "pattern": "^latest-[1-9][0-9]{0,3}[md]$"}, _plain),
    _text("category", "Categories, comma between them", "anti-social-behaviour", read=_read_list),
    _text("source", "Sources, comma between them", "police.uk", read=_read_list),
    _text("hours", "Hours of the day in London, up to and without the last", "18-02",
          read=partial(_checked, read_hours)),
    _text("layer", "The layer of areas to count by", "wards-2025"),
    _text("study", "The layer that is judged as a whole: mask and family of tests; else the layer",
          "wards-2025"),
    _text("within", "Show only these areas, comma between codes", "E05015507", read=_read_list),
    _text("without", "Leave out places: NAME@x:y in metres, names, or ids of ranked places",
          "Police Station@435123:336456", read=_read_list),
    _whole("cell", "Width of a cell in metres", (25, 5_000), default=150),
    _choice("shape", "Shape of a cell", get_args(Shape)),
    _choice("by", "Split the counts by month", ("month",)),
    _choice("compare", "Compare with the period before, or with a year before",
            ("previous", "year")),
    _text("weight", "What an incident counts: count, or the id of a harm table", "count"),
    _whole("bandwidth", "Metres to which an incident reaches; else suggested", (50, 10_000),
           of=("density", "evaluate")),
    _choice("edge", "Give back what falls beyond the study area's edge", ("corrected",),
            of=("density",)),
    _whole("radius", "Radius of a ranked place in metres", (25, 500), default=150, of=_PLACE),
    _whole("spacing", "Metres between the middles of places, at least", (50, 10_000), default=500,
           of=_PLACE),
    _whole("top", "How many places, at most", (1, 500), default=20, of=_PLACE),
    _whole("holdout", "How many last months are kept back to test on", (1, 60), default=3,
           of=("evaluate",)),
    _text("treated", "The places that were treated: a layer, or ids of ranked places", "estates",
          of=("treatment",)),
    _text("control", "The places to hold them against, in the same way; else all the rest",
          "p150:56804:39774", of=("treatment",)),
    Option("since", "The month in which the treatment began", "2024-03",
           {"type": "string", "pattern": f"^{_MONTH}$"}, _read_month, ("treatment",)),
    _whole("buffer", "Metres around a place to which an effect may spill", (10, 5_000),
           default=300, of=("treatment",)),
    _bands("near", "Bands of metres, their upper ends", "100,200,300,400"),
    _bands("days", "Bands of days, their upper ends", "7,14,28"),
    _whole("posts", "How many officers there are to share out", (1, 100_000), of=("posts",)),
    _text("money", "What there is to share out instead, in pounds", "10000", of=("posts",)),
    _whole("floor", "The least that each area has: officers (else 1), or pounds (else none)",
           (0, 100_000), of=("posts",)),
    _text("need", "What the areas' need is a mix of: columns with their weights", "incidents",
          read=partial(_checked, read_mix), of=_NEED_OF),
    _text("low", "Columns of the need of which a low number is worse", "imd_rank",
          read=_read_list, of=_NEED_OF),
    _choice("method", "How posts are rounded", METHODS, of=("posts",)),
    _text("pinned", "Who stays where: officer=area, comma between them", "Ann Lee=E05015507",
          read=lambda name, text: _checked(partial(read_pairs, name), name, text), of=("posts",)),
    _text("exclude", "Areas that are left out, comma between codes", "E05015507",
          read=_read_list, of=_NEED_OF),
    _text("size", "How many areas a patch has: fewest and most", "2-3",
          read=partial(_checked, read_size), of=("patches",)),
    _whole("members", "The most councillors of one patch", (1, 1_000), of=("patches",)),
    _whole("groups", "How many patches", (1, 1_000), of=("patches",)),
    _text("bridges", "Neighbours across water: name=area+area, comma between them",
          "Swan Bridge=E05015507+E05015508", read=partial(_checked, read_bridges),
          of=("patches",)),
    _text("today", "The column of the layer with the patches of today", "patch", of=("patches",)),
    _text("shifts", "Shifts: name:officers@start, comma between them", "late:2@14:00",
          read=partial(_checked, read_shifts), of=("patrols",)),
    _whole("officers", "How many patrol, where the data knows no hours", (1, 500), default=2,
           of=("patrols",)),
    _whole("minutes", "How long each officer has in a shift", (15, 1_440), default=240,
           of=("patrols",)),
    _whole("visit", "How many minutes a visit lasts", (1, 240), default=15, of=("patrols",)),
    _whole("visits", "The least visits a day to a place that is visited", (1, 24), default=2,
           of=("patrols",)),
    _whole("everywhere", "The least visits a day to every area that has such a place", (0, 24),
           of=("patrols",)),
    _whole("again", "A place is visited again within so many minutes", (5, 1_440), default=120,
           of=("patrols",)),
    _whole("speed", "Speed between places in km/h: 25 on wheels, 5 on foot", (1, 100), default=25,
           of=("patrols",)),
    _whole("detour", "How long ways are, in per cent of the straight line", (100, 300),
           default=130, of=("patrols",)),
    _text("base", "Where rounds begin and end: x,y in metres", "435100,336200",
          read=partial(_checked, read_point), of=("patrols",)),
)  # fmt: skip
"""Every option; a door never knows one that the others lack."""

OPTION: Final = {option.name: option for option in OPTIONS}
