"""What the first rows show of each field."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pandas as pd

from api.look.facts import FieldFacts
from boundaries.layers.area_codes import LEVELS, code_columns
from geo.formats.csv_table import Table
from geo.sources.dates import ISO
from geo.sources.sample import Column
from geo.sources.sheets import CellTable

FIRST_ROWS: Final = 5
"""Rows from the very beginning that a field tells the values of."""

_SAMPLES = 3
_LONGEST = 60


def table_columns(table: Table) -> list[Column]:
    """The columns of a table's first rows."""
    cells = isinstance(table, CellTable)
    return [Column(name, table.text(name), cells) for name in table.header]


def frame_columns(frame: pd.DataFrame) -> list[Column]:
    """The columns of a frame of properties."""
    texts = frame.astype(object).where(frame.notna(), "").map(_one_line)
    return [Column(str(name), texts[name].astype("str"), cells=False) for name in texts]


def describe_fields(columns: Iterable[Column]) -> tuple[FieldFacts, ...]:
    """Describe fields by their values."""
    return tuple(_described(columns))


def _described(columns: Iterable[Column]) -> Iterator[FieldFacts]:
    for column in columns:
        samples = tuple(_one_line(value)[:_LONGEST] for value in column.distinct[:_SAMPLES])
        empty = len(column.text) - len(column.values)
        first = tuple(_one_line(value)[:_LONGEST] for value in column.text[:FIRST_ROWS])
        formats = tuple(column.formats) if len(column.values) else ()
        name = _one_line(column.name)
        yield FieldFacts(name, _kind(column), samples, empty, first, formats)


def _kind(column: Column) -> str:
    if not len(column.values):
        return "empty"
    kind = "text"
    if codes := code_columns(pd.DataFrame({"": column.distinct})):
        kind = f"codes of {LEVELS[codes['']]}"
    elif column.postcodes:
        kind = "postcode"
    elif column.formats:
        kind = _date_kind(column)
    elif column.clock:
        kind = f"time ({column.clock})"
    elif column.numeric:
        whole = not column.values.str.contains(r"[.eE]").any()
        kind = "whole number" if whole else "number"
    return kind


def _date_kind(column: Column) -> str:
    if column.formats == [ISO]:
        return "month (yyyy-mm)" if column.distinct.str.len().max() == 7 else "date (yyyy-mm-dd)"
    return f"date ({' or '.join(column.formats[:3])})"


def _one_line(value: object) -> str:
    text = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(text.split())
