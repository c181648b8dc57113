"""Faulty polygons are named with the feature and the place, and repaired when asked."""

import json

import geopandas as gpd
import pytest
import shapely

from boundaries.layers.read import read_layer
from boundaries.layers.rings import RingFault, invalid_rings, repair_rings
from geo.errors import InputError
from geo.store.contract import LayerMetadata

SQUARE = [[0, 0], [0.01, 0], [0.01, 0.01], [0, 0.01], [0, 0]]
BOW_TIE = [[0, 0], [0.01, 0.01], [0.01, 0], [0, 0.01], [0, 0]]
SPIKE = [[-1.5, 52.875], [-1.4921875, 52.8828125], [-1.49609375, 52.87890625], [-1.5, 52.875]]
METRES = {"type": "name", "properties": {"name": "EPSG:27700"}}


def derby(ring: list, *, lon: float = -1.5, lat: float = 52.9) -> list:
    return [[lon + x, lat + y] for x, y in ring]


def read(geometry: object, projection, *, repair: bool = False, **members: object):
    """Read a layer of one feature E1, with this geometry."""
    features = [{"type": "Feature", "properties": {"code": "E1"}, "geometry": geometry}]
    whole = {"type": "FeatureCollection", "features": features, **members}
    metadata = LayerMetadata("wards", file="w.geojson")
    return read_layer(json.dumps(whole).encode(), metadata, projection=projection, repair=repair)


def polygon(*rings: list) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_bow_tie_is_refused_with_the_feature_and_the_place(projection):
    message = r"w\.geojson has invalid polygons: E1: Self-intersection at -1\.495, 52\.905\. Repair"
    with pytest.raises(InputError, match=message) as refused:
        read(polygon(derby(BOW_TIE)), projection)
    assert str(refused.value).endswith("Repair the file, or add it with --repair")


def test_only_the_first_faults_are_named_and_the_others_counted(projection):
    features = [
        {"type": "Feature", "properties": {"code": f"E{i}"}, "geometry": polygon(derby(BOW_TIE))}
        for i in range(5)
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    with pytest.raises(InputError, match=r"E0: .*; E1: .*; E2: .*; and 2 more"):
        read_layer(content, LayerMetadata("wards"), projection=projection)


def test_a_bow_tie_is_repaired_on_request_and_the_change_is_listed(projection):
    layer = read(polygon(derby(BOW_TIE)), projection, repair=True)
    repaired = layer.areas.geometry["E1"]
    assert repaired.is_valid
    assert repaired.geom_type == "MultiPolygon"
    assert len(layer.changes) == 1
    assert layer.changes[0].startswith(
        "E1: Self-intersection at -1.495, 52.905: repaired, 2 part(s)"
    )
    assert layer.metadata.note == layer.changes[0]


def test_a_sound_layer_is_not_touched_by_repair(projection):
    plain, repaired = (read(polygon(derby(SQUARE)), projection, repair=r) for r in (False, True))
    assert repaired.changes == []
    assert repaired.areas.geometry["E1"].equals_exact(plain.areas.geometry["E1"], tolerance=0)


@pytest.mark.parametrize("repair", [False, True])
def test_a_ring_without_an_area_is_refused_even_with_repair(repair, projection):
    with pytest.raises(InputError, match=r"w\.geojson.*E1"):
        read(polygon(SPIKE), projection, repair=repair)


@pytest.mark.parametrize(
    ("geometry", "message"),
    [
        (None, r"w\.geojson, feature 1 \(E1\) must be a polygon; it is without a geometry"),
        (5, r"feature 1 \(E1\) must be a polygon; it is without a geometry"),
        ({"type": "Point", "coordinates": [-1.5, 52.9]}, r"\(E1\) must be a polygon; it is Point"),
        (
            {"type": "LineString", "coordinates": derby(SQUARE)},
            "must be a polygon; it is LineString",
        ),
        (polygon(), r"feature 1 \(E1\) is an empty polygon"),
        ({"type": "MultiPolygon", "coordinates": []}, r"feature 1 \(E1\) is an empty polygon"),
        (polygon([]), r"feature 1 \(E1\) is an empty polygon"),
        (polygon(derby(SQUARE[:-1])), r"feature 1 \(E1\) cannot be read: .*closed"),
        (polygon(derby(SQUARE[:2])), r"feature 1 \(E1\) cannot be read"),
        (polygon([["a", "b"]] * 4), r"feature 1 \(E1\) cannot be read"),
        (polygon([[None, None]] * 4), r"feature 1 \(E1\) cannot be read"),
        (polygon([[1]] * 4), r"feature 1 \(E1\) cannot be read"),
        ({"type": "Polygon"}, r"feature 1 \(E1\) cannot be read"),
        ({"type": "Polygon", "coordinates": None}, r"feature 1 \(E1\) cannot be read"),
        ({"type": "Polygon", "coordinates": 7}, r"feature 1 \(E1\) cannot be read"),
    ],
)
def test_a_feature_without_a_sound_polygon_is_refused(geometry, message, projection):
    with pytest.raises(InputError, match=message) as refused:
        read(geometry, projection)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("ring", "members", "message"),
    [
        (
            [[y, x] for x, y in derby(SQUARE)], {},
            "at 52.9, -1.5: longitude and latitude look swapped",
        ),
        (derby(SQUARE), {"crs": METRES}, "at -1.5, 52.9: not metres: these look like degrees"),
        (
            derby(SQUARE, lon=435_000, lat=336_000), {},
            "at 435000, 336000: not degrees: these look like metres",
        ),
        (
            derby(SQUARE, lon=1_100_000, lat=336_000), {"crs": METRES},
            "easting and northing look swapped",
        ),
        (derby(SQUARE, lon=0, lat=0), {}, "at 0, 0: coordinates are 0, 0"),
        (derby(SQUARE, lon=2.3, lat=48.8), {}, "outside the area where EPSG:27700 is used"),
    ],
)  # fmt: skip
def test_coordinates_that_are_no_place_are_refused_with_the_first_of_them(
    ring, members, message, projection
):
    with pytest.raises(InputError, match=message) as refused:
        read(polygon(ring), projection, **members)
    assert str(refused.value).startswith("w.geojson, area E1, at ")


def frame(**polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(index=list(polygons), geometry=list(polygons.values()))


def test_findings_name_the_area_the_fault_and_the_place():
    areas = frame(A=shapely.Polygon(SQUARE), B=shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    assert invalid_rings(areas) == [RingFault("B", "Self-intersection", 1.0, 1.0)]
    assert str(invalid_rings(areas)[0]) == "B: Self-intersection at 1, 1"


def test_a_hole_outside_its_shell_is_found():
    holed = shapely.Polygon([(0, 0), (1, 0), (1, 1)], [[(5, 5), (6, 5), (6, 6)]])
    (finding,) = invalid_rings(frame(A=holed))
    assert finding.fault == "Hole lies outside shell"
    assert (finding.x, finding.y) == (5, 5)


def test_repair_leaves_the_frame_that_it_was_given():
    areas = frame(A=shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), B=shapely.box(5, 5, 6, 6))
    repaired, lines = repair_rings(areas)
    assert not areas.is_valid["A"]
    assert repaired.is_valid.all()
    assert repaired.geometry["B"].equals_exact(areas.geometry["B"], tolerance=0)
    assert repaired.area["A"] == pytest.approx(2)
    assert len(lines) == 1


def test_a_sliver_of_overlap_within_one_area_is_repaired_without_changing_it_much():
    ring = [(0, 0), (10, 0), (10, 10), (5, 10), (5, 9.9999), (5.0001, 10), (0, 10)]
    repaired, lines = repair_rings(frame(A=shapely.Polygon(ring)))
    assert repaired.is_valid.all()
    assert repaired.area["A"] == pytest.approx(100, rel=1e-6)
    assert all("area +0.0000 %" in line or "area -0.0000 %" in line for line in lines)
