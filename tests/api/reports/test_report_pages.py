"""The reports as pages of the service."""

from __future__ import annotations

from fastapi.testclient import TestClient

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
        "there is no report 'nothing'; there are: six-monthly, profile, spend, officer-hours"
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
