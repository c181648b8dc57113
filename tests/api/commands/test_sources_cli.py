"""Spreadsheets, files of points and foreign layers, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run
from tests.api.conftest import two_wards

MAPPING = """
source = "council"
id = "Ref"
[when]
from = ["Date", "Time"]
format = "dd/mm/yyyy HH:MM"
[where]
easting = "easting"
northing = "northing"
[what]
category = "anti-social-behaviour"
"""
ROWS = [
    ("r1", "31/01/2024", "23:15", 435_100, 336_100),
    ("r2", "30/06/2024", "00:30", 437_500, 336_100),
    ("r3", "31/06/2024", "10:00", 435_100, 336_100),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mapping, a spreadsheet and a layer."""
    (tmp_path / "council.toml").write_text(MAPPING)
    frame = pd.DataFrame(ROWS, columns=["Ref", "Date", "Time", "easting", "northing"])
    frame.to_csv(tmp_path / "council.csv", index=False)
    two_wards().reset_index().to_file(tmp_path / "wards.gpkg", layer="wards")
    run(tmp_path, "layers", "add", "wards.gpkg", "--id", "wards")
    return tmp_path


@pytest.mark.parametrize("ending", ["shp", "gpkg"])
def test_a_layer_of_another_format_is_the_same_layer(tmp_path: Path, ending: str) -> None:
    frame = two_wards().reset_index()[["area_code", "area_name", "geometry"]]
    frame = frame.rename(columns={"area_code": "code", "area_name": "name"})
    frame.to_file(tmp_path / f"a.{ending}")
    run(tmp_path, "layers", "add", f"a.{ending}", "--id", "wards", "--code-field", "code")
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    areas = store.layer("wards")[1]
    store.close()
    assert areas["area_name"].to_dict() == two_wards()["area_name"].to_dict()
    assert areas.symmetric_difference(two_wards().geometry).area.max() < 1e-6


def test_a_spreadsheet_is_read_by_its_mapping(folder: Path) -> None:
    output = run(folder, "ingest", "council.csv", "--mapping", "council.toml")
    assert "3 read = 2 accepted + 1 rejected" in output
    rejects = (folder / "council.rejects.csv").read_text()
    assert "31/06/2024" in rejects
    output = run(folder, "count", "--from", "2024-06-30", "--to", "2024-06-30", "--hours", "0-1",
                "-o", "n.csv")  # fmt: skip
    assert pd.read_csv(folder / "n.csv")["n"].to_list() == [0, 1]


def test_what_a_mapping_says_of_its_source_stands_in_the_accounts(folder: Path) -> None:
    metadata = (
        '[metadata]\nattribution = "Derby City Council"\ncaveats = ["Dated when reported."]\n'
    )
    (folder / "council.toml").write_text(MAPPING + metadata)
    run(folder, "ingest", "council.csv", "--mapping", "council.toml")
    output = run(folder, "--json", "count", "--from", "2024-01", "--to", "2024-06", "-o", "n.csv")
    accounts = json.loads(output)
    assert accounts["caveats"] == ["Dated when reported."]
    assert accounts["attribution"] == ["Derby City Council"]


def test_the_same_file_again_leaves_the_data_version_alone(folder: Path) -> None:
    versions = []
    for _ in range(2):
        run(folder, "ingest", "council.csv", "--mapping", "council.toml")
        store = GeoPackageStore(folder / "patchmap.gpkg")
        versions.append(store.data_version())
        store.close()
    assert versions[0] == versions[1]


def test_a_row_that_changed_is_updated_and_can_be_taken_back(folder: Path) -> None:
    run(folder, "ingest", "council.csv", "--mapping", "council.toml")
    text = (folder / "council.csv").read_text().replace("437500", "435200")
    (folder / "council.csv").write_text(text.replace("31/06", "29/06"))
    assert "[updated]" in run(folder, "ingest", "council.csv", "--mapping", "council.toml")
    run(folder, "count", "--from", "2024-01", "--to", "2024-06", "-o", "n.csv")
    assert pd.read_csv(folder / "n.csv")["n"].to_list() == [3, 0]
    run(folder, "imports", "undo", "2")
    run(folder, "count", "--from", "2024-01", "--to", "2024-06", "-o", "n.csv")
    assert pd.read_csv(folder / "n.csv")["n"].to_list() == [1, 1]


def test_points_of_a_geojson_are_rows_of_a_spreadsheet(folder: Path) -> None:
    frame = pd.read_csv(folder / "council.csv").iloc[:2]
    points = gpd.points_from_xy(frame.pop("easting"), frame.pop("northing"), crs="EPSG:27700")
    collection = json.loads(gpd.GeoDataFrame(frame, geometry=points).to_json())
    (folder / "points.geojson").write_text(json.dumps(collection))
    output = run(folder, "ingest", "points.geojson", "--mapping", "council.toml")
    assert "2 read = 2 accepted + 0 rejected" in output


def test_a_suggested_mapping_can_be_used_as_it_is(folder: Path) -> None:
    many = pd.DataFrame(
        {
            "Ref": [f"c{number}" for number in range(40)],
            "Date": ["25/03/2024"] * 40,
            "Category": ["Noise", "Litter"] * 20,
            "Easting": range(435_000, 435_040),
            "Northing": range(336_000, 336_040),
        }
    )
    many.to_csv(folder / "many.csv", index=False)
    (folder / "many.toml").write_text(run(folder, "mapping", "suggest", "many.csv"))
    assert "40 accepted" in run(folder, "ingest", "many.csv", "--mapping", "many.toml")


def test_two_sources_of_one_month_are_never_summed_in_silence(folder: Path) -> None:
    run(folder, "ingest", "council.csv", "--mapping", "council.toml")
    (folder / "2024-01-testshire-street.csv").write_text(
        "Month,Easting,Northing,Location,Crime type\n2024-01,435100,336100,Mill Lane,Drugs\n"
    )
    run(folder, "ingest", "2024-01-testshire-street.csv")
    both = run(folder, "count", "--from", "2024-01", "--to", "2024-01", "-o", "n.csv")
    assert "Two sources cover the same months (council, police.uk)" in both
    one = run(folder, "count", "--from", "2024-01", "--to", "2024-01", "--source", "council",
               "-o", "n.csv")  # fmt: skip
    assert "Two sources" not in one
