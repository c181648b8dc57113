"""Layers of points and lines are read whole, and what cannot be placed is counted."""

from __future__ import annotations

import json

import geopandas as gpd
import pytest
import shapely

from boundaries.layers.features import layer_kind, read_features_layer
from boundaries.layers.selecting import features_where, features_within
from geo.crs import LONLAT, Projection
from geo.errors import InputError
from geo.store.contract import LayerMetadata

DERBY = (-1.4766, 52.9219)


@pytest.fixture(scope="module")
def projection() -> Projection:
    return Projection.choose()


def point(dx: float = 0.0) -> dict:
    return {"type": "Point", "coordinates": [DERBY[0] + dx, DERBY[1]]}


def line(*dx: float) -> dict:
    return {"type": "LineString", "coordinates": [[DERBY[0] + x, DERBY[1]] for x in dx]}


def collection(*geometries, properties=None, **members) -> bytes:
    rows = properties or [{} for _ in geometries]
    features = [
        {"type": "Feature", "properties": row, "geometry": geometry}
        for geometry, row in zip(geometries, rows, strict=True)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def read(content: bytes, projection: Projection, **fields):
    metadata = LayerMetadata("premises", file="premises.geojson", **fields)
    return read_features_layer(content, metadata, projection=projection)


def refusal(content: bytes, projection: Projection, **fields) -> str:
    with pytest.raises(InputError) as refused:
        read(content, projection, **fields)
    return str(refused.value)


def test_points_are_read_in_metres_with_codes_from_their_order(projection):
    layer = read(collection(*map(point, [0, 0.001] * 6), properties=None), projection)
    assert layer.metadata.geometry_type == "Point"
    assert (layer.metadata.code_field, layer.metadata.name_field) == ("", "")
    assert layer.features.index.tolist() == [f"{number:02d}" for number in range(1, 13)]
    assert layer.features["name"].isna().all()
    x, y = projection.to_metres(*DERBY, source=LONLAT)
    first = layer.features.geometry.iloc[0]
    assert (first.x, first.y) == pytest.approx((float(x), float(y)))
    assert str(layer.features.crs) == projection.crs


@pytest.mark.parametrize(
    ("geometries", "expected"),
    [
        ([point(), {"type": "MultiPoint", "coordinates": [list(DERBY)]}], "Point"),
        ([point(), {"type": "MultiPoint", "coordinates": [list(DERBY)] * 2}], "MultiPoint"),
        ([line(0, 0.1)], "MultiLineString"),
        (
            [
                line(0, 0.1),
                {"type": "MultiLineString", "coordinates": [[[-1.4, 52.9], [-1.3, 53]]]},
            ],
            "MultiLineString",
        ),
    ],
)
def test_the_type_of_geometry_is_that_of_all(projection, geometries, expected):
    layer = read(collection(*geometries), projection)
    assert layer.metadata.geometry_type == expected
    assert len(layer.features) == len(geometries)


OF_ONE_KIND = (
    "a layer is of points, of lines or of areas: save each in a file of its own, or choose some "
    "with --where"
)


@pytest.mark.parametrize(
    ("geometries", "why"),
    [
        (
            [point(), point(), line(0, 0.1)],
            f"x holds 2 points and 1 line; {OF_ONE_KIND}",
        ),
        (
            [{"type": "GeometryCollection", "geometries": [point()]}],
            f"x holds 1 geometry collection; {OF_ONE_KIND}",
        ),
        ([None, None], "x: none of its features has a geometry"),
    ],
)
def test_a_file_of_several_kinds_is_refused_with_their_numbers(geometries, why):
    with pytest.raises(InputError) as refused:
        layer_kind(collection(*geometries), "x")
    assert str(refused.value) == why


def test_a_file_without_geometry_beside_points_is_one_of_points():
    assert layer_kind(collection(None, point()), "x") == "points"
    assert layer_kind(collection(None, line(0, 1)), "x") == "lines"


def test_what_cannot_be_placed_is_rejected_with_its_reason(projection):
    content = collection(
        point(),
        None,
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [5, 5]},
        {"type": "Point", "coordinates": [435_000, 336_000]},
        None,
        point(0.01),
    )
    layer = read(content, projection)
    assert layer.features.index.tolist() == ["1", "7"]
    assert {reason: list(rows) for reason, rows in layer.rejected.items()} == {
        "it has no geometry": [2, 6],
        "it is an empty point": [3],
        f"it lies outside the area where {projection.crs} is used": [4],
        "not degrees: these look like metres": [5],
    }
    assert layer.rejections[0] == "rejected: 2 because it has no geometry (features 2, 6)"
    assert layer.metadata.note.startswith("rejected: 2 because it has no geometry")


def test_a_line_without_length_is_rejected(projection):
    layer = read(collection(line(0, 0), line(0, 0.01)), projection)
    assert list(layer.rejected) == ["it is a line without length"]
    assert len(layer.features) == 1


def test_a_file_of_which_nothing_can_be_placed_is_refused(projection):
    content = collection({"type": "Point", "coordinates": [5, 5]}, None)
    assert refusal(content, projection) == (
        "premises.geojson: every feature is rejected: 1 because it has no geometry; 1 because it "
        f"lies outside the area where {projection.crs} is used"
    )


def test_heights_and_measures_are_left_out_and_that_is_said(projection):
    measured = {"type": "LineString", "coordinates": [[*DERBY, 50, 1], [-1.4, 52.9, 60, 2]]}
    layer = read(collection(measured), projection)
    assert layer.notes == ["heights (Z) and measures (M) are left out"]
    assert not shapely.has_z(layer.features.geometry.to_numpy()).any()


@pytest.mark.parametrize(
    ("rows", "field", "codes"),
    [
        ([{"UPRN": 100030000001}, {"UPRN": 7}], "UPRN", ["100030000001", "7"]),
        ([{"usrn": 1, "id": "b"}, {"usrn": 1, "id": "a"}], "id", ["a", "b"]),
        ([{"usrn": 1}, {"usrn": 1}], "", ["1", "2"]),
        ([{"usrn": 1}, {}], "", ["1", "2"]),
        ([{"code": "y", "uprn": 1}, {"code": "x", "uprn": 2}], "code", ["x", "y"]),
    ],
)
def test_codes_are_those_of_a_register_that_are_unique(projection, rows, field, codes):
    layer = read(collection(point(), point(0.01), properties=rows), projection)
    assert layer.metadata.code_field == field
    assert layer.features.index.tolist() == sorted(codes)


def test_codes_of_a_named_field_that_repeat_are_refused_by_name(projection):
    rows = [{"ref": "a"}, {"ref": "b"}, {"ref": "a"}]
    content = collection(point(), point(0.01), point(0.02), properties=rows)
    assert refusal(content, projection, code_field="ref") == (
        "premises.geojson, feature 3: the ref 'a' is already used by feature 1 (1 repeat); name "
        "another field with --code-field"
    )
    assert refusal(content, projection, code_field="uprn") == (
        "premises.geojson has no field 'uprn'; choose one of: ref"
    )


def test_a_feature_without_the_named_code_is_rejected(projection):
    content = collection(point(), point(0.01), properties=[{"ref": "a"}, {"ref": None}])
    layer = read(content, projection, code_field="ref")
    assert layer.features.index.tolist() == ["a"]
    assert dict(layer.rejected) == {"ref is empty": [2]}


def test_features_that_are_alike_are_named_and_kept(projection):
    content = collection(point(), point(), point(), properties=[{"a": 1}, {"a": 1}, {"a": 2}])
    layer = read(content, projection)
    assert len(layer.features) == 3
    assert layer.notes == [
        "1 feature is the same as an earlier one in place and attributes, and kept (feature 2)"
    ]


def test_attributes_keep_their_names_and_values(projection):
    rows = [{"name": "Y Llew Coch", "code": 1, "fid": 9, "tags": ["a"]}, {"name": "", "code": 1}]
    layer = read(collection(point(), point(0.01), properties=rows), projection)
    assert layer.features.columns.tolist() == ["name", "code_", "fid_", "tags", "geometry"]
    assert layer.features["name"].tolist() == ["Y Llew Coch", None]
    assert layer.features["tags"].tolist()[0] == '["a"]'
    assert layer.features["tags"].isna().tolist() == [False, True]


def test_a_file_in_another_crs_lies_where_it_should(projection):
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    metres = {"type": "Point", "coordinates": [435_000, 336_000]}
    layer = read(collection(metres, crs=crs), projection)
    assert layer.features.geometry.iloc[0].equals(shapely.Point(435_000, 336_000))


def test_points_and_lines_are_selected_by_value_and_by_place(projection, four_squares):
    inside = shapely.LineString([(430_000, 336_050), (435_010, 336_050)])
    beside = shapely.LineString([(430_000, 336_500), (435_010, 336_500)])
    frame = gpd.GeoDataFrame(
        {"use": ["a", "b", "a"]}, geometry=[inside, beside, beside], crs=projection.crs
    )
    content = frame.to_json(to_wgs84=False).encode()
    chosen = features_where(content, "use", ["b"], file="x")
    assert len(json.loads(chosen)["features"]) == 1
    with pytest.raises(InputError, match="x: no feature has use c"):
        features_where(content, "use", ["c"], file="x")
    near = features_within(content, four_squares, projection=projection, file="x", layer="wards")
    assert [each["properties"]["use"] for each in json.loads(near)["features"]] == ["a"]
    with pytest.raises(InputError, match="x: no feature lies in wards"):
        features_within(chosen, four_squares, projection=projection, file="x", layer="wards")


def test_what_has_no_place_is_not_dropped_by_a_selection(projection, four_squares):
    content = collection(
        {"type": "Point", "coordinates": [435_010, 336_010]},
        None,
        crs={"type": "name", "properties": {"name": projection.crs}},
    )
    chosen = features_within(content, four_squares, projection=projection, file="x", layer="w")
    assert list(read(chosen, projection).rejected) == ["it has no geometry"]
