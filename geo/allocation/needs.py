"""What areas need, as a stated mix of their columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError

_NAMED = 3


def mixed_need(
    areas: pd.DataFrame, mix: Mapping[str, float], *, low_is_worse: Collection[str] = ()
) -> pd.Series:
    """The need of each area: its weighted share of each column.

    Every column is divided by its total first, so that a thousand residents do not drown ten
    incidents; then `mix` says how much each column counts. Needs add up to 1.

    Parameters
    ----------
    areas
        Indexed by area code, with numeric columns.
    mix
        Column → weight, above 0; the weights need not add up to anything.
    low_is_worse
        Columns of which a low value means more need, such as a deprivation rank or decile: each
        value is turned over, into highest + lowest − value.

    Returns
    -------
    `need`, on the index of `areas`.

    Raises
    ------
    InputError
        If a column is missing, holds gaps, words or negative numbers, or adds up to nought, or
        a weight is not above 0.
    """
    if not mix:
        raise InputError("a need must name at least one column")
    wrong = [name for name, weight in mix.items() if not (np.isfinite(weight) and weight > 0)]
    if wrong:
        raise InputError(f"the weight of {wrong[0]} must be above 0")
    unknown = sorted(set(low_is_worse) - set(mix))
    if unknown:
        raise InputError(f"{unknown[0]} is to be turned over, but is no part of the need")
    total = sum(mix.values())
    need = np.zeros(len(areas))
    for name, weight in mix.items():
        values = numbers(areas, name)
        if name in low_is_worse:
            values = values.max() + values.min() - values
        if not values.sum() > 0:
            raise InputError(f"{name} is nought in every area, so there is nothing to share by")
        need += weight / total * values / values.sum()
    return pd.Series(need, index=areas.index, name="need")


def numbers(rows: pd.DataFrame, column: str, *, of: str = "area") -> NDArray[np.float64]:
    """A column of numbers of at least 0, one for each area, or for each row of another kind.

    Parameters
    ----------
    rows
        Indexed by what refusals call them.
    of
        What a row is.

    Raises
    ------
    InputError
        If the column is missing, or a row has none.
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
