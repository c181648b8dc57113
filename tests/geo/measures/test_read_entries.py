"""Tables of entries: amounts to the penny, and every row an entry or rejected with its reason."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import InputError
from geo.measures.amounts import minutes_of, pence_of
from geo.measures.model import no_entries
from geo.measures.read_entries import EntryOptions, ReadEntries, read_entries
from geo.personal_texts import personal_text


@pytest.fixture
def read(four_squares, tmp_path: Path):
    def of(text: str, *, stored=None, **options) -> ReadEntries:
        path = tmp_path / "entries.csv"
        path.write_text(text, encoding="utf-8")
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        how = EntryOptions("wards", **options)
        known = no_entries() if stored is None else stored
        result = read_entries(path, four_squares, how, sha256=sha256, stored=known)
        new = len(result.entries) - result.entries["entry_id"].isin(known["entry_id"]).sum()
        assert result.rows_read == len(result.rejected.rows) + result.rows_present + new
        return result

    return of


@pytest.mark.parametrize(
    ("text", "pence"),
    [
        ("1,250.00", 125_000),
        ("£1,250", 125_000),
        ("12.5", 1_250),
        ("-£3.01", -301),
        ("£-3.01", -301),
        ("(3.01)", -301),
        (".07", 7),
        ("0.10", 10),
        ("12.500", 1_250),
    ],
)
def test_pounds_are_read_to_the_penny(text, pence):
    assert pence_of(text) == (pence, "")


@pytest.mark.parametrize("text", ["", "12.345", "1,25", "5k", "--3", "(3", "1e3", "£", "-(3)"])
def test_what_is_no_exact_amount_is_no_amount(text):
    assert pence_of(text)[1] != ""


@given(st.integers(0, 10**12))
def test_every_penny_comes_back(pence):
    assert pence_of(f"{Decimal(pence) / 100:,.2f}") == (pence, "")


def test_hours_and_minutes_are_whole_minutes():
    assert minutes_of("1.5", "hours") == (90, "")
    assert minutes_of("1:30", "hours") == (90, "")
    assert minutes_of("90", "minutes") == (90, "")
    assert minutes_of("-0.25", "hours") == (-15, "")
    assert minutes_of("0.33", "hours")[1] == "the time has a part of a minute"
    assert minutes_of("1:75", "hours")[1] == "the time is no number of hours or minutes"


def test_each_row_is_a_dated_amount_of_an_area(read):
    result = read(
        "Reference,Payment Date,Net amount,Ward,Status,Priority,Payee\n"
        'P1,01/04/2025,"£5,000.00",Ward A,Allocated,Parks,council service\n'
        "P2,17/06/2025,120.50,B,paid,Parks,supplier\n"
        "P3,18/06/2025,10,City-wide,paid,,supplier\n",
        dates="dd/mm/yyyy",
    )
    columns = ["entry_id", "day", "amount", "layer_id", "area_code", "state", "priority"]
    assert result.entries[columns].to_csv(index=False).splitlines()[1:] == [
        "P1,2025-04-01,500000,wards,A,allocated,Parks",
        "P2,2025-06-17,12050,wards,B,paid,Parks",
        "P3,2025-06-18,1000,,,paid,",
    ]


def test_rows_that_are_no_entries_are_rejected_with_their_lines(read):
    result = read(
        "id,day,amount,area,state,note,payee_kind\n"
        "1,2025-04-31,5,A,paid,,\n"
        "2,01/04/2025,5,A,paid,,\n"
        "3,2025-04-01,5.005,A,paid,,\n"
        "4,2025-04-01,5,Z,paid,,\n"
        "5,2025-04-01,5,A,spent,,\n"
        "6,2025-04-01,5,A,paid,call 01332 123456,\n"
        "7,2025-04-01,5,A,paid,for Mr Smith,\n"
        "8,2025-04-01,5,A,paid,,Fixit Ltd\n"
        "9,2025-04-01,5,A,paid,,supplier\n"
        "9,2025-04-01,6,A,paid,,supplier\n"
        "9,2025-04-01,5,A,paid,,supplier\n"
    )
    assert [reason for _, reason, _ in sorted(result.rejected.rows)] == [
        "the day cannot be read as yyyy-mm-dd",
        "the day cannot be read as yyyy-mm-dd; is it --dates dd/mm/yyyy?",
        "the amount has a part of a penny",
        "no area of this code or name",
        "unknown state; use allocated, committed, paid",
        "note looks like a telephone number: entries name nobody",
        "note looks like a person's name: entries name nobody",
        "payee_kind names a payee: use a kind, such as supplier or voluntary group",
        "the id is stored with other content: entries are never edited; reverse it",
    ]
    assert [line for line, _, _ in sorted(result.rejected.rows)][-1] == 11
    assert list(result.entries["entry_id"]) == ["9"]
    assert result.rows_present == 1


def test_without_ids_the_same_file_again_is_there_already(read):
    text = "day,amount,area,state\n2025-04-01,5,A,paid\n2025-04-01,5,A,paid\n"
    first = read(text)
    assert first.entries["entry_id"].str.match(r"[0-9a-f]{16}:[23]$").all()
    assert first.entries["amount"].sum() == 1_000
    again = read(text, stored=first.entries)
    assert again.rows_present == 2
    assert again.rejected.rows == []


def test_time_is_read_as_hours_or_minutes(read):
    text = "day,hours,minutes,area,activity\n2025-04-01,1.5,,A,patrol\n2025-04-01,,20,A,Cases\n"
    result = read(text, kind="time")
    assert list(result.entries["amount"]) == [90, 20]
    assert list(result.entries["activity"]) == ["patrol", "cases"]
    result = read("day,hours,minutes,area\n2025-04-01,1,60,A\n", kind="time", activity="patrol")
    assert result.rejected.by_reason == {"both hours and minutes": 1}


def test_columns_are_named_and_what_is_needed_is_said(read):
    text = "When,Spent,Where\n2025-04-01,5,A\n"
    columns = {"day": "When", "amount": "Spent", "area": "Where"}
    assert read(text, columns=columns, state="paid").entries["amount"].tolist() == [500]
    with pytest.raises(InputError, match=r"lacks the column day, amount, area; name it with"):
        read(text)
    with pytest.raises(InputError, match="there is no column 'wehn' to name; choose id, kind"):
        read(text, columns={"wehn": "When"})


@pytest.mark.parametrize("text", ["Mrs. Jones", "a.b@council.gov.uk", "AB 12 34 56 C", "DOB 1980"])
def test_personal_texts_are_noticed(text):
    assert personal_text(text)


@pytest.mark.parametrize("text", ["Dr", "drainage 2025", "ref 2024", "Miss-shaped kerb", "PC lab"])
def test_plain_texts_are_not(text):
    assert personal_text(text) == ""
