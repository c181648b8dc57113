"""Amounts of entries: pounds to whole pence, and hours or minutes to whole minutes, exactly."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final, Literal

TimeUnit = Literal["hours", "minutes"]

_POUNDS: Final = re.compile(
    r"(?P<minus>-|\()?£? ?(?P<sign>-)?"
    r"(?P<number>(\d{1,3}(,\d{3})+|\d+)(\.\d*)?|\.\d+)(?P<end>\)|-)?"
)
_CLOCK: Final = re.compile(r"(\d{1,6}):([0-5]\d)")
_NUMBER: Final = re.compile(r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?|\.\d+")
_LARGEST: Final = 10**13
"""Most pence or minutes of one entry."""

NO_POUNDS: Final = "the amount is no number of pounds"
NO_PENCE: Final = "the amount has a part of a penny"
NO_TIME: Final = "the time is no number of hours or minutes"
NO_MINUTES: Final = "the time has a part of a minute"
TOO_LARGE: Final = "the amount is too large"


def pence_of(text: str) -> tuple[int, str]:
    """Read pounds as pence: `1,250.00`, `£1,250`, `-12.5`, `(12.50)`.

    Returns
    -------
    pence, reason
        0 and why, where it cannot be read exactly; else the pence and ''.
    """
    match = _POUNDS.fullmatch(text.strip())
    if match is None or (match["minus"] == "(") != (match["end"] == ")"):
        return 0, NO_POUNDS
    pence = Decimal(match["number"].replace(",", "")) * 100
    if pence != pence.to_integral_value():
        return 0, NO_PENCE
    if pence > _LARGEST:
        return 0, TOO_LARGE
    signs = (match["minus"], match["sign"], match["end"] if match["end"] == "-" else None)
    negative = [sign for sign in signs if sign]
    if len(negative) > 1:
        return 0, NO_POUNDS
    return (-int(pence) if negative else int(pence)), ""


def minutes_of(text: str, unit: TimeUnit) -> tuple[int, str]:
    """Read a time as minutes: `1:30`, or a number of hours or minutes.

    Parameters
    ----------
    text
        As it is written.
    unit
        What a number without a colon counts.

    Returns
    -------
    minutes, reason
        0 and why, where it cannot be read exactly; else the minutes and ''.
    """
    plain = text.strip()
    sign = -1 if plain.startswith("-") else 1
    plain = plain.removeprefix("-")
    if match := _CLOCK.fullmatch(plain):
        return sign * (int(match[1]) * 60 + int(match[2])), ""
    if not _NUMBER.fullmatch(plain):
        return 0, NO_TIME
    minutes = Decimal(plain.replace(",", "")) * (60 if unit == "hours" else 1)
    if minutes != minutes.to_integral_value():
        return 0, NO_MINUTES
    return (0, TOO_LARGE) if minutes > _LARGEST else (sign * int(minutes), "")
