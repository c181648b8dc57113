"""The record of what a file is, as `patchmap look` prints it and a page can show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Use = Literal["incidents", "layer", "features", "figures", "names", "measures", "entries", ""]
"""What a file can be imported as; '' for what no import takes, such as tiles."""

ROWS_CHECKED: Final = 20_000
"""Rows of a table that are checked, from its beginning."""


@dataclass(frozen=True)
class Part:
    """A layer, a sheet or a month inside a file.

    Attributes
    ----------
    rows
        How many it holds; None where that was not counted.
    geometry
        The kind of its features; '' where it has none, or that is not known.
    """

    name: str
    rows: int | None = None
    geometry: str = ""


@dataclass(frozen=True)
class FieldFacts:
    """A field as the first rows show it.

    Attributes
    ----------
    kind
        Such as `date (dd/mm/yyyy)`, `whole number` or `text`.
    samples
        Some of its values, each different.
    empty
        How many of the first rows have no value.
    first
        Its values in the very first rows, '' where there is none.
    formats
        The date formats that its values fit.
    """

    name: str
    kind: str
    samples: tuple[str, ...]
    empty: int
    first: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where the points, or the middles of the areas, lie.

    Attributes
    ----------
    crs
        The coordinate reference system of the file.
    bounds
        West, south, east and north in degrees.
    width_km, height_km
        The same on the ground.
    counts
        How many lie in each cell of a grid, by row from the north, then from the west.
    cell_km
        Width and height of a cell.
    what
        What is counted, such as `incidents`.
    beyond
        How many lie beyond the grid, which shows nearly all where a few are far away.
    grid_m
        West, south, east and north of the grid, in metres of the store.
    """

    crs: str
    bounds: tuple[float, float, float, float]
    width_km: float
    height_km: float
    counts: tuple[tuple[int, ...], ...]
    cell_km: tuple[float, float]
    what: str
    beyond: int = 0
    grid_m: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Dates:
    """When the accepted rows happened.

    Attributes
    ----------
    first, last
        As `2024-01-31`, or `2024-01` where only months are known.
    missing
        Months between them without a row, as `2024-01`.
    note
        What is unusual about the times of day; '' for nothing.
    """

    first: str
    last: str
    missing: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Check:
    """What an import would do with the rows, tried with the reader that it uses.

    Attributes
    ----------
    read, accepted
        Rows that were tried, and those that would be imported.
    rejected
        The number of the others by reason.
    problem
        Why the file as a whole cannot be imported; '' if it can.
    """

    read: int = 0
    accepted: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class FileFacts:
    """What a file is.

    Attributes
    ----------
    file, kind, size
        Its name, its format in words, and its bytes; of a folder the size is None.
    title
        What it holds, in a sentence; '' where the kind says it.
    parts
        Its layers, sheets or months, where it can have several.
    part
        The one that the rest is about, '' for the whole file.
    rows
        How many rows or features it has; None where that was not counted.
    rows_exact
        Whether `rows` is exact: of a table of which only the beginning was read, lines are counted.
    check
        None where nothing of it is imported row by row.
    categories
        The ten most frequent of the accepted rows, with their number.
    notices
        What to know of how it was read.
    commands
        The command lines that take it, in order.
    use
        What it is recognised as.
    proposal
        How it would be imported: `mapping` (TOML) and `partition` of incidents, `id`, `code_field`
        and `repair` of a layer, `key` of figures; `layer` names the part of the file.
    """

    file: str
    kind: str
    size: int | None
    title: str = ""
    parts: tuple[Part, ...] = ()
    part: str = ""
    rows: int | None = None
    rows_exact: bool = True
    fields: tuple[FieldFacts, ...] = ()
    place: Place | None = None
    dates: Dates | None = None
    check: Check | None = None
    categories: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    use: Use = ""
    proposal: Mapping[str, str] = field(default_factory=dict)
