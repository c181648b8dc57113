"""Extracts of a council's records from the command line, and what is then asked of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.api.commands.running import refused, run, run_json
from tests.api.conftest import two_wards
from tests.services import run_patchmap

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
category = "litter"
[life]
kind = "Type"
channel = "Via"
due = "Target"
closed = "Shut"
stated_area = "Ward"
stated_layer = "wards"
extract = "whole"
[kinds]
REQ = "request"
MEM = "enquiry"
[channels]
Cllr = "member"
Web = "resident"
"""
COLUMNS = ["Ref", "Logged", "Target", "Shut", "Type", "Via", "Ward", "E", "N"]
FIRST = [
    ("r1", "02/11/2026", "16/11/2026", "", "REQ", "Web", "", 435_100, 336_100),
    ("r2", "03/11/2026", "17/11/2026", "", "MEM", "Cllr", "", 435_100, 336_100),
    ("r3", "03/11/2026", "17/11/2026", "10/11/2026", "REQ", "Web", "", 437_500, 336_100),
    ("r4", "04/11/2026", "18/11/2026", "", "REQ", "Web", "north", "", ""),
]
LATER = [
    (*FIRST[0][:3], "25/11/2026", *FIRST[0][4:]),
    (*FIRST[2][:3], "", *FIRST[2][4:]),
    FIRST[3],
    ("r5", "27/11/2026", "", "", "MEM", "Cllr", "", "", ""),
]


def _write(folder: Path, name: str, rows: list[tuple[object, ...]]) -> None:
    pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / name, index=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a layer, a mapping, and two extracts a week apart."""
    (tmp_path / "m.toml").write_text(MAPPING)
    _write(tmp_path, "first.csv", FIRST)
    _write(tmp_path, "later.csv", LATER)
    areas = two_wards()
    areas["area_name"] = ["North", "South"]
    areas.reset_index().to_file(tmp_path / "wards.gpkg", layer="wards")
    run(tmp_path, "layers", "add", "wards.gpkg", "--id", "wards")
    return tmp_path


def _ingest(folder: Path, name: str, day: str) -> str:
    return run(folder, "ingest", name, "--mapping", "m.toml", "--extracted", day)


def test_two_extracts_are_imported_asked_and_undone(folder: Path) -> None:
    first = _ingest(folder, "first.csv", "2026-11-23")
    assert "first.csv: 4 read = 4 accepted + 0 rejected [added]" in first
    assert "first.csv: 1 of them has no place, and counts in its stated area" in first
    assert "first.csv: extract of 2026-11-23\n" in first
    later = _ingest(folder, "later.csv", "2026-11-30")
    assert "later.csv: 4 read = 3 accepted + 1 rejected (1 no location) [updated]" in later
    assert (
        "later.csv: extract of 2026-11-30; since the one before: 1 closed, 1 reopened, "
        "1 vanished" in later
    )
    [update] = [
        one for one in run_json(folder, "imports", "list") if one["extracted"] == "2026-11-30"
    ]
    assert update["events"] == {"closed": 1, "reopened": 1, "vanished": 1}
    assert update["without_place"] == 1
    output = run(
        folder, "count", "--from", "2026-11", "--to", "2026-11", "--state", "open", "-o", "n.csv"
    )
    assert pd.read_csv(folder / "n.csv")["n"].tolist() == [1, 1]
    assert "5 read = 1 rejected + 2 not asked + 0 outside + 2 counted" in output
    assert "note: 1 record has no place: counted in the area stated for it, off the map." in output
    undone = run(folder, "imports", "undo", "2")
    assert "3 events taken back" in undone


def test_what_is_no_extract_is_refused(folder: Path) -> None:
    day = "--extracted", "2026-11-30"
    assert refused(folder, "ingest", "first.csv", *day) == (
        "--extracted is the day of an extract of records, which needs --mapping"
    )
    line = refused(folder, "ingest", "first.csv", "--mapping", "m.toml", "--extracted", "30/11")
    assert line == "--extracted '30/11' is not a day; write it as 2026-11-30"
    assert refused(folder, "count", "--state", "lost", "-o", "n.csv").startswith(
        "--state: unknown value 'lost'; choose open, answered"
    )


def test_personal_columns_are_refused_with_the_reason(folder: Path) -> None:
    text = MAPPING.replace('due = "Target"', 'outcome = "Customer name"')
    (folder / "p.toml").write_text(text)
    line = refused(folder, "ingest", "first.csv", "--mapping", "p.toml")
    assert line == (
        "p.toml: the mapping names 'Customer name', which looks like names of people; leave it "
        "out: Patchmap keeps nothing of people, and the cases stay in your own system"
    )


def test_a_row_that_is_rejected_does_not_make_its_record_vanish(folder: Path) -> None:
    _ingest(folder, "first.csv", "2026-11-23")
    wrong = (*FIRST[0][:3], "01/01/2026", *FIRST[0][4:])
    _write(folder, "wrong.csv", [wrong, *FIRST[1:]])
    later = _ingest(folder, "wrong.csv", "2026-11-30")
    assert "4 read = 3 accepted + 1 rejected (1 closed before it was received)" in later
    assert "vanished" not in later


def test_the_wrong_file_is_warned_of_and_undone_whole(folder: Path) -> None:
    _ingest(folder, "first.csv", "2026-11-23")
    before = run(folder, "imports", "list")
    _write(folder, "wrong.csv", [(f"z{n}", *FIRST[0][1:]) for n in range(4)])
    options = ("--mapping", "m.toml", "--extracted", "2026-11-30")
    done = run_patchmap("ingest", "wrong.csv", *options, cwd=folder)
    output = done.stdout + done.stderr
    assert "since the one before: 4 opened, 3 vanished" in output
    assert "warning: wrong.csv: 3 open records are not in it, and only 0 of those known" in output
    assert "'patchmap imports undo 2'" in output
    undone = run(folder, "imports", "undo", "2")
    assert "4 incidents removed" in undone
    assert "7 events taken back" in undone
    assert run(folder, "imports", "list").startswith(before)


def test_a_file_imported_before_tells_no_events_again(folder: Path) -> None:
    _ingest(folder, "first.csv", "2026-11-23")
    _ingest(folder, "later.csv", "2026-11-30")
    again = _ingest(folder, "later.csv", "2026-11-30")
    assert "[unchanged]" in again
    assert "since the one before" not in again
    refusal = refused(folder, "ingest", "first.csv", "--mapping", "m.toml")
    assert "first.csv is imported already as the extract of 2026-11-23 (import 1)" in refusal
