"""Date formats as users write them in a mapping file.

A format is made of these words; any other character except a letter stands for itself:

    d dd        day              H HH        hour, 0 to 23
    m mm        month            h hh        hour, 1 to 12, with AM/PM
    mmm mmmm    Jan, January     MM          minute
    yy yyyy     year             SS          second
    ddd dddd    Mon, Monday      AM/PM       the half of the day

A format can end in an offset from UTC, as `yyyy/mm/dd HH:MM:SS+00` or `…Z`: each value then has its
own. Or a format is one of these words:

    iso         2024-01-31, 2024-01-31 14:05, 2024-01-31T14:05:00Z, 2024-01
    epoch       seconds since 1970 in UTC; epoch-ms: milliseconds
    excel       days since 1900 as workbooks store them: 45366.896

Two-digit years up to 68 mean 2000 to 2068.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from geo.errors import InputError

ISO: Final = "iso"
EPOCH: Final = "epoch"
EPOCH_MS: Final = "epoch-ms"
EXCEL: Final = "excel"
NUMBERED: Final = frozenset({EPOCH, EPOCH_MS, EXCEL})
"""Formats that are plain numbers."""

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
_OFFSET = re.compile(r" ?(Z|[+-]\d\d(:?\d\d)?)$")
_TIME_WORDS: Final = frozenset({"HH", "H", "hh", "h", "MM", "SS", "AM/PM"})


@dataclass(frozen=True)
class DateFormat:
    """A date format, translated for the parser.

    Attributes
    ----------
    text
        The format as the user wrote it.
    whole, date, time
        `strptime` formats for one column of date and time, and for a column of each.
    finest
        The best precision that the format can express: `instant`, `day` or `month`.
    offset
        Whether each value ends in an offset from UTC.
    """

    text: str
    whole: str = ""
    date: str = ""
    time: str = ""
    finest: str = "instant"
    offset: bool = False

    @classmethod
    def read(cls, text: str) -> DateFormat:
        """Read a format.

        Raises
        ------
        InputError
            If a word is unknown or repeated, or the year or month is missing.
        """
        if text.lower() in {ISO, *NUMBERED}:
            return cls(text.lower())
        plain = _OFFSET.sub("", text)
        words = _words(plain)
        clock = [word in _TIME_WORDS for word in words]
        known = [i for i, word in enumerate(words) if word in _WORDS]
        turns = [i for i, j in zip(known[1:], known, strict=False) if clock[i] != clock[j]]
        if len(turns) > 1:
            raise InputError(
                f"the format {text!r} has the time inside the date; put it before or after"
            )
        cut = turns[0] if turns else len(words)
        date, time = _directive(words[:cut]), _directive(words[cut:])
        if clock[known[0]]:
            date, time = time, date
        finest = "day" if "%d" in date else "month"
        offset = plain != text
        if offset and not (time and clock[known[-1]]):
            raise InputError(f"the format {text!r} has an offset without a time before it")
        return cls(text, _directive(words), date, time, "instant" if time else finest, offset)


def _words(text: str) -> list[str]:
    words: list[str] = _TOKEN.findall(text)
    if "".join(words) != text:
        raise InputError(
            f"unknown date format {text!r}; write it with dd mm yyyy HH MM SS, or iso, epoch, "
            "epoch-ms, excel"
        )
    directives = [_WORDS[word] for word in words if word in _WORDS]
    if directives.count("%m") > 1:
        raise InputError(f"the format {text!r} has mm twice: mm is the month, MM the minute")
    if len(set(directives)) < len(directives):
        raise InputError(f"the format {text!r} has a part twice; remove one")
    # Lower case joins %Y with %y and %B with %b; %M and %I are times.
    letters = {directive[1].lower() for directive in directives if directive not in ("%M", "%I")}
    if "y" not in letters or not {"m", "b"} & letters:
        raise InputError(f"the format {text!r} lacks the year or the month; add yyyy or mm")
    _check_clock(text, set(directives))
    return words


def _check_clock(text: str, directives: set[str]) -> None:
    hour = directives & {"%H", "%I"}
    if ("%I" in directives) != ("%p" in directives):
        raise InputError(f"the format {text!r}: hh needs AM/PM; use HH for hours from 0 to 23")
    if len(hour) > 1 or ("%S" in directives and "%M" not in directives):
        raise InputError(f"the format {text!r} must have one hour, and minutes before seconds")
    if "%M" in directives and not hour:
        raise InputError(f"the format {text!r} has minutes but no hour; mm is the month")
    if hour and "%d" not in directives:
        raise InputError(f"the format {text!r} has a time of day but no day; add dd")


def _directive(words: list[str]) -> str:
    return "".join(_WORDS.get(word, word) for word in words).strip(" T,-")
