"""How far a plan fits another layer, over HTTP: measured, decided block by block, reported."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step
from tests.boundaries.drawn import grid

FIT = "/planner/plans/north/fit"


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    columns = grid(6, 4)
    # The line between these wards lies one column east of that between West and East.
    wards = columns.dissolve(["X" if code < "e" else "Y" for code in columns.index])
    wards = wards.rename_axis("area_code").assign(area_name=["Ex", "Why"])[
        ["area_name", "geometry"]
    ]
    with store.transaction():
        store.put_layer(LayerMetadata("new-wards", title="Wards to come"), wards)
    with client_of(store) as made:
        begin(made)
        yield made


def fitted(client: TestClient) -> dict:
    response = client.get(FIT, params={"target": "new-wards"})
    assert response.status_code == 200
    return response.json()


def test_a_plan_is_fitted_block_by_block_and_what_changed_is_told(client: TestClient) -> None:
    began = fitted(client)
    assert began["names"] == {"X": "Ex", "Y": "Why"}
    assert (began["now"]["areas"], began["now"]["whole"]) == (2, 1)
    assert began["now"]["blocks_share"] == pytest.approx(20 / 24)
    assert began["changes"] == []
    assert {row["block_code"] for row in began["between"]} == {"d1", "d2", "d3", "d4"}
    assert {row["other_area"] for row in began["between"]} == {"W"}
    kept = step(client, "keep", blocks=["d4"], reason="the school").json()
    assert kept["status"]["version"] == 2
    assert kept["blocks"] == {}
    given = [row["block_code"] for row in began["between"] if row["block_code"] != "d4"]
    for block in given:
        assert step(client, "move", blocks=[block], to="W", by="Bob").status_code == 200
    now = fitted(client)
    assert now["before"] == began["now"]
    (left,) = now["between"]
    assert (left["block_code"], left["decided"]) == ("d4", 1)
    residents = 130 * sum(range(13, 16))
    (change,) = now["changes"]
    assert (change["from_name"], change["to_name"]) == ("East", "West")
    assert (change["blocks"], change["people"]) == (3, residents)
    response = client.get(f"{FIT}/changes.csv", params={"target": "new-wards"})
    assert response.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["block_code"] for row in rows] == given
    assert {row["by"] for row in rows} == {"Bob"}
    assert sum(float(row["people"]) for row in rows) == residents


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({}, 400, "name the layer that the plan is to fit"),
        ({"target": "moon"}, 404, "moon"),
        ({"target": "blocks"}, 400, "blocks are the blocks of this plan; choose another layer"),
        ({"target": "new-wards", "wards": "1"}, 400, "unknown parameter"),
    ],
)
def test_what_a_plan_cannot_be_fitted_to_is_refused(
    client: TestClient, params: dict[str, str], status: int, message: str
) -> None:
    for address in (FIT, f"{FIT}/changes.csv"):
        refusal = client.get(address, params=params)
        assert refusal.status_code == status
        assert message in refusal.json()["detail"]


def test_a_decision_on_an_unknown_block_is_refused(client: TestClient) -> None:
    refusal = step(client, "keep", blocks=["z9"])
    assert refusal.status_code == 400
    assert "z9 is not in this plan" in refusal.json()["detail"]
