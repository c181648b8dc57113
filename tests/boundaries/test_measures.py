"""Measures of a plan follow its steps, and are those reckoned from nothing with geopandas."""

import geopandas as gpd
import networkx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boundaries.layers.blocks import block_graph
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.plan import Plan
from boundaries.plans.state import Area
from geo.areal.best_fit import UNASSIGNED
from geo.areal.measured_blocks import MeasuredBlocks, tally_blocks
from geo.errors import InputError, PatchmapError
from geo.locate import AreaLocator
from tests.boundaries.drawn import SIGNED, SOUTH, WEST, drawn, grid

SUMS = ["electors", "residents"]


def measured(columns: int, rows: int) -> MeasuredBlocks:
    blocks = grid(columns, rows).assign(imd_score=lambda frame: frame["electors"] / 50)
    blocks.loc["a1", "imd_score"] = np.nan
    return MeasuredBlocks.of(blocks, sums=SUMS, means={"imd_score": "residents"})


def measures_of(plan: Plan) -> PlanMeasures:
    width = len({code[0] for code in plan.now.graph.codes})
    return PlanMeasures.of(plan.now, measured(width, len(plan.now.graph) // width))


def test_an_area_adds_up_its_blocks():
    frame = measures_of(drawn("AAB", "AB.")).frame
    assert frame.index.tolist() == ["A", "B"]
    assert frame["blocks"].tolist() == [3, 2]
    # Blocks in their order: a1 a2 b1 b2 c1 c2 hold 100 to 600 electors.
    assert frame["electors"].tolist() == [100 + 200 + 400, 300 + 600]
    assert frame["area_km2"].tolist() == pytest.approx([0.03, 0.02])


def test_averages_are_weighed_and_blocks_without_a_value_left_out():
    frame = measures_of(drawn("AB", "AB")).frame
    assert frame["imd_score"]["A"] == pytest.approx(4.0)
    assert frame["imd_score"]["B"] == pytest.approx((300 * 6 + 400 * 8) / 700)


def test_an_area_of_which_no_value_is_known_has_no_average():
    assert np.isnan(measures_of(drawn("AB")).frame["imd_score"]["A"])


def test_a_partial_plan_is_measured_against_the_whole_electorate():
    measures = measures_of(drawn("AB", ".."))
    # a2 has 200 electors and b2 400; a1 and b1 hold another 400 between them.
    assert measures.average() == 500
    assert measures.frame["variance"].tolist() == pytest.approx([-0.6, -0.2])
    assert measures.frame["beyond"].tolist() == [30, 10]
    assert measures.unassigned.to_dict() == {"blocks": 2, "electors": 400, "residents": 520}


def test_areas_whose_members_are_not_known_have_no_variance():
    plan = drawn("AB", members=None).set_members("A", 1, signed=SIGNED)
    frame = measures_of(plan).frame
    assert frame["variance"].tolist() == pytest.approx([0, np.nan], nan_ok=True)


def test_the_forecast_has_a_variance_of_its_own():
    blocks = grid(2, 1).assign(electors_forecast=[300, 100])
    state = drawn("AB").now
    sums = ["electors", "electors_forecast"]
    frame = PlanMeasures.of(state, MeasuredBlocks.of(blocks, sums=sums)).frame
    assert frame["variance"].tolist() == pytest.approx([-1 / 3, 1 / 3])
    assert frame["variance_forecast"].tolist() == pytest.approx([0.5, -0.5])
    assert frame["variance_percent_forecast"].tolist() == [50, -50]
    assert frame["electors_forecast_per_member"].tolist() == [300, 100]


def test_a_square_has_the_compactness_of_a_square():
    frame = measures_of(drawn("AA", "AA")).frame
    assert frame["polsby_popper"]["A"] == pytest.approx(np.pi / 4)
    assert frame["reock"]["A"] == pytest.approx(2 / np.pi)


def test_a_plan_without_areas_has_no_rows_and_all_blocks_left():
    measures = measures_of(drawn("..", ".."))
    assert measures.frame.empty
    assert measures.layer.empty
    assert measures.unassigned["blocks"] == 4
    assert np.isnan(measures.average())


def test_an_area_without_blocks_is_measured_and_not_drawn():
    plan = drawn("A").add_area(Area("E", "Empty", 1), signed=SIGNED)
    measures = measures_of(plan)
    empty = measures.frame.loc["E"]
    assert (empty["blocks"], empty["electors"], empty["area_km2"], empty["pieces"]) == (0, 0, 0, 0)
    assert np.isnan(empty["polsby_popper"])
    assert measures.layer.index.tolist() == ["A"]


def test_a_corner_flip_of_a_grid_changes_perimeters_as_it_should():
    plan = drawn("CCC", "BBB", "AAA")
    before = measures_of(plan)
    after = before.after(plan.move(["a1"], "B", signed=SIGNED).now)
    around = [[m.by_area[code].geometry.length / 100 for code in "ABC"] for m in (before, after)]
    assert around == [[8, 8, 8], [6, 10, 8]]


def test_halves_and_quadrants_cut_the_edges_that_they_should():
    halves = drawn(*["AAAABBBB"] * 8)
    quadrants = drawn(*["AAAABBBB"] * 4, *["CCCCDDDD"] * 4)
    assert measures_of(halves).cut_edges == 8
    assert measures_of(quadrants).cut_edges == 16


def test_only_the_areas_that_a_step_touched_are_reckoned_anew():
    plan = drawn("AABBCC")
    before = measures_of(plan)
    after = before.after(plan.move(["c1"], "A", signed=SIGNED).now)
    assert after.by_area["C"] is before.by_area["C"]
    assert after.by_area["A"].blocks == 3


def test_a_bridge_joins_the_pieces_in_the_measures():
    plan = drawn("ABA")
    before = measures_of(plan)
    after = before.after(plan.build_bridge("Ferry", ("a1", "c1"), signed=SIGNED).now)
    assert (before.frame["pieces"]["A"], after.frame["pieces"]["A"]) == (2, 1)


def test_points_are_placed_once_and_counted_by_weight():
    blocks = grid(2, 1)
    x, y = np.array([10, 20, 150, 999]) + WEST, np.full(4, 50) + SOUTH
    placed = AreaLocator(blocks).locate(x, y)
    assert placed.tolist() == [0, 0, 1, -1]
    assert tally_blocks(placed, 2).tolist() == [2, 1]
    assert tally_blocks(placed, 2, weight=[0.5, 1, 4, 100]).tolist() == [1.5, 4]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"sums": ["beats"]}, "the blocks have no column beats"),
        ({}, {"sums": ["area_name"]}, "the blocks' column area_name is not numeric"),
        ({}, {"sums": [], "means": {"imd": "electors"}}, "the blocks have no column imd"),
        (
            {"imd": 1.0}, {"sums": [], "means": {"imd": "electors"}},
            "imd is weighted by electors; sum that column too",
        ),
        (
            {"electors": [1.0, np.nan]}, {"sums": ["electors"]},
            r"electors is missing or negative for 1 block\(s\), such as b1",
        ),
        ({"electors": [-1.0, -2.0]}, {"sums": ["electors"]}, r"for 2 block\(s\), such as a1"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_measured_are_refused(change, options, message):
    with pytest.raises(InputError, match=message):
        MeasuredBlocks.of(grid(2, 1).assign(**change), **options)


def test_blocks_of_another_plan_are_refused():
    with pytest.raises(InputError, match="these are not the blocks of the plan, or not in its"):
        PlanMeasures.of(drawn("AB").now, measured(3, 1))


def from_nothing(plan: Plan, blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The same measures by another way: geopandas dissolves and adds up."""
    assigned = blocks.assign(ward=plan.assignment.to_numpy())
    dissolved = assigned.dissolve("ward", aggfunc=dict.fromkeys(SUMS, "sum"))
    return dissolved.drop(index=UNASSIGNED, errors="ignore")


def take(plan: Plan, draw: st.DataObject) -> Plan:
    """One drawn step, or none where it would be refused."""
    codes = st.sampled_from(plan.now.graph.codes)
    areas = st.sampled_from([*plan.now.areas, UNASSIGNED])
    some = st.lists(codes, min_size=1, max_size=5, unique=True)
    kind = draw.draw(st.sampled_from(["move", "force", "split", "merge", "undo", "redo", "bridge"]))
    name = f"N{len(plan.steps)}"
    try:
        match kind:
            case "move" | "force":
                target, force = draw.draw(areas), kind == "force"
                return plan.move(draw.draw(some), target, signed=SIGNED, force=force)
            case "split":
                source, new = draw.draw(areas), Area(name, name, 1)
                return plan.split(source, draw.draw(some), new=new, signed=SIGNED, force=True)
            case "merge":
                return plan.merge(
                    [draw.draw(areas)], into=draw.draw(areas), signed=SIGNED, force=True
                )
            case "bridge":
                return plan.build_bridge(name, (draw.draw(codes), draw.draw(codes)), signed=SIGNED)
            case _:
                return plan.undo(signed=SIGNED) if kind == "undo" else plan.redo(signed=SIGNED)
    except PatchmapError:
        return plan


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
@given(st.data())
def test_measures_after_any_steps_and_undos_are_those_reckoned_from_nothing(data):
    plan, blocks = drawn("AAAABB", "AA.BBB", "CCCCBB", "CC.CDD"), grid(6, 4)
    follow = PlanMeasures.of(plan.now, MeasuredBlocks.of(blocks, sums=SUMS))
    for _ in range(data.draw(st.integers(1, 12))):
        plan = take(plan, data)
        follow = follow.after(plan.now)
    fresh = PlanMeasures.of(plan.now, follow.blocks)
    pd.testing.assert_frame_equal(follow.frame, fresh.frame, check_exact=True)
    assert follow.cut_edges == fresh.cut_edges
    expected = from_nothing(plan, blocks)
    layer = follow.layer
    assert layer.index.tolist() == expected.index.tolist()
    assert (layer[SUMS] == expected[SUMS]).all(axis=None)
    assert shapely.equals(layer.geometry.to_numpy(), expected.geometry.to_numpy()).all()
    check_whole(plan, follow, blocks)


def check_whole(plan: Plan, measures: PlanMeasures, blocks: gpd.GeoDataFrame) -> None:
    """Areas and unassigned blocks tile the study area, keep the totals, and hang together as
    networkx says."""
    shapes = [each.geometry for each in measures.by_area.values() if each.blocks]
    assert shapely.coverage_is_valid(shapes)
    assert shapely.coverage_union_all(shapes).equals(blocks.union_all())
    for name in SUMS:
        assert measures.frame[name].sum() + measures.unassigned[name] == blocks[name].sum()
    whole = networkx.Graph([*plan.now.graph.edges.tolist(), *plan.now.graph.bridges])
    whole.add_nodes_from(range(len(blocks)))
    for code, number in measures.frame["pieces"].items():
        part = whole.subgraph(plan.now.members(code).tolist())
        assert number == networkx.number_connected_components(part)


def test_the_graph_of_the_drawn_grid_is_that_of_its_blocks():
    assert drawn("AB", "AB").now.graph.edges.tolist() == block_graph(grid(2, 2)).edges.tolist()
