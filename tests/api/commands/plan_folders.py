"""What the tests of `patchmap plan` share: a folder with a store and a plan, and ways to ask."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from geo.store.geopackage import GeoPackageStore
from tests.boundaries.cities import fill
from tests.services import run_patchmap

PERIOD = ["--from", "2024-01", "--to", "2024-02"]


def planned(folder: Path) -> Path:
    """Make the folder's default store: blocks, two wards, incidents, and the plan `north`."""
    store = GeoPackageStore(folder / "patchmap.gpkg", create=True)
    fill(store)
    store.close()
    run(folder, "plan", "new", "north", "--blocks", "blocks", "--from", "wards", "--by", "Ann")
    return folder


def run(folder: Path, *arguments: str) -> str:
    done = run_patchmap(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(folder: Path, *arguments: str) -> Any:
    return json.loads(run(folder, "--json", *arguments))


def refused(folder: Path, *arguments: str) -> str:
    done = run_patchmap(*arguments, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr.removeprefix("patchmap: ").rstrip("\n")


def move(folder: Path, *arguments: str) -> str:
    return run(folder, "plan", "move", "north", *arguments, "--by", "Bob")


def areas(folder: Path, *options: str) -> dict[str, dict[str, Any]]:
    facts = told(folder, "plan", "show", "north", *PERIOD, *options)
    return {area["area_code"]: area for area in facts["areas"]}
