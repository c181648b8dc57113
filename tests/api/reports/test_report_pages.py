"""The reports as pages of the service."""

from __future__ import annotations

import re

from fastapi.testclient import TestClient

from api.reports.cells import part_title
from api.reports.kinds import REPORTS
from api.reports.registry import MAKERS
from api.reports.routes import _command as command
from geo.question.model import Question


def test_every_report_has_what_makes_it() -> None:
    assert list(REPORTS) == list(MAKERS)


def test_the_list_leads_to_every_report(client: TestClient) -> None:
    page = client.get("/reports").text
    assert all(f'href="/reports/{name}"' in page for name in REPORTS)


def test_a_report_that_there_is_not_is_refused_with_those_that_there_are(
    client: TestClient,
) -> None:
    response = client.get("/reports/nothing")
    assert response.status_code == 404
    assert response.json()["detail"] == (
        "there is no report 'nothing'; there are: six-monthly, profile, spend, officer-hours, "
        "response-times, members-enquiries, log, repeat-issues, task-tracker, city-board, "
        "board-pack, assessed-tasks"
    )


def test_an_unknown_option_is_refused(client: TestClient) -> None:
    for address in ("spend", "spend.xlsx", "spend.html"):
        response = client.get(f"/reports/{address}?colour=red")
        assert (response.status_code, response.json()["detail"][:6]) == (400, "colour")


def test_the_page_names_the_command_that_writes_it(client: TestClient) -> None:
    question = Question.read({"layer": "wards", "within": "A", "datetime": "2024-01/2024-06"})
    assert command("spend", question) == (
        "patchmap report spend --datetime 2024-01/2024-06 --layer wards --within A -o spend.pdf"
    )


def choices(page: str, name: str) -> list[str]:
    """The values of a select of the form."""
    (select,) = re.findall(rf'<select name="{name}">.*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"', select)


def test_a_page_lets_its_reader_choose_areas_and_time(measured_client: TestClient) -> None:
    page = measured_client.get("/reports/profile?layer=wards&within=A&category=burglary").text
    assert choices(page, "layer")[:1] == ["wards"]
    assert choices(page, "within") == ["", "A", "B"]
    assert '<option value="A" selected>' in page
    assert "estates" in choices(page, "study")
    assert "latest-3m" in choices(page, "period")
    # What the form does not ask stays as the address has it.
    assert '<input type="hidden" name="category" value="burglary">' in page
    assert 'name="datetime"' not in page
    money = measured_client.get("/reports/spend?layer=wards").text
    assert choices(money, "datetime") == ["", "2023-04/2024-03"]
    assert "within" not in money.partition("</form>")[0]


def test_what_a_form_sends_is_understood(measured_client: TestClient) -> None:
    sent = "layer=wards&was=wards&within=&study=&period="
    everything = measured_client.get(f"/reports/profile?{sent}")
    assert everything.status_code == 200
    assert "<h2>Brook</h2>" in everything.text
    # An area of the former layer is none of the new one, and no fault of the reader's.
    other = measured_client.get("/reports/profile?layer=estates&was=wards&within=A")
    assert other.status_code == 200
    assert measured_client.get("/reports/profile?layer=estates&within=A").status_code == 400
    year = measured_client.get("/reports/spend?layer=wards&was=wards&datetime=2023-04/2024-03")
    assert '<option value="2023-04/2024-03" selected>' in year.text
    # Dates stay until a period is chosen instead of them.
    dates = "layer=wards&was=wards&datetime=2024-01/2024-02"
    kept = measured_client.get(f"/reports/profile?{dates}&period=").text
    assert "January 2024 to February 2024" in kept
    assert '<option value="" selected>2024-01 to 2024-02</option>' in kept
    chosen = measured_client.get(f"/reports/profile?{dates}&period=latest-1m").text
    assert '<p class="about">February 2024' in chosen
    # Files take the same addresses, and have no form.
    assert "<form" not in measured_client.get(f"/reports/profile.html?{sent}").text


def test_quarters_are_named_by_their_months() -> None:
    """Of a financial year April to June is the first quarter: `2025-Q2` says the contrary."""
    labels = ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2024/25 H1", "2025")
    assert [part_title(label) for label in labels] == [
        "Jan–Mar 2025", "Apr–Jun 2025", "Jul–Sep 2025", "Oct–Dec 2025", "2024/25 H1", "2025",
    ]  # fmt: skip
