"""The roster on pages: who holds which post, which are vacant, and who covers those."""

from __future__ import annotations

import re

import pytest
from fastapi.testclient import TestClient

from boundaries.tasking.actions import change_roster_entry
from boundaries.tasking.storage import read_roster_entry
from geo.store.contract import Store
from tests.api.tasks.conftest import signed
from tests.api.tasks.test_task_pages import text_of

OFFICER = {"role": "protection officer", "holder": "Officer 12", "first": "2026-01-05"}


def add(page: TestClient, **others: object) -> None:
    done = page.post("/roster", data=OFFICER | others)
    assert done.status_code == 303, text_of(done.text)


def test_a_post_is_added_left_vacant_covered_and_held_again(
    page: TestClient, own_store: Store
) -> None:
    add(page, areas=["A", "B"], contact_for=["A"], by="Ann")
    entry = read_roster_entry(own_store, "R-0001")
    assert (entry.areas, entry.contact_for, entry.layer) == (("A", "B"), ("A",), "wards")
    assert entry.steps[0].signed.by == "Ann"
    add(page, role="coordinator", holder="Officer 3")
    add(page, role="warden", contact_for=["B"], last="2026-01-31")
    assert read_roster_entry(own_store, "R-0003").areas == ("B",)
    vacant = {**OFFICER, "holder": "", "covered_by": "R-0002", "layer": "wards"}
    boxes = {"areas": ["A", "B"], "contact_for": ["A"]}
    assert page.post(
        "/roster/R-0001/set", data={"version": "1", "note": "Left", **vacant, **boxes}
    ).is_redirect
    entry = read_roster_entry(own_store, "R-0001")
    assert dict(entry.steps[1].changes) == {"holder": "", "covered_by": "R-0002"}
    text = text_of(page.get("/roster").text)
    assert "2 posts today = 1 held + 1 vacant, of which 1 covered; 1 past" in text
    assert "Vacant covered by coordinator (Officer 3)" in text
    assert "Without a named contact today: Brook." in text
    shown = text_of(page.get("/roster/R-0001").text)
    assert "Holder vacant" in shown
    assert "covered by coordinator (Officer 3)" in shown.replace("Covered by", "covered by")
    assert "Contact: <b>vacant</b>" in page.get("/areas/wards/A").text
    held = {"version": "2", **OFFICER, "holder": "Officer 20", "layer": "wards", **boxes}
    assert page.post("/roster/R-0001/set", data=held).is_redirect
    assert "2 posts today = 2 held + 0 vacant; 1 past" in text_of(page.get("/roster").text)


def test_a_post_that_ends_is_counted_and_listed_among_all(page: TestClient) -> None:
    add(page, last="2026-01-31")
    text = text_of(page.get("/roster").text)
    assert "0 posts today = 0 held + 0 vacant; 1 past or to come" in text
    assert "Nobody is on the roster today" in text
    assert "Officer 12" in page.get("/roster?all=1").text
    add(page, role="cover gone", holder="", covered_by="R-0001")
    shown = text_of(page.get("/roster").text)
    assert "covered by protection officer (Officer 12), which does not hold today" in shown


def test_the_roster_of_an_area_has_its_posts_and_those_of_the_city(page: TestClient) -> None:
    add(page, areas=["A"])
    add(page, holder="Officer 13", areas=["B"])
    add(page, holder="Officer 1", role="manager")
    text = page.get("/roster?area=B@wards").text
    assert re.findall(r"Officer \d+(?=</span>)", text) == ["Officer 13", "Officer 1"]
    assert "2 posts today" in text_of(text)


def test_boxes_stay_ticked_on_a_form_that_is_refused(page: TestClient) -> None:
    refused = page.post("/roster", data={**OFFICER, "role": "", "contact_for": ["B"]})
    assert refused.status_code == 400
    assert "needs a role" in refused.text
    ticked = re.findall(r'name="(\w+)" value="(\w)"[^>]* checked', refused.text)
    assert ticked == [("contact_for", "B")]
    assert 'value="Officer 12"' in refused.text


def test_whoever_comes_second_reads_what_changed_and_keeps_what_was_written(
    page: TestClient, own_store: Store
) -> None:
    add(page)
    change_roster_entry(own_store, "R-0001", signed=signed("Ann"), holder="Officer 20")
    late = {"version": "1", **OFFICER, "holder": "Officer 30", "note": "New start"}
    refused = page.post("/roster/R-0001/set", data=late)
    assert refused.status_code == 409
    assert "set (holder) by Ann" in text_of(refused.text)
    assert 'value="Officer 30"' in refused.text
    assert "New start" in refused.text
    assert read_roster_entry(own_store, "R-0001").holder == "Officer 20"


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        ({"areas": "Z"}, 400, "there is no area"),
        ({"first": "soon"}, 400, "is not a day"),
        ({"last": "2025-01-01"}, 400, "before it begins"),
        ({"areas": "A", "layer": "gone"}, 404, "gone"),
        ({"meeting": "M-0009"}, 404, "there is no meeting"),
    ],
)
def test_a_post_that_cannot_be_is_not_added(
    client: TestClient, data: dict[str, str], status: int, reason: str
) -> None:
    client.headers["accept"] = "text/html"
    refused = client.post("/roster", data=OFFICER | data)
    assert refused.status_code == status
    assert reason in text_of(refused.text).lower()
    assert "Nobody is on the roster yet" in client.get("/roster").text


def test_the_name_of_a_former_holder_is_removed(page: TestClient, own_store: Store) -> None:
    add(page, holder="Jo Bloggs")
    change_roster_entry(own_store, "R-0001", signed=signed(), holder="Officer 20")
    gone = {"version": "2", "text": "1.holder", "note": "left the council"}
    assert page.post("/roster/R-0001/redact", data=gone).is_redirect
    html = page.get("/roster/R-0001").text
    assert "Jo Bloggs" not in html
    assert "Officer 20" in html
