"""The assessment of a task: how it will be judged, fixed when the task is decided.

Fixed beforehand, so that nobody chooses the months or the control by their result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Literal, get_args

import shapely

from geo.errors import InputError
from geo.period import month_title

Outcome = Literal["worked", "no clear effect", "worse", "cannot tell"]
"""What an assessment finds."""
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)

BY_HAND: Final = ", judged by hand"
"""Stands after the outcome in the sentence of a finding that is a person's."""

MATCHED: Final = "matched"
"""The control is untreated places of like level and trend."""
REST: Final = "rest"
"""The control is the rest of the study area."""

_MONTH: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class Assessment:
    """How a task will be judged.

    Attributes
    ----------
    category
        Incident categories that the task is to reduce; empty for all.
    before
        First and last month before the place was chosen, as `2024-01`.
    wait_months, after_months
        Whole months after the task is done that are left out, and that are then counted.
    control
        `matched`, `rest`, or codes of areas joined by `,`.
    buffer_m
        Metres around the place in which displacement is looked for; 0 for none.
    chosen
        The day on which the place was chosen.
    place
        The geometry that is judged, as WKB in the store's CRS.
    """

    category: tuple[str, ...]
    before: tuple[str, str]
    wait_months: int
    after_months: int
    control: str
    buffer_m: float
    chosen: date
    place: bytes

    def __post_init__(self) -> None:
        first, last = self.before
        if not (_MONTH.fullmatch(first) and _MONTH.fullmatch(last)) or first > last:
            raise InputError(f"{first} to {last} are not months in order; write 2024-01, 2024-12")
        if last >= f"{self.chosen:%Y-%m}":
            # A place chosen at its worst falls by itself; its worst month must not be the measure.
            raise InputError(
                f"the months before end with {month_title(last)}; end them before "
                f"{self.chosen:%B %Y}, in which the place was chosen"
            )
        if self.wait_months < 0 or self.after_months < 1 or self.buffer_m < 0:
            raise InputError("months to wait and the buffer are 0 or more, months after 1 or more")
        if not self.control.strip():
            raise InputError("an assessment needs a control: matched, rest, or codes of areas")

    @property
    def geometry(self) -> shapely.Geometry:
        """The geometry that is judged, in the store's CRS."""
        return shapely.from_wkb(self.place)

    def as_dict(self) -> dict[str, object]:
        """The assessment as plain JSON, as stores keep it: keys never change."""
        return asdict(self) | {
            "category": list(self.category),
            "before": list(self.before),
            "chosen": self.chosen.isoformat(),
            "place": self.place.hex(),
        }

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Assessment:
        """The assessment that `as_dict` wrote."""
        first, last = written["before"]
        return cls(
            category=tuple(written["category"]),
            before=(first, last),
            wait_months=written["wait_months"],
            after_months=written["after_months"],
            control=written["control"],
            buffer_m=written["buffer_m"],
            chosen=date.fromisoformat(written["chosen"]),
            place=bytes.fromhex(written["place"]),
        )


def is_by_hand(finding: str) -> bool:
    """Whether the sentence of a finding is a person's."""
    return any(finding.startswith(f"{one.capitalize()}{BY_HAND}: ") for one in OUTCOMES)
