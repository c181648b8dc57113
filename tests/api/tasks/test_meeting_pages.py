"""Meetings: called, taken, with an agenda of what is open and minutes of what was decided."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient

from boundaries.tasking.actions import call_meeting, take_step
from boundaries.tasking.meeting import MeetingTerms
from geo.store.contract import Store
from tests.api.tasks.conftest import add_task, signed
from tests.api.tasks.test_task_pages import text_of


def part(html: str, title: str) -> str:
    """What an agenda has under a heading, without marks."""
    found = re.search(rf"<h3[^>]*>{title}.*?</section>", html, re.DOTALL)
    assert found, title
    return text_of(found[0])


def test_a_meeting_is_called_and_taken_and_has_minutes(page: TestClient, own_store: Store) -> None:
    called = page.post(
        "/meetings", data={"area": "A@wards", "day": "2026-03-10", "roles": "chair, officer"}
    )
    assert (called.status_code, called.headers["location"]) == (303, "/meetings/M-0001")
    own = add_task(own_store)
    html = page.get("/meetings/M-0001").text
    assert 'href="/?meeting=M-0001&amp;present=1&amp;layer=wards&amp;within=A"' in html
    assert f'href="/tasks/{own}?meeting=M-0001"' in html
    listed = page.get("/tasks?area=A@wards&meeting=M-0001").text
    assert '<a href="?area=A@wards">Leave the meeting</a>' in listed
    in_it = page.get(f"/tasks/{own}?meeting=M-0001").text
    assert "You are in the meeting" in in_it
    assert '<input type="hidden" name="meeting" value="M-0001">' in in_it
    data = {"version": "1", "owner": "warden", "meeting": "M-0001", "by": "Chair"}
    done = page.post(f"/tasks/{own}/accept", data=data)
    assert done.headers["location"] == f"/tasks/{own}?saved=accept&meeting=M-0001"
    minutes = text_of(page.get("/meetings/M-0001").text.split('id="minutes-title"')[1])
    assert f"{own} Lights in the underpass: taken on by Chair" in minutes


def test_a_task_of_another_ward_is_told_in_a_meeting_and_days_have_their_year(
    page: TestClient, own_store: Store
) -> None:
    board = {"level": "area", "layer": "wards", "area": "A"}
    call_meeting(own_store, MeetingTerms(day=date(2026, 12, 1), **board), signed=signed())
    add_task(own_store, "Soon one", due=date(2026, 12, 3))
    html = page.get("/meetings/M-0001").text
    assert "Tuesday 1 December 2026" in html
    assert "due 3 Dec 2026" in part(html, "Due within")
    there = add_task(own_store, "Other ward", east=2_200)
    data = {"version": "1", "note": "Seen", "meeting": "M-0001"}
    saved = page.post(f"/tasks/{there}/note", data=data)
    shown = text_of(page.get(saved.headers["location"]).text)
    assert f"{there} lies in " in shown
    assert "it stands in the minutes of M-0001, but not among the tasks of its area" in shown
    assert "lies in" not in text_of(page.get(f"/tasks/{there}?meeting=M-0001").text)


def test_an_agenda_has_what_its_board_must_look_at(page: TestClient, own_store: Store) -> None:
    board = {"level": "area", "layer": "wards", "area": "A"}
    call_meeting(own_store, MeetingTerms(day=date(2026, 3, 3), **board), signed=signed())
    call_meeting(own_store, MeetingTerms(day=date(2026, 3, 20), **board), signed=signed())
    add_task(own_store, "New one")
    add_task(own_store, "Late one", due=date(2026, 3, 19))
    add_task(own_store, "Soon one", due=date(2026, 3, 25))
    add_task(own_store, "Other ward", east=2_200)
    add_task(own_store, "City's", level="city")
    asked = add_task(own_store, "Asked above")
    up = {"direction": "up", "to": "city board", "note": "x", "version": "1"}
    assert page.post(f"/tasks/{asked}/refer", data=up).status_code == 303
    done = page.post("/tasks/T-0007/answer", data={"version": "1", "note": "Yes"})
    assert done.status_code == 303
    judged = add_task(own_store, "Judged one", owner="warden")
    for step in ("accept", "finish"):
        take_step(own_store, judged, step, signed=signed(day=5))  # type: ignore[arg-type]
    take_step(own_store, judged, "assess", signed=signed(day=6), outcome="worked", finding="Fell")
    html = page.get("/meetings/M-0002").text
    assert "since the meeting of 3 March 2026" in html
    assert part(html, "New").count("T-00") == 4
    assert "Late one" in part(html, "Overdue")
    assert "Soon one" in part(html, "Due within")
    assert "Asked above" in part(html, "Answered")
    assert "it worked" in part(html, "Assessed")
    assert "Other ward" not in html
    assert "City&#39;s" not in html


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"day": ""}, 400),
        ({"day": "soon"}, 400),
        ({"day": "2026-03-10", "area": "Z@wards"}, 400),
        ({"day": "2026-03-10", "title": "With jo@example.org"}, 400),
    ],
)
def test_a_meeting_that_lacks_something_is_not_called(
    client: TestClient, data: dict[str, str], status: int
) -> None:
    refused = client.post("/meetings", data=data)
    assert refused.status_code == status
    assert "There is a problem" in refused.text
    assert "No meetings yet" in client.get("/meetings").text


def test_an_unknown_meeting_is_a_problem(town_client: TestClient) -> None:
    problem = town_client.get("/meetings/M-0007")
    assert problem.status_code == 404
    assert problem.headers["content-type"] == "application/problem+json"
