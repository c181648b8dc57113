"""Promise: what is unusual in 36,000 series of 60 months is known in seconds.

Processor time. The rival, R's package surveillance, is timed on 200 of the series and extrapolated;
without R there is the limit alone.
"""

from __future__ import annotations

import math
import shutil
import subprocess

import numpy as np

from tests.bench.patterns import ours
from tests.bench.runner import CACHE, ROUNDS, SCRIPTS, Line, Run, middle, run

SERIES, MONTHS, FEW = 36_000, 61, 200
TITLE = f"what is unusual, {SERIES:,} series of 60 months"
RIVAL = "R's surveillance (extrapolated)"
LIMIT_S = 15


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    rng = np.random.default_rng(1)
    counts = rng.poisson(rng.gamma(2.0, 4.0, (SERIES, 1)) + np.zeros(MONTHS))
    series, few = CACHE / "series.npy", CACHE / "series.csv"
    np.save(series, counts)
    # R has no bound for a series without any incident in one of its seasons.
    busy = counts[counts.min(axis=1) > 0][:FEW]
    np.savetxt(few, busy, fmt="%d", delimiter=",")
    runs = {"patchmap": [run(ours("unusual_ours", str(series), str(few))) for _ in range(ROUNDS)]}
    mine = middle(runs["patchmap"]).figures
    lines = [Line(f"{TITLE}, at most", mine["s"], LIMIT_S, "s", 1, "limit")]
    if _has_rival():
        command = ["Rscript", str(SCRIPTS / "unusual_rival.R"), str(few)]
        runs[RIVAL] = [run(command) for _ in range(ROUNDS)]
        other = middle(runs[RIVAL]).figures
        if not math.isclose(mine["bounds"], other["bounds"], rel_tol=1e-4):
            raise SystemExit(f"the bounds differ: {mine['bounds']} and {other['bounds']}")
        lines.append(Line(TITLE, mine["s"], other["s"] * SERIES / len(busy), "s", 20, RIVAL))
    return runs, lines


def _has_rival() -> bool:
    if not shutil.which("Rscript"):
        return False
    command = ["Rscript", "-e", "library(surveillance)"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
