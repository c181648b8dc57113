"""A review from the proforma to the submission: imported, measured, written, and read again."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from geo.sources.sheets import read_table_below
from tests.api.commands.plan_folders import PERIOD, areas, planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import grid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    planned(tmp_path)
    rows = [
        f"{code},{'West' if code[0] < 'd' else 'East'},{100 + at},{200 + at},{300 + at}"
        for at, code in enumerate(grid(6, 4).index)
    ]
    head = "Polling district,Existing ward,Electorate 2024,Electorate 2030,Electorate 2035"
    (tmp_path / "proforma.csv").write_text("\n".join([head, *rows]) + "\n")
    return tmp_path


def test_a_checked_proforma_stores_nothing(folder: Path) -> None:
    before = areas(folder)
    output = run(folder, "electorates", "check", "proforma.csv")
    assert output.startswith("proforma.csv: 24 polling districts in 2 wards; electors: now 2,676")
    facts = run_json(folder, "electorates", "check", "proforma.csv")
    assert facts["electorates"]["electors"] == {"heading": "Electorate 2024", "electors": 2676}
    assert areas(folder) == before


def test_several_forecasts_stand_beside_each_other(folder: Path) -> None:
    output = run(
        folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030"
    )
    assert "blocks: ward, electors, electors_forecast, electors_2035 for 24 of 24 areas" in output
    facts = run_json(folder, "plan", "show", "north", *PERIOD)
    for ending, first in (("", 100), ("_forecast", 200), ("_2035", 300)):
        electors = {area["area_code"]: area[f"electors{ending}"] for area in facts["areas"]}
        assert sum(electors.values()) == 24 * first + sum(range(24))
        average = facts["review"][f"electors{ending}"]["average"]
        assert average == sum(electors.values()) / 5
        for area in facts["areas"]:
            each = area[f"electors{ending}"] / area["members"]
            assert area[f"variance{ending}"] == pytest.approx(each / average - 1)
    shown = run(folder, "plan", "show", "north", *PERIOD)
    assert "variance % 2035" in shown
    assert "forecast for 2035: " in shown
    assert "2035" in run(folder, "plan", "council", "north", "--electorate", "electors_2035")
    run(folder, "plan", "export", "north", "-o", "report.html", *PERIOD)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Forecast for 2035: " in page
    assert "Electors, forecast for 2035" in page


def test_an_import_replaces_the_forecasts_of_the_one_before(folder: Path) -> None:
    run(folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030")
    lines = (folder / "proforma.csv").read_text().splitlines()
    short = "\n".join(line.rpartition(",")[0] for line in lines)
    (folder / "short.csv").write_text(short)
    run(folder, "electorates", "import", "short.csv", "--layer", "blocks")
    assert "electors_2035" not in areas(folder)["E"]
    assert areas(folder)["E"]["electors_forecast"] > 0


@pytest.mark.parametrize("name", ["submission.xlsx", "submission.csv"])
def test_what_is_written_is_read_again_as_it_was(folder: Path, name: str) -> None:
    run(folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030")
    run(folder, "plan", "move", "north", "c1", "--to", "E")
    assert "two electorates would be of 2024" in refused(
        folder, "electorates", "export", "north", "-o", "n.csv", "--years", "2024,2024"
    )
    run(folder, "electorates", "export", "north", "-o", name, "--years", "2024,2030")
    table = read_table_below(folder / name, "Polling district")
    assert table.header == [
        "Polling district", "Description of area", "Existing ward", "Proposed ward",
        "Electorate 2024", "Electorate 2030", "Electorate 2035",
    ]  # fmt: skip
    moved = table.frame().set_index("Polling district").loc["c1"]
    assert moved[["Existing ward", "Proposed ward"]].tolist() == ["West", "East"]
    old = run_json(folder, "electorates", "check", "proforma.csv")
    new = run_json(folder, "electorates", "check", name)
    assert [each["electors"] for each in new["electorates"].values()] == [
        each["electors"] for each in old["electorates"].values()
    ]


def test_the_sheet_of_wards_has_councillors_and_variances(folder: Path) -> None:
    run(folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030")
    run(folder, "plan", "export", "north", "-o", "north.xlsx", *PERIOD)
    page = openpyxl.load_workbook(folder / "north.xlsx")["Wards"]
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    head = next(at for at, row in enumerate(rows) if row[0] == "Name of ward")
    by_code = areas(folder)
    for row, code in zip(rows[head + 1 : head + 3], ("E", "W"), strict=True):
        assert row[:4] == [
            by_code[code]["area_name"], by_code[code]["members"], by_code[code]["electors"],
            by_code[code]["variance_percent"],
        ]  # fmt: skip
    assert "Council size: 5" in [row[0] for row in rows]


def test_without_councillors_no_average_is_written(folder: Path) -> None:
    for code in ("E", "W"):
        run(folder, "plan", "members", "north", code, "open")
    run(folder, "plan", "council-size", "north", "open")
    run(folder, "electorates", "export", "north", "-o", "north.xlsx")
    page = openpyxl.load_workbook(folder / "north.xlsx")["Wards"]
    texts = [str(cell.value) for row in page.iter_rows() for cell in row]
    assert any("are not known, as no ward has councillors yet" in text for text in texts)
    assert not any("nan" in text for text in texts)


def test_what_does_not_fit_is_refused(folder: Path) -> None:
    (folder / "other.csv").write_text("Polling district,Electorate 2024\nZ1,5\n")
    message = refused(folder, "electorates", "import", "other.csv", "--layer", "blocks")
    assert "no value of polling_district is a code of this layer" in message
    assert "is .xlsx or .csv" in refused(
        folder, "electorates", "export", "north", "-o", "north.geojson"
    )
    assert "give two years" in refused(
        folder, "electorates", "export", "north", "-o", "n.csv", "--years", "2024"
    )


def test_housing_sites_add_to_forecasts_stand_in_a_layer_and_are_listed(folder: Path) -> None:
    run(folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030")
    before = areas(folder)
    head = "name,easting,northing,dwellings 2027,dwellings 2033,electors per dwelling"
    rows = ["Mill Lane,435050,336050,100,50,1.5", "Old Works,435450,336050,20,,2"]
    (folder / "sites.csv").write_text("\n".join([head, *rows]) + "\n")
    sites = ("electorates", "sites", "import", "sites.csv", "--layer", "blocks")
    assert "with --forecast-year" in refused(folder, *sites)
    output = run(folder, *sites, "--forecast-year", "2030")
    assert "blocks-sites: 2 housing sites from sites.csv" in output
    assert "190 electors of housing sites in forecast of blocks" in output
    assert "nothing is added: Old Works" in output
    after = areas(folder)
    for code, electors in {"W": 150, "E": 40}.items():
        assert after[code]["electors_forecast"] == before[code]["electors_forecast"] + electors
        assert after[code]["electors"] == before[code]["electors"]
    assert after["W"]["electors_2035"] == before["W"]["electors_2035"] + 225
    assert after["E"]["electors_2035"] == before["E"]["electors_2035"]
    run(folder, *sites, "--forecast-year", "2030")
    assert areas(folder) == after
    facts = run_json(folder, "electorates", "sites", "list", "--layer", "blocks")
    assert facts["added"] == {"electors_forecast": 190, "electors_2035": 225}
    assert [row["electors_2035"] for row in facts["sites"]] == [225, None]
    notes = run_json(folder, "plan", "show", "north", *PERIOD)["notes"]
    assert "forecast: includes 190 electors of housing sites" in notes
    run(folder, "electorates", "import", "proforma.csv", "--layer", "blocks", "--forecast", "2030")
    assert areas(folder) == before


def test_the_submission_has_the_forecast_method_and_the_parish_wards(folder: Path) -> None:
    lines = (folder / "proforma.csv").read_text().splitlines()
    # b1 to c4 lie in two parishes, of which the ward boundary divides neither; then c1 moves.
    parish = {"b": "Ash", "c": "Birch"}
    rows = [f"{row},{parish.get(row[0], 'n/a')}" for row in lines[1:]]
    (folder / "parishes.csv").write_text("\n".join([f"{lines[0]},Parish", *rows]) + "\n")
    run(folder, "electorates", "import", "parishes.csv", "--layer", "blocks", "--forecast", "2030")
    run(folder, "plan", "export", "north", "-o", "north.html", *PERIOD)
    assert "No parish is divided by the proposed boundaries." in (folder / "north.html").read_text()
    run(folder, "plan", "move", "north", "c1", "--to", "E")
    text = ("plan", "forecast", "north", "Cohorts of the census.", "--made-by", "Research service")
    run(folder, *text, "--made-on", "2026-05-31")
    run(folder, "plan", "export", "north", "-o", "north.html", *PERIOD)
    page = (folder / "north.html").read_text()
    assert "<h3>Forecast made by Research service on 31 May 2026</h3>" in page
    assert "<p>Cohorts of the census.</p>" in page
    run(folder, "plan", "export", "north", "-o", "north.xlsx", *PERIOD)
    book = openpyxl.load_workbook(folder / "north.xlsx")
    wards = [row[0].value for row in book["Wards"].iter_rows()]
    assert wards[-2:] == [
        "Forecast made by Research service on 31 May 2026",
        "Cohorts of the census.",
    ]
    parts = [[cell.value for cell in row] for row in book["Parish wards"].iter_rows()]
    assert [row[:3] for row in parts[-2:]] == [["Birch", "West", 3], ["Birch", "East", 1]]
    moved = run_json(folder, "electorates", "check", "north.xlsx")
    assert moved["districts"] == 24
