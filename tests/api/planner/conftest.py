"""The store of the planner's tests: blocks, two wards and incidents."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.store.geopackage import GeoPackageStore
from tests.boundaries.cities import fill


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled store, to be copied: that is quicker than to fill it anew."""
    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    made = GeoPackageStore(path, create=True)
    fill(made)
    made.close()
    return path


@pytest.fixture
def store(tmp_path: Path, town: Path) -> Iterator[GeoPackageStore]:
    """A store of its own for each test."""
    made = GeoPackageStore(shutil.copy(town, tmp_path / "town.gpkg"))
    yield made
    made.close()
