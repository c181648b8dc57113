"""The board and the map, as pages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.basemap.sources import Basemap
from api.maps.answer_map import draw
from api.maps.pages import ASSETS
from api.pages.assets import BASEMAP_SCRIPTS, PICTURES_SCRIPT
from api.settings import Settings
from geo.question.ask import Question, ask
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def test_the_board_shows_its_answer_and_its_accounts(town_client: TestClient) -> None:
    page = town_client.get(QUESTION).text
    assert "January 2024 to February 2024" in page
    assert "322 read" in page
    assert "2 rejected" in page
    assert "Locations are moved to anonymous points" in page
    assert f'src="/map{QUESTION}"'.replace("&", "&amp;") in page


def test_names_from_files_are_text_and_never_markup(town_client: TestClient) -> None:
    for path in ("/", "/map"):
        page = town_client.get(path + QUESTION).text
        assert "<b>Abbey" not in page
        assert "<i>On or near" not in page
    assert "&lt;b&gt;Abbey&lt;/b&gt; &amp; Co" in town_client.get(QUESTION).text


def test_what_the_form_sends_becomes_the_address_of_its_question(town_client: TestClient) -> None:
    response = town_client.get("/?period=&from=2024-01&to=2024-02&category=&cell=150&layer=wards")
    assert response.status_code == 303
    assert response.headers["location"] == "?datetime=2024-01/2024-02&layer=wards"
    assert town_client.get(response.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?layer=nowhere", "there is no layer"),
        ("?hours=18-02", "does not say at what hour"),
        ("?from=2024-01-10", "dates incidents by month only"),
        ("?colour=red", "colour"),
        ("?cell=abc", "cell"),
    ],
)
def test_a_question_without_an_answer_gets_the_reason_and_the_form(
    town_client: TestClient, query: str, message: str
) -> None:
    response = town_client.get(query, follow_redirects=True)
    assert response.status_code == 400
    assert message in response.text
    assert 'id="question"' in response.text


def test_a_month_without_data_is_called_unknown(town_client: TestClient) -> None:
    page = town_client.get("?datetime=2024-02/2024-04&layer=wards").text
    assert (
        "no data imported for 2 of 3 months: unknown, not zero (March 2024 to April 2024)" in page
    )


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    store = GeoPackageStore(tmp_path / "empty.gpkg", create=True)
    client = TestClient(make_app(store, Settings()), base_url="http://localhost")
    response = client.get("/")
    assert response.status_code == 400
    assert "patchmap layers add" in response.text
    store.close()


def test_the_map_runs_only_scripts_that_its_policy_names(town_client: TestClient) -> None:
    response = town_client.get(f"/map{QUESTION}")
    policy = response.headers["content-security-policy"]
    script = re.search(r"script-src ([^;]*)", policy)
    assert script
    assert "unsafe" not in script[1]
    assert script[1].count("sha256-") == response.text.count("<script>")
    assert set(re.findall(r'(?:src|href)="([^"]+)"', response.text)) == (
        set(ASSETS) - {*BASEMAP_SCRIPTS, PICTURES_SCRIPT}
    )


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
    with_tiles = draw(answer, projection=store.projection, basemap=Basemap(tiles=settings.tiles))
    assert "img-src 'self' data: https://tiles.example;" in with_tiles.policy
    assert "tiles.example" not in draw(answer, projection=store.projection).html


def test_a_head_request_gets_the_head_alone(town_client: TestClient) -> None:
    for path in (
        "/healthz",
        "/favicon.ico",
        f"/{QUESTION}",
        f"/map{QUESTION}",
        "/ogc/collections/wards/items",
    ):
        head, whole = town_client.head(path), town_client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers.get("etag") == whole.headers.get("etag")


def test_within_tells_the_shown_and_what_it_is_judged_against(town_client: TestClient) -> None:
    page = town_client.get(f"{QUESTION}&within=B").text
    whole = town_client.get(QUESTION).text
    shown, counted = (
        int(re.search(r"<strong>([\d,]+)</strong> incidents", text)[1].replace(",", ""))
        for text in (page, whole)
    )
    assert shown < counted
    assert f"judged against {counted} in Wards of the town" in page
    assert "in 1 area," in page
    assert 'aria-label="remove: only Brook"' in page


def test_downloads_are_whole(client: TestClient, store: GeoPackageStore) -> None:
    answer = ask(Question.read({"layer": "wards", "cell": "50"}), store)
    cells = client.get("/download/hotspots.geojson?layer=wards&cell=50").json()
    assert len(cells["features"]) == len(answer.hotspots) > 3000
    rows = client.get("/download/area-counts.csv?layer=wards").text.splitlines()
    assert rows[0] == "area_code,area_name,n,share,rate_per_1000,rate_shrunk,rate_low,rate_high"
    assert len(rows) == 3
    assert client.get("/download/secrets.csv").status_code == 404


def test_a_refused_question_is_remembered_in_the_form(town_client: TestClient) -> None:
    page = town_client.get("?period=latest-1m&category=burglary&cell=200&layer=wards&within=Z").text
    assert 'value="burglary" checked' in page
    assert 'value="200" selected' in page


def test_a_force_elsewhere_has_published_nothing_here(
    client: TestClient, store: GeoPackageStore
) -> None:
    elsewhere = month_of_incidents("2024-06", east=60_000)
    with store.transaction():
        store.put_partition(replace(elsewhere, name="farshire"))
    assert client.get("?layer=wards").headers["location"] == "?period=latest-1m&layer=wards"
    page = client.get("?period=latest-12m&layer=wards").text
    assert "March 2023 to February 2024" in page
    refused = client.get("?datetime=2024-06/2024-06&layer=wards")
    assert refused.status_code == 400
    assert "no data is imported here for June 2024" in refused.text


def test_a_store_that_was_replaced_or_removed_is_not_served_on(
    client: TestClient, store: GeoPackageStore, tmp_path: Path
) -> None:
    assert client.get("/ogc/collections").status_code == 200
    other = GeoPackageStore(tmp_path / "other.gpkg", create=True)
    other.close()
    (tmp_path / "other.gpkg").replace(store.path)
    replaced = client.get("/ogc/collections")
    assert replaced.status_code == 503
    assert "was replaced by another file" in replaced.json()["detail"]
    store.path.unlink()
    assert "is no longer there" in client.get("/ogc/collections").json()["detail"]
