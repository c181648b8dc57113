"""Promise: turning degrees into metres costs no more than the join that follows it.

Seconds on the CPU of one core; the results of both ways differ by less than a millimetre.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.joins import Case
from tests.bench.runner import CACHE, Line, Run, middle, race

TITLE = "degrees to metres"
CASE = Case("8,010 wards")


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        command = CASE.ours(Path(folder) / "answer.npy", script="transform")
        runs = race({TITLE: lambda: command}, lambda: None)  # the process compares by itself
    figures = middle(runs[TITLE]).figures
    ns = {name: seconds / CASE.count * 1e9 for name, seconds in figures.items()}
    title = f"{TITLE}, {CASE.count:,} points"
    join = f"join to {CASE.layer}"
    return runs, [
        Line(title, ns["fast_s"], ns["join_s"], "ns a point", 1, join),
        Line(title, ns["fast_s"], ns["plain_s"], "ns a point", 10, "pyproj"),
    ]
