"""The reports of the demo city: totals by another way of counting, and the sheets of paper."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from api.answers import Answers
from api.pages.printing import print_pdf, sheets_of
from api.reports.form import form_of
from api.reports.model import Report
from api.reports.registry import MAKERS
from api.reports.rendering import report_page, report_sheets
from boundaries.demo import DemoCity
from geo.formats.workbook import write_workbook
from geo.question.model import Question
from geo.store.geopackage import GeoPackageStore
from tests.services import run_patchmap

YEAR = {"layer": "wards", "datetime": "2025-04/2026-03"}
ASKED = {
    "six-monthly": {"layer": "estates", "study": "wards"},
    "profile": {**YEAR, "within": "D05000006"},
    "spend": YEAR,
    "officer-hours": {**YEAR, "rate": "31.50"},
}
ESTATES = ["Dowsing Court", "Fladen Park", "Kittiwake Estate", "Trawler Rise"]


@pytest.fixture(scope="module")
def answers(demo_store: Path) -> Iterator[Answers]:
    with closing(GeoPackageStore(demo_store)) as store:
        yield Answers(store)


@pytest.fixture(scope="module")
def reports(answers: Answers) -> dict[str, Report]:
    return {name: MAKERS[name](answers, Question.read(texts)) for name, texts in ASKED.items()}


@pytest.fixture(scope="module")
def entries(demo_city: DemoCity) -> pd.DataFrame:
    """Those of the year, with the names of wards."""
    rows = demo_city.entries[demo_city.entries["day"].between("2025-04-01", "2026-03-31")]
    return rows.assign(ward=rows["area_code"].map(demo_city.wards["area_name"]))


def table(report: Report, title: str) -> pd.DataFrame:
    """A table of a report by its caption."""
    tables = [*report.tables, *(table for part in report.parts for table in part.tables)]
    return next(table.frame for table in tables if table.title == title)


def test_money_is_what_the_ledger_adds_up_to(
    reports: dict[str, Report], entries: pd.DataFrame
) -> None:
    money = entries[entries["kind"] == "money"]
    rows = table(reports["spend"], "Money by area").set_index("area_name")
    total = rows.loc["Total"]
    assert total["allocated"] == 17 * 10_000 + 6_000
    assert round(100 * total["paid"]) == money.loc[money["state"] == "paid", "amount"].sum()
    paid = money[money["state"] == "paid"].groupby("ward")["amount"].sum() / 100
    assert (rows.loc[paid.index, "paid"] - paid).abs().max() < 0.001
    assert rows.loc["Saltmarsh", ["committed", "paid"]].tolist() == [0, 0]
    assert rows.loc["Harbour", "left"] == -240.5
    assert (rows["allocated"] - rows["committed"] - rows["paid"] - rows["left"]).abs().max() < 0.001
    assert reports["spend"].sentences[1:] == [
        "Nothing spent or committed in Saltmarsh.",
        "More paid and committed than allocated in Harbour by £240.50.",
    ]


def test_money_by_priority_and_by_quarter_has_the_same_total(
    reports: dict[str, Report], entries: pd.DataFrame
) -> None:
    report = reports["spend"]
    money = entries[entries["kind"] == "money"]
    paid = money[money["state"] == "paid"]
    priorities = table(report, "Money by priority").set_index("priority")["paid"]
    assert (100 * priorities.drop("Total")).round().to_dict() == (
        paid.groupby("priority")["amount"].sum().to_dict()
    )
    quarters = table(report, "Paid by quarter").set_index("area_name")
    days = paid["day"].dt
    by = paid.groupby(days.year.astype(str) + "-Q" + days.quarter.astype(str))["amount"].sum()
    assert (100 * quarters.loc["Total", by.index].astype(float)).round().tolist() == by.tolist()
    crossed = table(report, "Paid by area and priority").set_index("area_name")
    for frame in (quarters, crossed):
        assert round(100 * frame.loc["Total", "sum"]) == paid["amount"].sum()


def test_hours_are_what_the_time_sheets_add_up_to(
    reports: dict[str, Report], entries: pd.DataFrame
) -> None:
    time = entries[entries["kind"] == "time"]
    report = reports["officer-hours"]
    rows = table(report, "Hours by activity").set_index("area_name")
    own = time.pivot_table(values="amount", index="ward", columns="activity", aggfunc="sum") / 60
    assert (rows.loc[own.index, own.columns] - own).abs().max().max() < 0.001
    total = time["amount"].sum() / 60
    assert rows.loc["Total", "sum"] == pytest.approx(total)
    assert rows.loc["Total", "cost"] == pytest.approx(31.5 * total, abs=0.006)
    quarters = table(report, "Hours by quarter").set_index("area_name")
    assert quarters.loc["Silverpit", "2025-Q4"] < 0.5 * quarters.loc["Silverpit", "2025-Q2"]


def test_every_measure_of_a_profile_is_dated_and_sourced(reports: dict[str, Report]) -> None:
    (part,) = reports["profile"].parts
    measures, sources = part.tables
    assert (measures.frame["when"] != "unknown").all()
    assert set(measures.frame["measure"]) <= set(sources.frame["measure"])
    assert (sources.frame["source"] != "").all()
    planted = measures.frame.set_index("measure_id").loc["requests-in-time"]
    assert planted["verdict"] == "worse"
    said = f"Requests answered in time: {planted['value']:.0f} %"
    assert any(said in sentence for sentence in part.sentences)
    assert any(sentence.startswith("Feeling safe after dark") for sentence in part.unknown)


def test_each_priority_area_has_its_halves_and_what_cannot_be_told(
    reports: dict[str, Report],
) -> None:
    *areas, every = reports["six-monthly"].parts
    assert [part.title for part in areas] == ESTATES
    halves = ["2024/25 H1", "2024/25 H2", "2025/26 H1", "2025/26 H2"]
    for part in areas:
        (shown,) = part.tables
        assert set(halves) <= set(shown.frame)
    assert any(
        text.startswith("Feeling safe after dark: published on wards") for text in every.unknown
    )
    # A ward's share of requests says nothing of the estate inside it.
    assert any(text.startswith("Requests answered in time: published") for text in every.unknown)
    assert len(every.tables[0].frame) == 11


def test_an_earlier_half_can_be_chosen_as_the_last(answers: Answers) -> None:
    question = Question.read({"layer": "estates", "study": "wards", "measures": "satisfaction"})
    *_, field = form_of("six-monthly", answers, question).fields
    ends = list(field.choices or ())
    assert ends[:3] == ["", "../2026-03", "../2025-09"]
    report = MAKERS["six-monthly"](
        answers, Question.read(question.options() | {"datetime": ends[2]})
    )
    assert report.period.startswith("2025/26 H1 (April 2025 to September 2025)")


def test_planted_differences_are_told_and_one_of_chance(reports: dict[str, Report]) -> None:
    shown = {part.title: part.tables[0].frame for part in reports["six-monthly"].parts[:-1]}
    drawn = ["vulnerability", "engagement", "satisfaction"]
    found = {
        (area, name): frame.set_index("measure_id")["verdict"].get(name)
        for area, frame in shown.items()
        for name in drawn
    }
    planted = {
        ("Dowsing Court", "vulnerability"): "worse",
        ("Fladen Park", "vulnerability"): "worse",
        ("Fladen Park", "engagement"): "better",
        ("Trawler Rise", "vulnerability"): "worse",
        ("Trawler Rise", "engagement"): "too few to say",
        ("Trawler Rise", "satisfaction"): "worse",
    }
    # A finding in twenty is one of chance, and this city has one.
    by_chance = {("Dowsing Court", "satisfaction"): "better"}
    expected = planted | by_chance
    assert found == {key: expected.get(key, "no clear difference") for key in found}
    improved = shown["Fladen Park"].set_index("measure_id")["change_verdict"]
    assert improved["engagement"] == "better"


def test_areas_are_held_against_the_whole_study_area(
    reports: dict[str, Report], demo_city: DemoCity
) -> None:
    rows = demo_city.values[demo_city.values["measure_id"] == "vulnerability"]
    last = rows[rows["last_day"] == rows["last_day"].max()]
    estate = demo_city.estates.geometry[demo_city.estates["area_name"] == "Dowsing Court"].iloc[0]
    inside = demo_city.blocks.index[demo_city.blocks.representative_point().within(estate)]
    rest = last[~last["area_code"].isin(inside)][["numerator", "denominator"]].sum()
    (shown,) = reports["six-monthly"].parts[0].tables
    row = shown.frame.set_index("measure_id").loc["vulnerability"]
    assert row["rest"] == pytest.approx(1_000 * rest["numerator"] / rest["denominator"])


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
@pytest.mark.parametrize(
    ("name", "most"), [("six-monthly", 3), ("profile", 2), ("spend", 2), ("officer-hours", 3)]
)
def test_a_report_is_a_pdf_of_few_sheets_that_says_it_all(
    reports: dict[str, Report], tmp_path: Path, name: str, most: int
) -> None:
    pdf = tmp_path / "report.pdf"
    print_pdf(report_page(reports[name]), pdf)
    assert sheets_of(pdf.read_bytes()) <= most
    if reader := shutil.which("pdftotext"):
        done = subprocess.run([reader, pdf, "-"], check=True, capture_output=True)
        text = _unbroken(done.stdout.decode())
        for sentence in (*reports[name].sentences, *reports[name].methods):
            assert _unbroken(sentence) in text
        for part in reports[name].parts:
            assert _unbroken(part.title) in text
            assert all(_unbroken(sentence) in text for sentence in part.sentences)


def _unbroken(text: str) -> str:
    """A text without spaces and hyphens, at which lines may break."""
    return re.sub(r"[-\s]", "", text)


def test_the_workbook_has_a_sheet_for_each_table(
    reports: dict[str, Report], tmp_path: Path
) -> None:
    write_workbook(report_sheets(reports["spend"]), tmp_path / "spend.xlsx")
    book = openpyxl.load_workbook(tmp_path / "spend.xlsx")
    assert len(book.sheetnames) == 5
    rows = list(book["Money by area"].iter_rows(values_only=True))
    total = next(row for row in rows if row[0] == "Total")
    assert total[1] == 176_000


def test_the_command_writes_what_the_file_s_ending_says(demo_store: Path, tmp_path: Path) -> None:
    line = ("--store", str(demo_store), "report", "spend", "--layer", "wards", "--from", "2025-04")
    done = run_patchmap(*line, "--to", "2026-03", "-o", "spend.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Of £176,000.00 allocated" in done.stdout
    assert "£10,000.00" in (tmp_path / "spend.html").read_text(encoding="utf-8")
    refused = run_patchmap(*line, "-o", "spend.doc", cwd=tmp_path)
    assert refused.returncode == 1
    assert "name it .html, .pdf or .xlsx" in refused.stderr
