"""What `patchmap plan` refuses, in one clear line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from boundaries.plans.draft import open_plan, save_plan
from boundaries.plans.state import Signed
from geo.errors import ConflictError
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import areas, move, planned
from tests.api.commands.running import refused, run
from tests.boundaries.drawn import grid
from tests.services import run_patchmap


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planned(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "x"], "there is no plan 'x'; there are: north"),
        (["move", "north", "z9", "--to", "E"], "z9 is not in this plan's layer of blocks"),
        (["move", "north", "a1", "--to", "Q"], "there is no area 'Q' in this plan"),
        (["move", "north", "a1", "--to", "W"], "nothing to move"),
        (["new", "north", "--blocks", "blocks", "--empty"], "there is already a plan north"),
        (["new", "x", "--blocks", "town", "--empty"], "there is no layer 'town'"),
        (["remove", "north"], "plan north and its history would be deleted for good; confirm"),
        (["export", "north", "-o", "x.docx"], "x.docx: the ending must be one of .geojson"),
        (["export", "north", "-o", "patchmap.gpkg"], "is being read; write to another file"),
        (["compare", "wards", "blocks"], "both are layers; name the blocks"),
        (["import", "x", "none.csv", "--blocks", "blocks"], "there is no file none.csv"),
        (["show", "north", "--category", "fraud"], "category: unknown value 'fraud'"),
        (["show", "north", "--posts", "1"], "a floor of 1 in each of 2 areas takes 2 posts"),
        (
            ["suggest", "north", "--balance", "pubs"],
            "the blocks have no column 'pubs' to balance",
        ),
        (["alternative", "north", "--moved", "0"], "the share of moved blocks is 0.0"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: list[str], message: str) -> None:
    assert message in refused(folder, "plan", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ["new", "x", "--blocks", "blocks"],
        ["new", "x", "--blocks", "blocks", "--empty", "--from", "wards"],
        ["members", "north", "E", "two"],
        ["members", "north", "E", "9" * 5_000],
        ["council-size", "north", "9" * 5_000],
        ["move", "north", "a1"],
    ],
)
def test_wrong_usage_ends_with_2(folder: Path, arguments: list[str]) -> None:
    assert run_patchmap("plan", *arguments, cwd=folder).returncode == 2


def test_a_planner_who_was_overtaken_is_told_and_nothing_is_lost(folder: Path) -> None:
    store = GeoPackageStore(folder / "patchmap.gpkg")
    mine = open_plan(store, "north", question=None).plan
    move(folder, "c1", "--to", "E")
    signed = Signed("Cay", datetime(2025, 5, 1, tzinfo=UTC))
    with pytest.raises(ConflictError, match="Bob changed plan north since you opened it"):
        save_plan(store, mine.move(["c2"], "E", signed=signed))
    store.close()
    assert areas(folder)["E"]["blocks"] == 13


def test_blocks_that_do_not_tile_are_refused_and_repaired_when_that_is_asked(folder: Path) -> None:
    faulty = grid(3, 2)
    shapes = faulty.geometry.copy()
    shapes.iloc[0] = shapes.iloc[0].buffer(0.05, join_style="mitre")
    faulty.set_geometry(shapes).reset_index().to_file(folder / "faulty.geojson", engine="pyogrio")
    run(folder, "layers", "add", "faulty.geojson", "--id", "faulty")
    message = refused(folder, "plan", "new", "x", "--blocks", "faulty", "--empty")
    assert message.startswith(
        "layer faulty cannot be the blocks of a plan: these blocks do not tile (overlap"
    )
    assert "--snap METRES" in message
    run(folder, "layers", "add", "faulty.geojson", "--id", "faulty", "--snap", "0.1")
    run(folder, "plan", "new", "x", "--blocks", "faulty", "--empty")


def test_a_plan_is_removed_only_when_that_is_meant(folder: Path) -> None:
    assert run(folder, "plan", "remove", "north", "--yes") == "north: removed\n"
    assert run(folder, "plan", "list") == "no plans yet\n"
