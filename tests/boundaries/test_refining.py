"""Some blocks are replaced by smaller ones: outlines stay, and people add up exactly."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.read import read_layer
from boundaries.layers.refining import refine_blocks
from boundaries.layers.topology import check_layer
from boundaries.plans.refining import carry_to_smaller
from geo.areal.best_fit import best_fit
from geo.crs import Projection
from geo.errors import InputError
from geo.store.contract import LayerMetadata
from tests.boundaries.drawn import SIGNED, SOUTH, WEST, drawn, grid, layer


def quarters(columns, rows, *, drift=0.0, **columns_of):
    """Areas of 50 m, each block of a grid in four, moved a little to the east."""
    codes = [f"q{x}-{y}" for x in range(2 * columns) for y in range(2 * rows)]
    shapes = [
        shapely.box(50 * x + drift, 50 * y, 50 * (x + 1) + drift, 50 * (y + 1))
        for x in range(2 * columns)
        for y in range(2 * rows)
    ]
    made = layer(*shapes, codes=codes)
    return made.assign(area_name=[code.upper() for code in codes], **columns_of)


def test_a_block_is_divided_by_the_smaller_areas_in_it():
    blocks = grid(3, 1)
    refined = refine_blocks(blocks, quarters(3, 1), ["b1"])
    assert len(refined.areas) == 2 + 4
    assert refined.parent[["q2-0", "q3-1", "a1"]].tolist() == ["b1", "b1", "a1"]
    assert check_layer(refined.areas).empty
    parts = refined.areas[refined.parent == "b1"]
    assert shapely.union_all(parts.geometry.to_numpy()).equals(blocks.geometry["b1"])
    assert parts["electors"].tolist() == [50, 50, 50, 50]
    assert parts["electors"].dtype.kind == "i"
    assert parts["area_name"].tolist() == ["Q2-0", "Q2-1", "Q3-0", "Q3-1"]
    assert refined.note == "by surface, as if people were spread evenly: nothing else is known"
    assert refined.areas.loc["a1", "electors"] == blocks.loc["a1", "electors"]
    assert refined.areas.geometry["a1"].equals(blocks.geometry["a1"])


def test_people_go_by_those_of_the_smaller_areas_and_stay_whole():
    residents = np.zeros(12, int)
    residents[4:8] = [1, 1, 1, 0]  # those in b1
    refined = refine_blocks(grid(3, 1), quarters(3, 1, residents=residents), ["b1"])
    parts = refined.areas[refined.parent == "b1"]
    assert parts["electors"].tolist() == [67, 67, 66, 0]
    assert parts["residents"].sum() == 260
    assert refined.note == "by residents of the smaller areas"


def test_people_go_by_points_where_they_are_given():
    places = gpd.points_from_xy(WEST + np.array([110, 120, 190]), SOUTH + np.array([10, 10, 90]))
    points = gpd.GeoDataFrame({"residents": [10, 20, 70]}, geometry=places, crs=grid(1, 1).crs)
    refined = refine_blocks(grid(3, 1), quarters(3, 1, residents=9), ["b1"], points=points)
    parts = refined.areas[refined.parent == "b1"]
    assert parts["electors"].tolist() == [60, 0, 0, 140]
    assert refined.note == "by residents of the points"
    plain = refine_blocks(grid(3, 1), quarters(3, 1), ["b1"], points=points[["geometry"]])
    assert plain.areas.loc["q2-0", "electors"] == 133
    assert plain.note == "by the number of the points"
    points["residents"] = [10, np.nan, 70]  # what is unknown is not 0
    unknown = refine_blocks(grid(3, 1), quarters(3, 1), ["b1"], points=points)
    assert unknown.note == plain.note
    assert unknown.areas.drop(columns="geometry").equals(plain.areas.drop(columns="geometry"))


def test_a_block_in_which_nobody_is_known_to_live_is_shared_by_surface():
    refined = refine_blocks(grid(3, 1), quarters(3, 1, residents=0), ["b1"])
    assert refined.areas.loc["q2-0", "electors"] == 50


def test_areas_drawn_a_little_differently_still_divide_the_block_alone():
    blocks = grid(3, 1)
    refined = refine_blocks(blocks, quarters(3, 1, drift=1.5), ["b1"])
    assert check_layer(refined.areas).empty
    parts = refined.areas[refined.parent == "b1"].geometry.to_numpy()
    away = shapely.symmetric_difference(shapely.union_all(parts), blocks.geometry["b1"])
    assert shapely.area(away) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("smaller", "replaced", "message"),
    [
        (quarters(3, 1), ["z9"], "z9 is not one of the blocks"),
        (grid(3, 1), ["b1"], "no block has two smaller areas in it"),
        (quarters(3, 1).drop(index="q2-0"), ["b1"], "leave 25 % of b1 empty"),
        (quarters(3, 1).rename(index={"q2-0": "a1"}), ["b1"], "a1 would stand for two blocks"),
    ],
)
def test_what_cannot_replace_a_block_is_refused(smaller, replaced, message):
    with pytest.raises(InputError, match=message):
        refine_blocks(grid(3, 1), smaller, replaced)


def test_a_block_without_smaller_areas_stays_and_is_named():
    smaller = quarters(3, 1).drop(index=["q0-0", "q0-1", "q1-0", "q1-1"])
    refined = refine_blocks(grid(3, 1), smaller, ["a1", "b1"])
    assert refined.whole == ("a1",)
    assert "a1" in refined.areas.index


def test_a_plan_goes_on_with_its_areas_bridges_and_size_on_the_smaller_blocks():
    plan = drawn("AAB").build_bridge("Ford", ("a1", "c1"), signed=SIGNED)
    plan = plan.set_council_size(3, signed=SIGNED)
    refined = refine_blocks(grid(3, 1), quarters(3, 1), ["a1", "b1"])
    carried = carry_to_smaller(plan, refined, "fine", plan_id="fine-plan", by="Ann")
    assert carried.assignment["q0-0"] == carried.assignment["q3-1"] == "A"
    assert carried.assignment["c1"] == "B"
    assert dict(carried.now.bridges) == {"Ford": ("q1-0", "c1")}
    assert carried.now.council_size == 3
    assert carried.now.areas == plan.now.areas
    assert (carried.metadata.blocks_layer, carried.steps) == ("fine", ())


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(0, 400), min_size=4, max_size=4),
    st.lists(st.integers(0, 9), min_size=16, max_size=16),
    st.sets(st.sampled_from(["a1", "b1", "c1", "d1"]), min_size=1),
)
def test_totals_are_kept_exactly_block_by_block(electors, residents, replaced):
    blocks = grid(4, 1).assign(electors=electors)
    refined = refine_blocks(blocks, quarters(4, 1, residents=residents), sorted(replaced))
    summed = refined.areas.groupby(refined.parent.to_numpy())[["electors", "residents"]].sum()
    assert summed["electors"].to_dict() == blocks["electors"].to_dict()
    assert summed["residents"].to_dict() == blocks["residents"].to_dict()
    assert (refined.areas["electors"] >= 0).all()


def test_the_lsoas_of_derby_that_straddle_its_wards_are_replaced_by_output_areas(real_data):
    def areas(name):
        content = (real_data / "derby" / f"{name}.geojson").read_bytes()
        return read_layer(
            content, LayerMetadata("x"), projection=Projection.choose(), repair=True
        ).areas

    lsoas, wards = areas("lsoa-2011"), areas("wards-2025")
    lsoas["residents"] = np.arange(1_400, 1_400 + len(lsoas))
    straddling = best_fit(lsoas, wards).straddling
    assert len(straddling) == 42
    refined = refine_blocks(lsoas, areas("output-areas-2011"), straddling.index)
    assert (len(refined.areas), refined.whole) == (331, ())
    assert set(check_layer(refined.areas)["kind"]) <= {"detached part"}  # as they were published
    summed = refined.areas.groupby(refined.parent.to_numpy())["residents"].sum()
    assert summed.to_dict() == lsoas["residents"].to_dict()
    dissolved = refined.areas.dissolve(refined.parent.to_numpy()).geometry
    away = shapely.area(shapely.symmetric_difference(dissolved[lsoas.index], lsoas.geometry))
    assert max(away) < 5  # m²: vertices within a centimetre became one
