"""What is done to a store leaves its tasks whole, and no release carries any."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import app
from boundaries.tasking.actions import call_meeting, set_roster_entry
from boundaries.tasking.meeting import MeetingTerms
from boundaries.tasking.roster import RosterTerms
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents
from tests.api.releases.test_open import calls_of
from tests.api.reports.tasking_town import fill_with_tasks
from tests.boundaries.tasking.tasking_made import signed

TITLES = ("Money for lights", "Extra patrols", "Off-road bikes", "Officer 12", "Spring board")
LISTS = (("task", "list"), ("priority", "list"), ("roster", "list"), ("meeting", "list"))


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        fill_with_tasks(store)
        day = date(2026, 3, 30)
        call_meeting(
            store, MeetingTerms(level="city", day=day, title="Spring board"), signed=signed()
        )
        set_roster_entry(
            store, RosterTerms(role="coordinator", holder="Officer 12", first=day), signed=signed()
        )
        with store.transaction():
            # A month is imported again, so that there is something to purge.
            store.put_partition(month_of_incidents("2024-02", seed=8))
            store.put_partition(calls_of("2024-01"))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE patchmap_imports SET imported_at = '2026-01-01T00:00:00Z'")
    return path


def run(path: Path, *words: str) -> str:
    done = CliRunner().invoke(app, ["--store", str(path), *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def tasking_of(path: Path) -> dict[str, Any]:
    """All tasking of a store: what lists say, and every task with its steps."""
    lists = {" ".join(words): json.loads(run(path, "--json", *words)) for words in LISTS}
    ids = [one["task_id"] for one in lists["task list"]["tasks"]]
    assert len(ids) == 12
    return lists | {one: json.loads(run(path, "--json", "task", "show", one)) for one in ids}


def test_purges_and_erasures_leave_tasks_as_they_are(town: Path) -> None:
    before = tasking_of(town)
    assert "160 rows" in run(town, "purge")
    incident = "police.uk/testshire/2024-01:2"
    words = ("--source", "police.uk", "--id", incident, "--reason", "asked for")
    assert "removed" in run(town, "erase", *words)
    run(town, "imports", "undo", "1")
    assert tasking_of(town) == before


def test_a_backup_a_restore_and_a_copy_have_all_of_tasking(town: Path, tmp_path: Path) -> None:
    before = tasking_of(town)
    run(town, "backup", str(tmp_path / "backup.gpkg"))
    assert tasking_of(tmp_path / "backup.gpkg") == before
    run(town, "task", "decline", "T-0002", "--reason", "No money.")
    assert tasking_of(town) != before
    run(town, "restore", str(tmp_path / "backup.gpkg"), "--replace")
    assert tasking_of(town) == before
    run(town, "copy", "--to", str(tmp_path / "copy.gpkg"))
    assert tasking_of(tmp_path / "copy.gpkg") == before


def test_a_release_carries_no_task(town: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.commands.release.user_name", lambda: "ann")
    words = ("--from", "2024-01", "--to", "2024-01", "--group", "burglary")
    made = run(town, "release", "make", "first", *words)
    (digest,) = re.findall("digest: (.+)", made)
    monkeypatch.setattr("api.commands.release.user_name", lambda: "ben")
    run(town, "release", "approve", "first", "--digest", digest)
    # Releases lie in the records beside the store.
    records = [path for path in town.parent.glob("town.gpkg.*") if path.is_file()]
    assert records
    content = b"".join(path.read_bytes() for path in records)
    assert b"first" in content
    content += run(town, "--json", "release", "show", "first").encode()
    for title in TITLES:
        assert title.encode() not in content
