"""The one writer of CSV: no cell of what it writes is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import IO

import numpy as np
import pandas as pd

from geo.formats.formulas import escaped


def to_csv(frame: pd.DataFrame, *, header: bool = True, line_end: str = "\n") -> str:
    """Encode a frame as CSV.

    Parameters
    ----------
    frame
        Its geometry and its index are left out.
    header
        Whether the first line names the columns.
    line_end
        The end of each line.

    Returns
    -------
    text
        Text cells and names of columns are harmless in a spreadsheet; numbers stay numbers.
    """
    plain = pd.DataFrame(frame.drop(columns="geometry", errors="ignore"))
    texts = plain.select_dtypes(include=["object", "string", "category"]).columns
    for name in texts:
        plain[name] = _harmless(plain[name])
    plain.columns = plain.columns.map(escaped)
    text = str(plain.to_csv(index=False, header=header, lineterminator=line_end))
    if line_end == "\n" and any(mark in text for mark in _Lines.QUOTED):
        stream = io.StringIO()
        plain.to_csv(  # type: ignore[call-overload] # it needs no more than `write`
            _Lines(stream), index=False, header=header, lineterminator=_Lines.END
        )
        return stream.getvalue()
    return text


def _harmless(cells: pd.Series) -> pd.Series:
    """Text cells with those that could be formulas escaped."""
    if cells.dtype == object:
        # Of several types: 1 and True are equal, and are written differently.
        return cells.map(escaped)
    # A row for each area and month repeats the few texts that there are.
    code, distinct = pd.factorize(cells)
    harmless = np.array([*map(escaped, distinct), None], dtype=object)
    return pd.Series(harmless[code], cells.index)


class _Lines:
    """Ends each row that it is given with a line feed.

    The csv module quotes cells that hold a mark of a row's end, so those that need quotes stand in
    it. Without them a carriage return would end the row, and what stands behind it would begin a
    new one, maybe with a formula; by other marks a reader may take the columns to be separated.
    """

    QUOTED = "\r;\t"
    END = f"{QUOTED}\n"

    def __init__(self, text: IO[str]) -> None:
        self._text = text

    def write(self, row: str) -> int:
        return self._text.write(row.removesuffix(self.END) + "\n")


class CsvRows:
    """Writes CSV row by row.

    Parameters
    ----------
    stream
        A text file that was opened with `newline=""`.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._writer = csv.writer(_Lines(stream), lineterminator=_Lines.END)

    def add(self, row: Iterable[object]) -> None:
        """Write one row, with its text cells made harmless."""
        self._writer.writerow([escaped(cell) for cell in row])
