"""Areas of other layers as sets of whole blocks: parishes, polling districts, wards."""

from itertools import pairwise

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.blocks import BlockLayer, block_graph
from boundaries.plans.units import Units, parish_ward_shapes, parish_wards, straddling_blocks
from geo.errors import InputError, NotFoundError
from tests.boundaries.drawn import drawn, grid, layer


def parishes(blocks, *edges):
    """Strips from the south to the north between some edges in metres."""
    shapes = [shapely.box(west, 0, east, 900) for west, east in pairwise(edges)]
    names = ["Ash", "Birch", "Cedar", "Dale"][: len(shapes)]
    return Units.of("parishes", layer(*shapes, codes="PQRS").assign(area_name=names), blocks)


def layer_of(*rows):
    areas = grid(len(rows[0]), len(rows)).sort_index()
    return BlockLayer("blocks", areas, block_graph(areas))


def test_a_unit_is_the_blocks_that_lie_in_it_for_the_most_part():
    blocks = layer_of("AABB")
    units = parishes(blocks, 0, 160, 300)
    assert units.blocks("P").tolist() == [0, 1]
    assert units.blocks("Q").tolist() == [2]
    assert units.area.tolist() == ["P", "P", "Q", ""]
    assert units.straddles.tolist() == [False, True, False, False]
    with pytest.raises(NotFoundError, match="there is no area 'Z' in parishes"):
        units.blocks("Z")


def test_a_unit_smaller_than_any_block_is_refused():
    units = parishes(layer_of("AABB"), 0, 110, 140, 400)
    with pytest.raises(InputError, match="no block lies for the most part in Q of parishes"):
        units.blocks("Q")


def test_blocks_that_straddle_are_listed_worst_first_whichever_area_they_are_in():
    blocks = layer_of("AABB")
    state = drawn("A.BB").now
    table = straddling_blocks(state, parishes(blocks, 0, 160, 290))
    assert table.index.tolist() == ["b1", "c1"]
    assert table["share"].tolist() == pytest.approx([0.6, 0.9])
    assert table["area_code"].tolist() == ["", "B"]
    assert table["unit_name"].tolist() == ["Ash", "Birch"]
    assert table["across_name"].tolist() == ["Birch", ""]
    moved = straddling_blocks(drawn("BBAA").now, parishes(blocks, 0, 160, 290))
    assert moved.index.tolist() == table.index.tolist()


def test_a_divided_parish_has_a_parish_ward_in_each_area():
    blocks = layer_of("AABB", "AABB")
    units = parishes(blocks, 0, 300, 400)
    state = drawn("AABB", "AAB.").now
    sums = blocks.areas[["electors"]]
    table = parish_wards(state, units, sums)
    assert table["unit_name"].tolist() == ["Ash", "Ash"]
    assert table["area_name"].tolist() == ["Ward A", "Ward B"]
    assert table["blocks"].tolist() == [4, 2]
    assert table["electors"].tolist() == [100 * (1 + 2 + 3 + 4), 100 * (5 + 6)]
    shapes = parish_ward_shapes(state, units, table)
    assert [round(shape.area) for shape in shapes] == [40_000, 20_000]


def test_a_parish_with_blocks_outside_the_plan_is_not_divided_by_them():
    units = parishes(layer_of("AABB"), 0, 200, 400)
    sums = grid(4, 1)[["electors"]]
    assert parish_wards(drawn("A.BB").now, units, sums).empty


ROWS = st.lists(st.text("ABC.", min_size=4, max_size=4), min_size=3, max_size=3)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.sampled_from([(0, 200, 400), (0, 130, 310, 400), (100, 300)]))
def test_parish_wards_hold_all_people_of_the_divided_parishes(rows, edges):
    blocks, state = layer_of(*rows), drawn(*rows).now
    units = parishes(blocks, *edges)
    table = parish_wards(state, units, blocks.areas[["electors"]])
    electors = blocks.areas["electors"].to_numpy()
    for code in {*units.area} - {""}:
        inside = (units.area == code) & (state.assigned != "")
        areas = set(state.assigned[inside])
        part = table[table["unit_code"] == code]
        assert set(part["area_code"]) == (areas if len(areas) > 1 else set())
        if len(areas) > 1:
            assert part["electors"].sum() == electors[inside].sum()
            assert part["blocks"].sum() == inside.sum()
