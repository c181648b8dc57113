"""Promise: an exact density of a million incidents is there before anyone waits for it.

Ours takes more memory than the bare sum, so that stands against a limit. One core, milliseconds on
the CPU: a quartic kernel of 500 m at the middles of 40,000 squares of 100 m.
"""

from __future__ import annotations

from tests.bench.patterns import OURS, Pattern, ours, race_and_compare, theirs
from tests.bench.runner import Line, Run, middle, rows

TITLE = "density"
CELL_M, BANDWIDTH_M = "100", "500"
TREE, DISTINCT = "sum over a cKDTree", "cKDTree of distinct places"
GOALS = {"points": {TREE: 40}, "snap": {TREE: 200, DISTINCT: 10}}
NAMES = {"points": "distinct points", "snap": "snap points"}
MOST_MB = 500
METHODS = {TREE: "tree", DISTINCT: "distinct"}


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    runs: dict[str, list[Run]] = {}
    lines: list[Line] = []
    for kind, goals in GOALS.items():
        raced = _race(Pattern(kind, rows()).file(), list(goals))
        runs |= {f"{NAMES[kind]}: {name}": each for name, each in raced.items()}
        lines += _lines(kind, {name: middle(each) for name, each in raced.items()})
    return runs, lines


def _race(points: str, rivals: list[str]) -> dict[str, list[Run]]:
    inputs = (points, CELL_M, BANDWIDTH_M)
    sides = {OURS: lambda answer: ours("density_ours", *inputs, answer)}
    for name in rivals:
        sides[name] = lambda answer, name=name: theirs(
            "density_rivals", METHODS[name], *inputs, answer
        )
    return race_and_compare(sides, rule="density")


def _lines(kind: str, taken: dict[str, Run]) -> list[Line]:
    title, mine = f"{TITLE} of {rows():,} {NAMES[kind]}", taken[OURS]
    lines = [
        Line(title, mine.figures["s"] * 1e3, taken[name].figures["s"] * 1e3, "ms", goal, name)
        for name, goal in GOALS[kind].items()
    ]
    return [*lines, Line(f"{title}, memory at most", mine.peak_mb, MOST_MB, "MB", 1, "limit")]
