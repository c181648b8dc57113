"""The one reader of tables from users: CSV files and XLSX workbooks, as text.

The content of a file decides which of the two it is, not its name. Cells of a workbook become text:
dates as `2024-01-31` or `2024-01-31T14:05:00`, times as `14:05:00`, whole numbers without a decimal
point; a formula becomes its last value. Of a workbook the first visible sheet that holds a table is
read, and the others are named; rows of titles above a header are skipped as in a CSV.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import numpy as np

from geo.errors import InputError
from geo.formats.bounded import LARGEST_WHOLE, check_size, open_input
from geo.formats.csv_dialect import clean_name, titles_above
from geo.formats.csv_table import (
    Table,
    header_notice,
    joined,
    named_columns,
    read_tables,
)

TABLE_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm")
"""Endings of the files that are read as tables."""

ROWS: Final = 20_000
"""Rows of one table: enough for numpy to be fast, few enough to fit in memory."""

LARGEST_WORKBOOK: Final = 2 * 2**30
"""Most bytes of an unpacked workbook: a full sheet of 25 columns."""

LARGEST_PART: Final = 256 * 2**20
"""Most bytes of an unpacked part that is read into memory whole, as the table of texts is."""

MOST_COLUMNS: Final = 1_000
MOST_ROWS: Final = 2**20
"""What a sheet of Excel can hold."""
_SAMPLE = 60  # rows that show where the header is
_BESIDE = 20  # columns beside a table that are looked at, to count what is not read
_MOST_INFLATED = 100  # times its packed size; sheets pack to a tenth, zip bombs to a thousandth
_SMALL = 16 * 2**20  # bytes; parts below this can unpack to any multiple of their size

_OLE2 = b"\xd0\xcf\x11\xe0"  # old .xls, and .xlsx with a password
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


@dataclass(frozen=True)
class CellTable(Table):
    """A table from a workbook; `epoch` is the day from which its date numbers count."""

    epoch: np.datetime64


def read_table_file(path: Path, *, sheet: str = "", most: int = LARGEST_WHOLE) -> Table:
    """Read a CSV, or a sheet of a workbook, whole.

    Parameters
    ----------
    path, sheet
        As for `read_sheet`.
    most
        Most bytes of the file.

    Returns
    -------
    table
        Every row as wide as the header.

    Raises
    ------
    InputError
        As `read_sheet`, or with the line of the first row that is wider or narrower.
    """
    with open_input(path) as stream:
        check_size(stream, path.name, most=most)
    return joined(list(read_sheet(path, sheet=sheet)))


def read_table_below(path: Path, heading: str, *, sheet: str = "") -> Table:
    """Read the table of a sheet whose header has a certain cell, wherever it begins.

    Parameters
    ----------
    path, sheet
        As for `read_sheet`; the first visible sheet that has such a header.
    heading
        The cell; capitals and spaces make no difference.

    Returns
    -------
    table
        Rows as wide as that header: what stands above it is not read.

    Raises
    ------
    InputError
        As `read_table_file`, or if no row among the first has that cell.
    """
    with open_input(path) as stream:
        check_size(stream, path.name, most=LARGEST_WHOLE)
        is_workbook = stream.read(2) == b"PK"
        stream.seek(0)
        if is_workbook:
            parts = _workbook_tables(stream, path.name, sheet=sheet, rows=ROWS, heading=heading)
            return joined([*parts])
    whole = joined([*read_sheet(path, sheet=sheet)])
    rows = [whole.header, *whole.rows]
    at = _heading_row(rows, heading, path.name)
    header = named_columns(rows[at])
    below = [row[: len(header)] + [""] * (len(header) - len(row)) for row in rows[at + 1 :]]
    return Table(path.name, header, whole.lines[at:], below, notices=whole.notices)


def read_sheet(path: Path, *, sheet: str = "", rows: int = ROWS) -> Iterator[Table]:
    """Read a CSV, or a sheet of a workbook.

    Parameters
    ----------
    path
        The file.
    sheet
        The name of a sheet of a workbook; '' for the first visible one that holds a table.
    rows
        Most rows of one table.

    Returns
    -------
    tables
        At least one, none of them empty. Empty rows are skipped. In a workbook cells to the right
        of the header are not read; their rows are counted in the notices.

    Raises
    ------
    InputError
        If the file cannot be read, is neither of the two, or holds a header and no rows.
    """
    with open_input(path) as stream:
        start = stream.read(4)
        stream.seek(0)
        if start == _OLE2:
            raise InputError(
                f"{path.name} is an old .xls workbook or has a password; "
                "save it as .xlsx without a password"
            )
        if start.startswith(b"PK"):
            yield from _workbook_tables(stream, path.name, sheet=sheet, rows=rows)
        elif sheet:
            raise InputError(f"{path.name} is not a workbook; remove sheet = {sheet!r}")
        else:
            yield from read_tables(stream, file=path.name, rows=rows)


def _workbook_tables(
    stream: IO[bytes], file: str, *, sheet: str, rows: int, heading: str = ""
) -> Iterator[CellTable]:
    # Loading openpyxl takes longer than reading most CSV files.
    import openpyxl  # type: ignore[import-untyped] # noqa: PLC0415 - it has no types

    with _refusing(file):
        _check_size(stream, file)
        workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    tables = _worksheet(workbook, file, sheet=sheet, heading=heading)
    epoch = np.datetime64(workbook.epoch, "s")
    header = named_columns(tables.cells)
    numbered = tables.rows(max(len(header), 1))
    part = _next_rows(numbered, rows, file=file)
    if not part:
        raise InputError(f"{file} holds a header and no rows" if header else f"{file} is empty")
    while part:
        lines, cells = zip(*part, strict=True)
        notices = tables.notices
        yield CellTable(file, header, np.asarray(lines), list(cells), epoch, notices=notices)
        part = _next_rows(numbered, rows, file=file)


@contextmanager
def _refusing(file: str) -> Iterator[None]:
    """Turn any error of the workbook reader into one line for the user."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that are not read
            yield
    except (InputError, MemoryError):
        raise
    except Exception as error:  # a damaged part raises almost any exception
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise InputError(f"{file} is not an XLSX workbook, or is damaged: {reason}") from error


def _check_size(stream: IO[bytes], file: str) -> None:
    """Refuse a zip bomb by its table of contents: zipfile stops at the sizes stated there."""
    with zipfile.ZipFile(stream) as archive:
        parts = archive.infolist()
    if "[Content_Types].xml" not in {part.filename for part in parts}:
        raise InputError(f"{file} is a zip archive but not an XLSX workbook")
    bomb = sum(part.file_size for part in parts) > LARGEST_WORKBOOK
    for part in parts:
        whole = not _WORKSHEET.fullmatch(part.filename)
        swollen = part.file_size > _MOST_INFLATED * max(part.compress_size, 1)
        bomb |= part.file_size > LARGEST_PART and whole
        bomb |= part.file_size > _SMALL and swollen
    if bomb:
        raise InputError(f"{file} is too large when unpacked; save the sheet as CSV")
    stream.seek(0)


class _Worksheet:
    """A sheet with its header."""

    def __init__(self, worksheet: Any, file: str, heading: str = "") -> None:
        self.file = file
        self.title = str(worksheet.title)
        self.choice = ""
        """Which sheets of the workbook are read, for people."""
        self._beside = 0
        self._worksheet = worksheet
        worksheet.reset_dimensions()  # the size stated in a file can be too small
        with _refusing(file):
            wide = _numbered(worksheet, file, width=MOST_COLUMNS + 1)
            sample = list(islice(wide, _SAMPLE))
        rows = [cells for _, cells in sample]
        self._titles = _find_heading(rows, heading) if heading else titles_above(rows)
        self.has_heading = self._titles >= 0
        self._titles = max(self._titles, 0)
        self._line, cells = sample[self._titles] if sample else (0, [])
        while cells and not cells[-1].strip():
            cells.pop()
        if len(cells) > MOST_COLUMNS:
            raise InputError(f"{file} has more than {MOST_COLUMNS:,} columns")
        self.cells = cells
        self.is_table = self.has_heading and len(cells) > 1 and len(sample) > self._titles + 1

    def rows(self, width: int) -> Iterator[tuple[int, list[str]]]:
        """The numbered rows below the header, as wide as it."""
        for number, row in _numbered(self._worksheet, self.file, width=width + _BESIDE):
            if number > self._line:
                self._beside += any(row[width:])
                if any(row[:width]):
                    yield number, row[:width]

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader should know of how the sheet was read so far."""
        parts = [self.choice] if self.choice else []
        parts += header_notice(self.cells, titles=self._titles, line=self._line)
        if self._beside:
            parts.append(f"{self._beside:,} rows have cells beside the table, which are not read")
        return (f"{self.file}: {'; '.join(parts)}",) if parts else ()


def _find_heading(rows: Sequence[Sequence[str]], heading: str) -> int:
    """The first of some rows that has a cell; −1 if none has."""
    wanted = clean_name(heading).casefold()
    having = (
        at for at, row in enumerate(rows) if wanted in {clean_name(c).casefold() for c in row}
    )
    return next(having, -1)


def _heading_row(rows: Sequence[Sequence[str]], heading: str, file: str) -> int:
    at = _find_heading(rows[:_SAMPLE], heading)
    if at < 0:
        raise InputError(f"{file} has no column {heading!r} in its first {_SAMPLE} rows")
    return at


def _worksheet(workbook: Any, file: str, *, sheet: str, heading: str = "") -> _Worksheet:
    titles = {worksheet.title: worksheet for worksheet in workbook.worksheets}
    if not titles:
        raise InputError(f"{file} has no worksheet")
    if sheet and sheet not in titles:
        raise InputError(f"{file} has no sheet {sheet!r}; it has: {', '.join(titles)[:200]}")
    if sheet:
        return _with_heading(_Worksheet(titles[sheet], file, heading), heading)
    visible = [title for title in titles if titles[title].sheet_state == "visible"]
    if not visible:
        raise InputError(f"{file} has only hidden sheets: {', '.join(titles)[:200]}; show one")
    tables = (_Worksheet(titles[title], file, heading) for title in visible)
    chosen = next((table for table in tables if table.is_table), None)
    chosen = _with_heading(chosen or _Worksheet(titles[visible[0]], file, heading), heading)
    if len(titles) > 1:
        name = chosen.title
        others = [
            title if title in visible else f"{title} (hidden)" for title in titles if title != name
        ]
        chosen.choice = f"sheet {name!r} is read, not {', '.join(others)[:200]}"
    return chosen


def _with_heading(table: _Worksheet, heading: str) -> _Worksheet:
    if not table.has_heading:
        raise InputError(f"{table.file} has no column {heading!r} in its first {_SAMPLE} rows")
    return table


def _next_rows(
    numbered: Iterator[tuple[int, list[str]]], rows: int, *, file: str
) -> list[tuple[int, list[str]]]:
    with _refusing(file):
        return list(islice(numbered, rows))


def _numbered(worksheet: Any, file: str, *, width: int) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, as text, each with its number in the sheet."""
    for number, cells in enumerate(worksheet.iter_rows(max_col=width, values_only=True), start=1):
        if number > MOST_ROWS:
            raise InputError(f"{file} has more rows than a sheet can hold, {MOST_ROWS:,}")
        row = [_text(value) for value in cells]
        if any(row):
            yield number, row


def _text(value: object) -> str:
    match value:
        case None:
            text = ""
        case str():
            # Half of a surrogate pair cannot be stored as UTF-8.
            text = value.encode("utf-8", "replace").decode()
        case bool():
            text = str(value).upper()
        case float() if value.is_integer():
            text = str(int(value))
        case dt.datetime():
            text = _date_text(value)
        case dt.time():
            text = value.strftime("%H:%M:%S")
        case dt.timedelta():
            seconds = round(value.total_seconds())
            text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        case _:
            text = str(value)  # numbers, and dates without a time, which are ISO
    return text


def _date_text(value: dt.datetime) -> str:
    # Workbooks store days as floats, which cannot hold every second exactly: round to seconds.
    second = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    return second.date().isoformat() if second.time() == dt.time() else second.isoformat()
