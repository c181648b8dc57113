"""A wheel, installed outside the checkout, serves the board with a drawn map."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import Watched
from tests.services import serving_by

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel holds, as pip would unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_a_wheel_names_what_it_needs_and_carries_leaflet_with_its_licence(installed: Path) -> None:
    metadata = next(installed.glob("patchmap-*.dist-info/METADATA")).read_text(encoding="utf-8")
    assert "Requires-Dist: geopandas" in metadata
    assert "Provides-Extra: dask" in metadata
    for library in ("leaflet", "protomaps-leaflet", "rbush"):
        assert (installed / "api/static/node_modules" / library / "LICENSE").exists()
    assert not (installed / "api/static/node_modules/typescript").exists()


def test_the_board_of_an_installed_wheel_draws_its_map(
    installed: Path, demo_store: Path, watched: Watched, tmp_path: Path
) -> None:
    # PYTHONPATH comes before the checkout's own editable install.
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = [sys.executable, "-c", "import api; print(api.__file__)"]
    imported = subprocess.run(
        where, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert imported.stdout.startswith(str(installed))
    command = [sys.executable, "-m", "api", "--store", str(demo_store), "serve"]
    with serving_by(command, env=environment, cwd=tmp_path) as address:
        watched.page.goto(address)
        watched.wait_for_map()
    assert watched.faults == []
