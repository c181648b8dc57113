"""Promise: a plan of a whole country is as much at hand as one of a city.

36,000 blocks and 400 areas, opened in Chromium from a service that has just started: processor
seconds of both until the page is drawn, milliseconds from a click until the page says that its
step is saved, and the most memory that the service took. No other program opens a plan of this
size on a page, so these are held against limits. The rival of a step over HTTP, which checks,
measures and saves it, is one dissolve of the blocks by geopandas, which only adds up.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import CACHE, SCRIPTS, Line, Run, run

TITLE = "a plan of 36,000 blocks and 400 areas"
MOST_CPU_S, MOST_CLICK_MS, MOST_MB = 3.0, 50, 400


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with TemporaryDirectory(dir=CACHE) as folder:
        store = str(Path(folder) / "large.gpkg")
        run([sys.executable, str(SCRIPTS / "make_large_plan.py"), store])
        measured = run([sys.executable, str(SCRIPTS / "planner_large.py"), store])
    own, page = measured.figures, f"{TITLE}: page ready"
    step = f"{TITLE}: a step over HTTP"
    return {TITLE: [measured]}, [
        Line(f"{page}, CPU of the browser", own["browser_s"], MOST_CPU_S, "s", 1, "limit"),
        Line(f"{page}, CPU of the service", own["service_s"], MOST_CPU_S, "s", 1, "limit"),
        Line(f"{TITLE}: a click until saved", own["click_ms"], MOST_CLICK_MS, "ms", 1, "limit"),
        Line(step, own["step_ms"], own["rival_ms"], "ms", 10, "geopandas dissolve"),
        Line(f"{TITLE}: memory of the service", own["mb"], MOST_MB, "MB", 1, "limit"),
    ]
