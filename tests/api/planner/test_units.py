"""Areas of a layer as sets of a plan's blocks, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shapely
from fastapi.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import BLOCKS, begin, client_of
from tests.boundaries.drawn import layer

UNITS = "/planner/plans/north/units"


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    shapes = [shapely.box(0, 0, 260, 400), shapely.box(260, 0, 500, 400)]
    parishes = layer(*shapes, codes="PQ").assign(area_name=["Ash", "Birch"])
    with store.transaction():
        store.put_layer(LayerMetadata("parishes"), parishes)
    with client_of(store) as made:
        begin(made)
        yield made


def test_each_block_has_its_unit_and_those_across_a_line_are_named(client: TestClient) -> None:
    payload = client.get(UNITS, params={"of": "parishes"}).json()
    unit_of = {"a": "P", "b": "P", "c": "P", "d": "Q", "e": "Q", "f": ""}
    assert payload["names"] == {"P": "Ash", "Q": "Birch"}
    assert payload["area"] == [unit_of[block[0]] for block in BLOCKS]
    assert payload["straddling"] == ["c1", "c2", "c3", "c4"]


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({}, 400, "name a layer"),
        ({"of": "moon"}, 404, "moon"),
        ({"of": "blocks"}, 400, "blocks are the blocks of this plan"),
        ({"layer_of": "parishes"}, 400, "unknown parameter"),
    ],
)
def test_what_is_no_layer_of_units_is_refused(
    client: TestClient, params: dict[str, str], status: int, message: str
) -> None:
    refusal = client.get(UNITS, params=params)
    assert refusal.status_code == status
    assert message in refusal.json()["detail"]
