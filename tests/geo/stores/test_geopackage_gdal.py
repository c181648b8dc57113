"""GIS programs read a store and edit it, and it stays sound."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.geopackage import GeoPackageStore
from geo.store.migrations import migrations
from tests.geo.stores.parts import (
    all_incidents,
    categories,
    imported,
    month_part,
    put,
    put_layer,
    undo,
)
from tests.geo.stores.soundness import faults


@pytest.fixture
def filled(geopackage, store_path, four_squares):
    """A closed store of four wards and five incidents."""
    put_layer(geopackage, four_squares.assign(residents=[1, 2, 3, 4], urban=[True, False] * 2))
    put(geopackage, month_part("2024-01", 5))
    geopackage.close()
    return store_path


@pytest.fixture
def edit(filled):
    """Runs SQL in the file as QGIS would: through GDAL, with the functions that it brings."""
    program = shutil.which("ogrinfo")
    if not program:
        pytest.skip("install gdal-bin to try edits by other programs")

    def run(sql: str) -> None:
        command = [program, "-q", "-sql", sql, str(filled)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "ERROR" not in done.stderr, done.stderr

    return run


def point(x: float, y: float, *, byte_order: int = 1) -> bytes:
    """A point as the standard writes it, the geometry in either byte order."""
    header = b"GP\x00\x01" + (27_700).to_bytes(4, "little")
    return header + shapely.to_wkb(shapely.Point(x, y), byte_order=byte_order)


def reopened(path) -> GeoPackageStore:
    return GeoPackageStore(path)


def validate(path: Path) -> str:
    """What GDAL's validator says of a GeoPackage, and GDAL when it opens one; '' where nothing."""
    python = "/usr/bin/python3"
    module = "osgeo_utils.samples.validate_gpkg"
    there = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    if there.returncode:
        pytest.skip("install python3-gdal to validate GeoPackages")
    commands = ([python, "-m", module, "-k", str(path)], ["ogrinfo", "-q", "-so", "-al", str(path)])
    said = [subprocess.run(one, capture_output=True, text=True, check=False) for one in commands]
    return said[0].stdout + said[0].stderr + said[1].stderr


def test_a_store_is_a_valid_geopackage_to_gdal(filled):
    assert validate(filled) == ""


def test_a_store_of_an_earlier_release_becomes_valid(tmp_path, four_squares, monkeypatch):
    path = tmp_path / "old.gpkg"
    with monkeypatch.context() as earlier:
        earlier.setattr(
            "geo.store.migrations.migrations",
            lambda dialect: [one for one in migrations(dialect) if one.number != 4],
        )
        store = GeoPackageStore(path, create=True)
        put_layer(store, four_squares)
        put(store, month_part("2024-01", 5))
        before = (all_incidents(store), store.data_version())
        store.close()
    with closing(sqlite3.connect(path)) as file, file:
        for table in ("wards", "incidents"):
            for name in ("update1", "update3"):
                file.execute(f"DROP TRIGGER rtree_{table}_geom_{name}")
            for name in ("update5", "update6", "update7"):
                file.execute(
                    f"CREATE TRIGGER rtree_{table}_geom_{name} AFTER UPDATE ON {table}"
                    " BEGIN SELECT 1; END"
                )
    assert faults(path) != []
    store = reopened(path)
    assert (all_incidents(store), store.data_version()) == before
    assert store.layer("wards")[1].index.tolist() == ["A", "B", "C", "D"]
    store.close()
    assert faults(path) == []
    assert validate(path) == ""


def test_gdal_reads_layers_and_incidents(filled):
    assert {name for name, _ in pyogrio.list_layers(filled)} >= {"incidents", "wards"}
    wards = pyogrio.read_info(filled, layer="wards", force_total_bounds=True)
    incidents = pyogrio.read_info(filled, layer="incidents", force_total_bounds=True)
    assert (wards["features"], wards["crs"]) == (4, "EPSG:27700")
    assert wards["total_bounds"] == pytest.approx((435_000, 336_000, 435_200, 336_200))
    assert (incidents["features"], incidents["crs"]) == (5, "EPSG:27700")
    frame = pyogrio.read_dataframe(filled, layer="incidents")
    assert frame.geometry.x.tolist() == [435_002.25 + i for i in range(5)]
    assert str(frame["occurred_from"].dtype).startswith("datetime64")


def test_gdal_finds_features_by_their_place(filled):
    box = (435_002, 336_000, 435_003.5, 336_001)
    assert len(pyogrio.read_dataframe(filled, layer="incidents", bbox=box)) == 2
    box = (435_150, 336_050, 435_151, 336_051)
    assert pyogrio.read_dataframe(filled, layer="wards", bbox=box)["area_code"].tolist() == ["B"]


def test_gdal_reads_true_and_false_as_such(filled):
    assert pyogrio.read_dataframe(filled, layer="wards")["urban"].tolist() == [True, False] * 2


def test_reading_by_gdal_changes_no_byte(filled):
    before = filled.read_bytes()
    pyogrio.read_dataframe(filled, layer="incidents")
    assert filled.read_bytes() == before


def test_a_feature_that_another_program_deletes_leaves_index_and_count(filled, edit):
    edit("DELETE FROM incidents WHERE fid = 2")
    assert faults(filled) == []
    store = reopened(filled)
    assert len(all_incidents(store)) == 4
    store.close()


def test_a_feature_that_another_program_moves_moves_in_the_index(filled, edit):
    edit(f"UPDATE incidents SET geom = x'{point(1, 2).hex()}' WHERE fid = 2")
    assert faults(filled) == []
    store = reopened(filled)
    incidents = store.incidents().set_index("incident_id").sort_index()
    assert (1, 2) in set(zip(incidents["x"], incidents["y"], strict=True))
    store.close()


def test_an_attribute_that_another_program_changes_is_read(filled, edit):
    edit("UPDATE incidents SET category = 'noise' WHERE fid = 2")
    edit("UPDATE wards SET area_name = 'Gŵyl' WHERE area_code = 'B'")
    assert faults(filled) == []
    store = reopened(filled)
    assert sorted(categories(store).values()) == ["drugs"] * 4 + ["noise"]
    assert store.layer("wards")[1]["area_name"]["B"] == "Gŵyl"
    store.close()


def test_an_edit_by_another_program_moves_the_counter_of_what_it_edits(filled, edit):
    store = reopened(filled)
    for sql, subject in (
        ("UPDATE incidents SET category = 'noise' WHERE fid = 2", "incidents"),
        (f"UPDATE incidents SET geom = x'{point(1, 2).hex()}' WHERE fid = 2", "incidents"),
        ("DELETE FROM incidents WHERE fid = 3", "incidents"),
        ("UPDATE wards SET area_name = 'Gŵyl' WHERE area_code = 'B'", "layers"),
    ):
        before, changes = store.data_version(), store.partition_changes()
        edit(sql)
        after = asdict(store.data_version())
        moved = {name for name, value in asdict(before).items() if after[name] != value}
        assert moved == {subject}, sql
        edits = sum(store.partition_changes().values()) - sum(changes.values())
        assert edits == after["incidents"] - before.incidents, sql
    store.close()
    assert faults(filled) == []


def test_an_area_that_gdal_appends_is_part_of_the_layer(filled):
    more = gpd.GeoDataFrame(
        {"area_code": ["E"], "area_name": ["Ward E"], "residents": [5], "urban": [False]},
        geometry=[shapely.MultiPolygon([shapely.box(435_200, 336_000, 435_300, 336_100)])],
        crs=BRITISH_NATIONAL_GRID,
    )
    pyogrio.write_dataframe(more, filled, layer="wards", append=True)
    assert faults(filled) == []
    store = reopened(filled)
    wards = store.layer("wards")[1]
    assert wards.index.tolist() == ["A", "B", "C", "D", "E"]
    assert wards.geometry["E"].area == 10_000
    store.close()


def test_patchmap_goes_on_after_edits_of_another_program(filled, edit, four_squares):
    edit("DELETE FROM incidents WHERE fid IN (1, 2)")
    edit(f"UPDATE incidents SET geom = x'{point(1, 2).hex()}' WHERE fid = 3")
    store = reopened(filled)
    before = all_incidents(store)
    record = imported(store, month_part("2024-01", 8))
    assert record.rows_replaced == 3
    undo(store, record.import_id)
    assert all_incidents(store) == before
    put_layer(store, four_squares.loc[["A"]])
    store.close()
    assert faults(filled) == []


def test_a_point_of_the_other_byte_order_is_read_as_the_point_that_it_is(filled, edit):
    """The standard lets a program write either order in the header and in the geometry."""
    edit(f"UPDATE incidents SET geom = x'{point(435_010, 336_020, byte_order=0).hex()}'")
    store = reopened(filled)
    incidents = store.incidents()
    assert set(zip(incidents["x"], incidents["y"], strict=True)) == {(435_010, 336_020)}
    store.close()
