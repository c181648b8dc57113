"""Promise: two threads join nearly twice as fast as one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.joins import Case
from tests.bench.runner import CACHE, Line, Run, middle, race

TITLE = "join by two threads"
# Enough points that a thread's start and the clock do not matter.
COUNT = 10_000_000
CASES = (Case("city of 17 wards", count=COUNT), Case("8,010 wards", count=COUNT))


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        answer = Path(folder) / "answer.npy"
        runs = race(
            {
                case.title: lambda case=case: case.ours(answer, script="join_threads")
                for case in CASES
            },
            lambda: None,  # each process compares its own answers
        )
    figures = {title: middle(each).figures for title, each in runs.items()}
    return runs, [
        Line(f"{title}, two threads", took["two_ms"], took["one_ms"], "ms", 1.8, "one thread")
        for title, took in figures.items()
    ]
