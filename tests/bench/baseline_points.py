"""Promise: from a million points to hot and cold cells takes no time to wait for.

One core, milliseconds on the CPU: counting the points in cells, what the baseline has there, the
tail of each neighbourhood, and its false discovery rate. Which cells there are and which touch is
given to both. The rival counts with geopandas `sjoin`, and tests with SciPy.
"""

from __future__ import annotations

from tests.bench.baselines import SCIPY
from tests.bench.patterns import OURS, Pattern, ours, race_and_compare, theirs
from tests.bench.runner import Line, Run, middle, rows

TITLE = "points to hot cells"
CELL_M = 150
RIVAL = f"geopandas sjoin and {SCIPY}"
GOALS = {"even": 10.0, "points": 10.0, "residents": 10.0}


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    points, grid = Pattern("snap", rows()).file(), Pattern("grid", CELL_M).file()
    runs: dict[str, list[Run]] = {}
    lines: list[Line] = []
    for kind, goal in GOALS.items():
        title = f"{TITLE} ({kind}): {rows():,} points, cells of {CELL_M} m"
        raced = race_and_compare(
            {
                OURS: lambda answer, kind=kind: ours(
                    "baseline_points_ours", kind, points, grid, answer
                ),
                RIVAL: lambda answer, kind=kind: theirs(
                    "baseline_points_rival", kind, points, grid, answer
                ),
            },
            rule="tails",
        )
        runs |= {f"{title}: {name}": each for name, each in raced.items()}
        mine, other = (middle(raced[name]).figures["s"] * 1e3 for name in (OURS, RIVAL))
        lines.append(Line(title, mine, other, "ms", goal, RIVAL))
    return runs, lines
