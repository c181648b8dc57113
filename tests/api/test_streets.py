"""Incidents by street at each door: a collection, files, the board, its map, a story, a brief."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.formats.registry import download_formats
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import make_town, serve_town, town_streets
from tests.services import run_patchmap

QUESTION = "datetime=2024-01/2024-02"
ITEMS = f"/ogc/collections/street-counts/items?{QUESTION}"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streets") / "town.gpkg"
    with closing(make_town(path)) as store, store.transaction():
        store.put_layer(*town_streets())
    return path


@pytest.fixture(scope="module")
def streets(town: Path) -> Iterator[TestClient]:
    with closing(GeoPackageStore(town)) as store, serve_town(store) as made:
        yield made


def test_streets_are_a_collection_with_accounts_of_their_own(streets: TestClient) -> None:
    answer = streets.get(f"{ITEMS}&limit=100").json()
    rows = [feature["properties"] for feature in answer["features"]]
    assert [row["street_id"] for row in rows][:1] == ["2e"]
    assert rows[0]["street_name"] == "Street 2"
    assert (rows[0]["rank"], rows[0]["segments"], rows[0]["length_m"]) == (1, 2, 4000)
    assert rows[0]["n_snapped"] == rows[0]["n"]
    assert rows[0]["area_code"] == "A;B"
    counted = answer["accounts"]["counted"]
    parameters = answer["parameters"]
    assert parameters["on_streets"] + parameters["too_far"] == counted
    assert sum(row["n"] for row in rows) == parameters["on_streets"]
    assert answer["features"][0]["geometry"]["type"] == "MultiLineString"
    assert answer["features"][0]["id"] == "2e"
    segments = streets.get(f"{ITEMS}&unit=segment&tolerance=100&limit=100").json()
    assert len(segments["features"]) == 18
    assert segments["parameters"]["too_far"] < parameters["too_far"]


def test_every_format_has_the_same_counts(streets: TestClient) -> None:
    rows = streets.get(f"{ITEMS}&limit=100").json()["features"]
    expected = {row["id"]: row["properties"]["n"] for row in rows}
    readers = {".csv": pd.read_csv}
    formats = download_formats(layer=True)
    assert {form.ending for form in formats} >= {".csv", ".geojson", ".gpkg"}
    for form in formats:
        content = streets.get(f"/download/street-counts{form.ending}?{QUESTION}").content
        table = readers.get(form.ending, gpd.read_file)(io.BytesIO(content))
        assert dict(zip(table["street_id"], table["n"], strict=True)) == expected, form.ending


def test_the_board_lists_them_and_draws_them(streets: TestClient) -> None:
    page = streets.get(f"/?{QUESTION}&layer=wards").text
    section = page[page.index('<section id="streets"') :].partition("</section>")[0]
    sentence = re.search(r'<p class="say">(.*?)</p>', section)[1]
    assert sentence.startswith("Half of the incidents within 50 m of a street of the layer are on ")
    assert section.count('<tr data-at="street:') == 9
    assert "move each incident" in section
    assert 'href="/download/street-counts.csv?' in section
    drawn = streets.get(f"/map?{QUESTION}&layer=wards&show=streets").text
    assert html.unescape(sentence) in html.unescape(drawn)
    assert "street:2e" in drawn
    # The numbers are those of the list, not of the ranked places.
    assert re.findall(r',"(\d)",0\]', drawn) == list("987654321")
    story = streets.get(f"/story?{QUESTION}&layer=wards&at=street:2e").text
    assert "Street 2" in story
    assert "incidents per 100 m" in story
    brief = streets.get(f"/brief.html?{QUESTION}&layer=wards&show=streets").text
    assert 'id="streets-title"' in brief
    refused = streets.get(f"/story?{QUESTION}&layer=wards&at=street:x").text
    assert "there is no street &#39;x&#39; here" in refused


def test_without_a_layer_of_lines_each_door_says_so(town_client: TestClient) -> None:
    reason = "there is no layer of streets; add one of lines with 'patchmap layers add'"
    collections = town_client.get("/ogc/collections").json()["collections"]
    assert "street-counts" not in [one["id"] for one in collections]
    for address in (ITEMS, f"/download/street-counts.csv?{QUESTION}"):
        refused = town_client.get(address)
        assert (refused.status_code, refused.json()["detail"]) == (400, f"streets: {reason}")
    page = html.unescape(town_client.get(f"/?{QUESTION}&layer=wards").text)
    assert f"Not shown: {reason}." in page
    assert reason in html.unescape(
        town_client.get(f"/map?{QUESTION}&layer=wards&show=streets").text
    )


def test_the_form_names_a_layer_where_there_are_several(tmp_path: Path, town: Path) -> None:
    path = tmp_path / "town.gpkg"
    path.write_bytes(town.read_bytes())
    with closing(GeoPackageStore(path)) as store:
        with store.transaction():
            frame = town_streets()[1]
            store.put_layer(
                LayerMetadata("rivers", "Rivers", geometry_type="MultiLineString"), frame
            )
        with serve_town(store) as client:
            page = client.get(f"/?{QUESTION}&layer=wards").text
            assert "several layers of lines; name one of: streets, rivers" in page
            assert '<option value="rivers">Rivers</option>' in page
            chosen = client.get(f"/?{QUESTION}&layer=wards&streets=streets&tolerance=20").text
            assert '<option value="streets" selected>Streets</option>' in chosen
            assert "within 20 m of a street" in chosen


def test_the_command_writes_and_says_what_the_page_says(town: Path, tmp_path: Path) -> None:
    words = ("--store", str(town), "streets", "--from", "2024-01", "--to", "2024-02")
    done = run_patchmap(*words, "--compare", "previous", "-o", "s.csv", cwd=tmp_path)
    assert done.returncode == 1
    assert "no data is imported" in done.stderr
    done = run_patchmap(*words, "-o", "s.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "s.csv: 9 rows" in done.stdout
    assert re.search(r"^too_far: \d+$", done.stdout, re.MULTILINE)
    assert re.search(r"^headline: Half of the incidents", done.stdout, re.MULTILINE)
