"""A layer is repaired only as far as requested, and every change is listed."""

import pytest
import shapely

from boundaries.layers.snapping import snap
from boundaries.layers.topology import check_layer
from geo.errors import InputError
from tests.boundaries.drawn import grid, layer

box = shapely.box
CITY = box(0, 0, 100, 100)


def test_a_layer_that_tiles_is_not_touched():
    areas = grid(3, 3)
    repaired, lines = snap(areas, 1.0)
    assert repaired is areas
    assert lines == []


def test_a_narrow_overlap_goes_to_one_side_and_the_change_is_listed():
    repaired, lines = snap(layer(CITY, box(99.5, 0, 200, 100)), 1.0)
    assert check_layer(repaired).empty
    assert repaired.area.sum() == pytest.approx(20_000)
    assert lines[0] == "snapped by 1 m: overlap 1"
    assert lines[1:] == ["B: area -50.0000 m² (-0.4975 %)"]


def test_a_narrow_gap_is_closed():
    repaired, _ = snap(layer(CITY, box(100.2, 0, 200, 100)), 0.5)
    assert check_layer(repaired).empty
    assert shapely.coverage_union_all(repaired.geometry.to_numpy()).geom_type == "Polygon"


def test_neighbours_get_the_same_corners():
    repaired, lines = snap(layer(CITY, box(100, 0, 200, 50), box(100, 50, 200, 100)), 0.1)
    assert check_layer(repaired).empty
    assert lines == ["snapped by 0.1 m: mismatched edge 3"]


def test_a_wide_gap_stays():
    ring = [box(0, 0, 100, 10), box(0, 90, 100, 100), box(0, 10, 10, 90), box(90, 10, 100, 90)]
    repaired, _ = snap(layer(*ring), 1.0)
    assert check_layer(repaired)["kind"].tolist() == ["gap"]


def test_attributes_and_codes_stay():
    areas = layer(CITY, box(99.5, 0, 200, 100))
    repaired, _ = snap(areas, 1.0)
    assert repaired.drop(columns="geometry").equals(areas.drop(columns="geometry"))
    assert not areas.geometry["B"].equals(repaired.geometry["B"])


@pytest.mark.parametrize(
    ("areas", "metres", "message"),
    [
        (layer(CITY), 0.0, "--snap 0: give a width above 0 and up to 100 metres"),
        (layer(CITY), 101.0, "--snap 101: give a width"),
        (
            layer(CITY, box(80, 0, 200, 100)), 1.0,
            "A and B overlap by about 16.7 m at 435090, 336050: more than 1 m; decide which area",
        ),
        (
            layer(shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)])), 1.0,
            "A: Self-intersection; repair the polygons first, with --repair",
        ),
        (grid(2, 1).rename(index={"b1": "a1"}), 1.0, "2 areas have the code a1; give each"),
        (layer(CITY, box(100.2, 0, 100.4, 100)), 1.0, "B would vanish when snapped by 1 m"),
    ],
)  # fmt: skip
def test_what_cannot_be_repaired_is_refused(areas, metres, message):
    with pytest.raises(InputError, match=message):
        snap(areas, metres)
