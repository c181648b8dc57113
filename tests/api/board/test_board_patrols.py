"""Who goes where, on the board: the same rounds as the allocation page plans."""

from __future__ import annotations

import csv
import html
import json
import re

import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.board.sections import stop_names
from api.pages.allocation_summary import Patrol, Stop
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def patrols_of(client: TestClient) -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(f"/download/patrols.csv{QUESTION}").text.splitlines()))


def visits_on(page: str) -> dict[str, str]:
    rows = re.findall(r'<tr data-at="(p150:[^"]+)">.*?</tr>', page, flags=re.DOTALL)
    cells = [
        re.search(
            rf'<tr data-at="{at}">.*?<td class="number" data-sort="\d+">(\d+|–)</td></tr>',
            page,
            flags=re.DOTALL,
        )[1]
        for at in rows
    ]
    return dict(zip(rows, cells, strict=True))


def test_ranked_places_have_as_many_visits_as_the_patrols_make(town_client: TestClient) -> None:
    counted = pd.Series([row["hotspot_id"] for row in patrols_of(town_client)]).value_counts()
    shown = visits_on(town_client.get(QUESTION).text)
    assert len(shown) >= 5
    assert shown == {at: str(counted.get(at, "–")) for at in shown}
    assert "2 officers with 240 minutes each have time for" in town_client.get(QUESTION).text


def test_a_question_about_more_officers_is_answered_on_the_board(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&officers=1&minutes=120&visits=1").text
    assert "1 officer, 120 minutes each" in page
    assert "how many a day 1 officer with 120 minutes each has time for" in page


def test_the_rounds_list_each_stop_once_and_lead_to_the_cards(town_client: TestClient) -> None:
    page = town_client.get(QUESTION).text
    section = re.search(r'<section id="patrols".*?</section>', page, flags=re.DOTALL)[0]
    stops = {(row["officer"], row["stop"]) for row in patrols_of(town_client)}
    assert section.count("<li>") == len(stops)
    assert "is an assumption, not a finding" in section
    cards = html.unescape(re.search(r'href="(/allocation/cards[^"]+)"', section)[1])
    assert town_client.get(cards).status_code == 200


def test_stops_of_one_street_are_told_apart_by_the_next_one_or_by_their_area() -> None:
    places = {
        "p1": ("Mill Lane; Quay Street", "Harbour"),
        "p2": ("Mill Lane; High Street", "Harbour"),
        "p3": ("Station Road", "Harbour"),
        "p4": ("Station Road", "Westgarth"),
        "p5": ("Station Road", ""),
        "p6": ("Moat Road; Mill Lane", "Westgarth"),
        "p7": ("", "Westgarth"),
        "p8": ("Quay Street", "Harbour"),
        "p9": ("Quay Street", "Harbour"),
    }
    stops = [
        Stop(number, at, 0.0, 0.0, streets, 1.0, "", [], area)
        for number, (at, (streets, area)) in enumerate(places.items(), start=1)
    ]
    halves = [
        Patrol(officer, "", "#000", False, 1, 1, 10.0, 5.0, own)
        for officer, own in (("Officer 1", stops[:4]), ("Officer 2", stops[2:]))
    ]
    assert stop_names(halves) == {
        "p1": "Mill Lane / Quay Street",
        "p2": "Mill Lane / High Street",
        "p3": "Station Road (Harbour)",
        "p4": "Station Road (Westgarth)",
        "p5": "Station Road",
        "p6": "Moat Road",
        "p7": "p7",
        "p8": "Quay Street (Harbour) (p8)",
        "p9": "Quay Street (Harbour) (p9)",
    }


def test_the_map_of_patrols_numbers_the_stops_of_each_officer(town_client: TestClient) -> None:
    page = town_client.get(f"/map{QUESTION}&show=patrols").text
    stops = [
        (row["officer"], row["stop"]) for row in patrols_of(town_client) if row["round"] == "1"
    ]
    labels = re.findall(r'of (\[\[.*\]\])\) {\s*const options = {"className": "stop hue-\d"', page)
    assert sum(len(json.loads(each)) for each in labels) == len(stops)
    assert "Numbers are the stops of a patrol" in page
    assert '"className": "place-number"' not in page
    assert '"className": "place-number"' in town_client.get(f"/map{QUESTION}").text


def test_patrols_that_no_time_is_left_for_say_so_everywhere(town_client: TestClient) -> None:
    query = f"{QUESTION}&officers=1&minutes=60"
    page = town_client.get(query).text
    assert page.count("no place can be visited") == 2
    refused = town_client.get(f"/map{query}&show=patrols")
    assert refused.status_code == 400
    assert "no place can be visited" in refused.text


def test_wards_have_the_officers_that_need_gives_them(town_client: TestClient) -> None:
    page = town_client.get(QUESTION).text
    shared = town_client.get(f"/download/posts.csv{QUESTION}&posts=4").text.splitlines()
    posts = {row["area_code"]: row["posts"] for row in csv.DictReader(shared)}
    assert sum(map(int, posts.values())) == 4
    assert officers_on(page) == posts
    assert "4 officers for 2 areas: at least 1 each, the rest by need" in page


@pytest.mark.parametrize(
    ("given", "shown"),
    [([3, 2], {"A": "3", "B": "2"}), ([1.5, float("nan")], {"A": "1.5", "B": "–"})],
)
def test_wards_have_the_officers_that_the_layer_names(
    client: TestClient, store: GeoPackageStore, given: list[float], shown: dict[str, str]
) -> None:
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), two_wards().assign(officers=given))
    page = client.get(QUESTION).text
    assert officers_on(page) == shown
    assert "Officers: from the layer" in page


def officers_on(page: str) -> dict[str, str]:
    posts = {}
    for code in ("A", "B"):
        row = re.search(rf'<tr data-at="{code}">.*?</tr>', page, flags=re.DOTALL)[0]
        posts[code] = re.findall(r'<td class="number"[^>]*>([^<]+)</td>', row)[-1]
    return posts
