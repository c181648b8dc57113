"""Promise: a near-repeat test takes seconds, not hours, and fits into memory.

One core, milliseconds on the CPU: pairs within 200 m and 14 days, 999 permutations. The rival's
time is extrapolated from 9 and 49 permutations; its memory is that of 49. It keeps a table of all
pairs, which at 100,000 points would take 80 GB, so ours stands against a limit there.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.patterns import OURS, Pattern, ours, race_and_compare, theirs
from tests.bench.runner import CACHE, ROUNDS, Line, Run, middle, run

TITLE = "Knox, 999 permutations"
BANDS = ("200", "14")
FEW, MANY = Pattern("points", 12_000), Pattern("points", 100_000)
RIVAL = "pointpats (extrapolated)"
MOST_MB = 500


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    few, many = FEW.file(), MANY.file()
    runs = race_and_compare(
        {
            OURS: lambda answer: ours("knox_ours", few, *BANDS, answer),
            RIVAL: lambda answer: theirs("knox_rivals", few, *BANDS, answer),
        },
        rule="knox",
    )
    with TemporaryDirectory(dir=CACHE) as folder:
        command = ours("knox_ours", many, *BANDS, str(Path(folder) / "answer.npz"))
        large = [run(command) for _ in range(ROUNDS)]
    mine, other, peak = middle(runs[OURS]), middle(runs[RIVAL]), middle(large)
    title = f"{TITLE}, {FEW.count:,} points"
    return runs | {f"{MANY.count:,} points: {OURS}": large}, [
        Line(title, mine.figures["s"] * 1e3, other.figures["s"] * 1e3, "ms", 500, RIVAL),
        Line(f"{title}, memory", mine.peak_mb, other.peak_mb, "MB", 1, RIVAL),
        Line(
            f"{TITLE}, {MANY.count:,} points, memory at most", peak.peak_mb, MOST_MB, "MB", 1,
            "limit",
        ),
    ]  # fmt: skip
