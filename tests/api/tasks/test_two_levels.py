"""Tasks between two levels, two people at once, and answers that a task leaves as they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.reports.boards import city_board_report
from boundaries.tasking.actions import ReferralTerms, call_meeting, refer_task
from boundaries.tasking.agendas import agenda_of
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.payload import agenda_facts, task_facts
from boundaries.tasking.storage import read_task
from geo.question.model import Question
from geo.store.contract import Store
from tests.api.conftest import serve_town
from tests.api.tasks.conftest import add_task, signed

ANSWERS = (
    *("/map?period=latest-1m", "/allocation?tab=patrols", "/areas/wards"),
    *("/answers/concentration?period=latest-2m", "/reports/profile"),
    *("/ogc/collections/hotspots/items?f=json", "/ogc/collections/area-counts/items?f=csv"),
    *("/ogc/collections/wards/items", "/ogc/collections/incidents/items?limit=5"),
)
"""Pages, collections and files that are made of incidents and layers, not of tasks."""
WITH_TASKS = ("/?period=latest-2m", "/areas/wards/A")
"""Pages that draw tasks as well."""


@pytest.fixture
def second(own_store: Store) -> Iterator[TestClient]:
    """Another browser on the same store."""
    with serve_town(own_store) as made:  # type: ignore[arg-type]
        made.headers["accept"] = "text/html"
        yield made


def test_a_task_goes_up_is_answered_and_both_levels_have_the_whole_history(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    data = {"version": "1", "direction": "up", "to": "city board", "note": "It needs money."}
    assert page.post(f"/tasks/{own}/refer", data={**data, "by": "Ann"}).status_code == 303
    waiting, child = read_task(own_store, own), read_task(own_store, "T-0002")
    assert (waiting.state, waiting.level) == ("waiting", "area")
    assert (child.state, child.level, child.parent) == ("raised", "city", own)
    board = city_board_report(Answers(own_store), Question.read({"layer": "wards"}))
    assert board.sentences[0].startswith("1 task came up: 0 answered, 1 waits")

    answer = {"version": "1", "note": "Granted until June.", "by": "Chair"}
    assert page.post("/tasks/T-0002/answer", data=answer).status_code == 303
    back, done = read_task(own_store, own), read_task(own_store, "T-0002")
    assert [(step.kind, step.signed.by, step.note) for step in back.steps[1:]] == [
        ("refer", "Ann", "It needs money."),
        ("answered", "Chair", "Done: Granted until June."),
    ]
    assert [(step.kind, step.signed.by, step.note) for step in done.steps] == [
        ("raise", "Ann", "It needs money."),
        ("answer", "Chair", "Granted until June."),
    ]
    # The area has its task back; the city's is done.
    assert (back.state, done.state) == ("raised", "done")
    for task_id in (own, "T-0002"):
        shown = page.get(f"/tasks/{task_id}").text
        assert "It needs money." in shown
        assert "Granted until June." in shown
    board = city_board_report(Answers(own_store), Question.read({"layer": "wards"}))
    assert board.sentences[0].startswith("1 task came up: 1 answered")
    assert [len(task_facts(one)["steps"]) for one in (back, done)] == [3, 2]


def test_a_referral_without_an_answer_is_on_the_agendas_of_both_levels(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store, "Lamps in the alley", by=signed(day=2))
    terms = ReferralTerms("up", "city board", "It needs money.")
    refer_task(own_store, own, terms, signed=signed(day=3))
    city = {"level": "city", "area": "", "layer": ""}
    ward = {"level": "area", "area": "A", "layer": "wards"}
    other = {"level": "area", "area": "B", "layer": "wards"}
    agendas = {}
    for board in (city, ward, other):
        for day in (date(2026, 3, 31), date(2026, 4, 1)):
            called = call_meeting(own_store, MeetingTerms(day=day, **board), signed=signed(day=4))
            facts = agenda_facts(agenda_of(own_store, called))
            agendas[board["area"], day.day] = [one["task_id"] for one in facts["unanswered"]]
            shown = page.get(f"/meetings/{called.meeting_id}").text
            part = shown[shown.index("without an answer for more than 28 days") :]
            assert ("Lamps" in part[: part.index("</section>")]) == bool(
                agendas[board["area"], day.day]
            )
    assert agendas == {
        ("", 31): [],
        ("A", 31): [],
        ("B", 31): [],
        ("B", 1): [],
        ("", 1): ["T-0002"],
        ("A", 1): [own],
    }


def test_of_two_browsers_that_save_one_task_at_once_one_is_told_what_changed(
    page: TestClient, second: TestClient, own_store: Store
) -> None:
    own, rounds = add_task(own_store), 5
    for version in range(1, rounds + 1):
        answers = _notes_at_once({"Ann": page, "Bo": second}, own, version)
        statuses = {name: answer.status_code for name, answer in answers.items()}
        assert sorted(statuses.values()) == [303, 409], [one.text for one in answers.values()]
        saved, late = sorted(statuses, key=statuses.__getitem__)
        assert f"note by {saved}" in answers[late].text
        assert f"{late} was here" in answers[late].text
        assert read_task(own_store, own).steps[-1].signed.by == saved
    assert read_task(own_store, own).version == rounds + 1


def _notes_at_once(browsers: dict[str, TestClient], task_id: str, version: int) -> dict[str, Any]:
    """The answers to notes that are sent in one moment, by the names of who sends them."""
    gate = threading.Barrier(len(browsers))

    def post(name: str) -> Any:
        note = {"version": str(version), "note": f"{name} was here", "by": name}
        gate.wait()
        return browsers[name].post(f"/tasks/{task_id}/note", data=note)

    with ThreadPoolExecutor(len(browsers)) as pool:
        return dict(zip(browsers, pool.map(post, browsers), strict=True))


def test_a_saved_task_leaves_every_answer_valid(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    page.headers["accept"] = "*/*"
    tags = {}
    for address in (*ANSWERS, *WITH_TASKS):
        answer = page.get(address)
        assert answer.status_code == 200, (address, answer.text[:200])
        tags[address] = answer.headers["etag"]

    def statuses() -> dict[str, int]:
        return {
            address: page.get(address, headers={"if-none-match": tag}).status_code
            for address, tag in tags.items()
        }

    assert set(statuses().values()) == {304}
    for version, step in enumerate(("note", "note"), start=1):
        note = {"version": str(version), "note": "Seen"}
        assert page.post(f"/tasks/{own}/{step}", data=note).status_code == 303
    add_task(own_store)
    assert statuses() == dict.fromkeys(ANSWERS, 304) | dict.fromkeys(WITH_TASKS, 200)
