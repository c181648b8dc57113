"""Promise: counting a million incidents along the streets of a city takes no time to wait for.

One core, milliseconds on the CPU: the nearest of 10,000 segments within 50 m, the index included
on both sides.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.patterns import OURS, ours, theirs
from tests.bench.runner import CACHE, SCRIPTS, Line, Run, middle, race, rows, run, say

TITLE = "streets"
RIVAL = "geopandas sjoin_nearest"
WITHIN_M = "50"
GOAL = 15


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    inputs = _inputs()
    with TemporaryDirectory(dir=CACHE) as folder:
        answers = {OURS: Path(folder) / "ours.npy", RIVAL: Path(folder) / "rival.npy"}
        commands = {
            OURS: lambda: ours("streets_ours", inputs, WITHIN_M, str(answers[OURS])),
            RIVAL: lambda: theirs("streets_rival", inputs, WITHIN_M, str(answers[RIVAL])),
        }
        runs = race(commands, lambda: _refuse_differing(answers))
    mine, other = middle(runs[OURS]), middle(runs[RIVAL])
    title = f"{TITLE}: {rows():,} points, 10,000 segments"
    return runs, [
        Line(title, mine.figures["s"] * 1e3, other.figures["s"] * 1e3, "ms", GOAL, RIVAL),
        Line(f"{title}, memory", mine.peak_mb, other.peak_mb, "MB", 1, RIVAL),
    ]


def _inputs() -> str:
    path = CACHE / f"streets-{rows()}.npz"
    if not path.exists():
        say(f"making {path.name}")
        run([sys.executable, str(SCRIPTS / "make_streets.py"), str(path), str(rows())])
    return str(path)


def _refuse_differing(answers: dict[str, Path]) -> None:
    """Refuse another segment than the rival's; of equally near ones (−2) either may be first."""
    mine, other = (np.load(path) for path in answers.values())
    alone = (mine != -2) & (other != -2)
    if differing := int((mine[alone] != other[alone]).sum()):
        raise SystemExit(f"{differing:,} incidents have another segment than those of {RIVAL}")
