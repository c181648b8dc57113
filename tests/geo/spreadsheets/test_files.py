"""Workbooks and damaged files: what is read of them, and that nothing else comes."""

import datetime as dt
import zipfile
from contextlib import suppress

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.sources import sheets
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet
from geo.sources.suggest import suggest_mapping
from tests.geo.spreadsheets.sheets_of import (
    FIELDS,
    HEADER,
    KEYED,
    MAPPING,
    batch,
    moment,
    read,
    reasons,
    row,
    workbook,
    write,
)


def test_real_dates_of_a_workbook_are_read_whatever_the_format(tmp_path, projection):
    rows = (
        row(),
        row(Date=moment("2024-01-31"), Time=dt.time(14, 5)),
        row(Date=dt.date(2024, 1, 31), Time="14:05"),
        row(Date=45_322, Time=(14 * 60 + 5) / 1440),
        row(Date=moment("2024-01-31"), Time=None),
        row(Date=moment("2024-01-31 14:05"), Time="14:05"),
    )
    result = batch(workbook(tmp_path, *rows), projection)
    when = pd.Timestamp("2024-01-31T14:05:00Z")
    assert result.accepted["occurred_from"].tolist()[:4] == [when] * 4
    assert result.accepted["precision"].tolist() == ["instant"] * 4 + ["day"]
    assert reasons(result) == [[7, "the date holds a time beside the one in its own column"]]


def test_only_the_format_says_whether_a_real_date_has_a_time(tmp_path, projection):
    mapping = MAPPING.replace('["Date", "Time"]', '"Date"')
    rows = row(Date=moment("2024-01-31")), row(Date=moment("2024-01-31 09:30:01"))
    path = workbook(tmp_path, *rows)
    timed = batch(path, projection, mapping)
    dated = batch(path, projection, mapping.replace(" HH:MM", ""))
    assert timed.accepted["precision"].tolist() == ["instant", "instant"]
    assert timed.accepted["occurred_from"][1] == pd.Timestamp("2024-01-31T09:30:01Z")
    assert dated.accepted["precision"].tolist() == ["day"]
    assert reasons(dated) == [[3, "the date holds a time, which dd/mm/yyyy does not name"]]


def test_a_workbook_keeps_line_numbers_across_empty_rows(tmp_path, projection):
    path = workbook(tmp_path, row(), [], [None, " "], row(Date="x"), row())
    result = batch(path, projection)
    assert result.accepted["incident_id"].tolist() == ["council/east:2", "council/east:6"]
    assert [line for line, _ in reasons(result)][-1] == 5


def test_a_sheet_is_chosen_by_its_name(tmp_path, projection):
    path = workbook(tmp_path, row())
    assert len(batch(path, projection, 'sheet = "Cases"\n' + MAPPING).accepted) == 1
    with pytest.raises(InputError, match=r"has no sheet 'Other'; it has: Cases, Notes"):
        read(path, projection, 'sheet = "Other"\n' + MAPPING)
    with pytest.raises(InputError, match=r"s\.csv is not a workbook; remove sheet = 'Cases'"):
        read(write(tmp_path, row()), projection, 'sheet = "Cases"\n' + MAPPING)


def test_a_formula_without_a_value_is_empty(tmp_path, projection):
    path = workbook(tmp_path, row(), row(Date="=TODAY()"))
    assert reasons(batch(path, projection)) == [[3, "no date"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xd0\xcf\x11\xe0" + b"\0" * 99, "is an old .xls workbook or has a password"),
        (b"PK\x03\x04 and no more", "is not an XLSX workbook, or is damaged"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_sheet_is_refused(content, message, tmp_path, projection):
    (tmp_path / "s.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "s.xlsx", projection)


def test_a_zip_archive_that_is_no_workbook_is_refused(tmp_path, projection):
    with zipfile.ZipFile(tmp_path / "s.xlsx", "w") as archive:
        archive.writestr("a.csv", "1")
    with pytest.raises(InputError, match="is a zip archive but not an XLSX workbook"):
        read(tmp_path / "s.xlsx", projection)


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path, projection):
    path = workbook(tmp_path, row())
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * (17 * 2**20))
    with pytest.raises(InputError, match="is too large when unpacked"):
        read(path, projection)


def test_a_sheet_with_more_rows_than_there_can_be_is_refused(tmp_path, projection, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    with pytest.raises(InputError, match="has more rows than a sheet can hold, 3"):
        batch(workbook(tmp_path, row(), row(), row()), projection)


def test_a_sheet_with_too_many_columns_is_refused(tmp_path, projection):
    path = workbook(tmp_path, row(), header=",".join(f"c{i}" for i in range(1_001)))
    with pytest.raises(InputError, match="has more than 1,000 columns"):
        read(path, projection)


def test_of_a_column_that_stands_twice_in_a_sheet_the_mapping_says_which(tmp_path, projection):
    path = workbook(tmp_path, [*row(), "x"], header=f"{HEADER},Kind")
    with pytest.raises(InputError, match="say which: Kind_1 or Kind_2"):
        read(path, projection)


@pytest.fixture(scope="module")
def council_sheet(demo_folder):
    return demo_folder / "files/council-asb.csv"


def test_the_mapping_suggested_for_the_demo_takes_all_its_rows(council_sheet, projection):
    text = suggest_mapping(council_sheet)
    result = batch(council_sheet, projection, text)
    assert (len(result.accepted), len(result.rejected)) == (11_527, 0)
    assert result.accepted["incident_id"].is_unique
    assert set(result.accepted["precision"]) == {"instant"}


fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@fuzz
@given(content=st.binary(max_size=200) | st.binary(max_size=200).map(lambda b: b"PK\x03\x04" + b))
def test_no_file_brings_anything_but_a_refusal(content, tmp_path, projection):
    path = tmp_path / "fuzz"
    path.write_bytes(content)
    mapping = read_mapping(MAPPING.encode(), file="m.toml", folder=None)
    with pytest.raises(InputError):
        read_spreadsheet(path, mapping, projection, name="x")
    with suppress(InputError):
        suggest_mapping(path)


@fuzz
@given(rows=st.lists(st.lists(texts, min_size=9, max_size=9), min_size=1, max_size=5))
def test_no_cells_are_lost_or_break_the_reading(rows, tmp_path, projection):
    path = tmp_path / "fuzz.csv"
    pd.DataFrame([row(), *rows], columns=FIELDS).to_csv(path, index=False)
    try:
        result = batch(path, projection, KEYED)
    except InputError:
        return
    assert len(result.accepted) + len(result.rejected) == 1 + sum(map(any, rows))


@fuzz
@given(at=st.integers(0, 5_000), junk=st.binary(min_size=1, max_size=30))
def test_a_damaged_workbook_brings_nothing_but_a_refusal(at, junk, tmp_path, projection):
    path = workbook(tmp_path, row())
    content = bytearray(path.read_bytes())
    content[at : at + len(junk)] = junk
    path.write_bytes(content)
    with suppress(InputError):
        batch(path, projection)
