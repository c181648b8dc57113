"""Promise: ogr2ogr copies all points into a GeoPackage three times faster than from the others.

In pages of 1,000, which GDAL takes by itself since its version 3.8; before, it took pages of ten.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pyogrio

from tests.bench.runner import CACHE, Command, Line, Run, middle, race, say
from tests.bench.servers import OURS, PYGEOAPI, TIPG, Servers

TITLE = "serving, full copy by ogr2ogr"
LAYER, POINTS = "incidents", 100_000
GOAL = 3


def measure(servers: Servers) -> tuple[dict[str, list[Run]], list[Line]]:
    """Race the copies from running servers."""
    tool = shutil.which("ogr2ogr")
    if not tool:
        raise SystemExit("ogr2ogr is missing: install gdal-bin")
    with TemporaryDirectory(dir=CACHE) as folder:
        copies = {name: Path(folder) / f"{name}.gpkg" for name in servers.roots}
        commands: dict[str, Callable[[], Command]] = {
            name: partial(_command, tool, servers, name, path) for name, path in copies.items()
        }
        runs = race(commands, lambda: _compare(copies))
    took = {name: middle(each).wall_s for name, each in runs.items()}
    rival = min((TIPG, PYGEOAPI), key=lambda name: took[name])
    line = Line(TITLE, took[OURS], took[rival], "s", GOAL, rival)
    return {f"full copy: {name}": each for name, each in runs.items()}, [line]


def _command(tool: str, servers: Servers, name: str, path: Path) -> Command:
    path.unlink(missing_ok=True)
    source = f"OAPIF:{servers.roots[name]}"
    return [tool, "-oo", "PAGE_SIZE=1000", str(path), source, servers.layer(name, LAYER)]


def _compare(copies: dict[str, Path]) -> None:
    """Refuse copies that are not the same points."""
    tables = {name: _read(path) for name, path in copies.items()}
    ours = tables[OURS]
    for name, table in tables.items():
        same = len(table) == POINTS and table["category"].equals(ours["category"])
        if not (same and table.geometry.geom_equals_exact(ours.geometry, 1e-6).all()):
            raise SystemExit(f"the copy from {name} is another than ours")
    say(f"{POINTS:,} points from each")


def _read(path: Path) -> gpd.GeoDataFrame:
    """A copy by the ids of its incidents, which pygeoapi serves as nothing but the id."""
    table = pyogrio.read_dataframe(path)
    key = "incident_id" if "incident_id" in table else "id"
    return table.set_index(key).rename_axis("incident_id").sort_index()
