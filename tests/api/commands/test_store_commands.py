"""Imports, quality, backup, restore and copy, as commands."""

from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import refused, run
from tests.services import run_patchmap

HEADER = ["Crime ID", "Month", "Longitude", "Latitude", "Location", "Crime type"]
ASB = "Anti-social behaviour"


def month(name: str, places: list[float], *, twice: bool = False) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for lon in places * (2 if twice else 1):
        writer.writerow(["", name, f"{lon:.4f}", "52.95", "On or near Mill Lane", ASB])
    return text.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An archive of three months: January has 12 rows, February 24 published twice, March 3."""
    ring = [[-1.6, 52.9], [-1.4, 52.9], [-1.4, 53.0], [-1.6, 53.0], [-1.6, 52.9]]
    feature = {
        "type": "Feature",
        "properties": {"WD24CD": "E1", "WD24NM": "Mill"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    wards = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "wards.geojson").write_text(json.dumps(wards))
    places = [-1.5 + step / 200 for step in range(12)]
    with zipfile.ZipFile(tmp_path / "months.zip", "w") as archive:
        for name, text in {
            "2024-01": month("2024-01", places),
            "2024-02": month("2024-02", places, twice=True),
            "2024-04": month("2024-04", places[:3]),
        }.items():
            archive.writestr(f"{name}/{name}-testshire-street.csv", text)
    run(tmp_path, "layers", "add", "wards.geojson", "--id", "wards")
    return tmp_path


def counts(folder: Path, store: str = "patchmap.gpkg") -> int:
    run(folder, "--store", store, "count", "--from", "2024-01", "--to", "2024-04", "-o", "n.csv")
    return int(pd.read_csv(folder / "n.csv")["n"].sum())


def test_a_double_publication_is_warned_of_and_can_be_halved(folder: Path) -> None:
    warned = run_patchmap("ingest", "months.zip", cwd=folder).stderr
    assert "--halve testshire:2024-02:anti-social-behaviour" in warned
    assert counts(folder) == 12 + 24 + 3
    halving = ["--halve", "testshire:2024-02:anti-social-behaviour"]
    assert "12 accepted + 12 rejected (12 published twice)" in run(
        folder, "ingest", "months.zip", *halving
    )
    assert counts(folder) == 12 + 12 + 3
    rejects = pd.read_csv(folder / "months.rejects.csv")
    assert (rejects["reason"] == "published twice").all()
    assert len(rejects) == 12
    assert "unchanged" in run(folder, "ingest", "months.zip", *halving).splitlines()[1]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ("testshire:2024-01:anti-social-behaviour", "was not published twice: 12 groups"),
        ("testshire:2024-02:drugs", "was not published twice: it has no rows"),
        ("testshire:2024-09:drugs", "does not match any of the files"),
        ("testshire", "write it as"),
    ],
)
def test_what_was_not_published_twice_is_not_halved(folder: Path, wanted: str, reason: str) -> None:
    assert reason in refused(folder, "ingest", "months.zip", "--halve", wanted)


def test_an_answer_says_that_a_month_looks_published_twice(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    output = run(folder, "count", "--from", "2024-02", "--to", "2024-02", "-o", "n.csv")
    assert "February 2024: each of the 24 rows of anti-social behaviour occurs 2, 4, 6" in output


def test_quality_tells_gaps_short_months_and_busy_points(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    kinds = {note["kind"]: note for note in json.loads(run(folder, "--json", "quality"))}
    assert kinds["missing months"]["month"] == "2024-03"
    assert kinds["short month"]["month"] == "2024-04"
    assert kinds["published twice"]["month"] == "2024-02"
    assert "busiest points" in kinds


def test_an_import_can_be_undone_once(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    listed = json.loads(run(folder, "--json", "imports", "list"))
    assert [record["state"] for record in listed] == ["current"] * 3
    run(folder, "imports", "undo", "2")
    assert counts(folder) == 12 + 3
    assert "already undone" in refused(folder, "imports", "undo", "2")
    assert "there is no import 9" in refused(folder, "imports", "undo", "9")


def test_a_backup_restores_everything(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    run(folder, "backup", "saved.gpkg")
    run(folder, "imports", "undo", "3")
    assert "holds data" in refused(folder, "restore", "saved.gpkg")
    run(folder, "restore", "saved.gpkg", "--replace")
    assert counts(folder) == 12 + 24 + 3
    assert "already exists" in refused(folder, "backup", "saved.gpkg")


def test_what_is_no_backup_leaves_the_store_as_it_was(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    (folder / "notes.txt").write_text("no database, but long enough to be looked into " * 40)
    assert "cannot be used" in refused(folder, "restore", "notes.txt", "--replace")
    assert "no store at" in refused(folder, "restore", "nowhere.gpkg", "--replace")
    assert counts(folder) == 12 + 24 + 3


def test_a_copy_answers_as_its_original_does(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    run(folder, "copy", "--to", "copy.gpkg")
    assert counts(folder, "copy.gpkg") == counts(folder)
    assert "holds data" in refused(folder, "copy", "--to", "copy.gpkg")


def test_a_copy_says_what_of_the_history_it_lacks(folder: Path) -> None:
    run(folder, "ingest", "months.zip")
    assert "cannot be undone there" not in run(folder, "copy", "--to", "first.gpkg")
    run(folder, "imports", "undo", "3")
    for electors in ("1", "2"):
        (folder / "figures.csv").write_text(f"code,electors\nE1,{electors}\n")
        run(folder, "attributes", "add", "figures.csv", "--layer", "wards", "--key", "code")
    said = run(folder, "copy", "--to", "second.gpkg")
    line = "1 former import and 2 earlier layer changes are not in the copy and cannot be undone"
    assert line in said
    assert "earlier layer change" not in run(folder, "backup", "whole.gpkg")
    facts = json.loads(run(folder, "--json", "copy", "--to", "third.gpkg"))
    assert facts["history_left_behind"] == {"imports": 1, "layer_changes": 2}


def test_a_restore_that_is_broken_off_is_no_earlier_state_of_the_store(folder: Path) -> None:
    """Counters repeat what they were, so caches would take it for the state of the backup."""
    run(folder, "ingest", "months.zip")
    run(folder, "backup", "saved.gpkg")
    before = uuid_of(folder / "patchmap.gpkg")
    code = (
        "import os, signal; from geo.store.geopackage.sqlite_file import SqliteFile as F;"
        "F.transaction = lambda _: os.kill(os.getpid(), signal.SIGKILL);"
        "from geo.store.geopackage import GeoPackageStore; from pathlib import Path;"
        "GeoPackageStore(Path('patchmap.gpkg')).restore(Path('saved.gpkg'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False)
    assert done.returncode == -signal.SIGKILL
    broken_off = uuid_of(folder / "patchmap.gpkg")
    run(folder, "restore", "saved.gpkg", "--replace")
    assert len({before, broken_off, uuid_of(folder / "patchmap.gpkg")}) == 3


def uuid_of(path: Path) -> str:
    with closing(GeoPackageStore(path)) as store:
        return store.data_version().uuid
