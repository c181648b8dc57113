"""Numbers that stand for the texts and days of rows: to sort by, and to find what stands twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_LARGEST: Final = 2**62


def row_numbers(columns: Iterable[pd.Series]) -> Ints | None:
    """Number rows by some columns, so that numbers order as the columns do, the first before all.

    Millions of rows name few measures, areas and periods: each is compared once, and numbers are
    many times faster to sort than texts.

    Parameters
    ----------
    columns
        Of n rows each, of one type each.

    Returns
    -------
    n numbers, the same for rows that are alike; None where a value is missing, or there are too
    many different ones.
    """
    numbers: Ints | None = None
    span = 1
    for column in columns:
        codes, values = pd.factorize(column, sort=True)
        span *= max(len(values), 1)
        if span > _LARGEST or (codes < 0).any():
            return None
        own = codes.astype(np.int64)
        numbers = own if numbers is None else numbers * len(values) + own
    return numbers


def in_order(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sort a frame by some columns; rows that are alike stay in their order.

    Parameters
    ----------
    frame
        n rows.
    columns
        Their names, the first before all.

    Returns
    -------
    The rows, numbered from 0.
    """
    numbers = row_numbers(frame[name] for name in columns)
    if numbers is None:
        return frame.sort_values(columns, kind="stable", ignore_index=True)
    # Files are mostly in order already.
    if (numbers[1:] < numbers[:-1]).any():
        frame = frame.take(np.argsort(numbers, kind="stable"))
    return frame.reset_index(drop=True)


def any_alike(frame: pd.DataFrame, columns: list[str]) -> bool:
    """Whether two rows of a frame are alike in some columns.

    Parameters
    ----------
    frame
        n rows.
    columns
        Their names.

    Returns
    -------
    False for no row.
    """
    numbers = row_numbers(frame[name] for name in columns)
    if numbers is None:
        return bool(frame.duplicated(columns).any())
    if (numbers[1:] > numbers[:-1]).all():
        return False
    return bool(pd.Series(numbers).duplicated().any())
