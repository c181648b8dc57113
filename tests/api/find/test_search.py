"""Finding places in the town of the tests: its areas, streets, ranked places and positions."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.imports.process import ImportHere
from api.settings import Settings
from boundaries.gazetteer.folder import gazetteer_folder
from boundaries.gazetteer.read import recognise
from geo.store.contract import LayerMetadata, Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.commands.running import refused, run, run_json
from tests.api.conftest import SearchesHere, make_town, month_of_incidents, two_wards
from tests.boundaries.gazetteer.test_files import open_names_zip


def found(client: TestClient, text: str, **options: str) -> list[dict[str, Any]]:
    answer = client.get("/search", params={"q": text, **options})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return [feature["properties"] for feature in answer.json()["features"]]


def test_areas_are_found_by_name_and_code(town_client: TestClient) -> None:
    for text, code in (("abbey", "A"), ("BROOK", "B"), ("b abbey co", "A")):
        (area,) = found(town_client, text)
        assert (area["kind"], area["type"], area["layer"]) == ("area", "Wards of the town", "wards")
        assert area["at"] == area["area_code"] == code


def test_streets_of_incidents_and_ranked_places_are_found(town_client: TestClient) -> None:
    results = found(town_client, "long row")
    assert {one["kind"] for one in results} == {"street", "ranked place"}
    place = next(one for one in results if one["kind"] == "ranked place")
    assert place["at"].startswith("p150:")
    assert place["type"].startswith("number ")
    assert found(town_client, place["at"])[0]["at"] == place["at"]


def test_a_result_has_a_point_a_box_and_its_area(town_client: TestClient) -> None:
    answer = town_client.get("/search", params={"q": "SK 354 364"}).json()
    (feature,) = answer["features"]
    west, south, east, north = feature["bbox"]
    lon, lat = feature["geometry"]["coordinates"]
    assert west < lon < east
    assert south < lat < north
    assert (lon, lat) == pytest.approx((-1.4741, 52.9243), abs=0.001)
    assert feature["properties"]["area_code"] == "A"
    assert feature["properties"]["note"] == ""
    assert answer["numberReturned"] == 1


def test_a_position_outside_the_study_area_says_so(town_client: TestClient) -> None:
    (sea,) = found(town_client, "54.0, 3.0")
    assert sea["note"].endswith("outside the study area, Wards of the town")
    (near,) = found(town_client, "SK 30 30")
    assert near["note"] == "outside the study area, Wards of the town"


def test_results_outside_that_read_the_same_are_one(town_client: TestClient) -> None:
    results = found(town_client, "long row", limit="50")
    outside = [one for one in results if one["note"]]
    assert len({(one["kind"], one["name"], one["place"]) for one in outside}) == len(outside)


def test_what_is_missing_is_said_with_what_to_do(town_client: TestClient) -> None:
    def notes(text: str) -> str:
        return " ".join(town_client.get("/search", params={"q": text}).json()["notes"])

    assert "Add Code-Point Open" in notes("DE1 1AA")
    assert "add OS Open Names" in notes("zzzz")
    assert notes("") == notes("abbey") == notes("z") == ""


@pytest.mark.parametrize(
    ("query", "option"),
    [
        ("q=a&limit=0", "limit"),
        ("q=a&limit=99", "limit"),
        ("q=a&f=xml", "f"),
        ("q=" + "a" * 101, "q"),
        ("q=a&q=b", "q"),
        ("q=a&nonsense=1", "nonsense"),
        ("q=a&cell=x", "cell"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(
    town_client: TestClient, query: str, option: str
) -> None:
    answer = town_client.get(f"/search?{query}")
    assert answer.status_code == 400
    assert answer.json()["option"] == option


def test_an_unknown_layer_is_not_found(town_client: TestClient) -> None:
    assert town_client.get("/search?q=abbey&layer=none").status_code == 404


def test_without_scripts_it_is_a_page_that_trusts_no_name(town_client: TestClient) -> None:
    accept = {"accept": "text/html"}
    page = town_client.get("/search", params={"q": "abbey", "cell": "200"}, headers=accept)
    assert page.headers["content-type"].startswith("text/html")
    assert "<b>" not in page.text
    assert "&lt;b&gt;Abbey&lt;/b&gt; &amp; Co" in page.text
    assert 'href="/?cell=200&amp;at=A"' in page.text
    square = town_client.get("/search", params={"q": "SK 354 364"}, headers=accept).text
    link = html.unescape(re.search(r'<li><a href="([^"]+)"', square)[1])
    options = dict(parse_qsl(urlsplit(link).query))
    assert re.fullmatch(r"52\.\d+,-1\.\d+,52\.\d+,-1\.\d+:SK 354 364.*", options["mark"])
    assert town_client.get(link, follow_redirects=True).status_code == 200
    script = town_client.get("/search", params={"q": "<script>"}, headers=accept)
    assert "<script>" not in script.text
    assert "Nothing is called" in script.text


def test_an_answer_is_not_sent_twice(town_client: TestClient) -> None:
    tag = town_client.get("/search?q=abbey").headers["etag"]
    again = town_client.get("/search?q=abbey", headers={"if-none-match": tag})
    assert again.status_code == 304


@pytest.fixture(params=["geopackage", "postgis"])
def own_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Store, str]]:
    if request.param == "geopackage":
        path = tmp_path / "own.gpkg"
        store: Store = make_town(path)
        yield store, str(path)
    else:
        url = request.getfixturevalue("cluster").new_database()
        store = PostgisStore(url, create=True)
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
            store.put_partition(month_of_incidents("2024-01"))
        yield store, url
    store.close()


def test_added_names_are_found_at_both_stores_without_a_restart(
    own_store: tuple[Store, str], tmp_path: Path
) -> None:
    store, address = own_store
    settings = replace(Settings(), store=address, data_folder=tmp_path / "data")
    app = make_app(store, settings, searches=SearchesHere(), importer=ImportHere(store))
    client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))
    assert found(client, "saint peters") == []
    folder = gazetteer_folder(address, settings.data_folder)
    source = recognise(open_names_zip(tmp_path / "opname.zip"), projection=store.projection)
    folder.add(source, crs=store.projection.crs)
    (street,) = found(client, "saint peters")
    assert (street["kind"], street["place"], street["area_code"]) == ("street", "Derby, DE1", "A")
    assert [one["name"] for one in found(client, "de1 1aa")] == ["DE1 1AA"]
    assert found(client, "derby")[0]["kind"] == "settlement"
    credit = client.get("/search?q=derby").json()["attribution"]
    assert credit == ["Contains OS data © Crown copyright and database right"]
    folder.remove("os-open-names")
    assert found(client, "saint peters") == []


def test_the_commands(tmp_path: Path) -> None:
    make_town(tmp_path / "patchmap.gpkg").close()
    open_names_zip(tmp_path / "opname.zip")
    lines = run(tmp_path, "gazetteer", "add", "opname.zip").splitlines()
    assert lines[:2] == [
        "os-open-names: OS Open Names",
        "10 rows read = 6 rejected + 3 names (1 more are second names) + 1 postcodes",
    ]
    assert len(lines) == 8
    assert run(tmp_path, "gazetteer", "list").startswith("os-open-names: OS Open Names, 4 names")
    line = run(tmp_path, "find", "St Peters St").strip()
    assert line == (
        "St Peter's Street, Derby, DE1 · street, Named Road · SK 3520 3600 · 52.92027, -1.47791 · "
        "in <b>Abbey</b> & Co (A)"
    )
    facts = run_json(tmp_path, "find", "brook", "--limit", "1")
    assert facts["features"][0]["properties"]["area_code"] == "B"
    assert "is not in the backup" in run(tmp_path, "backup", "b.gpkg")
    assert refused(tmp_path, "gazetteer", "add", "none.zip") == "there is no file none.zip"
    assert refused(tmp_path, "gazetteer", "remove", "x").startswith("there is no gazetteer 'x'")
    run(tmp_path, "gazetteer", "remove", "os-open-names")
    assert json.loads(run(tmp_path, "--json", "gazetteer", "list")) == []


def test_a_store_without_anything_answers(tmp_path: Path) -> None:
    GeoPackageStore(tmp_path / "patchmap.gpkg", create=True).close()
    assert "grid reference" in run(tmp_path, "find", "SK 351 362")
    assert "add OS Open Names" in run(tmp_path, "find", "high street")
