"""`patchmap measures` and `patchmap entries`, with their accounts, rejects and undo."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from openpyxl import load_workbook

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run, run_json
from tests.geo.stores.parts import WARDS

VALUES = "area,period,numerator,denominator,note\nE1,2024,30,120,\nE2,2024,*,,few\nX,2024,1,2,\n"
ADD = ["measures", "add", "v.csv", "--id", "fit", "--title", "Fit homes", "--unit", "%", "--kind"]
ADD += ["share", "--better", "up", "--multiplier", "100", "--layer", "wards"]
PAYMENTS = (
    "Ref,Date,Amount,Ward,Status\n"
    'P1,01/04/2025,"£5,000.00",E1,allocated\n'
    "P2,02/05/2025,120.50,E1,paid\n"
    "P3,02/05/2025,12.345,E1,paid\n"
)
ENTRIES = ["entries", "add", "p.csv", "--layer", "wards", "--dates", "dd/mm/yyyy"]
ENTRIES += ["--column", "id=Ref"]


@pytest.fixture
def folder(tmp_path: Path, four_squares) -> Path:
    areas = four_squares.iloc[:2].set_axis(pd.Index(["E1", "E2"], name="area_code"))
    store = GeoPackageStore(tmp_path / "patchmap.gpkg", create=True)
    with store.transaction():
        store.put_layer(WARDS, areas)
    store.close()
    (tmp_path / "v.csv").write_text(VALUES)
    (tmp_path / "p.csv").write_text(PAYMENTS)
    return tmp_path


def test_values_are_added_with_their_accounts_and_undone(folder: Path) -> None:
    assert run(folder, *ADD) == (
        "v.csv: 3 read = 1 rejected (1 no area of this code or name) + 0 already there + 2 "
        "accepted [import 1]\n"
    )
    assert (folder / "v.rejects.csv").read_text().splitlines() == [
        "file,line,reason,area,period,numerator,denominator,note",
        "v.csv,4,no area of this code or name,X,2024,1,2,",
    ]
    assert "2 already there + 0 accepted [nothing new]" in run(folder, *ADD)
    shown = run(folder, "measures", "show", "fit")
    assert shown.splitlines() == [
        "Fit homes (%), 2024-01-01 to 2024-12-31",
        "Ward A (E1): 25",
        "Ward B (E2): not known (few)",
    ]
    listed = run(folder, "measures", "list").splitlines()
    assert listed[0] == "fit: Fit homes (%); share on wards, 1 period from 2024-01-01 to 2024-12-31"
    assert listed[1].startswith("import 1: v.csv, 2 accepted, ")
    assert "1 (v.csv) undone: 2 values removed, 0 restored" in run(folder, "measures", "undo", "1")
    assert run(folder, "measures", "list").splitlines()[0] == "no measures yet"


def test_a_measure_of_incidents_has_a_question_and_no_file(folder: Path) -> None:
    add = ["measures", "add", "--id", "asb", "--per", "residents", "--question"]
    run(folder, *add, "category=anti-social-behaviour")
    facts = run_json(folder, "measures", "list")["measures"]
    assert facts[0]["question"] == "category=anti-social-behaviour"
    assert "write it as category=" in refused(folder, *add, "datetime=2024")
    assert "hours" in refused(folder, *add, "hours=nine")
    assert "asb removed, with 0 values" in run(folder, "measures", "remove", "asb")


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (["measures", "add", "v.csv", "--id", "fit"], "name the layer"),
        (["measures", "add", "v.csv", "--layer", "wards"], "name the measure with --id"),
        (["measures", "add", "--id", "fit"], "name a file of values, or the incidents"),
        ([*ADD[:-1], "nowhere"], "there is no layer 'nowhere'"),
        ([*ADD, "--kind", "kilo"], "unknown --kind 'kilo'"),
        ([*ADD, "--id", "A B"], "cannot be a measure's id"),
        ([*ADD, "--fingertips"], "a file of Fingertips names its measures"),
        ([*ADD, "--column", "value"], "--column 'value': write it as"),
        (["measures", "show", "nothing"], "there is no measure 'nothing'"),
        (["measures", "undo", "7"], "there is no import 7 of measures"),
        (["measures", "remove", "x"], "there is no measure 'x'"),
        (["entries", "add", "p.csv", "--layer", "wards"], "all 3 rows were rejected"),
        ([*ENTRIES, "--kind", "beer"], "unknown --kind 'beer'"),
        (["entries", "reverse", "P9", "--reason", "x"], "there is no entry 'P9'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(folder: Path, command, line) -> None:
    assert line in refused(folder, *command)


def test_entries_are_added_listed_reversed_and_undone(folder: Path) -> None:
    assert run(folder, *ENTRIES) == (
        "p.csv: 3 read = 1 rejected (1 the amount has a part of a penny) + 0 already there + 2 "
        "accepted [import 1]\n"
    )
    assert "2 already there + 0 accepted" in run(folder, *ENTRIES)
    run(folder, "entries", "reverse", "P2", "--reason", "typed twice", "--day", "2025-06-01")
    line = refused(folder, "entries", "reverse", "P2", "--reason", "again")
    assert line == "P2: it is reversed already"
    listed = run(folder, "entries", "list", "-o", "all.csv").splitlines()
    assert listed[:2] == ["allocated: £5,000.00 in 1 entry", "paid: £0.00 in 2 entries"]
    table = pd.read_csv(folder / "all.csv")
    assert table["amount"].tolist() == [500_000, 12_050, -12_050]
    assert table["note"].tolist()[-1] == "typed twice"
    assert "undo import 2 first" in refused(folder, "entries", "undo", "1")
    run(folder, "entries", "undo", "2")
    run(folder, "entries", "undo", "1")
    assert run(folder, "entries", "list").splitlines()[0] == "no entries yet"


def test_the_rows_of_a_person_are_no_entries(folder: Path) -> None:
    run(folder, *ENTRIES)
    reverse = ["entries", "reverse", "P2", "--reason", "paid to ann@example.org"]
    assert "looks like an e-mail address" in refused(folder, *reverse)


def test_what_values_replaced_is_purged(folder: Path) -> None:
    run(folder, *ADD)
    (folder / "v.csv").write_text(VALUES.replace("30", "60"))
    run(folder, *ADD)
    store = GeoPackageStore(folder / "patchmap.gpkg")
    with store.transaction():
        store._file.execute(
            "UPDATE patchmap_table_imports SET imported_at = '2020-01-01T00:00:00Z'"
        )
    store.close()
    assert "1 rows that 1 import replaced" in run(folder, "purge")
    assert "were purged" in refused(folder, "measures", "undo", "2")


def test_delivered_patrols_become_entries_of_their_areas(folder: Path) -> None:
    (folder / "plan.csv").write_text(
        "shift,hotspot_id,after_minutes,minutes,x,y\nday,h1,0,15,435050,336050\n"
        "day,h2,20,15,435150,336050\nday,h3,40,15,400000,300000\n"
    )
    (folder / "visits.csv").write_text(
        "officer,hotspot_id,arrived,left\n"
        "a,h1,2024-05-01T14:00,2024-05-01T14:12\nb,h1,2024-05-01T14:05,2024-05-01T14:20\n"
        "a,h2,2024-05-02T14:00,2024-05-02T14:30\na,h3,2024-05-02T15:00,2024-05-02T15:07\n"
        "a,h1,2024-05-01T14:10,2024-05-01T14:20\n"
    )
    command = ["patrols", "delivered", "visits.csv", "--plan", "plan.csv", "-o", "o.csv", "--keep"]
    assert "entries of patrol time: 3 added, 0 already there [import 1]" in run(folder, *command)
    assert "0 added, 3 already there [nothing new]" in run(folder, *command)
    store = GeoPackageStore(folder / "patchmap.gpkg")
    entries = store.entries("time")
    store.close()
    days = entries["day"].dt.strftime("%Y-%m-%d")
    assert list(zip(entries["area_code"], days, entries["amount"], strict=True)) == [
        ("E1", "2024-05-01", 35),
        ("", "2024-05-02", 7),
        ("E2", "2024-05-02", 30),
    ]
    assert set(entries["activity"]) == {"patrol"}
    output = run(
        folder, "officer-hours", "--rate", "40", "--datetime", "2024-05", "-o", "hours.csv"
    )
    assert "1.2 hours: £48.00 at £40.00 an hour." in output
    hours = pd.read_csv(folder / "hours.csv").set_index("area_code")
    assert hours["hours"].to_dict() == pytest.approx({"E1": 35 / 60, "E2": 30 / 60}, abs=1e-6)
    assert hours["cost"].to_dict() == {"E1": 23.33, "E2": 20.0}
    run(folder, "report", "officer-hours", "--rate", "40", "--datetime", "2024-05", "-o", "r.html")


@pytest.mark.parametrize(
    ("command", "title"),
    [
        (("profile",), "How areas fare"),
        (("track", "--by", "year"), "Measures over time"),
        (("spend", "--by", "quarter"), "Money by area"),
        (("officer-hours", "--rate", "40"), "Officers' hours"),
    ],
)
def test_a_workbook_holds_what_the_csv_files_hold_and_how_we_know(
    folder: Path, command: tuple[str, ...], title: str
) -> None:
    whole = "C1,03/05/2025,7.00,,paid\n"
    (folder / "p.csv").write_text(PAYMENTS + whole)
    (folder / "h.csv").write_text("Ref,Date,Minutes,Ward,Activity\nT1,02/05/2025,90,E2,patrol\n")
    run(folder, *ADD)
    run(folder, *ENTRIES)
    run(folder, "entries", "add", "h.csv", *ENTRIES[3:], "--kind", "time")
    days = ("--from", "2024-01", "--to", "2025-06")
    said = run(folder, *command, *days, "-o", "out.xlsx")
    run(folder, *command, *days, "-o", "out.csv")
    sheets = pd.read_excel(folder / "out.xlsx", sheet_name=None)
    files = {"out.csv": title, "out.elsewhere.csv": "Elsewhere"}
    for file, sheet in files.items():
        if not (folder / file).exists():
            assert sheet not in sheets
            continue
        table = pd.read_csv(folder / file)
        pd.testing.assert_frame_equal(sheets[sheet], table, check_dtype=False, rtol=1e-5)
        assert f"out.xlsx, {sheet}: {len(table):,} rows" in said
    known = dict(sheets["How we know"].to_numpy().tolist())
    assert known["Period"] == "January 2024 to June 2025"
    method = next(line for line in said.splitlines() if line.startswith("method: "))
    assert known["Method"] == method.removeprefix("method: ")
    assert [*sheets][-1] == "How we know"


def test_a_workbook_shows_pounds_as_pounds(folder: Path) -> None:
    run(folder, *ENTRIES)
    run(folder, "spend", "-o", "spend.xlsx")
    page = load_workbook(folder / "spend.xlsx")["Money by area"]
    head = [cell.value for cell in page[1]]
    paid = page.cell(2, head.index("paid") + 1)
    assert (paid.value, paid.number_format) == (120.5, "£#,##0.00")
    assert "geometry" not in head
