"""Reports of records: totals of the cases themselves, and the sheets of paper."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from api.answers import Answers
from api.pages.printing import print_pdf, sheets_of
from api.reports.model import Report
from api.reports.registry import MAKERS
from api.reports.rendering import report_page
from geo.question.model import Question
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.made_cases import PERIOD, made_cases, put_cases
from tests.services import run_patchmap

SHEETS = {"response-times": 3, "log": 3, "repeat-issues": 3}
YEAR = {"layer": "wards-2022", "datetime": PERIOD}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with 2,000 cases."""
    path = tmp_path_factory.mktemp("reports") / "cases.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        put_cases(store)
    return path


@pytest.fixture(scope="module")
def answers(path: Path) -> Iterator[Answers]:
    with closing(GeoPackageStore(path)) as store:
        yield Answers(store)


@pytest.fixture(scope="module")
def reports(answers: Answers) -> dict[str, Report]:
    return {name: MAKERS[name](answers, Question.read(YEAR)) for name in SHEETS}


def table(report: Report, title: str) -> pd.DataFrame:
    """A table of a report by its caption."""
    tables = [*report.tables, *(table for part in report.parts for table in part.tables)]
    return next(table.frame for table in tables if table.title == title)


def of_wards() -> pd.DataFrame:
    """The cases that count in a ward of 2022."""
    cases = made_cases()
    return cases[cases["x"].notna() | (cases["stated"] != "")]


def test_received_records_are_those_of_the_wards(reports: dict[str, Report]) -> None:
    rows = table(reports["response-times"], "By area")
    own = of_wards()[lambda frame: frame["received"] >= "2026-01-01"]
    assert rows["received"].tolist() == own.groupby("ward").size().tolist()
    quarters = table(reports["response-times"], "Answered in time, of those due")
    assert list(quarters)[1:] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
    assert len(quarters) == 17


def test_members_enquiries_are_a_report_of_their_own(answers: Answers) -> None:
    chosen = YEAR | {"channel": "member", "kind": "enquiry"}
    report = MAKERS["response-times"](answers, Question.read(chosen))
    own = of_wards()[lambda frame: frame["received"] >= "2026-01-01"]
    own = own[(own["channel"] == "member") & (own["kind"] == "enquiry")]
    assert table(report, "By area")["received"].sum() == len(own)
    assert report.about[:2] == ["Channel: member", "Kind: enquiry"]


def test_the_log_is_what_is_open_by_ward_month_and_type(reports: dict[str, Report]) -> None:
    own = of_wards()
    still = own[own["closed"].isna()]
    areas = table(reports["log"], "Open records by area")
    assert areas["open_after"].sum() == len(still)
    crossed = table(reports["log"], "Open at the end by area and type").set_index("area_name")
    expected = pd.crosstab(still["ward"], still["category"])
    assert crossed.loc[[f"Ward {code}" for code in expected.index]].to_numpy(int).tolist() == (
        expected.to_numpy().tolist()
    )
    every = made_cases()
    months = table(reports["log"], "Open records by month").set_index("month")
    received = every["received"].dt.strftime("%Y-%m").value_counts()
    assert months["received"].to_dict() == received.reindex(months.index).to_dict()
    assert months["open_after"].iloc[-1] == every["closed"].isna().sum()
    oldest = table(reports["log"], "The oldest open records")
    first = every[every["closed"].isna()]["received"].min()
    assert oldest["received"].iloc[0] == f"{first:%Y-%m-%d}"


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
@pytest.mark.parametrize("name", SHEETS)
def test_a_report_is_a_pdf_of_few_sheets_that_says_it_all(
    reports: dict[str, Report], tmp_path: Path, name: str
) -> None:
    pdf = tmp_path / "report.pdf"
    print_pdf(report_page(reports[name]), pdf)
    assert sheets_of(pdf.read_bytes()) <= SHEETS[name]
    if reader := shutil.which("pdftotext"):
        done = subprocess.run([reader, pdf, "-"], check=True, capture_output=True)
        # A line may end at the hyphen of "log-rank".
        text = " ".join(done.stdout.decode().split()).replace("- ", "-")
        # The methods may go over to the next sheet; both accounts come first.
        for sentence in (*reports[name].sentences, *reports[name].methods[:2]):
            assert " ".join(sentence.split()) in text
        assert all(part.title in text for part in reports[name].parts)


def test_the_command_writes_the_log(path: Path, tmp_path: Path) -> None:
    line = ("--store", str(path), "report", "log", "--layer", "wards-2022")
    done = run_patchmap(*line, "--datetime", PERIOD, "-o", "log.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "received" in (tmp_path / "log.html").read_text(encoding="utf-8")
