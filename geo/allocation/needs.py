"""The need of areas, as a stated mix of their columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError

_NAMED = 3  # areas that a message names


def mixed_need(
    areas: pd.DataFrame, mix: Mapping[str, float], *, low_is_worse: Collection[str] = ()
) -> pd.Series:
    """The need of each area: its weighted share of each column.

    Every column is first divided by its total, so that a thousand residents do not outweigh ten
    incidents; then `mix` says how much each column counts. Needs add up to 1.

    Parameters
    ----------
    areas
        Indexed by area code, with numeric columns.
    mix
        Column → weight, above 0; the weights need not add up to anything.
    low_is_worse
        Columns in which a low value means more need, such as a deprivation rank or decile: each
        value is turned into highest + lowest − value.

    Returns
    -------
    `need`, on the index of `areas`.

    Raises
    ------
    InputError
        If a column is missing, has gaps, words or negative numbers, or adds up to 0, or a weight
        is not above 0.

    Source: a weighted sum of shares, as in council funding formulas.
    """
    if not mix:
        raise InputError("no need is given; name at least one column")
    wrong = [name for name, weight in mix.items() if not (np.isfinite(weight) and weight > 0)]
    if wrong:
        raise InputError(f"the weight of {wrong[0]} must be above 0")
    unknown = sorted(set(low_is_worse) - set(mix))
    if unknown:
        raise InputError(
            f"low values of {unknown[0]} are to mean more need, but it is not part of the need; "
            "add it to the need"
        )
    total = sum(mix.values())
    need = np.zeros(len(areas))
    for name, weight in mix.items():
        values = numbers(areas, name)
        if name in low_is_worse:
            values = values.max() + values.min() - values
        if not values.sum() > 0:
            raise InputError(f"{name} is 0 in every area, so there is nothing to share by")
        need += weight / total * values / values.sum()
    return pd.Series(need, index=areas.index, name="need")


def numbers(rows: pd.DataFrame, column: str, *, of: str = "area") -> NDArray[np.float64]:
    """A column of numbers of at least 0, one for each area, or for each row of another kind.

    Parameters
    ----------
    rows
        Indexed by the names that messages use.
    column
        Its name.
    of
        What a row is, for messages.

    Returns
    -------
    One number for each row.

    Raises
    ------
    InputError
        If the column is missing, or a row has no such number.
    """
    if column not in rows.columns:
        there = [str(name) for name in rows.columns if pd.api.types.is_numeric_dtype(rows[name])]
        raise InputError(
            f"the {of}s have no column {column!r}; "
            f"columns of numbers are: {', '.join(there) or 'none'}"
        )
    values = np.asarray(pd.to_numeric(rows[column], errors="coerce"), float)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        codes = [str(code) for code in rows.index[wrong]]
        more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
        raise InputError(
            f"{column} must be a number of at least 0 in every {of}; "
            f"it is not in {', '.join(codes[:_NAMED])}{more}"
        )
    return values
