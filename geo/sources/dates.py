"""The formats that dates are written in.

A format is written with these words; everything else in it stands for itself, save letters:

    d dd        day              H HH        hour, 0 to 23
    m mm        month            h hh        hour, 1 to 12, with AM/PM
    mmm mmmm    Jan, January     MM          minute
    yy yyyy     year             SS          second
    ddd dddd    Mon, Monday      AM/PM       the half of the day

or it is the word `iso`: `2024-01-31`, `2024-01-31 14:05`, `2024-01-31T14:05:00Z`, `2024-01`.
A two-digit year up to 68 is of this century.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from geo.errors import InputError

ISO: Final = "iso"

_WORDS: Final = {
    "dddd": "%A",
    "ddd": "%a",
    "dd": "%d",
    "d": "%d",
    "mmmm": "%B",
    "mmm": "%b",
    "mm": "%m",
    "m": "%m",
    "yyyy": "%Y",
    "yy": "%y",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "MM": "%M",
    "SS": "%S",
    "AM/PM": "%p",
}
_TOKEN = re.compile(r"AM/PM|d{1,4}|m{1,4}|y{4}|yy|HH?|hh?|MM|SS|T|[^A-Za-z%]")
_TIME_WORDS: Final = frozenset({"HH", "H", "hh", "h", "MM", "SS", "AM/PM"})


@dataclass(frozen=True)
class DateFormat:
    """A format as the user wrote it, and the parts of it that the parser needs.

    `whole`, `date` and `time` are the parser's own words for one column of date and time, and
    for two of them; `finest` is the precision that the format can say.
    """

    text: str
    whole: str = ""
    date: str = ""
    time: str = ""
    finest: str = "instant"

    @classmethod
    def read(cls, text: str) -> DateFormat:
        """Read a format.

        Raises
        ------
        InputError
            If it has words that are not known, lacks one, or has one twice.
        """
        if text.lower() == ISO:
            return cls(ISO)
        words = _words(text)
        clock = [word in _TIME_WORDS for word in words]
        known = [i for i, word in enumerate(words) if word in _WORDS]
        turns = [i for i, j in zip(known[1:], known, strict=False) if clock[i] != clock[j]]
        if len(turns) > 1:
            raise InputError(f"the format {text!r} has its time between parts of its date")
        cut = turns[0] if turns else len(words)
        date, time = _directive(words[:cut]), _directive(words[cut:])
        if clock[known[0]]:
            date, time = time, date
        finest = "day" if "%d" in date else "month"
        return cls(text, _directive(words), date, time, "instant" if time else finest)


def _words(text: str) -> list[str]:
    words: list[str] = _TOKEN.findall(text)
    if "".join(words) != text:
        raise InputError(
            f"the format {text!r} is not understood; write it with dd mm yyyy HH MM SS, or iso"
        )
    directives = [_WORDS[word] for word in words if word in _WORDS]
    if directives.count("%m") > 1:
        raise InputError(f"the format {text!r} has mm twice: mm is the month, MM the minute")
    if len(set(directives)) < len(directives):
        raise InputError(f"the format {text!r} has a part twice")
    have = {directive[1].lower() for directive in directives if directive not in ("%M", "%I")}
    if not {"y"} <= have or not {"m", "b"} & have:
        raise InputError(f"the format {text!r} lacks the year or the month")
    _check_clock(text, set(directives))
    return words


def _check_clock(text: str, directives: set[str]) -> None:
    hour = directives & {"%H", "%I"}
    if ("%I" in directives) != ("%p" in directives):
        raise InputError(f"the format {text!r}: hh needs AM/PM beside it; 0 to 23 is HH")
    if len(hour) > 1 or ("%S" in directives and "%M" not in directives):
        raise InputError(f"the format {text!r} has no time of day that can be read")
    if "%M" in directives and not hour:
        raise InputError(f"the format {text!r} has minutes and no hour; mm is the month")
    if hour and "%d" not in directives:
        raise InputError(f"the format {text!r} has a time of day and no day")


def _directive(words: list[str]) -> str:
    return "".join(_WORDS.get(word, word) for word in words).strip(" T,-")
