"""What is asked: the Question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal
from urllib.parse import urlencode

from geo.cells import Shape
from geo.errors import QuestionError
from geo.question.options import DEFAULT_PERIOD, METHODS, OPTION, OPTIONS, Option

__all__ = ["DEFAULT_PERIOD", "OPTIONS", "Option", "Question"]


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
    without: tuple[str, ...] = ()
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
    control: str = ""
    since: str = ""
    buffer: int = 300
    near: tuple[int, ...] = (100, 200, 300, 400)
    days: tuple[int, ...] = (7, 14, 28)
    posts: int = 0
    money: str = ""
    floor: int | None = None
    need: str = "incidents"
    low: tuple[str, ...] = ()
    method: str = METHODS[0]
    pinned: str = ""
    exclude: tuple[str, ...] = ()
    size: str = ""
    members: int = 0
    groups: int = 0
    bridges: str = ""
    today: str = ""
    shifts: str = ""
    officers: int = 2
    minutes: int = 240
    visit: int = 15
    visits: int = 2
    everywhere: int = 0
    again: int = 120
    speed: int = 25
    detour: int = 130
    base: str = ""

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
        values: dict[str, Any] = {}
        for name, text in given.items():
            if name not in OPTION:
                raise QuestionError(name, f"is no option; there are: {', '.join(sorted(OPTION))}")
            values[name] = OPTION[name].read(name, text)
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
