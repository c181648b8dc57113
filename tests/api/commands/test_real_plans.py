"""Derby's wards of 2022, made of output areas and moved to the wards of 2025, by commands."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from boundaries.plans.draft import import_assignment, open_plan, save_plan
from geo.areal.best_fit import UNASSIGNED
from geo.crs import BRITISH_NATIONAL_GRID, LONLAT
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run, run_json
from tests.boundaries.drawn import SIGNED

PERIOD = ["--from", "2018-10", "--to", "2024-04"]
INSIDE = 25_704
"""Published incidents in Derby's output areas."""


@pytest.fixture(scope="module")
def derby(real_data: Path) -> Path:
    return real_data / "derby"


@pytest.fixture(scope="module")
def folder(derby: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the plan `derby` was begun from the wards of 2022 and moved to 2025's."""
    made = tmp_path_factory.mktemp("derby")
    for year in (2022, 2025):
        run(made, "layers", "add", str(derby / f"wards-{year}.geojson"), "--id", f"wards-{year}")
    run(
        made, "layers", "add", str(derby / "output-areas-2011.geojson"), "--id", "blocks",
        "--repair",
    )  # fmt: skip
    run(made, "ingest", str(derby / "police-uk-derbyshire.zip"))
    run(made, "plan", "new", "derby", "--blocks", "blocks", "--from", "wards-2022")
    move_to_2025(made / "patchmap.gpkg")
    return made


def move_to_2025(path: Path) -> None:
    """Move the plan, area by area, and save it."""
    store = GeoPackageStore(path)
    plan = open_plan(store, "derby", question=None).plan
    wards = store.layer("wards-2025")[1]
    wanted = import_assignment(store, "x", wards, blocks_layer="blocks")[0].plan
    old = list(plan.now.areas)
    for area in wanted.now.areas.values():
        plan = plan.add_area(area, signed=SIGNED)
        blocks = wanted.assignment.index[wanted.assignment == area.code]
        plan = plan.move(blocks, area.code, signed=SIGNED, force=True)
    for code in old:
        plan = plan.remove_area(code, signed=SIGNED)
    save_plan(store, plan)
    store.close()


@pytest.fixture(scope="module")
def points(derby: Path) -> gpd.GeoDataFrame:
    """Every published incident with a place, read by other means."""
    with zipfile.ZipFile(derby / "police-uk-derbyshire.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("street.csv")]
        rows = pd.concat(pd.read_csv(io.BytesIO(archive.read(name))) for name in names)
    rows = rows.dropna(subset=["Longitude", "Latitude"])
    places = gpd.points_from_xy(rows["Longitude"], rows["Latitude"], crs=LONLAT)
    return gpd.GeoDataFrame(geometry=places)


def test_the_finished_plan_counts_what_a_join_to_its_dissolved_boundaries_counts(
    folder: Path, points: gpd.GeoDataFrame
) -> None:
    run(folder, "plan", "export", "derby", "-o", "derby.gpkg", *PERIOD)
    layer = gpd.read_file(folder / "derby.gpkg", layer="areas").set_index("area_code")
    assert len(layer) == 18
    joined = gpd.sjoin(points.to_crs(BRITISH_NATIONAL_GRID), layer[["geometry"]])
    expected = joined.groupby("area_code").size()
    assert layer["incidents"].astype(int).to_dict() == expected.to_dict()
    assert expected.sum() == INSIDE
    run(folder, "count", *PERIOD, "--layer", "plan-derby", "-o", "n.csv")
    counts = pd.read_csv(folder / "n.csv").set_index("area_code")["n"]
    assert counts.to_dict() == expected.to_dict()


def test_the_flow_between_the_two_vintages_loses_nothing(folder: Path) -> None:
    facts = run_json(
        folder, "plan", "compare", "wards-2022", "wards-2025", "--blocks", "blocks", *PERIOD
    )
    flow = pd.DataFrame(facts["flow"])
    assert (flow["blocks"].sum(), flow["incidents"].sum()) == (779, INSIDE)
    assert UNASSIGNED not in {*flow["from_area"], *flow["to_area"]}
    shares = flow.groupby("to_area")["blocks_share_to"].sum()
    assert shares.tolist() == pytest.approx([1.0] * 18)
    assert flow.groupby("from_area")["blocks_share_from"].sum().tolist() == pytest.approx(
        [1.0] * 17
    )
    assert len(facts["carried_on"]) == 17
    # Chaddesden North is the one ward that carries no old one on.
    assert set(flow["to_area"]) - set(facts["carried_on"].values()) == {"E05015514"}
    plan = run_json(folder, "plan", "compare", "wards-2022", "derby", *PERIOD)
    assert plan["flow"] == facts["flow"]
    assert 0 < facts["moved"]["blocks"] < 100
    straddling = {row["block_code"] for row in facts["straddling"]["wards-2022"]}
    assert "E00067921" in straddling


def test_the_plan_remembers_the_wards_that_it_was_begun_from(folder: Path) -> None:
    facts = run_json(folder, "plan", "show", "derby", *PERIOD, "--cuts", "wards-2022")
    assert len(facts["before"]) == 17
    assert sum(area["incidents"] for area in facts["before"]) == INSIDE
    assert len(facts["history"]) == 18 + 18 + 17
    assert facts["cuts"]["wards-2022"] != []


def test_broken_blocks_and_slivers_are_found_located_and_kept_out_of_plans(
    folder: Path, derby: Path
) -> None:
    broken = run_json(folder, "layers", "check", str(derby / "output-areas-2011.geojson"))
    rings = [one for one in broken["findings"] if one["kind"] == "invalid ring"]
    places = {one["codes"]: (round(one["x"]), round(one["y"])) for one in rings}
    assert places == {"E00068123": (433748, 333389), "E00068300": (434977, 336835)}
    slivers = str(derby / "lsoa-2011-slivers.geojson")
    assert run_json(folder, "layers", "check", slivers)["kinds"]["sliver"] == 1280
    add = ["layers", "add", slivers, "--id", "slivers", "--repair"]
    run(folder, *add)
    message = refused(folder, "plan", "new", "x", "--blocks", "slivers", "--empty")
    assert "these blocks do not tile (overlap 369, sliver 1280" in message
    run(folder, *add, "--snap", "0.1")
    run(folder, "plan", "new", "x", "--blocks", "slivers", "--empty")
