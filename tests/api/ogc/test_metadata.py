"""What collections say of themselves is what their features are, in every format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from boundaries.plans.draft import save_plan
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents
from tests.api.ogc.test_openapi import timed_month
from tests.boundaries.cities import begun, fill

ITEMS = "/ogc/collections/incidents/items"


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[TestClient]:
    """The service of a store with a plan."""
    store = fill(GeoPackageStore(tmp_path / "planned.gpkg", create=True))
    save_plan(store, begun(store, title="North", by="Ann").plan)
    with TestClient(
        make_app(store, Settings()), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000)
    ) as made:
        yield made
    store.close()


def features(client: TestClient, collection: str) -> list[dict]:
    response = client.get(f"/ogc/collections/{collection}/items?limit=10000")
    assert response.status_code == 200, response.text
    return response.json()["features"]


def bounds(client: TestClient, collection: str) -> list[float]:
    shapes = [shapely.geometry.shape(one["geometry"]) for one in features(client, collection)]
    return shapely.total_bounds(shapes).tolist()


def test_incidents_say_their_month_and_their_time_in_london(
    client: TestClient, store: GeoPackageStore
) -> None:
    with store.transaction():
        store.put_partition(month_of_incidents("2024-06"))
        store.put_partition(timed_month("2024-07"))
    by_source = {"police.uk": 0, "council": 0}
    for feature in features(client, "incidents"):
        row = feature["properties"]
        moment = pd.Timestamp(row["occurred_from"]).tz_convert("Europe/London")
        assert row["month"] == f"{moment:%Y-%m}"
        dated = row["precision"] == "instant"
        assert row["local_date"] == (f"{moment:%Y-%m-%d}" if dated else None)
        assert row["local_time"] == (f"{moment:%H:%M}" if dated else None)
        by_source[row["source"]] += 1
    assert by_source == {"police.uk": 480, "council": 160}
    june = client.get(f"{ITEMS}?month=2024-06&limit=1").json()
    assert june["numberMatched"] == 160
    assert june["features"][0]["properties"]["occurred_from"] == "2024-05-31T23:00:00Z"


@pytest.mark.parametrize(
    "collection", ["wards", "area-counts", "hotspots", "emerging-hotspots", "incidents"]
)
def test_an_extent_is_that_of_the_features(client: TestClient, collection: str) -> None:
    about = client.get(f"/ogc/collections/{collection}").json()["extent"]
    np.testing.assert_allclose(about["spatial"]["bbox"][0], bounds(client, collection), atol=1.1e-6)


@pytest.mark.parametrize("collection", ["ranked-hotspots", "patrols"])
def test_the_extent_of_places_holds_every_place(client: TestClient, collection: str) -> None:
    about = client.get(f"/ogc/collections/{collection}").json()["extent"]
    assert shapely.box(*about["spatial"]["bbox"][0]).covers(
        shapely.box(*bounds(client, collection))
    )


def test_the_times_of_incidents_are_those_of_london(client: TestClient) -> None:
    (interval,) = client.get("/ogc/collections/incidents").json()["extent"]["temporal"]["interval"]
    assert interval == ["2024-01-01T00:00:00Z", "2024-02-29T23:59:59Z"]
    asked = client.get(f"/ogc/collections/area-counts/items?datetime={'/'.join(interval)}")
    assert asked.json()["accounts"]["counted"] > 0


def test_clock_times_select_incidents_and_are_refused_where_days_count(
    client: TestClient, store: GeoPackageStore
) -> None:
    with store.transaction():
        store.put_partition(timed_month("2024-07"))
    moments = sorted(
        feature["properties"]["occurred_from"]
        for feature in features(client, "incidents")
        if feature["properties"]["source"] == "council"
    )
    span = f"{moments[10]}/{moments[19]}"
    hits = client.get(f"{ITEMS}?resultType=hits&datetime={span}").json()["numberMatched"]
    assert hits == sum(moments[10] <= moment <= moments[19] for moment in moments) >= 10
    refused = client.get("/ogc/collections/area-counts/items?datetime=2024-07-01T10:00:00Z/..")
    assert refused.status_code == 400
    assert "is 11:00 in London, but counts are of whole days" in refused.json()["detail"]


def test_a_plan_has_the_same_types_in_every_format(planned: TestClient, tmp_path: Path) -> None:
    schema = planned.get("/ogc/collections/plans/schema").json()["properties"]
    assert schema["updated_at"]["format"] == "date-time"
    assert schema["version"]["type"] == "integer"
    (feature,) = features(planned, "plans")
    updated = pd.Timestamp(feature["properties"]["updated_at"])
    for form in ("gpkg", "fgb", "parquet"):
        path = tmp_path / f"plans.{form}"
        path.write_bytes(planned.get(f"/ogc/collections/plans/items?f={form}").content)
        table = pd.read_parquet(path) if form == "parquet" else pyogrio.read_dataframe(path)
        assert pd.to_datetime(table["updated_at"], utc=True).to_list() == [updated], form
        assert table["version"].dtype.kind == "i", form


def test_an_empty_collection_has_the_types_of_a_full_one(
    client: TestClient, planned: TestClient
) -> None:
    empty, full = (
        one.get("/ogc/collections/plans/schema").json()["properties"] for one in (client, planned)
    )
    assert empty == full


@pytest.mark.parametrize("collection", ["wards", "hotspots", "changes", "expected", "patrols"])
def test_values_have_the_types_of_the_schema(client: TestClient, collection: str) -> None:
    schema = client.get(f"/ogc/collections/{collection}/schema").json()["properties"]
    python = {"integer": int, "number": float | int, "string": str, "boolean": bool}
    for feature in features(client, collection):
        kind = feature["geometry"]["type"].lower()
        assert schema["geometry"]["format"] == f"geometry-{kind}"
        for name, value in feature["properties"].items():
            assert value is None or isinstance(value, python[schema[name]["type"]]), name
