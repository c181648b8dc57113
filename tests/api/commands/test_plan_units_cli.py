"""`patchmap plan move --unit`, `straddling` and `parish-wards` on the command line."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import layer

MOVE = ("plan", "move", "north", "--by", "Bob")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    planned(tmp_path)
    shapes = [shapely.box(0, 0, 240, 400), shapely.box(240, 0, 500, 200)]
    parishes = layer(*shapes, codes="PQ").assign(area_name=["Ash", "Birch"])
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    with store.transaction():
        store.put_layer(LayerMetadata("parishes"), parishes)
    store.close()
    return tmp_path


def test_all_blocks_of_a_unit_move_in_one_signed_step(folder: Path) -> None:
    said = run(folder, *MOVE, "--to", "E", "--unit", "parishes:Q", "--reason", "one parish")
    # c1 and c2: the others of this parish are there already.
    assert "version 2: moved 2 blocks from West to East" in said
    said = run(folder, *MOVE, "c3", "--to", "E", "--unit", "parishes:P", "--force")
    assert "moved 10 blocks from West to East" in said
    history = run(folder, "plan", "show", "north", "--history")
    assert "one parish" in history


def test_units_that_are_none_are_refused(folder: Path) -> None:
    assert "write LAYER:CODE" in refused(folder, *MOVE, "--to", "E", "--unit", "parishes")
    assert "no area 'X' in parishes" in refused(folder, *MOVE, "--to", "E", "--unit", "parishes:X")
    assert "moon" in refused(folder, *MOVE, "--to", "E", "--unit", "moon:P")
    assert "name the blocks to move" in refused(folder, *MOVE, "--to", "E")


def test_straddling_blocks_and_parish_wards_are_listed_and_written(folder: Path) -> None:
    said = run(folder, "plan", "straddling", "north", "--layer", "parishes", "-o", "across.gpkg")
    assert "4 of 24 blocks straddle lines of parishes, worst first:" in said
    assert set(gpd.read_file(folder / "across.gpkg")["block_code"]) == {"c1", "c2", "c3", "c4"}
    facts = run_json(
        folder, "plan", "parish-wards", "north", "--parishes", "parishes", "-o", "wards.gpkg"
    )
    parts = [(row["unit_name"], row["area_name"], row["blocks"]) for row in facts["parish_wards"]]
    assert parts == [("Birch", "East", 4), ("Birch", "West", 2)]
    assert len(gpd.read_file(folder / "wards.gpkg")) == 2
    said = run(folder, "plan", "show", "north", "--parishes", "parishes")
    assert "1 of 2 areas of parishes divided, into 2 parish wards:" in said
    run(folder, *MOVE, "--to", "E", "--unit", "parishes:Q")
    said = run(folder, "plan", "parish-wards", "north", "--parishes", "parishes")
    assert "none of 2 areas of parishes is divided" in said
