"""Whether a task worked, said on its page: by what was fixed, or by hand, which is always named."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient

from api.answers import Answers
from api.reports.boards import board_pack_report
from api.reports.task_tracker import assessed_report
from boundaries.tasking.actions import take_step
from boundaries.tasking.assessment import Assessment
from boundaries.tasking.storage import read_task
from geo.question.model import Question
from geo.store.contract import Store
from tests.api.tasks.conftest import add_task, signed, square
from tests.api.tasks.test_task_pages import text_of

BY_HAND = {"version": "3", "outcome": "worked", "note": "The lights stayed on"}


def done_task(store: Store, *, assessment: Assessment | None = None) -> str:
    own = add_task(store, owner="warden")
    fixed = {"assessment": assessment.as_dict()} if assessment else {}
    take_step(store, own, "accept", signed=signed(), owner="warden", **fixed)
    take_step(store, own, "finish", signed=signed())
    return own


def fixed_for(*, after_months: int = 2) -> Assessment:
    return Assessment(
        category=(),
        before=("2025-03", "2026-02"),
        wait_months=0,
        after_months=after_months,
        control="rest",
        buffer_m=0,
        chosen=date(2026, 3, 2),
        place=square(),
    )


def test_a_result_by_hand_is_signed_and_named_wherever_it_is_read(
    page: TestClient, own_store: Store
) -> None:
    own = done_task(own_store)
    form = page.get(f"/tasks/{own}").text
    assert "Nobody fixed how it will be judged" in form
    assert 'value="fixed"' not in form
    assert page.post(f"/tasks/{own}/assess", data={**BY_HAND, "by": "Ann"}).status_code == 303
    task = read_task(own_store, own)
    assert (task.state, task.outcome, task.updated.by) == ("assessed", "worked", "Ann")
    assert task.finding == "Worked, judged by hand: The lights stayed on."
    assert task.finding in page.get(f"/tasks/{own}").text
    assert "it worked, judged by hand" in page.get("/tasks").text
    assert "it worked, judged by hand" in page.get("/?period=latest-2m&layer=wards").text
    answers, question = Answers(own_store), Question.read({"layer": "wards"})
    said = assessed_report(answers, question).sentences[0]
    assert said.startswith("1 assessment: 1 worked")
    assert said.endswith("; 1 of them judged by hand, not by counts.")
    pack = board_pack_report(answers, question)
    assert not any("assessment: 1 worked." in one for part in pack.parts for one in part.sentences)


@pytest.mark.parametrize(
    ("fields", "status", "reason"),
    [
        ({"note": ""}, 400, "say what the result rests on"),
        ({"outcome": ""}, 400, "unknown outcome"),
        ({"outcome": "splendid"}, 400, "unknown outcome"),
        ({"note": "Ring 01332 255 000"}, 400, "a telephone number"),
        ({"do": "fixed"}, 400, "nobody fixed how it will be judged"),
    ],
)
def test_a_result_without_what_it_rests_on_is_refused(
    page: TestClient, own_store: Store, fields: dict[str, str], status: int, reason: str
) -> None:
    own = done_task(own_store)
    refused = page.post(f"/tasks/{own}/assess", data=BY_HAND | fields)
    assert refused.status_code == status
    assert reason in text_of(refused.text).lower()
    assert read_task(own_store, own).state == "done"


def test_what_was_fixed_is_shown_beside_the_form_and_counted_when_asked_for(
    page: TestClient, own_store: Store
) -> None:
    own = done_task(own_store, assessment=fixed_for())
    html = page.get(f"/tasks/{own}").text
    form = html.split(f'action="/tasks/{own}/assess"')[1].split("</form>")[0]
    assert "March 2025 to February 2026" in form
    assert "April 2026 to May 2026" in form
    counted = page.post(f"/tasks/{own}/assess", data={"version": "3", "do": "fixed", "by": "Ann"})
    # None of these months is published in the town: that is never taken for a fall.
    assert counted.status_code == 400
    why = "No data is imported here for March 2024 to May 2026."
    assert f"There is a problem {why}" in text_of(counted.text)
    assert read_task(own_store, own).state == "done"


def test_only_what_is_done_is_assessed(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    assert f'action="/tasks/{own}/assess"' not in page.get(f"/tasks/{own}").text
    refused = page.post(f"/tasks/{own}/assess", data={**BY_HAND, "version": "1"})
    assert refused.status_code == 409
    assert "it must be done" in refused.text


def test_nobody_judges_by_hand_what_can_still_be_counted(
    page: TestClient, own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = done_task(own_store, assessment=fixed_for())
    for module in ("assessing", "task_page"):
        monkeypatch.setattr(f"api.tasks.{module}.today", lambda: date(2026, 11, 29))
    refused = page.post(f"/tasks/{own}/assess", data=BY_HAND)
    assert refused.status_code == 400
    words = "is counted once the figures of April 2026 to May 2026 are published"
    assert words in text_of(refused.text)
    form = refused.text.split(f'action="/tasks/{own}/assess"')[1].split("</form>")[0]
    assert 'name="outcome"' not in form
    assert 'value="fixed"' in form
    assert "It can be judged by hand from" in form
    assert read_task(own_store, own).state == "done"
    for module in ("assessing", "task_page"):
        monkeypatch.setattr(f"api.tasks.{module}.today", lambda: date(2026, 11, 30))
    assert 'name="outcome"' in page.get(f"/tasks/{own}").text
    assert page.post(f"/tasks/{own}/assess", data=BY_HAND).status_code == 303


def test_who_judged_by_hand_can_be_taken_out_and_that_it_was_by_hand_stays(
    page: TestClient, own_store: Store
) -> None:
    own = done_task(own_store)
    note = "Jo Bloggs says so"
    page.post(f"/tasks/{own}/assess", data={**BY_HAND, "note": note})
    assert "step 4: the finding" in page.get(f"/tasks/{own}").text
    data = {"version": "4", "text": "4.finding", "note": "a name"}
    assert page.post(f"/tasks/{own}/redact", data=data).status_code == 303
    assert read_task(own_store, own).finding == "Worked, judged by hand: [redacted]."
    assert "Jo Bloggs" not in page.get(f"/tasks/{own}").text
