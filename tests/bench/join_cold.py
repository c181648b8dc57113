"""Promise: a process that has just started, with a saved index, joins sooner than its rivals.

Seconds on the wall, all processors: from starting Python to the written answer. The index lies
beside the layer; kernels were compiled by an earlier process.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.joins import OURS, SEDONADB, SJOIN, Case, refuse_differing
from tests.bench.runner import CACHE, Line, Run, middle, race, run

TITLE = "join in a cold process"
CASE = Case("8,010 wards")
GOALS = {SJOIN: 3, SEDONADB: 1}


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        answers = {name: Path(folder) / f"{name}.npy" for name in (OURS, *GOALS)}
        ours = CASE.ours(answers[OURS], script="join_cold")
        run([*ours, "--save"])
        rivals = {name: CASE.rival(name, answers[name]) for name in GOALS}
        runs = race(
            {OURS: lambda: ours} | {name: lambda name=name: rivals[name] for name in GOALS},
            lambda: refuse_differing(answers),
        )
    mine = middle(runs[OURS])
    return runs, [
        Line(f"cold {CASE.title}", mine.wall_s, middle(runs[name]).wall_s, "s", goal, name)
        for name, goal in GOALS.items()
    ]
