"""Everything that the board shows can be taken away, in formats that other programs read."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pyogrio
import pytest
from fastapi.testclient import TestClient

QUESTION = "?datetime=2024-01/2024-02&layer=wards&cell=200"


def file(client: TestClient, address: str, folder: Path) -> Path:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    named = re.search(r'filename="([\w.-]+)"', answer.headers["content-disposition"])[1]
    (folder / named).write_bytes(answer.content)
    return folder / named


def test_every_file_that_the_page_offers_is_there(town_client: TestClient, tmp_path: Path) -> None:
    page = town_client.get(QUESTION).text
    addresses = [html.unescape(one) for one in re.findall(r'href="(/download/[^"]+)"', page)]
    forms = {address.partition("?")[0].rpartition(".")[2] for address in addresses}
    assert forms == {"geojson", "json", "gpkg", "csv"}
    assert len(addresses) >= 27
    # Two months are too few for persistence, and snapped points have no hours: both say so.
    answered = [town_client.get(address) for address in addresses]
    refused = {a for a, got in zip(addresses, answered, strict=True) if got.status_code != 200}
    names = {re.search(r"/([\w-]+)\.", address)[1] for address in refused}
    assert names == {"emerging-hotspots", "dayparts"}
    assert file(town_client, addresses[0], tmp_path).stat().st_size > 100


def test_a_layer_as_geopackage_is_the_layer_in_metres_with_its_style(
    town_client: TestClient, tmp_path: Path
) -> None:
    path = file(town_client, f"/download/ranked-hotspots.gpkg{QUESTION}", tmp_path)
    assert {name for name, _ in pyogrio.list_layers(path)} == {"ranked-hotspots", "layer_styles"}
    frame = pyogrio.read_dataframe(path, layer="ranked-hotspots")
    features = town_client.get(f"/download/ranked-hotspots.geojson{QUESTION}").json()["features"]
    assert frame.crs.to_epsg() == 27700
    assert frame["hotspot_id"].tolist() == [each["id"] for each in features]
    assert frame.geometry.area.tolist() == pytest.approx(
        [3.14159 * 150**2] * len(features), rel=0.02
    )


def test_a_table_as_geopackage_holds_the_same_rows(town_client: TestClient, tmp_path: Path) -> None:
    path = file(town_client, f"/download/concentration.gpkg{QUESTION}", tmp_path)
    frame = pyogrio.read_dataframe(path)
    rows = town_client.get(f"/download/concentration.json{QUESTION}").json()["rows"]
    assert "geometry" not in frame.columns
    assert frame["place"].tolist() == [row["place"] for row in rows]
    assert frame["gini"].tolist() == pytest.approx([row["gini"] for row in rows])


def test_the_address_for_gis_is_the_one_that_the_page_came_from(town_client: TestClient) -> None:
    page = town_client.get(QUESTION, headers={"host": "localhost:8123"}).text
    assert "<code>http://localhost:8123/ogc</code>" in page


@pytest.mark.parametrize(
    "name", ["hotspots.json", "concentration.geojson", "hotspots.exe", "x.csv"]
)
def test_a_download_that_does_not_exist_is_not_found(town_client: TestClient, name: str) -> None:
    assert town_client.get(f"/download/{name}{QUESTION}").status_code == 404
