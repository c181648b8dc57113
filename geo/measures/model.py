"""Measures of areas, entries of money and time, and the frames in which both travel."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, get_args

import pandas as pd

from geo.errors import InputError
from geo.measures.row_numbers import in_order

MeasureKind = Literal["count", "rate", "share", "mean", "money", "hours"]
KINDS: Final[tuple[MeasureKind, ...]] = get_args(MeasureKind)

Better = Literal["up", "down", "neither"]
"""Which direction is better."""
BETTER: Final[tuple[Better, ...]] = get_args(Better)

EntryKind = Literal["money", "time"]
ENTRY_KINDS: Final[tuple[EntryKind, ...]] = get_args(EntryKind)

MONEY_STATES: Final = ("allocated", "committed", "paid")
ACTIVITIES: Final = ("office", "patrol", "engagement", "cases")

VALUE_COLUMNS: Final = (
    "measure_id",
    "area_code",
    "first_day",
    "last_day",
    "value",
    "numerator",
    "denominator",
    "lower",
    "upper",
    "note",
)
"""Columns of a frame of values: one row per measure, area and period.

`first_day` and `last_day` are inclusive, as `datetime64[s]` at midnight. Numbers are NaN where they
were not published: unknown is never 0.
"""

VALUE_NUMBERS: Final = ("value", "numerator", "denominator", "lower", "upper")
_DAYS: Final = ("first_day", "last_day")

ENTRY_COLUMNS: Final = (
    "entry_id",
    "kind",
    "day",
    "amount",
    "layer_id",
    "area_code",
    "state",
    "activity",
    "post",
    "priority",
    "task",
    "payee_kind",
    "note",
    "reverses",
    "settles",
)
"""Columns of a frame of entries: one row per dated amount.

`amount` is whole pence of `money` and whole minutes of `time`; `day` is `datetime64[s]`, midnight.
Texts are '' where nothing is known; an entry without `area_code` is of the whole city. `reverses`
and `settles` are ids of other entries.
"""

_MEASURE_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,79}")


@dataclass(frozen=True)
class Measure:
    """What is measured, and how it is published.

    Attributes
    ----------
    measure_id
        Small letters, digits, `-` and `_`.
    title, unit
        As people read them: `Residents`, `people`.
    kind
        Counts, money and hours add up over areas; rates, shares and means do not.
    better
        Which direction is better.
    layer_id
        The layer that the values are published on; '' of one made of incidents, which any layer
        has.
    source, licence, caveat
        Who published it, under which terms, and what readers are to know of it.
    multiplier
        A rate per 1,000 has 1,000: value = multiplier × numerator / denominator.
    question
        The query string of a Question of incidents, whose count the measure then is.
    per
        Its denominator: an attribute of the layer (`residents`), or another measure's id.
    """

    measure_id: str
    title: str
    unit: str
    kind: MeasureKind
    better: Better
    layer_id: str
    source: str
    licence: str = ""
    caveat: str = ""
    multiplier: float = 1.0
    question: str = ""
    per: str = ""

    @property
    def adds_up(self) -> bool:
        """Whether values of areas can be added."""
        return self.kind in ("count", "money", "hours")

    def as_json(self) -> str:
        """The measure as the JSON that `measure_of` reads."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def measure_of(text: str) -> Measure:
    """Read a measure that `Measure.as_json` wrote."""
    return Measure(**json.loads(text))


def check_measure(measure: Measure) -> None:
    """Refuse a measure that no answer could be made of.

    Raises
    ------
    InputError
        If its id, kind, direction or multiplier is not allowed, it has no title, or it has neither
        a layer nor a Question.
    """
    own = measure.measure_id
    if not _MEASURE_ID.fullmatch(own):
        raise InputError(
            f"{own!r} cannot be a measure's id: use small letters, digits, '-' and '_', at most 80"
        )
    if measure.kind not in KINDS:
        raise InputError(f"{own}: unknown kind {measure.kind!r}; choose {', '.join(KINDS)}")
    if measure.better not in BETTER:
        raise InputError(f"{own}: unknown direction {measure.better!r}; choose {', '.join(BETTER)}")
    if not (math.isfinite(measure.multiplier) and measure.multiplier > 0):
        raise InputError(
            f"{own}: the multiplier must be above 0, such as 1000 for a rate per 1,000"
        )
    if not measure.title.strip():
        raise InputError(f"{own}: the measure needs a title")
    if not measure.layer_id and not measure.question:
        raise InputError(f"{own}: name the layer that its values are published on")


def values_frame(rows: pd.DataFrame | Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a frame of values: missing columns are unknown, types as `VALUE_COLUMNS` says.

    Parameters
    ----------
    rows
        A frame, or a mapping per row, with `measure_id`, `area_code`, `first_day`, `last_day`.

    Returns
    -------
    n rows with `VALUE_COLUMNS`, by measure, area and period.
    """
    frame = pd.DataFrame(rows).reindex(columns=list(VALUE_COLUMNS))
    types = dict.fromkeys(VALUE_NUMBERS, "float64") | dict.fromkeys(_DAYS, "datetime64[s]")
    if frame["note"].dtype != "str":
        frame["note"] = frame["note"].astype(object).where(frame["note"].notna(), "")
    frame = frame.astype(types | dict.fromkeys(("measure_id", "area_code", "note"), "str"))
    frame["note"] = frame["note"].fillna("")
    return in_order(frame, list(VALUE_COLUMNS[:4]))


def entries_frame(rows: pd.DataFrame | Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Make a frame of entries: missing texts are '', types as `ENTRY_COLUMNS` says.

    Parameters
    ----------
    rows
        A frame, or a mapping per row, with `entry_id`, `kind`, `day` and `amount`.

    Returns
    -------
    n rows with `ENTRY_COLUMNS`, by day and id.
    """
    frame = pd.DataFrame(rows).reindex(columns=list(ENTRY_COLUMNS))
    texts = [name for name in ENTRY_COLUMNS if name not in ("day", "amount")]
    frame[texts] = frame[texts].astype(object).where(frame[texts].notna(), "")
    types = dict.fromkeys(texts, "str") | {"day": "datetime64[s]", "amount": "int64"}
    frame = frame.astype(types)
    return frame.sort_values(["day", "entry_id"], kind="stable", ignore_index=True)


def no_values() -> pd.DataFrame:
    """A frame of values without a row."""
    return values_frame([])


def no_entries() -> pd.DataFrame:
    """A frame of entries without a row."""
    return entries_frame([])
