"""CSV files from users, read without guessing: every row keeps its line number and its text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import IO, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError

LONGEST_LINE: Final = 1_000_000


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
    """Read a whole CSV, as `read_tables` does.

    Raises
    ------
    InputError
        As `read_tables`.
    """
    tables = list(read_tables(io.BytesIO(content), file=file))
    rows = [row for table in tables for row in table.rows]
    return Table(file, tables[0].header, np.concatenate([table.lines for table in tables]), rows)


def read_tables(stream: IO[bytes], *, file: str, rows: int = 50_000) -> Iterator[Table]:
    """Read a CSV in UTF-8, with or without a byte order mark, some rows at a time.

    Lines that are empty, or hold nothing but commas, are no rows. At least one table comes, and
    none is empty.

    Raises
    ------
    InputError
        If the content is binary, in another encoding, empty, has a line beyond all measure, or
        names a column twice.
    """
    # Strict: without it a quote that is never closed swallows all rows after it.
    reader = csv.reader(_lines(stream, file), strict=True)
    try:
        header = [
            name.strip() or f"column {number}"
            for number, name in enumerate(next(reader, []), start=1)
        ]
        if len(set(header)) < len(header):
            raise InputError(f"{file} names a column twice: {', '.join(header)[:200]}")
        numbered = ((reader.line_num, row) for row in reader if any(row))
        found = False
        while part := list(islice(numbered, rows)):
            found = True
            lines, fields = zip(*part, strict=True)
            yield Table(file, header, np.asarray(lines), list(fields))
    except csv.Error as error:
        raise InputError(f"{file}, line {reader.line_num}: {error}") from error
    if not found:
        raise InputError(f"{file} holds a header and no rows" if header else f"{file} is empty")


def _lines(stream: IO[bytes], file: str) -> Iterator[str]:
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise InputError(f"{file}, line {number} is longer than {LONGEST_LINE:,} bytes")
        if b"\0" in line:
            raise InputError(f"{file} is no CSV: line {number} holds binary data")
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{file}, line {number} is not UTF-8 text; save the file as UTF-8"
            ) from error
