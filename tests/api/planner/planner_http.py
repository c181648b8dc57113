"""What tests of the planner's HTTP share: a caller, a plan of six by four blocks, its steps."""

from __future__ import annotations

import threading
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


def assert_one_step_is_taken(client: TestClient) -> None:
    """Of several who step at once from the same version, one is let through and others refused."""
    statuses = []

    def move(block: str) -> None:
        statuses.append(step(client, "move", version=1, blocks=[block], to="E").status_code)

    callers = [threading.Thread(target=move, args=(block,)) for block in ("c1", "c2", "c3", "c4")]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert sorted(statuses) == [200, 409, 409, 409]
    assert client.get("/planner/plans/north").json()["status"]["version"] == 2
