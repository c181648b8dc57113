"""`patchmap purge`: how long what was replaced is kept, and what is said of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from geo.incidents import LONDON
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run
from tests.geo.stores.parts import lines, part, put
from tests.geo.stores.traces import fill_with_traces, traces


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store of which two imports replaced 350 rows 40 days ago, and one 7 rows today."""
    with closing(GeoPackageStore(tmp_path / "patchmap.gpkg", create=True)) as store:
        fill_with_traces(store)
        long_ago = (pd.Timestamp.now("UTC") - pd.Timedelta(days=40)).strftime("%Y-%m-%dT%H:%M:%SZ")
        with closing(sqlite3.connect(tmp_path / "patchmap.gpkg")) as connection, connection:
            connection.execute("UPDATE patchmap_imports SET imported_at = ?", [long_ago])
        put(store, part(lines(9)))
    return tmp_path


def test_a_preview_removes_nothing(folder: Path) -> None:
    said = run(folder, "purge", "--dry-run")
    assert "350 rows that 2 imports replaced before" in said
    assert said.rstrip().endswith("would be purged")
    assert traces(folder) > 0
    assert "purged" not in run(folder, "imports", "list")


def test_a_purge_says_how_many_rows_went_and_leaves_no_trace(folder: Path) -> None:
    said = run(folder, "purge")
    assert "350 rows that 2 imports replaced before" in said
    assert "backups made earlier still have the rows" in said
    assert traces(folder) == 0
    listed = run(folder, "imports", "list").splitlines()
    assert sum(line.endswith("purged, cannot be undone") for line in listed) == 2
    assert "0 rows that 0 imports replaced" in run(folder, "purge")
    # What was replaced today can be brought back; what was replaced before that cannot.
    run(folder, "imports", "undo", str(len(listed)))
    assert "cannot be undone: the 300 rows" in refused(folder, "imports", "undo", "3")


def test_the_day_named_is_kept(folder: Path) -> None:
    today = pd.Timestamp.now(LONDON).date()
    answer = json.loads(run(folder, "--json", "purge", "--before", str(today)))
    assert (answer["rows"], answer["before"], answer["dry_run"]) == (350, str(today), False)
    assert {one["purged"] for one in answer["imports"]} == {""}


@pytest.mark.parametrize(
    ("day", "message"),
    [
        ("2024-02-30", "--before '2024-02-30': write a day as YYYY-MM-DD"),
        ("soon", "--before 'soon': write a day as YYYY-MM-DD"),
        ("2024-01", "--before '2024-01': write a day as YYYY-MM-DD"),
        ("2999-01-01", "--before 2999-01-01: this day is still to come"),
    ],
)
def test_nonsense_is_refused(folder: Path, day: str, message: str) -> None:
    assert message in refused(folder, "purge", "--before", day)
    assert traces(folder) > 0
