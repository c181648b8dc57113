"""Extracts of records: each row's life by its mapping, and what no row may hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import InputError
from geo.incidents import Batch, Extract, Partition
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet

HEADER = [
    *("Ref", "Kind", "Logged", "Target", "Replied", "Shut", "Type", "Via", "Outcome"),
    *("Team", "Ward", "E", "N", "Extract"),
]
ROW = [
    *("A1", "litter", "02/11/2026", "16/11/2026", "", "", "REQ", "Cllr", ""),
    *("Streets", "Abbey", "435000", "336000", "30/11/2026"),
]
MAPPING = """
source = "council"
id = "Ref"

[when]
from = "Logged"
format = "dd/mm/yyyy"

[where]
easting = "E"
northing = "N"

[what]
column = "Kind"

[life]
kind = "Type"
channel = "Via"
due = "Target"
answered = "Replied"
closed = "Shut"
outcome = "Outcome"
withdrawn = ["Duplicate"]
service = "Team"
stated_area = "Ward"
stated_layer = "wards"
extract = "whole"

[kinds]
REQ = "request"

[channels]
Cllr = "member"
"""
DAY = date(2026, 11, 30)


def row(**changes: str) -> list[str]:
    return [changes.get(name, value) for name, value in zip(HEADER, ROW, strict=True)]


def partition(
    folder: Path, projection, *rows: list[str], mapping: str = MAPPING, extracted: date | None = DAY
) -> Partition:
    path = folder / "cases.csv"
    path.write_text("\n".join(",".join(cells) for cells in (HEADER, *rows)) + "\n")
    read = read_mapping(mapping.encode(), file="m.toml", folder=folder)
    return read_spreadsheet(path, read, projection, extracted=extracted)


def batch(folder: Path, projection, *rows: list[str], **options) -> Batch:
    return Batch.join(partition(folder, projection, *rows, **options).batches())


def life(folder: Path, projection, **changes: str) -> pd.Series:
    lives = batch(folder, projection, row(**changes)).lives
    assert lives is not None
    return lives.loc["council:A1"]


def fault(folder: Path, projection, **changes: str) -> str:
    """Why a row is rejected beside a good one."""
    read = batch(folder, projection, row(), row(Ref="B2", **changes))
    return ", ".join(read.rejected["reason"])


def test_a_row_is_a_record_with_a_life(tmp_path, projection):
    read = life(tmp_path, projection, Replied="10/11/2026", Outcome="Cleared")
    assert read[["kind", "channel", "outcome", "service"]].tolist() == [
        "request", "member", "Cleared", "Streets",
    ]  # fmt: skip
    assert read[["stated_area", "stated_layer"]].tolist() == ["Abbey", "wards"]
    assert (read["reopened"], read["withdrawn"]) == (0, False)
    # November: London is at UTC. Due by the end of its day.
    assert read["received"] == pd.Timestamp("2026-11-02", tz="UTC")
    assert read["due"] == pd.Timestamp("2026-11-16 23:59:59", tz="UTC")
    assert read["answered"] == pd.Timestamp("2026-11-10", tz="UTC")
    assert pd.isna(read["closed"])


def test_a_listed_outcome_is_a_withdrawal_whatever_its_capitals(tmp_path, projection):
    assert life(tmp_path, projection, Outcome="duplicate")["withdrawn"]


def test_a_day_is_that_of_london(tmp_path, projection):
    read = life(tmp_path, projection, Logged="01/07/2026", Target="02/07/2026")
    assert read["received"] == pd.Timestamp("2026-06-30 23:00", tz="UTC")
    assert read["due"] == pd.Timestamp("2026-07-02 22:59:59", tz="UTC")


def test_closed_on_its_first_day_it_has_waited_for_nothing(tmp_path, projection):
    timed = MAPPING.replace('format = "dd/mm/yyyy"', 'format = "dd/mm/yyyy HH:MM"')
    rows = row(Logged="02/11/2026 10:30", Shut="02/11/2026", Target="")
    lives = batch(tmp_path, projection, rows, mapping=timed).lives
    assert lives is not None
    assert lives["closed"].tolist() == lives["received"].tolist()


def test_impossible_orders_are_rejected(tmp_path, projection):
    assert fault(tmp_path, projection, Shut="01/11/2026") == "closed before it was received"
    assert fault(tmp_path, projection, Replied="01/11/2026") == "answered before it was received"
    assert fault(tmp_path, projection, Shut="01/12/2026") == "closed after the day of the extract"
    assert fault(tmp_path, projection, Shut="soon") == "closed: not a date as dd/mm/yyyy"


def test_a_target_before_its_record_is_left_out_and_told(tmp_path, projection):
    read = batch(tmp_path, projection, row(), row(Ref="B2", Target="01/11/2026"))
    assert read.lives is not None
    assert read.lives["due"].isna().tolist() == [False, True]
    part = partition(tmp_path, projection, row(Target="01/11/2026"))
    [only] = part.batches()
    assert only.notices == (
        "cases.csv: 1 due date is before the record was received, and left out",
    )


def test_answered_after_closing_is_kept(tmp_path, projection):
    read = life(tmp_path, projection, Replied="20/11/2026", Shut="10/11/2026")
    assert read["answered"] > read["closed"]


def test_unknown_codes_are_rejected(tmp_path, projection):
    assert fault(tmp_path, projection, Type="X1") == "unknown kind code 'X1'"
    assert fault(tmp_path, projection, Type="") == "no kind"
    assert fault(tmp_path, projection, Via="Pigeon") == "unknown channel code 'Pigeon'"
    assert fault(tmp_path, projection, Via="", Type="complaint") == ""


def test_without_a_place_the_stated_area_counts(tmp_path, projection):
    rows = (
        row(),
        row(Ref="B2", E="", N=""),
        row(Ref="C3", E="0", N="0"),
        row(Ref="D4", E="", Ward=""),
    )
    [read] = partition(tmp_path, projection, *rows).batches()
    assert read.accepted["incident_id"].tolist() == ["council:A1"]
    assert read.placeless is not None
    assert read.placeless["incident_id"].tolist() == ["council:B2", "council:C3"]
    assert read.placeless["x"].isna().all()
    assert len(read.rejected) == 1
    assert read.lives is not None
    assert len(read.lives) == 3
    assert "2 of the accepted rows have no place (1 no location, 1 " in read.notices[0]


def test_an_extract_has_a_day(tmp_path, projection):
    assert partition(tmp_path, projection, row()).extract == Extract(DAY, whole=True)
    dated = MAPPING.replace("extract =", 'extracted = "Extract"\nextract =')
    stated = partition(
        tmp_path, projection, row(Extract="23/11/2026"), mapping=dated, extracted=None
    )
    assert stated.extract == Extract(date(2026, 11, 23), whole=True)
    with pytest.raises(InputError, match="dates the extract, but its first row has no date"):
        partition(tmp_path, projection, row(Extract=""), mapping=dated, extracted=None)
    with pytest.raises(InputError, match="an extract of 2999-01-01 is one of a day to come"):
        partition(tmp_path, projection, row(), extracted=date(2999, 1, 1))


@pytest.mark.parametrize(
    ("column", "what"),
    [
        ("Customer Name", "names of people"),
        ("surname", "names of people"),
        ("Name", "names of people"),
        ("Complainant", "names of people"),
        ("ReportedBy", "names of people"),
        ("Contact tel.", "telephone numbers"),
        ("mobile_no", "telephone numbers"),
        ("E-mail", "e-mail addresses"),
        ("contactEmail", "e-mail addresses"),
        ("D.O.B.", "dates of birth"),
        ("Date of Birth", "dates of birth"),
        ("NI number", "numbers of people"),
    ],
)
def test_personal_columns_are_refused_by_name(column: str, what: str):
    text = MAPPING.replace('outcome = "Outcome"', f'outcome = "{column}"')
    with pytest.raises(InputError) as refusal:
        read_mapping(text.encode(), file="m.toml", folder=None)
    assert f"the mapping names '{column}', which looks like {what}; leave it out" in str(
        refusal.value
    )


@pytest.mark.parametrize(
    "column", ["Ward name", "Street name", "Type", "Age of case", "Contact channel", "Town", "Area"]
)
def test_other_columns_are_not(column: str):
    text = MAPPING.replace('outcome = "Outcome"', f'outcome = "{column}"')
    assert column in read_mapping(text.encode(), file="m.toml", folder=None).columns


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("wrote to ann@example.org", "an e-mail address"),
        ("rang 01332 293111", "a telephone number"),
        ("QQ 12 34 56 C", "a national insurance number"),
    ],
)
def test_personal_columns_are_refused_by_what_they_hold(text, what, tmp_path, projection):
    rows = [row(Ref=f"A{n}", Outcome=text) for n in range(3)]
    with pytest.raises(InputError, match=f"'Outcome' holds {what} in 3 of 3 rows; leave it out"):
        batch(tmp_path, projection, *rows)
    assert fault(tmp_path, projection, Outcome=text) == f"Outcome holds {what}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "Ref"\n', "", "life needs id"),
        ('extract = "whole"', 'extract = "all"', "extract must be whole or changes, not 'all'"),
        ('extract = "whole"\n', "", "life.extract is missing"),
        ('kind = "Type"\n', "", "kind is missing; name a column, or every_kind"),
        ('kind = "Type"', 'every_kind = "moan"', "every_kind must be one of request, case"),
        ('REQ = "request"', 'REQ = "ask"', "must be one of request, case"),
        ('stated_layer = "wards"\n', "", "stated_layer and stated_area need each other"),
        ('outcome = "Outcome"\n', "", "withdrawn lists outcomes, and needs outcome"),
        ("closed =", "shut =", "'shut' is not a known key"),
    ],
)
def test_a_fault_of_the_mapping_is_named(old: str, new: str, message: str):
    with pytest.raises(InputError) as refusal:
        read_mapping(MAPPING.replace(old, new, 1).encode(), file="m.toml", folder=None)
    assert message in str(refusal.value)


def test_a_mapping_without_lives_has_no_extracts(tmp_path, projection):
    plain = MAPPING.partition("[life]")[0]
    assert batch(tmp_path, projection, row(), mapping=plain, extracted=None).lives is None
    with pytest.raises(InputError, match=r"its mapping has no \[life\]"):
        partition(tmp_path, projection, row(), mapping=plain)
