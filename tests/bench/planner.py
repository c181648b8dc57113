"""Promise: a planner who clicks on a block sees what it does before the hand has left the mouse.

The planner's page in Chromium before the demo city, about 800 blocks and 120,000 incidents: from
the click to the table that shows it, the step checked, measured, saved and drawn. The rival is
the same page on a service that reckons each step from nothing: geopandas dissolves the blocks,
joins the incidents and adds up again.
"""

from __future__ import annotations

import contextlib
import json
import sys
import urllib.request
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.runner import CACHE, SCRIPTS, Command, Line, Run, middle, race, run
from tests.services import serving, serving_by

TITLE = "a click on the planner's page"
OURS, GEOPANDAS = "patchmap", "the same page on geopandas dissolve + sjoin"
MOST_MS = 100


def measure() -> tuple[dict[str, list[Run]], list[Line]]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(dir=CACHE)))
        stores = [folder / name for name in ("ours.gpkg", "rival.gpkg")]
        for store in stores:
            run([sys.executable, "-m", "api", "--store", str(store), "demo"])
        ours = stack.enter_context(serving(stores[0]))
        rival = stack.enter_context(
            serving_by([sys.executable, str(SCRIPTS / "planner_geopandas.py"), str(stores[1])])
        )
        addresses = {OURS: ours, GEOPANDAS: rival}
        for address in addresses.values():
            _begin(address)
        rivals = {name: lambda name=name: _clicks(addresses[name]) for name in addresses}
        runs = race(rivals, lambda: _compare(addresses))
    ms = {name: middle(each).figures["ms"] for name, each in runs.items()}
    title = f"{TITLE}, until the table shows it"
    return runs, [
        Line(title, ms[OURS], ms[GEOPANDAS], "ms", 2, GEOPANDAS),
        Line(title, ms[OURS], MOST_MS, "ms", 1, "limit"),
    ]


def _clicks(address: str) -> Command:
    return [sys.executable, str(SCRIPTS / "planner_clicks.py"), address]


def _begin(address: str) -> None:
    body = {"plan_id": "bench", "by": "bench", "blocks_layer": "blocks", "from_layer": "wards"}
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(f"{address}/planner/plans", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=120):
        pass


def _compare(addresses: dict[str, str]) -> None:
    """Refuse figures that differ after the same clicks."""
    results = {}
    for name, address in addresses.items():
        with urllib.request.urlopen(f"{address}/planner/plans/bench", timeout=120) as answer:
            plan = json.load(answer)
        results[name] = (plan["assigned"], plan["rows"])
    if results[OURS] != results[GEOPANDAS]:
        raise SystemExit(f"{GEOPANDAS} counts otherwise than {OURS}")
