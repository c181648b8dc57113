"""At every form of tasking: somebody else saves while it is sent. One of them reads why."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.snapshot import Snapshot, TasksChangedError
from api.tasks.request import Caller
from boundaries.tasking.actions import (
    ReferralTerms,
    call_meeting,
    change_priority,
    change_roster_entry,
    refer_task,
    set_priority,
    set_roster_entry,
    take_step,
)
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.storage import read_priority, read_roster_entry, read_task
from geo.store.contract import Store
from tests.api.tasks.conftest import add_task, signed
from tests.api.tasks.test_task_pages import text_of

NOTE = "Written while Bo saved"
STEPS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "accept": ((), {"owner": "warden"}),
    "decline": ((), {}),
    "start": (("accept",), {}),
    "finish": (("accept",), {}),
    "refer": ((), {"direction": "up", "to": "city board"}),
    "answer": (("refer",), {}),
    "assess": (("accept", "finish"), {"outcome": "no clear effect"}),
    "reopen": (("decline",), {}),
    "amend": ((), {"title": "Other lights", "kind": "patrol"}),
    "note": ((), {}),
}
"""Each step of a task: the steps before it, and what its form says beside the note."""


@pytest.fixture
def own(own_store: Store) -> Store:
    return own_store


@pytest.fixture
def browser(page: TestClient) -> TestClient:
    return page


def meanwhile(monkeypatch: pytest.MonkeyPatch, save: Callable[[], object]) -> None:
    """Let somebody else save once, when a form has been read and before it is saved."""
    record, saves = Caller.record, iter([save])

    def late(caller: Caller, subject: str) -> None:
        record(caller, subject)
        if other := next(saves, None):
            other()

    monkeypatch.setattr(Caller, "record", late)


def task_before(store: Store, steps: tuple[str, ...]) -> str:
    own = add_task(store)
    if steps == ("refer",):
        terms = ReferralTerms("up", "city board", "It needs money")
        return refer_task(store, own, terms, signed=signed())[1].task_id
    for step in steps:
        owner = {"owner": "warden"} if step == "accept" else {}
        take_step(store, own, step, signed=signed(), note="x", **owner)  # type: ignore[arg-type]
    return own


def answered_late(answer: Any, *texts: str) -> None:
    """What whoever comes second reads: that somebody was there, what changed, what they wrote."""
    assert answer.status_code == 409, text_of(answer.text)
    assert "Somebody was here before you" in answer.text
    assert "by Bo" in text_of(answer.text)
    for text in (NOTE, *texts):
        assert text in answer.text


@pytest.mark.parametrize("step", [*STEPS])
def test_a_step_with_a_task_that_has_changed_meanwhile_is_told_what_changed(
    browser: TestClient, own: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before, fields = STEPS[step]
    task = task_before(own, before)
    version = read_task(own, task).version
    meanwhile(monkeypatch, lambda: take_step(own, task, "note", signed=signed("Bo"), note="Seen"))
    sent = {"version": str(version), "note": NOTE, **fields}
    answered_late(browser.post(f"/tasks/{task}/{step}", data=sent), *fields.values())
    assert read_task(own, task).version == version + 1
    again = browser.post(f"/tasks/{task}/{step}", data={**sent, "version": str(version + 1)})
    assert again.status_code == 303, text_of(again.text)


@pytest.mark.parametrize("step", ["set", "close"])
def test_a_priority_that_has_changed_meanwhile_is_told(
    browser: TestClient, own: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    terms = PriorityTerms(level="city", issue="Bikes", issue_date=date(2026, 1, 5))
    one = set_priority(own, terms, signed=signed()).priority_id
    meanwhile(
        monkeypatch, lambda: change_priority(own, one, signed=signed("Bo"), target="a tenth fewer")
    )
    sent = {"version": "1", "issue": "Bikes", "issue_date": "2026-01-05", "target": "half"}
    answered_late(browser.post(f"/priorities/{one}/{step}", data={**sent, "note": NOTE}))
    assert read_priority(own, one).target == "a tenth fewer"


def test_a_post_that_has_changed_meanwhile_is_told(
    browser: TestClient, own: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = RosterTerms(role="officer", first=date(2026, 1, 5))
    one = set_roster_entry(own, terms, signed=signed()).entry_id
    meanwhile(monkeypatch, lambda: change_roster_entry(own, one, signed=signed("Bo"), holder="x"))
    sent = {"version": "1", "role": "officer", "first": "2026-01-05", "holder": "Officer 30"}
    answered_late(browser.post(f"/roster/{one}/set", data={**sent, "note": NOTE}), "Officer 30")
    assert read_roster_entry(own, one).holder == "x"


ADDING: dict[str, dict[str, str]] = {
    "/tasks/new?area=A@wards": {"title": "Locks", "kind": "educate"},
    "/meetings": {"day": "2026-03-10"},
    "/priorities": {"issue": "Bikes"},
    "/roster": {"role": "officer"},
    "/tasks/T-0001/redact": {"version": "1", "text": "1.title", "note": "a name"},
}
"""Forms that are based on no version: whatever else is saved, they are saved too."""


@pytest.mark.parametrize("path", [*ADDING])
@pytest.mark.parametrize("meeting", ["", "M-0001"])
def test_what_is_added_while_others_save_is_saved_too(
    browser: TestClient, own: Store, monkeypatch: pytest.MonkeyPatch, path: str, meeting: str
) -> None:
    add_task(own)
    call_meeting(own, MeetingTerms(level="city", day=date(2026, 3, 3)), signed=signed())
    meanwhile(monkeypatch, lambda: add_task(own, "Somebody else's"))
    done = browser.post(path, data={**ADDING[path], "meeting": meeting})
    assert done.status_code == 303, text_of(done.text)
    assert "T-0002" in own.tasking_ids("task")


DOORS: dict[str, dict[str, str]] = {
    **ADDING,
    "/tasks/T-0001/accept": {"version": "1", "owner": "warden"},
    "/priorities/P-0001/set": {"version": "1", "issue": "Bikes", "issue_date": "2026-01-06"},
    "/priorities/P-0001/close": {"version": "1", "note": "Over"},
    "/roster/R-0001/set": {"version": "1", "role": "manager", "first": "2026-01-05"},
}


@pytest.mark.parametrize("path", [*DOORS])
@pytest.mark.parametrize("times", [3, 10_000])
def test_no_form_fails_because_others_save(
    browser: TestClient, own: Store, monkeypatch: pytest.MonkeyPatch, path: str, times: int
) -> None:
    add_task(own)
    set_priority(
        own,
        PriorityTerms(level="city", issue="Bikes", issue_date=date(2026, 1, 5)),
        signed=signed(),
    )
    set_roster_entry(own, RosterTerms(role="officer", first=date(2026, 1, 5)), signed=signed())
    call_meeting(own, MeetingTerms(level="city", day=date(2026, 3, 3)), signed=signed())
    before = own.data_version().tasks
    reading, left = Snapshot.tasking, iter(range(times))

    def changed(*given: Any) -> Any:
        if next(left, None) is not None:
            raise TasksChangedError("the tasks have just changed; try again")
        return reading(*given)

    monkeypatch.setattr(Snapshot, "tasking", changed)
    # In a meeting, so that each form has something to read.
    answer = browser.post(path, data={**DOORS[path], "meeting": "M-0001"})
    if times < 7:
        assert answer.status_code == 303, text_of(answer.text)
        assert own.data_version().tasks == before + 1
    else:
        assert answer.status_code == 409
        assert "nothing was saved" in answer.text
        assert own.data_version().tasks == before
