"""What a report is made of, whatever it is written as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from geo.question.accounts import Accounts

Style = Literal[
    "text", "day", "named", "count", "measure", "pounds", "hours", "share", "ratio", "verdict"
]
"""How a column is written: text; a day or a month, in words; the name of a measure with its unit; a
whole number; a value of the unit that its row names; pounds and pence; hours; a share in per cent;
a ratio with its limits; a verdict, as a label where it says that something differs."""


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes
    ----------
    name
        Of the frame's column.
    title
        For people.
    style
        How its cells are written.
    limits
        The columns of the limits of a ratio.
    """

    name: str
    title: str
    style: Style = "text"
    limits: tuple[str, str] = ("lower", "upper")

    @property
    def is_number(self) -> bool:
        """Whether it is set flush right."""
        return self.style in ("count", "measure", "pounds", "hours", "share")


@dataclass(frozen=True)
class ReportTable:
    """A table of a report.

    Attributes
    ----------
    title
        Its caption, and the name of its sheet in a workbook.
    frame
        Its rows; columns that are not named in `columns` are not shown.
    columns
        Those that are shown, the first of them naming the row.
    totals
        How many of the last rows are totals.
    notes
        What readers are to know of it.
    charts
        For each row the history of its value, drawn in a last column: (when, value), oldest first.
    most
        How many rows stand on pages and on paper; None for all. A workbook has every row.
    """

    title: str
    frame: pd.DataFrame
    columns: tuple[Column, ...]
    totals: int = 0
    notes: tuple[str, ...] = ()
    charts: tuple[tuple[tuple[str, float], ...], ...] = ()
    most: int | None = None


@dataclass(frozen=True)
class Part:
    """A part of a report, such as one area's.

    Attributes
    ----------
    title
        Its heading.
    sentences
        What is found, the most important first.
    tables
        What it rests on.
    unknown
        What the data cannot say, and why: a sentence each.
    layout
        How it lies on paper: on sheets of its own, kept together on one, or as it comes.
    """

    title: str
    sentences: Sequence[str]
    tables: Sequence[ReportTable]
    unknown: Sequence[str] = ()
    layout: Literal["sheet", "together", "flowing"] = "flowing"


@dataclass(frozen=True)
class Report:
    """A report.

    Attributes
    ----------
    title
        Its name and whom it is of.
    period
        The time that it is of, in words.
    about
        What stands under the title: areas, incidents, sources.
    sentences
        What it says of the whole, the most important first.
    parts
        The parts, in the order of names where they are of areas.
    methods
        How its numbers were made, and what speaks against them.
    accounts
        Of the incidents that it rests on; None where it rests on none.
    """

    title: str
    period: str
    about: Sequence[str]
    sentences: Sequence[str]
    parts: Sequence[Part]
    methods: Sequence[str] = ()
    accounts: Accounts | None = None
    tables: Sequence[ReportTable] = field(default_factory=tuple)
