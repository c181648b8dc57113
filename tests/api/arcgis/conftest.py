"""The town with islands and a lake, served to the tests of a file that change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from tests.api.conftest import SOUTH, WEST, SearchesHere, make_town

SERVER = "/arcgis/rest/services/patchmap/FeatureServer"

Ask = Callable[..., dict[str, Any]]


def land() -> gpd.GeoDataFrame:
    """Two islands that are one area, and an area around a lake.

    The lake is the square of 100 m in the middle of the second area; names are as files have them.
    """
    islands = shapely.MultiPolygon(
        [
            shapely.box(WEST, SOUTH, WEST + 10, SOUTH + 10),
            shapely.box(WEST + 50, SOUTH, WEST + 60, SOUTH + 10),
        ]
    )
    shore = shapely.box(WEST + 1000, SOUTH, WEST + 1300, SOUTH + 300)
    lake = shapely.box(WEST + 1100, SOUTH + 100, WEST + 1200, SOUTH + 200)
    frame = gpd.GeoDataFrame(
        {
            "area_name": ["Isles", "O'Shore"],
            "OBJECTID": [7, 8],
            "Residents 2021": [10, None],
            "flood": [True, False],
        },
        geometry=[islands, shore.difference(lake)],
        crs=BRITISH_NATIONAL_GRID,
    )
    return frame.set_axis(pd.Index(["I", "S"], name="area_code"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of the town with the land."""
    store = make_town(tmp_path_factory.mktemp("arcgis") / "town.gpkg")
    with store.transaction():
        store.put_layer(LayerMetadata("land", title="Land"), land())
    with TestClient(
        make_app(store, Settings(), searches=SearchesHere()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    ) as made:
        yield made
    store.close()


@pytest.fixture(scope="module")
def numbers(service: TestClient) -> Mapping[str, int]:
    """The number of each layer by its name."""
    layers = service.get(SERVER).json()["layers"]
    return {one["name"]: one["id"] for one in layers}


@pytest.fixture(scope="module")
def ask(service: TestClient, numbers: Mapping[str, int]) -> Ask:
    """Ask a layer, by its name; whatever is not said is as ArcGIS has it."""

    def asked(layer: str, **parameters: object) -> dict[str, Any]:
        given = {"where": "1=1", "f": "json", **parameters}
        response = service.get(f"{SERVER}/{numbers[layer]}/query", params=given)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    return asked
