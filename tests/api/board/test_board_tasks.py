"""Tasks on the board: decided from a story, listed in it, and the news before a presentation."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import shapely
from fastapi.testclient import TestClient

from api.board.tasks import News
from api.board.tasks import news as board_news
from api.snapshot import Snapshot
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


def part(html: str, start: str) -> str:
    """What stands in a `div` that has no other one inside."""
    return (
        html.partition(start)[2]
        .partition("</div>")[0]
        .replace("<strong>", "")
        .replace("</strong>", "")
    )


def steps_of(html: str, count: str) -> list[str]:
    """The steps of the presentation whose count begins with some words."""
    steps = re.findall(r'<article class="step.*?</article>', html, re.DOTALL)
    return [step for step in steps if f'<p class="count">{count}' in step]


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
    assert "Assessed: Judged one, Mill corner: it worked Done: Done one, Mill corner" in text
    assert "Before the meeting" not in text


def test_the_lines_of_the_news_add_up_to_what_was_counted(
    client: TestClient, store: GeoPackageStore
) -> None:
    for number in range(6):
        raise_at(store, f"Task {number}", day=4)
    raise_at(store, "A very long title, " * 8, day=4)
    text = first_step(client.get(f"/?{QUESTION}").text)
    assert text.startswith("Tasks Tasks so far 7 new, 0 done, 0 assessed.")
    assert "New: A very long title, A very long title" in text
    assert "…; Task 5, Mill corner; and 5 more" in text


def test_the_news_names_a_place_whole_or_not_at_all(
    client: TestClient, store: GeoPackageStore
) -> None:
    raise_at(store, "Talk to the club about its closing time", day=4)
    raise_at(store, "Patrol after midnight", day=4)
    text = first_step(client.get(f"/?{QUESTION}").text)
    news = "New: Patrol after midnight, Mill corner; Talk to the club about its closing time Next"
    assert news in text


def test_the_board_of_a_meeting_names_it_and_leads_to_its_minutes(
    client: TestClient, store: GeoPackageStore
) -> None:
    terms = MeetingTerms(
        level="area", layer="wards", area="B", day=date(2026, 3, 3), title="March <board>"
    )
    call_meeting(store, terms, signed=signed(1))
    for look in ("", "&present=2"):
        banner = part(client.get(f"/?{QUESTION}&meeting=M-0001{look}").text, '<div id="meeting">')
        assert "March &lt;board&gt;, 3 March 2026, the board of Brook" in banner
        assert 'href="/meetings/M-0001#minutes-title"' in banner
    assert part(client.get(f"/?{QUESTION}").text, '<div id="meeting">').strip() == ""
    unknown = client.get(f"/?{QUESTION}&meeting=M-0009")
    assert unknown.status_code == 400
    assert "meeting “M-0009”, there is no such meeting" in unknown.text
    assert part(unknown.text, '<div id="meeting">').strip() == ""


def test_a_presentation_decides_at_each_place_and_says_what_was_decided_there(
    client: TestClient, store: GeoPackageStore
) -> None:
    html = client.get(f"/?{QUESTION}").text
    places = steps_of(html, "Place ")
    assert len(places) > 1
    links = [re.findall(r'class="decide" href="([^"]+)"', step) for step in places]
    assert all(len(own) == 1 and "present=" in own[0] and "at=p" in own[0] for own in links)
    assert not any("Decided here" in step for step in places)
    raised = client.post(links[0][0].replace("&amp;", "&"), data={"title": "Go", "kind": "patrol"})
    assert raised.status_code == 303
    assert "present=" in raised.headers["location"]
    first, *others = steps_of(client.get(raised.headers["location"]).text, "Place ")
    assert "Decided here: Go: new." in first
    assert not any("Decided here: Go" in step for step in others[-1:])


def test_a_task_that_is_saved_while_the_board_is_sent_is_on_it(
    client: TestClient, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_at(store, "First")
    news = board_news

    def late(snapshot: Snapshot, meeting: str) -> News | None:
        monkeypatch.setattr("api.board.presentation.news", news)
        raise_at(store, "Second")
        return news(snapshot, meeting)

    monkeypatch.setattr("api.board.presentation.news", late)
    text = first_step(client.get(f"/?{QUESTION}").text)
    assert "New: Second, Mill corner; First, Mill corner" in text


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
