"""Stores for plans: a GeoPackage, and where a store itself is at stake one of every kind."""

import pytest

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


@pytest.fixture
def city(geopackage):  # noqa: F811 - the fixture of that name
    return fill(geopackage)


@pytest.fixture
def any_city(store):  # noqa: F811 - the fixture of that name
    return fill(store)
