"""What changes who may do what is recorded before it is done: unrecorded, it does not happen."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app as command_line
from api.identity.passwords import Passwords
from api.identity.roles import Role
from api.identity.users import Users
from api.imports.opening import open_records
from api.imports.removal import retention_of
from geo.errors import StoreError, UnavailableError
from geo.store.geopackage import GeoPackageStore
from tests.api.identity.conftest import CHEAP, USERS, WORDS, Service

NEW = {"new": "another three words", "again": "another three words"}


def break_audit(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(service.app.state.audit.log, "append", fail)


def test_without_an_audit_entry_nobody_becomes_an_administrator(
    audited_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = audited_service
    adam, ann = service.signed_in("adam"), service.signed_in("ann")
    key, secret = service.app.state.access.keys.add("QGIS", USERS[0])
    before = service.app.state.access.users.all()
    break_audit(service, monkeypatch)
    for browser, path, form in (
        (adam, "/users/vic/roles", {"role": "admin"}),
        (adam, "/users", {"name": "eve", "role": "admin", "password": WORDS}),
        (adam, "/users/vic/password", {"password": "another three words"}),
        (adam, "/users/vic/disable", {"again": ""}),
        (adam, "/retention/months", {"source": "police.uk", "months": "1"}),
        (ann, "/keys/password", {"password": WORDS, **NEW}),
        (ann, "/keys", {"name": "more", "role": "analyst"}),
        (ann, f"/keys/{key.key_id}/revoke", {}),
    ):
        assert browser.post(path, data=form).status_code == 503, path
    assert service.app.state.access.users.all() == before
    assert len(service.app.state.access.keys.all()) == 1
    assert service.app.state.access.keys.identify(secret)
    assert not retention_of(service.app.state.data.store)


def test_what_is_refused_anyway_is_not_recorded_as_done(audited_service: Service) -> None:
    adam = audited_service.signed_in("adam")
    log = audited_service.app.state.audit.log
    before = log.count()
    for path, form in (
        ("/users/nobody/roles", {"role": "admin"}),
        ("/users", {"name": "vic", "role": "admin", "password": WORDS}),
        ("/users/vic/password", {"password": "short"}),
        ("/keys/none/revoke", {}),
    ):
        assert adam.post(path, data=form).status_code == 400, path
    assert log.count() == before
    assert adam.post("/users/vic/roles", data={"role": "chair"}).status_code == 303
    [entry] = [one for one in log.entries() if one.sequence > before]
    assert (entry.action, entry.text("subject")) == ("user changed", "vic: now chair")


def test_a_command_that_cannot_be_recorded_changes_nothing(
    made_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    store = shutil.copy(made_town, tmp_path / "town.gpkg")

    def run(*words: str, typed: str = "") -> BaseException | None:
        words = ("--store", str(store), *words)
        return CliRunner().invoke(command_line, words, input=typed).exception

    new = ("users", "add", "vic", "--role", "viewer")
    assert run(*new, typed=WORDS + "\n") is None
    assert run("keys", "add", "QGIS", "--role", "viewer", "--owner", "vic") is None
    assert run("backup", str(tmp_path / "b.gpkg")) is None
    assert run("imports", "undo", "2") is None
    monkeypatch.setenv("PATCHMAP_AUDIT", "on")
    monkeypatch.setenv("PATCHMAP_AUDIT_HEAD", str(tmp_path / "no folder" / "heads"))
    with open_records(str(store)) as records:
        [key] = records.rows("SELECT key_id FROM patchmap_keys")
    for words in (
        ("users", "set", "vic", "--role", "admin"),
        ("users", "disable", "vic"),
        ("users", "add", "eve", "--role", "admin", "--no-password"),
        ("keys", "add", "more", "--role", "admin"),
        ("keys", "revoke", *key),
        ("retention", "set", "police.uk", "1"),
        ("restore", str(tmp_path / "b.gpkg"), "--replace"),
    ):
        assert isinstance(run(*words), UnavailableError | SystemExit), words
    with open_records(str(store)) as records:
        [vic] = Users(records).all()
        assert (vic.roles, vic.is_disabled) == ((Role.VIEWER,), False)
        assert records.rows("SELECT revoked_at FROM patchmap_keys") == [(None,)]
    with closing(GeoPackageStore(store)) as opened:
        assert not retention_of(opened)
        assert opened.incident_count() == 160, "not restored"


def test_without_an_audit_entry_nobody_signs_out(
    audited_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = audited_service.signed_in("ann")
    with monkeypatch.context() as broken:
        break_audit(audited_service, broken)
        assert ann.post("/sign-out").status_code == 503
    assert ann.get("/keys").status_code == 200
    assert ann.post("/sign-out").status_code == 303
    assert ann.get("/keys").status_code == 303


def test_a_cookie_that_opens_nothing_writes_no_entry(audited_service: Service) -> None:
    log = audited_service.app.state.audit.log
    stranger = audited_service.browser()
    for number in range(5):
        stranger.cookies.set("__Host-patchmap", f"made-up-{number}")
        assert stranger.post("/sign-out").status_code == 303
    assert log.count() == 0


def test_the_length_of_the_audit_is_among_the_figures(audited_service: Service) -> None:
    adam = audited_service.signed_in("adam")
    log = audited_service.app.state.audit.log
    text = adam.get("/metrics").text
    assert f"patchmap_audit_entries {log.count()}\n" in text
    assert f"patchmap_audit_last_entry {log.last()}\n" in text
