"""Promise: a country is counted on as many workers as there are, each in little memory.

A synthetic country of ten times `BENCH_ROWS` incidents in 8,064 wards of 400 vertices, counted by
ward, category and month. Seconds on the wall with the workers started and their libraries loaded;
finding the files and making the index of the wards in every worker count. The rival reads the
same GeoParquet parts. On a machine that others use too, the processor time of the busiest worker
tells more than the wall does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import (
    CACHE,
    SCRIPTS,
    Command,
    Line,
    Run,
    middle,
    race,
    rival_python,
    rows,
    run,
    say,
)

TITLE = "count of a country"
ONE, TWO, TENTH = "1 worker", "2 workers", "2 workers, a tenth of the rows"
PARTS, RIVAL = "2 workers, GeoParquet", "dask-geopandas sjoin"
MOST_MB = 2_000


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    count = 10 * rows()
    with TemporaryDirectory(dir=CACHE) as folder:
        answers = {name: Path(folder) / f"{name}.csv" for name in (ONE, TWO, TENTH, PARTS, RIVAL)}
        runs = race(
            {
                ONE: lambda: _ours(count, "archives", 1, answers[ONE]),
                TWO: lambda: _ours(count, "archives", 2, answers[TWO]),
                TENTH: lambda: _ours(count // 10, "archives", 2, answers[TENTH]),
                PARTS: lambda: _ours(count, "parts", 2, answers[PARTS]),
                RIVAL: lambda: _theirs(count, answers[RIVAL]),
            },
            lambda: _refuse_differing([answers[name] for name in (ONE, TWO, PARTS, RIVAL)]),
        )
    return runs, _lines(count, {name: middle(each) for name, each in runs.items()})


def _lines(count: int, taken: dict[str, Run]) -> list[Line]:
    def figure_of(name: str, figure: str = "s") -> float:
        return taken[name].figures[figure]

    million = count / 1e6
    worker_mb = max(figure_of(name, "worker_mb") for name in (ONE, TWO, PARTS))
    cpu = {name: figure_of(name, "busiest_cpu_s") for name in (ONE, TWO, PARTS, RIVAL)}
    each, of_tenth = figure_of(TWO) / million, figure_of(TENTH) / million * 10
    title = f"{TITLE}, {count:,} rows"
    return [
        Line(f"{title}, a second worker", figure_of(TWO), figure_of(ONE), "s", 1.7, ONE),
        Line(f"{title}, a second worker, busiest", cpu[TWO], cpu[ONE], "s CPU", 1.7, ONE),
        Line(f"{title}, memory of a worker", worker_mb, MOST_MB, "MB", 1, "limit"),
        Line(f"{title}, the same parts", figure_of(PARTS), figure_of(RIVAL), "s", 20, RIVAL),
        Line(f"{title}, the same parts, busiest", cpu[PARTS], cpu[RIVAL], "s CPU", 20, RIVAL),
        Line(f"{title}, growth", each, of_tenth, "s a million", 0.9, "at a tenth of the rows"),
    ]


def country(count: int) -> Path:
    """The country of so many incidents, made once."""
    folder = CACHE / f"country-{count}"
    if not folder.exists():
        say(f"making {folder.name}")
        run([sys.executable, "-m", "tests.bench.scripts.make_country", str(folder), str(count)])
    return folder


def _ours(count: int, kind: str, workers: int, answer: Path) -> Command:
    script = "tests.bench.scripts.scale_ours"
    return [sys.executable, "-m", script, str(country(count)), kind, str(workers), str(answer)]


def _theirs(count: int, answer: Path) -> Command:
    script = str(SCRIPTS / "scale_dask_geopandas.py")
    return [rival_python(), script, str(country(count)), "2", str(answer)]


def _refuse_differing(answers: list[Path]) -> None:
    first, *others = answers
    for other in others:
        if first.read_bytes() != other.read_bytes():
            raise SystemExit(f"{first.stem} and {other.stem} give different counts")
