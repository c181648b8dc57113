"""A hotspot, beat or estate is split when two areas hold some of it."""

import numpy as np
import pytest
import shapely

from boundaries.plans.overlaps import Overlaps
from geo.errors import InputError
from tests.boundaries.drawn import drawn, grid, layer

# Blocks a1 to d1 in a row; hotspot H lies on a1, b1 and c1, J on d1 alone.
THINGS = ["H", "H", "H", "H", "J", "", "H"]
PLACED = np.array([0, 0, 1, 2, 3, 3, -1])


def test_the_sides_of_a_hotspot_are_its_incidents_in_each_area():
    sides = Overlaps.of_points(THINGS, PLACED).by_area(drawn("AABB").now.assigned)
    assert sides.to_dict("list") == {
        "name": ["H", "H", "J"],
        "area_code": ["A", "B", "B"],
        "amount": [3, 1, 1],
        "share": [0.75, 0.25, 1],
    }


@pytest.mark.parametrize(
    ("picture", "split"),
    [("AABB", 1), ("AAAB", 0), ("AA.B", 0), ("ABCD", 1), ("....", 0)],
)
def test_a_hotspot_is_split_between_areas_and_unassigned_is_none(picture, split):
    overlaps = Overlaps.of_points(THINGS, PLACED)
    assert overlaps.count_split(drawn(picture).now.assigned) == split


def test_a_split_shows_all_sides_the_unassigned_one_too():
    rows = Overlaps.of_points(THINGS, PLACED).split(drawn("AB.B").now.assigned)
    assert rows["area_code"].tolist() == ["A", "", "B"]
    assert rows["share"].sum() == 1


def test_areas_of_another_layer_are_split_by_surface():
    estates = layer(shapely.box(50, 0, 200, 100), shapely.box(290, 0, 400, 100))
    overlaps = Overlaps.of_layer(grid(4, 1), estates)
    sides = overlaps.by_area(drawn("AABB").now.assigned)
    assert sides["amount"].tolist() == pytest.approx([15_000, 11_000])
    rows = overlaps.split(drawn("ABAB").now.assigned)
    assert rows["area_code"].tolist() == ["B", "A", "B", "A"]
    assert rows["share"].tolist() == pytest.approx([2 / 3, 1 / 3, 10 / 11, 1 / 11])


def test_a_sliver_of_an_area_can_be_disregarded():
    estates = layer(shapely.box(50, 0, 200, 100), shapely.box(290, 0, 400, 100))
    overlaps = Overlaps.of_layer(grid(4, 1), estates)
    rows = overlaps.split(drawn("ABAB").now.assigned, least_share=0.2)
    assert set(rows["name"]) == {"A"}


def test_nothing_has_no_sides():
    overlaps = Overlaps.of_points([], np.array([], dtype=np.int64))
    assert overlaps.by_area(drawn("AB").now.assigned).empty
    assert overlaps.count_split(drawn("AB").now.assigned) == 0


def test_each_point_needs_a_name_and_a_block():
    with pytest.raises(InputError, match="7 points have names but 2 have blocks"):
        Overlaps.of_points(THINGS, PLACED[:2])
