"""Blocks go whole to one area, and those that straddle a boundary are named."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from boundaries.plans.plan import areas_of_layer
from boundaries.plans.state import Area
from geo.areal.best_fit import assignment_from_table, best_fit, overlap_shares
from geo.errors import InputError
from geo.formats.csv_table import read_table
from tests.boundaries.drawn import SOUTH, WEST, grid, layer

box = shapely.box


def test_a_block_goes_to_the_area_that_holds_most_of_it():
    areas = layer(box(0, 0, 140, 100), box(140, 0, 300, 100))
    fit = best_fit(grid(3, 1), areas)
    assert fit.assignment.to_dict() == {"a1": "A", "b1": "B", "c1": "B"}
    (row,) = fit.straddling.reset_index().itertuples()
    assert (row.block_code, row.area_code, row.elsewhere) == ("b1", "B", "A")
    assert row.share == pytest.approx(0.6)
    assert row.share_outside == 0


def test_where_people_live_decides_before_surface():
    areas = layer(box(0, 0, 140, 100), box(140, 0, 300, 100))
    centre = gpd.GeoSeries({"b1": shapely.Point(WEST + 110, SOUTH + 50)}, crs=areas.crs)
    fit = best_fit(grid(3, 1), areas, centres=centre)
    assert fit.assignment["b1"] == "A"
    assert fit.straddling.loc["b1", "share"] == pytest.approx(0.4)
    assert fit.straddling.loc["b1", "elsewhere"] == "B"


def test_a_centre_in_no_area_leaves_the_block_to_its_surface():
    areas = layer(box(0, 0, 300, 100))
    centre = gpd.GeoSeries({"b1": shapely.Point(0, 0), "z9": shapely.Point(1, 1)}, crs=areas.crs)
    fit = best_fit(grid(3, 1), areas, centres=centre)
    assert fit.assignment.tolist() == ["A", "A", "A"]


def test_equal_shares_go_to_the_lower_code():
    areas = layer(box(150, 0, 300, 100), box(0, 0, 150, 100))
    assert best_fit(grid(3, 1), areas).assignment["b1"] == "A"


def test_blocks_outside_all_areas_are_unassigned_and_named():
    fit = best_fit(grid(3, 1), layer(box(0, 0, 180, 100)))
    assert fit.assignment.tolist() == ["A", "A", ""]
    assert fit.straddling.index.tolist() == ["c1", "b1"]
    assert fit.straddling["share_outside"].tolist() == pytest.approx([1.0, 0.2])


def test_a_boundary_that_was_only_drawn_otherwise_is_no_straddling():
    areas = layer(box(0, 0, 100.5, 100), box(100.5, 0, 300, 100))
    assert best_fit(grid(3, 1), areas).straddling.empty
    assert len(best_fit(grid(3, 1), areas, tolerance=0.001).straddling) == 1


def test_layers_in_different_systems_are_refused(four_squares):
    message = "blocks, their centres and areas are in different coordinate systems"
    lonlat = four_squares.to_crs("OGC:CRS84")
    with pytest.raises(InputError, match=message):
        best_fit(four_squares, lonlat)
    with pytest.raises(InputError, match=message):
        best_fit(four_squares, four_squares, centres=lonlat.geometry.representative_point())


def test_shares_of_a_block_add_up_to_the_whole(demo_city):
    shares = overlap_shares(demo_city.blocks, demo_city.wards)
    assert shares.groupby("block_code")["share"].sum().to_numpy() == pytest.approx(1.0)


def test_a_city_made_of_whole_blocks_comes_back_exactly(demo_city):
    fit = best_fit(demo_city.blocks, demo_city.wards)
    assert (fit.assignment == demo_city.blocks["ward_code"]).all()
    assert fit.straddling.empty


def test_a_plan_begins_with_the_names_and_members_of_a_layer():
    areas = layer(box(0, 0, 1, 1), box(1, 0, 2, 1)).assign(members=[2.0, float("nan")])
    assert list(areas_of_layer(areas)) == [Area("A", "A", 2), Area("B", "B", None)]
    assert next(areas_of_layer(areas.drop(columns="members"))).members is None


def test_a_table_of_blocks_may_be_partial():
    table = read_table(b"block_code,area_code\nb1,N\na1,S\n", file="plan.csv")
    assert assignment_from_table(table, ("a1", "b1", "c1")).to_dict() == {
        "a1": "S", "b1": "N", "c1": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"block,area\na1,N\n", "plan.csv lacks the column block_code, area_code; it has: block"),
        (b"block_code,area_code\na1,N\nq7,N\n", "plan.csv, line 3: block 'q7' is not in this plan"),
        (b"block_code,area_code\na1,N\na1,S\n", "plan.csv, line 3: block 'a1' appears twice"),
    ],
)
def test_a_table_of_other_blocks_is_refused(content, message):
    with pytest.raises(InputError, match=message):
        assignment_from_table(read_table(content, file="plan.csv"), ("a1", "b1"))


def test_an_assignment_is_named_as_it_travels():
    assignment = best_fit(grid(1, 1), layer(box(0, 0, 100, 100))).assignment
    assert (assignment.index.name, assignment.name) == ("block_code", "area_code")
    assert isinstance(assignment, pd.Series)


def test_areas_that_overlap_each_hold_what_lies_in_them():
    block = shapely.box(0, 0, 10, 10)
    areas = [shapely.box(0, 0, 20, 20), shapely.box(5, 0, 30, 20), shapely.box(10, 0, 30, 20)]
    shares = overlap_shares(layer(block), layer(*areas, codes="XYZ"))
    assert shares.set_index("area_code")["share"].to_dict() == {"X": 1, "Y": 0.5}
    apart = overlap_shares(layer(block), layer(areas[0], shapely.box(20, 0, 30, 20), codes="XZ"))
    assert apart.set_index("area_code")["share"].to_dict() == {"X": 1}
