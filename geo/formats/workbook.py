"""The one writer of XLSX workbooks: no cell of what it writes is a formula."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from geo.formats.formulas import escaped
from geo.incidents import LONDON

LONGEST_TITLE: Final = 31
"""Of a sheet: as many letters as Excel takes."""

WIDEST: Final = 60
"""The widest that a column is made, in letters."""

_NOT_IN_TITLES = re.compile(r"[\[\]:*?/\\]")
# What XML 1.0 has no place for.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# The first moment that a zip archive can state.
_NO_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Sheet:
    """A table of a workbook.

    Attributes
    ----------
    title
        Its name; what Excel does not take in one is left out.
    table
        Its index and its geometry are left out.
    above, below
        Lines before and after the table, as a title or a note.
    formats
        The number format of columns, such as `£#,##0.00`.
    """

    title: str
    table: pd.DataFrame
    above: Sequence[str] = ()
    below: Sequence[str] = ()
    formats: Mapping[str, str] = field(default_factory=dict)


def to_workbook(sheets: Sequence[Sheet]) -> bytes:
    """Encode tables as a workbook.

    Parameters
    ----------
    sheets
        At least one; titles that are the same get a number.

    Returns
    -------
    The bytes of an XLSX file: the same for the same tables. Text is harmless in a spreadsheet,
    numbers and dates stay such, and cells of which nothing is known are empty.
    """
    # Loading openpyxl takes longer than most tables.
    import openpyxl  # type: ignore[import-untyped] # noqa: PLC0415 - it has no types

    book = openpyxl.Workbook(write_only=False)
    book.remove(book.active)
    for title, sheet in zip(_titles(sheets), sheets, strict=True):
        _fill(book.create_sheet(title), sheet)
    written = io.BytesIO()
    book.properties.creator = "Patchmap"
    book.save(written)
    return _without_time(written.getvalue())


def write_workbook(sheets: Sequence[Sheet], path: Path) -> None:
    """Write tables as a workbook.

    Parameters
    ----------
    sheets
        As `to_workbook` takes them.
    path
        The file to fill.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    path.write_bytes(to_workbook(sheets))


def _titles(sheets: Sequence[Sheet]) -> list[str]:
    titles: list[str] = []
    for sheet in sheets:
        title = _NOT_IN_TITLES.sub(" ", _NOT_IN_XML.sub(" ", sheet.title)).strip("' ") or "Table"
        names = (title[: LONGEST_TITLE - 4] + f" {n}" if n > 1 else title for n in count(1))
        lower = {title.lower() for title in titles}
        short = (name[:LONGEST_TITLE] for name in names)
        titles.append(next(name for name in short if name.lower() not in lower))
    return titles


def _fill(page: Any, sheet: Sheet) -> None:
    """Fill a worksheet of openpyxl."""
    from openpyxl.styles import Alignment, Font  # type: ignore[import-untyped] # noqa: PLC0415

    frame = pd.DataFrame(sheet.table.drop(columns="geometry", errors="ignore"))
    for line in sheet.above:
        page.append([_cell(line)])
    if sheet.above:
        page["A1"].font = Font(bold=True, size=14)
        page.append([])
    page.append([_cell(str(name)) for name in frame])
    head = page.max_row
    for cell in page[head]:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    for row in frame.itertuples(index=False, name=None):
        page.append([_cell(value) for value in row])
    for position, name in enumerate(map(str, frame), start=1):
        column = page.cell(head, position).column_letter
        page.column_dimensions[column].width = _width(name, frame.iloc[:, position - 1])
        for (cell,) in page.iter_rows(head + 1, head + len(frame), position, position):
            cell.number_format = sheet.formats.get(name, cell.number_format)
    page.freeze_panes = page.cell(head + 1, 2 if len(frame.columns) > 1 else 1)
    if sheet.below:
        page.append([])
    for line in sheet.below:
        page.append([_cell(line)])


def _width(name: str, values: pd.Series) -> int:
    """The width of a column: of its longest word in the head, or text below."""
    words = [len(word) for word in re.split(r"[\s_]", name)]
    texts = [len(str(value)) for value in values.head(1_000) if not _is_unknown(value)]
    return min(max([8, *words, *texts]) + 2, WIDEST)


def _is_unknown(value: object) -> bool:
    return not isinstance(value, list | tuple) and bool(pd.isna(value))  # type: ignore[call-overload]  # any cell, where it takes some types


def _cell(value: object) -> object:
    """A value as openpyxl takes it."""
    if _is_unknown(value):
        return None
    if isinstance(value, list | tuple):
        return _cell(", ".join(map(str, value)))
    if isinstance(value, str):
        return escaped(_NOT_IN_XML.sub(" ", value))
    if isinstance(value, pd.Timestamp):
        # A cell has no time zone: people expect the time of London.
        local = value.tz_convert(LONDON) if value.tzinfo else value
        return local.tz_localize(None).to_pydatetime()
    plain = value.item() if isinstance(value, np.generic) else value
    return str(plain) if isinstance(plain, float) and np.isinf(plain) else plain


def _without_time(workbook: bytes) -> bytes:
    """The same workbook, without the time at which it was written."""
    made = io.BytesIO()
    stamp = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
    no_time = datetime(*_NO_TIME).strftime("%Y-%m-%dT%H:%M:%SZ").encode()  # noqa: DTZ001 - no zone
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for part in source.infolist():
            content = source.read(part)
            if part.filename == "docProps/core.xml":
                content = stamp.sub(no_time, content)
            entry = zipfile.ZipInfo(part.filename, _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, content)
    return made.getvalue()
