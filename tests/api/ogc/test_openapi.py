"""The API document is true: what it promises is what the service does."""

from __future__ import annotations

import os

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from geo.analyses import LAYERS

CASES = int(os.environ.get("OPENAPI_CASES", "250"))
"""How many requests are drawn; more find more."""


def test_any_request_that_the_document_allows_gets_a_documented_answer(
    client: TestClient,
) -> None:
    """Schemathesis draws requests from the document, fair ones and broken ones."""
    document = client.get("/ogc/api").json()
    schema = schemathesis.openapi.from_dict(document)
    operations = [result.ok() for result in schema.get_all_operations()]
    drawn = st.one_of([operation.as_strategy() for operation in operations])

    @settings(
        max_examples=CASES,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=CASES == 250,
    )
    @given(case=drawn)
    def called(case: schemathesis.Case) -> None:
        response = client.get(f"/ogc{case.formatted_path}", params=case.query or {})
        request = f"{case.formatted_path} {case.query}"
        assert str(response.status_code) in case.operation.definition.raw["responses"], request
        assert response.status_code < 500, request
        if response.status_code >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert response.json()["detail"]

    called()


@pytest.mark.parametrize("collection", LAYERS)
def test_every_property_that_an_answer_has_is_told_beforehand(
    client: TestClient, collection: str
) -> None:
    schema = client.get(f"/ogc/collections/{collection}/schema").json()["properties"]
    for query in ("", "&compare=previous", "&by=month"):
        given = {"posts": "&posts=3", "patches": "&groups=2"}.get(collection, "")
        response = client.get(
            f"/ogc/collections/{collection}/items?limit=1&period=latest-1m{query}{given}"
        )
        if response.status_code == 200 and response.json()["features"]:
            properties = response.json()["features"][0]["properties"]
            assert set(properties) <= set(schema), query


@pytest.mark.parametrize("collection", ["wards", "hotspots", "patrols", "incidents"])
def test_a_schema_names_the_geometry_that_features_have(
    client: TestClient, collection: str
) -> None:
    address = f"/ogc/collections/{collection}"
    geometry = client.get(f"{address}/schema").json()["properties"]["geometry"]
    feature = client.get(f"{address}/items?limit=1").json()["features"][0]
    expected = "point" if feature["geometry"]["type"] == "Point" else "multipolygon"
    assert geometry["format"] == f"geometry-{expected}"
