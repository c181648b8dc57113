"""Priorities on pages: set, changed, closed, set again; each step signed, nothing overwritten."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from boundaries.tasking.actions import change_priority
from boundaries.tasking.storage import read_priority
from geo.store.contract import Store
from tests.api.tasks.conftest import add_task, signed
from tests.api.tasks.test_task_pages import text_of

BIKES = {"area": "A@wards", "issue": "Off-road bikes in the park", "issue_date": "2026-01-05"}


def set_bikes(page: TestClient, **others: str) -> None:
    assert page.post("/priorities", data=BIKES | others).status_code == 303


def test_a_priority_is_set_changed_acted_on_closed_and_set_again(
    page: TestClient, own_store: Store
) -> None:
    done = page.post("/priorities", data={**BIKES, "by": "Ann", "quarter": "2026-Q1"})
    assert (done.status_code, done.headers["location"]) == (303, "/priorities/P-0001?saved=add")
    assert "Saved: added" in page.get("/priorities/P-0001?saved=add").text
    acted = {"version": "1", **BIKES, "action": "Gates were set", "action_date": "2026-02-02"}
    aimed = {"target": "a tenth fewer", "measure": "http://board/?category=drugs&at=A&present=2"}
    assert page.post("/priorities/P-0001/set", data=acted | aimed).status_code == 303
    priority = read_priority(own_store, "P-0001")
    # The quarter was on the form as well, and was emptied there; the area is none of its fields.
    assert set(priority.steps[1].changes) == {"action", "action_date", "target", "measure"}
    assert (priority.measure, priority.level, priority.area) == ("category=drugs", "area", "A")
    closed = page.post("/priorities/P-0001/close", data={"version": "2", "note": "The gates hold"})
    assert closed.status_code == 303
    html = page.get("/priorities/P-0001").text
    assert "Closed" in text_of(html)
    assert "The gates hold" in html
    assert 'href="/?category=drugs"' in html
    assert 'action="/priorities/P-0001/close"' not in html
    again = {"version": "3", **BIKES, "action": "Gates were set", "action_date": "2026-02-02"}
    assert page.post("/priorities/P-0001/set", data=again | aimed).status_code == 303
    assert read_priority(own_store, "P-0001").is_open
    assert priority.steps[0].signed.by == "Ann"


def test_the_list_counts_those_that_stand_and_those_that_are_closed(
    page: TestClient, own_store: Store
) -> None:
    assert "No priority is set yet" in page.get("/priorities").text
    set_bikes(page)
    set_bikes(page, issue="Fly-tipping", area="")
    own = add_task(own_store)
    task = {"version": "1", "owner": "warden", "priority": "P-0001"}
    assert page.post(f"/tasks/{own}/accept", data=task).status_code == 303
    assert page.post("/priorities/P-0002/close", data={"version": "1", "note": "Done"}).is_redirect
    text = text_of(page.get("/priorities").text)
    assert "2 set = 1 standing + 1 closed" in text
    assert "1, of which 0 finished" in text
    assert "Fly-tipping" not in text
    assert "Fly-tipping" in page.get("/priorities?all=1").text
    of_area = page.get("/priorities?area=A@wards").text
    assert "1 set = 1 standing + 0 closed" in text_of(of_area)
    assert 'href="/areas/wards/A/priorities.json"' in of_area
    assert '<option value="A@wards" selected>' in of_area
    assert "No priority is set yet here" in page.get("/priorities?area=B@wards").text


def test_what_is_set_in_a_meeting_is_in_its_minutes(page: TestClient) -> None:
    assert page.post("/meetings", data={"day": "2026-03-10"}).status_code == 303
    done = page.post("/priorities", data={**BIKES, "meeting": "M-0001", "by": "Chair"})
    assert done.headers["location"] == "/priorities/P-0001?saved=add&meeting=M-0001"
    minutes = page.get("/meetings/M-0001").text.split('id="minutes-title"')[1]
    assert 'href="/priorities/P-0001?meeting=M-0001"' in minutes
    assert "Off-road bikes in the park: set by Chair" in text_of(minutes)


def test_whoever_comes_second_reads_what_changed_and_keeps_what_was_written(
    page: TestClient, own_store: Store
) -> None:
    set_bikes(page)
    change_priority(own_store, "P-0001", signed=signed("Ann"), target="a tenth fewer")
    late = {"version": "1", **BIKES, "action": "Gates were set", "note": "At last"}
    refused = page.post("/priorities/P-0001/set", data=late)
    assert refused.status_code == 409
    text = text_of(refused.text)
    assert "Somebody was here before you" in text
    assert "set (target) by Ann" in text
    assert 'value="Gates were set"' in refused.text
    assert 'name="version" value="2"' in refused.text
    # Nobody's change is undone by what the second one had not read.
    again = page.post("/priorities/P-0001/set", data={**late, "version": "2", "target": "half"})
    assert again.status_code == 303
    assert read_priority(own_store, "P-0001").action == "Gates were set"


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        ({"issue": ""}, 400, "needs an issue"),
        ({"area": "Z@wards"}, 404, "there is no area"),
        ({"issue_date": "soon"}, 400, "is not a day"),
        ({"quarter": "spring"}, 400, "no quarter"),
        ({"measure": "happiness"}, 400, "neither the id of a measure"),
        ({"measure": "colour=red"}, 400, "it asks nothing"),
        ({"action_date": "2026-02-02"}, 400, "say what was done"),
        ({"issue": "Ring 01332 255 000"}, 400, "a telephone number"),
        ({"meeting": "M-0009"}, 404, "there is no meeting"),
    ],
)
def test_a_priority_that_cannot_be_read_is_not_set(
    client: TestClient, data: dict[str, str], status: int, reason: str
) -> None:
    client.headers["accept"] = "text/html"
    refused = client.post("/priorities", data=BIKES | data)
    assert refused.status_code == status
    assert reason in text_of(refused.text).lower()
    if status == 400:
        assert "There is a problem" in refused.text
    assert "No priority is set yet" in client.get("/priorities").text


def test_a_text_is_removed_and_unknown_ones_are_problems(
    page: TestClient, own_store: Store
) -> None:
    set_bikes(page, issue="Bikes of Jo Bloggs", names_nobody="yes")
    gone = {"version": "1", "text": "1.issue", "note": "a name"}
    assert page.post("/priorities/P-0001/redact", data=gone).status_code == 303
    html = page.get("/priorities/P-0001").text
    assert "Jo Bloggs" not in html
    assert "[redacted]" in html
    note = {"version": "1", "note": "x"}
    assert page.post("/priorities/P-0009/close", data=note).status_code == 404
    assert page.post("/priorities/P-0001/raise", data=note).status_code == 404
    assert page.get("/priorities/P-0009").status_code == 404
