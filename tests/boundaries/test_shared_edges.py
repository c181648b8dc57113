"""Edges found by their vertices are those found by intersecting the areas, and every arc is one."""

import string

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.shared_edges import Rings, Segments, arcs, border, shared_edges, simplified
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
        ([RING, RING], False),
        ([RING, shapely.reverse(RING)], False),
        ([RING, shapely.reverse(shapely.box(100, 100, 200, 200))], True),
        ([RING, shapely.box(0, 0, 300, 300)], False),
        ([shapely.box(0, 0, 90, 90), shapely.box(30, 30, 60, 60)], False),
        ([RING, shapely.box(100, 100, 200, 200), shapely.box(100, 100, 200, 200)], False),
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


@st.composite
def damaged_grids(draw: st.DrawFn) -> list[shapely.Polygon]:
    """The blocks of a grid, of which one may be moved, enlarged, doubled, turned or taken away."""
    wide, high = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    blocks = [
        shapely.box(x, y, x + 10, y + 10)
        for x in range(0, 10 * wide, 10)
        for y in range(0, 10 * high, 10)
    ]
    at = draw(st.integers(0, len(blocks) - 1))
    block = blocks.pop(at)

    def changed(*by: float) -> shapely.Polygon:
        return shapely.box(*np.add(block.bounds, by))

    other = draw(st.sampled_from([
        [block], [], [block, block], [block, shapely.reverse(block)], [shapely.reverse(block)],
        [changed(0, 0, 10, 0)],
        [changed(0, 0, 0.5, 0)],
        [changed(0.5, 0, 0, 0)],
        [changed(0, 2, 0, 2)],
        [shapely.segmentize(block, 5)],
        [shapely.box(-10, -10, 10 * wide + 10, 10 * high + 10), block],
        [block, changed(3, 3, -3, -3)],
    ]))  # fmt: skip
    return [*blocks, *other]


@settings(max_examples=60)
@given(damaged_grids())
def test_the_quick_check_of_a_damaged_grid_agrees_with_the_whole_one(blocks):
    if not blocks:
        return
    damaged = layer(*blocks, codes=string.ascii_letters)
    faults = unfit_for_plan(check_layer(damaged))
    try:
        refuse_unfit(damaged)
    except InputError:
        assert len(faults)
    else:
        assert faults.empty


def test_the_border_is_the_outside_and_what_lies_around_gaps():
    hole = shapely.box(100, 100, 200, 200)
    tile = [shapely.box(x, y, x + 100, y + 100) for x in (0, 100, 200) for y in (0, 100, 200)]
    assert shapely.length(border(Rings.of(np.array(tile)))).sum() == 1200
    tile.remove(hole)
    assert shapely.length(border(Rings.of(np.array(tile)))).sum() == 1600


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_simplified_blocks_still_share_their_edges(wide, high, seed):
    rng = np.random.default_rng(seed)
    boxes = [
        shapely.box(x, y, x + 100, y + 100)
        for x in range(0, 100 * wide, 100)
        for y in range(0, 100 * high, 100)
    ]
    fine = shapely.segmentize(np.array(boxes), 10.0)
    # Where a place moves to depends on the place alone, so that edges go on matching.
    shift = rng.uniform(-1.5, 1.5, (100 * wide + 1, 100 * high + 1, 2))
    shapes = shapely.transform(fine, lambda xy: xy + shift[tuple(np.rint(xy).astype(int).T)])
    rings = Rings.of(shapes)
    fewer, rows = simplified(rings, 2.0)
    assert len(fewer.xy) < len(rings.xy)
    assert sorted(map(tuple, rows.tolist())) == sorted(map(tuple, arcs(fewer).tolist()))
    lines = np.split(fewer.xy, fewer.starts[1:-1])
    drawn_shapes = shapely.polygons([shapely.linearrings(line) for line in lines])
    assert shapely.coverage_is_valid(drawn_shapes)
    assert (
        shapely.hausdorff_distance(shapely.boundary(drawn_shapes), shapely.boundary(shapes)).max()
        <= 2.0
    )


def test_a_block_thinner_than_the_tolerance_is_drawn_with_all_its_vertices():
    shapes = layer(shapely.box(0, 0, 100, 1), shapely.box(0, 1, 100, 100)).geometry.to_numpy()
    rings = Rings.of(shapely.segmentize(shapes, 10.0))
    fewer, _ = simplified(rings, 2.0)
    assert np.diff(fewer.starts).min() >= 4
    assert (fewer.xy[fewer.starts[:-1]] == fewer.xy[fewer.starts[1:] - 1]).all()
