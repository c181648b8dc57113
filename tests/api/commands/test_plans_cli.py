"""Plans on the command line, step by step, as a planner runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import geopandas as gpd
import pytest

from boundaries.layers.read import read_layer
from geo.crs import Projection
from geo.formats.features import read_features
from geo.store.contract import LayerMetadata
from tests.api.commands.plan_folders import PERIOD, areas, move, planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import grid

SIDES = ("def", "abc")
"""The columns of blocks in the eastern and the western ward."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planned(tmp_path)


def test_a_move_says_what_it_did_and_is_signed(folder: Path) -> None:
    output = move(folder, "c1", "c2", "--to", "E", "--reason", "the railway")
    assert output.splitlines()[0] == "north, version 2: moved 2 blocks from West to East"
    assert "East (E): blocks 12 → 14, electors 22,200 → 24,100" in output
    facts = run_json(folder, "plan", "show", "north", *PERIOD)
    step = facts["history"][0]
    assert (step["by"], step["reason"], step["in_force"]) == ("Bob", "the railway", True)
    assert run_json(folder, "plan", "list")[0]["updated_by"] == "Bob"
    assert areas(folder)["E"]["blocks"] == 14
    assert sum(area["incidents"] for area in areas(folder).values()) == facts["accounts"]["counted"]


def test_undo_and_redo_are_saved_too(folder: Path) -> None:
    move(folder, "c1", "--to", "E")
    message = refused(folder, "plan", "undo", "north", "--by", "Cay")
    assert message.startswith("no step in force is by Cay; the last one, step 1, is by Bob: give")
    undone = run(folder, "plan", "undo", "north", "1", "--by", "Cay", "--reason", "too soon")
    assert "undid step 1: moved 1 block from West to East" in undone
    last = run_json(folder, "plan", "show", "north", *PERIOD)["history"][-1]
    assert (last["kind"], last["by"], last["reason"]) == ("undo", "Cay", "too soon")
    assert areas(folder)["E"]["blocks"] == 12
    redone = run(folder, "plan", "redo", "north", "--by", "Cay")
    assert "version 4: redid step 1: moved 1 block" in redone
    assert areas(folder)["E"]["blocks"] == 13
    assert refused(folder, "plan", "redo", "north", "--by", "Cay") == "there is nothing to redo"


def test_a_move_that_breaks_an_area_needs_force_or_a_bridge(folder: Path) -> None:
    message = refused(folder, "plan", "move", "north", "a1", "--to", "E")
    assert "East (E) would be in 2 pieces instead of 1, the smallest being a1" in message
    output = move(folder, "a1", "--to", "E", "--force")
    assert "E is in 2 pieces: 12 blocks at " in output
    run(folder, "plan", "undo", "north", "--by", "Bob")
    run(folder, "plan", "bridge", "north", "Long Bridge", "a1", "d1")
    move(folder, "a1", "--to", "E")
    assert areas(folder)["E"]["pieces"] == 1
    assert run_json(folder, "plan", "show", "north", *PERIOD)["bridges"] == {
        "Long Bridge": ["a1", "d1"]
    }
    run(folder, "plan", "unbridge", "north", "Long Bridge", "--force")
    assert areas(folder)["E"]["pieces"] == 2


def test_every_step_has_its_command(folder: Path) -> None:
    run(folder, "plan", "split", "north", "W", "a1", "a2", "--new", "N", "--name", "New")
    run(folder, "plan", "members", "north", "N", "1")
    run(folder, "plan", "rename", "north", "N", "North End", "--reason", "residents asked")
    run(folder, "plan", "lock", "north", "N")
    assert refused(folder, "plan", "move", "north", "a1", "--to", "W").startswith(
        "North End (N) is locked"
    )
    run(folder, "plan", "unlock", "north", "N")
    run(folder, "plan", "add-area", "north", "X", "--members", "2")
    run(folder, "plan", "remove-area", "north", "X")
    run(folder, "plan", "merge", "north", "N", "--into", "W")
    by_code = areas(folder)
    assert (sorted(by_code), by_code["W"]["members"]) == (["E", "W"], 4)
    assert "unassigned: 1 block (100 electors, 130 residents)" in move(
        folder, "a1", "--to", "unassigned"
    )
    kinds = [step["kind"] for step in run_json(folder, "plan", "show", "north", *PERIOD)["history"]]
    assert kinds == [
        "split", "members", "rename", "lock", "unlock", "add", "remove", "merge", "move",
    ]  # fmt: skip


def test_a_csv_of_blocks_and_a_file_of_polygons_become_plans(folder: Path) -> None:
    (folder / "other.csv").write_text("block,ward\na1,N\na2,N\nb1,S\n")
    output = run(
        folder, "plan", "import", "other", "other.csv", "--blocks", "blocks",
        "--block-column", "block", "--area-column", "ward",
    )  # fmt: skip
    assert output.splitlines()[0] == "other: 2 areas of 24 blocks of blocks"
    assert "unassigned: 21 blocks" in output
    wards = grid(6, 4).dissolve([code[0] > "b" for code in grid(6, 4).index])
    wards["geometry"] = wards.geometry.translate(xoff=20)
    wards = wards[["geometry"]].assign(area_code=["L", "R"], area_name=["Left", "Right"])
    for name in ("areas.geojson", "areas.gpkg"):
        wards.to_file(folder / name, engine="pyogrio")
        facts = run_json(folder, "plan", "import", name[-4:].strip("."), name, "--blocks", "blocks")
        assert (facts["areas"], facts["unassigned"]) == (2, 0)
        straddling = {row["block_code"] for row in facts["straddling"]}
        assert straddling == {f"{column}{row}" for column in "ac" for row in range(1, 5)}


def test_an_exported_plan_comes_back_by_import(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E")
    run(folder, "plan", "export", "north", "-o", "north.csv")
    run(folder, "plan", "import", "again", "north.csv", "--blocks", "blocks")
    facts = run_json(folder, "plan", "compare", "north", "again", *PERIOD)
    assert facts["moved"]["blocks"] == 0


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "parquet"])
def test_a_plan_is_written_as_a_layer_with_its_measures(folder: Path, ending: str) -> None:
    run(folder, "plan", "export", "north", "-o", f"north.{ending}", *PERIOD, "--posts", "7")
    file = folder / f"north.{ending}"
    layer = gpd.read_parquet(file) if ending == "parquet" else gpd.read_file(file, layer=0)
    wards = [grid(6, 4).geometry[[code[0] in side for code in grid(6, 4).index]] for side in SIDES]
    content = read_features(file, layer="areas" if ending == "gpkg" else "")
    back = read_layer(content, LayerMetadata("back"), projection=Projection.choose()).areas
    for read in (back, layer.set_index("area_code").to_crs(back.crs)):
        assert read["area_name"].to_dict() == {"E": "East", "W": "West"}
        assert read.area.to_numpy() == pytest.approx(
            [each.union_all().area for each in wards], rel=1e-4
        )
    assert layer["area_code"].tolist() == ["E", "W"]
    assert layer["posts"].sum() == 7
    assert (
        layer["incidents"].sum()
        == areas(folder)["E"]["incidents"] + (areas(folder)["W"]["incidents"])
    )
    if ending == "gpkg":
        blocks = gpd.read_file(file, layer="blocks").set_index("block_code")["area_code"]
        assert blocks[["c1", "d1"]].tolist() == ["W", "E"]


def test_plans_go_with_the_store_into_a_copy_and_a_backup(folder: Path) -> None:
    move(folder, "c1", "--to", "E")
    before = run(folder, "--json", "plan", "show", "north", *PERIOD)
    run(folder, "copy", "--to", "other.gpkg")
    run(folder, "backup", "backup.gpkg")
    run(folder, "--store", "restored.gpkg", "restore", "backup.gpkg")
    for name in ("other.gpkg", "restored.gpkg"):
        again = json.loads(run(folder, "--store", name, "--json", "plan", "show", "north", *PERIOD))
        again["accounts"].pop("data_version")
        expected = json.loads(before)
        expected["accounts"].pop("data_version")
        assert again == expected


def test_council_sizes_are_compared_set_and_shared_out(folder: Path) -> None:
    output = run(folder, "plan", "council", "north", "--sizes", "4,6", "-o", "sizes.csv")
    assert "4: entitled to" in output
    assert output.count("members (electors per member: now ") == 2
    rows = (folder / "sizes.csv").read_text().splitlines()
    assert (len(rows), rows[0].split(",")[:2]) == (5, ["area_code", "area_name"])
    facts = run_json(folder, "plan", "council", "north", "--sizes", "6")
    seats = {area["area_code"]: area["seats"] for area in facts["options"][0]["areas"]}
    assert "changed the council size from 5 to 6" in run(
        folder, "plan", "council-size", "north", "6", "--reason", "the council voted for it"
    )
    shown = run(folder, "plan", "show", "north", *PERIOD)
    assert "council size: 6; the areas elect 5" in shown
    assert "warning: the areas elect 5 of the council's 6 members: 1 not given to any" in shown
    run(folder, "plan", "share-seats", "north", "--by", "Bob")
    assert {code: area["members"] for code, area in areas(folder).items()} == seats
    run(folder, "plan", "council-size", "north", "open")
    assert refused(folder, "plan", "share-seats", "north") == (
        "plan north has no council size; give one with --size"
    )
    assert refused(folder, "plan", "share-seats", "north", "--size", "7", "--pattern", "two") == (
        "7 is no multiple of 2; 6 or 8 is"
    )


def test_all_areas_are_locked_by_one_command(folder: Path) -> None:
    run(folder, "plan", "lock", "north", "--all", "--reason", "agreed")
    assert refused(folder, "plan", "move", "north", "c1", "--to", "E").endswith("unlock it first")
    run(folder, "plan", "unlock", "north", "--all")
    move(folder, "c1", "--to", "E")


def test_a_text_is_taken_out_of_the_history_and_of_the_file(folder: Path) -> None:
    secret = "Zebedee Quill of the corner shop"
    run(folder, "plan", "why", "north", "E", f"Asked by {secret}", "--reason", secret)
    run(folder, "plan", "rename", "north", "E", "East End", "--by", "Ann")
    run(folder, "plan", "new", "copy", "--from-plan", "north")
    assert secret.encode() in (folder / "patchmap.gpkg").read_bytes()
    said = run(folder, "plan", "redact", "north", "--step", "1", "--by", "Officer")
    assert said == (
        "north, version 4: took out what was written with step 1\n"
        "copy: took out the same, which it held too\n"
    )
    assert b"Zebedee" not in (folder / "patchmap.gpkg").read_bytes()
    history = run_json(folder, "plan", "show", "north", *PERIOD)["history"]
    assert [step["by"] for step in history][1:] == ["Ann", "Officer"]
    assert history[0]["reason"] == "[taken out]"
    assert "nothing is written with step 2" in refused(
        folder, "plan", "redact", "north", "--step", "2"
    )
    assert "there is no step 9" in refused(folder, "plan", "redact", "north", "--step", "9")


def test_a_plan_without_members_says_why_it_has_no_variance(folder: Path) -> None:
    run(folder, "plan", "new", "bare", "--blocks", "blocks", "--empty")
    shown = run(folder, "plan", "show", "bare", *PERIOD)
    assert "no variance yet: set the size of the council (patchmap plan council-size)" in shown
    assert re.search(r"started by \S+ on \d{1,2} [A-Z][a-z]+ \d{4};", shown)
    assert "no variance yet" not in run(folder, "plan", "show", "north", *PERIOD)
