"""Reads values of measures from a CSV or XLSX: one row per area, period and measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.measures.model import VALUE_COLUMNS, Measure, check_measure, values_frame
from geo.measures.numbers import Numbers, numbers_of
from geo.measures.periods import days_of, named_days
from geo.measures.rejected_rows import (
    AreaFinder,
    RejectedRows,
    Texts,
    columns_of,
    first_reasons,
    reasons_where,
)
from geo.measures.row_numbers import any_alike
from geo.period import Period
from geo.sources.sheets import read_sheet

Flags = NDArray[np.bool_] | pd.Series

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "area_code": (
        *("area", "code", "geography code", "ward code", "lsoa code"),
        *("ward", "area name", "ward name"),
    ),
    "measure_id": ("measure",),
    "period": ("time period", "date", "year", "month", "quarter"),
    "from": ("first_day", "start"),
    "to": ("last_day", "end"),
    "value": ("observation",),
    "numerator": ("count",),
    "denominator": ("population",),
    "lower": ("lower limit", "lower ci"),
    "upper": ("upper limit", "upper ci"),
    "note": ("value note",),
}
"""What a row can hold, and the names that its column may have besides."""

_ROUNDED: Final = 0.02
"""By so much of it a published value may differ from numerator and denominator."""

_STANDS_TWICE: Final = "another value of the same measure, area and period"
_REPEATED: Final = "stands twice, with the same content"


@dataclass(frozen=True)
class ReadValues:
    """What was read of a file: every row is a value, or rejected with a reason.

    Attributes
    ----------
    values
        With `VALUE_COLUMNS`.
    rejected
        The other rows.
    rows_read
        How many rows the file has.
    measures
        Those that the file describes, or that it was read as.
    notices
        What a reader should know, a line each.
    """

    values: pd.DataFrame
    rejected: RejectedRows
    rows_read: int
    measures: tuple[Measure, ...] = ()
    notices: tuple[str, ...] = field(default=())


def read_values(
    path: Path,
    areas: gpd.GeoDataFrame,
    measures: Iterable[Measure],
    *,
    columns: Mapping[str, str] | None = None,
    period: Period | None = None,
) -> ReadValues:
    """Read a table of values.

    Parameters
    ----------
    path
        A CSV or XLSX with `COLUMNS`.
    areas
        The layer that the values are published on, indexed by code, with `area_name`.
    measures
        Those that rows may be of. A file without a column of measures is of the only one.
    columns
        What a row holds, as in `COLUMNS` → the file's column.
    period
        Of all rows, where the file has no column of it.

    Returns
    -------
    ReadValues
        Marks such as `*` are unknown values, with the mark as their note. A value that is not
        published is computed where numerator and denominator are.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column that is needed.
    """
    known = {measure.measure_id: measure for measure in measures}
    for measure in known.values():
        check_measure(measure)
    finder, rejected = AreaFinder(areas), RejectedRows()
    parts: list[pd.DataFrame] = []
    tables: list[tuple[Table, pd.DataFrame]] = []
    for table in read_sheet(path):
        own = columns_of(table.header, COLUMNS, columns or {}, file=path.name)
        _require(own, table, several=len(known) > 1, has_period=period is not None)
        rows, reasons = _rows(table, own, known, finder, period=period)
        accepted = np.asarray(reasons == "", dtype=bool)
        if accepted.all():
            rejected.fields = tuple(table.header)
            parts.append(rows)
        else:
            rejected.add(table, reasons)
            parts.append(rows[accepted])
        tables.append((table, parts[-1]))
    read = sum(len(table) for table, _ in tables)
    frame = pd.concat(parts)
    values = once(frame, tables, rejected)
    notices = [*tables[-1][0].notices, *_inconsistent(values, known)]
    return ReadValues(values_frame(values), rejected, read, tuple(known.values()), tuple(notices))


def once(
    frame: pd.DataFrame, tables: Iterable[tuple[Table, pd.DataFrame]], rejected: RejectedRows
) -> pd.DataFrame:
    """Keep each measure, area and period once, and reject the others.

    Parameters
    ----------
    frame
        With `VALUE_COLUMNS`: the rows of all tables.
    tables
        Each table, and its own rows by position in it.
    rejected
        Takes the rows that are rejected: repetitions, and all values that contradict each other.

    Returns
    -------
    The rows that are left.
    """
    keys = list(VALUE_COLUMNS[:4])
    if not any_alike(frame, keys):
        return frame
    repeated = frame.duplicated(list(VALUE_COLUMNS)).to_numpy()
    several = frame.drop_duplicates().duplicated(keys, keep=False)
    named = pd.MultiIndex.from_frame(frame[keys])
    contradicted = named.isin(pd.MultiIndex.from_frame(frame.drop_duplicates()[keys])[several])
    reasons = first_reasons(
        reasons_where(contradicted, _STANDS_TWICE), reasons_where(repeated, _REPEATED)
    )
    start = 0
    for table, own in tables:
        part = reasons[start : start + len(own)]
        rejected.add(table, part, rows=own.index.tolist())
        start += len(own)
    left: pd.DataFrame = frame[reasons == ""]
    return left


def _require(columns: Mapping[str, str], table: Table, *, several: bool, has_period: bool) -> None:
    missing = [name for name in ("area_code",) if name not in columns]
    if several and "measure_id" not in columns:
        missing.append("measure_id")
    if not has_period and "period" not in columns and "from" not in columns:
        missing.append("period")
    if "value" not in columns and not {"numerator", "denominator"} <= set(columns):
        missing.append("value")
    if missing:
        raise InputError(
            f"{table.file} lacks the column {', '.join(missing)}; name it with --column "
            f"{missing[0]}=… (it has: {', '.join(table.header)[:200]})"
        )


def _rows(
    table: Table,
    columns: Mapping[str, str],
    known: Mapping[str, Measure],
    finder: AreaFinder,
    *,
    period: Period | None,
) -> tuple[pd.DataFrame, Texts]:
    """The rows of a table as values, by position, and why each is rejected."""
    n = len(table)
    codes, no_area = finder.codes(table.text(columns["area_code"]))
    if "measure_id" in columns:
        ids = table.text(columns["measure_id"])
    else:
        ids = pd.Series(np.full(n, next(iter(known)), dtype=object), dtype="str")
    of = _measures_of(ids, known)
    first, last, no_period = _days(table, columns, period)
    numbers = {name: numbers_of(table, columns.get(name)) for name in VALUE_COLUMNS[4:9]}
    rows = pd.DataFrame({name: own.values for name, own in numbers.items()}).assign(
        measure_id=ids,
        area_code=codes,
        first_day=first,
        last_day=last,
        note=_notes(table, columns, numbers),
    )
    rows = rows.assign(value=_computed(rows, of))
    wrong: list[tuple[Flags, str]] = [
        (table.wrong_width, "more or fewer fields than the header"),
        *no_area,
        (of.position < 0, "no such measure"),
        (no_period, "the period cannot be read"),
        *((own.wrong, f"{name} is no number") for name, own in numbers.items()),
        *_impossible(rows, of),
    ]
    return rows[list(VALUE_COLUMNS)], _first_of(wrong, n)


def _first_of(wrong: Iterable[tuple[Flags, str]], n: int) -> Texts:
    """The first reason of each of n rows; most files have none of most reasons."""
    reasons = np.full(n, "", dtype=object)
    for flags, reason in reversed([*wrong]):
        where = np.asarray(flags, dtype=bool)
        if where.any():
            reasons[where] = reason
    return reasons


@dataclass(frozen=True)
class _MeasuresOf:
    """Of which measures n rows are.

    Attributes
    ----------
    measures
        All that are known.
    position
        Which of them each row is of; −1 for none.
    """

    measures: tuple[Measure, ...]
    position: NDArray[np.int64]

    def facts(self, fact: Callable[[Measure], Any]) -> NDArray[Any]:
        """A fact about the measure of each row; that of the last measure where there is none."""
        return np.array([fact(one) for one in self.measures])[self.position]


def _measures_of(ids: pd.Series, known: Mapping[str, Measure]) -> _MeasuresOf:
    at, unique = pd.factorize(ids)
    positions = {own: position for position, own in enumerate(known)}
    named = np.array([positions.get(str(own), -1) for own in unique], dtype=np.int64)
    return _MeasuresOf(tuple(known.values()), named[at])


def _computed(rows: pd.DataFrame, of: _MeasuresOf) -> pd.Series:
    """The values, and where none is published what numerator and denominator make."""
    computed = _made(rows, of).where(of.position >= 0)
    # A mark says that it was not to be published.
    return rows["value"].where(rows["value"].notna() | (rows["note"] != ""), computed)


def _made(rows: pd.DataFrame, of: _MeasuresOf) -> pd.Series:
    """What numerators and denominators make: of what adds up the numerator is the value."""
    sizes = rows["denominator"].where(rows["denominator"] > 0)
    ratios: pd.Series = of.facts(lambda one: one.multiplier) * rows["numerator"] / sizes
    return ratios.where(~of.facts(lambda one: one.adds_up), rows["numerator"])


def _notes(table: Table, columns: Mapping[str, str], numbers: Mapping[str, Numbers]) -> Texts:
    # Most columns have no mark.
    n = len(table)
    marked = [own.marks for own in numbers.values() if own.has_marks]
    marks = first_reasons(np.full(n, "", object), *marked)
    if "note" not in columns:
        return marks
    texts = table.text(columns["note"]).to_numpy(object)
    return first_reasons(np.where(np.isin(texts.astype(str), ["nan"]), "", texts), marks)


def _days(
    table: Table, columns: Mapping[str, str], period: Period | None
) -> tuple[pd.Series, pd.Series, Flags]:
    """First and last days of n rows, and which of them have none."""
    if "from" in columns and "to" in columns:
        first, begins = named_days(table.text(columns["from"]))
        last, ends = named_days(table.text(columns["to"]))
        pairs, at = np.unique(begins * len(last) + ends, return_inverse=True)
        spans: list[Period | None] = [
            Period(one.first, other.last) if one and other and one.first <= other.last else None
            for pair in pairs.tolist()
            for one, other in [(first[pair // len(last)], last[pair % len(last)])]
        ]
    elif "period" in columns or "from" in columns:
        texts = table.text(columns["period"] if "period" in columns else columns["from"])
        spans, at = named_days(texts)
    else:
        spans, at = [period], np.zeros(len(table), dtype=np.int64)
    # Few periods are named often: each is looked at once.
    firsts, lasts, missing = (np.asarray(part) for part in days_of(spans))
    return pd.Series(firsts[at]), pd.Series(lasts[at]), missing[at]


def _impossible(rows: pd.DataFrame, of: _MeasuresOf) -> list[tuple[Flags, str]]:
    """Which numbers cannot be, and why: below 0, or a part above its whole."""
    known = of.position >= 0
    is_share = of.facts(lambda one: one.kind == "share") & known
    is_count = of.facts(lambda one: one.kind in ("count", "hours")) & known
    negative = (rows["numerator"] < 0) | (rows["denominator"] < 0)
    above = is_share & (rows["numerator"] > rows["denominator"])
    count = is_count & (rows["value"] < 0)
    outside = (rows["lower"] > rows["value"]) | (rows["upper"] < rows["value"])
    return [
        (negative, "numerator or denominator below 0"),
        (above, "numerator above its denominator"),
        (count, "a count below 0"),
        (outside, "the value lies outside its own limits"),
    ]


def _inconsistent(values: pd.DataFrame, known: Mapping[str, Measure]) -> list[str]:
    """Where values are not what their numerators and denominators make, the measures' names."""
    of = _measures_of(values["measure_id"], known)
    made = _made(values, of)
    wrong = (values["value"] - made).abs() > _ROUNDED * made.abs().clip(lower=1)
    wrong &= (values["denominator"] > 0) & (of.position >= 0)
    counts = np.bincount(of.position[wrong.to_numpy(dtype=bool)], minlength=len(known))
    notices = []
    for measure, n in zip(of.measures, counts.tolist(), strict=True):
        if n:
            ratio = f"{measure.multiplier:g} × numerator / denominator; check --multiplier"
            said = "their numerators" if measure.adds_up else ratio
            notices.append(f"{measure.measure_id}: {n:,} values are not {said}")
    return notices
