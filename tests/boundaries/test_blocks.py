"""Neighbours share an edge; what hangs together is what networkx says hangs together."""

import networkx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from boundaries.layers.blocks import block_graph
from geo.errors import InputError
from tests.boundaries.drawn import grid, layer


def test_blocks_that_meet_in_a_corner_are_no_neighbours():
    graph = block_graph(grid(2, 2))
    assert graph.codes == ("a1", "a2", "b1", "b2")
    assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 3], [2, 3]]
    assert graph.shared_m.tolist() == [100.0] * 4
    assert graph.near == ({1, 2}, {0, 3}, {0, 3}, {1, 2})


def test_an_edge_shorter_than_asked_is_none():
    assert len(block_graph(grid(2, 1), shortest_edge_m=100.0).edges) == 0
    assert len(block_graph(grid(2, 1), shortest_edge_m=99.0).edges) == 1


def test_an_edge_of_several_corners_counts_whole_and_once():
    left = shapely.Polygon([(0, 0), (100, 0), (110, 30), (100, 100), (0, 100)])
    right = shapely.Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (110, 30)])
    graph = block_graph(layer(left, right))
    assert graph.edges.tolist() == [[0, 1]]
    assert graph.shared_m[0] == pytest.approx(np.hypot(10, 30) + np.hypot(10, 70))


def test_an_enclosed_block_is_the_neighbour_of_what_encloses_it():
    hole = shapely.box(40, 40, 60, 60)
    assert block_graph(layer(shapely.box(0, 0, 100, 100) - hole, hole)).shared_m.tolist() == [80.0]


def test_a_bridge_makes_neighbours_and_its_absence_unmakes_them():
    graph = block_graph(grid(3, 1)).bridged({"Exeter Bridge": ("a1", "c1")})
    assert graph.pieces([0, 2]) == [[0, 2]]
    assert graph.bridged({}).pieces([0, 2]) == [[0], [2]]
    assert len(graph.edges) == 2


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("a1", "z9"), "the bridge Toll ends in z9, which is not a block of this plan"),
        (("a1", "a1"), "the bridge Toll leads from a1 to itself"),
    ],
)
def test_a_bridge_that_leads_nowhere_is_refused(ends, message):
    with pytest.raises(InputError, match=message):
        block_graph(grid(2, 1)).bridged({"Toll": ends})


def test_blocks_in_degrees_are_refused(four_squares):
    with pytest.raises(InputError, match="project them to metres"):
        block_graph(four_squares.to_crs("OGC:CRS84"))


def test_a_code_that_stands_twice_is_refused(four_squares):
    with pytest.raises(InputError, match="two blocks have the same code"):
        block_graph(four_squares.rename(index={"B": "A"}))


def test_the_largest_piece_stands_first_and_equal_ones_by_their_first_block():
    graph = block_graph(grid(7, 1))
    assert graph.pieces([0, 2, 3, 5, 6]) == [[2, 3], [5, 6], [0]]
    assert graph.pieces([]) == []


@given(st.sets(st.integers(0, 35)))
def test_pieces_are_the_connected_components_of_networkx(members):
    graph = block_graph(grid(6, 6))
    whole = networkx.Graph(graph.edges.tolist())
    expected = map(sorted, networkx.connected_components(whole.subgraph(members)))
    assert sorted(graph.pieces(members)) == sorted(expected)


def test_neighbours_in_a_city_are_those_whose_boundaries_share_a_line(demo_city):
    blocks = demo_city.blocks.head(200)
    shapes = blocks.geometry.to_numpy()
    one, other = shapely.STRtree(shapes).query(shapes, predicate="touches")
    length = shapely.length(shapely.intersection(shapes[one], shapes[other]))
    pairs = [(int(i), int(j)) for i, j in zip(one, other, strict=True)]
    lengths = dict(zip(pairs, length, strict=True))
    expected = sorted((i, j) for (i, j), metres in lengths.items() if i < j and metres > 1)
    graph = block_graph(blocks)
    assert graph.edges.tolist() == [list(pair) for pair in expected]
    assert graph.shared_m == pytest.approx([lengths[pair] for pair in expected])
