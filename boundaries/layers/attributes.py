"""What a layer knows of its areas besides code and name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import InputError
from geo.formats.csv_table import Table

# What answers reckon with.
_NUMERIC = frozenset({"residents", "electors", "electors_forecast", "members", "officers"})
_TAKEN = frozenset({"area_code", "area_name", "fid", "geom", "geometry"})


def join_attributes(
    areas: gpd.GeoDataFrame,
    table: Table,
    *,
    key: str,
    names: Mapping[str, str] | None = None,
) -> tuple[gpd.GeoDataFrame, list[str], list[str]]:
    """Add the columns of a table to a layer, by area code.

    Parameters
    ----------
    key
        The column of the table that holds area codes.
    names
        What to call columns that are to have another name.

    Returns
    -------
    The layer with the new columns (an attribute of the same name is replaced), the codes of the
    table that the layer lacks, and the codes of the layer that the table lacks.

    Raises
    ------
    InputError
        If the key column is missing, names an area twice, or matches no area at all.
    """
    table.require(key)
    codes = table.text(key)
    if (codes == "").any():
        raise InputError(
            f"{table.file}, line {table.lines[(codes == '').argmax()]}: {key} is empty"
        )
    repeated = codes[codes.duplicated()]
    if len(repeated):
        line = table.lines[repeated.index[0]]
        raise InputError(f"{table.file}, line {line}: {key} {repeated.iloc[0]!r} stands twice")
    unknown = [code for code in codes if code not in areas.index]
    if len(unknown) == len(codes):
        raise InputError(f"{table.file}: no value of {key} is a code of this layer")
    joined = areas.copy()
    for name in table.header:
        if name != key:
            values = _typed(table.text(name)).set_axis(codes)
            called = (names or {}).get(name, name)
            if called not in joined.columns or called.lower() in _TAKEN:
                called = free_name(called, joined.columns)
            _refuse_words(table, name, called)
            joined[called] = values.reindex(areas.index)
    missing = [str(code) for code in areas.index.difference(codes)]
    return joined, unknown, missing


def _refuse_words(table: Table, name: str, called: str) -> None:
    """Columns that answers reckon with must hold numbers."""
    values = table.text(name)
    if called in _NUMERIC and not pd.api.types.is_numeric_dtype(_typed(values)):
        wrong = (pd.to_numeric(values.str.replace(",", ""), errors="coerce").isna()) & (
            values != ""
        )
        at = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"{table.file}, line {table.lines[at]}: {name} {values.iloc[at]!r} is no number, and "
            f"{called} must be"
        )


def free_name(column: str, taken: Iterable[str]) -> str:
    """Name a column as no other is, not even in other capitals, as SQLite compares them."""
    name = "".join(letter for letter in column if letter.isprintable()) or "_"
    reserved = _TAKEN | {str(other).lower() for other in taken}
    while name.lower() in reserved:
        name += "_"
    return name


def _typed(values: pd.Series) -> pd.Series:
    """Numbers where every value that is there is one; whole numbers where all are whole.

    Figures that begin with a nought are a code, not a number.
    """
    if values.str.match(r"0\d").any():
        return values
    # 5,432 as people write it; a comma elsewhere is no such mark.
    plain = values.where(
        ~values.str.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?"), values.str.replace(",", "")
    )
    numbers = pd.to_numeric(plain, errors="coerce")
    if (numbers.isna() & (values != "")).any():
        return values
    if numbers.notna().all() and (numbers % 1 == 0).all():
        return numbers.astype("int64")
    return numbers.astype("float64")
