"""The API document is true: what it promises is what the service does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from api.app import make_app
from api.settings import Settings
from geo.analyses import LAYERS
from geo.incidents import Batch, Partition
from geo.measures.model import entries_frame
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from geo.store.postgis import PostgisStore
from tests.api.conftest import (
    MONTHS,
    SOUTH,
    WEST,
    SearchesHere,
    month_of_incidents,
    town_streets,
    two_wards,
)
from tests.geo.stores.made_cases import repeated_case
from tests.postgres import Cluster

CASES = int(os.environ.get("OPENAPI_CASES", "250"))
"""How many requests are drawn; more find more."""


@pytest.fixture
def database(cluster: Cluster) -> Iterator[TestClient]:
    """The service of the town in PostGIS."""
    with closing(PostgisStore(cluster.new_database(), create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards of the town"), two_wards())
            for month in MONTHS:
                store.put_partition(month_of_incidents(month))
        app = make_app(store, Settings(), searches=SearchesHere())
        with TestClient(app, "http://127.0.0.1:8000", client=("127.0.0.1", 50_000)) as served:
            yield served


# The database is asked less often: what it alone could refuse are texts and numbers of each kind.
@pytest.mark.parametrize(("service", "cases"), [("client", CASES), ("database", CASES // 5)])
def test_any_request_that_the_document_allows_gets_a_documented_answer(
    service: str, cases: int, request: pytest.FixtureRequest
) -> None:
    """Schemathesis draws requests from the document, fair ones and broken ones."""
    client: TestClient = request.getfixturevalue(service)
    document = client.get("/ogc/api").json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [result.ok() for result in schema.get_all_operations()]
    drawn = st.one_of([operation.as_strategy() for operation in operations])

    @settings(
        max_examples=cases,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=CASES == 250,
    )
    @given(case=drawn)
    def called(case: schemathesis.Case) -> None:
        below = "" if case.formatted_path == "/search" else "/ogc"
        response = client.get(f"{below}{case.formatted_path}", params=case.query or {})
        asked = f"{case.formatted_path} {case.query}"
        assert str(response.status_code) in case.operation.definition.raw["responses"], asked
        assert response.status_code < 500, asked
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["detail"]

    called()


YEARS = [f"{month}" for month in pd.period_range("2022-01", "2024-02", freq="M").astype(str)]


def timed_month(month: str) -> Partition:
    """A month of a council's cases, which are known by minute and by address."""
    part = month_of_incidents(month)
    (batch,) = part.batches()
    rng = np.random.default_rng(int(month.replace("-", "")))
    moments = batch.accepted["occurred_from"] + pd.to_timedelta(
        rng.integers(60, 27 * 24 * 60, len(batch.accepted)), unit="min"
    )
    cases = batch.accepted.assign(
        incident_id=[f"council/{month}:{line}" for line in range(len(batch.accepted))],
        source="council",
        precision="instant",
        occurred_from=moments.dt.as_unit("s"),
        occurred_to=moments.dt.as_unit("s"),
    )
    # Every fourth case is at one of a few addresses, again and again.
    cases.loc[::4, ["x", "y"]] = [WEST + 400, SOUTH + 400]
    read = [Batch(cases, batch.rejected)]
    return replace(part, source="council", name="cases", batches=lambda: iter(read))


ENTRIES = [
    {"entry_id": "m", "kind": "money", "amount": 500_000, "state": "allocated"},
    {"entry_id": "t", "kind": "time", "amount": 90, "activity": "patrol"},
]
for one in ENTRIES:
    one |= {"day": "2024-02-15", "layer_id": "wards", "area_code": "N"}


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of a town with 26 months of cases, so that every answer has an answer."""
    with closing(
        GeoPackageStore(tmp_path_factory.mktemp("years") / "y.gpkg", create=True)
    ) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards"), two_wards())
            store.put_layer(*town_streets())
            for month in YEARS:
                store.put_partition(timed_month(month))
            store.put_partition(repeated_case(WEST + 400, SOUTH + 400))
            store.put_entries(entries_frame(ENTRIES), TableFile("entries.csv", "", len(ENTRIES)))
        with TestClient(
            make_app(store, Settings(), searches=SearchesHere()),
            base_url="http://127.0.0.1:8000",
            client=("127.0.0.1", 50_000),
        ) as made:
            yield made


@pytest.mark.parametrize("collection", LAYERS)
def test_every_property_that_an_answer_has_is_told_beforehand(
    years: TestClient, collection: str
) -> None:
    schema = years.get(f"/ogc/collections/{collection}/schema").json()["properties"]
    period = "datetime=2022-03/2024-02" if collection == "emerging-hotspots" else "period=latest-1m"
    needed = {"posts": "&posts=3", "patches": "&groups=2"}.get(collection, "")
    answered = []
    for query in ("", "&compare=previous", "&by=month"):
        response = years.get(f"/ogc/collections/{collection}/items?limit=1&{period}{query}{needed}")
        if response.status_code == 200 and response.json()["features"]:
            properties = response.json()["features"][0]["properties"]
            assert set(properties) <= set(schema), query
            answered.append(query)
    # What an analysis does not do it refuses; the plain Question, or that of a change, it answers.
    assert ("&compare=previous" if collection == "changes" else "") in answered


@pytest.mark.parametrize("collection", ["wards", "hotspots", "patrols", "incidents"])
def test_a_schema_names_the_geometry_that_features_have(
    client: TestClient, collection: str
) -> None:
    address = f"/ogc/collections/{collection}"
    geometry = client.get(f"{address}/schema").json()["properties"]["geometry"]
    feature = client.get(f"{address}/items?limit=1").json()["features"][0]
    assert geometry["format"] == f"geometry-{feature['geometry']['type'].lower()}"


def test_responses_and_examples_have_the_types_that_a_client_is_made_of(client: TestClient) -> None:
    python = {"integer": int, "number": float, "boolean": bool, "array": list, "string": str}
    for path, operations in client.get("/ogc/api").json()["paths"].items():
        for parameter in operations["get"]["parameters"]:
            if "example" in parameter:
                assert isinstance(parameter["example"], python[parameter["schema"]["type"]]), path
        if not path.endswith("/items"):
            continue
        content = operations["get"]["responses"]["200"]["content"]
        feature = content["application/geo+json"]["schema"]["properties"]["features"]["items"]
        named = feature["properties"]["properties"]["properties"]
        served = client.get(f"/ogc{path}?limit=1").json()["features"]
        assert all(set(one["properties"]) <= set(named) for one in served)
        assert named


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hotspots/items?category=a&cell=200&category=b", "category: given twice"),
        ("wards/items?limit=1&bbox=1,2,3,4&limit=2", "limit: given twice"),
        ("posts/items?exclude=" + "A" * 700, "exclude: is longer than 500 characters"),
        ("wards/items?bbox-crs=EPSG:1", "bbox-crs: unknown reference system"),
        ("wards/tiles/WebMercatorQuad?filter=colour=1", "filter: unknown property"),
        ("hotspots/tiles/WebMercatorQuad?cell=many", "cell: "),
    ],
)
def test_stated_limits_are_held_by_name(client: TestClient, address: str, message: str) -> None:
    response = client.get(f"/ogc/collections/{address}")
    assert response.status_code == 400
    assert message in response.json()["detail"]


def test_a_client_may_send_every_default(client: TestClient) -> None:
    """Clients that are generated from the document send the defaults that it states."""
    document = client.get("/ogc/api").json()
    for path, operations in document["paths"].items():
        parameters = operations["get"]["parameters"]
        if any(one["in"] == "path" for one in parameters):
            continue
        defaults = {
            one["name"]: str(one["schema"]["default"]).replace("False", "false")
            for one in parameters
            if "default" in one["schema"]
        }
        # Some are beside the OGC API and not below it.
        (server,) = operations.get("servers", document["servers"])
        below = server["url"].removeprefix(str(client.base_url)).rstrip("/")
        response = client.get(f"{below}{path.rstrip('/')}", params=defaults)
        assert response.status_code == 200, (path, defaults, response.text[:300])
