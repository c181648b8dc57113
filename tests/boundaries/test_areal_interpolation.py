"""Areal interpolation: figures of old areas shared out by surface."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.areal.areal_interpolation import interpolate
from geo.errors import InputError
from tests.boundaries.drawn import grid, layer

box = shapely.box


def test_figures_are_shared_out_by_surface():
    source = grid(2, 1)
    target = layer(box(0, 0, 150, 100), box(150, 0, 200, 100))
    shared = interpolate(source, target, columns=["electors"])
    assert shared.values["electors"].to_dict() == pytest.approx({"A": 200, "B": 100})
    assert shared.outside["electors"] == 0
    assert shared.note == (
        "electors: estimated by surface, as if people were spread evenly; "
        "totals preserved: electors 300"
    )


def test_what_falls_in_no_new_area_is_listed_and_not_lost():
    shared = interpolate(grid(2, 1), layer(box(0, 0, 150, 100)), columns=["electors"])
    assert shared.values["electors"]["A"] == pytest.approx(200)
    assert shared.outside["electors"] == pytest.approx(100)
    assert shared.note.endswith("electors 300 (of it 100 in no new area)")


def test_a_boundary_that_was_only_drawn_differently_loses_nobody():
    shared = interpolate(grid(2, 1), layer(box(0, 0, 199.5, 100)), columns=["electors"])
    assert shared.values["electors"]["A"] == pytest.approx(300)


def test_new_areas_that_overlap_would_count_people_twice():
    target = layer(box(0, 0, 150, 100), box(50, 0, 200, 100))
    with pytest.raises(
        InputError, match="the new areas overlap in a1, which would count people twice"
    ):
        interpolate(grid(2, 1), target, columns=["electors"])


@pytest.mark.parametrize(
    ("change", "column", "message"),
    [
        ({}, "posts", "the old areas have no column posts"),
        ({}, "area_name", "the old areas' column area_name is not numeric"),
        ({"electors": [1.0, np.nan]}, "electors", "electors is missing for b1"),
    ],
)
def test_columns_that_cannot_be_shared_out_are_refused(change, column, message):
    with pytest.raises(InputError, match=message):
        interpolate(grid(2, 1).assign(**change), grid(2, 1), columns=[column])


def test_layers_in_different_systems_are_refused(four_squares):
    lonlat = four_squares.to_crs("OGC:CRS84")
    with pytest.raises(InputError, match="the layers are in different coordinate systems"):
        interpolate(four_squares, lonlat, columns=[])


@settings(max_examples=40)
@given(st.lists(st.floats(1, 399), min_size=1, max_size=6, unique=True))
def test_totals_are_preserved_whatever_the_new_boundaries(cuts):
    source = grid(4, 2)
    west = [0.0, *sorted(cuts)]
    strips = [box(a, -10, b, 210) for a, b in zip(west, [*west[1:], 400.0], strict=True)]
    target = layer(*strips)
    shared = interpolate(source, target, columns=["electors", "residents"])
    total = shared.values.sum() + shared.outside
    assert total.to_dict() == pytest.approx(source[["electors", "residents"]].sum().to_dict())
    assert isinstance(target, gpd.GeoDataFrame)
