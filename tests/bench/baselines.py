"""Promise: hot cells against a baseline, and shrunk rates, cost no more than a plain formula.

One core, milliseconds on the CPU. The rival of the exact tail is SciPy's binomial distribution of
each neighbourhood; ours also leaves out what has no baseline, and computes each distinct tail
once. Of residents hardly two neighbourhoods have the same share, so there is little to win.
The rival of shrunk rates is esda's empirical Bayes, with SciPy's gamma distribution for the range.
"""

from __future__ import annotations

from tests.bench.patterns import OURS, Pattern, ours, race_and_compare, theirs
from tests.bench.runner import Line, Run, middle

TITLE = "hot cells against a baseline"
CELLS = Pattern("cells", 100_000)
SCIPY, ESDA = "SciPy's binom", "esda and SciPy's gamma"
GOALS = {"even": 2.0, "points": 2.0, "residents": 1.0}
RANGES = "shrunk rates with ranges of 100,000 areas"
RANGES_GOAL = 1.0


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    cells = CELLS.file()
    runs: dict[str, list[Run]] = {}
    lines: list[Line] = []
    for kind, goal in GOALS.items():
        lines.append(_race(runs, f"{TITLE} ({kind}), 100,000 cells", kind, cells, goal, SCIPY))
    lines.append(_race(runs, RANGES, "rates", cells, RANGES_GOAL, ESDA))
    return runs, lines


def _race(
    runs: dict[str, list[Run]], title: str, kind: str, cells: str, goal: float, rival: str
) -> Line:
    raced = race_and_compare(
        {
            OURS: lambda answer: ours("baselines_ours", kind, cells, answer),
            rival: lambda answer: theirs("baselines_rivals", kind, cells, answer),
        },
        rule="tails" if kind in GOALS else "rates",
    )
    runs |= {f"{title}: {name}": each for name, each in raced.items()}
    mine, other = (middle(raced[name]).figures["s"] * 1e3 for name in (OURS, rival))
    return Line(title, mine, other, "ms", goal, rival)
