"""Cities and stores that take seconds to make: made once in a run, whichever process comes first.

Fixtures, which `tests/conftest.py` offers to all tests. A test that changes a store copies it.
"""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from boundaries.demo import DemoCity, build_city
from tests.services import run_patchmap


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` fills, once for all processes that share the tests of a run."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, begun = shared / name, shared / f"{name}-begun"
    with (shared / f"{name}-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(begun, ignore_errors=True)
            begun.mkdir()
            make(begun)
            begun.rename(folder)
    return folder


def _run(folder: Path, *arguments: str) -> None:
    done = run_patchmap(*arguments, cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def demo_city(tmp_path_factory: pytest.TempPathFactory) -> DemoCity:
    """The demo city of the usual seed."""

    def make(folder: Path) -> None:
        (folder / "city").write_bytes(pickle.dumps(build_city()))

    made: DemoCity = pickle.loads((made_once(tmp_path_factory, "city", make) / "city").read_bytes())
    return made


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `patchmap demo` makes: `demo.gpkg`, and in `files` what a council would have."""
    # Most tests are of the city's incidents alone; those of records store their own.
    line = ("--store", "demo.gpkg", "demo", "--files", "files", "--no-records")
    return made_once(tmp_path_factory, "demo", lambda folder: _run(folder, *line))


@pytest.fixture(scope="session")
def demo_store(demo_folder: Path) -> Path:
    """The store of the demo city."""
    return demo_folder / "demo.gpkg"


@pytest.fixture(scope="session")
def derby_store(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """A store of Derby: the layer `wards-2025` and the published months."""

    def make(folder: Path) -> None:
        derby = real_data / "derby"
        _run(folder, "layers", "add", str(derby / "wards-2025.geojson"), "--id", "wards-2025")
        _run(folder, "ingest", str(derby / "police-uk-derbyshire.zip"))

    return made_once(tmp_path_factory, "derby", make) / "patchmap.gpkg"


@pytest.fixture(scope="session")
def melton_store(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Path:
    """A store of Melton: the layers `wards-2025` and `lsoa-2021`, and the published months."""

    def make(folder: Path) -> None:
        melton = real_data / "melton"
        for name in ("wards-2025", "lsoa-2021"):
            _run(folder, "layers", "add", str(melton / f"{name}.geojson"), "--id", name)
        _run(folder, "ingest", str(next(melton.glob("police-uk-*.zip"))))

    return made_once(tmp_path_factory, "melton", make) / "patchmap.gpkg"
