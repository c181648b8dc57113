"""Improve from here over HTTP: rounds that can be repeated, their limits, and how one is taken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient

from geo.analyses.analysis import run_here
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step
from tests.boundaries.drawn import SOUTH, WEST, grid

ROUND = "/planner/plans/north/alternative"


def found(client: TestClient, **terms: object) -> Any:
    """The best plan of a round of 2,000 changes, with hardly any limit but those given."""
    return client.get(ROUND, params={"steps": 2000, "border": 99, "moved": 50, **terms}).json()


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    """A plan, beside two communities: the east half of the town, and two blocks at its middle."""
    shapes = [shapely.box(WEST + 300, SOUTH, WEST + 600, SOUTH + 400)]
    shapes.append(shapely.box(WEST + 200, SOUTH, WEST + 400, SOUTH + 100))
    communities = gpd.GeoDataFrame(
        {"area_name": ["Half", "<b>Pair</b>"]},
        geometry=shapes,
        index=["h", "p"],
        crs=grid(1, 1).crs,
    ).rename_axis("area_code")
    with store.transaction():
        store.put_layer(LayerMetadata("communities"), communities)
    with client_of(store) as made:
        searches = made.app.state.searches  # type: ignore[attr-defined]
        made.app.state.searches = run_here  # type: ignore[attr-defined]
        begin(made)
        yield made
        made.app.state.searches = searches  # type: ignore[attr-defined]


def test_a_round_is_repeatable_and_taken_as_one_step(client: TestClient) -> None:
    best = found(client, seed=3)
    assert best == found(client, seed=3)
    assert best["version"] == 1
    assert best["imbalance"][1] < best["imbalance"][0]
    change = step(client, "reassign", targets=best["targets"], reason="by search").json()
    assert change["blocks"] == best["targets"]
    assert change["status"]["steps"] == 1
    rows = client.get("/planner/plans/north").json()["rows"]
    furthest = max(abs(row["variance"]) for row in rows.values())
    assert furthest == pytest.approx(best["furthest"][1])
    # From the new state: the version says which plan a round started from.
    assert found(client, seed=3)["version"] == 2
    assert step(client, "undo").json()["status"]["steps"] == 2


def test_the_limits_of_a_round_hold(client: TestClient) -> None:
    few = found(client, seed=1, moved=5)
    assert len(few["targets"]) <= 0.05 * 24
    # Both areas are rectangles of 3 by 4 blocks: no other shape of them is as compact.
    assert found(client, seed=1, compactness=0.75)["targets"] == {}
    assert found(client, seed=1)["targets"]
    # Each ward is whole, and every block is in one: none may leave.
    assert found(client, seed=1, communities="wards")["targets"] == {}
    # The half is whole and the pair is not: one of them may be divided afterwards.
    kept = found(client, seed=1, communities="communities")["targets"]
    assert kept
    address = "/planner/plans/north/communities?communities=communities"
    before = client.get(address).json()["whole"]
    step(client, "reassign", targets=kept)
    assert client.get(address).json()["whole"] >= before == 1


def test_communities_are_listed_with_people_and_parts(client: TestClient) -> None:
    payload = client.get("/planner/plans/north/communities?communities=communities").json()
    assert payload["people"] == "residents"
    by_name = {one["name"]: one for one in payload["communities"]}
    # Where both lie, d1 belongs to the first by name: both hold all of it.
    assert {name: one["blocks"] for name, one in by_name.items()} == {"Half": 11, "<b>Pair</b>": 2}
    assert by_name["Half"]["whole"]
    pair = by_name["<b>Pair</b>"]
    assert (pair["areas"], pair["whole"], pair["blocks_in_largest"]) == (2, False, 1)
    assert payload["whole"] == 1


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("moved=0", "the share of moved blocks is 0.0"),
        ("moved=many", "'many' is not a number"),
        ("border=-1", "the growth of cut edges cannot be negative"),
        ("border=nan", "'nan' is not a number"),
        ("compactness=2", "the least compactness is 2.0; give 0 to 1"),
        ("steps=500001", "is too large; the most is 500000"),
        ("seed=-1", "is not a whole number of 0 or more"),
        ("balance=votes", "the blocks have no column 'votes' to balance"),
        ("heat=9", "unknown parameter"),
    ],
)
def test_impossible_terms_are_refused(client: TestClient, query: str, message: str) -> None:
    refused = client.get(f"/planner/plans/north/alternative?{query}")
    assert refused.status_code == 400
    assert message in refused.json()["detail"]


def test_communities_need_a_layer_of_areas(client: TestClient, store: GeoPackageStore) -> None:
    address = "/planner/plans/north/communities"
    assert "name the layer" in client.get(address).json()["detail"]
    assert client.get(f"{address}?communities=gone").status_code == 404
    assert client.get("/planner/plans/gone/communities?communities=wards").status_code == 404
    assert client.get(f"{ROUND}?communities=gone").status_code == 404


def test_blocks_and_areas_that_a_reassignment_does_not_know_are_refused(
    client: TestClient,
) -> None:
    for targets in ({"zz": "E"}, {"a1": "N"}, {}, {"a1": ""}):
        assert step(client, "reassign", targets=targets).status_code in (400, 404)
    assert client.get("/planner/plans/north").json()["status"]["version"] == 1
