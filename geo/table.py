"""CSV files from users, read without guessing: every row keeps its line number and its text."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError


@dataclass(frozen=True)
class Table:
    """A CSV as text.

    `lines` holds for each row the number of its (last) line in the file; `rows` the fields as
    they stand, which may be more or fewer than the header names.
    """

    file: str
    header: list[str]
    lines: NDArray[np.int64]
    rows: list[list[str]]

    def __len__(self) -> int:
        return len(self.rows)

    def require(self, *names: str) -> None:
        """Refuse the file if it lacks one of the columns.

        Raises
        ------
        InputError
            With the missing columns and those there are.
        """
        missing = [name for name in names if name not in self.header]
        if missing:
            raise InputError(
                f"{self.file} lacks the column {', '.join(missing)}; "
                f"it has: {', '.join(self.header)[:200]}"
            )

    def text(self, name: str) -> pd.Series:
        """One column without the spaces around its values; '' where a row is too short."""
        return self._columns[name].str.strip()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column as numbers, NaN for what is none; `51,5` is none."""
        return np.asarray(pd.to_numeric(self.text(name), errors="coerce"), dtype=float)

    def frame(self) -> pd.DataFrame:
        """All columns as text, as they stand."""
        return self._columns.copy()

    @property
    def wrong_width(self) -> NDArray[np.bool_]:
        """Which rows have more or fewer fields than the header."""
        width = len(self.header)
        return np.array([len(row) != width for row in self.rows], dtype=bool)

    @cached_property
    def _columns(self) -> pd.DataFrame:
        width = len(self.header)
        even = [row if len(row) == width else (row + [""] * width)[:width] for row in self.rows]
        return pd.DataFrame(even, columns=self.header, dtype="str")


def read_table(content: bytes, *, file: str) -> Table:
    """Read a CSV in UTF-8, with or without a byte order mark. Empty lines are no rows.

    Raises
    ------
    InputError
        If the content is binary, in another encoding, empty, or names a column twice.
    """
    if b"\0" in content[:4096]:
        raise InputError(f"{file} is no CSV: it holds binary data")
    reader = csv.reader(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline=""))
    lines: list[int] = []
    rows: list[list[str]] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        for row in reader:
            if row:
                lines.append(reader.line_num)
                rows.append(row)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} is not UTF-8 text near line {reader.line_num + 1}; save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num + 1}: {error}") from error
    if not rows:
        raise InputError(f"{file} holds a header and no rows" if header else f"{file} is empty")
    if len(set(header)) < len(header):
        raise InputError(f"{file} names a column twice: {', '.join(header)[:200]}")
    return Table(file, header, np.asarray(lines), rows)
