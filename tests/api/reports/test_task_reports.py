"""Reports of tasks, held against twelve tasks whose history is known."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.access_settings import AccessSettings, PublicUrl
from api.answers import Answers
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.roles import Role
from api.identity.users import User
from api.pages.printing import print_pdf, sheets_of
from api.reports.boards import board_pack_report, city_board_report
from api.reports.model import Report
from api.reports.rendering import report_page, report_sheets
from api.reports.task_tracker import assessed_report, tracker_report
from boundaries.tasking.actions import raise_task, set_priority, take_step
from boundaries.tasking.priority import PriorityTerms
from geo.errors import QuestionError
from geo.question.model import Question
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from geo.store.postgis import PostgisStore
from tests.api.conftest import MONTHS, SIDE, SOUTH, WEST, month_of_incidents, serve_town
from tests.api.identity.conftest import HOST, Service
from tests.api.reports.tasking_town import DAY, IN_A, IN_B, fill_with_tasks, point
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.postgres import Cluster
from tests.services import run_patchmap

WARDS = {"layer": "wards"}
MARCH = WARDS | {"datetime": "2026-03-01/2026-04-13"}
MAKERS = {
    "task-tracker": tracker_report,
    "city-board": city_board_report,
    "board-pack": board_pack_report,
    "assessed-tasks": assessed_report,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boards") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill_with_tasks(store)
    return path


@pytest.fixture
def own(path: Path, tmp_path: Path) -> Iterator[GeoPackageStore]:
    """The town, to be changed."""
    with closing(GeoPackageStore(Path(shutil.copy(path, tmp_path / "own.gpkg")))) as store:
        yield store


@pytest.fixture(scope="module", params=["GeoPackage", "PostGIS"])
def answers(request: pytest.FixtureRequest, path: Path) -> Iterator[Answers]:
    """About the town in a store of each kind."""
    if request.param == "GeoPackage":
        with closing(GeoPackageStore(path)) as store:
            yield Answers(store)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with closing(PostgisStore(cluster.new_database(), create=True)) as server:
        fill_with_tasks(server)
        yield Answers(server)


def made(answers: Answers, name: str, question: dict[str, str] = WARDS) -> Report:
    return MAKERS[name](answers, Question.read(question), day=DAY)


def table(report: Report, title: str) -> pd.DataFrame:
    """A table of a report by its caption."""
    tables = [*report.tables, *(table for part in report.parts for table in part.tables)]
    return next(table.frame for table in tables if table.title == title)


def part_of(report: Report, title: str) -> list[str]:
    """What a part of a report says."""
    part = next(part for part in report.parts if part.title == title)
    return [*part.sentences, *part.unknown]


def test_the_tracker_has_every_task_once_in_its_ward(answers: Answers) -> None:
    report = made(answers, "task-tracker")
    assert report.sentences == [
        "12 raised = 2 declined + 4 open + 1 waiting + 3 done + 2 assessed.",
        "2 tasks are overdue.",
        "1 task waits for an answer, the longest for 41 days.",
    ]
    areas = table(report, "Tasks by area").set_index("area_name")
    assert areas["raised"].to_dict() == {
        "<b>Abbey</b> & Co": 4, "Brook": 7, "In none of these areas": 1, "Total": 12,
    }  # fmt: skip
    parts = ["declined", "open", "waiting", "done", "assessed"]
    assert (areas[parts].sum(axis=1) == areas["raised"]).all()
    assert areas["overdue"].tolist() == [2, 0, 0, 2]
    listed = [one for part in report.parts for one in part.tables[0].frame["task_id"]]
    assert sorted(listed) == [f"T-{number:04d}" for number in range(1, 13)]


def test_the_tracker_says_what_became_of_each_task(answers: Answers) -> None:
    report = made(answers, "task-tracker", WARDS | {"within": "A"})
    assert report.title == "<b>Abbey</b> & Co: task tracker"
    rows = table(report, "Tasks, <b>Abbey</b> & Co").set_index("task_id")["became"]
    assert rows.to_dict() == {
        "T-0008": "Overdue by 12 days",
        "T-0001": "Waits for T-0002, referred to city board, 41 days. Overdue by 34 days",
        "T-0002": "",
        "T-0007": "Worked: Finding of T-0007.",
    }
    assert part_of(report, "<b>Abbey</b> & Co")[0].startswith("City level: 1 raised")


def test_the_city_board_sees_what_came_up_and_how_long_it_waits(answers: Answers) -> None:
    report = made(answers, "city-board")
    assert report.sentences[0] == (
        "2 tasks came up: 1 answered (after 10 days at the median), 1 waits for an answer, the "
        "longest for 41 days."
    )
    up = table(report, "What came up").set_index("task_id")
    assert up["waiting"].dropna().to_dict() == {"T-0002": 41}
    assert up["answered_in"].dropna().to_dict() == {"T-0004": 10}
    assert up.loc["T-0004", "answer"] == "Done: Money granted."
    assert up["area_name"].tolist() == ["<b>Abbey</b> & Co", "Brook"]
    down = table(report, "What went down").set_index("task_id")
    assert down["answer"].to_dict() == {"T-0006": "Declined: No staff."}
    assert down["answered_in"].to_dict() == {"T-0006": 2}
    assert part_of(report, "What came up")[1] == (
        "1 of those that wait has waited for more than 28 days."
    )
    assert part_of(report, "What went out to other services") == ["No task went out."]
    assert set(table(report, "Tasks of the city's level")["task_id"]) == {
        *("T-0002", "T-0004", "T-0005"),
    }


def test_the_list_of_assessed_tasks_has_failures_and_what_was_reopened(answers: Answers) -> None:
    report = made(answers, "assessed-tasks")
    assert report.sentences == [
        "3 assessments: 1 worked, 1 no clear effect, 1 worse and 0 cannot tell.",
        "3 tasks are done and not assessed yet; for 2 of them no assessment was fixed.",
    ]
    found = table(report, "Every assessment").set_index("task_id")
    assert found["outcome"].to_dict() == {
        "T-0007": "worked", "T-0009": "no clear effect", "T-0008": "worse",
    }  # fmt: skip
    assert found.loc["T-0008", "finding"] == "Finding of T-0008. Reopened since."
    kinds = table(report, "Outcomes by kind of task").set_index("kind")
    assert kinds.loc["educate"].to_dict() == {
        "worked": 0, "no clear effect": 1, "worse": 0, "cannot tell": 0, "all": 1,
    }  # fmt: skip
    assert kinds.loc["Total", "all"] == 3
    awaiting = table(report, "Done, not assessed yet").set_index("task_id")["judged"]
    assert awaiting["T-0011"] == "by 6 months after 1 month to wait"
    assert awaiting["T-0012"] == "not at all: no assessment was fixed"


def burglaries_in_a() -> dict[str, int]:
    """The burglaries of each month between the sides of ward A."""
    counts = {}
    for month in MONTHS:
        rows = pd.concat(batch.accepted for batch in month_of_incidents(month).batches())
        rows = rows[rows["category"] == "burglary"]
        inside = rows["x"].between(WEST, WEST + SIDE) & rows["y"].between(SOUTH, SOUTH + SIDE)
        counts[month] = int(inside.sum())
    return counts


def test_the_pack_has_priorities_with_their_measure(answers: Answers) -> None:
    report = made(answers, "board-pack", MARCH)
    rows = table(report, "Priorities").set_index("priority_id")
    assert rows.index.tolist() == ["P-0001", "P-0002", "P-0003"]
    # 120 of 400 in ward A, in both years.
    assert rows.loc["P-0001", ["now", "before", "tasks"]].tolist() == [
        "30 % of those asked (January 2024 to December 2024)",
        "30 % of those asked (January 2023 to December 2023)",
        "1 of 2 done",
    ]
    rows_of_a = burglaries_in_a()
    assert rows.loc["P-0002", ["now", "before"]].tolist() == [
        f"{rows_of_a['2024-02']} (February 2024)", f"{rows_of_a['2024-01']} (January 2024)",
    ]  # fmt: skip
    assert part_of(report, "Priorities") == [
        "3 priorities stand; 1 is closed.", "P-0003: no measure was chosen.",
    ]  # fmt: skip


def test_the_pack_of_a_ward_counts_what_serves_its_priority_elsewhere(own: GeoPackageStore) -> None:
    raise_task(own, terms(place=point(IN_B, "B"), priority="P-0001"), signed=signed())
    report = made(Answers(own), "board-pack", MARCH | {"within": "A"})
    rows = table(report, "Priorities").set_index("priority_id")
    assert rows.loc["P-0001", "tasks"] == "1 of 3 done"


def test_the_pack_has_decisions_results_and_money(answers: Answers) -> None:
    report = made(answers, "board-pack", MARCH)
    assert part_of(report, "Decisions") == [
        "12 decisions: 5 accepted, 2 declined, 3 referred, 1 answered and 1 reopened."
    ]
    decisions = table(report, "Decisions")
    assert decisions["task"].iloc[0] == "T-0008: Talk to riders"
    assert decisions["what"].iloc[0] == "It got worse."
    assert part_of(report, "Results") == [
        "5 tasks were finished.",
        "3 assessments: 1 worked, 1 no clear effect, 1 worse and 0 cannot tell.",
    ]
    before = made(answers, "board-pack", WARDS | {"datetime": "2026-03-04/2026-03-31"})
    assert part_of(before, "Results") == ["0 tasks were finished.", "None was assessed."]


def test_the_pack_has_the_money_of_the_latest_year_and_says_what_is_unknown(
    answers: Answers,
) -> None:
    report = made(answers, "board-pack")
    # £5,000 for each ward; £1,000 and what lies in no ward, £340, are paid.
    assert "Of £10,000.00 allocated, £1,340.00 is paid" in part_of(report, "Money")[0]
    none = made(answers, "board-pack", MARCH)
    assert part_of(none, "Money") == ["No money is recorded in April 2026 to March 2027."]
    year = made(answers, "board-pack", WARDS | {"datetime": "2023-10-01/2023-12-31"})
    assert "£1,340.00 is paid" in part_of(year, "Money")[0]


def test_a_time_that_counts_back_from_the_data_is_refused(answers: Answers) -> None:
    with pytest.raises(QuestionError, match="name the time"):
        made(answers, "board-pack", WARDS | {"period": "latest-3m"})


LONG = "A title as long as people write them when the place needs explaining too"


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
def test_the_pack_of_a_full_quarter_has_two_sheets(own: GeoPackageStore, tmp_path: Path) -> None:
    for number in range(40):
        task = raise_task(own, terms(title=LONG, place=point(IN_A, LONG)), signed=signed())
        take_step(own, task.task_id, "accept", signed=signed(hours=1), owner="partnership officer")
        take_step(own, task.task_id, "finish", signed=signed(hours=2))
        finding = "12 incidents in 6 months, 21 expected from the control; " * 2
        take_step(
            own, task.task_id, "assess", signed=signed(hours=3), outcome="worked", finding=finding
        )
        set_long_priority(own, number)
    report = made(Answers(own), "board-pack")
    pdf = tmp_path / "pack.pdf"
    print_pdf(report_page(report), pdf)
    assert sheets_of(pdf.read_bytes()) == 2
    text = words_of(pdf)
    assert "12 of 52 rows." in text
    assert "8 of 43 rows." in text
    for sentence in report.sentences:
        assert " ".join(sentence.split()) in text


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
def test_the_pack_of_a_quiet_quarter_has_more_priorities_on_its_two_sheets(
    own: GeoPackageStore, tmp_path: Path
) -> None:
    for number in range(40):
        set_long_priority(own, number)
    report = made(Answers(own), "board-pack", WARDS | {"datetime": "2019-01-01/2019-03-31"})
    pdf = tmp_path / "pack.pdf"
    print_pdf(report_page(report), pdf)
    assert sheets_of(pdf.read_bytes()) == 2
    assert "19 of 43 rows." in words_of(pdf)


def set_long_priority(store: GeoPackageStore, number: int) -> None:
    """A priority with long texts, whose measure is not known."""
    priority = PriorityTerms(
        level="city",
        issue=f"{LONG} {number}",
        issue_date=DAY,
        action=LONG,
        action_date=DAY,
        measure="nothing",
    )
    set_priority(store, priority, signed=signed())


def words_of(pdf: Path) -> str:
    reader = shutil.which("pdftotext")
    if not reader:
        pytest.skip("needs pdftotext to read what was printed")
    done = subprocess.run([reader, pdf, "-"], check=True, capture_output=True)
    return " ".join(done.stdout.decode().split())


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs Chromium to print")
@pytest.mark.parametrize("name", MAKERS)
def test_a_report_of_tasks_is_a_pdf_that_says_it_all(
    answers: Answers, tmp_path: Path, name: str
) -> None:
    report = made(answers, name)
    pdf = tmp_path / "report.pdf"
    print_pdf(report_page(report), pdf)
    text = words_of(pdf)
    for part in report.parts:
        for sentence in (part.title, *part.sentences):
            assert " ".join(sentence.split()) in text
    assert len(report_sheets(report)) == 1 + len(report.tables) + sum(
        len(part.tables) for part in report.parts
    )


@pytest.mark.parametrize("name", MAKERS)
def test_pages_and_commands_say_the_same(
    answers: Answers, path: Path, tmp_path: Path, name: str
) -> None:
    shutil.copy(path, tmp_path / "patchmap.gpkg")
    done = run_patchmap("report", name, "--layer", "wards", "-o", f"{name}.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    with closing(GeoPackageStore(tmp_path / "patchmap.gpkg")) as store, serve_town(store) as client:
        page = client.get(f"/reports/{name}?layer=wards")
        assert page.status_code == 200, page.text
        for ending in ("html", "xlsx"):
            assert client.get(f"/reports/{name}.{ending}?layer=wards").status_code == 200
    for line in done.stdout.splitlines()[1:]:
        assert line in page.text


def test_a_page_changes_with_its_tasks_and_with_the_day(
    own: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_town(own) as client:
        tag = client.get("/reports/task-tracker?layer=wards").headers["etag"]
        known = {"if-none-match": tag}

        def status(client: TestClient) -> int:
            return client.get("/reports/task-tracker?layer=wards", headers=known).status_code

        assert status(client) == 304
        with monkeypatch.context() as later:
            later.setattr("api.reports.routes.today", lambda: DAY)
            assert status(client) == 200
        assert status(client) == 304
        raise_task(own, terms(), signed=signed())
        assert status(client) == 200


def test_a_report_of_tasks_refuses_options_that_it_does_not_take(own: GeoPackageStore) -> None:
    with serve_town(own) as client:
        refusal = client.get("/reports/city-board?category=burglary")
        assert (refusal.status_code, refusal.json()["detail"][:8]) == (400, "category")
        assert client.get("/reports/task-tracker?within=Nowhere").status_code == 400
        assert client.get("/reports/board-pack?from=2026-01&to=2026-03").status_code == 200


@pytest.mark.parametrize("name", MAKERS)
def test_an_officer_reads_nothing_of_tasks_in_other_areas(
    own: GeoPackageStore, tmp_path: Path, name: str
) -> None:
    with closing(RecordsFile(tmp_path / "own.gpkg")) as records:
        access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
        of_b = AreaScope("wards", ("B",))
        _, secret = Keys(records).add("ben", User("key-ben", (Role.OFFICER,), of_b))
        browser = Service(own, records, access).browser(accept="*/*")
        browser.headers.pop("origin")
        assert browser.get(f"/reports/{name}").status_code == 401
        browser.headers["authorization"] = f"Bearer {secret}"
        page = browser.get(f"/reports/{name}?layer=wards")
        assert page.status_code == 200, page.text
        # What lies in ward A or outside, and what was set there.
        for text in ("Money for lights", "Close the alley", "Beyond the border", "Feeling safe"):
            assert text not in page.text
        assert "Brook" in page.text
        if name in ("task-tracker", "city-board"):
            assert "Extra patrols" in page.text
