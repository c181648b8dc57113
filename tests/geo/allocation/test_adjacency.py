"""Neighbours share an edge and not a corner, unless a bridge is named."""

import re

import numpy as np
import pytest
import shapely

from geo.allocation.adjacency import contiguity, mask_of, positions
from geo.allocation.patches.measures import compactness
from geo.errors import InputError
from tests.geo.allocation.maps import random_areas, squares


def pairs(layer) -> list[str]:
    return ["".join(layer.codes[at] for at in edge) for edge in layer.edges.tolist()]


def test_a_shared_corner_makes_no_neighbours():
    assert pairs(contiguity(squares("CD", "AB"))) == ["AB", "AC", "BD", "CD"]


def test_the_order_of_the_rows_changes_nothing():
    areas = random_areas(12, seed=1)
    plain, shuffled = contiguity(areas), contiguity(areas.sample(frac=1, random_state=2))
    assert plain.codes == shuffled.codes
    assert plain.edges.tolist() == shuffled.edges.tolist()
    assert plain.shared_m == pytest.approx(shuffled.shared_m)


def test_an_edge_shorter_than_asked_for_does_not_count():
    areas = squares("AB", "AB")
    assert pairs(contiguity(areas, shortest_edge_m=199)) == ["AB"]
    assert pairs(contiguity(areas, shortest_edge_m=200)) == []


def test_a_bridge_joins_what_a_river_parts():
    areas = squares("A.B")
    assert contiguity(areas).pieces == [[0], [1]]
    joined = contiguity(areas, bridges={"Trent Bridge": ("B", "A")})
    assert joined.pieces == [[0, 1]]
    assert joined.shared_m.tolist() == [0.0]


def test_edges_that_do_not_match_meet_within_a_gap():
    areas = squares("AB")
    areas.geometry = [areas.geometry.iloc[0], shapely.box(100.4, 0.3, 200, 100)]
    assert pairs(contiguity(areas)) == []
    assert pairs(contiguity(areas, gap_m=0.5, shortest_edge_m=5)) == ["AB"]


def test_a_corner_across_a_gap_is_still_a_corner():
    areas = squares("A.", ".B")
    assert pairs(contiguity(areas, gap_m=0.5, shortest_edge_m=5)) == []


def test_a_mask_and_its_positions_are_the_same():
    assert positions(mask_of([5, 0, 70])) == [0, 5, 70]
    assert positions(0) == []


def test_a_ring_hangs_together_only_while_it_is_not_cut_twice():
    layer = contiguity(squares("ABC", "H.D", "GFE"))
    whole = mask_of(range(8))
    assert layer.hangs_together(whole)
    assert layer.hangs_together(whole & ~mask_of([0]))
    assert not layer.hangs_together(whole & ~mask_of([0, 4]))
    assert not layer.hangs_together(0)


def test_a_square_of_squares_is_as_compact_as_a_square():
    layer = contiguity(squares("CD", "AB"))
    assert compactness(layer, np.zeros(4, int)) == pytest.approx([np.pi / 4])
    assert compactness(layer, np.array([0, 0, 1, 1])) == pytest.approx([4 * np.pi * 2 / 36] * 2)


@pytest.mark.parametrize(
    ("bridges", "message"),
    [
        ({"Trent": ("A", "Z")}, "the bridge Trent ends in Z, which is not one of these areas"),
        ({"Trent": ("A", "A")}, "the bridge Trent joins A to itself"),
    ],
)
def test_a_bridge_to_nowhere_is_refused(bridges, message):
    with pytest.raises(InputError, match=re.escape(message)):
        contiguity(squares("AB"), bridges=bridges)


def test_degrees_and_repeated_codes_are_refused():
    areas = squares("AB")
    with pytest.raises(InputError, match="these areas are in degrees"):
        contiguity(areas.set_crs("OGC:CRS84", allow_override=True))
    with pytest.raises(InputError, match="two areas have the same code"):
        contiguity(areas.set_axis(["A", "A"]))
