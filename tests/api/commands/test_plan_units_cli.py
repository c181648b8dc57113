"""`patchmap plan move --unit`, `straddling` and `parish-wards` on the command line."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import SOUTH, WEST, layer

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


def test_the_report_and_the_proforma_take_their_parishes_from_a_layer(folder: Path) -> None:
    named = ("--parishes", "parishes")
    run(folder, "plan", "export", "north", "-o", "plain.html")
    assert "Parish wards" not in (folder / "plain.html").read_text()
    run(folder, "plan", "export", "north", "-o", "north.html", *named)
    page = (folder / "north.html").read_text()
    assert '<th scope="row">Birch</th><td>East</td><td class="number">4</td>' in page
    assert "4 blocks lie across a parish boundary." in page
    run(folder, "electorates", "export", "north", "-o", "north.csv", *named)
    rows = pd.read_csv(folder / "north.csv", index_col=0)
    # The blocks in the far east lie in no parish.
    assert rows["Parish"].fillna("").loc[["a1", "c1", "e1", "f4"]].tolist() == [
        "Ash", "Birch", "Birch", "",
    ]  # fmt: skip
    run(folder, "plan", "export", "north", "-o", "north.xlsx", *named)
    parts = pd.read_excel(folder / "north.xlsx", sheet_name="Parish wards", header=2)
    assert parts["Polling districts"].tolist() == [4, 2]
    assert "moon" in refused(
        folder, "plan", "export", "north", "-o", "o.html", "--parishes", "moon"
    )


def test_straddling_blocks_are_replaced_by_smaller_ones_in_a_new_plan(folder: Path) -> None:
    shapes = [shapely.box(20 * x, 100 * y, 20 * (x + 1), 100 * (y + 1))
              for x in range(30) for y in range(4)]  # fmt: skip
    codes = [f"s{n:03d}" for n in range(len(shapes))]
    smaller = layer(*shapes, codes=codes)
    places = gpd.GeoDataFrame(
        {"name": ["one"]},
        index=["p1"],
        geometry=gpd.points_from_xy([WEST + 210], [SOUTH + 10]),
        crs=smaller.crs,
    )
    store = GeoPackageStore(folder / "patchmap.gpkg")
    with store.transaction():
        store.put_layer(LayerMetadata("strips"), smaller)
        store.put_layer(LayerMetadata("codes", geometry_type="Point"), places.rename_axis("code"))
    store.close()
    fine = ("plan", "refine", "north", "--with", "strips", "--save-as", "fine", "--by", "Ann")
    said = run(folder, *fine, "--straddling", "parishes")
    assert "fine: 40 blocks of fine-blocks in place of 24" in said
    assert "4 blocks replaced by 20 of strips" in said
    assert "people shared by surface, as if people were spread evenly" in said
    before, after = (
        {row["area_code"]: (row["electors"], row["residents"]) for row in facts["areas"]}
        for facts in (run_json(folder, "plan", "show", name) for name in ("north", "fine"))
    )
    assert before == after
    assert "none of 40 blocks straddles" in run(
        folder, "plan", "straddling", "fine", "--layer", "parishes"
    )
    # Again under another plan: the layer exists. And nothing is left of a refused one.
    again = [*fine[:6], "other", *fine[7:], "--layer", "fine-blocks", "--block", "a1"]
    assert "there is already a layer fine-blocks" in refused(folder, *again)
    assert "say which blocks to replace" in refused(folder, *fine)
    by_points = [*fine[:6], "by-points", *fine[7:], "--points", "codes", "--block", "c1"]
    assert "people shared by the number of the points" in run(folder, *by_points)
    assert "choose one of points" in refused(
        folder, *fine[:6], "none", *fine[7:], "--points", "strips", "--block", "c1"
    )
    names = {plan["plan_id"] for plan in run_json(folder, "plan", "list")}
    assert names == {"north", "fine", "by-points"}
