"""A name among three million, as many as OS Open Names has, found while it is typed."""

from __future__ import annotations

import sys

from tests.bench.runner import CACHE, Line, Run, middle, run

NAMES = 3_000_000
TITLE = f"finding a place among {NAMES:,} names"
LIMIT_MS = 50
LIMIT_BUILD_S = 120
LIMIT_MB = 600


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    path = CACHE / "made.names"
    script = "tests.bench.scripts.gazetteer_ours"
    runs = [run([sys.executable, "-m", script, str(path), str(NAMES)])]
    mine = middle(runs).figures
    path.unlink()
    return {"patchmap": runs}, [
        Line(f"{TITLE}, the slowest text, CPU", mine["worst_ms"], LIMIT_MS, "ms", 1, "limit"),
        Line(f"{TITLE}, the median text, CPU", mine["median_ms"], LIMIT_MS, "ms", 1, "limit"),
        Line(f"{TITLE}: building the index, CPU", mine["build_s"], LIMIT_BUILD_S, "s", 1, "limit"),
        Line(f"{TITLE}: size of the index", mine["megabytes"], LIMIT_MB, "MB", 1, "limit"),
    ]
