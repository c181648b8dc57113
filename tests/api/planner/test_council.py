"""Council sizes over HTTP: compared, set, and shared out in one step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from geo.store.geopackage import GeoPackageStore
from tests.api.planner.planner_http import begin, client_of, step

COUNCIL = "/planner/plans/north/council"


@pytest.fixture
def client(store: GeoPackageStore) -> Iterator[TestClient]:
    with client_of(store) as made:
        begin(made)
        yield made


def test_sizes_are_compared_and_one_is_taken_as_it_is_shown(client: TestClient) -> None:
    payload = client.get(COUNCIL, params={"sizes": "4, 5,6"}).json()
    assert [option["size"] for option in payload["options"]] == [4, 5, 6]
    assert [area["area_code"] for area in payload["areas"]] == ["E", "W"]
    option = payload["options"][1]
    electors = sum(area["electors"] for area in payload["areas"])
    assert option["averages"]["electors"] == electors / 5
    assert sum(area["entitlement"] for area in option["areas"]) == pytest.approx(5)
    seats = {area["area_code"]: area["seats"] for area in option["areas"]}
    assert sum(seats.values()) == 5
    members = {code: int(number) for code, number in seats.items()}
    change = step(client, "share", members=members, size=5).json()
    rows = client.get("/planner/plans/north").json()["rows"]
    for area in option["areas"]:
        row = rows[area["area_code"]]
        assert row["members"] == area["seats"]
        assert row["variance_percent"] == area["variance_percent"]
    council = change["status"]["council"]
    assert (council["size"], council["members"]) == (5, 5)


def test_a_council_size_is_set_undone_and_warned_of(client: TestClient) -> None:
    before = client.get("/planner/plans/north").json()
    assert before["status"]["council"]["size"] == before["status"]["council"]["members"] == 5
    status = step(client, "council", size=8).json()["status"]
    assert (status["council"]["size"], status["council"]["members"]) == (8, 5)
    assert [warning["kind"] for warning in status["warnings"]] == ["council"]
    assert step(client, "undo").json()["status"]["council"] == before["status"]["council"]
    opened = step(client, "council", size=None).json()["status"]["council"]
    assert opened["size"] is None


def test_a_removed_ward_leaves_the_variance_of_the_others(client: TestClient) -> None:
    before = client.get("/planner/plans/north").json()["rows"]["W"]["variance"]
    step(client, "remove", area="E")
    assert client.get("/planner/plans/north").json()["rows"]["W"]["variance"] == before


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"sizes": "five"}, "'five' is no whole number; write such as 48,51,54"),
        ({"sizes": "0"}, "a council cannot have 0 members; give 1 to 200"),
        ({"sizes": "9" * 400}, "is no whole number"),
        ({"pattern": "four"}, "unknown pattern 'four'; choose mixed, one, two, three"),
        ({"electorate": "votes"}, "unknown electorate 'votes'"),
        ({"councils": "5"}, "unknown parameter"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    client: TestClient, params: dict[str, str], message: str
) -> None:
    refusal = client.get(COUNCIL, params=params)
    assert refusal.status_code == 400
    assert message in refusal.json()["detail"]
    assert client.get(COUNCIL.replace("north", "south")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("council", {"size": 0}, "a council cannot have 0 members; give 1 to 200"),
        ("council", {"size": 5}, "the council size is 5 already"),
        ("share", {"members": {"E": 0}}, "E cannot have 0 members"),
        ("share", {"members": {"E": 2, "W": 3}}, "every area elects that number already"),
        ("share", {"members": {"N": 2}}, "there is no area 'N' in this plan"),
    ],
)
def test_impossible_sizes_and_seats_are_refused(
    client: TestClient, kind: str, values: dict[str, object], message: str
) -> None:
    refusal = step(client, kind, **values)
    assert refusal.status_code in (400, 404)
    assert message in refusal.json()["detail"]
