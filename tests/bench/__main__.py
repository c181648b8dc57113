"""Every promise of speed against a named rival, as a table and as JSON.

`python -m tests.bench join join_cold` takes only the promises of these files.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from types import ModuleType

from tests.bench import (
    allocation,
    baseline_points,
    baselines,
    board,
    count,
    density,
    gazetteer,
    gi_star,
    import_geopackage,
    import_postgis,
    join,
    join_cold,
    join_threads,
    knox,
    measures,
    plan_move,
    planner,
    planner_large,
    scale,
    serving,
    start,
    streets,
    transform,
    unusual,
)
from tests.bench.runner import CACHE, Line, Run, rows, say

PROMISES = (
    join, join_cold, join_threads, serving, transform, gi_star, baselines, baseline_points, density,
    knox, import_geopackage, import_postgis, plan_move, planner, planner_large, allocation, board,
    count, scale, unusual, streets, gazetteer, measures, start,
)  # fmt: skip


def main() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    runs: dict[str, list[Run]] = {}
    for promise in _chosen(sys.argv[1:]):
        say(promise.TITLE)
        measured, new = promise.measure()
        lines += new
        runs |= {f"{promise.TITLE}: {name}": each for name, each in measured.items()}
    sys.stdout.write(as_table(lines) + "\n")
    (CACHE / "bench.json").write_text(as_json(lines, runs) + "\n", encoding="utf-8")
    say(f"the same as JSON: {CACHE / 'bench.json'}")


def _chosen(names: list[str]) -> list[ModuleType]:
    by_name = {promise.__name__.rpartition(".")[2]: promise for promise in PROMISES}
    if unknown := set(names) - set(by_name):
        raise SystemExit(f"no promise is called {unknown.pop()}; there are {', '.join(by_name)}")
    return [by_name[name] for name in names] or list(PROMISES)


def _figure(value: float) -> str:
    return f"{value:,.1f}" if value >= 1 else f"{value:.2f}"


def as_table(lines: list[Line]) -> str:
    head = ("promise", "ours", "rival", "ratio", "goal")
    body = [
        (
            line.promise,
            f"{_figure(line.ours)} {line.unit}",
            f"{_figure(line.rival)} {line.unit} {line.rival_name}",
            f"{line.ratio:.2f}",
            f"≥ {line.goal:g} {'met' if line.met else 'MISSED'}",
        )
        for line in lines
    ]
    widths = [max(map(len, column)) for column in zip(head, *body, strict=True)]
    table = [head, tuple("-" * width for width in widths), *body]
    return "\n".join(
        " · ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def as_json(lines: list[Line], runs: dict[str, list[Run]]) -> str:
    return json.dumps(
        {
            "rows": rows(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform()}",
            "python": platform.python_version(),
            "promises": [asdict(line) | {"ratio": line.ratio, "met": line.met} for line in lines],
            "runs": {name: [asdict(one) for one in each] for name, each in runs.items()},
        },
        indent=2,
    )


if __name__ == "__main__":
    main()
