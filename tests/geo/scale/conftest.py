"""A small synthetic country, once for all tests, and what it holds counted by one process."""

from pathlib import Path

import geopandas as gpd
import pytest

from boundaries.demo.country import write_country
from boundaries.layers.read import read_layer
from geo.scale import AreaUnits, CountJob, CountResult, Part, find_parts
from geo.store.contract import LayerMetadata
from tests.geo.scale.counting import counted_here

ROWS = 40_000


@pytest.fixture(scope="session")
def country(tmp_path_factory, projection) -> Path:
    folder = tmp_path_factory.mktemp("country")
    assert len(list(write_country(folder, ROWS, projection))) == 2
    return folder


@pytest.fixture(scope="session")
def wards(country, projection) -> gpd.GeoDataFrame:
    metadata = LayerMetadata("wards", file="wards.geojson")
    content = (country / "wards.geojson").read_bytes()
    return read_layer(content, metadata, projection=projection).areas


@pytest.fixture(scope="session")
def parts(country) -> list[Part]:
    return find_parts(sorted(country.glob("*.zip"))).parts


@pytest.fixture(scope="session")
def job(wards, projection) -> CountJob:
    return CountJob(AreaUnits(wards), projection)


@pytest.fixture(scope="session")
def counted(parts, job) -> CountResult:
    return counted_here(parts, job)
