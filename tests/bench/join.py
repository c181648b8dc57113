"""Promise: the join is so fast that nobody asks, with its index ready and from nothing.

One core, seconds on the CPU, the layer and the points in memory. `BENCH_ROWS=10000000` takes ten
million points.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.joins import (
    DISTINCT,
    OURS,
    SEDONADB,
    SJOIN,
    X_SORTED,
    Case,
    refuse_differing,
)
from tests.bench.runner import CACHE, Line, Run, middle, race, rows

TITLE = "join"

# How many times faster than each rival with the index ready, and than sjoin in all.
CITY = {SJOIN: 100, SEDONADB: 30, X_SORTED: 20}
COUNTRY = {SJOIN: 300, SEDONADB: 120, X_SORTED: 40}
CASES = {
    Case("city of 17 wards"): (CITY, 60),
    Case("city of 17 wards", "snap points"): (CITY | {DISTINCT: 20}, 60),
    Case("8,010 wards"): (COUNTRY, 50),
    Case("36,040 LSOAs"): (COUNTRY, 50),
}
# Building a country's index pays for many points only.
MANY = 10_000_000


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    runs: dict[str, list[Run]] = {}
    lines: list[Line] = []
    for case, (goals, goal_in_all) in CASES.items():
        with TemporaryDirectory(dir=CACHE) as folder:
            raced = _race(case, [OURS, *goals], Path(folder))
        runs |= {f"{case.title}: {name}": each for name, each in raced.items()}
        lines += _lines(case, {name: middle(each) for name, each in raced.items()}, goals)
        if case.layer.startswith("city") or rows() >= MANY:
            lines.append(_line_in_all(case, raced, goal_in_all))
    return runs, lines


def _race(case: Case, names: list[str], folder: Path) -> dict[str, list[Run]]:
    answers = {name: folder / f"{number}.npy" for number, name in enumerate(names)}
    commands = {
        name: lambda name=name: (
            case.ours(answers[name]) if name == OURS else case.rival(name, answers[name])
        )
        for name in names
    }
    return race(commands, lambda: refuse_differing(answers))


def _lines(case: Case, taken: dict[str, Run], goals: dict[str, int]) -> list[Line]:
    ours = taken[OURS]
    lines = [
        Line(case.title, _ns(ours, "ready_s"), _ns(taken[name], "s"), "ns a point", goal, name)
        for name, goal in goals.items()
    ]
    memory = Line(f"{case.title}, memory", ours.peak_mb, taken[SJOIN].peak_mb, "MB", 2, SJOIN)
    return [*lines, memory]


def _line_in_all(case: Case, raced: dict[str, list[Run]], goal: int) -> Line:
    ours, rival = _ns(middle(raced[OURS]), "first_s"), _ns(middle(raced[SJOIN]), "s")
    return Line(f"{case.title}, index built", ours, rival, "ns a point", goal, SJOIN)


def _ns(taken: Run, name: str) -> float:
    return taken.figures[name] / rows() * 1e9
