"""Promise: values of measures are imported as fast as by pandas, and one area is read at once.

10 measures × 3,600 areas × 12 months: the shape of 100 × 36,000 × 60, a 500th of its rows. Ours
checks every row and can undo; the rival is `read_csv`, `to_sql` and an index in its order. The
page of an area has a row and a chart of every measure, each held against all other areas.
"""

from __future__ import annotations

import sys

from tests.bench.runner import SCRIPTS, Line, Run, middle, race

TITLE = "values of measures"
SIZE = (10, 3_600, 12)
PAGE_S = 1.0


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    command = [sys.executable, str(SCRIPTS / "measures.py"), *map(str, SIZE)]
    runs = race({TITLE: lambda: command}, lambda: None)  # the process compares by itself
    own = middle(runs[TITLE]).figures
    n = SIZE[0] * SIZE[1] * SIZE[2]
    imported = f"{TITLE}: {n:,} checked and imported"
    read = f"{TITLE}: all of one area, of {SIZE[1]:,}"
    return runs, [
        Line(imported, own["ours_import_s"], own["rival_import_s"], "s", 0.3, "pandas to_sql"),
        Line(f"{TITLE}: size", own["ours_mb"], own["rival_mb"], "MB", 1, "pandas to_sql"),
        Line(read, own["ours_read_s"], own["rival_read_s"], "s", 1, "pandas read_sql"),
        Line(
            f"{TITLE}: first page of an area, of {SIZE[1]:,}",
            own["first_page_s"],
            PAGE_S,
            "s",
            1,
            "limit",
        ),
        Line(f"{TITLE}: page of the next area", own["next_page_s"], PAGE_S, "s", 1, "limit"),
    ]
