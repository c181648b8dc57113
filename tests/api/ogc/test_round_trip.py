"""What Patchmap writes it reads again: the same areas, codes, names, systems and counts."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from xml.etree import ElementTree as Xml

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.commands.context import read_vector
from api.ogc.short_names import LONGEST, short_names
from boundaries.layers.read import read_layer
from geo.crs import Projection
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards

GRID = "urn:ogc:def:crs:EPSG::27700"
CODES = {"wards": "area_code", "hotspots": "cell_id", "ranked-hotspots": "hotspot_id"}
FORMS = {
    "geojson": "geojson",
    "csv": "csv",
    "gpkg": "gpkg",
    "shp": "zip",
    "fgb": "fgb",
    "parquet": "parquet",
}


@pytest.fixture(autouse=True)
def of_two_districts(store: GeoPackageStore) -> None:
    """The wards have a field of ONS codes beside their own, as published layers do."""
    with store.transaction():
        wards = two_wards().assign(
            LAD22CD="E06000015", Ward_Name_Cymraeg="Tŷ Ddewi", history=["short", "ŷ" * 200]
        )
        store.put_layer(LayerMetadata("wards", title="Wards of the town"), wards)


def saved(client: TestClient, address: str, path: Path) -> Path:
    response = client.get(f"/ogc/collections/{address}")
    assert response.status_code == 200, response.text
    path.write_bytes(response.content)
    return path


@pytest.mark.parametrize("collection", CODES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("crs", ["OGC:CRS84", "EPSG:4326", "EPSG:27700"])
def test_a_file_is_read_again(
    client: TestClient, tmp_path: Path, collection: str, form: str, crs: str
) -> None:
    address = f"{collection}/items?f={form}&crs={crs}"
    path = saved(client, address, tmp_path / f"{collection}.{FORMS[form]}")
    metadata = LayerMetadata("back", file=path.name)
    back = read_layer(read_vector(path), metadata, projection=Projection.choose()).areas
    page = client.get(f"/ogc/collections/{collection}/items?limit=10000&crs=EPSG:27700").json()
    served = gpd.GeoDataFrame.from_features(page["features"]).set_index(CODES[collection])
    assert back.index.to_list() == sorted(map(str, served.index))
    there = served.geometry.loc[back.index]
    # Six decimals of a degree are a decimetre.
    distances = shapely.hausdorff_distance(back.geometry.to_numpy(), there.to_numpy())
    assert distances.max() < (0.02 if crs == "EPSG:27700" else 0.2)
    if collection == "wards":
        assert back["area_name"].to_list() == served["area_name"].to_list()
        assert back["residents"].to_list() == [1000, 2000]


def test_geojson_says_of_which_system_it_is(client: TestClient) -> None:
    member = {"type": "name", "properties": {"name": GRID}}
    for address in ("items?f=geojson&", "items?", "items/A?"):
        grid = client.get(f"/ogc/collections/wards/{address}crs=EPSG:27700").json()
        assert grid["crs"] == member
        assert "crs" not in client.get(f"/ogc/collections/wards/{address}").json()


def test_a_file_has_longitude_first_and_a_page_the_order_of_its_system(client: TestClient) -> None:
    def first(address: str) -> tuple[float, float]:
        page = client.get(f"/ogc/collections/wards/items?crs=EPSG:4326{address}").json()
        bounds = shapely.geometry.shape(page["features"][0]["geometry"]).bounds
        return round(bounds[0]), round(bounds[1])

    assert first("&f=geojson") == (-1, 53)
    assert first("") == (53, -1)
    assert first("&f=geojson") == (-1, 53), "the two are not mixed up where they are cached"


def test_a_csv_has_the_geometry_that_is_asked_for(client: TestClient) -> None:
    def table(query: str) -> pd.DataFrame:
        content = client.get(f"/ogc/collections/{query}").content
        return pd.read_csv(io.BytesIO(content), encoding="utf-8")

    none = table("wards/items?f=csv&geometry=none")
    assert not {"wkt", "longitude", "easting"} & set(none.columns)
    inside = table("wards/items?f=csv&geometry=xy&crs=EPSG:27700")
    points = shapely.points(inside["easting"], inside["northing"])
    assert shapely.within(points, two_wards().geometry.to_numpy()).all()
    texts = table("incidents/items?f=csv&geometry=wkt&crs=EPSG:27700&limit=3")
    assert shapely.from_wkt(texts["wkt_epsg_27700"])[0].geom_type == "Point"
    refused = client.get("/ogc/collections/wards/items?f=gpkg&geometry=none")
    assert "geometry: only CSV takes it" in refused.json()["detail"]


def test_a_csv_begins_with_a_byte_order_mark_if_asked(client: TestClient) -> None:
    address = "/ogc/collections/wards/items?f=csv&geometry=none"
    plain, marked = client.get(address).content, client.get(f"{address}&bom=true").content
    assert marked == b"\xef\xbb\xbf" + plain
    assert "Tŷ Ddewi".encode() in plain


def test_a_shapefile_tells_what_its_short_names_stand_for(
    client: TestClient, tmp_path: Path
) -> None:
    path = saved(client, "incidents/items?f=shp", tmp_path / "incidents.zip")
    with zipfile.ZipFile(path) as archive:
        names = {Path(name).suffix for name in archive.namelist()}
        fields = archive.read("incidents-fields.csv").decode().splitlines()
    assert {".shp", ".shx", ".dbf", ".prj", ".cpg", ".csv"} <= names
    listed = {row["property"]: row["field"] for row in csv.DictReader(fields)}
    read = pyogrio.read_dataframe(f"/vsizip/{path}/incidents.shp")
    assert len(read) == 320
    assert list(listed.values()) == [name for name in read.columns if name != "geometry"]
    served = client.get("/ogc/collections/incidents/items?limit=1").json()["features"][0]
    row = read.set_index(listed["incident_id"]).loc[served["id"]]
    assert row[listed["occurred_from"]] == served["properties"]["occurred_from"]


def test_a_shapefile_counts_the_texts_that_it_cuts(client: TestClient, tmp_path: Path) -> None:
    path = saved(client, "wards/items?f=shp", tmp_path / "wards.zip")
    with zipfile.ZipFile(path) as archive:
        fields = archive.read("wards-fields.csv").decode().splitlines()
    cut = {row["property"]: int(row["texts_cut"]) for row in csv.DictReader(fields)}
    assert {name: n for name, n in cut.items() if n} == {"history": 1}


def test_short_names_are_clear_and_unique() -> None:
    schema_names = ["occurred_from", "occurred_to", "area_code", "posts_if_one_more"]
    short = short_names([*schema_names, "posts_if_one_fewer", "Occ_From", "n", "Ŵyth_adran"])
    assert short["area_code"] == "area_code"
    assert short["occurred_to"] == "occ_to"
    assert all(len(name) <= LONGEST and name.isascii() for name in short.values())
    assert len({name.lower() for name in short.values()}) == len(short)


@pytest.mark.parametrize(
    ("collection", "kind", "attribute", "symbol"),
    [
        ("wards", "singleSymbol", "", "fill"),
        ("hotspots", "categorizedSymbol", "class", "fill"),
        ("density", "graduatedSymbol", "density", "fill"),
        ("ranked-hotspots", "graduatedSymbol", "n", "fill"),
        ("changes", "graduatedSymbol", "n", "fill"),
        ("expected", "categorizedSymbol", "band", "fill"),
        ("unusual", "categorizedSymbol", "verdict", "fill"),
        ("unusual-places", "categorizedSymbol", "verdict", "fill"),
        ("emerging-hotspots", "categorizedSymbol", "pattern", "fill"),
        ("posts", "graduatedSymbol", "posts", "fill"),
        ("patches", "categorizedSymbol", "patch", "fill"),
        ("patrols", "categorizedSymbol", "officer", "marker"),
        ("incidents", "categorizedSymbol", "category", "marker"),
    ],
)
def test_every_collection_opens_with_a_style(
    client: TestClient, tmp_path: Path, collection: str, kind: str, attribute: str, symbol: str
) -> None:
    path = saved(client, f"{collection}/items?f=gpkg", tmp_path / f"{collection}.gpkg")
    styles = pyogrio.read_dataframe(path, layer="layer_styles")
    (qml,) = styles["styleQML"]
    renderer = Xml.fromstring(qml).find("renderer-v2")
    assert renderer is not None
    # Empty cells beside a hotspot have a flag instead of a class.
    flagged = f'CASE WHEN "beside" THEN \'beside\' ELSE "{attribute}" END'
    by = flagged if collection == "hotspots" else attribute
    assert (renderer.get("type"), renderer.get("attr")) == (kind, by)
    symbols = list(renderer.iter("symbol"))
    assert {one.get("type") for one in symbols} == {symbol}
    if kind == "categorizedSymbol":
        values = {one.get("value") for one in renderer.iter("category")}
        served = pyogrio.read_dataframe(path, layer=collection)[attribute].dropna()
        assert set(served.astype(str)) <= values


def test_a_members_file_is_still_json(client: TestClient) -> None:
    whole = json.loads(client.get("/ogc/collections/hotspots/items?f=geojson").content)
    assert whole["type"] == "FeatureCollection"
    assert whole["accounts"]["counted"] > 0
