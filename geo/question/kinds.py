"""Kinds of values that options of a Question take: how each is read, checked and written."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Generic, TypeVar

from geo.allocation.posts import read_pence
from geo.errors import InputError
from geo.period import Interval, Latest
from geo.question.values import (
    BasePoint,
    Hours,
    PatchSize,
    StaffedShift,
    number_text,
    read_pairs,
)
from geo.records.targets import Target

T_co = TypeVar("T_co", covariant=True)
C = TypeVar("C", bound=str)
V = TypeVar("V", Interval, Latest, Hours, PatchSize, BasePoint, Target)
P = TypeVar("P")

Pairs = tuple[tuple[str, P], ...]
"""Values by name, in order; a mapping is accepted where a Question is made."""

LONGEST: Final = 500
"""Letters of a text, at most."""

BASELINES: Final = ("even", "points", "residents", "other")
"""Baselines that need no layer of their own."""

_MONTH: Final = r"\d{4}-(0[1-9]|1[0-2])"
_BANDS: Final = r"\d{1,5}(,\d{1,5}){0,9}"
_MIX_PART = re.compile(r"\s*([^:,]{1,64}?)\s*(?::\s*(\d{1,6}(?:\.\d{1,6})?))?\s*")
_PLACE_ID = re.compile(r"p\d+:")


class Kind(ABC, Generic[T_co]):
    """How the values of an option are read, checked and written."""

    many: bool = False
    """Whether its text is a list with commas, of which a form may send the parts one by one."""

    @property
    def schema(self) -> dict[str, object]:
        """Its text as OpenAPI describes it."""
        return {"type": "string", "maxLength": LONGEST}

    @abstractmethod
    def parse(self, text: str) -> T_co:
        """Make a value of a text.

        Raises
        ------
        InputError
            If it cannot be read.
        """

    @abstractmethod
    def check(self, value: object) -> T_co:
        """Return a value given in Python in its canonical form.

        Raises
        ------
        InputError
            If it is not of this kind.
        """

    def write(self, value: object) -> str:
        """Make the text of a value, which `parse` takes back."""
        return str(self.check(value))


@dataclass(frozen=True)
class WholeNumber(Kind[int]):
    """A whole number between two others, both included."""

    least: int
    most: int

    @property
    def schema(self) -> dict[str, object]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def parse(self, text: str) -> int:
        # Six digits at most: the longest that any option takes.
        return self.check(int(text) if re.fullmatch(r"\d{1,6}", text) else text)

    def check(self, value: object) -> int:
        if not isinstance(value, int) or not self.least <= value <= self.most:
            raise InputError(
                f"{_quoted(value)} is not a whole number from {self.least:,} to {self.most:,}"
            )
        return value


@dataclass(frozen=True)
class Choice(Kind[C]):
    """One of a few words."""

    choices: tuple[C, ...]

    @property
    def schema(self) -> dict[str, object]:
        return {"type": "string", "enum": list(self.choices)}

    def parse(self, text: str) -> C:
        return self.check(text)

    def check(self, value: object) -> C:
        for choice in self.choices:
            if choice == value:
                return choice
        raise InputError(f"unknown value {value!r}; choose {one_of(self.choices)}")


@dataclass(frozen=True)
class Choices(Kind[tuple[C, ...]]):
    """Some of a few words, each once, in the order in which they are declared."""

    choices: tuple[C, ...]

    many = True

    @property
    def schema(self) -> dict[str, object]:
        word = "|".join(self.choices)
        return {"type": "string", "pattern": f"^({word})(,({word}))*$"}

    def parse(self, text: str) -> tuple[C, ...]:
        return self.check(part.strip() for part in text.split(",") if part.strip())

    def check(self, value: object) -> tuple[C, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InputError(f"{value!r} is not a list of words; write it as ({value!r},)")
        words = [*value]
        for word in words:
            if word not in self.choices:
                raise InputError(f"unknown value {word!r}; choose {one_of(self.choices)}")
        return tuple(choice for choice in self.choices if choice in words)

    def write(self, value: object) -> str:
        return ",".join(self.check(value))


class Text(Kind[str]):
    """A name or another text that means what it says."""

    def parse(self, text: str) -> str:
        return self.check(text)

    def check(self, value: object) -> str:
        if not isinstance(value, str):
            raise InputError(f"{value!r} is not a text")
        return value


class BaselineName(Text):
    """What counts are held against: one of `BASELINES`, a layer of points, or a named count.

    The count is written as `LAYER:COLUMN`, or as `measure:ID`.
    """

    def check(self, value: object) -> str:
        text = super().check(value)
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}(:\s*\S.*)?", text):
            raise InputError(
                f"{text!r} is not a baseline; choose {one_of(BASELINES)}, a layer of points, or a "
                "count as LAYER:COLUMN or measure:ID"
            )
        return text


class Month(Text):
    """A month, as `2024-03`."""

    @property
    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": f"^{_MONTH}$"}

    def check(self, value: object) -> str:
        text = super().check(value)
        if not re.fullmatch(_MONTH, text):
            raise InputError(f"{text!r} is not a month; write it as 2024-03")
        return text


class Names(Kind[tuple[str, ...]]):
    """Names in the order of the alphabet, each once."""

    many = True

    def parse(self, text: str) -> tuple[str, ...]:
        return self.check(part.strip() for part in text.split(",") if part.strip())

    def check(self, value: object) -> tuple[str, ...]:
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise InputError(f"{value!r} is not a list of names; write it as ({value!r},)")
        names = tuple(sorted({Text().check(name) for name in value}))
        if wrong := [name for name in names if "," in name or not name.strip()]:
            raise InputError(f"{wrong[0]!r} is not a name: it is empty or has a comma")
        return names

    def write(self, value: object) -> str:
        return ",".join(self.check(value))


@dataclass(frozen=True)
class Value(Kind[V]):
    """A value of a type that reads its own text, which `str` gives back."""

    type: type[V]

    def parse(self, text: str) -> V:
        return self.type.read(text)

    def check(self, value: object) -> V:
        if not isinstance(value, self.type):
            name = self.type.__name__
            raise InputError(f"{value!r} is not a value of {name}; use {name}.read(…)")
        # Its text says whether it is one that could be asked for.
        return self.type.read(str(value))


class LatestPeriod(Value[Latest]):
    """The latest months or days."""

    @property
    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": "^latest-[1-9][0-9]{0,3}[md]$"}


class Bands(Kind[tuple[int, ...]]):
    """Upper ends of bands that follow one another."""

    @property
    def schema(self) -> dict[str, object]:
        return {"type": "string", "pattern": f"^{_BANDS}$"}

    def parse(self, text: str) -> tuple[int, ...]:
        if not re.fullmatch(_BANDS, text):
            raise InputError(f"cannot read {text!r}; write it as 100,200,300")
        return self.check(tuple(int(part) for part in text.split(",")))

    def check(self, value: object) -> tuple[int, ...]:
        ends = tuple(value) if isinstance(value, Iterable) else ()
        numbers = tuple(end for end in ends if isinstance(end, int))
        if not numbers or len(numbers) < len(ends):
            raise InputError(f"{value!r} are not whole numbers; write them as (100, 200, 300)")
        if numbers[0] < 1 or any(later <= sooner for sooner, later in pairwise(numbers)):
            text = ",".join(map(str, numbers))
            raise InputError(f"{text!r}: each band must end beyond the one before it")
        return numbers

    def write(self, value: object) -> str:
        return ",".join(map(str, self.check(value)))


class Mix(Kind[Pairs[float]]):
    """Columns with their weights."""

    def parse(self, text: str) -> Pairs[float]:
        mix: dict[str, float] = {}
        for part in text.split(","):
            match = _MIX_PART.fullmatch(part)
            if not match or match[1] in mix:
                raise InputError(f"cannot read {text!r}; write it as incidents:2,imd:1")
            mix[match[1]] = float(match[2] or 1)
        return tuple(mix.items())

    def check(self, value: object) -> Pairs[float]:
        pairs = dict(_pairs(value, "{'incidents': 2, 'imd': 1}"))
        texts = (f"{name}:{_weight(weight)}" for name, weight in pairs.items())
        return self.parse(",".join(texts))

    def write(self, value: object) -> str:
        return ",".join(
            name if weight == 1 else f"{name}:{number_text(weight)}"
            for name, weight in self.check(value)
        )


class Assignments(Kind[Pairs[str]]):
    """Codes by names."""

    def parse(self, text: str) -> Pairs[str]:
        return tuple(read_pairs(text).items())

    def check(self, value: object) -> Pairs[str]:
        return self.parse(",".join(f"{name}={code}" for name, code in _pairs(value, _ASSIGNED)))

    def write(self, value: object) -> str:
        return ",".join(f"{name}={code}" for name, code in self.check(value))


class Bridges(Kind[Pairs[tuple[str, str]]]):
    """Two areas by the name of the bridge that joins them."""

    def parse(self, text: str) -> Pairs[tuple[str, str]]:
        bridges = {}
        for name, ends in read_pairs(text).items():
            first, mark, second = (piece.strip() for piece in ends.partition("+"))
            if not (first and mark and second):
                raise InputError(f"{ends!r} does not name two areas; write it as NAME=CODE+CODE")
            bridges[name] = first, second
        return tuple(bridges.items())

    def check(self, value: object) -> Pairs[tuple[str, str]]:
        return self.parse(
            ",".join(f"{name}={_joined(ends)}" for name, ends in _pairs(value, _BRIDGED))
        )

    def write(self, value: object) -> str:
        return ",".join(f"{name}={first}+{second}" for name, (first, second) in self.check(value))


class Shifts(Kind[tuple[StaffedShift, ...]]):
    """Shifts, each with a name of its own."""

    def parse(self, text: str) -> tuple[StaffedShift, ...]:
        return self.check(tuple(StaffedShift.read(part) for part in text.split(",")))

    def check(self, value: object) -> tuple[StaffedShift, ...]:
        items = tuple(value) if isinstance(value, Iterable) else (value,)
        shifts = tuple(item for item in items if isinstance(item, StaffedShift))
        if len(shifts) < len(items):
            raise InputError(f"{value!r} are not shifts; use StaffedShift.read('late:2@14:00')")
        names = [shift.name for shift in shifts]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise InputError(f"the shift {repeated[0]!r} occurs twice; give each name once")
        return shifts

    def write(self, value: object) -> str:
        return ",".join(map(str, self.check(value)))


class Money(Kind[int]):
    """An amount of money, in pence."""

    def parse(self, text: str) -> int:
        return read_pence(text)

    def check(self, value: object) -> int:
        if not isinstance(value, int) or value < 0:
            raise InputError(f"{value!r} is not a whole number of pence")
        return value

    def write(self, value: object) -> str:
        pounds, pence = divmod(self.check(value), 100)
        return f"{pounds}.{pence:02}" if pence else str(pounds)


class LayerOrPlaces(Kind[str | tuple[str, ...]]):
    """The id of a layer, or ids of ranked places."""

    def parse(self, text: str) -> str | tuple[str, ...]:
        if not _PLACE_ID.match(text):
            return text
        return tuple(part.strip() for part in text.split(","))

    def check(self, value: object) -> str | tuple[str, ...]:
        if isinstance(value, str):
            return value
        if not isinstance(value, Iterable):
            raise InputError(f"{value!r} is not the id of a layer, nor a tuple of ids of places")
        return tuple(Text().check(place) for place in value)

    def write(self, value: object) -> str:
        checked = self.check(value)
        return checked if isinstance(checked, str) else ",".join(checked)


def one_of(choices: Iterable[str]) -> str:
    """Words for a choice: `a, b or c`."""
    *others, last = choices
    return f"{', '.join(others)} or {last}" if others else last


def _quoted(value: object) -> str:
    return repr(value if isinstance(value, str) else str(value))


_ASSIGNED: Final = "{'Ann Lee': 'E05015507'}"
_BRIDGED: Final = "{'Swan Bridge': ('E05015507', 'E05015508')}"


def _pairs(value: object, example: str) -> list[tuple[str, object]]:
    """The pairs of a mapping, or of a tuple of pairs."""
    items = value.items() if isinstance(value, Mapping) else value
    listed = list(items) if isinstance(items, Iterable) else [items]
    pairs = [item for item in listed if isinstance(item, tuple) and len(item) == 2]
    if len(pairs) < len(listed):
        raise InputError(f"{value!r} is not a mapping; write it as {example}")
    return [(str(name), second) for name, second in pairs]


def _weight(weight: object) -> str:
    return number_text(float(weight)) if isinstance(weight, int | float) else str(weight)


def _joined(ends: object) -> str:
    return "+".join(map(str, ends)) if isinstance(ends, tuple | list) else str(ends)
