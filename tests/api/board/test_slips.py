"""A slip in a name or in the form of a treatment leaves the board standing, with the reason."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

QUESTION = "/?datetime=2024-01/2024-02&layer=wards&cell=200"


@pytest.mark.parametrize(
    ("slip", "reason"),
    [
        ("without=Nowhere", "no incident is at 'Nowhere'; there are, for example, "),
        ("within=Z", "unknown value 'Z'; choose A or B"),
        ("category=robery", "unknown value 'robery'; choose "),
        ("source=Police", "unknown value 'Police'; choose police.uk"),
    ],
)
def test_an_unknown_name_is_not_applied_and_said_so(
    town_client: TestClient, slip: str, reason: str
) -> None:
    response = town_client.get(f"{QUESTION}&{slip}")
    page = html.unescape(response.text)
    assert response.status_code == 400
    assert "etag" not in response.headers
    name, _, value = slip.partition("=")
    assert f"Not applied: {name} “{value}”, {reason}" in page
    plain = html.unescape(town_client.get(QUESTION).text)
    for part in (r'<h1 id="headline".*?</h1>', r'<p class="numbers">.*?</p>'):
        assert re.search(part, plain)[0] in page
    assert "Where every row went" in page


@pytest.mark.parametrize(
    ("slip", "shown", "reason"),
    [
        ("since=2024-13", 'name="since"', "'2024-13' is not a month; write it as 2024-03"),
        ("chosen=May", 'name="chosen"', "'May' is not a month; write it as 2024-03"),
        ("treated=nowhere", 'name="treated"', "there is no layer 'nowhere'"),
        ("control=nowhere", 'name="control"', "there is no layer 'nowhere'"),
    ],
)
def test_a_slip_in_the_form_of_a_treatment_is_answered_there(
    town_client: TestClient, slip: str, shown: str, reason: str
) -> None:
    given = {"treated": "wards", "since": "2024-02"} | dict([slip.split("=")])
    query = "&".join(f"{name}={value}" for name, value in given.items())
    page = html.unescape(town_client.get(f"{QUESTION}&{query}", follow_redirects=True).text)
    section = page[page.index('id="treatment"') : page.index('id="accounts"')]
    assert reason in section
    assert "No results for this question" not in page
    field = section[section.index(shown) :]
    assert f'value="{slip.partition("=")[2]}"' in field[: field.index(">")]


def test_the_same_slips_are_refused_at_every_other_door(town_client: TestClient) -> None:
    for path in ("/map", "/ogc/collections/area-counts/items"):
        response = town_client.get(f"{path}?datetime=2024-01/2024-02&layer=wards&without=Nowhere")
        assert response.status_code == 400
        assert "no incident is at" in html.unescape(response.text)
