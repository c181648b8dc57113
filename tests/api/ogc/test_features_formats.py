"""Formats and reference systems: the same features, whatever they are written as."""

from __future__ import annotations

import io
import sqlite3
from pathlib import Path
from xml.etree import ElementTree as Xml

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.ogc.links import QUERYABLES
from api.ogc.selection import CHUNK
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

GRID = "http://www.opengis.net/def/crs/EPSG/0/27700"
LATITUDE_FIRST = "http://www.opengis.net/def/crs/EPSG/0/4326"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
HOTSPOTS = "/ogc/collections/hotspots/items?datetime=2024-01/2024-02&layer=wards"
WARDS = "/ogc/collections/wards/items?"


def shapes(client: TestClient, address: str) -> list[shapely.Geometry]:
    features = client.get(address).json()["features"]
    return [shapely.geometry.shape(feature["geometry"]) for feature in features]


def saved(client: TestClient, address: str, path: Path) -> Path:
    response = client.get(address)
    assert response.status_code == 200, response.text
    assert f'filename="{path.name}"' in response.headers["content-disposition"]
    path.write_bytes(response.content)
    return path


def read(path: Path) -> gpd.GeoDataFrame:
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    return gpd.read_file(path, layer=path.stem)


def test_the_national_grid_comes_back_as_it_was_stored(client: TestClient) -> None:
    response = client.get(f"{WARDS}crs={GRID}")
    assert response.headers["content-crs"] == f"<{GRID}>"
    served = shapes(client, f"{WARDS}crs={GRID}")
    assert all(shapely.equals(served, two_wards().geometry.array))


def test_degrees_come_in_the_order_of_their_system(client: TestClient) -> None:
    (first, *_) = shapes(client, WARDS)
    (swapped, *_) = shapes(client, f"{WARDS}crs={LATITUDE_FIRST}")
    assert client.get(WARDS).headers["content-crs"] == f"<{CRS84}>"
    longitude, latitude = (
        first.exterior.coords[0]
        if first.geom_type == "Polygon"
        else (first.geoms[0].exterior.coords[0])
    )
    assert -2 < longitude < -1
    assert 52 < latitude < 54
    assert shapely.equals(shapely.transform(swapped, lambda xy: xy[:, ::-1]), first)


@pytest.mark.parametrize(
    "box",
    [
        f"435010,336010,435020,336020&bbox-crs={GRID}",
        f"52.9205,-1.4795,52.9206,-1.4794&bbox-crs={LATITUDE_FIRST}",
        "-1.4795,52.9205,-1.4794,52.9206",
    ],
)
def test_a_box_is_read_in_its_own_system(client: TestClient, box: str) -> None:
    features = client.get(f"{WARDS}bbox={box}").json()["features"]
    assert [feature["id"] for feature in features] == ["A"]


def test_a_collection_names_its_systems(client: TestClient) -> None:
    about = client.get("/ogc/collections/wards").json()
    assert about["crs"] == [CRS84, LATITUDE_FIRST, GRID]
    assert about["storageCrs"] == GRID


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "geojson", "parquet"])
def test_a_file_holds_every_feature(client: TestClient, tmp_path: Path, ending: str) -> None:
    path = saved(client, f"{HOTSPOTS}&f={ending}", tmp_path / f"hotspots.{ending}")
    frame = read(path)
    whole = client.get(f"{HOTSPOTS}&limit=10000").json()
    assert len(frame) == whole["numberMatched"] > 300
    frame = frame.set_index("cell_id")
    for feature in whole["features"][::50]:
        row = frame.loc[feature["id"]]
        assert row["n"] == feature["properties"]["n"]
        assert shapely.equals(row.geometry, shapely.geometry.shape(feature["geometry"]))


@pytest.mark.parametrize("ending", ["gpkg", "fgb", "parquet"])
def test_a_file_of_the_national_grid_says_so(
    client: TestClient, tmp_path: Path, ending: str
) -> None:
    path = saved(client, f"{WARDS}f={ending}&crs={GRID}", tmp_path / f"wards.{ending}")
    frame = read(path)
    assert frame.crs.to_epsg() == 27700
    # FlatGeobuf keeps features in the order of its spatial index.
    ordered = frame.sort_values("area_code").geometry.array
    assert all(shapely.equals(ordered, two_wards().geometry.array))


def test_a_geopackage_opens_coloured_and_says_what_was_counted(
    client: TestClient, tmp_path: Path
) -> None:
    path = saved(client, f"{HOTSPOTS}&f=gpkg", tmp_path / "hotspots.gpkg")
    with sqlite3.connect(path) as file:
        (style,) = file.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = 'hotspots' AND useAsDefault"
        ).fetchone()
    renderer = Xml.fromstring(style).find("renderer-v2")
    assert renderer is not None
    assert renderer.get("attr") == 'CASE WHEN "beside" THEN \'beside\' ELSE "class" END'
    values = {category.get("value") for category in renderer.iter("category")}
    assert {"hot_99", "cold_99", "none", "undefined", "beside"} <= values
    assert len(list(renderer.iter("symbol"))) == len(values)
    assert '"counted"' in pyogrio.read_info(path, layer="hotspots")["layer_metadata"]["accounts"]


def test_a_csv_is_whole_and_safe_for_a_spreadsheet(client: TestClient) -> None:
    response = client.get(f"{HOTSPOTS}&f=csv")
    table = pd.read_csv(io.StringIO(response.text))
    assert len(table) == client.get(f"{HOTSPOTS}&resultType=hits").json()["numberMatched"]
    assert shapely.from_wkt(table["wkt"]).all()
    assert "next" not in response.links


def test_the_head_of_items_links_to_what_they_can_be_filtered_by(client: TestClient) -> None:
    query = {"limit": "1", "filter": "residents > 5 OR area_name < ','"}
    links = client.head("/ogc/collections/wards/items", params=query).links
    queryables = client.get(links[QUERYABLES]["url"])
    assert "residents" in queryables.json()["properties"]
    assert links["alternate"]["type"] == "text/html"
    assert client.get(links["self"]["url"]).json()["features"][0]["id"] == "A"
    assert client.get(links["next"]["url"]).json()["features"][0]["id"] == "B"


def test_a_csv_that_is_cut_says_where_the_rest_is(client: TestClient) -> None:
    response = client.get(f"{HOTSPOTS}&f=csv&limit=300")
    assert len(response.text.splitlines()) == 301
    rest = client.get(response.links["next"]["url"])
    assert int(response.headers["ogc-number-matched"]) > 300
    assert rest.text.splitlines()[1] not in response.text


def test_many_features_are_written_in_pieces(
    client: TestClient, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.ogc.selection.CHUNK", 50)
    assert CHUNK > 50
    pieces = client.get("/ogc/collections/incidents/items?f=csv").text.splitlines()
    assert len(pieces) == store.incident_count() + 1
    assert sum(line.startswith("incident_id") for line in pieces) == 1
    whole = client.get("/ogc/collections/incidents/items?f=geojson").json()
    assert len(whole["features"]) == store.incident_count()


def test_points_have_coordinates_of_their_own(client: TestClient) -> None:
    text = client.get(f"/ogc/collections/incidents/items?f=csv&crs={GRID}&limit=5").text
    assert text.splitlines()[0].endswith(",easting,northing")
    text = client.get("/ogc/collections/incidents/items?f=csv&limit=5").text
    assert text.splitlines()[0].endswith(",longitude,latitude")


def test_only_the_properties_asked_for_are_sent(client: TestClient) -> None:
    page = client.get(f"{HOTSPOTS}&properties=n,class&skipGeometry=true&limit=3").json()
    assert len(page["features"]) == 3
    for feature in page["features"]:
        assert list(feature["properties"]) == ["n", "class"]
        assert feature["geometry"] is None


def test_a_sorted_answer_is_paged_without_overlap(client: TestClient) -> None:
    address = f"{HOTSPOTS}&sortby=class,-n&limit=100"
    keys: list[tuple[str, int, str]] = []
    while address:
        page = client.get(address).json()
        keys += [
            (f["properties"]["class"], -f["properties"]["n"], f["id"]) for f in page["features"]
        ]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len({key[2] for key in keys}) == len(keys) == page["numberMatched"]
    assert [key[:2] for key in keys] == sorted(key[:2] for key in keys)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("application/geo+json", "application/geo+json"),
        ("application/json", "application/geo+json"),
        ("*/*", "application/geo+json"),
        ("text/csv;q=0.9, text/html;q=0.5", "text/csv; charset=utf-8"),
        ("image/png", "application/geo+json"),
        ("text/html;q=nonsense, text/csv;q=0.1", "text/csv; charset=utf-8"),
    ],
)
def test_the_caller_gets_what_it_likes_best(client: TestClient, accept: str, expected: str) -> None:
    response = client.get(f"{WARDS}limit=1", headers={"accept": accept})
    assert response.headers["content-type"] == expected
    assert "accept" in response.headers["vary"].lower()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            "f=dxf",
            "choose one of: json, html, geojson, csv, gpkg, fgb, parquet, shp",
        ),
        ("crs=EPSG:3857", "crs: unknown reference system 'EPSG:3857'"),
        ("bbox-crs=EPSG:3857&bbox=1,2,3,4", "bbox-crs: unknown reference system 'EPSG:3857'"),
        (
            "bbox=436000,336000,435000,337000&bbox-crs=EPSG:27700",
            "its south-west corner first",
        ),
        ("sortby=colour", "sortby: unknown property 'colour'"),
        ("sortby=residents,-residents", "name each property once"),
        ("properties=colour", "properties: unknown property 'colour'"),
        ("residents=many", "residents: 'many' is not a valid integer"),
        ("resultType=some", "resultType: unknown value 'some'; choose results or hits"),
        ("filter=residents=1&filter-lang=sql", "filter-lang: unknown language 'sql'"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(
    client: TestClient, query: str, message: str
) -> None:
    response = client.get(WARDS + query)
    assert response.status_code == 400
    assert message in response.json()["detail"]
