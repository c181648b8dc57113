"""The values of a Question that are more than a word or a number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.errors import InputError

HOURS_A_DAY: Final = 24

USUAL_STARTS: Final = {
    "early": time(7),
    "day": time(9),
    "late": time(14),
    "night": time(22),
}
"""When a shift of that name starts, where nothing else is said."""

_HOURS = re.compile(r"([01]?\d|2[0-4])-([01]?\d|2[0-4])")
_SIZE = re.compile(r"(\d{1,3})(?:-(\d{1,3}))?")
_SHIFT = re.compile(r"([a-z][a-z0-9 -]{0,30}?):(\d{1,3})(?:@(([01]\d|2[0-3]):[0-5]\d))?")
_COORDINATE = r"-?\d{1,8}(?:\.\d+)?"
_POINT = re.compile(rf"({_COORDINATE})\s*,\s*({_COORDINATE})")


@dataclass(frozen=True)
class Hours:
    """Hours of the day in London, from `first` until `last`: 18 and 2 are the night until 02:00."""

    first: int
    last: int

    def __post_init__(self) -> None:
        """Refuse an hour that no clock has."""
        if not (0 <= self.first <= HOURS_A_DAY and 0 <= self.last <= HOURS_A_DAY):
            raise InputError(f"{self} has an hour outside 0 to {HOURS_A_DAY}; write it as 18-02")

    def __str__(self) -> str:
        return f"{self.first:02}-{self.last:02}"

    @classmethod
    def read(cls, text: str) -> Hours:
        """Read `18-02`.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        match = _HOURS.fullmatch(text)
        if not match:
            raise InputError(f"cannot read {text!r}; write it as 18-02")
        return cls(int(match[1]), int(match[2]))

    def include(self, hours: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which hours of the day lie in it; the same hour at both ends is the whole day."""
        length = (self.last - self.first) % HOURS_A_DAY or HOURS_A_DAY
        return (hours - self.first) % HOURS_A_DAY < length


@dataclass(frozen=True)
class PatchSize:
    """The fewest and the most areas of a patch."""

    least: int
    most: int

    def __post_init__(self) -> None:
        """Refuse sizes that no patch can have."""
        if not 1 <= self.least <= self.most:
            raise InputError(f"cannot read '{self}'; write the fewest and the most areas as 2-3")

    def __str__(self) -> str:
        return f"{self.least}" if self.least == self.most else f"{self.least}-{self.most}"

    @classmethod
    def read(cls, text: str) -> PatchSize:
        """Read `2-3`, or `3` alone.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        match = _SIZE.fullmatch(text)
        if not match:
            raise InputError(f"cannot read {text!r}; write the fewest and the most areas as 2-3")
        return cls(int(match[1]), int(match[2] or match[1]))


@dataclass(frozen=True)
class StaffedShift:
    """A shift with its number of officers and the time it starts."""

    name: str
    officers: int
    starts: time

    def __str__(self) -> str:
        # With its start even where the name implies it, as the allocation form writes addresses.
        return f"{self.name}:{self.officers}@{self.clock}"

    @classmethod
    def read(cls, text: str) -> StaffedShift:
        """Read `late:2@14:00`; `late:2` starts when `USUAL_STARTS` says.

        Raises
        ------
        InputError
            If it cannot be read, or does not say when it starts.
        """
        match = _SHIFT.fullmatch(text.strip())
        if not match or int(match[2]) < 1:
            raise InputError(f"cannot read {text.strip()!r}; write it as late:2@14:00")
        name, officers = match[1], int(match[2])
        if not match[3] and name not in USUAL_STARTS:
            raise InputError(f"say when {name!r} starts: {name}:{officers}@18:00")
        starts = time.fromisoformat(match[3]) if match[3] else USUAL_STARTS[name]
        return cls(name, officers, starts)

    @property
    def clock(self) -> str:
        """When it starts, as `14:00`."""
        return f"{self.starts:%H:%M}"

    @property
    def first_minute(self) -> int:
        """The minute of the day in which it starts."""
        return self.starts.hour * 60 + self.starts.minute


@dataclass(frozen=True)
class BasePoint:
    """Where rounds start and end, in metres of the store's CRS."""

    x: float
    y: float

    def __str__(self) -> str:
        return f"{number_text(self.x)},{number_text(self.y)}"

    @property
    def at(self) -> tuple[float, float]:
        """Its x and y."""
        return self.x, self.y

    @classmethod
    def read(cls, text: str) -> BasePoint:
        """Read `435100,336200`.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        match = _POINT.fullmatch(text.strip())
        if not match:
            raise InputError(f"cannot read {text!r}; write it as 435100,336200 (metres)")
        return cls(float(match[1]), float(match[2]))


def number_text(number: float) -> str:
    """A number without zeros that say nothing: `2` for 2.0."""
    return str(int(number)) if number == int(number) else repr(number)


def read_pairs(text: str) -> dict[str, str]:
    """Read `Ann Lee=E05001,Bo Ray=E05002` as what is on the right by what is on the left.

    Raises
    ------
    InputError
        If it cannot be read, or a name occurs twice.
    """
    pairs: dict[str, str] = {}
    for part in text.split(","):
        left, mark, right = (piece.strip() for piece in part.partition("="))
        if not (left and mark and right):
            raise InputError(f"cannot read {part.strip()!r}; write it as NAME=CODE")
        if left in pairs:
            raise InputError(f"{left!r} occurs twice; give each name once")
        pairs[left] = right
    return pairs
