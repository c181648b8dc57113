"""`patchmap serve --check`: what is unsafe is named in one line each, and nothing is started."""

from __future__ import annotations

import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from api.operations import checks
from api.operations.checks import findings
from api.settings import Settings
from geo.store.geopackage.records import records_path
from geo.store.postgis.inspection import DatabaseFacts
from tests.services import run_patchmap


@pytest.fixture
def town(tmp_path: Path, made_town: Path) -> Path:
    path = Path(shutil.copy(made_town, tmp_path / "town.gpkg"))
    path.chmod(0o600)
    tmp_path.chmod(0o700)
    return path


def refused(store: Path | str, environment: dict[str, str] | None = None) -> list[str]:
    """The lines of what must not start; who runs the tests may be root."""
    settings = replace(Settings.read(environment or {}), store=str(store))
    lines = [one.line for one in findings(settings, create=False) if one.verdict == "refused"]
    return [line for line in lines if not line.startswith("refused: user:")]


PUBLIC = {"PATCHMAP_ACCESS": "accounts", "PATCHMAP_PUBLIC_URL": "https://patchmap.example"}


def test_a_private_store_on_this_machine_may_be_served(town: Path) -> None:
    before = town.read_bytes()
    done = run_patchmap("--store", str(town), "serve", "--check", cwd=town.parent)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert f"ok: store: only its owner can read {town}" in lines
    assert all(line.startswith(("ok: ", "warning: ")) for line in lines)
    assert town.read_bytes() == before
    assert not records_path(town).exists()


def test_what_others_can_read_or_change_is_refused(town: Path) -> None:
    town.chmod(0o644)
    records_path(town).touch(mode=0o640)
    key = town.with_name(f"{town.name}.audit-key")
    key.touch(mode=0o604)
    town.parent.chmod(0o707)
    records = records_path(town)
    assert refused(town, PUBLIC) == [
        f"refused: store: every user can read {town}; run: chmod o= {town}",
        f"refused: records: others can read {records}; run: chmod 600 {records}",
        f"refused: folder: every user can change {town.parent}; run: chmod o-w {town.parent}",
        f"refused: audit key: others can read {key}; run: chmod 600 {key}",
    ]


def test_what_is_no_store_or_of_a_newer_release_is_refused(town: Path) -> None:
    with closing(sqlite3.connect(town)) as file, file:
        file.execute("INSERT INTO patchmap_migrations VALUES (999, 'later', 'x', 'now')")
    assert refused(town) == [
        f"refused: store: {town} was written by a newer Patchmap; update this one"
    ]
    town.write_text("no store")
    (line,) = refused(town)
    assert line.startswith(f"refused: store: the store {town} cannot be read: ")


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"PATCHMAP_PUBLIC_URL": "http://patchmap.example"}, "can be read on the way"),
        ({"PATCHMAP_CORS": "*"}, "lets the pages of any site read with a key"),
    ],
)
def test_unsafe_settings_are_refused(town: Path, environment: dict[str, str], fault: str) -> None:
    (line,) = refused(town, {**PUBLIC, **environment})
    assert fault in line


def test_a_place_that_serve_refuses_is_refused_here_too(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("--store", str(town), "serve", "--check", "--host", "0.0.0.0")
    done = run_patchmap(*command, cwd=town.parent)
    assert done.returncode == 1
    assert "refused: access: --host 0.0.0.0 is not this machine" in done.stdout
    monkeypatch.setenv("PATCHMAP_ACCESS", "proxy")
    monkeypatch.setenv("PATCHMAP_PUBLIC_URL", "https://patchmap.example")
    done = run_patchmap(*command, cwd=town.parent)
    assert "refused: access: anybody could pose as the proxy" in done.stdout


def test_little_room_and_network_drives_are_named(
    town: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = namedtuple("room", "total used free")
    monkeypatch.setattr(checks.shutil, "disk_usage", lambda _: room(9, 9, 1_000))
    monkeypatch.setattr(checks, "_network_disk", lambda _: "nfs4")
    assert [line.split(":")[1] for line in refused(town)] == [" folder", " disk"]


def test_a_database_is_looked_at_and_not_changed(town_database: str) -> None:
    settings = replace(Settings.read({}), store=town_database)
    lines = [one.line for one in findings(settings, create=False)]
    assert "ok: database: reached without a network" in lines
    assert any(line.startswith("ok: versions: PostgreSQL 1") for line in lines)
    assert [line for line in lines if line.startswith("refused")] == []
    (line,) = refused("postgresql://nobody@127.0.0.1:1/none")
    assert line.startswith("refused: store: the store none cannot be used")


@pytest.mark.parametrize(
    ("sslmode", "verdict"),
    [("prefer", "refused"), ("disable", "refused"), ("require", "warning"), ("verify-full", "ok")],
)
def test_a_database_in_the_network_needs_tls_that_is_verified(
    sslmode: str, verdict: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = DatabaseFacts(False, sslmode, True, True, 120_000, "", True, 99.0, 2, 97)
    monkeypatch.setattr("geo.store.postgis.inspection.database_facts", lambda _: facts)
    results = {}
    for one in findings(replace(Settings.read({}), store="postgresql://x/y"), create=False):
        results.setdefault(one.check, []).append(one.verdict)
    assert results["database"] == [verdict, "warning", "warning"]  # its password, a superuser
    assert results["versions"] == ["ok", "refused", "refused"]
    assert (results["time"][0], results["upgrade"]) == ("warning", ["warning"])


def test_the_service_says_how_its_settings_stand_as_json(town: Path) -> None:
    done = run_patchmap("--json", "--store", str(town), "serve", "--check", cwd=town.parent)
    assert '"verdict":"ok"' in done.stdout.replace(" ", "")
    assert [path.name for path in town.parent.iterdir()] == [town.name]
