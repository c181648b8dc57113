"""An empty store of each kind, and the way to open it once more beside itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
import pytest

from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.geo.stores.backends import postgis_can_be_tried
from tests.geo.stores.places import GeopackagePlaces, Places, PostgisPlaces
from tests.postgres import Cluster

Opener = Callable[[], Store]

BACKENDS = ["geopackage", *(["postgis"] if postgis_can_be_tried() else [])]


@pytest.fixture(scope="session")
def empty_database(cluster) -> Callable[[int], str]:
    """Databases by their number, each as empty as a new one: to make one for every test is slow."""
    urls: list[str] = []

    def empty(number: int) -> str:
        if number == len(urls):
            urls.append(cluster.new_database())
        with psycopg.connect(urls[number], autocommit=True) as connection:
            connection.execute("DROP SCHEMA IF EXISTS patchmap CASCADE")
        return urls[number]

    return empty


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each kind of store; the tests of a module run by the one, and then by the other."""
    return str(request.param)


@pytest.fixture(scope="module")
def places(request, backend, tmp_path_factory) -> Places:
    """Where stores of each kind lie."""
    if backend == "postgis":
        return PostgisPlaces(request.getfixturevalue("cluster"))
    return GeopackagePlaces(tmp_path_factory.mktemp("places"))


@pytest.fixture(scope="session")
def empty_geopackage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new store that tests copy: a copy is made sooner than a store."""
    path = tmp_path_factory.mktemp("empty") / "empty.gpkg"
    GeoPackageStore(path, create=True).close()
    return path


@pytest.fixture(scope="session")
def store_database(cluster: Cluster) -> str:
    """A database with a new store, which tests copy likewise."""
    url = cluster.new_database()
    PostgisStore(url, create=True).close()
    return url


@pytest.fixture
def new_store(request, backend, tmp_path) -> Callable[[], Opener]:
    """Makes an empty store of each kind; what it gives opens that store, as often as needed."""
    made = count()

    def new_postgis() -> Opener:
        url = request.getfixturevalue("empty_database")(next(made))
        PostgisStore(url, create=True).close()
        return lambda: PostgisStore(url)

    def new_geopackage() -> Opener:
        path = tmp_path / f"{next(made)}.gpkg"
        GeoPackageStore(path, create=True).close()
        return lambda: GeoPackageStore(path)

    return new_postgis if backend == "postgis" else new_geopackage


@pytest.fixture
def copied_database(cluster: Cluster, store_database: str) -> Iterator[str]:
    """A database with a store of the test's own."""
    url = cluster.new_database(like=store_database)
    yield url
    cluster.drop_database(url)


@pytest.fixture
def open_store(request, backend) -> Iterator[Opener]:
    """Opens the test's store; all that were opened are closed in the end."""
    opened: list[Store] = []
    if backend == "postgis":
        own = partial(PostgisStore, request.getfixturevalue("copied_database"))
    else:
        own = partial(GeoPackageStore, request.getfixturevalue("store_path"))

    def open_one() -> Store:
        opened.append(own())
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def store(open_store) -> Store:
    return open_store()


@pytest.fixture
def reader(open_store, store) -> Store:
    """The same store, opened a second time."""
    return open_store()


@pytest.fixture
def store_path(tmp_path, empty_geopackage) -> Path:
    """The file of the test's GeoPackage."""
    return Path(shutil.copy(empty_geopackage, tmp_path / "s.gpkg"))


@pytest.fixture
def geopackage(store_path) -> Iterator[GeoPackageStore]:
    opened = GeoPackageStore(store_path)
    yield opened
    opened.close()
