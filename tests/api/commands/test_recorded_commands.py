"""Every command that changes anything is recorded where an audit is kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli import app
from api.commands import declared
from api.imports.opening import open_audit
from api.settings import Settings
from geo.analyses import ANALYSES
from geo.errors import StoreError, UnavailableError
from geo.store.audit import AuditLog
from geo.store.geopackage import GeoPackageStore

ANSWERS = {one.command for one in ANALYSES if one.command != "patrols"} | {"patrols delivered"}
WEIGHTS = 'title = "Days"\nsource = "https://example.org"\n[weights]\n'
WEIGHTS += "anti-social-behaviour = 1\nburglary = 5\n"


def leaves(command: object, path: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all commands."""
    commands: dict[str, object] = getattr(command, "commands", {})
    for name, one in commands.items():
        yield from leaves(one, (*path, name))
    if not commands:
        yield " ".join(path)


def entries(store: Path) -> list[tuple[str, str]]:
    """What the audit of a store says that was done."""
    with open_audit(str(store), Settings.read()) as trail:
        return [(one.action, one.text("subject")) for one in trail.log.entries()]


@pytest.fixture
def path(made_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town in a file with an audit."""
    monkeypatch.setenv("PATCHMAP_AUDIT", "on")
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copy(made_town, tmp_path / "town.gpkg"))


def run(path: Path, *words: str) -> BaseException | None:
    return CliRunner().invoke(app, ["--store", str(path), *words]).exception


def test_every_command_says_what_it_changes() -> None:
    every = set(leaves(typer.main.get_command(app)))
    said = [
        {*declared.CHANGES},
        {*declared.RECORD_THEMSELVES},
        {*declared.READ_ONLY},
        ANSWERS - {"rank"},
    ]
    assert set().union(*said) == every
    assert sum(map(len, said)) == len(every), "some say two things"


def test_commands_are_recorded_with_their_arguments(path: Path, tmp_path: Path) -> None:
    (tmp_path / "harm.toml").write_text(WEIGHTS)
    for words in (
        ("weights", "add", str(tmp_path / "harm.toml"), "--id", "harm"),
        ("plan", "new", "draft", "--blocks", "wards", "--from", "wards"),
        ("plan", "lock", "draft", "A"),
        ("plan", "undo", "draft"),
        ("plan", "why", "draft", "A", "The market belongs to it"),
        ("plan", "forecast", "draft", "Births and moves of five years"),
        ("plan", "rename", "draft", "A", "Ann Lee's ward"),
        ("task", "raise", "Lights", "--place", "A@wards"),
        ("task", "accept", "T-0001", "--owner", "team"),
        ("task", "list"),
        ("basemap", "list"),
        ("layers", "list"),
        ("count", "-o", str(tmp_path / "out.csv")),
    ):
        assert run(path, *words) is None, words
    assert entries(path) == [
        ("import", "weights add harm.toml"),
        ("plan step", "plan new draft"),
        ("plan step", "plan lock draft A"),
        ("plan step", "plan undo draft"),
        ("plan step", "plan why draft A"),
        ("plan step", "plan forecast draft"),
        ("plan step", "plan rename draft A"),
        ("task step", "task raise"),
        ("task step", "task accept T-0001"),
    ]


def test_the_audit_keeps_no_argument_that_is_a_text() -> None:
    kept = {"area", "one", "other", "plan_id"}
    for words in ("plan rename", "plan bridge", "plan unbridge", "plan why", "priority set"):
        command = typer.main.get_command(app)
        for word in words.split():
            command = command.commands[word]
        arguments = {one.name for one in command.params if one.param_type_name == "argument"}
        assert arguments & declared.RECORDED <= kept, words
        assert arguments - declared.RECORDED, words


def test_what_a_command_cannot_record_it_does_not_do(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "harm.toml").write_text(WEIGHTS)

    def fail(*_: object) -> None:
        raise StoreError("disk full")

    monkeypatch.setattr(AuditLog, "append", fail)
    words = ("weights", "add", str(tmp_path / "harm.toml"), "--id", "harm")
    assert isinstance(run(path, *words), UnavailableError | SystemExit)
    with closing(GeoPackageStore(path)) as store:
        assert not [name for name in store.settings() if "harm" in name]


def test_a_command_that_nobody_declared_is_recorded_too(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "harm.toml").write_text(WEIGHTS)
    monkeypatch.setattr("api.commands.context.CHANGES", {})
    assert run(path, "weights", "add", str(tmp_path / "harm.toml"), "--id", "harm") is None
    assert entries(path) == [("change", "weights add harm.toml")]


def test_a_command_that_is_refused_is_not_recorded_as_done(path: Path) -> None:
    run(path, "weights", "add", "nothing.toml", "--id", "harm")
    run(path, "gazetteer", "remove", "nothing")
    run(path, "plan", "move", "nothing", "a", "--to", "b")
    assert entries(path) == []
