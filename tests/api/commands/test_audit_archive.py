"""`patchmap audit archive`: old entries are in the file or in the audit, whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.identity.audit import Action
from api.identity.identity import local_identity
from api.imports.opening import open_audit
from api.settings import Settings
from geo.errors import StoreError
from geo.store import audit
from geo.store.audit_archive import read_archive
from geo.store.geopackage.records import RecordsFile

KILLED = """
import os, signal, sys
from geo.store.geopackage.records import RecordsFile
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
RecordsFile.delete_audit_until = die
from api.cli import main
main()
"""


@pytest.fixture
def store(made_town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The town with three entries of years ago."""
    monkeypatch.setenv("PATCHMAP_AUDIT", "on")
    monkeypatch.chdir(tmp_path)
    path = Path(shutil.copy(made_town, tmp_path / "town.gpkg"))
    with monkeypatch.context() as patched, open_audit(str(path), Settings.read()) as trail:
        patched.setattr(audit, "_now", lambda: "2020-01-01T00:00:00.000Z")
        for number in range(3):
            trail.record(local_identity("ann"), action=Action.CHANGE, subject=str(number))
    return path


def numbers(store: Path) -> list[int]:
    """The numbers of the entries that the audit still has."""
    with open_audit(str(store), Settings.read()) as trail:
        return [one.sequence for one in trail.log.entries()]


def archive(store: Path) -> BaseException | None:
    words = ["--store", str(store), "audit", "archive", "old.jsonl", "--months", "12"]
    return CliRunner().invoke(app, words).exception


def test_old_entries_move_to_the_file(store: Path) -> None:
    assert archive(store) is None
    assert [one.sequence for one in read_archive(Path("old.jsonl"))] == [1, 2, 3]
    assert Path("old.jsonl").stat().st_mode & 0o777 == 0o600
    assert numbers(store) == [4]


def test_a_refused_archive_leaves_no_file(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(Path().iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(audit, "digest_of", lambda _entries: "another")
        assert "has just changed" in str(archive(store))
    assert sorted(Path().iterdir()) == before
    assert archive(store) is None


def test_what_cannot_be_deleted_is_in_the_audit_and_not_in_a_file(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_records: RecordsFile, _last: int) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(RecordsFile, "delete_audit_until", fail)
        assert "the disk is full" in str(archive(store))
    assert not Path("old.jsonl").exists()
    assert numbers(store) == [1, 2, 3]


def test_a_crash_in_the_middle_leaves_no_file_and_every_entry(store: Path) -> None:
    words = ["--store", str(store), "audit", "archive", "old.jsonl", "--months", "12"]
    killed = subprocess.run([sys.executable, "-c", KILLED, *words], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    assert not Path("old.jsonl").exists()
    assert numbers(store) == [1, 2, 3]
    assert archive(store) is None
