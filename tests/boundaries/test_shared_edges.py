"""Edges found by their vertices are those found by intersecting the areas, and every arc is one."""

import numpy as np
import pytest
import shapely

from boundaries.layers.shared_edges import Rings, Segments, arcs, shared_edges
from boundaries.layers.topology import check_layer, refuse_unfit, unfit_for_plan
from geo.allocation.adjacency import contiguity
from geo.errors import InputError
from tests.boundaries.drawn import drawn, grid, layer
from tests.boundaries.test_real_plans import areas

RING = shapely.box(0, 0, 300, 300) - shapely.box(100, 100, 200, 200)


def test_the_blocks_of_a_grid_share_their_edges_with_their_lengths():
    blocks = grid(9, 7)
    expected = contiguity(blocks, shortest_edge_m=1.0)
    ordered = blocks.sort_index()
    edges, lengths = shared_edges(ordered.geometry.to_numpy())
    assert edges.tolist() == expected.edges.tolist()
    assert lengths == pytest.approx(expected.shared_m)


def test_derbys_blocks_share_what_intersections_say(real_data):
    blocks = areas(real_data / "derby" / "lsoa-2021.geojson").sort_index()
    expected = contiguity(blocks, shortest_edge_m=1.0)
    edges, lengths = shared_edges(blocks.geometry.to_numpy())
    long = lengths > 1.0
    assert edges[long].tolist() == expected.edges.tolist()
    assert lengths[long] == pytest.approx(expected.shared_m, abs=1e-6)


def test_arcs_are_every_boundary_once():
    shapes = layer(RING, shapely.box(100, 100, 200, 200)).geometry.to_numpy()
    rings = Rings.of(shapes)
    rows = arcs(rings)
    assert sorted(map(tuple, rows[:, :2].tolist())) == [(0, -1), (0, 1)]
    lengths = [
        shapely.length(shapely.linestrings(rings.xy[first : last + 1]))
        for _, _, first, last in rows.tolist()
    ]
    assert sorted(lengths) == [400, 1200]


@pytest.mark.parametrize("rows", [["AABB", "ABBB"], ["ABA", "BBB", "ABA"]])
def test_arcs_add_up_to_the_edges_of_all_blocks(rows):
    shapes = drawn(*rows).now.graph.shapes
    rings = Rings.of(shapes)
    total = sum(
        shapely.length(shapely.linestrings(rings.xy[first : last + 1])) * (1 if beyond < 0 else 2)
        for _, beyond, first, last in arcs(rings).tolist()
    )
    assert total == pytest.approx(shapely.length(shapes).sum())
    segments = Segments.of(rings)
    assert (segments.area != segments.beyond).all()


@pytest.mark.parametrize(
    ("shapes", "fit"),
    [
        ([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100)], True),
        ([shapely.box(0, 0, 100, 100), shapely.box(90, 0, 200, 100)], False),
        ([shapely.box(0, 0, 100, 100), shapely.box(100.5, 0, 200, 100)], False),
        ([shapely.box(0, 0, 100, 100), shapely.box(150, 0, 200, 100)], True),
        ([RING], False),
        ([RING, shapely.box(100, 100, 200, 200)], True),
        ([RING, shapely.box(100, 100, 200, 199)], False),
        ([shapely.box(0, 0, 20, 10), shapely.box(0, 10, 9, 20), shapely.box(9, 10, 20, 20)], False),
        ([shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])], False),
    ],
)  # fmt: skip
def test_the_quick_check_agrees_with_the_whole_one(shapes, fit):
    drawn_areas = layer(*shapes)
    assert unfit_for_plan(check_layer(drawn_areas)).empty == fit
    if fit:
        refuse_unfit(drawn_areas)
    else:
        with pytest.raises(InputError):
            refuse_unfit(drawn_areas)


def test_the_position_of_a_vertex_is_that_of_its_ring():
    rings = Rings.of(layer(RING, shapely.box(400, 0, 500, 100)).geometry.to_numpy())
    assert rings.areas.tolist() == [0, 0, 1]
    assert rings.is_outer.tolist() == [True, False, True]
    assert np.diff(rings.starts).tolist() == [5, 5, 5]
