"""Who sees and changes which tasks: officers their own areas', others all, readers none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.access_settings import AccessSettings, PublicUrl
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.passwords import Passwords
from api.identity.roles import Role
from api.identity.users import GIVEN_ROLES, User, Users
from boundaries.tasking.actions import call_meeting, set_priority, set_roster_entry
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.priority import PriorityTerms
from boundaries.tasking.roster import RosterTerms
from boundaries.tasking.storage import (
    read_priorities,
    read_roster,
    read_roster_entry,
    read_task,
)
from geo.store.contract import Store
from geo.store.geopackage.records import RecordsFile
from tests.api.identity.conftest import CHEAP, HOST, USERS, WORDS, Service
from tests.api.tasks.conftest import add_task, signed

QUESTION = "datetime=2024-01/2024-02&layer=wards"
CANARY = "Zebrafinch"
"""Stands in every text of the other ward: it must nowhere be seen."""


@pytest.fixture
def own(own_store: Store) -> Store:
    return own_store


@pytest.fixture
def service(own: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service with accounts and an audit: ben is an officer of ward A."""
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    with closing(RecordsFile(tmp_path / "records.gpkg")) as records:
        for user in USERS:
            Users(records).add(user, password=WORDS, by="test")
        access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
        made = Service(own, records, access, key=tmp_path / "audit.key")
        yield made
        made.app.state.audit.close()


@pytest.fixture
def officer(service: Service) -> TestClient:
    return service.signed_in("ben")


def add_other_ward(store: Store) -> str:
    """A task, meeting, priority and post of ward B, which ben does not see; a post of both."""
    board = {"level": "area", "layer": "wards", "area": "B"}
    call_meeting(store, MeetingTerms(day=date(2026, 3, 3), title=CANARY, **board), signed=signed())
    terms = PriorityTerms(issue=CANARY, issue_date=date(2026, 3, 1), **board)
    set_priority(store, terms, signed=signed())
    post = {"role": "officer", "layer": "wards", "first": date(2026, 3, 1)}
    set_roster_entry(store, RosterTerms(**post, holder=CANARY, areas=("B",)), signed=signed())
    set_roster_entry(
        store, RosterTerms(**post, holder="Officer 4", areas=("A", "B")), signed=signed()
    )
    return add_task(store, f"{CANARY} bins", east=2_500, owner=f"{CANARY} warden")


def test_an_officer_sees_nothing_of_other_areas(officer: TestClient, own: Store) -> None:
    hidden = add_other_ward(own)
    add_task(own, "Lights", east=200)
    pages = [
        "/tasks",
        "/tasks?owner=nobody",
        f"/tasks/{hidden}",
        "/tasks/T-0002",
        "/tasks/T-0099",
        "/tasks?area=B@wards",
        "/tasks/new",
        "/tasks/new?area=B@wards",
        "/tasks/new?area=A@wards",
        "/meetings",
        "/meetings/M-0001",
        "/meetings/M-0099",
        "/priorities",
        "/priorities?all=1",
        "/priorities/P-0001",
        "/priorities?area=B@wards",
        "/roster",
        "/roster?all=1",
        "/roster/R-0001",
        "/roster/R-0002",
        "/tasks.csv",
        "/tasks.geojson",
        "/tasks.csv?area=B@wards",
        f"/?{QUESTION}&meeting=M-0001",
        f"/?{QUESTION}",
        f"/?{QUESTION}&at=A",
        f"/story?{QUESTION}&at=A",
        f"/map?{QUESTION}&over=tasks",
        "/areas/wards/A",
        "/areas/wards/A/charter",
        "/areas/wards/B/charter",
    ]
    seen = {path: officer.get(path) for path in pages}
    assert [path for path, answer in seen.items() if CANARY in answer.text] == []
    own_pages = ("/tasks", "/meetings", "/priorities", "/roster")
    tasking = [path for path in seen if path.startswith(own_pages)]
    assert [path for path in tasking if "Brook" in seen[path].text] == []
    assert {
        path: answer.status_code for path, answer in seen.items() if answer.status_code != 200
    } == {
        f"/tasks/{hidden}": 404,
        "/tasks/T-0099": 404,
        "/tasks?area=B@wards": 404,
        "/tasks/new?area=B@wards": 400,
        "/meetings/M-0001": 404,
        "/meetings/M-0099": 404,
        "/priorities/P-0001": 404,
        "/priorities?area=B@wards": 404,
        "/roster/R-0001": 404,
        "/tasks.csv?area=B@wards": 404,
        f"/?{QUESTION}&meeting=M-0001": 400,
        "/areas/wards/B/charter": 404,
    }
    assert "Lights" in seen["/tasks"].text
    assert "Lights" in seen["/tasks.csv"].text
    assert "Officer 4" in seen["/roster"].text
    assert "Lights" in seen[f"/story?{QUESTION}&at=A"].text
    assert "Lights" in seen["/areas/wards/A"].text
    assert "not finished: 1," in seen[f"/map?{QUESTION}&over=tasks"].text
    assert hidden not in seen["/tasks/T-0099"].text


def test_an_officer_changes_nothing_of_other_areas(officer: TestClient, own: Store) -> None:
    hidden = add_other_ward(own)
    note = {"version": "1", "note": "x"}
    assert officer.post(f"/tasks/{hidden}/note", data=note).status_code == 404
    raised = {"title": "x", "kind": "patrol"}
    assert officer.post("/tasks/new?area=B@wards", data=raised).status_code == 400
    meeting = {"day": "2026-03-03"}
    assert officer.post("/meetings", data=meeting).status_code == 403
    adopted = officer.post(f"/allocation/adopt?tab=posts&posts=2&{QUESTION}", data={"role": "x"})
    assert adopted.status_code == 403
    other = officer.post("/meetings", data={**meeting, "area": "B@wards"})
    assert other.status_code == 400
    mine = add_task(own, "Lights")
    for field, value in (("meeting", "M-0001"), ("priority", "P-0001")):
        data = {"version": "1", "owner": "officer", field: value}
        refused = officer.post(f"/tasks/{mine}/accept", data=data)
        assert refused.status_code == 404
        assert CANARY not in refused.text
    assert (read_task(own, hidden).version, read_task(own, mine).version) == (1, 1)


def test_an_officer_decides_in_their_area_and_signs_with_their_own_name(
    officer: TestClient, own: Store
) -> None:
    mine, city = add_task(own, "Lights"), add_task(own, "Lamps", level="city")
    data = {"version": "1", "owner": "officer", "by": "somebody else"}
    assert officer.post(f"/tasks/{mine}/accept", data=data).status_code == 303
    assert read_task(own, mine).steps[-1].signed.by == "ben"
    assert officer.post(f"/tasks/{city}/accept", data=data).status_code == 403
    assert (
        officer.post(f"/tasks/{city}/note", data={"version": "1", "note": "Please"}).status_code
        == 303
    )
    assert "only add a remark" in officer.get(f"/tasks/{city}").text


def test_an_officer_sets_priorities_of_their_area_and_leaves_the_roster(
    officer: TestClient, own: Store
) -> None:
    add_other_ward(own)
    set_priority(
        own,
        PriorityTerms(level="city", issue="Flats", issue_date=date(2026, 3, 1)),
        signed=signed(),
    )
    issue = {"issue": "Bikes", "by": "somebody else"}
    assert officer.post("/priorities", data={**issue, "area": "A@wards"}).status_code == 303
    assert read_priorities(own)[-1].steps[0].signed.by == "ben"
    assert officer.post("/priorities", data=issue).status_code == 403
    assert officer.post("/priorities", data={**issue, "area": "B@wards"}).status_code == 404
    closing = {"version": "1", "note": "x"}
    for other, status in (("P-0001", 404), ("P-0002", 403), ("P-0003", 303)):
        assert officer.post(f"/priorities/{other}/close", data=closing).status_code == status
    assert [one.is_open for one in read_priorities(own)] == [True, True, False]
    assert 'action="/priorities/P-0002/set"' not in officer.get("/priorities/P-0002").text
    # A post that is theirs in part only would lose its other areas.
    post = {"version": "1", "role": "officer", "first": "2026-03-01", "areas": "A"}
    assert officer.post("/roster", data=post).status_code == 403
    assert officer.post("/roster/R-0002/set", data=post).status_code == 403
    # What they cannot see answers as what is not there.
    for entry_id in ("R-0001", "R-0099"):
        assert officer.post(f"/roster/{entry_id}/set", data=post).status_code == 403
    assert read_roster_entry(own, "R-0002").areas == ("A", "B")
    assert 'method="post"' not in officer.get("/roster/R-0002").text


def test_whoever_only_reads_gets_no_forms_and_saves_nothing(service: Service, own: Store) -> None:
    viewer, task = service.signed_in("vic"), add_task(own)
    own_pages = ("/tasks", f"/tasks/{task}", "/meetings", "/priorities", "/roster")
    for path in own_pages:
        html = viewer.get(path).text
        assert 'method="post"' not in html
    assert viewer.get("/tasks/new").status_code == 403
    assert viewer.post(f"/tasks/{task}/note", data={"version": "1", "note": "x"}).status_code == 403
    assert viewer.post("/meetings", data={"day": "2026-03-03"}).status_code == 403
    for path in ("/priorities", "/roster"):
        assert viewer.post(path, data={"issue": "x", "role": "x"}).status_code == 403
        assert service.browser().get(path).status_code == 303
    assert service.browser().get("/tasks").status_code == 303  # to the page for signing in


def test_every_change_is_in_the_audit(service: Service, own: Store) -> None:
    analyst = service.signed_in("ann")
    assert analyst.post("/meetings", data={"day": "2026-03-03"}).status_code == 303
    raised = {"title": "Locks", "kind": "educate", "do": "raise"}
    assert analyst.post("/tasks/new?area=A@wards", data=raised).status_code == 303
    note = {"version": "1", "note": "x"}
    assert analyst.post("/tasks/T-0001/note", data=note).status_code == 303
    assert analyst.post("/priorities", data={"issue": "Bikes"}).status_code == 303
    assert analyst.post("/priorities/P-0001/close", data=note).status_code == 303
    assert analyst.post("/roster", data={"role": "officer"}).status_code == 303
    left = {"version": "1", "role": "officer", "holder": "x", "first": "2026-03-01"}
    assert analyst.post("/roster/R-0001/set", data=left).status_code == 303
    entries = [*service.app.state.audit.log.entries()]
    changes = [one.fields for one in entries if one.action == "task step"]
    subjects = [
        *("a new meeting", "a new task", "task T-0001: note", "a new priority"),
        *("priority P-0001: close", "a new entry of the roster"),
        "entry R-0001 of the roster: set",
    ]
    assert [(one["who"], one["subject"]) for one in changes] == [
        ("ann", subject) for subject in subjects
    ]


def test_who_plans_or_decides_changes_the_roster_and_nobody_else(
    service: Service, own: Store
) -> None:
    mine = add_task(own, "Lights")
    statuses = {}
    for day, role in enumerate(GIVEN_ROLES, start=1):
        areas = AreaScope("wards", ("A",)) if role is Role.OFFICER else None
        _, secret = Keys(service.records).add(str(role), User(f"key-{role}", (role,), areas))
        program = service.browser(accept="*/*", authorization=f"Bearer {secret}")
        program.headers.pop("origin")
        data = {"role": "post", "first": f"2026-04-{day:02d}"}
        adopted = program.post(f"/allocation/adopt?tab=posts&posts=2&{QUESTION}", data=data)
        noted = program.post(f"/tasks/{mine}/note", data={"version": "9", "note": "x"})
        added = program.post("/roster", data={"role": "post"}, follow_redirects=False)
        statuses[role] = (adopted.status_code, noted.status_code, added.status_code)
    plans_or_decides = {Role.ANALYST, Role.PLANNER, Role.CHAIR}
    assert {role for role, (adopted, *_) in statuses.items() if adopted == 200} == plans_or_decides
    assert {role for role, (*_, added) in statuses.items() if added == 303} == plans_or_decides
    assert {role for role, (_, noted, _) in statuses.items() if noted != 403} == {
        Role.ANALYST,
        Role.OFFICER,
        Role.CHAIR,
    }
    assert len(read_roster(own)) == 9
    assert read_task(own, mine).version == 1
