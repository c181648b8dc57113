"""TopoJSON: arcs laid out as rings, and every fault one line."""

from __future__ import annotations

import copy
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.formats import topojson
from geo.formats.topojson import to_geojson

# Two squares that share the edge between them, arc 0:
#
#   |‾‾‾‾‾|‾‾‾‾‾|  y = 1
#   | 1   0   2 |
#   |_____|_____|  y = 0
SHARED = [[1, 0], [1, 1]]
LEFT = [[1, 1], [0, 1], [0, 0], [1, 0]]
RIGHT = [[1, 0], [2, 0], [2, 1], [1, 1]]


def topology(**members: Any) -> dict[str, Any]:
    squares = [
        {"type": "Polygon", "properties": {"code": "L"}, "arcs": [[0, 1]]},
        {"type": "Polygon", "properties": {"code": "R"}, "arcs": [[~0, 2]]},
    ]
    wards = {"type": "GeometryCollection", "geometries": squares}
    return {
        "type": "Topology",
        "objects": {"wards": wards},
        "arcs": [SHARED, LEFT, RIGHT],
    } | members


def read(document: Any, layer: str = "") -> dict[str, Any]:
    content = to_geojson(json.dumps(document).encode(), file="t.topojson", layer=layer)
    return json.loads(content)


def shapes(document: Any, layer: str = "") -> list[Any]:
    features = read(document, layer)["features"]
    laid = [feature["geometry"] for feature in features]
    return [shape and shapely.from_geojson(json.dumps(shape)) for shape in laid]


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The two squares with one value at `path` replaced."""
    document = copy.deepcopy(topology())
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return document


def test_shared_arcs_are_laid_in_both_directions() -> None:
    left, right = shapes(topology())
    assert left.equals(shapely.box(0, 0, 1, 1))
    assert right.equals(shapely.box(1, 0, 2, 1))


def test_quantised_arcs_are_steps_from_position_to_position() -> None:
    quantised = topology(
        transform={"scale": [0.5, 2], "translate": [10, 20]},
        arcs=[
            [[2, 0], [0, 1]],
            [[2, 1], [-2, 0], [0, -1], [2, 0]],
            [[2, 0], [2, 0], [0, 1], [-2, 0]],
        ],
    )
    left, right = shapes(quantised)
    assert left.equals(shapely.box(10, 20, 11, 22))
    assert right.equals(shapely.box(11, 20, 12, 22))


def test_points_and_lines_and_several_parts_are_read() -> None:
    members = [
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]},
        {"type": "LineString", "arcs": [0]},
        {"type": "MultiLineString", "arcs": [[0], [~0]]},
        {"type": "MultiPolygon", "arcs": [[[0, 1]], [[~0, 2]]]},
        {"type": None},
    ]
    scale = {"scale": [2, 2], "translate": [0, 0]}
    collection = {"type": "GeometryCollection", "geometries": members}
    point, points, line, lines, areas, none = shapes(topology(objects={"all": collection}))
    assert (point.wkt, points.wkt) == ("POINT (1 2)", "MULTIPOINT ((1 2), (3 4))")
    assert (line.wkt, lines.geom_type) == ("LINESTRING (1 0, 1 1)", "MultiLineString")
    assert areas.area == 2
    assert none is None
    only = topology(objects={"all": {"type": "Point", "coordinates": [1, 2]}}, transform=scale)
    assert shapes(only, "all")[0].wkt == "POINT (2 4)"


def test_heights_are_left_out() -> None:
    high = topology(arcs=[[[*xy, 7] for xy in arc] for arc in (SHARED, LEFT, RIGHT)])
    assert not any(shape.has_z for shape in shapes(high))


def test_the_object_with_the_most_polygons_is_taken_or_the_named_one() -> None:
    outline = {"type": "MultiPolygon", "properties": {"code": "all"}, "arcs": [[[0, 1]]]}
    objects = {"outline": outline, **topology()["objects"]}
    assert len(read(topology(objects=objects))["features"]) == 2
    assert len(read(topology(objects=objects), "outline")["features"]) == 1
    with pytest.raises(InputError, match="no object 'x'; it has: outline, wards"):
        read(topology(objects=objects), "x")


def test_an_id_that_no_property_tells_becomes_one() -> None:
    collection = copy.deepcopy(topology())
    first, second = collection["objects"]["wards"]["geometries"]
    first.update(id="E1", properties={"code": "E1"})
    second.update(id="E2", properties={})
    one, other = read(collection)["features"]
    assert (one["id"], one["properties"]) == ("E1", {"code": "E1"})
    assert other["properties"] == {"id": "E2"}


def test_a_crs_member_travels() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert read(topology(crs=crs))["crs"] == crs
    assert "crs" not in read(topology())


def test_a_ring_that_quantising_made_collapse_keeps_its_place() -> None:
    (feature,) = read(
        topology(arcs=[[[5, 5], [5, 5]]], objects={"a": {"type": "Polygon", "arcs": [[0]]}})
    )["features"]
    assert feature["geometry"]["coordinates"] == [[[5.0, 5.0]] * 4]


FIRST = ("objects", "wards", "geometries", 0)
FAULTS = {
    "no list of arcs": (changed("arcs", to=None), "has no arcs"),
    "an arc of text": (changed("arcs", 1, to="abc"), "arc 1: its positions are not pairs"),
    "numbers as text": (changed("arcs", 1, 0, to=["1", "2"]), "arc 1: its positions"),
    "one number": (changed("arcs", 1, 0, to=[1]), "arc 1: its positions"),
    "an arc not there": (changed(*FIRST, "arcs", to=[[0, 3]]), "geometry 1: arc 3 does not exist"),
    "far below": (changed(*FIRST, "arcs", to=[[-4]]), "arc -4 does not exist"),
    "a true arc": (changed(*FIRST, "arcs", to=[[True]]), "arc True does not exist"),
    "an open ring": (changed(*FIRST, "arcs", to=[[1]]), "geometry 1: a ring does not close"),
    "arcs apart": (changed(*FIRST, "arcs", to=[[0, 2]]), "its arcs do not meet"),
    "no arcs": (changed(*FIRST, "arcs", to=[[]]), "a line has no arcs"),
    "rings of text": (changed(*FIRST, "arcs", to="x"), "its rings are not lists"),
    "a ring of text": (changed(*FIRST, "arcs", to=["x"]), "its arcs are not a list of numbers"),
    "a collection inside": (
        changed(*FIRST, "type", to="GeometryCollection"),
        "geometries of type 'GeometryCollection' are not read",
    ),
    "no geometry": (changed(*FIRST, to=7), "geometry 1: it is not a geometry"),
    "properties": (changed(*FIRST, "properties", to=[1]), "its properties"),
    "transform": (topology(transform={"scale": [1]}), "its transform must have a scale"),
    "infinite": (topology(transform={"scale": [1e308, 1], "translate": [1e308, 0]}), "arc 0: its"),
    "no objects": (topology(objects={}), "holds no objects"),
    "no polygons": (topology(objects={"p": {"type": "Point"}}), "holds no polygons"),
    "GeoJSON": ({"type": "FeatureCollection"}, "its type is not Topology"),
    "a list": ([], "its type is not Topology"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_that_says_where(fault: str) -> None:
    document, message = FAULTS[fault]
    with pytest.raises(InputError) as refusal:
        read(document)
    assert str(refusal.value).startswith("t.topojson")
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_is_no_json_is_refused() -> None:
    for content in (b"", b"\xff\xfe", b'{"type":', b"[" * 100_000):
        with pytest.raises(InputError, match=r"t\.topojson is not TopoJSON"):
            to_geojson(content, file="t.topojson")


def test_a_named_object_must_be_a_geometry() -> None:
    with pytest.raises(InputError, match="its object 'a' is not a geometry"):
        read(topology(objects={"a": 7}), "a")


def test_naming_one_long_arc_again_and_again_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topojson, "MOST_POSITIONS", 1000)
    again = {"type": "MultiPolygon", "arcs": [[[0, 1]]] * 500}
    with pytest.raises(InputError, match="more than 1,000 positions"):
        read(topology(objects={"wards": again}))


def test_the_real_wards_equal_their_geojson_to_half_a_quantisation_step(real_data: Path) -> None:
    content = (real_data / "derby/wards-2013.topojson").read_bytes()
    laid = json.loads(to_geojson(content, file="wards-2013.topojson"))["features"]
    published = json.loads((real_data / "derby/wards-2013.geojson").read_bytes())["features"]
    step = np.array(json.loads(content)["transform"]["scale"])
    assert len(laid) == len(published) == 17
    for ours, theirs in zip(laid, published, strict=True):
        assert ours["properties"] == theirs["properties"]
        ring, other = (
            shapely.get_coordinates(shapely.from_geojson(json.dumps(each["geometry"])))
            for each in (ours, theirs)
        )
        assert len(ring) == len(other)
        off = np.abs((ring[:, None] - other[None]) / step).max(axis=2)
        assert max(off.min(axis=0).max(), off.min(axis=1).max()) <= 0.5 + 1e-9


numbers = st.integers(-5, 5) | st.floats(allow_nan=False) | st.booleans() | st.none()
anything = st.recursive(
    numbers | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "arcs", "coordinates"]), inner, max_size=3)
    ),
    max_leaves=12,
)
kinds = st.sampled_from(["Point", "MultiPoint", "LineString", "Polygon", "MultiPolygon", "Odd"])
geometries = st.fixed_dictionaries(
    {"type": kinds | anything},
    optional={"arcs": anything, "coordinates": anything, "properties": anything, "id": anything},
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    members=st.lists(geometries | anything, max_size=3) | anything,
    arcs=st.lists(st.lists(st.tuples(numbers, numbers), max_size=4) | anything) | anything,
    transform=st.none() | st.just({"scale": [0.5, 2], "translate": [1, 1]}) | anything,
)
def test_any_topology_is_read_or_refused_in_one_line(members, arcs, transform) -> None:
    objects = {"a": {"type": "GeometryCollection", "geometries": members}}
    document = topology(objects=objects, arcs=arcs, transform=transform)
    try:
        features = read(document)["features"]
    except InputError as refusal:
        lines = str(refusal).splitlines()
    else:
        lines = ["read"] * (len(features) == len(members))
    assert len(lines) == 1


coordinate = st.integers(-10_000, 10_000)


@settings(max_examples=50, deadline=None)
@given(
    columns=st.lists(coordinate, min_size=3, max_size=6, unique=True).map(sorted),
    rows=st.lists(coordinate, min_size=2, max_size=2, unique=True).map(sorted),
)
def test_a_strip_of_boxes_comes_back_whole(columns: list[int], rows: list[int]) -> None:
    south, north = rows
    # One upright arc at each column, and between two columns a lid and a floor.
    upright = [[[x, south], [x, north]] for x in columns]
    sides = list(pairwise(columns))
    floors = [[[a, south], [b, south]] for a, b in sides]
    lids = [[[b, north], [a, north]] for a, b in sides]
    n = len(columns)
    boxes = [
        {"type": "Polygon", "arcs": [[n + i, i + 1, n + len(sides) + i, ~i]]}
        for i in range(len(sides))
    ]
    strip = topology(
        arcs=[*upright, *floors, *lids],
        objects={"a": {"type": "GeometryCollection", "geometries": boxes}},
    )
    laid = shapes(strip)
    expected = [shapely.box(a, south, b, north) for a, b in sides]
    assert all(one.equals(other) for one, other in zip(laid, expected, strict=True))
