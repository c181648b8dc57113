"""The command line, run as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run
from tests.services import run_patchmap

QUESTION = ["--from", "2024-01", "--to", "2024-02", "--layer", "wards"]


@pytest.fixture
def folder(tmp_path: Path, store: GeoPackageStore) -> Path:
    """A folder whose default store is the town of two wards."""
    store.close()
    (tmp_path / "town.gpkg").rename(tmp_path / "patchmap.gpkg")
    return tmp_path


def test_count_writes_a_row_for_each_area_and_tells_the_accounts(folder: Path) -> None:
    output = run(folder, "count", *QUESTION, "-o", "counts.csv")
    counts = pd.read_csv(folder / "counts.csv")
    rates = ["rate_per_1000", "rate_shrunk", "rate_low", "rate_high"]
    assert list(counts.columns) == ["area_code", "area_name", "n", "share", *rates]
    assert counts["area_code"].to_list() == ["A", "B"]
    assert counts["share"].sum() == pytest.approx(1)
    assert "322 read = 2 rejected + 0 not asked + " in output


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet"])
def test_the_ending_chooses_the_format(folder: Path, ending: str) -> None:
    even = ("--cell", "250", "--baseline", "even")
    run(folder, "hotspots", *QUESTION, *even, "-o", f"cells.{ending}")
    file = folder / f"cells.{ending}"
    cells = gpd.read_parquet(file) if ending == "parquet" else gpd.read_file(file)
    output = json.loads(run(folder, "--json", "count", *QUESTION, "-o", "counts.csv"))
    assert cells["n"].sum() == output["counted"]
    assert (cells["class"] == "hot_99").any()
    assert cells.crs == ("OGC:CRS84" if ending == "geojson" else "EPSG:27700") or (
        ending == "geojson" and cells.crs.is_geographic
    )


def test_an_unknown_ending_is_refused(folder: Path) -> None:
    done = run_patchmap("count", *QUESTION, "-o", "counts.docx", cwd=folder)
    assert done.returncode == 1
    assert done.stderr == (
        "patchmap: counts.docx: the ending must be one of .geojson, .csv, .gpkg, .parquet, .xlsx\n"
    )


def test_an_unknown_option_is_usage(folder: Path) -> None:
    assert run_patchmap("count", "--colour", "red", cwd=folder).returncode == 2


def test_the_map_file_is_small_and_whole(folder: Path) -> None:
    run(folder, "map", *QUESTION, "-o", "map.html")
    page = (folder / "map.html").read_text(encoding="utf-8")
    assert "L.map(" in page
    assert len(page) < 2_000_000


def test_locate_keeps_every_row_and_says_what_has_no_place(folder: Path) -> None:
    (folder / "points.csv").write_text(
        "id,Easting,Northing\n1,435100,336100\n2,438000,336100\n3,500000,336100\n4,,\n5,437000,337000\n"
    )
    output = run(folder, "locate", "points.csv", "--areas", "wards", "-o", "out.csv")
    located = pd.read_csv(folder / "out.csv", keep_default_na=False)
    # The last point lies on the border that both wards share: the lowest code has it.
    assert located["area_code"].to_list() == ["A", "B", "", "", "A"]
    assert "5 rows = 3 in an area + 1 outside every area + 1 without a usable place" in output


def test_locate_names_all_areas_where_they_overlap(tmp_path: Path) -> None:
    rings = {"town": (-1.5, -1.4, 52.9, 53.0), "estate": (-1.46, -1.44, 52.94, 52.96)}
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": code.title()},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[w, s], [e, s], [e, n], [w, n], [w, s]]],
            },
        }
        for code, (w, e, s, n) in rings.items()
    ]
    (tmp_path / "areas.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features})
    )
    (tmp_path / "points.csv").write_text("lon,lat\n-1.45,52.95\n-1.41,52.95\n-1.3,52.95\n")
    options = ("points.csv", "--areas", "areas.geojson", "-o", "out.csv")
    output = run(tmp_path, "locate", *options)
    assert (tmp_path / "out.csv").read_text() == (
        'lon,lat,area_code,area_name\n-1.45,52.95,"estate;town","Estate;Town"\n'
        "-1.41,52.95,town,Town\n-1.3,52.95,,\n"
    )
    assert output.splitlines() == [
        "3 rows = 2 in an area + 1 outside every area + 0 without a usable place",
        (
            "areas overlap (estate and town): 1 row is in two or more, with all their codes "
            "joined by ;"
        ),
    ]


def test_locate_needs_no_store(tmp_path: Path) -> None:
    ring = [[-1.5, 52.9], [-1.4, 52.9], [-1.4, 53.0], [-1.5, 53.0], [-1.5, 52.9]]
    feature = {
        "type": "Feature",
        "properties": {"OA11CD": "E1"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    areas = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "areas.geojson").write_text(json.dumps(areas))
    (tmp_path / "points.csv").write_text("lon,lat\n-1.45,52.95\n-1.35,52.95\n")
    run(tmp_path, "locate", "points.csv", "--areas", "areas.geojson", "-o", "out.csv")
    assert (tmp_path / "out.csv").read_text() == (
        "lon,lat,area_code,area_name\n-1.45,52.95,E1,E1\n-1.35,52.95,,\n"
    )
    assert not (tmp_path / "patchmap.gpkg").exists()


def test_attributes_are_joined_and_renamed(folder: Path) -> None:
    (folder / "electors.csv").write_text("ward,total\nA,100\nB,250\nC,9\n")
    output = run(
        folder, "attributes", "add", "electors.csv",
        "--layer", "wards", "--key", "ward", "--rename", "total=electors",
    )  # fmt: skip
    assert "electors for 2 of 2 areas" in output
    assert "1 rows match no area of this layer: C" in output
    store = GeoPackageStore(folder / "patchmap.gpkg")
    assert store.layer("wards")[1]["electors"].to_list() == [100, 250]
    store.close()


def test_rejected_rows_go_to_a_file_that_names_line_and_reason(folder: Path) -> None:
    header = "Crime ID,Month,Longitude,Latitude,Location,Crime type\n"
    rows = ["a,2024-03,-1.45,52.95,Mill Lane,Drugs\n", "b,2024-03,,,=No Location(),Drugs\n"]
    (folder / "2024-03-testshire-street.csv").write_text(header + "".join(rows))
    output = run(folder, "ingest", "2024-03-testshire-street.csv", "--rejects", "rejects.csv")
    assert "2 read = 1 accepted + 1 rejected (1 no location) [added]" in output
    rejects = pd.read_csv(folder / "rejects.csv", keep_default_na=False)
    assert rejects.loc[0, ["file", "line", "reason", "Crime ID"]].to_list() == [
        "2024-03-testshire-street.csv", 3, "no location", "b",
    ]  # fmt: skip
    assert rejects.loc[0, "Location"] == "'=No Location()"


def test_serve_refuses_to_listen_beyond_this_machine(folder: Path) -> None:
    done = run_patchmap("serve", "--host", "0.0.0.0", cwd=folder)
    assert done.returncode == 1
    assert "everybody has all rights" in done.stderr


def test_the_demo_refuses_a_store_that_holds_other_data(folder: Path) -> None:
    before = (folder / "patchmap.gpkg").read_bytes()
    done = run_patchmap("demo", cwd=folder)
    assert done.returncode == 1
    assert "holds other data" in done.stderr
    assert (folder / "patchmap.gpkg").read_bytes() == before


def test_no_output_may_take_the_place_of_the_store_or_of_an_input(folder: Path) -> None:
    before = (folder / "patchmap.gpkg").read_bytes()
    (folder / "points.csv").write_text("lon,lat\n-1.45,52.95\n")
    for arguments in (
        ["count", *QUESTION, "-o", "patchmap.gpkg"],
        ["map", *QUESTION, "-o", "./patchmap.gpkg"],
        ["locate", "points.csv", "--areas", "wards", "-o", "points.csv"],
    ):
        done = run_patchmap(*arguments, cwd=folder)
        assert done.returncode == 1
        assert "is being read; write to another file" in done.stderr
    run(folder, "backup", "saved.gpkg")
    done = run_patchmap("hotspots", *QUESTION, "-o", "saved.gpkg", cwd=folder)
    assert "saved.gpkg is a Patchmap store" in done.stderr
    assert (folder / "patchmap.gpkg").read_bytes() == before


def test_numbers_with_thousands_marks_are_numbers_and_words_are_refused(folder: Path) -> None:
    (folder / "r.csv").write_text('ward,residents\nA,"5,432"\nB,"12,000"\n')
    run(folder, "attributes", "add", "r.csv", "--layer", "wards", "--key", "ward")
    run(folder, "count", *QUESTION, "-o", "counts.csv")
    counts = pd.read_csv(folder / "counts.csv")
    assert counts["rate_per_1000"].to_numpy() == pytest.approx(
        counts["n"].to_numpy() / [5432, 12000] * 1000
    )
    (folder / "r.csv").write_text("ward,residents\nA,many\nB,2\n")
    done = run_patchmap(
        "attributes", "add", "r.csv", "--layer", "wards", "--key", "ward", cwd=folder
    )
    assert "r.csv, line 2: residents 'many' is not a number" in done.stderr
