"""`patchmap users` and `patchmap keys`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.identity.passwords import Passwords
from tests.api.identity.conftest import CHEAP

WORDS = "purple kettle ladder"


@pytest.fixture
def store(tmp_path: Path, made_town: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Passwords, "_hasher", CHEAP._hasher)
    return shutil.copy(made_town, tmp_path / "town.gpkg")


def run(store: Path, *words: str, typed: str = "") -> str:
    done = CliRunner().invoke(app, ["--store", str(store), *words], input=typed)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_users_are_added_changed_and_locked_out(store: Path) -> None:
    new = ("users", "add", "Ann", "--role", "chair", "--role", "analyst")
    assert run(store, *new, typed=WORDS + "\n") == "added ann: analyst, chair\n"
    assert run(store, "users", "list") == "ann: analyst, chair\n"
    run(store, "users", "set", "ann", "--role", "officer", "--areas", "wards:A")
    run(store, "users", "password", "ann", typed="another three words\n")
    assert run(store, "users", "disable", "ann") == "ann: officer in wards:A, disabled\n"
    assert run(store, "users", "disable", "ann", "--undo") == "ann: officer in wards:A\n"
    run(store, "users", "add", "bo", "--role", "viewer", "--no-password")
    assert "bo: viewer, no password here" in run(store, "users", "list")


def test_a_key_is_shown_once_and_revoked(store: Path) -> None:
    added = json.loads(run(store, "--json", "keys", "add", "QGIS", "--role", "analyst"))
    assert added["secret"].startswith("patchmap_")
    listed = run(store, "keys", "list")
    assert added["secret"] not in listed
    assert "[in use]" in listed
    run(store, "keys", "revoke", added["id"])
    assert "[revoked]" in run(store, "keys", "list")


def test_keys_of_people_whom_a_proxy_alone_knows_are_listed_as_such(store: Path) -> None:
    run(store, "users", "add", "ann", "--role", "viewer", "--no-password")
    run(store, "keys", "add", "Excel", "--role", "viewer", "--owner", "ann")
    run(store, "keys", "add", "QGIS", "--role", "viewer")
    for line in run(store, "keys", "list").splitlines():
        assert line.endswith("owner is no user here") == ("QGIS" in line)
    facts = json.loads(run(store, "--json", "keys", "list"))
    assert {key["name"]: key["owner_is_user"] for key in facts} == {"Excel": True, "QGIS": False}


def test_areas_and_roles_that_open_nothing_are_refused(store: Path) -> None:
    def refused(*words: str) -> str:
        done = CliRunner().invoke(app, ["--store", str(store), *words])
        assert done.exit_code
        return f"{done.stderr}{done.exception}"

    officer = ("users", "add", "off", "--no-password", "--role", "officer", "--areas")
    assert "there is no area NOPE in layer wards" in refused(*officer, "wards:A,NOPE")
    assert "there is no layer 'nope'" in refused(*officer, "nope:A")
    run(store, *officer, "wards:A")
    assert "NOPE" in refused("users", "set", "off", "--role", "officer", "--areas", "wards:NOPE")
    key = ("keys", "add", "QGIS", "--owner", "off", "--role")
    assert "off does not have the role analyst" in refused(*key, "analyst")
    assert "in wards:A" in run(store, *key, "officer")


def test_commands_are_recorded_once_the_store_has_an_audit(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = ("--role", "viewer", "--no-password")
    run(store, "users", "add", "one", *viewer)
    monkeypatch.setenv("PATCHMAP_ACCESS", "accounts")
    run(store, "users", "add", "two", *viewer)
    monkeypatch.delenv("PATCHMAP_ACCESS")
    run(store, "users", "add", "three", *viewer)
    unknown = ("erase", "--source", "police.uk", "--id", "none", "--reason", "asked for")
    CliRunner().invoke(app, ["--store", str(store), *unknown])

    shown = run(store, "audit", "show")
    assert "one: added" not in shown
    assert "two: added" in shown
    assert "three: added" in shown
    assert "an incident of police.uk: refused, nothing was erased" in shown
