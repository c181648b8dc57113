"""The story of a place or an area, and what is said of ranked places."""

from __future__ import annotations

import html
import re

import pytest
from fastapi.testclient import TestClient

from api.board.cards import Share
from geo.cells import Grid

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"
LATER = "?datetime=2024-02&layer=wards&cell=200"


def place_of(page: str) -> str:
    return re.search(r'<tr data-at="(p150:[^"]+)"', page)[1]


@pytest.mark.parametrize("at", [*Grid(200).ids(Grid(200).positions([435_400], [336_400])), "A"])
def test_a_story_is_the_same_in_the_page_and_alone(town_client: TestClient, at: str) -> None:
    page = town_client.get(f"{QUESTION}&at={at}").text
    alone = town_client.get(f"/story{QUESTION}&at={at}").text
    assert f'data-at="{at}"' in alone
    assert alone.strip() in page


def test_the_story_of_a_place_names_its_streets_and_its_rank(town_client: TestClient) -> None:
    at = place_of(town_client.get(QUESTION).text)
    story = town_client.get(f"/story{LATER}&compare=previous&at={at}").text
    # Named as on its card, with the kinds of incident and its months.
    title = html.unescape(re.search(r'id="story-title"[^>]*>(.*?) <span', story)[1])
    assert title == "Place 1: <i>On or near</i> Mill Lane, <b>Abbey</b> & Co"
    assert re.search(r"<dt>Kinds</dt><dd>Anti-social behaviour \d+, Burglary \d+</dd>", story)
    assert "; its average is about" in story
    assert 'class="spark"' in story
    assert "January 2024 to February 2024" in story
    assert "<i>" not in story


def test_places_of_another_study_area_say_what_they_hold_of() -> None:
    assert Share(10, 0.182, " in Wards").words == (
        "Ten places hold 18.2 % of all incidents in Wards"
    )


def test_what_is_usual_is_not_said_of_places_without_earlier_incidents(
    town_client: TestClient,
) -> None:
    # The town has two months: of both together nothing earlier is known.
    for address, more in (("/", "&present=1"), ("/brief.html", "")):
        later = town_client.get(f"{address}{LATER}{more}").text
        whole = town_client.get(f"{address}{QUESTION}{more}").text
        assert re.search(r"average (is about )?\d", later), address
        assert not re.search(r"average (is about )?\d", whole), address
    at = place_of(town_client.get(QUESTION).text)
    assert "average" not in town_client.get(f"/story{QUESTION}&at={at}").text


@pytest.mark.parametrize(
    ("at", "message"),
    [
        ("Z", "is shown; choose one of the table"),
        ("h200:1:1", "in this grid"),
        ("p150:x", "not the id of a ranked hotspot"),
    ],
)
def test_a_place_that_is_not_there_has_no_story(
    town_client: TestClient, at: str, message: str
) -> None:
    assert message in town_client.get(f"{QUESTION}&at={at}").text
