"""CSV files from users, read as text: every row has its line number and its fields unchanged.

How a file is written is found by the rules of `geo.formats.csv_dialect` and named in `notices`.
Only the apostrophe that keeps a spreadsheet from running a text as a formula is taken off again:
a file that was written here, corrected and read holds what it held before.

Published files are plain: every line has as many fields as the header, and quotes stand only around
whole fields. Arrow reads such blocks many times faster; from the first block that is not plain, the
csv module reads the rest.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, Final, Protocol, SupportsIndex

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from geo.errors import InputError
from geo.formats.csv_dialect import (
    HEAD_BYTES,
    SEPARATORS,
    Utf16Stream,
    clean_name,
    dialect_of,
    is_utf_8,
    windows_1252,
)
from geo.formats.formulas import FORMULA_MARKS, unescaped
from geo.properties import cached_property

LONGEST_LINE: Final = 1_000_000
"""Bytes; a longer line means that the file is not a CSV."""

ROWS_PER_TABLE: Final = 50_000
MOST_REPEATED: Final = 5
"""Names that stand twice in a header, named in a notice."""

_BYTES_A_ROW = 100  # read at once for each row of a table; police.uk rows have some 170
_ESCAPES = tuple(b"'" + mark.encode() for mark in FORMULA_MARKS)
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"


class PlainRows:
    """Rows that are all as wide as the header, stored by column and made into lists on demand."""

    def __init__(self, columns: pa.Table) -> None:
        self.columns = columns

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def __getitem__(self, position: SupportsIndex) -> list[str]:
        return [column[int(position)].as_py() for column in self.columns.columns]

    def __iter__(self) -> Iterator[list[str]]:
        by_column = (column.to_pylist() for column in self.columns.columns)
        return map(list, zip(*by_column, strict=True))


@dataclass(frozen=True)
class Table:
    """A CSV as text.

    Attributes
    ----------
    file
        Its name, for messages.
    header
        Names of the columns, each different.
    lines
        For each row the number of its (last) line in the file.
    rows
        The fields of each row, which can be more or fewer than the header names.
    notices
        What a reader should know of how the file was read, a line each.
    """

    file: str
    header: list[str]
    lines: NDArray[np.int64]
    rows: list[list[str]] | PlainRows
    notices: tuple[str, ...] = field(default=(), kw_only=True)

    def __len__(self) -> int:
        return len(self.rows)

    def require(self, *names: str) -> None:
        """Refuse the file if a column is missing.

        Raises
        ------
        InputError
            With the missing columns and the existing ones.
        """
        have = set(self.header)
        missing = [name for name in names if clean_name(name) not in have]
        if missing:
            repeated = next((name for name in missing if {f"{name}_1", f"{name}_2"} <= have), "")
            advice = f"; say which: {repeated}_1 or {repeated}_2" if repeated else ""
            raise InputError(
                f"{self.file} lacks the column {', '.join(missing)}; "
                f"it has: {', '.join(self.header)[:200]}{advice}"
            )

    def text(self, name: str) -> pd.Series:
        """One column without the spaces around its values; '' where a row is too short."""
        return self._text(clean_name(name)).str.strip()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """One column as numbers; NaN where the text is not a number, such as `51,5`."""
        text = pa.array(self.text(name), type=pa.large_string())
        try:
            values = pc.cast(text, pa.float64())
        except pa.ArrowInvalid:
            # Arrow casts a column whole or not at all, so what is not a number is blanked first.
            written = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, None)
            values = pc.cast(written, pa.float64())
        return np.asarray(values.to_numpy(zero_copy_only=False), dtype=float)

    def frame(self) -> pd.DataFrame:
        """All columns as unchanged text."""
        return self._columns.copy()

    def refuse_wrong_width(self) -> None:
        """Refuse a table with a row that is wider or narrower than the header.

        Raises
        ------
        InputError
            With the line of the first one.
        """
        for row in np.flatnonzero(self.wrong_width)[:1]:
            fields, width = len(self.rows[row]), len(self.header)
            raise InputError(
                f"{self.file}, line {self.lines[row]}: {fields} fields in the row, {width} in the "
                "header; put quotes around a value that holds the separator"
            )

    @property
    def wrong_width(self) -> NDArray[np.bool_]:
        """Which rows have more or fewer fields than the header."""
        if isinstance(self.rows, PlainRows):
            return np.zeros(len(self), dtype=bool)
        width = len(self.header)
        return np.array([len(row) != width for row in self.rows], dtype=bool)

    def _text(self, name: str) -> pd.Series:
        if isinstance(self.rows, PlainRows):
            # Of a wide table, such as the ONS Postcode Directory, few columns are read.
            column: pd.Series = self.rows.columns.column(name).to_pandas()
            return column.astype("str")
        return self._columns[name]

    @cached_property
    def _columns(self) -> pd.DataFrame:
        if isinstance(self.rows, PlainRows):
            columns: pd.DataFrame = self.rows.columns.to_pandas()
            return columns.astype("str")
        width = len(self.header)
        even = [row if len(row) == width else (row + [""] * width)[:width] for row in self.rows]
        return pd.DataFrame(even, columns=self.header, dtype="str")


def read_table(content: bytes, *, file: str) -> Table:
    """Read a whole CSV at once.

    Parameters
    ----------
    content
        As for `read_tables`.
    file
        Its name, for messages.

    Returns
    -------
    table
        With at least one row, and every row as wide as the header.

    Raises
    ------
    InputError
        See `read_tables` and `Table.refuse_wrong_width`.
    """
    return joined(list(read_tables(io.BytesIO(content), file=file)))


def joined(tables: list[Table]) -> Table:
    """The parts of a file as one table.

    Parameters
    ----------
    tables
        At least one, of one file.

    Returns
    -------
    table
        With every row as wide as the header.

    Raises
    ------
    InputError
        See `Table.refuse_wrong_width`.
    """
    rows = [row for table in tables for row in table.rows]
    lines = np.concatenate([table.lines for table in tables])
    table = replace(tables[0], lines=lines, rows=rows, notices=tables[-1].notices)
    table.refuse_wrong_width()
    return table


def read_tables(stream: IO[bytes], *, file: str, rows: int = ROWS_PER_TABLE) -> Iterator[Table]:
    """Read a CSV, some rows at a time.

    Parameters
    ----------
    stream
        Text as `geo.formats.csv_dialect` describes it; read to its end as tables are taken.
    file
        Its name, for messages.
    rows
        Most rows of one table.

    Returns
    -------
    tables
        At least one, none of them empty. Lines that are empty or hold only separators are skipped.

    Raises
    ------
    InputError
        If the content is binary, in another encoding, empty, or has a line longer than
        `LONGEST_LINE`.
    """
    reader = _Reader(stream, file)
    header = reader.header()
    tables = _tables(reader, header, rows)
    first = next(tables, None)
    if first is None:
        raise InputError(f"{file} holds a header and no rows" if header else f"{file} is empty")
    yield first
    yield from tables


def named_columns(cells: list[str]) -> list[str]:
    """The names of columns from the cells of a header.

    Parameters
    ----------
    cells
        As they are in the file.

    Returns
    -------
    header
        Without spaces and marks that cannot be seen; a blank one is `column 3` by its place. Of a
        name that stands twice neither keeps it: they are `name_1` and `name_2`, so whoever names
        the column has to say which.
    """
    names = [clean_name(cell) or f"column {at}" for at, cell in enumerate(cells, start=1)]
    often, number = Counter(names), Counter[str]()
    taken, header = set(names), []
    for name in names:
        own = name
        if often[name] > 1:
            number[name] += 1
            own = f"{name}_{number[name]}"
            while own in taken:
                own += "_"
            taken.add(own)
        header.append(own)
    return header


def header_notice(cells: list[str], *, titles: int, line: int) -> list[str]:
    """What to say of a header: rows above it, and marks in it that cannot be seen.

    Parameters
    ----------
    cells
        As they are in the file.
    titles
        Number of rows above it that were skipped.
    line
        Its line.

    Returns
    -------
    parts
        Parts of a sentence; none for an ordinary header.
    """
    parts = []
    if titles:
        rows = "1 row" if titles == 1 else f"{titles} rows"
        parts.append(f"the header is line {line}, below {rows} of titles")
    # Spaces that are one too many are seen; what else a clean name lacks is not.
    marked = [cell for cell in cells if clean_name(cell) != " ".join(filter(None, cell.split(" ")))]
    if marked:
        name = clean_name(marked[0])[:60]
        parts.append(f"the column {name!r} has characters in its name that cannot be seen")
    often = Counter(filter(None, map(clean_name, cells)))
    for name in [name for name in often if often[name] > 1][:MOST_REPEATED]:
        header = named_columns(cells)
        own = [header[at] for at, cell in enumerate(cells) if clean_name(cell) == name]
        parts.append(
            f"{len(own)} columns are called {name[:60]!r}: they are read as "
            + ", ".join(one[:60] for one in own)
        )
    return parts


def _tables(reader: _Reader, header: list[str], rows: int) -> Iterator[Table]:
    while block := reader.block(rows * _BYTES_A_ROW):
        text = reader.utf_8(block)
        columns = None if text is None else _plain_columns(text, header, reader.separator)
        if columns is None:
            # A quoted field can run on into the next block: the rest is read row by row.
            numbered = reader.rows(block)
            while part := list(islice(numbered, rows)):
                lines, fields = np.array([n for n, _ in part]), [row for _, row in part]
                yield Table(reader.file, header, lines, fields, notices=reader.notices)
            return
        numbers = reader.line + 1 + np.arange(len(columns))
        for start in range(0, len(columns), rows):
            piece = slice(start, start + rows)
            plain = PlainRows(columns.slice(start, rows))
            yield Table(reader.file, header, numbers[piece], plain, notices=reader.notices)
        reader.line += len(columns)


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readline(self, limit: int, /) -> bytes: ...


class _Ahead:
    """A stream with the part of it that was read already put back."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self._head, self._stream = io.BytesIO(head), stream

    def read(self, size: int) -> bytes:
        part = self._head.read(size)
        return part if len(part) == size else part + self._stream.read(size - len(part))

    def readline(self, limit: int) -> bytes:
        part = self._head.readline(limit)
        if part.endswith(b"\n") or len(part) == limit:
            return part
        return part + self._stream.readline(limit - len(part))


class _Reader:
    """A stream of CSV, with the number of the line that was read last."""

    def __init__(self, stream: IO[bytes], file: str) -> None:
        head = stream.read(HEAD_BYTES)
        self.line = 0
        self.file = file
        self._dialect = dialect_of(head, cut=len(head) == HEAD_BYTES)
        self.separator = self._dialect.separator
        self._encoding = self._dialect.encoding and "UTF-16"
        self._header_parts: list[str] = []
        self._escapes = False
        whole = _Ahead(head, stream)
        self._stream: _Bytes = whole
        if self._dialect.encoding:
            self._stream = Utf16Stream(whole, self._dialect.encoding, file)  # type: ignore[arg-type]  # it only reads

    @property
    def notices(self) -> tuple[str, ...]:
        """How the file was read so far, where that is not the ordinary way."""
        parts = []
        if self._encoding not in ("", "UTF-8"):
            parts.append(f"{self._encoding} text")
        if self.separator != ",":
            parts.append(f"columns are separated by {SEPARATORS[self.separator]}")
        parts += self._header_parts
        return (f"{self.file}: {'; '.join(parts)}",) if parts else ()

    def header(self) -> list[str]:
        """The names of the columns; none if the file is empty."""
        rows = self.rows()
        for _ in range(self._dialect.titles + self._dialect.stated):
            next(rows, None)
        self.line, cells = next(rows, (self.line, []))
        self._header_parts = header_notice(cells, titles=self._dialect.titles, line=self.line)
        return named_columns(cells)

    def block(self, size: int) -> bytes:
        """About so many bytes of the stream, up to the end of a line."""
        block = self._stream.read(size)
        return block if block.endswith(b"\n") else block + self._stream.readline(LONGEST_LINE + 1)

    def rows(self, block: bytes = b"") -> Iterator[tuple[int, list[str]]]:
        """The rows of a block and of all that comes after it, each with the number of its line."""
        before = self.line
        # Strict: without it a quote that is never closed swallows all rows after it.
        reader = csv.reader(self._lines(block), strict=True, delimiter=self.separator)
        try:
            for row in reader:
                # DOS ends a file by its letter 26.
                if any(row) and row != ["\x1a"]:
                    fields = [unescaped(field) for field in row] if self._escapes else row
                    yield before + reader.line_num, fields
                self._escapes = False
        except csv.Error as error:
            line = before + reader.line_num
            raise InputError(f"{self.file}, line {line}: {_plainly(error)}") from error

    def _lines(self, block: bytes) -> Iterator[str]:
        for part in (io.BytesIO(block), self._stream):
            while line := part.readline(LONGEST_LINE + 1):
                self.line += 1
                # Of the row that the csv module is reading now.
                self._escapes |= _may_escape(line)
                yield self._text(line)

    def _text(self, line: bytes) -> str:
        if len(line) > LONGEST_LINE:
            raise InputError(f"{self.file}, line {self.line} is longer than {LONGEST_LINE:,} bytes")
        if b"\0" in line:
            raise InputError(f"{self.file} is not a CSV: line {self.line} holds binary data")
        text = self.utf_8(line)
        if text is None:
            raise InputError(
                f"{self.file}, line {self.line} is not UTF-8 text; save the file as UTF-8"
            )
        return text.decode().removeprefix("\ufeff") if self.line == 1 else text.decode()

    def utf_8(self, text: bytes) -> bytes | None:
        """Whole lines as UTF-8; None if they are mixed or in another encoding.

        The first lines that are not ASCII decide what the file is.
        """
        if text.isascii():
            return text
        if self._encoding != "Windows-1252" and is_utf_8(text):
            # A byte order mark alone is no such line: some programs put one before any text.
            if not text.removeprefix(b"\xef\xbb\xbf").isascii():
                self._encoding = self._encoding or "UTF-8"
            return text
        decoded = windows_1252(text) if self._encoding in ("", "Windows-1252") else None
        if decoded is None:
            return None
        self._encoding = "Windows-1252"
        return decoded.encode()


def _plainly(error: csv.Error) -> str:
    if "new-line" in str(error):
        return "it ends with a carriage return alone; save the file with Windows or Unix line ends"
    return str(error)


def _plain_columns(block: bytes, header: list[str], separator: str) -> pa.Table | None:
    """The columns of a block of whole lines; None unless the csv module would read the same.

    For that, every line must have as many fields as the header, none may be empty, hold only
    separators, or be longer than the csv module takes, and quotes may stand only around whole
    fields.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\0" in block or b"\r" in block:
        return None
    data = np.frombuffer(block if block.endswith(b"\n") else block + b"\n", dtype=np.uint8)
    ends, marks = (np.flatnonzero(data == ord(mark)) for mark in ("\n", separator))
    quotes = np.flatnonzero(data == ord('"'))
    if len(quotes):
        if not _around_fields(data, quotes, separator):
            return None
        ends, marks = (at[np.searchsorted(quotes, at) % 2 == 0] for at in (ends, marks))
        if len(ends) != np.count_nonzero(data == ord("\n")):
            return None
    lengths = np.diff(ends, prepend=-1) - 1
    unquoted = lengths - np.diff(np.searchsorted(quotes, ends), prepend=0)
    separators = len(header) - 1
    per_line = np.diff(np.searchsorted(marks, ends), prepend=0)
    # A line with no more letters than separators holds only those, which is no row.
    even = (per_line == separators).all() and unquoted.min() > separators
    if not even or lengths.max() > csv.field_size_limit():
        return None
    text = pa.string()
    try:
        columns = pa.csv.read_csv(
            io.BytesIO(block),
            pa.csv.ReadOptions(column_names=header, block_size=len(block) + 1, use_threads=False),
            pa.csv.ParseOptions(
                delimiter=separator,
                quote_char='"' if len(quotes) else False,
                double_quote=False,
                ignore_empty_lines=False,
            ),
            pa.csv.ConvertOptions(column_types=dict.fromkeys(header, text), null_values=[]),
        )
    except pa.ArrowInvalid:
        # Text that is not UTF-8: reading line by line finds where.
        return None
    return _unescaped_columns(columns) if b"'" in block else columns


def _may_escape(text: bytes) -> bool:
    """Whether a cell of a text may begin with an apostrophe that keeps it from being a formula."""
    return any(mark in text for mark in _ESCAPES)


def _unescaped_columns(columns: pa.Table) -> pa.Table:
    # By column, because searching the block for marks takes half as long as reading it.
    for number, name in enumerate(columns.column_names):
        column = columns.column(number)
        if pc.any(pc.starts_with(column, "'")).as_py():
            texts = pa.array([unescaped(text) for text in column.to_pylist()], pa.string())
            columns = columns.set_column(number, name, texts)
    return columns


def _around_fields(data: NDArray[np.uint8], quotes: NDArray[np.int64], separator: str) -> bool:
    """Whether quotes come in pairs, each around the whole of one field."""
    if len(quotes) % 2:
        return False
    edges = np.array([ord(separator), ord("\n")], dtype=np.uint8)
    before = data[quotes[::2] - 1]  # at the first byte, −1 is the last: the end of a line
    after = data[quotes[1::2] + 1]
    return bool(np.isin(before, edges).all() and np.isin(after, edges).all())
