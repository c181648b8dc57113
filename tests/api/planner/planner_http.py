"""What tests of the planner's HTTP share: a caller, a plan of six by four blocks, its steps."""

from __future__ import annotations

from typing import Any

from fastapi.testclient import TestClient

from api.app import make_app
from api.settings import Settings
from geo.store.contract import Store

BLOCKS = [f"{column}{row}" for column in "abcdef" for row in range(1, 5)]
"""West is a to c, East d to f; a1 is the lowest on the left."""


def client_of(store: Store) -> TestClient:
    """A caller on the machine of the service."""
    return TestClient(
        make_app(store, Settings()),
        base_url="http://127.0.0.1:8000",
        client=("127.0.0.1", 50_000),
    )


def begin(client: TestClient, **changes: object) -> Any:
    """Begin the plan `north` of the wards."""
    wanted = {
        "plan_id": "north",
        "title": "North 2027",
        "by": "Ann",
        "blocks_layer": "blocks",
        "from_layer": "wards",
    }
    return client.post("/planner/plans", json=wanted | changes)


def step(
    client: TestClient,
    kind: str,
    *,
    plan_id: str = "north",
    version: int | None = None,
    by: str = "Ann",
    **values: object,
) -> Any:
    """Take a step from the version that the service has, or from another."""
    if version is None:
        response = client.get(f"/planner/plans/{plan_id}")
        version = response.json()["status"]["version"] if response.status_code == 200 else 1
    body = {"step": kind, "version": version, "by": by, **values}
    return client.post(f"/planner/plans/{plan_id}/steps", json=body)
