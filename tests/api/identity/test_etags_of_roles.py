"""What a browser keeps of pages is asked for anew once its reader may do other things."""

from __future__ import annotations

import pytest

from api.identity.identity import AreaScope, Identity
from api.identity.roles import Role
from api.identity.users import Users
from tests.api.identity.conftest import Service

PAGES = (
    *("/?period=latest-2m", "/allocation?tab=patrols", "/areas", "/areas/wards", "/areas/wards/A"),
    *("/money", "/answers/concentration?period=latest-2m", "/search?f=html&q=ward", "/ogc?f=html"),
    *("/ogc/collections?f=html", "/ogc/collections", "/ogc/collections/wards/items", "/ogc/api"),
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_sent_again_when_only_the_roles_of_its_reader_changed(
    service: Service, page: str
) -> None:
    # Both see all of the data, so the view of it does not tell them apart.
    users = Users(service.records)
    users.change("ann", (Role.ANALYST, Role.PLANNER), None)
    browser = service.signed_in("ann")
    before = browser.get(page)
    assert before.status_code == 200
    known = {"if-none-match": before.headers["etag"]}
    assert browser.get(page, headers=known).status_code == 304
    users.change("ann", (Role.ANALYST, Role.ADMIN), None)
    after = service.signed_in("ann").get(page, headers=known)
    assert after.status_code == 200
    if after.headers["content-type"].startswith("text/html"):
        assert 'href="/users"' in after.text
        assert 'href="/users"' not in before.text


def test_readers_are_told_apart_by_all_that_pages_say_of_them() -> None:
    base = Identity("ann", frozenset({Role.VIEWER}), "account")
    others = [
        Identity("ben", base.roles, "account"),
        Identity("ann", base.roles, "key"),
        Identity("ann", frozenset({Role.VIEWER, Role.CHAIR}), "account"),
        Identity("ann", base.roles, "account", AreaScope("wards", ("A",))),
        Identity("ann", base.roles, "account", AreaScope("wards", ("A", "B"))),
    ]
    assert len({one.fingerprint for one in (base, *others)}) == 6
    assert base.fingerprint == Identity("ann", base.roles, "account").fingerprint
