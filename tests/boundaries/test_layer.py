"""A layer is read with its metadata, and what is wrong with it is refused by feature and place."""

import json
from typing import Any

import pytest
import shapely

from boundaries.layers.read import Layer, read_layer
from geo.errors import InputError
from geo.store.contract import LayerMetadata

# Two squares side by side in Derby, in degrees.
WEST = [[-1.50, 52.90], [-1.49, 52.90], [-1.49, 52.91], [-1.50, 52.91], [-1.50, 52.90]]
EAST = [[-1.49, 52.90], [-1.48, 52.90], [-1.48, 52.91], [-1.49, 52.91], [-1.49, 52.90]]
IN_METRES = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}


def feature(ring: object = None, geometry: object = None, **properties: object) -> dict[str, Any]:
    if ring is not None:
        geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: object, **members: object) -> bytes:
    whole = {"type": "FeatureCollection", "features": list(features), **members}
    return json.dumps(whole).encode()


def read(content: bytes, projection, *, repair: bool = False, **metadata: str) -> Layer:
    given = LayerMetadata("wards", file="w.geojson", **metadata)
    return read_layer(content, given, projection=projection, repair=repair)


def two(**members: object) -> bytes:
    return collection(
        feature(EAST, WD25CD="E2", WD25NM="East", electors=20),
        feature(WEST, WD25CD="E1", WD25NM="West", electors=10),
        **members,
    )


def test_areas_are_sorted_by_code_in_metres_with_name_and_attributes(projection):
    areas = read(two(), projection).areas
    assert areas.index.tolist() == ["E1", "E2"]
    assert areas.index.name == "area_code"
    assert areas["area_name"].tolist() == ["West", "East"]
    assert areas["electors"].tolist() == [10, 20]
    assert list(areas.columns) == ["area_name", "electors", "geometry"]
    assert areas.crs.to_epsg() == 27700
    assert areas.area["E1"] == pytest.approx(673 * 1113, rel=0.01)


def test_the_metadata_say_what_was_read(projection):
    metadata = read(two(), projection, title="Wards", valid_from="2025-05-01").metadata
    assert (metadata.code_field, metadata.name_field) == ("WD25CD", "WD25NM")
    assert (metadata.title, metadata.valid_from, metadata.note) == ("Wards", "2025-05-01", "")
    assert len(metadata.sha256) == 64


def test_a_byte_order_mark_is_passed_over(projection):
    assert len(read(b"\xef\xbb\xbf" + two(), projection).areas) == 2


def test_a_layer_in_metres_is_the_layer_in_degrees(projection):
    x, y = projection.to_metres(*zip(*WEST, strict=True))
    ring = [[float(a), float(b)] for a, b in zip(x, y, strict=True)]
    metres = read(collection(feature(ring, WD25CD="E1"), crs=IN_METRES), projection)
    degrees = read(collection(feature(WEST, WD25CD="E1")), projection)
    assert metres.areas.geometry["E1"].equals_exact(degrees.areas.geometry["E1"], tolerance=0.01)


def test_heights_are_left_out(projection):
    high = [[*corner, 80.0] for corner in WEST]
    layer = read(collection(feature(high, WD25CD="E1")), projection)
    assert not layer.areas.geometry["E1"].has_z


@pytest.mark.parametrize("vintage", ["13", "19", "22", "25"])
@pytest.mark.parametrize("kind", ["WD", "LSOA", "OA", "PCON"])
def test_the_fields_of_the_statistics_office_are_layer_for_every_vintage(kind, vintage, projection):
    code, name = f"{kind}{vintage}CD", f"{kind}{vintage}NM"
    properties = {"FID": 7, "LAD25CD": "L", "LAD25NM": "Derby", name: "West"}
    squares = [(WEST, "E1"), (EAST, "E2")]
    features = [feature(ring, **properties, **{code: value}) for ring, value in squares]
    metadata = read(collection(*features), projection).metadata
    assert (metadata.code_field, metadata.name_field) == (code, name)


@pytest.mark.parametrize(
    ("properties", "fields"),
    [
        ({"code": "a", "name": "b"}, ("code", "name")),
        ({"NAME": "b", "Ward_Code": "a"}, ("Ward_Code", "NAME")),
        (
            {"area_name": "b", "name": "c", "area_code": "a", "code": "d"},
            ("area_code", "area_name"),
        ),
        ({"gss_code": "a"}, ("gss_code", "")),
        ({"wd25cd": "a", "wd25nm": "b"}, ("wd25cd", "wd25nm")),
    ],
)
def test_plain_field_names_are_layer_too(properties, fields, projection):
    metadata = read(collection(feature(WEST, **properties)), projection).metadata
    assert (metadata.code_field, metadata.name_field) == fields


def test_the_fields_that_were_named_are_used(projection):
    content = collection(feature(WEST, WD25CD="E1", WD25NM="x", beat="B7", sergeant="Ann"))
    layer = read(content, projection, code_field="beat", name_field="sergeant")
    assert layer.areas["area_name"].to_dict() == {"B7": "Ann"}


@pytest.mark.parametrize("name", [None, "", "  "])
def test_an_area_without_a_name_bears_its_code(name, projection):
    content = collection(feature(WEST, WD25CD="E1", WD25NM=name))
    assert read(content, projection).areas["area_name"].tolist() == ["E1"]


def test_layers_without_a_name_field_bear_their_codes(projection):
    areas = read(collection(feature(WEST, OA11CD="E00067918")), projection).areas
    assert areas["area_name"].tolist() == ["E00067918"]


def test_codes_that_are_numbers_are_read_as_text(projection):
    content = collection(feature(WEST, code=7), feature(EAST, code=12.0))
    assert set(read(content, projection).areas.index) == {"7", "12"}


def test_attributes_of_a_taken_name_get_another_one(projection):
    properties = {"code": "E1", "fid": 3, "Geometry": "x", "AREA_NAME": "y", "name": "West"}
    areas = read(collection(feature(WEST, **properties)), projection, name_field="name").areas
    assert areas[["fid_", "Geometry_", "AREA_NAME_"]].to_numpy().tolist() == [[3, "x", "y"]]


def test_no_attribute_is_lost_when_names_meet(projection):
    areas = read(collection(feature(WEST, code="E1", FID=1, FID_=2, fid=3)), projection).areas
    assert sorted(areas.drop(columns=["area_name", "geometry"]).loc["E1"].tolist()) == [1, 2, 3]


def test_a_feature_that_lacks_an_attribute_has_it_missing(projection):
    content = collection(feature(WEST, code="E1", electors=5), feature(EAST, code="E2"))
    assert read(content, projection).areas["electors"].isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "w.geojson is not GeoJSON"),
        (b"{", "w.geojson is not GeoJSON"),
        (b"code,name\nA,B\n", "w.geojson is not GeoJSON"),
        (b'{"type": NaN}', "w.geojson is not GeoJSON"),
        (two().replace(b"52.9", b"NaN", 1), "w.geojson is not GeoJSON"),
        (two().replace(b"East", "Île".encode("latin-1")), "w.geojson is not GeoJSON: .*UTF-8"),
        (b"[1, 2]", "w.geojson is not a GeoJSON FeatureCollection$"),
        (b'{"type": "Topology"}', "w.geojson is not a GeoJSON FeatureCollection but a Topology"),
        (b'{"type": "Point"}', "FeatureCollection but a Point"),
        (collection(), "w.geojson holds no features"),
        (b'{"type": "FeatureCollection"}', "w.geojson holds no features"),
        (b'{"type": "FeatureCollection", "features": {}}', "w.geojson holds no features"),
        (collection(5), "w.geojson, feature 1 is not a GeoJSON Feature"),
        (collection({"properties": [1]}), "w.geojson, feature 1 is not a GeoJSON Feature"),
        (
            two(crs="EPSG:27700"),
            "w.geojson: its crs member does not name a coordinate reference system",
        ),
        (
            two(crs={"properties": {}}),
            "w.geojson: its crs member does not name a coordinate reference system",
        ),
        (
            two(crs={"properties": {"name": "EPSG:9"}}),
            "unknown coordinate reference system 'EPSG:9'",
        ),
        (b"[" * 100_000, "w.geojson is not GeoJSON"),
    ],
)
def test_a_file_that_is_no_layer_is_refused(content, message, projection):
    with pytest.raises(InputError, match=message) as refused:
        read(content, projection)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([feature(WEST)], "no field looks like a code; .* its features have no properties"),
        ([{"type": "Feature", "geometry": None}], "its features have no properties"),
        ([feature(WEST, ward="West")], "name it with --code-field, one of: ward"),
        (
            [feature(WEST, code="E1"), feature(EAST, code="E1")],
            "feature 2: the code E1 is already used by feature 1",
        ),
        (
            [feature(WEST, code=7), feature(EAST, code="7")],
            "feature 2: the code 7 is already used by feature 1",
        ),
        ([feature(WEST, code="E1"), feature(EAST, code=" ")], "feature 2: code is empty"),
        ([feature(WEST, code="E1"), feature(EAST)], "feature 2: code is empty"),
        ([feature(WEST, WD25CD="E1"), feature(EAST, WD25CD={})], "feature 2: WD25CD is no text"),
        ([feature(WEST, code="E1"), feature(EAST, code=["E2"])], "feature 2: code is no text"),
        ([feature(WEST, code="E1"), feature(EAST, code=None)], "feature 2: code is empty"),
    ],
)
def test_codes_that_do_not_name_areas_are_refused(features, message, projection):
    with pytest.raises(InputError, match=message):
        read(collection(*features), projection)


@pytest.mark.parametrize("field", ["code_field", "name_field"])
def test_a_named_field_that_is_missing_is_refused_with_those_there_are(field, projection):
    message = "w.geojson has no field 'beat'; choose one of: WD25CD, WD25NM, electors"
    with pytest.raises(InputError, match=message):
        read(two(), projection, **{field: "beat"})


def test_a_layer_whose_id_is_taken_is_refused(projection):
    with pytest.raises(InputError, match="'hotspots' cannot be a layer's id"):
        read_layer(two(), LayerMetadata("hotspots"), projection=projection)


def test_an_area_far_from_britain_is_refused_in_any_crs(projection):
    """Degrees under the name of web Mercator."""
    mercator = {"type": "name", "properties": {"name": "EPSG:3857"}}
    with pytest.raises(InputError, match=r"w\.geojson, area E[12], at"):
        read(two(crs=mercator), projection)


def test_a_layer_without_a_file_is_named_by_its_id_in_refusals(projection):
    with pytest.raises(InputError, match="wards holds no features"):
        read_layer(collection(), LayerMetadata("wards"), projection=projection)


def test_a_multipolygon_keeps_its_parts(projection):
    parts = {"type": "MultiPolygon", "coordinates": [[WEST], [[[x + 0.1, y] for x, y in EAST]]]}
    areas = read(collection(feature(geometry=parts, code="E1")), projection).areas
    assert shapely.get_num_geometries(areas.geometry["E1"]) == 2
