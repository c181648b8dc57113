"""What a gazetteer holds: names of kinds, at places, read some at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import pandas as pd

Kind = Literal[
    "area",
    "ranked place",
    "settlement",
    "station",
    "street",
    "site",
    "landform",
    "postcode",
    "grid reference",
    "coordinates",
]
"""What a result is. A site is a school, a hospital or other premises; a landform may be water."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

NAME_COLUMNS: Final = (
    "name",
    "also",
    "kind",
    "type",
    "order",
    "place",
    "x",
    "y",
    "half_x",
    "half_y",
    "ref",
)
"""Columns of a frame of names.

`also` is another name, or a code, under which it is found too; `type` is the source's own word for
the kind; `order` says which of two equal matches comes first, from 0; `place` is what tells it from
others of its name; `x` and `y` are metres in the working CRS, `half_x` and `half_y` half the sides
of its box; `ref` is its id where it came from, '' for none.
"""

POSTCODE_COLUMNS: Final = ("postcode", "x", "y", "place")
"""Columns of a frame of postcodes, which are whole, in capitals and without their space."""


@dataclass(frozen=True)
class NameBatch:
    """Some rows of a file.

    Attributes
    ----------
    read
        How many there were.
    names
        A frame with `NAME_COLUMNS`.
    postcodes
        A frame with `POSTCODE_COLUMNS`.
    rejected
        How many were rejected, by reason.
    second, joined
        How many of the names are second names of a row that has a first one, and how many rows
        are parts of a name that another row stands for: read = rejected + names − second + joined
        + postcodes.
    """

    read: int
    names: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(NAME_COLUMNS)))
    postcodes: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(POSTCODE_COLUMNS))
    )
    rejected: Counter[str] = field(default_factory=Counter)
    second: int = 0
    joined: int = 0


@dataclass(frozen=True)
class Entry:
    """A name or a postcode with its place.

    Attributes
    ----------
    kind, type, order, place, ref
        As the columns of `NAME_COLUMNS`.
    name, also
        Likewise.
    x, y, half_x, half_y
        Metres.
    """

    name: str
    kind: Kind
    type: str
    order: int
    place: str
    x: float
    y: float
    half_x: float = 0.0
    half_y: float = 0.0
    also: str = ""
    ref: str = ""
