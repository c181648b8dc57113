"""Workbooks as spreadsheet programs read them: numbers, dates, unknown cells, and no formula."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.formats.formulas import NUMBER, unescaped
from geo.formats.workbook import Sheet, to_workbook

SPEND = pd.DataFrame(
    {
        "area_name": ["Kings & Lane", "=HYPERLINK(1)"],
        "paid": [1_250.5, np.nan],
        "n": [3, 4],
        "day": [date(2025, 4, 1), date(2025, 4, 2)],
        "at": pd.to_datetime(["2025-07-01T11:00:00Z", "2025-01-01T11:00:00Z"]),
        "sure": [True, False],
    }
)


def opened(*sheets: Sheet) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(to_workbook(sheets)))


def test_numbers_dates_and_unknown_cells_are_what_they_are() -> None:
    page = opened(Sheet("Spend", SPEND, formats={"paid": "£#,##0.00"}))["Spend"]
    header, first, second = page.iter_rows(values_only=True)
    assert header == tuple(SPEND)
    assert [first[1], first[2], first[5]] == [1_250.5, 3, True]
    # A cell has no time zone: times are those of London, an hour later in summer.
    assert [str(first[3]), str(first[4])] == ["2025-04-01 00:00:00", "2025-07-01 12:00:00"]
    assert second[1] is None
    assert page["B2"].number_format == "£#,##0.00"


def test_lines_stand_above_and_below_the_table() -> None:
    sheet = Sheet("Spend", SPEND[["n"]], above=["Money", "To the penny"], below=["Source: council"])
    column = [cell for (cell,) in opened(sheet)["Spend"].iter_rows(values_only=True, max_col=1)]
    assert column == ["Money", "To the penny", None, "n", 3, 4, None, "Source: council"]


# Each example is a whole workbook.
@settings(max_examples=20)
@given(st.lists(st.text(), min_size=1, max_size=30))
def test_no_text_is_a_formula_whatever_it_is(texts: list[str]) -> None:
    sheet = Sheet("T", pd.DataFrame({"text": texts}), above=texts, below=texts)
    cells = [
        cell for row in opened(sheet)["T"].iter_rows() for cell in row if cell.value is not None
    ]
    assert {cell.data_type for cell in cells} <= {"s"}
    assert not [
        cell.value
        for cell in cells
        if cell.value.startswith(("=", "+", "-", "@")) and not NUMBER.fullmatch(cell.value)
    ]


def test_a_text_that_looks_like_a_formula_is_read_back_as_it_was() -> None:
    cell = opened(Sheet("Spend", SPEND))["Spend"]["A3"]
    assert unescaped(cell.value) == SPEND["area_name"][1]


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        (["Money", "money"], ["Money", "money 2"]),
        (["a/b: [c]*?"], ["a b   c"]),
        (["'"], ["Table"]),
        (["x" * 40, "x" * 40], ["x" * 31, "x" * 27 + " 2"]),
    ],
)
def test_sheets_get_names_that_spreadsheets_take(titles: list[str], expected: list[str]) -> None:
    book = opened(*(Sheet(title, SPEND) for title in titles))
    assert book.sheetnames == expected


def test_the_same_table_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    first = to_workbook([Sheet("Spend", SPEND)])
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert to_workbook([Sheet("Spend", SPEND)]) == first
