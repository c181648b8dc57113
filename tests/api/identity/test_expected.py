"""Boards that are worked out at start: of each view of the data that people of a service have."""

from __future__ import annotations

from datetime import timedelta

import pytest

from api.access_settings import AccessSettings, ProxySettings
from api.board.preparing import BoardPreparation
from api.identity.expected import MOST_VIEWS, expected_views
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.moments import utc_now
from api.identity.roles import Role
from api.identity.users import User, Users
from api.identity.view import EVERYTHING, DataView
from geo.store.records import Records
from tests.api.identity.conftest import Service

VIEWER = DataView(incidents=False, locations=False, plans=False)
PLANNER = DataView(incidents=False, locations=False, plans=True)
ACCOUNTS = AccessSettings("accounts")


def officer(*codes: str) -> DataView:
    return DataView(plans=False, areas=AreaScope("wards", codes))


def test_each_view_that_somebody_has_is_expected_that_of_most_people_first(
    file_records: Records,
) -> None:
    users, keys = Users(file_records), Keys(file_records)
    for name, roles, areas in (
        ("vera", (Role.VIEWER,), None),
        ("adam", (Role.ADMIN,), None),
        ("ben", (Role.OFFICER,), AreaScope("wards", ("A",))),
        ("odd", (Role.AUDITOR,), None),
        ("gone", (Role.PLANNER,), None),
    ):
        users.add(User(name, roles, areas), password=None, by="test")
    users.set_disabled("gone", disabled=True)
    keys.add("Excel", User("gone", (Role.PLANNER,)))
    before = Keys(file_records, lambda: utc_now() - timedelta(days=9))
    before.add("old", User("nobody", (Role.ANALYST,)), "1d")
    assert expected_views(file_records, ACCOUNTS) == [VIEWER, officer("A")]
    groups = ProxySettings(roles="Chairs=chair; Data=analyst; Auditors=auditor")
    proxied = expected_views(file_records, AccessSettings("proxy", proxy=groups))
    assert proxied == [VIEWER, officer("A"), PLANNER, EVERYTHING]
    for number in range(MOST_VIEWS):
        users.add(
            User(f"o{number}", (Role.OFFICER,), AreaScope("wards", (str(number),))),
            password=None,
            by="test",
        )
    assert len(expected_views(file_records, ACCOUNTS)) == MOST_VIEWS


def test_without_accounts_all_is_expected(file_records: Records) -> None:
    assert expected_views(None, AccessSettings()) == [EVERYTHING]
    assert expected_views(file_records, AccessSettings()) == [EVERYTHING]


def test_the_boards_of_an_officer_and_a_viewer_open_without_asking_anything_anew(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = service.app.state
    views = expected_views(service.records, service.access)
    gone = DataView(areas=AreaScope("wards", ("GONE",)))
    BoardPreparation(state.answers, state.basemaps, state.settings, views=[gone, *views])._run()
    asked: list[object] = []
    monkeypatch.setattr("api.limited.ask_about", lambda *question, **_: asked.append(question))
    monkeypatch.setattr("api.snapshot.ask_about", lambda *question, **_: asked.append(question))
    monkeypatch.setattr("api.board.map_page.draw", lambda *answer, **_: asked.append(answer))
    for name in ("vic", "ben", "ann"):
        page = service.signed_in(name).get("/", follow_redirects=True)
        assert page.status_code == 200
        assert "</html>" in page.text
        assert asked == [], name
