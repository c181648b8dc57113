"""The page of money: to the penny, with what stands in no area, and nothing spent said as such."""

import io
import re

import openpyxl
import pytest
from fastapi.testclient import TestClient

from tests.api.areas.test_pages import page, text_of

AMOUNTS = ("allocated", "committed", "paid", "left")


def _table(content: bytes, sheet: str) -> dict[str, list[float | None]]:
    """Allocated, committed, paid and left by name, of a sheet of the workbook."""
    rows = openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True)
    header, *body = rows
    at = [header.index(name) for name in AMOUNTS]
    name = header.index("area_name" if "area_name" in header else "priority")
    return {str(row[name]): [row[one] for one in at] for row in body}  # type: ignore[misc]


def test_every_pound_stands_somewhere(measured_client: TestClient) -> None:
    content = measured_client.get("/money?layer=wards&f=xlsx").content
    assert _table(content, "Money 2023-24") == {
        "<b>Abbey</b> & Co": [5_000, 1_500, 1_000, 2_500],
        "Brook": [5_000, 0, 0, 5_000],
        "City-wide": [0, 0, 300, -300],
        "Bridge End (not placed)": [0, 0, 40, -40],
        "Total": [10_000, 1_500, 1_340, 7_160],
    }
    assert _table(content, "By priority") == {
        "Cleaner streets": [0, 1_500, 1_000, -2_500],
        "Young people": [10_000, 0, 340, 9_660],
    }


def test_the_page_says_the_same_and_names_who_spent_nothing(measured_client: TestClient) -> None:
    text = text_of(page(measured_client, "/money?layer=wards"))
    assert "£1,340.00 of £10,000.00 is paid and £1,500.00 more is committed" in text
    assert "Nothing spent or committed in Brook ." in text
    assert "Bridge End (not placed) £0.00 £0.00 £40.00 £40.00 with nothing allocated" in text
    assert "Money 2023/24" in text


def test_an_area_says_what_it_was_given(measured_client: TestClient) -> None:
    text = text_of(page(measured_client, "/areas/wards/A"))
    assert "£1,000.00 of £5,000.00 paid" in text
    assert "£1,500.00 committed, £2,500.00 left" in text
    assert "paid" not in text_of(page(measured_client, "/areas/old-wards/OLD")).split("Money")[-1]


def test_without_an_entry_there_is_no_empty_table(areas_client: TestClient) -> None:
    text = text_of(page(areas_client, "/money"))
    assert "No money is shown." in text
    assert "£" not in text
    assert areas_client.get("/money?f=xlsx").status_code == 400


@pytest.mark.parametrize("query", ["layer=nope", "period=never", "colour=red", "f=doc"])
def test_a_wrong_address_is_refused(measured_client: TestClient, query: str) -> None:
    assert measured_client.get(f"/money?{query}").status_code == 400


def test_it_is_named_by_its_entries_and_not_sent_twice(measured_client: TestClient) -> None:
    first = measured_client.get("/money?layer=wards")
    again = measured_client.get(
        "/money?layer=wards", headers={"if-none-match": first.headers["etag"]}
    )
    assert again.status_code == 304


EMPTY_YEAR = "datetime=2019-04-01/2020-03-31&layer=wards"


@pytest.mark.parametrize("door", ["/reports/spend", "/answers/spend"])
def test_a_year_without_entries_is_unknown_and_not_zero(
    measured_client: TestClient, door: str
) -> None:
    answer = measured_client.get(f"{door}?{EMPTY_YEAR}")
    assert answer.status_code == 400
    assert "no money is recorded in April 2019 to March 2020" in answer.text
    assert "£0.00" not in answer.text


def test_the_page_of_a_year_without_entries_lets_another_be_chosen(
    measured_client: TestClient,
) -> None:
    said = page(measured_client, f"/money?{EMPTY_YEAR}")
    assert "No money is recorded in April 2019 to March 2020; choose another time" in said
    assert '<option value="2023-04/2024-03">2023/24</option>' in said
    assert '<option value="2019-04-01/2020-03-31" selected>2019/20</option>' in said
    assert "£" not in text_of(said)
    assert measured_client.get(f"/money?{EMPTY_YEAR}&f=xlsx").status_code == 400


@pytest.mark.parametrize("days", ["2023-04/2024-03", "2023-04/2023-12", "2019-04/2020-03"])
def test_the_form_says_of_which_days_the_page_is(measured_client: TestClient, days: str) -> None:
    said = page(measured_client, f"/money?layer=wards&datetime={days}")
    assert re.findall(r'<option value="([^"]*)" selected>', said) == [days, "wards"]
