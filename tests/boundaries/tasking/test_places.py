"""The places of tasks, and the areas that they lie in as layers change."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.tasking.places import area_codes, inner_points, read_area
from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import InputError


def wards(size: float, prefix: str) -> gpd.GeoDataFrame:
    """Squares of a side over the same land, as a new vintage cuts them."""
    n = round(600 / size)
    squares = [
        shapely.box(i * size, j * size, (i + 1) * size, (j + 1) * size)
        for i in range(n)
        for j in range(n)
    ]
    codes = pd.Index([f"{prefix}{number:03d}" for number in range(len(squares))], name="area_code")
    return gpd.GeoDataFrame(
        {"area_name": codes}, geometry=squares, index=codes, crs=BRITISH_NATIONAL_GRID
    )


def test_every_task_is_in_the_ward_that_its_place_lies_in_of_either_vintage():
    rng = np.random.default_rng(7)
    points = shapely.points(rng.uniform(-50, 650, (400, 2)))
    circles = shapely.buffer(points[200:], rng.uniform(5, 90, 200))
    wkbs = [shapely.to_wkb(one) for one in [*points[:200], *circles]]
    for layer in (wards(200, "A"), wards(150, "B")):
        joined = gpd.GeoDataFrame(geometry=inner_points(wkbs), crs=layer.crs).sjoin(
            layer[["geometry"]], how="left", predicate="within"
        )
        expected = joined.iloc[:, -1].fillna("").tolist()
        assert area_codes(wkbs, layer) == expected
        assert 0 < expected.count("") < 200


def test_the_point_of_a_place_lies_inside_it_also_where_its_centre_does_not():
    ring = shapely.difference(shapely.Point(0, 0).buffer(50), shapely.Point(0, 0).buffer(40))
    square = shapely.box(0, 0, 10, 10)
    inside = inner_points([shapely.to_wkb(one) for one in (ring, square, shapely.Point(3, 4))])
    assert shapely.covers([ring, square, shapely.Point(3, 4)], inside).all()
    assert inside[1] == shapely.Point(5, 5)
    assert area_codes([], wards(200, "A")) == []


@pytest.mark.parametrize("text", ["E1", "@wards", "E1@", ""])
def test_an_area_without_its_layer_is_refused(text):
    with pytest.raises(InputError, match="write it as CODE@LAYER"):
        read_area(text)


def test_an_area_is_read_with_its_layer():
    assert read_area("E05001779@wards-2025") == ("wards-2025", "E05001779")
