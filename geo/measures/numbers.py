"""Numbers of published tables: with commas between thousands, or marks where there is none."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.formats.csv_table import Table

MARKS: Final = frozenset(
    {"*", "-", "–", "..", "...", ":", "~", "c", "x", "z", "u", "n/a", "na", "null", "[c]", "[x]"}
    | {"[z]", "[u]", "[low]", "s", "suppressed", "nan", "#n/a", "#div/0!"}
)
"""What published tables write where a number is suppressed, missing or does not apply."""

_THOUSANDS: Final = r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?%?"


class Numbers(NamedTuple):
    """A column of n numbers.

    Attributes
    ----------
    values
        NaN where nothing is published.
    marks
        The mark that stood in place of a number; '' elsewhere.
    wrong
        Where the text is neither a number nor such a mark, or no finite number.
    has_marks
        Whether there is any mark.
    """

    values: NDArray[np.float64]
    marks: NDArray[np.object_]
    wrong: NDArray[np.bool_]
    has_marks: bool = False


def numbers_of(table: Table, column: str | None) -> Numbers:
    """Read a column as numbers.

    Parameters
    ----------
    table
        What was read.
    column
        Its column; None where it has none, so that nothing is published.

    Returns
    -------
    A number for each row.
    """
    n = len(table)
    if column is None:
        return Numbers(np.full(n, np.nan), np.full(n, "", object), np.zeros(n, dtype=bool))
    values = table.numbers(column)
    marks = np.full(n, "", dtype=object)
    if np.isfinite(values).all():
        return Numbers(values, marks, np.zeros(n, dtype=bool))
    text = table.text(column)
    unread = (np.isnan(values) & (text != "").to_numpy()) | np.isinf(values)
    for row in np.flatnonzero(unread):
        own = str(text.iloc[row])
        if own.lower() in MARKS:
            marks[row], unread[row] = own, False
        elif pd.Series([own]).str.fullmatch(_THOUSANDS).iloc[0] or own.endswith("%"):
            number = pd.to_numeric(own.replace(",", "").rstrip("%"), errors="coerce")
            values[row], unread[row] = number, not np.isfinite(number)
    values = np.where(unread, np.nan, values)
    return Numbers(values, marks, unread, has_marks=bool((marks != "").any()))
