"""What the command line says of plans: measures, comparisons, suggestions, counts."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import PERIOD, areas, move, planned
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import grid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return planned(tmp_path)


def test_show_tells_variances_triggers_posts_and_what_is_cut(folder: Path) -> None:
    output = run(
        folder, "plan", "show", "north", *PERIOD, "--posts", "7", "--money", "1000",
        "--cuts", "wards", "--history",
    )  # fmt: skip
    assert "now: 6,000 electors per member; 2 of 2 areas beyond ±10 % (*), 2 beyond ±30 %" in output
    assert re.search(r"E +East +2 +12 +22,200 +11,100 +\+85\*\*", output)
    assert "hotspots split by a boundary: 1 of " in output
    assert "areas of wards split by a boundary: 0 of 2" in output
    assert "140 read = 0 rejected + 0 not asked + " in output
    assert "no steps yet" in output
    rows = areas(folder, "--posts", "7", "--money", "1000").values()
    assert sum(row["posts"] for row in rows) == 7
    assert sum(row["pounds"] for row in rows) == pytest.approx(1000)


def test_a_plan_is_held_against_its_beginning_or_another(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E")
    facts = run_json(folder, "plan", "show", "north", *PERIOD)
    assert facts["held_against"] == "wards"
    assert [area["blocks"] for area in facts["before"]] == [12, 12]
    run(folder, "plan", "new", "south", "--from-plan", "north")
    run(folder, "plan", "move", "south", "c3", "--to", "E")
    facts = run_json(folder, "plan", "show", "south", "--against", "north", *PERIOD)
    assert facts["held_against"] == "plan-north"
    assert [area["blocks"] for area in facts["before"]] == [14, 10]


def test_compare_writes_moved_blocks_and_the_flow(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E")
    output = run(
        folder, "plan", "compare", "wards", "north", *PERIOD, "--posts", "6",
        "-o", "moved.geojson", "--flow", "flow.csv",
    )  # fmt: skip
    assert "wards → plan-north, by the 24 blocks of blocks" in output
    assert "moved: 2 of 24 blocks, 1,900 of 30,000 electors" in output
    assert re.search(r"West +East +2 +1,900", output)
    assert "East: 92% East, 8% West" in output
    moved = gpd.read_file(folder / "moved.geojson")
    assert moved[["block_code", "from_area", "to_area"]].to_numpy().tolist() == [
        ["c1", "W", "E"],
        ["c2", "W", "E"],
    ]
    flow = pd.read_csv(folder / "flow.csv")
    assert flow["electors"].sum() == 30_000
    assert flow["officers"].sum() == pytest.approx(6)


def test_suggestions_are_legal_and_a_taken_one_gains_what_was_said(folder: Path) -> None:
    moves = run_json(folder, "plan", "suggest", "north", "--most", "3", *PERIOD)
    assert len(moves) == 3
    assert moves[0]["gain"] == max(one["gain"] for one in moves)
    move(folder, moves[0]["block_code"], "--to", moves[0]["to_area"])
    after = areas(folder)[moves[0]["to_area"]]
    assert after["variance"] == pytest.approx(moves[0]["to_off"])


def test_an_alternative_is_repeatable_and_saved_as_a_plan_of_its_own(folder: Path) -> None:
    search = ["plan", "alternative", "north", "--seed", "3", "--steps", "3000", "--border", "99"]
    first, again = (run_json(folder, *search) for _ in range(2))
    assert first["targets"] == again["targets"] != {}
    output = run(folder, *search, "--save-as", "even", "--title", "Even", "--by", "Cay")
    assert output.splitlines()[-1] == "saved as plan even"
    facts = run_json(folder, "plan", "show", "even", *PERIOD)
    assert facts["history"][0]["reason"] == (
        "alternative to north by annealing: balance electors, seed 3"
    )
    furthest = max(abs(area["variance"]) for area in facts["areas"])
    assert furthest == pytest.approx(first["furthest"][1])
    again = refused(folder, *search, "--save-as", "even")
    assert again == "there is already a plan even; choose another id"


def test_an_alternative_keeps_to_its_limits_and_communities_are_listed(folder: Path) -> None:
    search = ["plan", "alternative", "north", "--steps", "2000", "--border", "99"]
    assert run_json(folder, *search)["targets"]
    # Whole wards, and rectangles, allow no move.
    assert run_json(folder, *search, "--communities", "wards")["targets"] == {}
    assert run_json(folder, *search, "--compactness", "0.75")["targets"] == {}
    assert "give 0 to 1" in refused(folder, *search, "--compactness", "2")
    move(folder, "c1", "c2", "--to", "E")
    listed = ["plan", "communities", "north", "--layer", "wards"]
    output = run(folder, *listed, "-o", "kept.csv")
    assert re.search(r"West +12 +[\d,]+ +2 +West +\d\d", output)
    assert "1 of 2 communities are in one area" in output
    assert pd.read_csv(folder / "kept.csv")["blocks_in_largest"].tolist() == [12, 10]
    assert run_json(folder, *listed)["whole"] == 1
    assert "there is no layer" in refused(folder, *listed[:-1], "gone")


def test_every_answer_counts_on_a_plan(folder: Path) -> None:
    move(folder, "c1", "c2", "--to", "E")
    run(folder, "count", *PERIOD, "--layer", "plan-north", "-o", "n.csv")
    counts = pd.read_csv(folder / "n.csv").set_index("area_code")["n"]
    by_code = areas(folder)
    assert counts.to_dict() == {code: area["incidents"] for code, area in by_code.items()}
    for command in ("hotspots", "rank", "posts"):
        more = ["--posts", "5"] if command == "posts" else []
        run(folder, command, *PERIOD, *more, "--layer", "plan-north", "-o", f"{command}.csv")
    assert "2 areas" in run(folder, "layers", "check", "plan-north")


def test_every_printed_figure_of_a_published_review_is_reproduced(
    tmp_path: Path, real_data: Path
) -> None:
    rows = pd.read_csv(real_data / "reference-variance-derbyshire-dales-2021.csv")
    # The table holds part of the council's wards; one more stands for the rest, so that the
    # averages are those of the whole council.
    figures = rows[["members", "electors_2020", "electors_2026"]]
    rest = {"members": 10, "electors_2020": 34 * 1709 - figures["electors_2020"].sum()}
    rest["electors_2026"] = 34 * 1805 - figures["electors_2026"].sum()
    figures = pd.concat([figures, pd.DataFrame([rest])])
    wards = grid(len(figures), 1)[["area_name", "geometry"]].assign(
        members=figures["members"].to_numpy(),
        electors=figures["electors_2020"].to_numpy(),
        electors_forecast=figures["electors_2026"].to_numpy(),
    )
    store = GeoPackageStore(tmp_path / "patchmap.gpkg", create=True)
    with store.transaction():
        store.put_layer(LayerMetadata("wards"), wards)
    store.close()
    run(tmp_path, "plan", "new", "dales", "--blocks", "wards", "--from", "wards")
    facts = run_json(tmp_path, "plan", "show", "dales")
    measured = pd.DataFrame(facts["areas"][:-1])
    for year, ending in ((2020, ""), (2026, "_forecast")):
        per_member = measured[f"electors{ending}_per_member"]
        assert (per_member + 0.5).astype(int).tolist() == rows[f"per_member_{year}"].tolist()
        assert measured[f"variance_percent{ending}"].tolist() == rows[f"variance_{year}"].tolist()
    assert facts["review"]["electors"]["average"] == pytest.approx(1709)


def test_plans_are_set_side_by_side(folder: Path) -> None:
    assert refused(folder, "plan", "scores", "north", "east").startswith("there is no plan 'east'")
    run(folder, "plan", "new", "south", "--from-plan", "north")
    run(folder, "plan", "move", "south", "c1", "c2", "--to", "E")
    output = run(folder, "plan", "scores", *PERIOD, "--cuts", "wards", "-o", "scores.csv")
    assert re.search(r"score +north +south\n", output)
    assert re.search(r"areas beyond ±10 %, now +2 +2\n", output)
    assert re.search(r"largest variance %, now +85\.0 +100.8\n", output)
    assert re.search(r"blocks moved since it began +0 +2\n", output)
    assert re.search(r"areas of wards split +0 +1\n", output)
    assert re.search(r"mean compactness \(Polsby-Popper\) +0\.77 +0\.\d\d\n", output)
    assert "140 read = 0 rejected + 0 not asked + " in output
    facts = run_json(folder, "plan", "scores", "south", "north", *PERIOD)
    assert [plan["plan_id"] for plan in facts["plans"]] == ["south", "north"]
    assert facts["accounts"]["read"] == 140
    table = pd.read_csv(folder / "scores.csv")
    assert table["plan_id"].tolist() == ["north", "south"]
    assert table["cut_edges"].tolist() == [4, 5]
    run(folder, "plan", "remove", "north", "--yes")
    run(folder, "plan", "remove", "south", "--yes")
    assert refused(folder, "plan", "scores") == "there are no plans to compare yet"
