"""What the tests of `patchmap plan` share: a folder with a store and a plan, and ways to ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run, run_json
from tests.boundaries.cities import fill

PERIOD = ["--from", "2024-01", "--to", "2024-02"]


def planned(folder: Path) -> Path:
    """Make the folder's default store: blocks, two wards, incidents, and the plan `north`."""
    store = GeoPackageStore(folder / "patchmap.gpkg", create=True)
    fill(store)
    store.close()
    run(folder, "plan", "new", "north", "--blocks", "blocks", "--from", "wards", "--by", "Ann")
    return folder


def move(folder: Path, *arguments: str) -> str:
    return run(folder, "plan", "move", "north", *arguments, "--by", "Bob")


def areas(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    facts = run_json(folder, "plan", "show", "north", *PERIOD, *options)
    return {area["area_code"]: area for area in facts["areas"]}
