"""Stores of every kind for plans: those that the tests of the stores use."""

import pytest

from tests.boundaries.cities import fill
from tests.geo.stores.conftest import (  # noqa: F401 - fixtures, found by their names
    empty_database,
    new_store,
    open_store,
    store,
)


@pytest.fixture
def city(store):  # noqa: F811 - the fixture of that name
    return fill(store)
