"""What the data cannot answer: features without values that say why, never none of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.analyses import LAYERS
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere, month_of_incidents, two_wards
from tests.api.ogc.test_openapi import timed_month

Served = Callable[..., TestClient]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Serves a store with the wards, where they are wanted, and some partitions."""
    with ExitStack() as open_things:

        def serve(*partitions: object, wards: bool = True) -> TestClient:
            store = GeoPackageStore(tmp_path / "store.gpkg", create=True)
            open_things.callback(store.close)
            with store.transaction():
                if wards:
                    store.put_layer(LayerMetadata("wards"), two_wards())
                for partition in partitions:
                    store.put_partition(partition)  # type: ignore[arg-type] # made by the tests
            app = make_app(store, Settings(), searches=SearchesHere())
            client = TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000))
            return open_things.enter_context(client)

        yield serve


def listed(client: TestClient) -> list[str]:
    return [one["id"] for one in client.get("/ogc/collections").json()["collections"]]


def properties(client: TestClient, address: str) -> list[dict[str, object]]:
    response = client.get(f"/ogc/collections/{address}")
    assert response.status_code == 200, response.text
    return [feature["properties"] for feature in response.json()["features"]]


def test_a_comparison_without_an_earlier_period_keeps_what_is_known(client: TestClient) -> None:
    rows = properties(client, "changes/items")
    counts = properties(client, "area-counts/items")
    assert [row["n"] for row in rows] == [row["n"] for row in counts]
    for row in rows:
        assert row["change"] is row["n_compared"] is row["q"] is row["certainty"] is None
        assert "no data is imported for" in str(row["why"])
    refused = client.get("/ogc/collections/changes/items?compare=previous")
    assert refused.status_code == 400, "what a caller asks for by name is refused"


def test_cells_that_cannot_be_classed_are_undefined(client: TestClient) -> None:
    cells = properties(client, "emerging-hotspots/items?limit=10000")
    assert len(cells) == len(properties(client, "hotspots/items?limit=10000")) > 300
    assert {cell["pattern"] for cell in cells} == {"undefined"}
    assert {cell["steps"] for cell in cells} == {None}
    assert all("need 10 months with data" in str(cell["why"]) for cell in cells)


def test_without_incidents_areas_and_cells_say_so_and_places_are_not_listed(served: Served) -> None:
    client = served()
    places = [
        name
        for name, one in LAYERS.items()
        if one.shape in ("outlines", "circles", "points", "lines") or one.subject == "records"
    ]
    assert listed(client) == [
        "wards",
        *(name for name in LAYERS if name not in places),
        "incidents",
    ]
    for name in set(LAYERS).difference(places):
        rows = properties(client, f"{name}/items?limit=10000")
        assert len(rows) == 2 if LAYERS[name].shape == "areas" else len(rows) > 300
        for row in rows:
            assert re.search("no (incidents|entries)", str(row["why"]))
            assert row.get("n") is None
        assert {row.get("class", "undefined") for row in rows} == {"undefined"}
    for name in places:
        for address in (name, f"{name}/schema", f"{name}/tiles", f"{name}/items"):
            response = client.get(f"/ogc/collections/{address}")
            assert response.status_code in {400, 404}
            detail = response.json()["detail"]
            assert re.search("no incidents yet|no source has records that are received", detail)
        assert f"/collections/{name}/" not in client.get("/ogc/api").text


def test_an_empty_store_serves_what_is_truly_empty(served: Served) -> None:
    client = served(wards=False)
    # Plans are listed from the first one on: many clients take an empty list for an error.
    assert listed(client) == ["incidents"]
    for name in ("incidents", "plans"):
        assert properties(client, f"{name}/items") == []
        for form in ("csv", "gpkg", "fgb", "parquet", "geojson"):
            assert client.get(f"/ogc/collections/{name}/items?f={form}").status_code == 200


def test_repeat_places_are_those_of_sources_with_addresses(served: Served) -> None:
    client = served(month_of_incidents("2024-01"), timed_month("2024-02"))
    assert "repeat-places" in listed(client)
    places = client.get("/ogc/collections/repeat-places/items").json()
    assert places["accounts"]["source"] == ["council"]
    assert places["features"]
    refused = client.get("/ogc/collections/repeat-places/items?source=police.uk")
    assert refused.status_code == 400
    assert "anonymous ones" in refused.json()["detail"]


def test_a_file_of_what_is_unknown_says_why_in_each_row(client: TestClient, tmp_path: Path) -> None:
    table = client.get("/ogc/collections/changes/items?f=csv&skipGeometry=true").text.splitlines()
    assert len(table) == 3
    assert all("no data is imported" in line for line in table[1:])
