"""QGIS itself against the running service, where it is installed."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from api.pages.text import CLASS_WORDS
from tests.api.conftest import SIDE, SOUTH, WEST, make_town
from tests.services import serving

SCRIPTS = Path(__file__).parent / "scripts"

Project = tuple[dict[str, Any], dict[str, int]]
"""What QGIS says, and the counts of features that it should find."""


@functools.cache
def python_of_qgis() -> str:
    """The Python that has QGIS: the system's, whichever runs the tests."""
    for python in filter(None, (shutil.which("python3", path="/usr/bin"), shutil.which("python3"))):
        command = [python, "-c", "import qgis.core"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return python
    return ""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The OGC API of the running service of the town."""
    if not python_of_qgis():
        pytest.skip("QGIS is not installed (Debian: python3-qgis)")
    town = tmp_path_factory.mktemp("town") / "town.gpkg"
    make_town(town).close()
    with serving(town) as running:
        yield f"{running}/ogc"


@pytest.fixture(scope="module")
def project(address: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What QGIS makes of the service's project file and styles, and the counts it should read."""
    folder = tmp_path_factory.mktemp("project")
    names = [one["id"] for one in _json(f"{address}/collections")["collections"]]
    urllib.request.urlretrieve(f"{address}/qgis.qgs", folder / "patchmap.qgs")
    for name in names:
        for form in ("sld", "qml"):
            style = f"{address}/styles/{name}?f={form}"
            urllib.request.urlretrieve(style, folder / f"{name}.{form}")
    counts = {name: _count(f"{address}/collections/{name}/items") for name in names}
    return _run_in_qgis("open_project.py", str(folder / "patchmap.qgs")), counts


@pytest.fixture(scope="module")
def town(address: str, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What QGIS reads of the town, and what the service itself says."""
    folder = tmp_path_factory.mktemp("qgis")
    items = f"{address}/collections/hotspots/items"
    urllib.request.urlretrieve(f"{items}?f=gpkg&baseline=even", folder / "hotspots.gpkg")
    files = (str(folder / "hotspots.gpkg"), str(folder / "map.png"))
    from_qgis = _run_in_qgis("read_with_qgis.py", address, *files)
    busy = quote("class LIKE 'no%' AND n >= 3")
    return from_qgis, {"cells": _count(items), "busy": _count(items, f"&filter={busy}")}


def _json(address: str) -> dict[str, Any]:
    document: dict[str, Any] = json.load(urllib.request.urlopen(address))
    return document


def _count(items: str, condition: str = "") -> int:
    return int(_json(f"{items}?resultType=hits{condition}")["numberMatched"])


def _run_in_qgis(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [python_of_qgis(), str(SCRIPTS / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    assert done.returncode == 0, done.stderr
    from_qgis: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return from_qgis


def test_qgis_reads_every_feature(town: Project) -> None:
    from_qgis, counts = town
    assert from_qgis["wards"] == ["<b>Abbey</b> & Co", "Brook"]
    assert from_qgis["cells"] == from_qgis["counted"] == counts["cells"] > 300


def test_qgis_filters(town: Project) -> None:
    from_qgis, counts = town
    assert from_qgis["busy"] == counts["busy"] > 3


def test_qgis_opens_a_download_coloured(town: Project) -> None:
    from_qgis, _ = town
    assert from_qgis["renderer"] == "categorizedSymbol"
    assert {"hot_99", "cold_99", "none"} <= set(from_qgis["classes"])
    assert from_qgis["below"]["red"] == 0
    assert 0.005 < from_qgis["picture"]["red"] < 0.1


def test_qgis_draws_the_vector_tiles(town: Project) -> None:
    from_qgis, _ = town
    assert 0.4 < from_qgis["below"]["blue"] < 0.8
    assert from_qgis["below"]["blue"] + from_qgis["below"]["empty"] > 0.98


def test_qgis_opens_the_project(project: Project) -> None:
    opened, counts = project
    layers = opened["layers"]
    assert opened["crs"] == "EPSG:27700"
    assert {name: one["read"] for name, one in layers.items()} == counts
    assert all(one["valid"] for one in layers.values())
    groups = {name: one["group"] for name, one in layers.items()}
    assert (groups["wards"], groups["hotspots"]) == ("Boundaries", "Answers")
    assert list(layers)[-1] == "wards"  # below all others
    assert {name for name, one in layers.items() if one["visible"]} == {"wards", "hotspots"}
    west, south, east, north = opened["extent"]
    assert west <= WEST < WEST + 2 * SIDE <= east
    assert south <= SOUTH < SOUTH + SIDE <= north


def test_qgis_draws_each_layer_of_the_project_with_its_style(
    project: Project,
) -> None:
    opened, _ = project
    renderers = {name: one["renderer"] for name, one in opened["layers"].items()}
    assert renderers["wards"] == "singleSymbol"
    assert renderers["area-counts"] == "graduatedSymbol"
    assert renderers["hotspots"] == renderers["incidents"] == "categorizedSymbol"
    # Each class, and what lies beside the study area.
    assert opened["layers"]["hotspots"]["symbols"] == len(CLASS_WORDS) + 1


def test_qgis_reads_every_style(project: Project) -> None:
    opened, _ = project
    drawn = {name: one for name, one in opened["layers"].items() if one["read"]}
    assert len(drawn) > 8
    for name, one in drawn.items():
        assert one["qml"] == [one["renderer"], one["symbols"]], name
        # SLD has rules where QGIS has classes of its own.
        kind = "singleSymbol" if one["renderer"] == "singleSymbol" else "RuleRenderer"
        assert one["sld"] == [kind, one["symbols"]], name
