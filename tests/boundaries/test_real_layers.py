"""Boundaries as they are published are read, with their own fields and their own faults."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from boundaries.layers.read import Layer, read_layer
from geo.errors import InputError
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore


def read(path: Path, projection, *, repair: bool = False) -> Layer:
    metadata = LayerMetadata("areas", file=path.name)
    return read_layer(path.read_bytes(), metadata, projection=projection, repair=repair)


PUBLISHED = [
    ("derby/wards-2013.geojson", 17, "WD13CD", "WD13NM"),
    ("derby/wards-2022.geojson", 17, "WD22CD", "WD22NM"),
    ("derby/wards-2022-bng.geojson", 17, "WD22CD", "WD22NM"),
    ("derby/wards-2025.geojson", 18, "WD25CD", "WD25NM"),
    ("derby/lsoa-2011.geojson", 151, "LSOA11CD", "LSOA11NM"),
    ("derby/lsoa-2021.geojson", 152, "LSOA21CD", "LSOA21NM"),
    ("melton/wards-2025.geojson", 16, "WD25CD", "WD25NM"),
    ("melton/lsoa-2021.geojson", 30, "LSOA21CD", "LSOA21NM"),
    ("birmingham/wards-2013.geojson", 40, "WD13CD", "WD13NM"),
    ("birmingham/wards-2022.geojson", 69, "WD22CD", "WD22NM"),
]


@pytest.mark.parametrize("published", PUBLISHED, ids=[row[0] for row in PUBLISHED])
def test_a_published_layer_is_read_with_its_own_fields(published, real_data, projection):
    file, count, code, name = published
    layer = read(real_data / file, projection)
    assert len(layer.areas) == count
    assert (layer.metadata.code_field, layer.metadata.name_field) == (code, name)
    assert layer.areas.index.str.fullmatch(r"E\d{8}").all()
    assert layer.areas.is_valid.all()
    assert (layer.areas["area_name"] != layer.areas.index).all()


FAULTY = [
    ("output-areas-2011.geojson", ["E00068123", "E00068300"], 779),
    ("lsoa-2011-slivers.geojson", ["E01013488"], 151),
]


@pytest.mark.parametrize("expected", FAULTY, ids=[row[0] for row in FAULTY])
def test_faulty_areas_are_named_and_repaired_only_on_request(expected, real_data, projection):
    file, faulty, count = expected
    path = real_data / "derby" / file
    with pytest.raises(InputError, match=f"{faulty[0]}: Ring Self-intersection at -1.49978, 52.89"):
        read(path, projection)
    layer = read(path, projection, repair=True)
    assert [line.partition(":")[0] for line in layer.changes] == faulty
    assert layer.metadata.note == "; ".join(layer.changes)
    assert len(layer.areas) == count
    assert layer.areas.is_valid.all()


def test_repaired_areas_keep_their_extent(real_data, projection):
    path = real_data / "derby/output-areas-2011.geojson"
    raw = gpd.read_file(path).set_index("OA11CD").to_crs(27700)
    repaired = read(path, projection, repair=True).areas
    change = repaired.area / raw.area.reindex(repaired.index) - 1
    assert change.abs().max() < 1e-6


def test_output_areas_have_no_names_and_bear_their_codes(real_data, projection):
    layer = read(real_data / "derby/output-areas-2011.geojson", projection, repair=True)
    assert (layer.metadata.code_field, layer.metadata.name_field) == ("OA11CD", "")
    assert (layer.areas["area_name"] == layer.areas.index).all()


def test_metres_and_degrees_of_the_same_wards_agree_to_a_centimetre(real_data, projection):
    metres = read(real_data / "derby/wards-2022-bng.geojson", projection).areas
    degrees = read(real_data / "derby/wards-2022.geojson", projection).areas
    assert metres.index.equals(degrees.index)
    assert metres["area_name"].equals(degrees["area_name"])
    apart = shapely.hausdorff_distance(metres.geometry, degrees.geometry)
    assert apart.max() < 0.01


def test_topojson_is_refused(real_data, projection):
    message = r"wards-2013\.topojson is not a GeoJSON FeatureCollection but a Topology"
    with pytest.raises(InputError, match=message):
        read(real_data / "derby/wards-2013.topojson", projection)


@pytest.mark.parametrize("file", [row[0] for row in PUBLISHED])
def test_a_published_layer_comes_back_from_a_store(file, real_data, projection, tmp_path):
    layer = read(real_data / file, projection)
    store = GeoPackageStore(tmp_path / "s.gpkg", create=True)
    with store.transaction():
        store.put_layer(layer.metadata, layer.areas)
    metadata, areas = store.layer("areas")
    store.close()
    assert metadata == layer.metadata
    assert areas.columns.tolist() == layer.areas.columns.tolist()
    assert areas["area_name"].tolist() == layer.areas["area_name"].tolist()
    assert shapely.equals(areas.geometry.to_numpy(), layer.areas.geometry.to_numpy()).all()
