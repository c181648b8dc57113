"""Promise: importing a police.uk archive into a GeoPackage costs no more than doing it by hand.

The rival is the script that a user would write with pandas and geopandas. It keeps only the rows
and their points; ours also keeps an index by id, by time and by import, and can undo.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import (
    CACHE,
    SCRIPTS,
    Command,
    Line,
    Run,
    archive,
    middle,
    race,
    rival_python,
    run,
)

TITLE = "import into a GeoPackage"
OURS, RIVAL, BARE = "patchmap ingest", "geopandas to_file", "geopandas to_file, no index"
MOST_MB = 350


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        ours, theirs = Path(folder) / "ours.gpkg", Path(folder) / "theirs.gpkg"
        runs = race(
            {
                OURS: lambda: _ours(ours),
                BARE: lambda: _theirs(theirs, "NO"),
                RIVAL: lambda: _theirs(theirs, "YES"),
            },
            lambda: _compare(ours, theirs),
        )
    return runs, _lines(runs)


def _lines(runs: dict[str, list[Run]]) -> list[Line]:
    ours, rival, bare = (middle(runs[name]) for name in (OURS, RIVAL, BARE))
    return [
        Line(f"{TITLE}, both with a spatial index", ours.wall_s, rival.wall_s, "s", 1, RIVAL),
        # Ours has no way to leave its index out, so this goal is the harder for it.
        Line(f"{TITLE}, ours with, theirs without", ours.wall_s, bare.wall_s, "s", 1, BARE),
        Line(f"{TITLE}, memory", ours.peak_mb, rival.peak_mb, "MB", 2, RIVAL),
        Line(f"{TITLE}, memory at most", ours.peak_mb, MOST_MB, "MB", 1, "limit"),
    ]


def _ours(store: Path) -> Command:
    _clear(store)
    return [
        sys.executable, "-m", "api", "--store", str(store), "ingest", str(archive()),
        "--rejects", str(store.with_suffix(".rejects.csv")),
    ]  # fmt: skip


def _theirs(target: Path, index: str) -> Command:
    _clear(target)
    return [rival_python(), str(SCRIPTS / "to_file.py"), str(archive()), str(target), index]


def _clear(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _compare(ours: Path, theirs: Path) -> None:
    run([sys.executable, str(SCRIPTS / "compare.py"), str(ours), str(theirs)])
