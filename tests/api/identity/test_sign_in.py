"""Signing in and out, keys and users, in a browser without scripts and by programs."""

from __future__ import annotations

import html
import re

import pytest

from api.identity.attempts import MOST_FOR_PAIR
from api.identity.roles import Role
from api.identity.users import User, Users
from geo.errors import StoreError
from tests.api.identity.conftest import HOST, USERS, WORDS, Service

COOKIE = "__Host-patchmap"
PASSWORD = {"password": WORDS}


def secret_of(page: str) -> str:
    return re.search(r'class="secret">(patchmap_[\w-]+)<', page)[1]


def test_a_person_is_asked_to_sign_in_and_then_sees_what_they_wanted(service: Service) -> None:
    browser = service.browser()
    asked = browser.get("/allocation?officers=5&posts=on")
    assert asked.status_code == 303
    form = browser.get(asked.headers["location"])
    wanted = html.unescape(re.search(r'name="next" value="([^"]*)"', form.text)[1])
    assert wanted == "/allocation?officers=5&posts=on"
    done = browser.post("/sign-in", data={"name": "Ann", **PASSWORD, "next": wanted})
    assert (done.status_code, done.headers["location"]) == (303, wanted)
    cookie = done.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "path=/", "samesite=lax", "secure",
    }  # fmt: skip
    assert browser.get("/keys").status_code == 200
    assert browser.get("/sign-in").headers["location"] == "/"


def test_a_program_is_asked_for_a_key_and_a_script_of_a_page_is_not(service: Service) -> None:
    program = service.browser(accept="application/json")
    refused = program.get("/ogc/collections")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    # A browser would open a window of its own and ask for a user name and password.
    refused = program.get("/search?q=x", headers={"sec-fetch-mode": "cors"})
    assert refused.status_code == 401
    assert "www-authenticate" not in refused.headers
    # What the address asks for as a file is no page, whatever the program accepts.
    assert service.browser().get("/ogc?f=json").status_code == 401


def test_a_token_that_was_planted_or_copied_opens_nothing(service: Service) -> None:
    browser = service.browser()
    browser.cookies.set(COOKIE, "planted", domain=HOST)
    browser.post("/sign-in", data={"name": "ann", **PASSWORD})
    token = browser.cookies[COOKIE]
    assert token != "planted"
    thief = service.browser()
    thief.cookies.set(COOKIE, token, domain=HOST)
    assert thief.get("/keys").status_code == 200
    out = browser.post("/sign-out")
    assert out.headers["location"] == "/sign-in"
    assert COOKIE not in browser.cookies
    assert thief.get("/keys").status_code == 303
    for name in ("planted", "x" * 4000, "%00", '"'):
        thief.cookies.set(COOKIE, name, domain=HOST)
        assert thief.get("/keys").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"http://{HOST}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/keys", "/users", "/keys/x/revoke"])
def test_a_page_of_another_origin_changes_nothing(
    service: Service, path: str, headers: dict[str, str]
) -> None:
    browser = service.browser()
    browser.cookies.set(COOKIE, service.app.state.access.sessions.begin("adam"), domain=HOST)
    data = {"name": "x", **PASSWORD, "role": "admin"}
    assert browser.post(path, data=data, headers=headers).status_code == 403
    assert browser.get("/keys").status_code == 200, "the session goes on"
    assert len(service.app.state.access.users.all()) == 4


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "javascript:alert(1)", "/%0d%0aset-cookie:x", "//", "evil", "/\tx", "///evil.example",
        "/sign-out", "http:///evil.example", "/\x00",
        "//[", "//[evil.example", "http://]",
    ],
)  # fmt: skip
def test_sign_in_leads_nowhere_but_to_this_service(service: Service, target: str) -> None:
    for client in (service.browser(), service.signed_in("ann")):
        there = client.get("/sign-in", params={"next": target})
        assert "evil" not in there.headers.get("location", "")
    done = service.browser().post("/sign-in", data={"name": "ann", **PASSWORD, "next": target})
    location = done.headers.get("location", "/")
    assert location in ("/", "/%0d%0aset-cookie:x")
    assert done.status_code in (303, 400)


def test_a_wrong_password_is_refused_alike_for_everybody_and_not_for_ever(
    service: Service,
) -> None:
    browser = service.browser()
    texts = set()
    for name in ("ann", "nobody"):
        refused = browser.post("/sign-in", data={"name": name, "password": "wrong"})
        assert refused.status_code == 403
        texts.add(refused.text.replace(name, ""))
    assert len(texts) == 1
    for _ in range(4):
        browser.post("/sign-in", data={"name": "ann", "password": "wrong"})
    locked = browser.post("/sign-in", data={"name": "ann", **PASSWORD})
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert "try again in 15 minutes" in locked.text


def test_attempts_that_wait_are_counted_and_fill_no_disk(audited_service: Service) -> None:
    log = audited_service.app.state.audit.log
    for _ in range(40):
        audited_service.browser().post("/sign-in", data={"name": "ann", "password": "wrong"})
    actions = [entry.action for entry in log.entries()]
    assert actions == ["failed sign-in"] * MOST_FOR_PAIR + ["refusal"]
    audited_service.app.state.audit.close()
    [*_, last] = log.entries()
    assert last.text("subject") == (
        "34 without sign-in, the last: POST /sign-in: too many attempts for ann"
    )


def test_a_stranger_is_not_told_where_the_records_are(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_token: str) -> None:
        raise StoreError("/var/lib/patchmap/city.gpkg.records cannot be read")

    monkeypatch.setattr(service.app.state.access.sessions, "identify", fail)
    browser = service.browser()
    browser.cookies.set(COOKIE, "x", domain=HOST)
    refused = browser.get("/")
    assert refused.status_code == 503
    assert "cannot read who may use it" in refused.text
    assert "/var/lib" not in refused.text


def test_a_key_is_made_shown_once_used_and_revoked(service: Service) -> None:
    browser = service.signed_in("ann")
    made = browser.post("/keys", data={"name": "QGIS <b>", "role": "analyst", "expires": "30d"})
    key = secret_of(made.text)
    assert made.headers["cache-control"] == "no-store"
    listed = browser.get("/keys").text
    assert key not in listed
    assert "QGIS &lt;b&gt;" in listed
    program = service.program(key)
    assert program.get("/ogc/collections").status_code == 200
    bearer = {"authorization": f"Bearer {key}"}
    assert service.browser(**bearer).get("/ogc/collections?f=json").status_code == 200
    # A key cannot be used to make others, and the browser's cookie does not help a wrong one.
    assert program.post("/keys", data={"name": "more", "role": "analyst"}).status_code == 403
    assert browser.get("/ogc?f=json", headers={"authorization": "Basic eDp5"}).status_code == 401
    key_id = re.search(r'action="/keys/(\w+)/revoke"', listed)[1]
    assert service.signed_in("adam").post(f"/keys/{key_id}/revoke").status_code == 400
    assert browser.post(f"/keys/{key_id}/revoke").headers["location"] == "/keys"
    assert program.get("/ogc/collections").status_code == 401


def test_a_key_may_no_more_than_who_makes_it(service: Service) -> None:
    officer = service.signed_in("ben")
    refused = officer.post("/keys", data={"name": "x", "role": "admin"})
    assert refused.status_code == 400
    assert "You do not have the role admin" in refused.text
    made = officer.post("/keys", data={"name": "x", "role": "officer"})
    identity = service.app.state.access.keys.identify(secret_of(made.text))
    assert identity.areas.codes == ("A",)


def test_a_bookmark_of_the_first_page_leads_to_one_that_they_may_open(
    audited_service: Service,
) -> None:
    service = audited_service
    Users(service.records).add(User("sue", (Role.AUDITOR,)), password=WORDS, by="test")
    sue = service.signed_in("sue")
    assert (sue.get("/").status_code, sue.get("/").headers["location"]) == (303, "/audit")
    assert sue.get("/audit").status_code == 200
    assert sue.get("/allocation").status_code == 404
    assert service.signed_in("vic").get("/").status_code in (200, 303)
    assert service.browser().get("/").headers["location"].startswith("/sign-in")


def test_an_administrator_adds_changes_and_locks_out_a_user(service: Service) -> None:
    adam = service.signed_in("adam")
    data = {"name": "Zoe", "role": ["officer"], "areas": "wards:B", **PASSWORD}
    assert adam.post("/users", data=data).headers["location"] == "/users"
    assert "wards:B" in adam.get("/users").text
    zoe = service.signed_in("zoe")
    assert zoe.get("/users").status_code == 403
    assert adam.post("/users/zoe/roles", data={"role": ["admin"]}).status_code == 303
    assert zoe.get("/users").status_code == 200, "from the next request on"
    assert adam.post("/users/zoe/password", data={"password": "short"}).status_code == 400
    assert adam.post("/users/zoe/disable", data={"again": ""}).status_code == 303
    assert zoe.get("/users").status_code == 303, "asked to sign in"
    assert adam.post("/users/zoe/disable", data={"again": "yes"}).status_code == 303
    assert service.signed_in("zoe")
    for path in ("roles", "password", "disable"):
        data = {"role": "viewer", **PASSWORD}
        own = adam.post(f"/users/adam/{path}", data=data)
        assert own.status_code == 400
        assert "You cannot change your own account" in own.text


def test_a_password_is_changed_by_whoever_knows_it_and_other_sessions_end(
    service: Service,
) -> None:
    here, there = service.signed_in("ann"), service.signed_in("ann")
    new = {"new": "another three words", "again": "another three words"}
    assert here.post("/keys/password", data={"password": "wrong", **new}).status_code == 400
    changed = here.post("/keys/password", data={**PASSWORD, **new})
    assert changed.headers["location"] == "/keys?changed"
    assert here.get("/keys?changed").status_code == 200
    assert there.get("/keys").status_code == 303
    old = service.browser().post("/sign-in", data={"name": "ann", **PASSWORD})
    assert old.status_code == 403


def test_only_the_public_address_and_this_machine_are_answered(service: Service) -> None:
    browser = service.browser()
    assert browser.get("/healthz", headers={"host": "evil.example"}).status_code == 403
    assert browser.get("/healthz", headers={"host": f"{HOST}:444"}).status_code == 403
    for host in (HOST, f"{HOST}:443", "127.0.0.1:8000"):
        headers = {"host": host, "x-forwarded-host": "evil.example", "accept": "application/json"}
        assert browser.get("/healthz", headers=headers).status_code == 200
        landing = service.program(_key(service)).get("/ogc", headers=headers).json()
        links = {"/".join(link["href"].split("/")[:3]) for link in landing["links"]}
        assert links == {f"https://{HOST}"}, "links are made of the public address alone"


def _key(service: Service) -> str:
    return service.app.state.access.keys.add("test", USERS[0])[1]


def test_local_use_knows_no_sign_in(town_client: object) -> None:
    for path in ("/sign-in", "/keys", "/users", "/sign-out"):
        assert town_client.get(path).status_code == 404
