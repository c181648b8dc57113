"""Time whole processes against each other, and say how they compare.

This process stays small on purpose: on Linux a child's peak memory is never less than that of
the process which started it. Whatever needs memory runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache/bench"
SCRIPTS = Path(__file__).parent / "scripts"
ROUNDS = 3
RIVALS = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "bench"
    ]
)

Command = list[str]


@dataclass(frozen=True)
class Run:
    """What one process took: seconds on the wall and on the CPU, megabytes at its peak.

    `figures` are figures that it measured itself, printed as JSON on its last line.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One promise: `ratio` says how many times better than the rival, `goal` how many it must be.

    Where there is no rival, `ratio` is the promised limit over what was reached.
    """

    promise: str
    ours: float
    rival: float
    unit: str
    goal: float
    rival_name: str

    @property
    def ratio(self) -> float:
        return self.rival / self.ours

    @property
    def met(self) -> bool:
        return self.ratio >= self.goal


def rows() -> int:
    """How many rows the benchmarks import."""
    return int(os.environ.get("BENCH_ROWS", "1000000"))


def archive() -> Path:
    """The published archive that is imported, made once."""
    path = CACHE / f"police-uk-{rows()}.zip"
    if not path.exists():
        say(f"making {path.name}")
        run([sys.executable, str(SCRIPTS / "make_archive.py"), str(path), str(rows())])
    return path


def rival_python() -> str:
    """The Python that has the rivals, in an environment that nothing else uses."""
    folder, uv = CACHE / "venv", str(Path(sys.executable).parent / "uv")
    made = folder / "made.stamp"
    if not made.exists() or made.read_text(encoding="utf-8") != " ".join(RIVALS):
        say("installing the rivals")
        shutil.rmtree(folder, ignore_errors=True)
        run([uv, "venv", "-q", "--python", sys.executable, str(folder)])
        run([uv, "pip", "install", "-q", "--compile-bytecode",
             "--python", str(folder / "bin/python"), *RIVALS])  # fmt: skip
        made.write_text(" ".join(RIVALS), encoding="utf-8")
    return str(folder / "bin/python")


def race(
    rivals: Mapping[str, Callable[[], Command]], compare: Callable[[], None]
) -> dict[str, list[Run]]:
    """Run all in turn (A B A B …), once to warm up and then for the record.

    Each maker of a command first clears away what the run before it left. `compare` refuses
    answers that differ; it is called after the warm-up, before any time counts.
    """
    for name, command in rivals.items():
        say(f"warming up: {name}")
        run(command())
    compare()
    runs: dict[str, list[Run]] = {name: [] for name in rivals}
    for number in range(1, ROUNDS + 1):
        for name, command in rivals.items():
            runs[name].append(run(command()))
            say(f"{number} of {ROUNDS}: {name} {runs[name][-1].wall_s:.1f} s")
    return runs


def middle(runs: list[Run]) -> Run:
    """The median of each measure."""
    return Run(
        median(one.wall_s for one in runs),
        median(one.cpu_s for one in runs),
        median(one.peak_mb for one in runs),
        {name: median(one.figures[name] for one in runs) for name in runs[0].figures},
    )


def run(command: Command) -> Run:
    """Run a process to its end; what it prints is shown only where it fails."""
    start = perf_counter()
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        printed = process.stdout.read() if process.stdout else ""
        _, status, used = os.wait4(process.pid, 0)
        took = perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{printed}")
    peak_kb = used.ru_maxrss if sys.platform != "darwin" else used.ru_maxrss / 1024
    last = printed.rstrip().rpartition("\n")[2]
    figures = json.loads(last) if last.startswith("{") else {}
    return Run(took, used.ru_utime + used.ru_stime, peak_kb / 1024, figures)


def say(text: str) -> None:
    """Tell a person who waits what goes on."""
    sys.stderr.write(f"  {text}\n")
