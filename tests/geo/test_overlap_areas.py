"""Areas of many cells inside one shape, whose vertices are not gone through for each of them."""

from __future__ import annotations

from time import process_time

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geo.cells import Grid
from geo.overlap_areas import overlap_areas


def coast(vertices: int, seed: int) -> shapely.Polygon:
    """A ragged island, about two kilometres wide, with a lake."""
    draw = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    radius = 1_000 + draw.uniform(-40, 40, vertices)
    outside = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return shapely.Polygon(outside, [outside[::-1] / 4])


def plots(across: int) -> shapely.MultiPolygon:
    """Squares of 40 m in a grid of 50 m, whose edges are also those of square cells."""
    west, south = (axis.ravel() for axis in np.meshgrid(*[np.arange(across) * 50.0] * 2))
    squares = shapely.box(west, south, west + 40, south + 40)
    return shapely.multipolygons(shapely.segmentize(squares, 5))


def cells_over(whole: shapely.Geometry, grid: Grid) -> np.ndarray:
    """The cells of a grid over the box of a shape: some lie outside of the shape."""
    return grid.polygons(grid.covering(tuple(shapely.bounds(whole).tolist())))


@settings(max_examples=15)
@given(
    st.one_of(
        st.builds(coast, st.integers(1_500, 4_000), st.integers(0, 99)),
        st.builds(plots, st.integers(9, 14)),
    ),
    st.builds(Grid, st.sampled_from([50, 130, 400]), st.sampled_from(["hexagon", "square"])),
)
def test_the_areas_are_those_of_plain_intersections(whole: shapely.Geometry, grid: Grid) -> None:
    cells = cells_over(whole, grid)

    found = overlap_areas(whole, cells)

    assert_allclose(found, shapely.area(shapely.intersection(whole, cells)), rtol=1e-9, atol=1e-6)
    assert_allclose(found.sum(), whole.area, rtol=1e-9)


def test_many_cells_over_thousands_of_plots_take_no_time_for_each_pair() -> None:
    whole, every = plots(70), 20
    cells = cells_over(whole, Grid(60))

    started = process_time()
    found = overlap_areas(whole, cells)
    middle = process_time()
    some = slice(0, len(cells), every)
    directly = shapely.area(shapely.intersection(whole, cells[some]))

    assert_allclose(found[some], directly, rtol=1e-9, atol=1e-6)
    assert middle - started < every * (process_time() - middle) / 2


def test_without_cells_there_are_no_areas() -> None:
    assert overlap_areas(coast(3_000, 1), np.array([], dtype=object)).shape == (0,)
