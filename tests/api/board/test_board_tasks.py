"""Tasks on the board: decided from a story, listed in it, and the news before a presentation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import shapely
from fastapi.testclient import TestClient

from boundaries.tasking.actions import call_meeting, raise_task, take_step
from boundaries.tasking.history import Signed
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.task import Place, TaskTerms
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SOUTH, WEST

QUESTION = "datetime=2024-01/2024-02&layer=wards"


def raise_at(store: GeoPackageStore, title: str, *, east: float = 400, day: int = 2) -> str:
    shape = shapely.Point(WEST + east, SOUTH + 400).buffer(60)
    place = Place("hotspot", "", "Mill corner", shapely.to_wkb(shape))
    terms = TaskTerms(title=title, kind="patrol", level="area", place=place)
    return raise_task(store, terms, signed=signed(day)).task_id


def signed(day: int) -> Signed:
    return Signed("Officer 12", datetime(2026, 3, day, 10, tzinfo=UTC))


def first_step(html: str) -> str:
    found = re.search(r'<article class="step.*?</article>', html, re.DOTALL)
    assert found
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def test_a_story_leads_to_a_decision_and_lists_what_was_decided(
    client: TestClient, store: GeoPackageStore
) -> None:
    story = client.get(f"/story?{QUESTION}&at=A&meeting=M-0001").text
    link = re.search(r'class="decide" href="([^"]+)"', story)
    assert link
    assert link[1].replace("&amp;", "&") == f"/tasks/new?{QUESTION}&at=A&meeting=M-0001"
    assert "Decided here" not in story
    near, far = raise_at(store, "Near"), raise_at(store, "Far", east=2_600)
    story = client.get(f"/story?{QUESTION}&at=A").text
    assert f'<a href="/tasks/{near}">{near}</a> Near: new' in story
    assert far not in story
    hotspots = client.get(f"/ogc/collections/hotspots/items?f=json&limit=500&{QUESTION}").json()
    cells = [one["properties"] for one in hotspots["features"]]
    busiest = max(cells, key=lambda cell: cell["n"])["cell_id"]
    assert f"{near}</a> Near" in client.get(f"/story?{QUESTION}&at={busiest}").text


def test_a_presentation_begins_with_what_became_of_tasks(
    client: TestClient, store: GeoPackageStore
) -> None:
    assert first_step(client.get(f"/?{QUESTION}").text).startswith("The finding")
    raise_at(store, "Before the meeting", day=1)
    call_meeting(store, MeetingTerms(level="city", day=date(2026, 3, 3)), signed=signed(1))
    raise_at(store, "New one", day=4)
    done = raise_at(store, "Done one", day=1)
    take_step(store, done, "accept", signed=signed(4), owner="warden")
    take_step(store, done, "finish", signed=signed(5))
    judged = raise_at(store, "Judged one", day=1)
    take_step(store, judged, "accept", signed=signed(4), owner="warden")
    take_step(store, judged, "finish", signed=signed(5))
    take_step(store, judged, "assess", signed=signed(6), outcome="worked", finding="It fell")
    text = first_step(client.get(f"/?{QUESTION}").text)
    assert text.startswith("Tasks Since the last meeting 1 new, 1 done, 1 assessed since 3 March")
    assert "Judged one, Mill corner: it worked" in text
    assert "Before the meeting" not in text


def test_a_task_changes_the_board_and_leaves_its_answers_and_map(
    client: TestClient, store: GeoPackageStore
) -> None:
    paths = [
        f"/map?{QUESTION}",
        f"/ogc/collections/hotspots/items?f=json&{QUESTION}",
        f"/?{QUESTION}",
    ]
    tags = {path: client.get(path).headers["etag"] for path in paths}
    raise_at(store, "New one")
    again = {
        path: client.get(path, headers={"if-none-match": tag}).status_code
        for path, tag in tags.items()
    }
    assert [*again.values()] == [304, 304, 200]


def test_an_unknown_form_of_a_meeting_is_refused(town_client: TestClient) -> None:
    assert town_client.get(f"/?{QUESTION}&meeting=next").status_code == 400


def test_tasks_are_drawn_over_the_map_and_only_that_map_changes(
    client: TestClient, store: GeoPackageStore
) -> None:
    done = raise_at(store, "Done one")
    take_step(store, done, "accept", signed=signed(4), owner="warden")
    take_step(store, done, "finish", signed=signed(5))
    raise_at(store, "Outside the town", east=90_000)
    raise_at(store, "Open one")
    over = client.get(f"/map?{QUESTION}&over=tasks")
    assert "Tasks that are not finished: 1, numbered as their ids" in over.text
    assert re.search(r'place-number task"', over.text)
    assert re.search(r'\[\[[-\d.]+, ?[-\d.]+, ?"3", ?0\]\]', over.text)
    plain = client.get(f"/map?{QUESTION}")
    raise_at(store, "Another one")
    again = {
        path: client.get(path, headers={"if-none-match": page.headers["etag"]}).status_code
        for path, page in ((f"/map?{QUESTION}&over=tasks", over), (f"/map?{QUESTION}", plain))
    }
    assert [*again.values()] == [200, 304]
    assert "not finished: 2" in client.get(f"/map?{QUESTION}&over=tasks").text
