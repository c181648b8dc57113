"""Two planners on one plan: steps apart are both kept, others are asked about, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from boundaries.plans.draft import redact_plans
from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step
from tests.boundaries.drawn import SIGNED


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        begin(made)
        yield made


def plan(client: TestClient, query: str = "") -> Any:
    return client.get(f"/planner/plans/north{query}").json()


def seen(client: TestClient, *own: int, steps: int | None = None) -> dict[str, object]:
    """What a page says of the plan that it shows: all of it, or its first steps."""
    payload = plan(client)
    known = payload["status"]["steps"] if steps is None else steps
    return {"begun_at": payload["begun_at"], "steps": known, "own": [*own]}


def four_wards(client: TestClient) -> None:
    """West is a and b, East e and f, and between them lie Mid and Top."""
    step(client, "split", area="W", blocks=["c1", "c2", "c3", "c4"], code="M", name="Mid")
    step(client, "split", area="E", blocks=["d1", "d2", "d3", "d4"], code="T", name="Top")


def test_steps_apart_are_both_kept_in_order_and_the_answer_shows_both(client: TestClient) -> None:
    four_wards(client)
    before = seen(client)
    step(client, "move", blocks=["b4"], to="M", by="Ann", basis=before, version=3)
    bobs = step(client, "move", blocks=["e4"], to="T", by="Bob", basis=before, version=3)
    assert bobs.status_code == 200, bobs.text
    change = bobs.json()
    assert change["blocks"] == {"b4": "M", "e4": "T"}
    assert [(past["step"], past["by"]) for past in change["history"]] == [(3, "Ann"), (4, "Bob")]
    now = plan(client)
    assert now["rows"] == change["rows"]
    assert now["status"] == change["status"]
    assert now["status"]["undo"] == {
        "Ann": "moved 1 block from West to Mid",
        "Bob": "moved 1 block from East to Top",
    }


@pytest.mark.parametrize(
    ("kind", "values", "mine"),
    [
        ("move", {"blocks": ["c4"], "to": "T"}, "moved 1 block from West to Top"),
        ("move", {"blocks": ["c3"], "to": "T"}, "moved 1 block from Mid to Top"),
        ("rename", {"area": "M", "name": "Middle"}, "changed M: name Mid to Middle"),
    ],
)
def test_a_step_on_the_same_part_is_asked_about_with_what_each_does(
    client: TestClient, kind: str, values: dict[str, object], mine: str
) -> None:
    four_wards(client)
    before = seen(client)
    step(client, "move", blocks=["c4"], to="W", by="Ann")
    asked = step(client, kind, by="Bob", basis=before, version=3, **values)
    problem = asked.json()
    assert (asked.status_code, problem["conflict"], problem["mine"]) == (409, "overlap", mine)
    (theirs,) = problem["theirs"]
    assert (theirs["step"], theirs["by"], theirs["blocks"]) == (3, "Ann", {"c4": "W"})
    assert theirs["what"] == "moved 1 block from Mid to West"
    assert plan(client)["status"]["steps"] == 3  # nothing is saved unasked
    kept = step(client, kind, by="Bob", basis=seen(client), version=3, **values)
    assert kept.status_code == 200, kept.text
    assert [past["by"] for past in plan(client)["history"]] == ["Ann", "Ann", "Ann", "Bob"]


def test_own_steps_still_underway_are_not_asked_about(client: TestClient) -> None:
    before = seen(client)
    first = step(client, "move", blocks=["c1"], to="E", basis=before)
    assert first.status_code == 200
    second = step(client, "move", blocks=["c2"], to="E", basis={**before, "own": [1]})
    assert second.json()["blocks"] == {"c2": "E"}
    assert step(client, "move", blocks=["c3"], to="E", basis=before).json()["conflict"] == "overlap"


def test_each_undoes_their_own_step(client: TestClient) -> None:
    four_wards(client)
    step(client, "move", blocks=["b4"], to="M", by="Ann")
    step(client, "move", blocks=["e4"], to="T", by="Bob")
    undone = step(client, "undo", by="Ann").json()
    assert undone["blocks"] == {"b4": "W"}
    assert undone["status"]["redo"] == {"Ann": "moved 1 block from West to Mid"}
    refused = step(client, "undo", by="Cay")
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("no step in force is by Cay; the last one, step 4")


def test_what_was_changed_since_is_what_the_whole_plan_says(client: TestClient) -> None:
    four_wards(client)
    before = plan(client)
    step(client, "move", blocks=["c4"], to="W", by="Ann")
    step(client, "rename", area="T", name="Tip", by="Bob")
    known = f"?begun_at={before['begun_at'].replace('+', '%2B')}&steps=2"
    change = client.get(f"/planner/plans/north/changes{known}").json()
    now = plan(client)
    assert change["blocks"] == {"c4": "W"}
    assert (change["status"], change["rows"]) == (now["status"], now["rows"])
    assert change["history"] == now["history"][2:]


@pytest.mark.parametrize(
    ("query", "status"),
    [("?begun_at=x&steps=0", 409), ("?steps=many", 400), ("?steps=0&nothing=1", 400)],
)
def test_changes_of_another_plan_or_of_no_number_are_refused(
    client: TestClient, query: str, status: int
) -> None:
    assert client.get(f"/planner/plans/north/changes{query}").status_code == status


def test_a_step_of_a_plan_that_was_begun_anew_is_refused(client: TestClient) -> None:
    other = {"begun_at": "2020-01-01T00:00:00+00:00", "steps": 0, "own": []}
    refused = step(client, "move", blocks=["c1"], to="E", basis=other)
    assert refused.json()["conflict"] == "version"
    more = step(client, "move", blocks=["c1"], to="E", basis=seen(client, steps=9))
    assert (more.status_code, more.json()["detail"]) == (400, "plan north has 0 steps, not 9")


def test_a_text_that_is_taken_out_leaves_pages_that_are_open(
    client: TestClient, store: GeoPackageStore
) -> None:
    step(client, "move", blocks=["c1"], to="E", reason="Mrs Smith lives there")
    begun_at = plan(client)["begun_at"].replace("+", "%2B")
    redact_plans(store, "north", 1, signed=SIGNED)
    change = client.get(f"/planner/plans/north/changes?begun_at={begun_at}&steps=1").json()
    assert [past["step"] for past in change["history"]] == [1, 2]
    assert "Smith" not in str(change)
