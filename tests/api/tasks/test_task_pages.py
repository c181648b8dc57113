"""The pages of tasks: lists with accounts, one task, its forms, conflicts, and what is refused."""

from __future__ import annotations

import re
from datetime import date

import pytest
from fastapi.testclient import TestClient

from api.board.view import VIEW_OPTIONS
from api.tasks.request import BOARD_OPTIONS, Caller
from boundaries.tasking.actions import ReferralTerms, refer_task, take_step
from boundaries.tasking.storage import read_task
from geo.store.contract import Store
from tests.api.tasks.conftest import add_task, signed

CELL = "datetime=2024-01/2024-01&layer=wards"


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def cell_at(page: TestClient) -> str:
    """The hottest cell, as the board names it."""
    items = page.get("/ogc/collections/hotspots/items?f=json&datetime=2024-01/2024-01&limit=500")
    rows = [feature["properties"] for feature in items.json()["features"]]
    return str(max(rows, key=lambda row: row["n"])["cell_id"])


def test_a_list_accounts_for_every_task(page: TestClient, own_store: Store) -> None:
    first = add_task(own_store, "Lights")
    add_task(own_store, "Bins", level="city")
    third = add_task(own_store, "Fence")
    take_step(own_store, first, "decline", signed=signed(), note="no money")
    take_step(own_store, third, "accept", signed=signed(), owner="officer")
    text = text_of(page.get("/tasks").text)
    assert "City 1 raised = 0 declined + 1 open + 0 waiting + 0 done + 0 assessed" in text
    assert "Areas 2 raised = 1 declined + 1 open + 0 waiting + 0 done + 0 assessed" in text
    declined = page.get("/tasks?state=declined").text
    assert "Lights" in declined
    assert "Fence" not in declined
    assert "no money" in declined


def test_a_list_of_a_ward_is_its_action_tracker(page: TestClient, own_store: Store) -> None:
    add_task(own_store, "West of the brook", east=200)
    add_task(own_store, "East of the brook", east=2_200)
    add_task(own_store, "On the brook, mostly beyond it", east=1_950)
    html = page.get("/tasks?area=B@wards").text
    assert "Action tracker: Brook" in text_of(html)
    assert "East of the brook" in html
    assert "On the brook, mostly beyond it" in html
    assert "1 raised" in text_of(page.get("/tasks?area=A@wards").text)
    assert "West of the brook" not in html
    assert "2 raised" in text_of(html)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("state=lost", 400),
        ("level=ward", 400),
        ("sort=colour", 400),
        ("page=2", 400),
        ("page=0", 400),
        ("colour=red", 400),
        ("area=Z@wards", 404),
        ("area=A@streets", 404),
        ("meeting=M-0001", 404),
    ],
)
def test_what_a_list_cannot_be_is_refused(town_client: TestClient, query: str, status: int) -> None:
    refused = town_client.get(f"/tasks?{query}", headers={"accept": "application/json"})
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_list_is_ordered_by_each_column_both_ways(page: TestClient, own_store: Store) -> None:
    add_task(own_store, "Bins", due=date(2026, 4, 2), owner="warden")
    add_task(own_store, "Alley", due=date(2026, 4, 1))
    add_task(own_store, "Court")

    def order(sort: str) -> str:
        return "".join(
            re.findall(r'<th scope="row"><a[^>]*>(.)', page.get(f"/tasks?sort={sort}").text)
        )

    assert [order("title"), order("-title")] == ["ABC", "CBA"]
    assert [order("due"), order("id"), order("-id")] == ["ABC", "BAC", "CAB"]
    assert order("owner") == "BAC"  # nobody last


def test_a_page_has_at_most_a_hundred(page: TestClient, own_store: Store) -> None:
    for number in range(101):
        add_task(own_store, f"Task {number}")
    first, second = page.get("/tasks").text, page.get("/tasks?page=2").text
    assert (first.count('<th scope="row">'), second.count('<th scope="row">')) == (100, 1)
    assert "101 raised" in text_of(second)


def test_a_task_of_the_board_is_filled_in_by_its_question(
    page: TestClient, own_store: Store
) -> None:
    at = cell_at(page)
    address = (
        f"/tasks/new?datetime=2024-01/2024-01&category=burglary&layer=wards&at={at}&show=count"
    )
    form = page.get(address)
    assert form.status_code == 200, form.text
    assert "Cell in &lt;b&gt;Abbey" in form.text
    data = {"title": "Locks", "kind": "educate", "owner": "warden", "do": "accept", "by": "Ann"}
    saved = page.post(address, data=data)
    assert saved.headers["location"].startswith("/?datetime=2024-01/2024-01&category=burglary")
    assert f"at={at}" in saved.headers["location"]
    task = read_task(own_store, "T-0001")
    assert (task.state, task.owner, task.place.ref) == ("accepted", "warden", at)
    assert task.steps[0].signed.by == "Ann"
    assert "category=burglary" in task.question
    assert "at=" not in task.question
    width = task.place.geometry.area**0.5
    assert 100 < width < 200  # the whole hexagon of 150 m


def test_a_step_is_taken_signed_and_shown(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    done = page.post(
        f"/tasks/{own}/accept",
        data={
            "version": "1",
            "owner": "warden",
            "due": "2026-04-01",
            "note": "At once",
            "by": "Bo",
        },
    )
    assert (done.status_code, done.headers["location"]) == (303, f"/tasks/{own}?saved=accept")
    text = text_of(page.get(f"/tasks/{own}?saved=accept").text)
    assert "Saved: taken on" in text
    assert "Taken on by Bo" in text
    assert "At once" in text
    assert "Due 1 April 2026" in text
    assert f"The due day of {own}, 1 April 2026, is over already" in text
    assert "is over already" not in page.get(f"/tasks/{own}").text


def test_what_is_odd_about_a_new_task_is_told_on_its_page(
    page: TestClient, own_store: Store
) -> None:
    address = f"/tasks/new?{CELL}&at={cell_at(page)}"
    data = {"title": "Locks", "kind": "educate", "due": "2024-03-01"}
    saved = page.post(address, data=data)
    assert saved.headers["location"] == "/tasks/T-0001?saved=raise"
    shown = text_of(page.get(saved.headers["location"]).text)
    assert "Saved: raised The due day of T-0001, 1 March 2024, is over already" in shown
    assert read_task(own_store, "T-0001").due == date(2024, 3, 1)


def test_an_owner_whom_nobody_knows_is_told_and_services_are_found(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store, owner="warden")
    take_step(own_store, own, "amend", signed=signed(), service="Parks")
    shown = text_of(page.get("/tasks").text)
    assert "warden, Parks (service)" in shown
    assert "1 task " in text_of(page.get("/tasks?owner=parks").text)
    unknown = text_of(page.get("/tasks?owner=zzz").text)
    assert (
        "No task has the owner or service &#39;zzz&#39;; those that have tasks: Parks," in unknown
    )


def test_full_names_are_refused_in_every_field_until_they_are_confirmed(
    page: TestClient, own_store: Store
) -> None:
    address = f"/tasks/new?{CELL}&at={cell_at(page)}"
    plain = {"title": "Lights in John Smith Way", "kind": "educate"}
    for field, name in (
        *(("title", "title"), ("note", "note"), ("owner", "owner"), ("service", "service")),
        ("label", "name of the place"),
    ):
        refused = page.post(address, data={**plain, field: "Visit John Smith"})
        assert refused.status_code == 400
        assert f"The {name} seems to hold a person&#39;s name" in refused.text
        assert 'name="names_nobody"' in refused.text
    assert page.post(address, data=plain).status_code == 303
    confirmed = {**plain, "title": "Visit John Smith", "names_nobody": "yes"}
    assert page.post(address, data=confirmed).status_code == 303
    assert [row.title for row in own_store.tasks()] == [plain["title"], "Visit John Smith"]


def test_a_refusal_is_a_sentence(page: TestClient) -> None:
    unknown = page.get("/tasks/T-0009")
    assert unknown.status_code == 404
    assert "<p>There is no task &#39;T-0009&#39;; there are: none yet.</p>" in unknown.text


def test_whoever_comes_second_loses_nothing_and_reads_what_changed(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    first = page.post(f"/tasks/{own}/note", data={"version": "1", "note": "Seen", "by": "Ann"})
    assert first.status_code == 303
    second = page.post(
        f"/tasks/{own}/amend",
        data={
            "version": "1",
            "title": "Better lights",
            "owner": "warden",
            "kind": "patrol",
            "by": "Bo",
        },
    )
    assert second.status_code == 409
    text = text_of(second.text)
    assert "now version 2" in text
    assert "note by Ann" in text
    assert 'value="Better lights"' in second.text
    assert 'name="version" value="2"' in second.text
    assert read_task(own_store, own).version == 2
    again = {"version": "2", "title": "Better lights", "owner": "warden", "kind": "patrol"}
    assert page.post(f"/tasks/{own}/amend", data=again).status_code == 303
    assert read_task(own_store, own).title == "Better lights"


def test_a_text_of_a_step_that_is_over_is_not_lost(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    take_step(own_store, own, "decline", signed=signed("Ann"), note="No money")
    late = page.post(
        f"/tasks/{own}/accept", data={"version": "1", "owner": "warden", "note": "We pay half"}
    )
    assert late.status_code == 409
    assert "We pay half" in late.text
    assert "declined" in late.text


def test_a_person_in_a_text_is_asked_about_and_can_be_confirmed(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    data = {"version": "1", "note": "Ring 01332 255 000, the depot"}
    refused = page.post(f"/tasks/{own}/note", data=data)
    assert refused.status_code == 400
    assert "a telephone number" in refused.text
    assert "Ring 01332 255 000, the depot" in refused.text
    assert 'name="names_nobody"' in refused.text
    assert page.post(f"/tasks/{own}/note", data={**data, "names_nobody": "yes"}).status_code == 303


def test_a_referral_goes_up_is_answered_and_comes_back(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    assert f'action="/tasks/{own}/answer"' not in page.get(f"/tasks/{own}").text
    up = {"version": "1", "direction": "up", "to": "city board", "note": "We need lighting"}
    assert page.post(f"/tasks/{own}/refer", data=up).status_code == 303
    html = page.get(f"/tasks/{own}").text
    assert "Waiting for an answer" in html
    assert "/tasks/T-0002" in html
    assert 'action="/tasks/T-0002/answer"' in page.get("/tasks/T-0002").text
    answer = {"version": "1", "note": "Lamps in May"}
    assert page.post("/tasks/T-0002/answer", data=answer).status_code == 303
    text = text_of(page.get(f"/tasks/{own}").text)
    assert "Done: Lamps in May" in text
    assert read_task(own_store, own).state == "raised"


def test_a_text_is_removed_and_the_page_no_longer_has_it(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    take_step(own_store, own, "note", signed=signed(), note="ask Jo Bloggs", names_nobody=True)
    assert "Jo Bloggs" in page.get(f"/tasks/{own}").text
    gone = page.post(
        f"/tasks/{own}/redact", data={"version": "2", "text": "2.note", "note": "a name"}
    )
    assert gone.status_code == 303
    html = page.get(f"/tasks/{own}").text
    assert "Jo Bloggs" not in html
    assert "[redacted]" in html


def test_nobody_takes_the_step_that_follows_from_an_answer(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    refer_task(own_store, own, ReferralTerms("up", "city board"), signed=signed())
    data = {"version": "2", "note": "x", "child": "T-0002"}
    refused = page.post(f"/tasks/{own}/answered", data=data)
    assert refused.status_code == 403
    assert "This step follows by itself once the referral is answered" in refused.text
    assert read_task(own_store, own).version == 2


def test_names_of_places_and_whom_a_task_went_to_can_be_removed(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    refer_task(own_store, own, ReferralTerms("up", "Jo Bloggs"), signed=signed())
    html = page.get(f"/tasks/{own}").text
    assert "step 1: the name of the place" in html
    assert "step 2: whom it went to" in html
    for version, text in ((2, "1.place.label"), (3, "2.to")):
        data = {"version": str(version), "text": text, "note": "a name"}
        assert page.post(f"/tasks/{own}/redact", data=data).status_code == 303
    for task_id in (own, "T-0002"):
        shown = page.get(f"/tasks/{task_id}").text
        assert "Around Market Square" not in shown
        assert "Jo Bloggs" not in shown


def test_each_task_that_loses_a_copy_of_a_text_is_in_the_audit(
    page: TestClient, own_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[str] = []
    monkeypatch.setattr(Caller, "record", lambda _, subject: recorded.append(subject))
    own = add_task(own_store)
    refer_task(own_store, own, ReferralTerms("up", "city board", "ask Jo"), signed=signed())
    data = {"version": "2", "text": "2.note", "note": "a name"}
    assert page.post(f"/tasks/{own}/redact", data=data).status_code == 303
    assert recorded == [
        f"task {own}: redact",
        f"task T-0002: redact a copy of a text of {own}",
    ]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_task_is_a_problem(client: TestClient, method: str) -> None:
    address = "/tasks/T-0099" + ("/note" if method == "post" else "")
    data = {"data": {"version": "1", "note": "x"}} if method == "post" else {}
    problem = getattr(client, method)(address, **data)
    assert problem.status_code == 404
    assert problem.json()["detail"].startswith("there is no task 'T-0099'")


def test_a_form_of_another_origin_changes_nothing(page: TestClient, own_store: Store) -> None:
    own = add_task(own_store)
    evil = {"origin": "https://evil.example"}
    data = {"version": "1", "note": "x"}
    assert page.post(f"/tasks/{own}/note", data=data, headers=evil).status_code == 403
    assert read_task(own_store, own).version == 1


@pytest.mark.parametrize(
    "data",
    [
        {"note": "x"},
        {"version": "one", "note": "x"},
        {"version": "1"},
        {"version": "1", "note": "x" * 2_001},
    ],
)
def test_a_form_that_lacks_something_is_refused(
    page: TestClient, own_store: Store, data: dict[str, str]
) -> None:
    own = add_task(own_store)
    assert page.post(f"/tasks/{own}/note", data=data).status_code == 400
    assert read_task(own_store, own).version == 1


def test_the_page_changes_with_its_task_and_answers_stay(
    page: TestClient, own_store: Store
) -> None:
    own = add_task(own_store)
    count = "/ogc/collections/area-counts/items?f=json&datetime=2024-01/2024-01"
    tags = {path: page.get(path).headers["etag"] for path in (count, f"/tasks/{own}", "/tasks")}

    def status(path: str) -> int:
        return page.get(path, headers={"if-none-match": tags[path]}).status_code

    assert [status(path) for path in tags] == [304, 304, 304]
    assert page.post(f"/tasks/{own}/note", data={"version": "1", "note": "x"}).status_code == 303
    assert [status(path) for path in tags] == [304, 200, 200]


def test_the_options_of_the_board_are_those_that_a_task_leads_back_to() -> None:
    assert BOARD_OPTIONS == VIEW_OPTIONS
