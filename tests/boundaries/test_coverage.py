"""What keeps a layer from tiling is found, with its kind, its size and its place."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.topology import KINDS, check_layer, refuse_unfit, unfit_for_plan
from geo.errors import InputError
from tests.boundaries.drawn import SOUTH, WEST, grid, layer

box = shapely.box
CITY = box(0, 0, 100, 100)


def kinds(findings: gpd.GeoDataFrame) -> list[tuple[str, str]]:
    return list(zip(findings["kind"], findings["codes"], strict=True))


def test_a_layer_that_tiles_has_no_findings_and_their_columns():
    findings = check_layer(grid(4, 4))
    assert findings.empty
    assert {"kind", "codes", "detail", "area_m2", "width_m", "x", "y"} <= set(findings.columns)


def test_an_overlap_is_found_with_its_size_and_place():
    findings = check_layer(layer(CITY, box(98, 0, 200, 100)))
    (finding,) = findings[findings["kind"] == "overlap"].itertuples()
    assert (finding.codes, finding.detail) == ("A, B", "A and B overlap")
    assert finding.area_m2 == pytest.approx(200)
    assert finding.length_m == pytest.approx(102)
    assert finding.width_m == pytest.approx(200 / 102)
    assert (finding.x, finding.y) == (WEST + 99, SOUTH + 50)


def test_an_area_within_another_overlaps_it():
    assert kinds(check_layer(layer(CITY, box(40, 40, 60, 60))))[0] == ("overlap", "A, B")


def test_the_same_area_twice_overlaps_whole():
    findings = check_layer(layer(CITY, CITY))
    assert kinds(findings) == [("overlap", "A, B")]
    assert findings["area_m2"].tolist() == [10_000]


def test_an_overlap_in_several_places_is_one_finding():
    comb = shapely.unary_union([box(100, 0, 200, 100), box(98, 0, 100, 20), box(98, 80, 100, 100)])
    findings = check_layer(layer(CITY, comb))
    assert findings["detail"][0] == "A and B overlap in 2 places"
    assert findings["area_m2"][0] == pytest.approx(80)


def test_a_wide_gap_and_a_sliver_are_told_apart():
    ring = [box(0, 0, 100, 10), box(0, 90, 100, 100), box(0, 10, 10, 90), box(90, 10, 100, 90)]
    slit = shapely.Polygon([(5, 30), (5.4, 50), (5, 70), (4.6, 50)])
    split = [shapely.difference(shape, slit) for shape in ring]
    findings = check_layer(layer(*split))
    assert kinds(findings) == [("gap", "A, B, C, D"), ("sliver", "C")]
    assert findings["detail"].tolist() == ["gap between A, B, C and D", "sliver within C"]
    assert findings["area_m2"].tolist() == pytest.approx([6400, 16])
    assert kinds(check_layer(layer(*split), sliver_m=0.1))[1] == ("gap", "C")


def test_a_corner_that_only_one_neighbour_has_is_a_mismatched_edge():
    findings = check_layer(layer(CITY, box(100, 0, 200, 50), box(100, 50, 200, 100)))
    assert kinds(findings) == [("mismatched edge", code) for code in "ABC"]
    assert findings["length_m"].tolist() == pytest.approx([100, 50, 50])
    assert findings["area_m2"].tolist() == [0, 0, 0]
    assert set(findings["x"]) == {WEST + 100}


def test_a_narrow_gap_that_is_open_to_the_outside_is_a_mismatched_edge():
    two = layer(CITY, box(100.2, 0, 200, 100))
    assert kinds(check_layer(two)) == [("mismatched edge", "A"), ("mismatched edge", "B")]
    assert check_layer(two, sliver_m=0.1).empty


def test_edges_beside_an_overlap_are_not_told_twice():
    assert kinds(check_layer(layer(CITY, box(98, 0, 200, 100)))) == [("overlap", "A, B")]


def test_each_part_but_the_largest_is_detached():
    parts = shapely.unary_union([CITY, box(300, 0, 310, 10), box(400, 0, 420, 10)])
    findings = check_layer(layer(parts))
    assert kinds(findings) == [("detached part", "A")] * 2
    assert findings["area_m2"].tolist() == [200, 100]
    assert findings["detail"][0] == "A lies in 3 parts"


def test_an_area_that_encloses_others_is_a_doughnut():
    left, right = box(40, 40, 50, 60), box(50, 40, 60, 60)
    ring = CITY - box(40, 40, 60, 60)
    ring = shapely.Polygon(
        ring.exterior, [[(40, 40), (50, 40), (60, 40), (60, 60), (50, 60), (40, 60)]]
    )
    findings = check_layer(layer(ring, left, right))
    assert kinds(findings) == [("doughnut", "A, B, C")]
    assert findings["detail"][0] == "A encloses B and C"
    assert findings["area_m2"][0] == 400


def test_codes_that_stand_twice_or_are_no_longer_in_force_are_named():
    areas = grid(3, 1).rename(index={"b1": "a1"})
    findings = check_layer(areas, current_codes={"a1", "d1"})
    assert kinds(findings) == [("duplicate code", "a1"), ("stale code", "c1")]
    assert findings["detail"].tolist() == ["2 areas have the code a1", "c1 is not a code in force"]


def test_a_faulty_ring_does_not_hide_the_other_faults():
    tie = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    findings = check_layer(layer(tie, box(98, 0, 200, 100)))
    assert kinds(findings)[:2] == [("invalid ring", "A"), ("overlap", "A, B")]
    assert (findings["x"][0], findings["y"][0]) == (WEST + 50, SOUTH + 50)


def test_what_may_be_meant_does_not_keep_a_layer_from_a_plan():
    parts = shapely.unary_union([CITY, box(300, 0, 310, 10)])
    findings = check_layer(layer(parts, box(98, 0, 200, 100)))
    assert kinds(unfit_for_plan(findings)) == [("overlap", "A, B")]


def test_blocks_that_do_not_tile_are_refused_for_a_plan():
    refuse_unfit(grid(3, 3))
    message = (
        r"these blocks do not tile \(overlap 1; first A and B overlap at 435099, 336050\); "
        "check the layer, and repair it with --snap METRES"
    )
    with pytest.raises(InputError, match=message):
        refuse_unfit(layer(CITY, box(98, 0, 200, 100)))


def test_findings_are_a_layer_in_the_order_of_the_kinds():
    findings = check_layer(layer(CITY, box(98, 0, 200, 100), box(300, 0, 310, 10)))
    assert isinstance(findings, gpd.GeoDataFrame)
    assert findings.crs == layer(CITY).crs
    assert findings.index.tolist() == list(range(len(findings)))
    assert [KINDS.index(kind) for kind in findings["kind"]] == sorted(
        KINDS.index(kind) for kind in findings["kind"]
    )


def test_a_layer_in_degrees_is_refused(four_squares):
    with pytest.raises(InputError, match="this layer is in degrees; convert it"):
        check_layer(four_squares.to_crs("OGC:CRS84"))


@settings(max_examples=40)
@given(st.integers(0, 24), st.floats(2, 60))
def test_a_hole_cut_into_any_block_of_a_grid_is_found_with_its_area(number, side):
    blocks = grid(5, 5)
    shape = blocks.geometry.iloc[number]
    hole = shape.centroid.buffer(side / 2, cap_style="square")
    blocks.loc[blocks.index[number], "geometry"] = shape - hole
    findings = check_layer(blocks)
    assert kinds(findings) == [("sliver" if side < 2 else "gap", blocks.index[number])]
    assert findings["area_m2"][0] == pytest.approx(side * side)


def test_large_faults_of_a_kind_stand_first():
    findings = check_layer(layer(CITY, box(99, 0, 200, 100), box(190, 0, 300, 100)))
    overlaps = findings.loc[findings["kind"] == "overlap", "area_m2"]
    pd.testing.assert_series_equal(overlaps, overlaps.sort_values(ascending=False))
