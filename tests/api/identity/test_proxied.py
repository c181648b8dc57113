"""Proxy mode: only the proxy is believed, of users, groups and addresses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.requests import HTTPConnection

from api.access_settings import AccessSettings, ProxySettings, PublicUrl
from api.commands.place import Place
from api.identity.identity import AreaScope
from api.identity.peers import Peers
from api.identity.proxied import grants_of
from api.identity.roles import Role
from api.identity.users import User, Users
from api.settings import Settings
from geo.errors import InputError
from geo.store.geopackage import GeoPackageStore
from geo.store.records import Records
from tests.api.identity.conftest import HOST, Service

SECRET = "0123456789abcdef" * 2
PROXY = {"x-patchmap-proxy-secret": SECRET}
ROLES = "Analysts=analyst; Beat 3=officer@wards:A; IT, all=admin"
ACCESS = AccessSettings(
    "proxy", PublicUrl.parse(f"https://{HOST}"), ProxySettings(roles=ROLES), on_socket=True
)


def proxied(store: GeoPackageStore, records: Records, access: AccessSettings) -> Service:
    Users(records).add(User("chair@council", (Role.CHAIR,)), password=None, by="test")
    Users(records).add(User("gone@council", (Role.ADMIN,)), password=None, by="test")
    Users(records).set_disabled("gone@council", disabled=True)
    return Service(store, records, access)


@pytest.fixture
def by_secret(file_records: Records, made_town: Path, tmp_path: Path) -> Iterator[Service]:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    file.chmod(0o600)
    access = replace(ACCESS, proxy=ProxySettings(secret_file=file, roles=ROLES), on_socket=False)
    with closing(GeoPackageStore(made_town)) as store:
        yield proxied(store, file_records, access)


def said(user: str, groups: str = "") -> dict[str, str]:
    return {"x-forwarded-user": user, "x-forwarded-groups": groups}


def test_the_proxy_says_who_somebody_is_and_nobody_else_does(by_secret: Service) -> None:
    ann = said("Ann@Council", "Analysts")
    assert by_secret.browser(**ann, **PROXY).get("/planner").status_code == 200
    for headers in (
        ann,
        {**ann, "x-patchmap-proxy-secret": ""},
        {**ann, "x-patchmap-proxy-secret": SECRET[:-1] + "x"},
        {**ann, "x_patchmap_proxy_secret": SECRET},
        {**ann, "forwarded": f"by={SECRET}"},
        {"x-forwarded-email": "ann@council", **PROXY},
    ):
        assert by_secret.browser(**headers).get("/planner").status_code == 401


@pytest.mark.parametrize(
    ("user", "groups", "path", "status"),
    [
        ("ann", "Others, Analysts", "/planner", 200),
        ("ann", "Others", "/planner", 403),
        ("ann", "analysts", "/planner", 403),  # the case of a group matters
        ("chair@council", "", "/planner", 200),
        ("gone@council", "Analysts", "/planner", 401),
        ("root", "IT, all", "/users", 403),  # a comma parts groups
        ("", "Analysts", "/planner", 401),
        ("ann\x1f", "Analysts", "/planner", 401),
        ("<script>", "Analysts", "/planner", 401),
        ("ann (key x)", "Analysts", "/planner", 401),  # as only a key is named
    ],
)
def test_groups_and_users_give_roles(
    by_secret: Service, user: str, groups: str, path: str, status: int
) -> None:
    response = by_secret.browser(**said(user, groups), **PROXY).get(path)
    assert response.status_code == status
    assert "www-authenticate" not in response.headers or status == 401


def test_a_header_that_comes_twice_is_not_believed(by_secret: Service) -> None:
    browser = by_secret.browser(**PROXY)
    twice = [("x-forwarded-user", "ann"), ("x-forwarded-user", "root")]
    headers = [*browser.headers.multi_items(), *twice, ("x-forwarded-groups", "Analysts")]
    assert browser.get("/planner", headers=headers).status_code == 401


def test_keys_are_managed_in_proxy_mode_and_nobody_signs_in_here(by_secret: Service) -> None:
    browser = by_secret.browser(**said("ann", "Analysts"), **PROXY)
    assert browser.get("/sign-in").status_code == 404
    made = browser.post("/keys", data={"name": "QGIS", "role": "analyst"})
    assert "The key for QGIS" in made.text
    assert "Change my password" not in made.text
    [key] = by_secret.app.state.access.keys.all("ann")
    assert key.roles == (Role.ANALYST,)


def test_only_the_proxys_word_on_where_a_request_comes_from_counts() -> None:
    def caller(**headers: str) -> HTTPConnection:
        pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
        return HTTPConnection({"type": "http", "headers": pairs, "client": ("192.0.2.9", 1)})

    peers = Peers(SECRET)
    spoofed = caller(x_forwarded_for="127.0.0.1, 192.0.2.1", x_patchmap_proxy_secret=SECRET)
    assert peers.forwarded_address(spoofed) == "192.0.2.1"
    assert peers.forwarded_address(caller(x_forwarded_for="127.0.0.1")) == ""
    assert peers.forwarded_address(caller(x_patchmap_proxy_secret=SECRET)) == ""
    assert Peers("", on_socket=True).forwarded_address(caller(x_forwarded_for="x")) == ""


def test_groups_are_read_with_roles_and_areas() -> None:
    grants = grants_of("CN=a=viewer+chair;Beat 3 = officer@wards-2025:E2,E1;")
    assert grants == {
        "CN=a": ((Role.VIEWER, Role.CHAIR), None),
        "Beat 3": ((Role.OFFICER,), AreaScope("wards-2025", ("E1", "E2"))),
    }
    for text in ("Analysts", "=viewer", "A=root", "A=officer", "A=viewer@wards:A", "A=officer@x"):
        with pytest.raises(InputError):
            grants_of(text)


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"PATCHMAP_ACCESS": "all"}, "choose local, accounts or proxy"),
        ({"PATCHMAP_PUBLIC_URL": "https://maps.example"}, "everybody would have all rights"),
        ({"PATCHMAP_PROXY_USER_HEADER": "Authorization"}, "no name of a header"),
        ({"PATCHMAP_PROXY_GROUPS_HEADER": "x y"}, "no name of a header"),
    ],
)
def test_settings_that_would_be_unsafe_are_refused(
    environment: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Settings.read(environment)


def test_a_secret_that_others_can_read_or_guess_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text, mode, message in (
        (SECRET, 0o644, "every user can read"),
        ("short", 0o600, "32 or more"),
        ("", 0o600, "32 or more"),
    ):
        file.write_text(text)
        file.chmod(mode)
        with pytest.raises(InputError, match=message):
            ProxySettings(secret_file=file).read_secret()
    with pytest.raises(InputError, match="cannot be read"):
        ProxySettings(secret_file=tmp_path / "none").read_secret()


@pytest.mark.parametrize(
    ("place", "way", "message"),
    [
        (Place("0.0.0.0"), "local", "everybody has all rights"),
        (Place("0.0.0.0"), "accounts", "add --tls-cert"),
        (Place(path=Path("x.sock")), "local", "--socket is for a proxy"),
        (Place("0.0.0.0"), "proxy", "PATCHMAP_PUBLIC_URL"),
        (Place(certificate=Path("x")), "accounts", "belong together"),
        (Place(certificate=Path("x"), key=Path("y")), "accounts", "no certificate and key"),
    ],
)
def test_a_place_where_callers_are_unknown_or_overheard_is_refused(
    place: Place, way: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        place.checked(AccessSettings(way))


def test_a_proxy_that_anybody_could_pose_as_is_refused(
    file_records: Records, made_town: Path
) -> None:
    with (
        closing(GeoPackageStore(made_town)) as store,
        pytest.raises(InputError, match="nobody else may pose as the proxy"),
    ):
        Service(store, file_records, replace(ACCESS, on_socket=False))
