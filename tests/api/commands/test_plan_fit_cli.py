"""`patchmap plan fit` and `keep`: how far a plan fits another layer, on the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import geopandas as gpd
import pytest

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import move, planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import grid

TARGET = ("--target", "new-wards")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    planned(tmp_path)
    columns = grid(6, 4)
    wards = columns.dissolve(["X" if code < "e" else "Y" for code in columns.index])
    wards = wards.rename_axis("area_code").assign(area_name=["Ex", "Why"])[
        ["area_name", "geometry"]
    ]
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    with store.transaction():
        store.put_layer(LayerMetadata("new-wards"), wards)
    store.close()
    return tmp_path


def test_a_plan_is_fitted_and_its_changes_are_written(folder: Path) -> None:
    text = run(folder, "plan", "fit", "north", *TARGET)
    assert "whole in one area of new-wards: 1 → 1 of 2 areas (as the plan began → now)" in text
    assert "of the blocks, where most of their area lies: 83.3 % → 83.3 %" in text
    assert "4 blocks in between, 4 not decided on yet:" in text
    assert "no block has moved since the plan began" in text
    run(folder, "plan", "keep", "north", "d1", "--by", "Ann", "--reason", "the school")
    move(folder, "d3", "d4", "--to", "W")
    facts = run_json(
        folder, "plan", "fit", "north", *TARGET, "-o", "between.gpkg", "--changes", "changes.csv"
    )
    assert {row["block_code"]: row["decided"] for row in facts["between"]} == {"d1": 1, "d2": 0}
    assert set(gpd.read_file(folder / "between.gpkg")["block_code"]) == {"d1", "d2"}
    with (folder / "changes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["block_code"], row["from_name"], row["to_name"]) for row in rows] == [
        ("d3", "East", "West"),
        ("d4", "East", "West"),
    ]
    text = run(folder, "plan", "fit", "north", *TARGET)
    assert "2 blocks with 4,030 residents have moved since the plan began:" in text
    assert "83.3 % → 91.7 %" in text
    assert "kept 1 block in East" in run(folder, "plan", "show", "north", "--history")


def test_a_layer_that_does_not_exist_is_refused(folder: Path) -> None:
    assert "moon" in refused(folder, "plan", "fit", "north", "--target", "moon")
