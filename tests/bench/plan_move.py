"""Promise: a planner who moves a block sees all that it does at once.

The demo city, about 800 blocks and 120,000 incidents; each way takes the same legal moves one by
one. Ours checks the move and gives every measure and the redrawn wards. geopandas dissolves the
blocks, joins the incidents and reckons again. A step of GerryChain checks contiguity and keeps
tallies and cut edges; it draws nothing, so ours is held against it without the drawing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import CACHE, SCRIPTS, Command, Line, Run, middle, race, rival_python, run

TITLE = "move a block of a plan"
OURS, TALLIED = "patchmap", "patchmap, not drawn"
GEOPANDAS, GERRYCHAIN = "geopandas dissolve + sjoin", "GerryChain step"
MOST_MS = 5


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    city = _city()
    with TemporaryDirectory(dir=CACHE) as folder:
        commands = {
            OURS: [sys.executable, "plan_ours.py", "drawn"],
            TALLIED: [sys.executable, "plan_ours.py", "tallied"],
            GEOPANDAS: [rival_python(), "plan_geopandas.py"],
            GERRYCHAIN: [rival_python(), "plan_gerrychain.py"],
        }
        answers = {name: Path(folder) / f"{number}.csv" for number, name in enumerate(commands)}
        rivals = {
            name: lambda name=name: _command(commands[name], city, answers[name])
            for name in commands
        }
        runs = race(rivals, lambda: _compare(answers))
    return runs, _lines({name: middle(each).figures["ms"] for name, each in runs.items()})


def _lines(ms: dict[str, float]) -> list[Line]:
    drawn, tallied = f"{TITLE}, measured and drawn", f"{TITLE}, tallies and cut edges"
    return [
        Line(drawn, ms[OURS], ms[GEOPANDAS], "ms", 100, GEOPANDAS),
        Line(drawn, ms[OURS], MOST_MS, "ms", 1, "limit"),
        Line(tallied, 1000 * ms[TALLIED], 1000 * ms[GERRYCHAIN], "µs", 1, GERRYCHAIN),
    ]


def _city() -> Path:
    folder = CACHE / "plan-city"
    if not (folder / "moves.json").exists():
        run([sys.executable, str(SCRIPTS / "make_plan.py"), str(folder)])
    return folder


def _command(way: list[str], city: Path, answer: Path) -> Command:
    python, script, *options = way
    return [python, str(SCRIPTS / script), str(city), str(answer), *options]


def _compare(answers: dict[str, Path]) -> None:
    tables = {name: path.read_text(encoding="utf-8") for name, path in answers.items()}
    for name, table in tables.items():
        if table != tables[OURS]:
            raise SystemExit(f"{name} counts otherwise than {OURS}")
