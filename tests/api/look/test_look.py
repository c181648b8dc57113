"""`patchmap look`: what each kind of file is said to be, and the command that takes it."""

from __future__ import annotations

import json
import shlex
import sqlite3
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from geo.measures.fingertips import COLUMNS as FINGERTIPS
from tests.api.commands.running import run, run_json
from tests.command_lines import check_command_line
from tests.services import run_patchmap

STREET = "Crime ID,Month,Falls within,Longitude,Latitude,Location,Crime type\n"
CASES = "Ref,When,Easting,Northing,Type\n"
MAPPING = """source = "council"
id = "Ref"
[when]
from = "When"
format = "dd/mm/yyyy HH:MM"
[where]
easting = "Easting"
northing = "Northing"
[what]
column = "Type"
"""
SQUARES = {"E05000001": -1.5, "E05000002": -1.48, "E05000003": -1.46}


def street(month: str, *places: str) -> str:
    rows = [f",{month},Testshire Police,{place},On Mill Lane,Drugs\n" for place in places]
    return STREET + "".join(rows)


def cases(*rows: str) -> str:
    return CASES + "".join(f"{number},{row}\n" for number, row in enumerate(rows, start=1))


def areas() -> gpd.GeoDataFrame:
    boxes = [shapely.box(west, 52.9, west + 0.01, 52.91) for west in SQUARES.values()]
    frame = {"WD25CD": list(SQUARES), "WD25NM": ["Abbey", "Mill", "Park"]}
    return gpd.GeoDataFrame(frame, geometry=boxes, crs="EPSG:4326")


def runs(facts: dict[str, Any], folder: Path) -> list[str]:
    """Run the commands that were printed; each must be done."""
    outputs = []
    for line in facts["commands"]:
        words, _, target = line.partition(" > ")
        done = run_patchmap(*shlex.split(words)[1:], cwd=folder)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        if target:
            (folder / target).write_text(done.stdout)
        outputs.append(done.stdout)
    return outputs


def test_the_text_of_a_table_is_as_it_should_be(tmp_path: Path) -> None:
    rows = ("13/03/2024 21:15,434100,336500,Noise", "28/05/2024 09:00,436100,336500,Litter")
    bad = ("soon,434100,336500,Noise", "14/03/2024 10:00,-1.5,52.9,Noise")
    (tmp_path / "cases.csv").write_text(cases(*rows, *bad))
    (tmp_path / "council.toml").write_text(MAPPING)
    assert run(tmp_path, "look", "cases.csv") == (
        """cases.csv: CSV table, 172 bytes
Incidents, by the mapping council.toml
4 rows

Fields
  Ref       whole number  1 | 2 | 3
  When      text          13/03/2024 21:15 | 28/05/2024 09:00 | soon
  Easting   number        434100 | 436100 | -1.5
  Northing  number        336500 | 52.9
  Type      text          Noise | Litter

Where
  EPSG:27700; longitude -1.4942 to -1.4645, latitude 52.9247 to 52.9248
  2.0 km from west to east, 0.0 km from south to north
  +------------------------+
  |                        |
  |                        |
  |                        |
  |.                      .|
  |                        |
  |                        |
  +------------------------+
  One character is 0.08 by 0.17 km; incidents in it:
  . 1

When
  2024-03-13 to 2024-05-28
  No row in 1 month between: 2024-04

Most frequent categories
  1  Noise
  1  Litter

If it is imported
  4 checked = 2 accepted + 2 rejected
    1: not a date as dd/mm/yyyy HH:MM
    1: not metres: these look like degrees

Command
  patchmap ingest cases.csv --mapping council.toml
"""
    )


def test_what_would_be_rejected_is_what_an_import_rejects(tmp_path: Path) -> None:
    rows = ("13/03/2024 21:15,434100,336500,Noise", "x,434100,336500,Noise", "14/03/2024 09:00,,,A")
    (tmp_path / "cases.csv").write_text(cases(*rows))
    (tmp_path / "council.toml").write_text(MAPPING)
    check = run_json(tmp_path, "look", "cases.csv")["check"]
    imported = run_json(tmp_path, "ingest", "cases.csv", "--mapping", "council.toml")[0]
    assert {name: check[name] for name in ("read", "accepted", "rejected")} == {
        name: imported[name] for name in ("read", "accepted", "rejected")
    }


def test_a_table_without_a_mapping_gets_the_commands_that_make_one(tmp_path: Path) -> None:
    (tmp_path / "my cases.csv").write_text(cases("13/03/2024 21:15,434100,336500,Noise"))
    facts = run_json(tmp_path, "look", "my cases.csv")
    assert facts["commands"] == [
        "patchmap mapping suggest 'my cases.csv' > 'my cases.toml'",
        "patchmap ingest 'my cases.csv' --mapping 'my cases.toml'",
    ]
    facts["commands"] = [line.replace("'my cases.toml'", "m.toml") for line in facts["commands"]]
    assert "1 read = 1 accepted + 0 rejected" in runs(facts, tmp_path)[1]


def test_a_mapping_that_its_reader_must_complete_is_not_taken_for_a_check(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(cases("03/04/2024 21:15,434100,336500,Noise"))
    facts = run_json(tmp_path, "look", "cases.csv")
    assert facts["check"]["read"] == 0
    assert "not checked" in facts["check"]["problem"]
    assert "when.format is missing" in facts["check"]["problem"]
    [when] = [field for field in facts["fields"] if field["name"] == "When"]
    assert when["kind"] == "date (dd/mm/yyyy HH:MM or mm/dd/yyyy HH:MM)"


def test_all_midnight_and_dates_far_apart_are_noted(tmp_path: Path) -> None:
    (tmp_path / "council.toml").write_text(MAPPING)
    row = "{} 00:00,434100,336500,Noise"
    (tmp_path / "midnight.csv").write_text(cases(row.format("13/03/2024")))
    (tmp_path / "far.csv").write_text(cases(*map(row.format, ("01/01/1971", "13/03/2024"))))
    assert "midnight" in run_json(tmp_path, "look", "midnight.csv")["dates"]["note"]
    days = cases(*[row.format("13/03/2024")] * 200)
    (tmp_path / "days.csv").write_text(days)
    facts = run_json(tmp_path, "look", "days.csv")
    assert facts["dates"]["note"] == "days without a time of day"
    assert any("read as days" in notice for notice in facts["notices"])
    far = run_json(tmp_path, "look", "far.csv")["dates"]
    assert (far["first"], far["missing"]) == ("1971-01-01", [])
    assert "looks wrong" in far["note"]


def test_of_a_long_table_only_the_beginning_is_claimed(tmp_path: Path) -> None:
    row = "13/03/2024 21:15,434100,336500,Noise"
    (tmp_path / "long.csv").write_text(cases(*[row] * 30_000, "x,1,1,Noise"))
    (tmp_path / "council.toml").write_text(MAPPING)
    text = run(tmp_path, "look", "long.csv")
    assert "Of about 30,001 rows the first 20,000 were checked\n" in text
    assert "20,000 checked = 20,000 accepted + 0 rejected" in text
    facts = run_json(tmp_path, "look", "long.csv")
    assert (facts["rows"], facts["rows_exact"], facts["check"]["read"]) == (30_001, False, 20_000)


def test_ten_categories_are_listed(tmp_path: Path) -> None:
    rows = [f"13/03/2024 21:15,434100,336500,Kind {n}" for n in range(12) for _ in range(n + 1)]
    (tmp_path / "cases.csv").write_text(cases(*rows))
    categories = run_json(tmp_path, "look", "cases.csv")["categories"]
    assert list(categories.items())[:2] == [("kind-11", 12), ("kind-10", 11)]
    assert len(categories) == 10


def test_a_workbook_is_read_by_its_sheet(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.title = "Cover"
    sheet = workbook.create_sheet("Cases")
    for line in cases("13/03/2024 21:15,434100,336500,Noise").splitlines():
        sheet.append(line.split(","))
    workbook.save(tmp_path / "cases.xlsx")
    facts = run_json(tmp_path, "look", "cases.xlsx")
    assert (facts["kind"], facts["rows"]) == ("XLSX workbook", 1)
    assert "sheet 'Cases' is read, not Cover" in facts["notices"][0]


def test_an_archive_lists_its_months_and_the_missing_ones(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "police.zip", "w") as archive:
        for month in ("2024-01", "2024-03"):
            name = f"{month}/{month}-testshire-street.csv"
            archive.writestr(name, street(month, "-1.5,52.9", "52.9,-1.5"))
    facts = run_json(tmp_path, "look", "police.zip")
    assert facts["title"] == "2 months of incidents of testshire"
    assert [part["rows"] for part in facts["parts"]] == [2, 2]
    assert facts["dates"]["missing"] == ["2024-02"]
    assert facts["check"]["rejected"] == {"longitude and latitude look swapped": 2}
    assert "4 read = 2 accepted + 2 rejected" in runs(facts, tmp_path)[0]


def test_a_folder_and_a_renamed_month_get_the_command_that_fits(tmp_path: Path) -> None:
    (tmp_path / "2024-01").mkdir()
    file = tmp_path / "2024-01" / "2024-01-testshire-street.csv"
    file.write_text(street("2024-01", "-1.5,52.9"))
    (tmp_path / "january.csv").write_text(street("2024-01", "-1.5,52.9"))
    assert run_json(tmp_path, "look", "2024-01")["commands"] == ["patchmap ingest 2024-01"]
    renamed = run_json(tmp_path, "look", "january.csv")
    assert renamed["commands"] == ["patchmap ingest january.csv --partition testshire:2024-01"]
    runs(renamed, tmp_path)


@pytest.mark.parametrize(
    ("file", "driver"),
    [
        ("wards.geojson", "GeoJSON"),
        ("wards.shp", "ESRI Shapefile"),
        ("wards.gpkg", "GPKG"),
        ("wards.kml", "KML"),
    ],
)
def test_areas_of_each_format_can_be_added_as_it_says(
    tmp_path: Path, file: str, driver: str
) -> None:
    areas().to_file(tmp_path / file, driver=driver)
    facts = run_json(tmp_path, "look", file)
    assert facts["rows"] == 3
    assert facts["commands"] == [f"patchmap layers add {file} --id wards-2025"]
    west, south, east, north = facts["place"]["bounds"]
    assert (west, south, east, north) == pytest.approx((-1.5, 52.9, -1.45, 52.91), abs=1e-4)
    assert sum(map(sum, facts["place"]["counts"])) == 3
    runs(facts, tmp_path)


def test_a_zipped_shapefile_and_a_topojson_can_be_added_as_it_says(tmp_path: Path) -> None:
    areas().to_file(tmp_path / "wards.shp")
    with zipfile.ZipFile(tmp_path / "wards.zip", "w") as archive:
        for part in tmp_path.glob("wards.???"):
            if part.suffix != ".zip":
                archive.write(part, part.name)
    ring = [[0, 0], [0, 100], [100, 100], [100, 0], [0, 0]]
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.0001, 0.0001], "translate": [-1.5, 52.9]},
        "arcs": [[ring[0], *([b[0] - a[0], b[1] - a[1]] for a, b in pairwise(ring))]],
        "objects": {
            "wards": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0]], "properties": {"WD25CD": "E05000001"}}
                ],
            }
        },
    }
    (tmp_path / "one.topojson").write_text(json.dumps(topology))
    zipped = run_json(tmp_path, "look", "wards.zip")
    assert (zipped["kind"], zipped["rows"]) == ("zipped ESRI Shapefile", 3)
    runs(zipped, tmp_path)
    runs(run_json(tmp_path, "look", "one.topojson"), tmp_path)


def test_a_file_of_several_layers_lists_them_and_names_one(tmp_path: Path) -> None:
    areas().to_file(tmp_path / "city.gpkg", layer="wards")
    areas()[:1].to_file(tmp_path / "city.gpkg", layer="town")
    facts = run_json(tmp_path, "look", "city.gpkg")
    assert [(part["name"], part["rows"]) for part in facts["parts"]] == [("town", 1), ("wards", 3)]
    assert facts["commands"] == ["patchmap layers add city.gpkg --id wards-2025 --layer wards"]
    other = run_json(tmp_path, "look", "city.gpkg", "--layer", "town")
    assert (other["part"], other["rows"]) == ("town", 1)


def test_areas_need_a_code_field_or_a_repair(tmp_path: Path) -> None:
    beats = areas().rename(columns={"WD25CD": "beat"})
    beats["beat"] = ["N1", "N2", "N3"]
    beats.to_file(tmp_path / "beats.geojson")
    facts = run_json(tmp_path, "look", "beats.geojson")
    assert facts["commands"] == ["patchmap layers add beats.geojson --id beats --code-field beat"]
    runs(facts, tmp_path)
    bow_tie = shapely.Polygon([(-1.5, 52.9), (-1.4, 53), (-1.4, 52.9), (-1.5, 53)])
    faulty = areas()
    faulty.geometry = [*faulty.geometry[:2], bow_tie]
    faulty.to_file(tmp_path / "faulty.geojson")
    broken = run_json(tmp_path, "look", "faulty.geojson")
    assert "invalid polygons" in broken["check"]["problem"]
    assert broken["commands"][0].endswith("--repair")
    runs(broken, tmp_path)


def test_swapped_coordinates_of_areas_are_named(tmp_path: Path) -> None:
    swapped = areas()
    swapped.geometry = shapely.transform(swapped.geometry.to_numpy(), lambda xy: xy[:, ::-1])
    swapped.to_file(tmp_path / "wards.geojson")
    facts = run_json(tmp_path, "look", "wards.geojson")
    assert "longitude and latitude look swapped" in facts["check"]["problem"]
    assert facts["check"]["accepted"] == 0
    assert facts["place"] is None


def test_points_are_checked_as_incidents(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame(
        {"ref": ["a", "b"], "when": ["2024-03-13 21:15", "never"], "kind": ["Noise", "Noise"]},
        geometry=gpd.points_from_xy([-1.5, -1.49], [52.9, 52.91]),
        crs="EPSG:4326",
    )
    points.iloc[[0, 0]].assign(ref=["a", "b"]).to_file(tmp_path / "points.geojson")
    facts = run_json(tmp_path, "look", "points.geojson")
    assert (facts["check"]["accepted"], facts["categories"]) == (2, {"noise": 2})
    assert "2 read = 2 accepted" in runs(facts, tmp_path)[1]


def test_points_without_dates_are_a_layer_of_places(tmp_path: Path) -> None:
    points = [("The Bell", [-1.47, 52.92]), ("The Crown", [-1.48, 52.93]), ("Nowhere", None)]
    features = [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": at and {"type": "Point", "coordinates": at},
        }
        for name, at in points
    ]
    path = tmp_path / "pubs.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    facts = run_json(tmp_path, "look", "pubs.geojson")
    assert facts["title"] == "points without dates, such as premises"
    assert facts["check"]["accepted"] == 2
    assert facts["check"]["rejected"] == {"it has no geometry": 1}
    assert facts["commands"] == ["patchmap layers add pubs.geojson --id pubs"]


def test_lines_are_streets(tmp_path: Path) -> None:
    line = shapely.LineString([(-1.5, 52.9), (-1.49, 52.9)])
    gpd.GeoDataFrame({"id": [1]}, geometry=[line], crs="EPSG:4326").to_file(tmp_path / "r.geojson")
    facts = run_json(tmp_path, "look", "r.geojson")
    assert facts["title"] == "lines, such as streets"
    for command in facts["commands"]:
        check_command_line(command)


def test_figures_by_area_name_their_key_and_repeated_areas(tmp_path: Path) -> None:
    codes = [*SQUARES, "E05000003"]
    pd.DataFrame({"WD25CD": codes, "electors": 1}).to_csv(tmp_path / "e.csv", index=False)
    facts = run_json(tmp_path, "look", "e.csv")
    assert facts["commands"] == ["patchmap attributes add e.csv --layer LAYER --key WD25CD"]
    assert facts["check"]["rejected"] == {"the area has a row already": 1}
    assert "refused as a whole" in facts["check"]["problem"]


def test_mappings_weights_plans_and_tiles_are_known(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MAPPING)
    weights = 'title = "Harm"\nsource = "Us"\n[weights]\nanti-social-behaviour = 1\ndrugs = 2\n'
    (tmp_path / "harm.toml").write_text(weights)
    (tmp_path / "plan.csv").write_text("block_code,area_code\nE00000001,A\n")
    with sqlite3.connect(tmp_path / "t.mbtiles") as tiles:
        tiles.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        tiles.execute("CREATE TABLE tiles (zoom_level, tile_column, tile_row, tile_data)")
        tiles.execute("INSERT INTO metadata VALUES ('attribution', '<b>OS</b>')")
        tiles.execute("INSERT INTO tiles VALUES (3, 1, 1, x'89504e47')")
    tiles.close()
    found = {name: run_json(tmp_path, "look", name) for name in ("m.toml", "harm.toml")}
    assert found["m.toml"]["commands"] == ["patchmap ingest FILE --mapping m.toml"]
    assert "2 categories" in found["harm.toml"]["title"]
    runs(found["harm.toml"], tmp_path)
    assert run_json(tmp_path, "look", "t.mbtiles")["title"] == (
        "picture tiles of zoom 3 to 3; credit: OS"
    )
    plan = run_json(tmp_path, "look", "plan.csv")
    assert plan["commands"] == ["patchmap plan import plan plan.csv --blocks LAYER"]


def test_geoparquet_is_for_the_cluster(tmp_path: Path) -> None:
    places = gpd.points_from_xy([-1.5, -1.49, 2000], [52.9, 52.91, 1])
    frame = gpd.GeoDataFrame(
        {"category": "noise", "month": ["2024-01", "2024-03", "2024-03"]},
        geometry=places,
        crs="EPSG:4326",
    )
    frame.to_parquet(tmp_path / "points.parquet")
    facts = run_json(tmp_path, "look", "points.parquet")
    assert (facts["rows"], facts["check"]["accepted"]) == (3, 2)
    assert facts["dates"]["missing"] == ["2024-02"]
    check_command_line(facts["commands"][0])


def test_a_store_is_looked_at_without_being_changed(tmp_path: Path) -> None:
    (tmp_path / "2024-01-testshire-street.csv").write_text(street("2024-01", "-1.5,52.9"))
    run(tmp_path, "ingest", "2024-01-testshire-street.csv")
    before = (tmp_path / "patchmap.gpkg").read_bytes()
    facts = run_json(tmp_path, "look", "patchmap.gpkg")
    assert {part["name"]: part["rows"] for part in facts["parts"]} == {
        "incidents": 1,
        "patchmap_tasks": 0,
    }
    assert (tmp_path / "patchmap.gpkg").read_bytes() == before


def test_looking_makes_no_store_and_its_commands_name_the_one_that_was_named(
    tmp_path: Path,
) -> None:
    areas().to_file(tmp_path / "wards.geojson")
    facts = run_json(tmp_path, "--store", "my store.gpkg", "look", "wards.geojson")
    assert facts["commands"] == [
        "patchmap --store 'my store.gpkg' layers add wards.geojson --id wards-2025"
    ]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["wards.geojson"]


def test_no_line_is_wider_than_a_terminal_or_acts_on_it(tmp_path: Path) -> None:
    name = "a column with a very long name " * 5
    (tmp_path / "wide.csv").write_text(f"{name},b\x1b[2J\n{'x' * 500},\x1b[2J\n")
    text = run(tmp_path, "look", "wide.csv")
    assert "\x1b" not in text
    lines = [line for line in text.splitlines() if not line.startswith("  patchmap ")]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("header", "row", "command"),
    [
        ("area_code,period,value", "E05001767,2023,5", "measures add t.csv --id t --layer LAYER"),
        ("measure,ward,year,value", "fit,Abbey,2023,5", "measures add t.csv --layer LAYER"),
        ("Ref,Date,Amount,Ward,Status", "1,2024-04-01,5,A,paid", "entries add t.csv --layer LAYER"),
        (
            "day,hours,ward,activity",
            "2024-04-01,5,A,patrol",
            "entries add t.csv --layer LAYER --kind time",
        ),
        (
            ",".join(FINGERTIPS),
            ",".join("x" for _ in FINGERTIPS),
            "measures add t.csv --fingertips --layer LAYER",
        ),
    ],
)
def test_values_of_measures_and_entries_get_their_command(
    tmp_path: Path, header: str, row: str, command: str
) -> None:
    (tmp_path / "t.csv").write_text(f"{header}\n{row}\n")
    assert run_json(tmp_path, "look", "t.csv")["commands"] == [f"patchmap {command}"]
