"""Reads the CSV that Fingertips publishes, with its columns exactly as they are published.

Source: Office for Health Improvement and Disparities, Fingertips, "Get the data".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.formats.csv_table import Table
from geo.measures.model import VALUE_COLUMNS, Better, Measure, MeasureKind, values_frame
from geo.measures.numbers import numbers_of
from geo.measures.periods import days_of, named_period
from geo.measures.read_values import ReadValues, once
from geo.measures.rejected_rows import AreaFinder, RejectedRows, first_reasons, reasons_where
from geo.sources.sheets import read_sheet

COLUMNS: Final = (
    "Indicator ID",
    "Indicator Name",
    "Parent Code",
    "Parent Name",
    "Area Code",
    "Area Name",
    "Area Type",
    "Sex",
    "Age",
    "Category Type",
    "Category",
    "Time period",
    "Value",
    "Lower CI 95.0 limit",
    "Upper CI 95.0 limit",
    "Lower CI 99.8 limit",
    "Upper CI 99.8 limit",
    "Count",
    "Denominator",
    "Value note",
)
"""The columns that are read, or looked for; those that compare areas with others are not read."""

SOURCE: Final = "Fingertips, Office for Health Improvement and Disparities"
LICENCE: Final = "Open Government Licence v3.0"

_NUMBERS: Final = {
    "value": "Value",
    "numerator": "Count",
    "denominator": "Denominator",
    "lower": "Lower CI 95.0 limit",
    "upper": "Upper CI 95.0 limit",
}
_PLAIN: Final = {"", "persons", "all ages", "not applicable", "nan"}
_MULTIPLIERS: Final = (1.0, 100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
_ALIKE: Final = 0.02
"""By so much of it a value may differ from a ratio, as it is published rounded."""
_RATIOS: Final = 0.95
"""Share of the values that must be such a ratio."""
_STANDARDISED: Final = (
    "The value is no ratio of the published count and denominator (it may be standardised): it is "
    "shown on the areas of its own layer only."
)


def is_fingertips(header: Iterable[str]) -> bool:
    """Whether a table has the columns of Fingertips."""
    return set(COLUMNS) <= set(header)


def read_fingertips(
    path: Path,
    areas: gpd.GeoDataFrame,
    layer_id: str,
    *,
    better: Better = "neither",
    source: str = "",
    licence: str = "",
    caveat: str = "",
) -> ReadValues:
    """Read a CSV of Fingertips.

    Parameters
    ----------
    path
        The file.
    areas, layer_id
        The layer that its areas belong to; rows of others are rejected.
    better
        Which direction is better, of all its measures: the file does not say.
    source, licence, caveat
        Of all its measures; Fingertips' own where they are ''.

    Returns
    -------
    ReadValues
        A measure for each indicator, sex, age and category. Where the values of one are no ratio of
        count and denominator, these two are left out, and its caveat says so.

    Raises
    ------
    InputError
        If the file cannot be read, or lacks a column.
    """
    finder, rejected = AreaFinder(areas), RejectedRows()
    tables: list[tuple[Table, pd.DataFrame]] = []
    titles: dict[str, str] = {}
    for table in read_sheet(path):
        table.require(*COLUMNS)
        rows, reasons, own = _rows(table, finder)
        titles |= own
        rejected.add(table, reasons)
        tables.append((table, rows[reasons == ""]))
    read = sum(len(table) for table, _ in tables)
    values = once(pd.concat([rows for _, rows in tables]), tables, rejected)
    base = Measure(
        "",
        "",
        "",
        "mean",
        better,
        layer_id,
        source or SOURCE,
        licence or LICENCE,
        caveat,
    )
    parts, measures = [], []
    for name in sorted(values["measure_id"].unique()):
        part = values[values["measure_id"] == name]
        measure, figures = _described(replace(base, measure_id=name, title=titles[name]), part)
        measures.append(measure)
        parts.append(figures)
    frame = values_frame(pd.concat(parts) if parts else values)
    return ReadValues(frame, rejected, read, tuple(measures), tables[-1][0].notices)


def _rows(table: Table, finder: AreaFinder) -> tuple[pd.DataFrame, np.ndarray, dict[str, str]]:
    """The rows as values, why each is rejected, and the titles of measures by id."""
    texts = pd.DataFrame({name: table.text(name) for name in COLUMNS})
    # By code alone: areas of other types bear the same names.
    codes = texts["Area Code"]
    known, _ = finder.find(codes)
    foreign = np.array([own != code for own, code in zip(known, codes, strict=True)])
    kinds = texts["Area Type"].where(texts["Area Type"] != "", "another type")
    no_area = np.where(foreign, "no area of the layer: " + kinds.to_numpy(object), "").astype(
        object
    )
    ids, titles = _identified(texts)
    first, last, timeless = days_of([named_period(text) for text in texts["Time period"]])
    numbers = {name: numbers_of(table, column) for name, column in _NUMBERS.items()}
    rows = pd.DataFrame({name: own.values for name, own in numbers.items()}).assign(
        measure_id=ids,
        area_code=codes.to_numpy(),
        first_day=first,
        last_day=last,
        note=first_reasons(
            texts["Value note"].to_numpy(object), *(own.marks for own in numbers.values())
        ),
    )
    reasons = first_reasons(
        reasons_where(table.wrong_width, "more or fewer fields than the header"),
        no_area,
        reasons_where(ids == "", "no indicator"),
        reasons_where(timeless, "the period cannot be read"),
        *(
            reasons_where(own.wrong, f"{_NUMBERS[name]} is no number")
            for name, own in numbers.items()
        ),
    )
    return rows[list(VALUE_COLUMNS)], reasons, titles


def _identified(texts: pd.DataFrame) -> tuple[np.ndarray, dict[str, str]]:
    """The id of each row's measure, and the title of each."""
    names = ["Indicator ID", "Indicator Name", "Sex", "Age", "Category Type", "Category"]
    keys = texts[names]
    first = keys.drop_duplicates()
    ids: dict[tuple[str, ...], str] = {}
    titles: dict[str, str] = {}
    for indicator, title, *rest in first.itertuples(index=False, name=None):
        parts = [part for part in rest if part.lower() not in _PLAIN]
        # A category's type says what kind of group it is; the id has both, as names repeat.
        own = _slug("-".join([indicator, *parts])) if indicator else ""
        ids[indicator, title, *rest] = own
        titles[own] = f"{title} ({', '.join(parts)})" if parts else title
    rows = keys.itertuples(index=False, name=None)
    return np.array([ids[row] for row in rows], dtype=object), titles


def _slug(text: str) -> str:
    """Small letters, digits and '-': as an id; long ones end in a hash of the whole."""
    slug = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(slug) <= 80:
        return slug
    return f"{slug[:71]}-{hashlib.sha256(slug.encode()).hexdigest()[:8]}"


def _described(measure: Measure, rows: pd.DataFrame) -> tuple[Measure, pd.DataFrame]:
    """A measure with the kind and unit that its values show, and its values."""
    counted = rows["value"].notna() & (rows["denominator"] > 0) & (rows["numerator"] > 0)
    ratio = (rows["value"] * rows["denominator"] / rows["numerator"])[counted]
    for multiplier in _MULTIPLIERS:
        alike = (ratio / multiplier - 1).abs() <= _ALIKE
        if len(ratio) and alike.mean() >= _RATIOS:
            kind: MeasureKind = "share" if _is_share(rows, multiplier) else "rate"
            unit = "%" if kind == "share" else f"per {multiplier:,.0f}"
            return replace(measure, kind=kind, unit=unit, multiplier=multiplier), rows
    same = (rows["value"] - rows["numerator"]).abs() <= _ALIKE
    if not counted.any() and rows["numerator"].notna().any() and same[rows["value"].notna()].all():
        return replace(measure, kind="count", unit="count"), rows
    if not counted.any():
        return replace(measure, unit="value"), rows
    caveat = " ".join(filter(None, [measure.caveat, _STANDARDISED]))
    bare = rows.assign(numerator=np.nan, denominator=np.nan)
    return replace(measure, unit="value", caveat=caveat), bare


def _is_share(rows: pd.DataFrame, multiplier: float) -> bool:
    return multiplier == 100 and not (rows["numerator"] > rows["denominator"]).any()
