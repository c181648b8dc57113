"""Ways along streets, held against networkx and against a town of squares."""

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geo.allocation.patrols.street_network import AlongStreets, StreetNetwork
from geo.errors import InputError


def town_of_squares(size=5, block=100.0):
    """Streets every 100 m, each one line with a corner at every crossing."""
    at = np.arange(size) * block
    along = [shapely.linestrings([(x, y) for x in at]) for y in at]
    return [*along, *(shapely.linestrings([(x, y) for y in at]) for x in at)]


def test_ways_in_a_town_of_squares_go_round_the_blocks():
    between = StreetNetwork.of(town_of_squares()).distances([0, 400, 150], [0, 300, 200])
    assert between == pytest.approx(np.array([[0, 700, 350], [700, 0, 350], [350, 350, 0]]))


def test_two_places_on_one_piece_do_not_go_round_by_its_end():
    street = StreetNetwork.of([shapely.linestrings([(0, 0), (100, 0)])])
    assert street.distances([10, 30], [5, -2])[0, 1] == pytest.approx(5 + 20 + 2)


def test_streets_join_only_where_they_have_a_corner_in_common():
    bridge = shapely.linestrings([(50, -50), (50, 50)])
    below = shapely.linestrings([(0, 0), (50, 0), (100, 0)])
    network = StreetNetwork.of([bridge, shapely.linestrings([(0, 0), (100, 0), (100, 90)])])
    assert network.left_out_m == pytest.approx(100)
    assert StreetNetwork.of([bridge, below]).left_out_m == 100  # no corner at the crossing
    joined = shapely.linestrings([(50, -50), (50, 0), (50, 50)])
    assert StreetNetwork.of([joined, below]).left_out_m == 0


def test_a_line_of_several_parts_is_several_streets():
    parts = shapely.multilinestrings([[(0, 0), (100, 0)], [(200, 0), (260, 0)]])
    network = StreetNetwork.of([parts])
    assert (network.metres.tolist(), network.left_out_m) == ([100], 60)


@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 2**32 - 1),
)
def test_shortest_ways_are_those_of_networkx(ends, seed):
    lines = [shapely.linestrings([(a, b), (c, d)]) for a, b, c, d in ends if (a, b) != (c, d)]
    if not lines:
        with pytest.raises(InputError, match="no line of any length"):
            StreetNetwork.of([shapely.linestrings([(0, 0), (0, 0)])])
        return
    network = StreetNetwork.of(np.array(lines) if len(lines) > 1 else lines)
    graph = nx.Graph()
    for (one, other), metres in zip(network.ends, network.metres, strict=True):
        graph.add_edge(int(one), int(other), weight=metres)
    places = np.random.default_rng(seed).uniform(0, 6, (4, 2))
    reached = list(enumerate(zip(*network._reached(places), strict=True)))
    for number, (piece, aside, along) in reached:
        start, end = (int(corner) for corner in network.ends[piece])
        graph.add_edge(start, f"place {number}", weight=aside + along)
        graph.add_edge(end, f"place {number}", weight=aside + network.metres[piece] - along)
        for other, (other_piece, other_aside, other_along) in reached[:number]:
            if other_piece == piece:
                metres = aside + abs(along - other_along) + other_aside
                graph.add_edge(f"place {number}", f"place {other}", weight=metres)
    expected = dict(nx.all_pairs_dijkstra_path_length(graph))
    between = network.distances(*places.T)
    for row in range(4):
        for column in range(4):
            way = expected[f"place {row}"][f"place {column}"]
            assert between[row, column] == pytest.approx(way)


def test_rounds_begin_at_the_base_and_speed_makes_minutes():
    travel = AlongStreets(StreetNetwork.of(town_of_squares()), 6.0, base=(0, 0))
    ways = travel.travel([400], [300])
    assert ways.has_base
    assert (ways.out.tolist(), ways.back.tolist()) == ([pytest.approx(7)], [pytest.approx(7)])


def test_the_streets_of_another_town_are_refused():
    with pytest.raises(InputError, match=r"nearest street is 9\.6 km from a place at 10000, 0"):
        StreetNetwork.of(town_of_squares()).distances([0, 10_000], [0, 0])
