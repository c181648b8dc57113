"""The board and the map, as pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.maps import ASSETS, draw
from api.settings import Settings
from geo.question import Question, ask
from geo.store.geopackage import GeoPackageStore

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def test_the_board_shows_its_answer_and_its_accounts(client: TestClient) -> None:
    page = client.get(QUESTION).text
    assert "January 2024 to February 2024" in page
    assert "322 read" in page
    assert "2 rejected" in page
    assert "Locations are moved to anonymous points" in page
    assert f'src="/map{QUESTION}"'.replace("&", "&amp;") in page


def test_names_from_files_are_text_and_never_markup(client: TestClient) -> None:
    for path in ("/", "/map"):
        page = client.get(path + QUESTION).text
        assert "<b>Abbey" not in page
        assert "<i>On or near" not in page
    assert "&lt;b&gt;Abbey&lt;/b&gt; &amp; Co" in client.get(QUESTION).text


def test_what_the_form_sends_becomes_the_address_of_its_question(client: TestClient) -> None:
    response = client.get("/?period=&from=2024-01&to=2024-02&category=&cell=150&layer=wards")
    assert response.status_code == 303
    assert response.headers["location"] == "?datetime=2024-01/2024-02&layer=wards"
    assert client.get(response.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?layer=nowhere", "there is no layer"),
        ("?hours=18-02", "does not say at what hour"),
        ("?from=2024-01-10", "knows months only"),
        ("?colour=red", "colour"),
        ("?cell=abc", "cell"),
    ],
)
def test_a_question_without_an_answer_gets_the_reason_and_the_form(
    client: TestClient, query: str, told: str
) -> None:
    response = client.get(query, follow_redirects=True)
    assert response.status_code == 400
    assert told in response.text
    assert 'id="question"' in response.text


def test_a_month_without_data_is_called_unknown(client: TestClient) -> None:
    page = client.get("?datetime=2024-02/2024-04&layer=wards").text
    assert "not published, so unknown and not zero: 2 months (2024-03, 2024-04)" in page


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    store = GeoPackageStore(tmp_path / "empty.gpkg", create=True)
    client = TestClient(make_app(store, Settings()), base_url="http://localhost")
    response = client.get("/")
    assert response.status_code == 400
    assert "patchmap layers add" in response.text
    store.close()


def test_the_map_runs_only_scripts_that_its_policy_names(client: TestClient) -> None:
    response = client.get(f"/map{QUESTION}")
    policy = response.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]*)", policy)
    assert script
    assert "unsafe" not in script[1]
    assert script[1].count("sha256-") == response.text.count("<script>")
    assert set(re.findall(r'(?:src|href)="([^"]+)"', response.text)) == set(ASSETS)


def test_the_same_question_draws_the_same_bytes(store: GeoPackageStore) -> None:
    question = Question.read({"layer": "wards", "cell": "200"})
    pages = [draw(ask(question, store), projection=store.projection) for _ in range(2)]
    assert pages[0] == pages[1]


def test_a_map_file_names_no_address_at_all(store: GeoPackageStore) -> None:
    answer = ask(Question.read({"layer": "wards"}), store)
    page = draw(answer, projection=store.projection, standalone=True).html
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=", page)
    assert "default-src 'none'" in page
    assert "n = " in page
    assert "200,000" not in page


def test_a_tile_server_is_asked_only_where_the_user_set_one(store: GeoPackageStore) -> None:
    settings = Settings.read({"PATCHMAP_TILES": "https://tiles.example/{z}/{x}/{y}.png"})
    answer = ask(Question.read({"layer": "wards"}), store)
    with_tiles = draw(answer, projection=store.projection, tiles=settings.tiles)
    assert "img-src 'self' data: https://tiles.example;" in with_tiles.policy
    assert "tiles.example" not in draw(answer, projection=store.projection).html
