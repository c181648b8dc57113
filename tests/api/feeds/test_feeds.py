"""Due dates as a calendar, and priorities as police.uk has them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.access_settings import AccessSettings, PublicUrl
from api.feeds.calendar import folded
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.roles import Role
from api.identity.users import User
from boundaries.tasking.actions import raise_task, set_priority, take_step
from boundaries.tasking.priority import PriorityTerms
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.geopackage.records import RecordsFile
from geo.store.postgis import PostgisStore
from tests.api.areas.conftest import ODD
from tests.api.conftest import serve_town
from tests.api.identity.conftest import HOST, Service
from tests.api.reports.tasking_town import IN_B, fill_with_tasks, point
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.postgres import Cluster


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("feeds") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill_with_tasks(store)
    return path


@pytest.fixture
def in_file(town: Path, tmp_path: Path) -> Iterator[GeoPackageStore]:
    """The town in a file, to be changed."""
    with closing(GeoPackageStore(Path(shutil.copy(town, tmp_path / "town.gpkg")))) as store:
        yield store


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """The town in a store of each kind, to be changed."""
    if request.param == "GeoPackage":
        yield request.getfixturevalue("in_file")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with closing(PostgisStore(cluster.new_database(), create=True)) as server:
        yield fill_with_tasks(server)


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with serve_town(store) as client:  # type: ignore[arg-type]
        yield client


def events(client: TestClient, query: str = "") -> list[dict[str, str]]:
    """The events of the calendar, unfolded, by the names of their properties."""
    response = client.get(f"/tasks.ics{query}")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    raw = response.content
    assert raw.endswith(b"\r\nEND:VCALENDAR\r\n")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    lines = raw.replace(b"\r\n ", b"").decode().split("\r\n")
    made: list[dict[str, str]] = []
    for line in lines:
        if line == "BEGIN:VEVENT":
            made.append({})
        elif made and not line.startswith("END:"):
            name, _, value = line.partition(":")
            made[-1][name] = value
    return made


def ids(client: TestClient, query: str = "") -> list[str]:
    return [one["UID"][:6] for one in events(client, query)]


def test_a_task_is_an_event_of_the_whole_day_by_which_it_is_due(client: TestClient) -> None:
    # Of the town's twelve tasks two are neither done nor declined and have a due date.
    first, second = events(client)
    assert first == {
        "UID": "T-0001-20260302T093000Z@patchmap",
        "DTSTAMP": "20260303T093000Z",
        "LAST-MODIFIED": "20260303T093000Z",
        "SEQUENCE": "1",
        "DTSTART;VALUE=DATE": "20260310",
        "DTEND;VALUE=DATE": "20260311",
        "SUMMARY": "Money for lights",
        "LOCATION": "Place of Money for lights",
        "DESCRIPTION": r"T-0001: Waiting for an answer\, level area\nWho: nobody yet\n"
        r"Waits for T-0002\, referred to city board",
        "CATEGORIES": "environment",
        "TRANSP": "TRANSPARENT",
        "URL": "http://127.0.0.1:8000/tasks/T-0001",
    }
    assert second["SUMMARY"] == "Talk to riders"


def test_the_uid_stays_while_a_task_changes(client: TestClient, store: Store) -> None:
    before = events(client)[1]
    take_step(store, "T-0008", "amend", signed=signed(hours=2000), due="2026-06-30")
    after = events(client)[1]
    assert after["UID"] == before["UID"]
    assert int(after["SEQUENCE"]) == int(before["SEQUENCE"]) + 1
    assert after["DTSTAMP"] > before["DTSTAMP"]
    assert after["DTSTART;VALUE=DATE"] == "20260630"


def test_texts_are_escaped_and_long_lines_folded(client: TestClient, store: Store) -> None:
    title = 'Bins; lights, "benches" \\ trees – ' + "Ŵ☃" * 40
    raise_task(
        store,
        terms(title=title, place=point(IN_B, "Row\r\nBEGIN:VEVENT"), due=date(2026, 5, 1)),
        signed=signed(),
    )
    own = events(client)[-1]
    assert own["SUMMARY"] == title.replace("\\", "\\\\").replace(";", r"\;").replace(",", r"\,")
    assert own["LOCATION"] == r"Row\nBEGIN:VEVENT"
    assert len(events(client)) == 3


@given(st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_whatever_is_folded_is_read_back(line: str) -> None:
    parts = folded(line).encode().split(b"\r\n")
    assert all(len(part) <= 75 for part in parts)
    assert b"".join([parts[0], *(part[1:] for part in parts[1:])]).decode() == line


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=waiting", ["T-0001"]),
        ("?owner=Coordinator", ["T-0008"]),
        ("?area=A@wards", ["T-0001", "T-0008"]),
        ("?area=B", []),
        ("?level=city", []),
        ("?level=area&state=accepted&owner=", ["T-0008"]),
    ],
)
def test_a_calendar_is_filtered_as_the_list_is(
    client: TestClient, query: str, expected: list[str]
) -> None:
    assert ids(client, query) == expected


@pytest.mark.parametrize(
    ("query", "status"),
    [("?state=lost", 400), ("?colour=red", 400), ("?area=@wards", 400), ("?area=Z@wards", 404)],
)
def test_a_filter_that_cannot_be_is_refused(client: TestClient, query: str, status: int) -> None:
    assert client.get(f"/tasks.ics{query}").status_code == status


def test_feeds_are_valid_until_a_task_changes(client: TestClient, store: Store) -> None:
    feeds = ("/tasks.ics", "/areas/wards/A/priorities.json")
    known = {one: {"if-none-match": client.get(one).headers["etag"]} for one in feeds}
    assert {client.get(one, headers=known[one]).status_code for one in feeds} == {304}
    take_step(store, "T-0008", "note", signed=signed(hours=2000), note="Seen.")
    assert {client.get(one, headers=known[one]).status_code for one in feeds} == {200}


def test_officers_get_the_due_dates_of_their_own_areas(
    in_file: GeoPackageStore, tmp_path: Path
) -> None:
    raise_task(in_file, terms(place=point(IN_B, "B"), due=date(2026, 5, 1)), signed=signed())
    with closing(RecordsFile(tmp_path / "town.gpkg")) as records:
        access = AccessSettings("accounts", PublicUrl.parse(f"https://{HOST}"))
        service = Service(in_file, records, access)
        of_b = AreaScope("wards", ("B",))
        _, secret = Keys(records).add("ben", User("key-ben", (Role.OFFICER,), of_b))
        browser = service.browser(accept="*/*")
        assert browser.get("/tasks.ics").status_code == 401
        browser.headers["authorization"] = f"Bearer {secret}"
        browser.headers.pop("origin")
        (own,) = events(browser)
        assert own["UID"][:6] == "T-0013"
        assert own["URL"] == f"https://{HOST}/tasks/T-0013"
        assert browser.get("/areas/wards/A/priorities.json").status_code == 404
        assert browser.get("/areas/wards/B/priorities.json").json() == []


def test_priorities_have_the_four_fields_of_police_uk(client: TestClient) -> None:
    response = client.get("/areas/wards/A/priorities.json")
    assert response.headers["content-type"] == "application/json"
    assert json.loads(response.text) == [
        {
            "action": "<p>Gates were set</p>",
            "issue-date": "2026-01-05T00:00:00",
            "action-date": "2026-02-02T00:00:00",
            "issue": "<p>Off-road bikes</p>",
        },
        {
            "action": None,
            "issue-date": "2026-01-05T00:00:00",
            "action-date": None,
            "issue": "<p>Feeling safe</p>",
        },
    ]
    assert client.get("/areas/wards/B/priorities.json").json() == []


def test_priorities_are_found_by_codes_that_an_address_must_escape(
    client: TestClient, store: Store
) -> None:
    script = PriorityTerms(
        level="area", layer="estates", area=ODD, issue="<script>", issue_date=date(2026, 1, 1)
    )
    set_priority(store, script, signed=signed())
    (own,) = client.get("/areas/estates/%C5%B4%2F1%20%26%20%3F%23/priorities.json").json()
    assert own["issue"] == "<p>&lt;script&gt;</p>"


@pytest.mark.parametrize("address", ["wards/Z", "nothing/A"])
def test_priorities_of_no_area_are_not_there(client: TestClient, address: str) -> None:
    assert client.get(f"/areas/{address}/priorities.json").status_code == 404
