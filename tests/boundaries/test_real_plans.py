"""Derby's published layers: their faults are found, and its wards of 2022 become those of 2025."""

import io
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.layers.blocks import BlockLayer, block_graph
from boundaries.layers.read import read_layer
from boundaries.layers.snapping import snap
from boundaries.layers.topology import check_layer, unfit_for_plan
from boundaries.plans.flows import flow_table, incident_flow, moved_blocks, successors
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.plan import Plan, PlanMetadata, areas_of_layer
from boundaries.plans.units import Units, straddling_blocks
from geo.areal.best_fit import best_fit
from geo.areal.measured_blocks import MeasuredBlocks, tally_blocks
from geo.crs import LONLAT, Projection
from geo.locate import AreaLocator
from geo.store.contract import LayerMetadata
from tests.boundaries.drawn import SIGNED


@pytest.fixture(scope="module")
def derby(real_data):
    return real_data / "derby"


def areas(path, *, repair: bool = True) -> gpd.GeoDataFrame:
    projection = Projection.choose()
    layer = read_layer(path.read_bytes(), LayerMetadata("x"), projection=projection, repair=repair)
    return layer.areas


def raw(path, code: str) -> gpd.GeoDataFrame:
    """A layer as it was published, its faults included, in metres."""
    projection = Projection.choose()
    frame = gpd.read_file(path).set_index(code)
    metres = projection.geometries_to_metres(frame.geometry.to_numpy(), source=LONLAT)
    return frame.set_geometry(metres).set_crs(projection.crs, allow_override=True)


@pytest.fixture(scope="module")
def points(derby) -> tuple[np.ndarray, np.ndarray]:
    """Every published incident with a place, in metres."""
    with zipfile.ZipFile(derby / "police-uk-derbyshire.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith("street.csv")]
        rows = pd.concat(pd.read_csv(io.BytesIO(archive.read(name))) for name in names)
    rows = rows.dropna(subset=["Longitude", "Latitude"])
    return Projection.choose().to_metres(rows["Longitude"], rows["Latitude"])


@pytest.fixture(scope="module")
def blocks(derby, points) -> gpd.GeoDataFrame:
    """The output areas of 2011 with how many incidents each holds."""
    made = areas(derby / "output-areas-2011.geojson")
    return made.assign(incidents=tally_blocks(AreaLocator(made).locate(*points), len(made)))


@pytest.fixture(scope="module")
def wards_2022(derby, blocks) -> Plan:
    wards = areas(derby / "wards-2022.geojson")
    return Plan.begin(
        PlanMetadata("derby-2025", blocks_layer="output-areas-2011", base_layer="wards-2022"),
        block_graph(blocks),
        assignment=best_fit(blocks, wards).assignment,
        areas=areas_of_layer(wards),
    )


@pytest.fixture(scope="module")
def wards_2025(derby, blocks, wards_2022) -> Plan:
    """The plan moved to the wards of 2025, an area at a time."""
    wards = areas(derby / "wards-2025.geojson")
    fit = best_fit(blocks, wards).assignment
    plan = wards_2022
    for area in areas_of_layer(wards):
        plan = plan.add_area(area, signed=SIGNED)
        plan = plan.move(fit.index[fit == area.code], area.code, signed=SIGNED, force=True)
    for code in wards_2022.now.areas:
        plan = plan.remove_area(code, signed=SIGNED)
    return plan


def test_the_broken_output_areas_are_found_and_located(derby):
    findings = check_layer(raw(derby / "output-areas-2011.geojson", "OA11CD"))
    rings = findings[findings["kind"] == "invalid ring"]
    assert rings["codes"].tolist() == ["E00068123", "E00068300"]
    places = {"E00068123": (433748.19, 333389.46), "E00068300": (434977.19, 336834.88)}
    for row in rings.itertuples():
        assert (row.x, row.y) == pytest.approx(places[row.codes], abs=0.01)
    detached = findings[findings["kind"] == "detached part"]
    assert len(detached) == 3
    assert len(findings) == 5


def test_the_slivers_are_found_counted_and_mended(derby):
    path = derby / "lsoa-2011-slivers.geojson"
    counts = check_layer(raw(path, "LSOA11CD"))["kind"].value_counts()
    assert (counts["sliver"], counts["invalid ring"]) == (1280, 1)
    mended, lines = snap(areas(path), 0.1)
    assert unfit_for_plan(check_layer(mended)).empty
    assert lines[0].startswith("snapped by 0.1 m: overlap 369, sliver 1280")
    change = (mended.area / areas(path).area - 1).abs()
    assert change.max() < 1e-6


@pytest.mark.parametrize(
    "file", ["lsoa-2011", "lsoa-2021", "wards-2013", "wards-2022", "wards-2025"]
)
def test_sound_layers_have_no_findings(file, derby):
    assert check_layer(areas(derby / f"{file}.geojson")).empty


def test_wards_of_output_areas_are_the_published_ones_but_for_the_straddling(derby, blocks):
    wards = areas(derby / "wards-2022.geojson")
    fit = best_fit(blocks, wards)
    assert (fit.assignment != "").all()
    assert fit.straddling.index[0] == "E00067921"
    assert fit.straddling["share"].min() > 0.88
    dissolved = blocks.dissolve(fit.assignment.to_numpy())
    common = shapely.area(dissolved.geometry.intersection(wards.geometry, align=True))
    assert (common / shapely.area(wards.geometry)).min() > 0.97


def test_the_output_areas_that_straddle_the_wards_of_2025_stay_listed(derby, blocks, wards_2025):
    graph = wards_2025.now.graph
    ordered = BlockLayer("output-areas", blocks.loc[list(graph.codes)], graph)
    units = Units.of("wards-2025", areas(derby / "wards-2025.geojson"), ordered)
    table = straddling_blocks(wards_2025.now, units)
    assert len(table) == 139
    assert (table["unit_code"] == table["area_code"]).all()
    # Whichever side one is given to, it lies across the line.
    code, across = table.index[0], table["across"].iloc[0]
    given = wards_2025.move([code], across, signed=SIGNED, force=True)
    assert straddling_blocks(given.now, units).index.tolist() == table.index.tolist()


@pytest.mark.parametrize("vintage", ["wards_2022", "wards_2025"])
def test_counts_of_a_plan_are_those_of_its_dissolved_boundaries(vintage, blocks, points, request):
    plan = request.getfixturevalue(vintage)
    layer = PlanMeasures.of(plan.now, MeasuredBlocks.of(blocks, sums=["incidents"])).layer
    located = AreaLocator(layer).locate(*points)
    counted = np.bincount(located[located >= 0], minlength=len(layer))
    assert layer["incidents"].tolist() == counted.tolist()
    cloud = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*points), crs=layer.crs)
    joined = gpd.sjoin(cloud, layer[["geometry"]], predicate="within")
    assert joined.groupby("area_code").size().tolist() == counted.tolist()
    assert counted.sum() == 25_704


def test_measures_follow_the_plan_from_vintage_to_vintage(blocks, wards_2022, wards_2025):
    measured = MeasuredBlocks.of(blocks, sums=["incidents"])
    follow, plan = PlanMeasures.of(wards_2025.now, measured), wards_2025
    while plan.standing.in_force:
        plan = plan.undo(signed=SIGNED)
        follow = follow.after(plan.now)
    fresh = PlanMeasures.of(wards_2022.now, measured)
    pd.testing.assert_frame_equal(follow.frame, fresh.frame, check_exact=True)
    assert follow.cut_edges == fresh.cut_edges


def test_the_flow_between_the_vintages_says_what_each_new_ward_is_made_of(
    blocks, wards_2022, wards_2025
):
    before, after = wards_2022.assignment, wards_2025.assignment
    flow = flow_table(before, after, blocks[["incidents"]].rename_axis("block_code"))
    assert flow["blocks"].sum() == len(blocks)
    assert flow["incidents"].sum() == blocks["incidents"].sum()
    shares = flow.groupby("to_area")["blocks_share_to"].sum()
    assert shares.to_numpy() == pytest.approx(1.0)
    carried = successors(flow, by="blocks")
    assert carried["E05001768"] == "E05015508"
    assert len(carried) == 17
    moved = moved_blocks(before, after, carried_on=carried)
    stayed = [after[code] == carried[before[code]] for code in before.index.difference(moved.index)]
    assert all(stayed)
    assert 0 < len(moved) < 0.2 * len(blocks)


def test_the_flow_of_points_between_the_published_wards_loses_none(derby, points):
    layers = [areas(derby / f"wards-{year}.geojson") for year in (2022, 2025)]
    flow = incident_flow(*layers, *points).set_index(["from_area", "to_area"])["incidents"]
    for level, layer in enumerate(layers):
        located = AreaLocator(layer).locate(*points)
        counted = np.bincount(located[located >= 0], minlength=len(layer))
        sums = flow.groupby(level=level).sum().reindex(layer.index)
        assert sums.tolist() == counted.tolist()
