"""Layers of points and lines in every kind of store."""

from contextlib import closing
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import InputError, NotFoundError
from geo.question.ask import default_layer
from geo.store.contract import LayerMetadata
from geo.store.copying import copy_store
from tests.geo.stores.parts import put_layer

POINT = [shapely.Point(435_010, 336_010), shapely.Point(435_150, 336_150)]
MULTIPOINT = [shapely.MultiPoint([(435_010, 336_010), (435_020, 336_030)]), POINT[1]]
LINE = [
    shapely.LineString([(435_000, 336_050), (435_200, 336_050)]),
    shapely.MultiLineString([[(435_010, 336_000), (435_010, 336_010)], [(1, 2), (3, 4)]]),
]
SHAPES = {"Point": POINT, "MultiPoint": MULTIPOINT, "MultiLineString": LINE}
KINDS = {"Point": "points", "MultiPoint": "points", "MultiLineString": "lines"}


def frame(shapes) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": ["Stryd Fawr", None], "width": [1.5, None], "lit": [True, None]},
        geometry=shapes,
        index=pd.Index(["b", "a"], name="code"),
        crs=BRITISH_NATIONAL_GRID,
    )


def metadata(geometry_type: str = "MultiLineString") -> LayerMetadata:
    return LayerMetadata("streets", "Streets", geometry_type=geometry_type)


@pytest.mark.parametrize("geometry_type", SHAPES)
def test_features_come_back_as_they_were_put(store, geometry_type):
    put_layer(store, frame(SHAPES[geometry_type]), metadata(geometry_type))
    stored_metadata, stored = store.features("streets")
    assert stored_metadata == metadata(geometry_type)
    assert stored_metadata.kind == KINDS[geometry_type]
    assert (stored.index.tolist(), stored.index.name) == (["a", "b"], "code")
    assert stored.columns.drop("geometry").tolist() == ["name", "width", "lit"]
    assert stored["name"].isna().tolist() == [True, False]
    assert stored["name"]["b"] == "Stryd Fawr"
    assert stored["lit"]["b"] == True  # noqa: E712 - a numpy or pandas boolean
    assert set(stored.geom_type) == {geometry_type}
    for code, shape in zip(["b", "a"], SHAPES[geometry_type], strict=True):
        assert stored.geometry[code].equals(shape)
    assert stored.crs.to_string() == BRITISH_NATIONAL_GRID
    assert store.layers() == [metadata(geometry_type)]


def test_an_area_layer_is_read_as_features_too(store, four_squares):
    put_layer(store, four_squares)
    assert store.features("wards")[1].equals(store.layer("wards")[1])
    assert store.features("wards")[0].kind == "areas"


@pytest.mark.parametrize(
    ("geometry_type", "kind"), [("Point", "points"), ("MultiLineString", "lines")]
)
def test_a_layer_of_another_kind_is_refused_where_areas_are_needed(
    store, four_squares, geometry_type, kind
):
    put_layer(store, frame(SHAPES[geometry_type]), metadata(geometry_type))
    put_layer(store, four_squares)
    with pytest.raises(InputError) as refusal:
        store.layer("streets")
    assert str(refusal.value) == (
        f"streets is a layer of {kind}: a layer of areas is needed here; there are: wards"
    )
    assert default_layer(store) == "wards"


def test_a_layer_can_be_replaced_by_one_of_another_kind(store, four_squares):
    for geometry_type in ("Point", "MultiLineString", "MultiPoint", "Point"):
        put_layer(store, frame(SHAPES[geometry_type]), metadata(geometry_type))
        assert set(store.features("streets")[1].geom_type) == {geometry_type}
    put_layer(store, four_squares, LayerMetadata("streets"))
    assert store.layer("streets")[1].index.tolist() == ["A", "B", "C", "D"]
    assert [one.kind for one in store.layers()] == ["areas"]


def test_an_attribute_may_be_called_as_the_codes_of_areas_are(store):
    named = frame(POINT).assign(area_code=["x", "y"], fid_=[1, 2])
    put_layer(store, named, metadata("Point"))
    assert store.features("streets")[1]["area_code"].to_dict() == {"b": "x", "a": "y"}


def test_a_change_of_kind_is_undone(store, four_squares, reader):
    put_layer(store, four_squares, LayerMetadata("streets"))
    put_layer(store, frame(LINE), metadata())
    put_layer(store, frame(POINT), metadata("Point"))
    lines, areas = (change.change_id for change in store.layer_changes()[:0:-1])
    for change_id, geometry_type in ((lines, "MultiLineString"), (areas, "MultiPolygon")):
        with store.transaction():
            store.undo_layer_change(change_id)
        stored_metadata, stored = reader.features("streets")
        assert stored_metadata.geometry_type == geometry_type
        assert set(stored.geom_type) == {geometry_type}
    assert reader.layer("streets")[1].index.tolist() == ["A", "B", "C", "D"]


def test_undoing_its_addition_removes_a_layer_with_its_table(store, reader):
    put_layer(store, frame(LINE), metadata())
    with store.transaction():
        store.undo_layer_change(store.layer_changes()[-1].change_id)
    assert reader.layers() == []
    with pytest.raises(NotFoundError, match="there is no layer 'streets'; there are: none yet"):
        reader.features("streets")


def test_a_copy_holds_all_kinds(store, new_store, four_squares):
    put_layer(store, four_squares)
    for geometry_type, shapes in SHAPES.items():
        layer_id = f"of-{geometry_type.lower()}"
        put_layer(store, frame(shapes), replace(metadata(geometry_type), layer_id=layer_id))
    with closing(new_store()()) as target:
        copy_store(store, target)
        assert target.layers() == store.layers()
        for one in store.layers():
            copied = target.features(one.layer_id)[1]
            assert copied.to_json() == store.features(one.layer_id)[1].to_json()


@pytest.mark.parametrize("geometry_type", SHAPES)
def test_gdal_reads_the_table_with_its_type(geopackage, geometry_type):
    put_layer(geopackage, frame(SHAPES[geometry_type]), metadata(geometry_type))
    info = pyogrio.read_info(geopackage.path, layer="streets", force_total_bounds=True)
    assert (info["geometry_type"], info["features"], info["crs"]) == (
        geometry_type,
        2,
        BRITISH_NATIONAL_GRID,
    )
    assert info["total_bounds"] == pytest.approx(shapely.total_bounds(SHAPES[geometry_type]))
    there = pyogrio.read_dataframe(
        geopackage.path, layer="streets", bbox=(435_140, 336_140, 435_160, 336_160)
    )
    assert there["code"].tolist() == ([] if geometry_type == "MultiLineString" else ["a"])
