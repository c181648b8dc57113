"""CSV files and XLSX workbooks as tables of text, some rows at a time.

The content of a file decides which of the two it is, not its name. Cells of a workbook become text:
dates as `2024-01-31` or `2024-01-31T14:05:00`, times as `14:05:00`, whole numbers without a decimal
point; a formula becomes its last value.
"""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final

import numpy as np
import openpyxl  # type: ignore[import-untyped] # it has no types

from geo.errors import InputError
from geo.formats.bounded import open_input
from geo.formats.csv_table import Table, read_tables

ROWS: Final = 20_000
"""Rows of one table: enough for numpy to be fast, few enough to fit in memory."""

LARGEST_WORKBOOK: Final = 2 * 2**30
"""Most bytes of an unpacked workbook: a full sheet of 25 columns."""

LARGEST_PART: Final = 256 * 2**20
"""Most bytes of an unpacked part that is read into memory whole, as the table of texts is."""

MOST_COLUMNS: Final = 1_000
MOST_ROWS: Final = 2**20
"""What a sheet of Excel can hold."""
_MOST_INFLATED = 100  # times its packed size; sheets pack to a tenth, zip bombs to a thousandth
_SMALL = 16 * 2**20  # bytes; parts below this can unpack to any multiple of their size

_OLE2 = b"\xd0\xcf\x11\xe0"  # old .xls, and .xlsx with a password
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml")


@dataclass(frozen=True)
class CellTable(Table):
    """A table from a workbook; `epoch` is the day from which its date numbers count."""

    epoch: np.datetime64


def read_sheet(path: Path, *, sheet: str = "", rows: int = ROWS) -> Iterator[Table]:
    """Read a CSV, or a sheet of a workbook.

    Parameters
    ----------
    path
        The file.
    sheet
        The name of a sheet of a workbook, '' for the first.
    rows
        Most rows of one table.

    Returns
    -------
    tables
        At least one, none of them empty. Empty rows are skipped. In a workbook the first row that
        is not empty is the header, and cells to the right of it are ignored.

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


def _workbook_tables(stream: IO[bytes], file: str, *, sheet: str, rows: int) -> Iterator[CellTable]:
    with _refusing(file):
        _check_size(stream, file)
        workbook = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    worksheet = _worksheet(workbook, file, sheet=sheet)
    epoch = np.datetime64(workbook.epoch, "s")
    header, numbered = _header(worksheet, file)
    part = _next_rows(numbered, rows, file=file)
    if not part:
        raise InputError(f"{file} holds a header and no rows" if header else f"{file} is empty")
    while part:
        lines, cells = zip(*part, strict=True)
        yield CellTable(file, header, np.asarray(lines), list(cells), epoch)
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


def _worksheet(workbook: Any, file: str, *, sheet: str) -> Any:
    titles = {worksheet.title: worksheet for worksheet in workbook.worksheets}
    if not titles:
        raise InputError(f"{file} has no worksheet")
    if sheet and sheet not in titles:
        raise InputError(f"{file} has no sheet {sheet!r}; it has: {', '.join(titles)[:200]}")
    worksheet = titles[sheet] if sheet else workbook.worksheets[0]
    worksheet.reset_dimensions()  # the size stated in a file can be too small
    return worksheet


def _header(worksheet: Any, file: str) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The names of the columns, and the numbered rows below them."""
    with _refusing(file):
        wide = _numbered(worksheet, file, width=MOST_COLUMNS + 1)
        line, cells = next(wide, (0, []))
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise InputError(f"{file} has more than {MOST_COLUMNS:,} columns")
    header = [name.strip() or f"column {number}" for number, name in enumerate(cells, start=1)]
    if len(set(header)) < len(header):
        raise InputError(f"{file} names a column twice: {', '.join(header)[:200]}")
    below = _numbered(worksheet, file, width=max(len(header), 1))
    return header, ((number, row) for number, row in below if number > line)


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
