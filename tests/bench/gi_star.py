"""Promise: Gi* costs nothing, and its exact permutation p a fraction of a simulated one.

One core, milliseconds on the CPU. The rival's weights are made beforehand. Kept as `W`, which is
how nearly all code has them, esda goes through a dictionary of cells again; handed over as a
`Graph` that knows each cell as its own neighbour, esda does little but the same product of a
matrix that we do, and there is little to win.
"""

from __future__ import annotations

from tests.bench.patterns import OURS, Pattern, ours, race_and_compare, theirs
from tests.bench.runner import Line, Run, middle

TITLE = "Gi*"
CELLS = Pattern("cells", 100_000)
WEIGHTS, GRAPH, DRAWN = "esda, W", "esda, Graph", "esda, 999 permutations"


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    cells = CELLS.file()
    by_formula = race_and_compare(
        {
            OURS: lambda answer: ours("gi_star_ours", "z", cells, answer),
            WEIGHTS: lambda answer: theirs("gi_star_rivals", "z", "W", cells, answer),
            GRAPH: lambda answer: theirs("gi_star_rivals", "z", "Graph", cells, answer),
        },
        rule="z",
    )
    by_draws = race_and_compare(
        {
            OURS: lambda answer: ours("gi_star_ours", "p", cells, answer),
            DRAWN: lambda answer: theirs("gi_star_rivals", "p", "W", cells, answer),
        },
        rule="p",
    )
    runs = {f"z: {name}": each for name, each in by_formula.items()}
    runs |= {f"p: {name}": each for name, each in by_draws.items()}
    return runs, _lines({name: middle(each) for name, each in runs.items()})


def _lines(taken: dict[str, Run]) -> list[Line]:
    ms = {name: run.figures["s"] * 1e3 for name, run in taken.items()}
    z, p = f"{TITLE} of 100,000 cells", "exact permutation p of 100,000 cells"
    mine, drawn = taken[f"p: {OURS}"], taken[f"p: {DRAWN}"]
    return [
        Line(z, ms[f"z: {OURS}"], ms[f"z: {WEIGHTS}"], "ms", 100, WEIGHTS),
        Line(z, ms[f"z: {OURS}"], ms[f"z: {GRAPH}"], "ms", 1, GRAPH),
        Line(p, ms[f"p: {OURS}"], ms[f"p: {DRAWN}"], "ms", 300, DRAWN),
        Line(f"{p}, memory", mine.peak_mb, drawn.peak_mb, "MB", 1, DRAWN),
    ]
