"""The planner's HTTP on a PostGIS store: the same steps, the same refusals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geo.store.postgis import PostgisStore
from tests.api.planner.planner_http import assert_one_step_is_taken, begin, client_of, step
from tests.boundaries.cities import fill
from tests.postgres import Cluster


@pytest.fixture
def store(cluster: Cluster) -> Iterator[PostgisStore]:
    made = PostgisStore(cluster.new_database(), create=True)
    fill(made)
    yield made
    made.close()


def test_a_plan_is_worked_on_in_a_database(store: PostgisStore) -> None:
    with client_of(store) as client:
        assert begin(client).status_code == 201
        moved = step(client, "move", blocks=["c1", "c2"], to="E")
        assert moved.json()["blocks"] == {"c1": "E", "c2": "E"}
        assert step(client, "move", blocks=["a1"], to="E").json()["conflict"] == "pieces"
        assert step(client, "undo", version=1).json()["conflict"] == "version"
        assert step(client, "undo").json()["status"]["version"] == 3
        assert "North 2027" in client.get("/planner").text


def test_two_who_step_at_once_in_a_database_do_not_overwrite_each_other(
    store: PostgisStore,
) -> None:
    with client_of(store) as client:
        begin(client)
        assert_one_step_is_taken(client)
