"""Promise: importing a police.uk archive into PostGIS is five times as fast as `to_postgis`.

The work that the server does counts too: it is part of the seconds on the wall.
"""

from __future__ import annotations

import sys

from tests.bench.runner import SCRIPTS, Command, Line, Run, archive, middle, race, rival_python, run
from tests.postgres import start_cluster

TITLE = "import into PostGIS"
OURS, RIVAL = "patchmap", "geopandas to_postgis"


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with start_cluster() as cluster:
        databases: dict[str, str] = {}

        def fresh(name: str) -> str:
            databases[name] = cluster.new_database()
            return databases[name]

        runs = race(
            {OURS: lambda: _ours(fresh(OURS)), RIVAL: lambda: _theirs(fresh(RIVAL))},
            lambda: _compare(databases[OURS], databases[RIVAL]),
        )
    return runs, _lines(runs)


def _lines(runs: dict[str, list[Run]]) -> list[Line]:
    ours, rival = middle(runs[OURS]), middle(runs[RIVAL])
    return [
        Line(TITLE, ours.wall_s, rival.wall_s, "s", 5, RIVAL),
        Line(f"{TITLE}, memory", ours.peak_mb, rival.peak_mb, "MB", 2, RIVAL),
    ]


def _ours(url: str) -> Command:
    return [sys.executable, str(SCRIPTS / "patchmap_postgis.py"), str(archive()), url]


def _theirs(url: str) -> Command:
    return [rival_python(), str(SCRIPTS / "to_postgis.py"), str(archive()), url]


def _compare(ours: str, theirs: str) -> None:
    places = (f"{ours}#patchmap.incidents.geom", f"{theirs}#public.incidents.geometry")
    run([sys.executable, str(SCRIPTS / "compare.py"), *places])
