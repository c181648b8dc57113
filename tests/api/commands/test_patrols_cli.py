"""`patchmap patrols`, and what was delivered of them."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards
from tests.services import Done, run_patchmap

PLAN = """shift,hotspot_id,after_minutes,minutes,x,y
day,p150:1:1,0,15,435000,336000
day,p150:1:1,60,15,435000,336000
day,p150:2:2,20,15,437000,336000
"""
VISITS = """officer,hotspot_id,arrived,left
Ann,p150:1:1,2024-05-01T14:00,2024-05-01T14:12
Bo,p150:1:1,2024-05-01T14:05,2024-05-01T14:20
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plan.csv").write_text(PLAN)
    (tmp_path / "visits.csv").write_text(VISITS)
    return tmp_path


def delivered(folder: Path, *more: str, file: str = "visits.csv"):
    command = ["patrols", "delivered", file, "--plan", "plan.csv", "-o", "out.csv", *more]
    return run_patchmap(*command, cwd=folder)


def test_patrol_minutes_are_told_apart_from_officer_minutes(folder: Path) -> None:
    done = delivered(folder)
    assert "20 of 45 planned patrol-minutes were delivered (44%)" in done.stdout
    assert "27 officer-minutes" in done.stdout
    table = pd.read_csv(folder / "out.csv").set_index("hotspot_id")
    assert table["patrol_minutes"].to_dict() == {"p150:1:1": 20, "p150:2:2": 0}


def test_positions_become_visits(folder: Path) -> None:
    fixes = [f"Ann,2024-05-01T14:{minute:02},435010,336010" for minute in range(0, 15, 2)]
    (folder / "gps.csv").write_text("officer,time,x,y\n" + "\n".join(fixes) + "\n")
    assert "14 of 45 planned" in delivered(folder, file="gps.csv").stdout


def test_a_return_has_the_columns_that_are_asked_for(folder: Path) -> None:
    delivered(folder, "--columns", "hotspot_id=Hotspot,visits,patrol_minutes=Minutes")
    assert pd.read_csv(folder / "out.csv").columns.to_list() == ["Hotspot", "visits", "Minutes"]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("visits.csv", VISITS.replace("14:12", "noon"), "left '2024-05-01Tnoon' is not a time"),
        ("visits.csv", VISITS.replace("14:12", "13:00"), "ends before it begins"),
        ("plan.csv", PLAN.replace(",15,4", ",x,4"), "minutes is not a number"),
        ("plan.csv", "a,b\n1,2\n", "lacks the column shift"),
        ("visits.csv", "officer,time,x,y\nAnn,2024-05-01T14:00,,\n", "missing or invalid position"),
    ],
)
def test_a_faulty_file_is_one_clear_line(folder: Path, file: str, text: str, message: str) -> None:
    (folder / file).write_text(text)
    done = delivered(folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr


def test_an_unknown_column_of_a_return_is_named(folder: Path) -> None:
    assert (
        "unknown column 'hours'; choose from hotspot_id"
        in delivered(folder, "--columns", "hours").stderr
    )


def test_travel_times_are_read_from_a_file_and_a_broken_one_is_named(
    store: GeoPackageStore, tmp_path: Path
) -> None:
    (tmp_path / "travel.csv").write_text("from,to,minutes\na,b,5\na,b,soon\n")
    plan = ["--store", str(store.path), "patrols", "--travel", "travel.csv", "-o", "out.csv"]
    assert "travel.csv, line 3: minutes is not a number" in run_patchmap(*plan, cwd=tmp_path).stderr
    (tmp_path / "travel.csv").write_text("from,to,minutes\na,b,5\n")
    done = run_patchmap(*plan, cwd=tmp_path)
    assert "the travel table has no minutes of at least 0 from" in done.stderr


def test_rounds_go_along_streets_that_the_user_gives(
    tmp_path: Path, store: GeoPackageStore
) -> None:
    plan = [
        "--store",
        str(store.path),
        "patrols",
        "-o",
        "out.geojson",
        "--travel",
        "streets.geojson",
    ]
    streets, areas = tmp_path / "streets.geojson", two_wards().to_crs("EPSG:4326")
    streets.write_text(areas.boundary.to_json())
    output = run_patchmap(*plan, cwd=tmp_path).stdout
    assert "travel: along streets" in output
    assert "note: Travel along streets is both ways" in output
    # As in OS Open Roads, nodes lie beside the lines.
    roads = gpd.GeoDataFrame(geometry=areas.boundary.to_list(), crs=areas.crs)
    roads.to_file(tmp_path / "roads.gpkg", layer="road_link")
    roads.representative_point().to_file(tmp_path / "roads.gpkg", layer="road_node")
    packed = [*plan[:-1], "roads.gpkg"]
    assert "name one of them: road_link, road_node" in run_patchmap(*packed, cwd=tmp_path).stderr
    done = run_patchmap(*packed, "--travel-layer", "road_link", cwd=tmp_path)
    assert done.stdout == output
    streets.write_text(areas.to_json())
    assert "feature 1 must be a line; it is Polygon" in run_patchmap(*plan, cwd=tmp_path).stderr


def from_bases(folder: Path, store: GeoPackageStore, bases: str, *more: str) -> Done:
    command = ["patrols", "--layer", "wards", "--bases", bases, "-o", "out.csv", *more]
    return run_patchmap("--store", str(store.path), *command, cwd=folder)


def test_bases_of_a_list_are_compared_and_rounds_start_at_the_best(
    tmp_path: Path, store: GeoPackageStore
) -> None:
    (tmp_path / "centres.csv").write_text(
        "name,easting,northing\nFar,438900,337900\nNear,435450,336420\n"
    )
    done = from_bases(tmp_path, store, "centres.csv")
    assert "out.bases.csv: 2 rows" in done.stdout
    assert "base_name: Near" in done.stdout
    table = pd.read_csv(tmp_path / "out.bases.csv")
    assert table["base_name"].tolist() == ["Near", "Far"]
    assert table["rank"].tolist() == [1, 2]
    stops = pd.read_csv(tmp_path / "out.csv")
    first = stops[(stops["stop"] == 1) & (stops["round"] == 1)].iloc[0]
    away = np.hypot(first["x"] - 435_450, first["y"] - 336_420) * 1.3 / 1_000 * 60 / 25
    assert first["travel_minutes"] == pytest.approx(away, abs=0.01)


def test_the_areas_of_a_layer_and_points_of_a_file_are_bases_too(
    tmp_path: Path, store: GeoPackageStore
) -> None:
    assert from_bases(tmp_path, store, "wards").returncode == 0
    by_layer = pd.read_csv(tmp_path / "out.bases.csv")
    areas = two_wards()
    points = areas.set_geometry(areas.representative_point()).to_crs("EPSG:4326").reset_index()
    (tmp_path / "points.geojson").write_text(points.to_json())
    assert from_bases(tmp_path, store, "points.geojson").returncode == 0
    by_file = pd.read_csv(tmp_path / "out.bases.csv")
    assert by_file["base_code"].tolist() == by_layer["base_code"].tolist()
    assert by_file["minutes_mean"].tolist() == pytest.approx(by_layer["minutes_mean"], abs=0.01)


@pytest.mark.parametrize(
    ("bases", "more", "message"),
    [
        ("centres", (), "bases: there is no layer 'centres'"),
        ("wards", ("--base", "435100,336200"), "bases: use either base or bases, not both"),
        ("wards", ("--travel", "travel.csv"), "does not lead to candidate bases"),
        ("bad.csv", (), "bad.csv has no coordinates; give it the columns longitude and latitude"),
    ],
)
def test_bases_that_cannot_be_compared_are_refused(
    tmp_path: Path, store: GeoPackageStore, bases: str, more: tuple[str, ...], message: str
) -> None:
    (tmp_path / "travel.csv").write_text("from,to,minutes\na,b,5\n")
    (tmp_path / "bad.csv").write_text("name,postcode\nPera,LE13\n")
    done = from_bases(tmp_path, store, bases, *more)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert message in done.stderr
