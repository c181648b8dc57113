"""Stores for plans: a GeoPackage, and where a store itself is at stake one of every kind."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.boundaries.cities import fill
from tests.geo.stores.conftest import (  # noqa: F401 - fixtures, found by their names
    backend,
    copied_database,
    empty_database,
    empty_geopackage,
    geopackage,
    new_store,
    open_store,
    places,
    store,
    store_database,
    store_path,
)
from tests.postgres import Cluster


@pytest.fixture(scope="session")
def city_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a filled store, which tests copy: a copy is made sooner."""
    path = tmp_path_factory.mktemp("city") / "city.gpkg"
    with closing(GeoPackageStore(path, create=True)) as made:
        fill(made)
    return path


@pytest.fixture(scope="session")
def city_database(cluster: Cluster) -> str:
    """The database of a filled store, which tests copy likewise."""
    url = cluster.new_database()
    with closing(PostgisStore(url, create=True)) as made:
        fill(made)
    return url


@pytest.fixture
def city(tmp_path: Path, city_file: Path) -> Iterator[Store]:
    """A filled store of the test's own."""
    with closing(GeoPackageStore(Path(shutil.copy(city_file, tmp_path / "city.gpkg")))) as opened:
        yield opened


@pytest.fixture
def any_city(request: pytest.FixtureRequest, backend: str) -> Iterator[Store]:  # noqa: F811
    """The same, of each kind."""
    if backend == "geopackage":
        yield request.getfixturevalue("city")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.new_database(like=request.getfixturevalue("city_database"))
    with closing(PostgisStore(url)) as opened:
        yield opened
    cluster.drop_database(url)
