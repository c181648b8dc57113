"""Plain tables that other programs read, whatever layers and attributes are called."""

from __future__ import annotations

import subprocess
from shutil import which

import geopandas as gpd
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from tests.geo.postgis.databases import WARDS, run


def test_another_program_reads_layers_and_incidents(store, url, four_squares, partition):
    store.put_layer(WARDS, four_squares.assign(residents=[1, 2, 3, 4]))
    store.put_partition(partition(n=3))
    tables = run(
        url,
        "SELECT f_table_name::text, type, srid FROM geometry_columns"
        " WHERE f_table_name IN ('wards', 'incidents') ORDER BY 1",
    )
    code = int(BRITISH_NATIONAL_GRID.partition(":")[2])
    assert tables == [("incidents", "POINT", code), ("wards", "MULTIPOLYGON", code)]
    assert run(url, "SELECT sum(residents)::int, count(fid) FROM patchmap.wards") == [(10, 4)]
    within = "SELECT count(*) FROM patchmap.incidents i JOIN patchmap.wards w ON"
    assert run(url, f"{within} ST_Covers(w.geom, i.geom)") == [(3,)]
    indexes = run(url, "SELECT indexdef FROM pg_indexes WHERE tablename = 'wards'")
    assert sum("gist" in text for (text,) in indexes) == 1
    blobs = run(url, "SELECT ST_AsBinary(geom) FROM patchmap.wards ORDER BY fid")
    geometry = shapely.from_wkb([blob for (blob,) in blobs])
    assert shapely.equals(geometry, four_squares.geometry.to_numpy()).all()


@pytest.mark.skipif(not which("ogrinfo"), reason="ogrinfo is not installed (gdal-bin)")
def test_gdal_reads_layers_and_incidents(store, url, four_squares, partition):
    store.put_layer(LayerMetadata("wards-2025"), four_squares)
    store.put_partition(partition(n=3))
    for table, count in (("wards-2025", 4), ("incidents", 3)):
        command = ["ogrinfo", "-so", "-ro", url, f"patchmap.{table}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert f"Feature Count: {count}" in said
        assert "British National Grid" in said


def test_another_program_reads_points_and_lines(store, url):
    shapes = {
        "Point": shapely.Point(435_010, 336_010),
        "MultiPoint": shapely.MultiPoint([(435_010, 336_010), (435_020, 336_020)]),
        "MultiLineString": shapely.LineString([(435_000, 336_000), (435_003, 336_004)]),
    }
    for geometry_type, shape in shapes.items():
        layer_id = f"of-{geometry_type.lower()}"
        frame = gpd.GeoDataFrame({"name": [None]}, geometry=[shape], index=["1"])
        store.put_layer(LayerMetadata(layer_id, geometry_type=geometry_type), frame)
    tables = run(
        url,
        "SELECT f_table_name::text, type, srid, coord_dimension FROM geometry_columns"
        " WHERE f_table_name LIKE 'of-%' ORDER BY 1",
    )
    code = int(BRITISH_NATIONAL_GRID.partition(":")[2])
    assert tables == sorted((f"of-{name.lower()}", name.upper(), code, 2) for name in shapes)
    lengths = run(url, 'SELECT code, ST_Length(geom) FROM patchmap."of-multilinestring"')
    assert lengths == [("1", 5.0)]


LONG = "Gwybodaeth am y boblogaeth breswyl arferol yn ôl oedran, rhyw ac ardal"


@pytest.mark.parametrize(
    "name",
    [
        "select",
        'say "hi"',
        "50%",
        "%s",
        "%(a)s",
        "{}",
        "é ∑",
        "x;--",
        "",
        "xmin",
        "fid",
        "FID",
        LONG,
    ],
)
def test_any_attribute_name_comes_back(name, store, four_squares):
    values = {name: [1, 2, 3, 4], f"{name}2": [0.5, None, 2, 3], "attribute_2": list("wxyz")}
    for _ in range(2):
        store.put_layer(WARDS, four_squares.assign(**values))
        stored = store.layer("wards")[1]
        assert stored.columns.tolist() == ["area_name", *values, "geometry"]
        assert stored[name].tolist() == [1, 2, 3, 4]
        assert stored[f"{name}2"].isna().tolist() == [False, True, False, False]


def test_layers_may_bear_names_that_indexes_would_take(store, four_squares):
    for layer_id in (
        "wards",
        "wards_pkey",
        "wards_geom_idx",
        "wards_fid_seq",
        "wards_area_code_key",
    ):
        store.put_layer(LayerMetadata(layer_id), four_squares)
        store.put_layer(LayerMetadata(layer_id), four_squares.assign(a=1))
    assert len(store.layers()) == 5
