"""Keys of everybody: how long they last, who ends them, what they let programs see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from api.access_settings import AccessSettings, ProxySettings, PublicUrl
from api.identity.identity import AreaScope
from api.identity.keys import Keys
from api.identity.passwords import Passwords
from api.identity.roles import Role
from api.identity.users import User, Users
from geo.store.geopackage import GeoPackageStore
from geo.store.records import Records
from tests.api.identity.conftest import CHEAP, HOST, USERS, WORDS, Service

SECRET = "0123456789abcdef" * 3


@pytest.fixture
def proxied(file_records: Records, made_town: Path, tmp_path: Path) -> Iterator[Service]:
    """The town's service behind a proxy, which knows more people than the records do."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    proxy = ProxySettings(secret, roles="Analysts=analyst; Admins=admin")
    access = AccessSettings("proxy", PublicUrl.parse(f"https://{HOST}"), proxy)
    with closing(GeoPackageStore(made_town)) as store:
        yield Service(store, file_records, access)


def test_keys_of_people_whom_only_the_proxy_knows_end_soon(proxied: Service) -> None:
    def make(name: str, expires: str) -> str:
        headers = {
            "x-forwarded-user": name,
            "x-forwarded-groups": "Analysts",
            "x-patchmap-proxy-secret": SECRET,
        }
        form = {"name": "QGIS", "role": "analyst", "expires": expires}
        return proxied.browser(**headers).post("/keys", data=form).text

    assert "expires within 90 days from now; not 120d" in make("stranger", "120d").replace(
        "A key", "a key"
    )
    assert "The key for QGIS" in make("stranger", "90d")
    Users(proxied.records).add(User("vera", (Role.ANALYST,)), password=None, by="test")
    assert "The key for QGIS" in make("vera", "360d")


def test_an_administrator_lists_and_revokes_the_keys_of_all(audited_service: Service) -> None:
    service = audited_service
    keys = service.app.state.access.keys
    _, secret = keys.add("QGIS", USERS[0])
    gone, _ = keys.add("Power BI", User("left.long.ago", (Role.VIEWER,)))
    adam = service.signed_in("adam")
    page = adam.get("/keys/all").text
    assert page.count('action="/keys/all/') == 2
    assert re.search(r"left\.long\.ago <span[^>]*>no user here", page)
    assert not re.search(r"ann <span[^>]*>no user here", page)
    assert len(re.findall(r">\d+ [A-Z][a-z]+ 20\d\d, \d\d:\d\d</time>", page)) >= 2
    assert adam.post(f"/keys/all/{gone.key_id}/revoke").status_code == 303
    assert [one.revoked_at for one in keys.all("left.long.ago")] != [""]
    assert keys.identify(secret)
    entry = next(service.app.state.audit.log.entries(newest_first=True))
    assert entry.text("subject") == f"{gone.key_id} revoked, of left.long.ago"
    for name in ("ann", "vic"):
        other = service.signed_in(name)
        assert other.get("/keys/all").status_code == 403
        assert other.post(f"/keys/all/{gone.key_id}/revoke").status_code == 403


def test_a_key_for_one_area_never_opens_another_of_its_owner(file_records: Records) -> None:
    owner = User("ben", (Role.OFFICER,), AreaScope("wards", ("A", "B")))
    users, keys = Users(file_records), Keys(file_records)
    users.add(owner, password=None, by="test")
    narrow = User("ben", (Role.OFFICER,), AreaScope("wards", ("A",)))
    _, secret = keys.add("QGIS", narrow)

    def areas() -> AreaScope | None:
        identity = keys.identify(secret)
        assert identity
        return identity.areas

    assert areas() == AreaScope("wards", ("A",))
    users.change("ben", (Role.OFFICER,), AreaScope("wards", ("B",)))
    assert areas() == AreaScope("wards", ())
    users.change("ben", (Role.OFFICER,), AreaScope("wards-2026", ("X",)))
    assert areas() == AreaScope("wards-2026", ("X",))


def test_whoever_changes_their_password_is_told_of_their_keys(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    ann = service.signed_in("ann")
    new = {"password": WORDS, "new": "another three words", "again": "another three words"}
    done = ann.post("/keys/password", data=new)
    assert "and still work" in ann.get(done.headers["location"]).text
