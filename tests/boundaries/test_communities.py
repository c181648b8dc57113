"""How far plans keep communities whole: each number against a drawing."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from boundaries.plans.communities import Communities
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, SOUTH, WEST, drawn, grid


def community(*boxes: tuple[str, float, float, float, float]) -> gpd.GeoDataFrame:
    """Communities as boxes, in blocks of 100 m from the corner of the grid."""
    shapes = [
        shapely.box(WEST + 100 * x, SOUTH + 100 * y, WEST + 100 * right, SOUTH + 100 * top)
        for _, x, y, right, top in boxes
    ]
    return gpd.GeoDataFrame(geometry=shapes, index=[name for name, *_ in boxes], crs=grid(1, 1).crs)


def test_a_block_belongs_to_the_community_that_holds_most_of_it():
    # Mill holds all of a1 and 60 % of b1; Quay 40 % of b1, all of c1, and 40 % of d1.
    layer = community(("Quay", 1.6, 0, 3.4, 1), ("Mill", 0, 0, 1.6, 1), ("Sea", 9, 9, 10, 10))
    communities = Communities.of_layer(grid(4, 1), layer)
    assert communities.names == ("Mill", "Quay")
    assert communities.of_block.tolist() == [0, 0, 1, -1]


def test_the_largest_part_is_told_by_people_and_blocks():
    plan = drawn("AAABB.")
    layer = community(("Mill", 0, 0, 2, 1), ("Quay", 2, 0, 6, 1))
    communities = Communities.of_layer(grid(6, 1), layer)
    kept = communities.wholeness(plan.now.assigned, [1, 1, 500, 100, 100, 900])
    assert kept.loc["Mill"].to_dict() == {
        "blocks": 2, "areas": 1, "area_code": "A", "blocks_in_largest": 2, "whole": True,
        "people": 2.0, "people_in_largest": 2.0,
    }  # fmt: skip
    # The block without an area is in no part, but the community is not whole without it.
    assert kept.loc["Quay"].to_dict() == {
        "blocks": 4, "areas": 2, "area_code": "A", "blocks_in_largest": 1, "whole": False,
        "people": 1600.0, "people_in_largest": 500.0,
    }  # fmt: skip
    by_blocks = communities.wholeness(plan.now.assigned)
    assert by_blocks.loc["Quay", ["area_code", "blocks_in_largest"]].tolist() == ["B", 2]
    assert "people" not in by_blocks
    assert communities.count_whole(plan.now.assigned) == 1


def test_a_community_without_areas_and_one_in_equal_halves():
    communities = Communities(("Half", "None"), np.array([0, 0, 1, 1]))
    kept = communities.wholeness(drawn("AB..").now.assigned, [5, 5, 7, 7])
    assert kept.loc["Half", ["area_code", "areas"]].tolist() == ["A", 2]
    assert kept.loc["None", ["area_code", "areas", "whole", "people_in_largest"]].tolist() == [
        "", 0, False, 0.0,
    ]  # fmt: skip


def test_moving_a_block_back_makes_a_community_whole_again():
    communities = Communities(("One",), np.array([0, 0, -1]))
    plan = drawn("ABB")
    assert communities.count_whole(plan.now.assigned) == 0
    moved = plan.move(["b1"], "A", signed=SIGNED)
    assert communities.count_whole(moved.now.assigned) == 1


def test_figures_of_other_blocks_are_refused():
    communities = Communities(("One",), np.array([0, 0]))
    with pytest.raises(InputError, match="different blocks"):
        communities.wholeness(drawn("ABB").now.assigned)
    with pytest.raises(InputError, match="different blocks"):
        communities.wholeness(drawn("AB").now.assigned, [1, 2, 3])
