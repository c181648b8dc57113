"""Promise: a command starts about as soon as what it imports.

The demo city, 120,000 incidents: processor seconds of whole commands. The rival of `count` is a
Python that imports geopandas and does nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import CACHE, Command, Line, Run, middle, race, run

TITLE = "start of commands"
HELP, COUNT_HELP, COUNT = "patchmap --help", "patchmap count --help", "patchmap count, demo"
GEOPANDAS = "import geopandas"
MOST_CPU_S = {HELP: 0.25, COUNT_HELP: 0.25, COUNT: 0.6}


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        store, output = Path(folder) / "demo.gpkg", Path(folder) / "count.csv"
        ours = [sys.executable, "-m", "api", "--store", str(store)]
        run([*ours, "demo"])
        commands: dict[str, Command] = {
            HELP: [*ours, "--help"],
            COUNT_HELP: [*ours, "count", "--help"],
            COUNT: [*ours, "count", "-o", str(output)],
            GEOPANDAS: [sys.executable, "-c", "import geopandas"],
        }
        runs = race(
            {name: lambda command=command: command for name, command in commands.items()},
            lambda: None,
        )
    cpu = {name: middle(each).cpu_s for name, each in runs.items()}
    limits = [
        Line(f"{name}, CPU", cpu[name], most, "s", 1, "limit") for name, most in MOST_CPU_S.items()
    ]
    return runs, [*limits, Line(f"{COUNT}, CPU", cpu[COUNT], cpu[GEOPANDAS], "s", 0.5, GEOPANDAS)]
