"""A proposed mapping: what the sample shows is written, what it cannot decide is left open."""

import datetime as dt
import tomllib
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.incidents import Batch
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet
from geo.sources.suggest import suggest_mapping


def sheet(folder: Path, **columns: list[object]) -> Path:
    rows = [list(columns), *zip(*columns.values(), strict=True)]
    lines = (",".join(f'"{cell}"' for cell in cells) for cells in rows)
    (folder / "s.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "s.csv"


def proposed(folder: Path, **columns: list[object]) -> dict:
    return tomllib.loads(suggest_mapping(sheet(folder, **columns)))


UNDECIDED = ["03/04/2024", "05/06/2024"]
DECIDED = ["13/04/2024", "05/06/2024"]


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (DECIDED, "dd/mm/yyyy"),
        (["04/13/2024", "05/06/2024"], "mm/dd/yyyy"),
        (["2024-04-13", "2024-06-05T10:00:00Z"], "iso"),
        (["13/04/2024 09:30", "05/06/2024 9:30"], "dd/mm/yyyy HH:MM"),
        (["13 Apr 2024", "05 Jun 2024"], "dd mmm yyyy"),
        (["13-04-24 09:30:00 PM", "05-06-24 01:00:00 AM"], "dd-mm-yy hh:MM:SS AM/PM"),
        (["2024-04", "2024-05"], "iso"),
    ],
)
def test_the_format_of_dates_is_seen_in_the_values(values, form, tmp_path):
    assert proposed(tmp_path, Date=values)["when"] == {"from": "Date", "format": form}


def test_day_and_month_are_left_open_where_no_value_decides(tmp_path):
    text = suggest_mapping(sheet(tmp_path, Date=UNDECIDED))
    assert "format" not in tomllib.loads(text)["when"]
    assert '# format = "dd/mm/yyyy"\n# format = "mm/dd/yyyy"' in text
    assert "no day above 12" in text


def test_dates_and_times_of_start_and_end_find_each_other(tmp_path):
    columns = {
        "Date closed": DECIDED, "Date to": DECIDED, "Time to": ["10:00", "11:00"],
        "Date from": DECIDED, "Time from": ["09:00", "10:00"],
    }  # fmt: skip
    text = suggest_mapping(sheet(tmp_path, **columns))
    assert tomllib.loads(text)["when"] == {
        "from": ["Date from", "Time from"],
        "to": ["Date to", "Time to"],
        "format": "dd/mm/yyyy HH:MM",
    }
    assert '# also dates or times, not used: "Date closed"' in text


@pytest.mark.parametrize(
    ("columns", "where"),
    [
        ({"X": [435_000], "Y": [336_000]}, {"easting": "X", "northing": "Y"}),
        ({"x": [-1.4979], "y": [52.91346]}, {"longitude": "x", "latitude": "y"}),
        ({"a": [52.91346], "b": [-1.4979]}, {"longitude": "b", "latitude": "a"}),
        ({"Latitude": [-1.4979], "Longitude": [52.9]}, {"longitude": "Latitude",
                                                        "latitude": "Longitude"}),
        ({"pc": ["DE1 2AB"]}, {"postcode": "pc"}),
        ({"this": [435_000], "that": [336_000]}, {}),
    ],
)  # fmt: skip
def test_places_are_seen_by_name_and_size(columns, where, tmp_path):
    assert proposed(tmp_path, **columns)["where"] == where


def test_easting_and_northing_without_names_are_left_open(tmp_path):
    text = suggest_mapping(sheet(tmp_path, this=[435_000], that=[336_000]))
    assert 'these can be easting and northing in either order: "this", "that"' in text


def test_a_reference_that_repeats_is_no_id(tmp_path):
    text = suggest_mapping(sheet(tmp_path, Ref=[1, 1], Kind=["a", "b"]))
    assert '# id: "Ref" repeats or is empty' in text
    assert proposed(tmp_path, CaseRef=[1, 2], Kind=["a", "b"])["id"] == "CaseRef"


def test_the_category_is_the_column_named_so(tmp_path):
    columns = {"Ward": ["A", "B"], "Status": ["open", "shut"], "ASB type": ["Noise", "Litter"]}
    result = proposed(tmp_path, **columns)
    assert result["what"] == {"column": "ASB type"}
    assert result["reference"] == "Status"


def test_categories_that_cannot_be_decided_are_left_open(tmp_path):
    text = suggest_mapping(sheet(tmp_path, first=["a", "b"], second=["c", "d"]))
    assert '# column: can be any of "first", "second"' in text
    assert '# category = "anti-social-behaviour"' in text


def test_a_workbook_with_real_dates_is_proposed_and_read(tmp_path, projection):
    book = openpyxl.Workbook()
    book.active.append(["Case ID", "Reported", "Time reported", "Category", "Easting", "Northing"])
    for i in range(3):
        when = dt.datetime.fromisoformat(f"2024-01-0{1 + i}"), dt.time(9, i)
        book.active.append([i, *when, "Noise", 435_000 + i, 336_000])
    book.save(tmp_path / "s.xlsx")
    text = suggest_mapping(tmp_path / "s.xlsx")
    result = read_mapping(text.encode(), file="m.toml", folder=None)
    part = Batch.join(read_spreadsheet(tmp_path / "s.xlsx", result, projection).batches())
    assert part.accepted["precision"].tolist() == ["instant"] * 3
    assert part.accepted["incident_id"].tolist() == ["council:0", "council:1", "council:2"]


def test_a_sheet_that_is_empty_is_refused(tmp_path):
    (tmp_path / "s.csv").write_text("")
    with pytest.raises(InputError, match=r"s\.csv is empty"):
        suggest_mapping(tmp_path / "s.csv")


cells = st.text(st.characters(exclude_categories=["Cs"]), max_size=15) | st.sampled_from(
    ["Date", "Time", "Ref", "Category", "2024-01-01", "10:00", "Easting", "435000", "Lat", "52.5"]
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.lists(cells, min_size=4, max_size=4), min_size=2, max_size=5))
def test_every_proposal_is_toml(rows, tmp_path):
    lines = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    (tmp_path / "s.csv").write_bytes("\n".join(lines).encode())
    try:
        text = suggest_mapping(tmp_path / "s.csv")
    except InputError:
        return
    assert tomllib.loads(text)["source"] == "council"


def test_dates_of_closing_propose_a_life(tmp_path):
    path = tmp_path / "cases.csv"
    rows = [f"R{n},{n + 12}/11/2026,{n + 13}/11/2026,{n + 14}/11/2026,litter" for n in range(5)]
    path.write_text("\n".join(["Ref,Date logged,Target date,Date closed,Category", *rows]) + "\n")
    proposed = suggest_mapping(path)
    assert '# [life]\n# every_kind = "request"' in proposed
    assert '# due = "Target date"\n# closed = "Date closed"\n# extract = "whole"' in proposed
    path.write_text("Ref,Date logged,Category\nR1,13/11/2026,litter\n")
    assert "[life]" not in suggest_mapping(path)
