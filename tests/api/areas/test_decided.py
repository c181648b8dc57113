"""What was decided in an area, on its page and in its charter: by place, and its priorities."""

from __future__ import annotations

from datetime import UTC, date, datetime

import shapely
from fastapi.testclient import TestClient

from boundaries.tasking.actions import raise_task, set_priority, set_roster_entry
from boundaries.tasking.history import Signed
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.task import Place, TaskTerms
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SOUTH, WEST

SIGNED = Signed("Officer 12", datetime(2026, 3, 2, 9, 30, tzinfo=UTC))


def decide(store: GeoPackageStore) -> None:
    """A priority of A with a task in A, a contact whose post is vacant, and a task in B."""
    board = {"level": "area", "layer": "wards", "area": "A"}
    terms = PriorityTerms(
        issue="Bikes on the path",
        issue_date=date(2026, 1, 5),
        action="Gates were set",
        action_date=date(2026, 2, 2),
        **board,
    )
    priority = set_priority(store, terms, signed=SIGNED)
    entry = RosterTerms(
        role="partnership officer",
        covered_by="coordinator",
        layer="wards",
        areas=("A",),
        contact_for=("A",),
        first=date(2026, 1, 1),
    )
    set_roster_entry(store, entry, signed=SIGNED)
    for title, east in (("Lock the gates", 400), ("Sweep the yard", 2_600)):
        shape = shapely.Point(WEST + east, SOUTH + 400).buffer(60)
        place = Place("hotspot", "", "Mill corner", shapely.to_wkb(shape))
        task = TaskTerms(
            title=title,
            kind="patrol",
            level="area",
            place=place,
            due=date(2026, 4, 1),
            priority=priority.priority_id if east < 2_000 else "",
        )
        raise_task(store, task, signed=SIGNED)


def test_the_page_of_an_area_says_what_was_decided_there(
    client: TestClient, store: GeoPackageStore
) -> None:
    assert "What was decided here" not in client.get("/areas/wards/A").text
    tag = client.get("/areas/wards/A").headers["etag"]
    decide(store)
    page = client.get("/areas/wards/A", headers={"if-none-match": tag})
    assert page.status_code == 200
    card = page.text.split("What was decided here")[1].split("</section>")[0]
    assert "Lock the gates: new, overdue since 1 April 2026" in card
    assert "Bikes on the path" in card
    assert "vacant" in card
    assert "covered by coordinator" in card
    assert "/tasks?area=A@wards" in card
    assert "Sweep the yard" not in page.text
    assert "Sweep the yard" in client.get("/areas/wards/B").text


def test_a_charter_has_the_priority_its_dates_contact_and_tasks(
    client: TestClient, store: GeoPackageStore
) -> None:
    decide(store)
    text = client.get("/areas/wards/A/charter").text
    for part in (
        "Bikes on the path",
        "5 January 2026",
        "Gates were set, 2 February 2026",
        "The post is vacant",
        "coordinator does its work meanwhile",
        "Lock the gates, Mill corner",
    ):
        assert part in text
    assert "Sweep the yard" not in text
    assert "No priority is set" in client.get("/areas/wards/B/charter").text


def test_a_charter_of_no_area_is_a_problem(town_client: TestClient) -> None:
    for path in ("/areas/wards/Z/charter", "/areas/none/A/charter"):
        problem = town_client.get(path)
        assert problem.status_code == 404
        assert problem.headers["content-type"] == "application/problem+json"
    assert town_client.get("/areas/wards/A/charter?colour=red").status_code == 400
