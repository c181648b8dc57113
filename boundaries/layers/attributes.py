"""Attributes of areas besides code and name, from a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import pandas as pd

from boundaries.layers.electorates import electorates
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.text import printable

# Analyses compute with these.
_NUMERIC = frozenset({"residents", "members", "officers"})  # and electorates
_SHARED = frozenset({"officers"})  # posts can be shared, people cannot
_RESERVED = frozenset({"area_code", "area_name", "fid", "geom", "geometry"})


def join_attributes(
    areas: gpd.GeoDataFrame, table: Table, *, key: str, names: Mapping[str, str] | None = None
) -> tuple[gpd.GeoDataFrame, list[str], list[str]]:
    """Add the columns of a table to a layer, by area code.

    Parameters
    ----------
    areas
        The layer, indexed by area code.
    table
        One row per area; areas may be missing.
    key
        The table's column of area codes.
    names
        Column of the table → the attribute's name; others keep theirs. An attribute of the same
        name is replaced; a reserved name gets an underscore.

    Returns
    -------
    The layer with the new columns, the codes of the table that the layer lacks, and the codes of
    the layer that the table lacks.

    Raises
    ------
    InputError
        If the key column is missing, empty or repeated, matches no area at all, or a column that
        must be numeric holds text.
    """
    table.require(key)
    codes = table.text(key)
    _check_codes(table, codes, key)
    unknown = [code for code in codes if code not in areas.index]
    if len(unknown) == len(codes):
        raise InputError(
            f"{table.file}: no value of {key} is a code of this layer; check --key and --layer"
        )
    joined = areas.copy()
    for column in table.header:
        if column != key:
            values = table.text(column)
            typed = _typed(values)
            name = (names or {}).get(column, column)
            if name not in joined.columns or name.lower() in _RESERVED:
                name = free_name(name, joined.columns)
            is_count = name in _NUMERIC or bool(electorates([name]))
            if is_count and not pd.api.types.is_numeric_dtype(typed):
                raise InputError(_not_numeric(table, values, column=column, name=name))
            if is_count:
                _check_counts(table, typed, column=column, name=name)
            joined[name] = typed.set_axis(codes).reindex(areas.index)
    missing = [str(code) for code in areas.index.difference(pd.Index(codes))]
    return joined, unknown, missing


def free_name(column: str, taken: Iterable[str]) -> str:
    """Change a column's name until it is free.

    Parameters
    ----------
    column
        The name; unprintable characters are removed.
    taken
        Names in use. Capitals make no difference, because SQLite compares names so.

    Returns
    -------
    The name, with as many underscores at the end as it takes.
    """
    name = printable(column, "") or "_"
    reserved = _RESERVED | {str(other).lower() for other in taken}
    while name.lower() in reserved:
        name += "_"
    return name


def _check_codes(table: Table, codes: pd.Series, key: str) -> None:
    empty = codes == ""
    if empty.any():
        line = table.lines[int(empty.argmax())]
        raise InputError(f"{table.file}, line {line}: {key} is empty; give it an area code")
    repeated = codes[codes.duplicated()]
    if len(repeated):
        line = table.lines[repeated.index[0]]
        raise InputError(
            f"{table.file}, line {line}: {key} {repeated.iloc[0]!r} appears twice; keep one row "
            "per area"
        )


def _check_counts(table: Table, numbers: pd.Series, *, column: str, name: str) -> None:
    """Refuse numbers that cannot count people or officers."""
    for is_wrong, reason in (
        (numbers < 0, "is negative"),
        ((numbers % 1 != 0) & numbers.notna() & (name not in _SHARED), "is no whole number"),
    ):
        for row in is_wrong.to_numpy().nonzero()[0][:1]:
            value = table.text(column).iloc[row]
            raise InputError(
                f"{table.file}, line {table.lines[row]}: {column} {value!r} {reason}, which "
                f"{name} cannot be"
            )


def _not_numeric(table: Table, values: pd.Series, *, column: str, name: str) -> str:
    """The message for the first value of a column that is no number."""
    numbers = pd.to_numeric(values.str.replace(",", ""), errors="coerce")
    numbers = numbers.mask(numbers.abs() == float("inf"))
    at = int((numbers.isna() & (values != "")).argmax())
    return (
        f"{table.file}, line {table.lines[at]}: {column} {values.iloc[at]!r} is not a number, but "
        f"{name} must be numeric"
    )


def _typed(values: pd.Series) -> pd.Series:
    """Numbers if every value that is given is one, and integers if all are whole; else text."""
    # 007 is a code, and as a number it would lose its zeros.
    if values.str.match(r"0\d").any():
        return values
    # Only commas between thousands are dropped: "1,5" may be a decimal or a list.
    plain = values.where(
        ~values.str.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), values.str.replace(",", "")
    )
    numbers = pd.to_numeric(plain, errors="coerce")
    if (numbers.isna() & (values != "")).any() or numbers.isin([float("inf"), -float("inf")]).any():
        return values
    if numbers.notna().all() and (numbers % 1 == 0).all():
        return numbers.astype("int64")
    return numbers.astype("float64")
