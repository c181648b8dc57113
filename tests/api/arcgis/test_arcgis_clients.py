"""GDAL's driver for ArcGIS against the running service."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator

import pytest

from tests.api.arcgis.conftest import SERVER
from tests.api.conftest import make_town
from tests.services import serving


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The FeatureServer of the town."""
    town = tmp_path_factory.mktemp("town") / "town.gpkg"
    make_town(town).close()
    with serving(town) as running:
        yield f"{running}{SERVER}"


def gdal_count(layer: str, page: int) -> int:
    """How many features GDAL reads of a layer, page after page."""
    tool = shutil.which("ogrinfo")
    assert tool, "ogrinfo is missing: install gdal-bin"
    query = f"where=1%3D1&outFields=*&f=json&resultRecordCount={page}&orderByFields=OBJECTID"
    done = subprocess.run(
        [tool, "-so", "-al", f"ESRIJSON:{layer}/query?{query}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(re.findall(r"Feature Count: (\d+)", done.stdout)[0])


def read_json(address: str) -> dict:
    return json.load(urllib.request.urlopen(address))


def test_gdal_reads_every_layer_page_after_page(address: str) -> None:
    items = f"{address.removesuffix(SERVER)}/ogc/collections/{{}}/items?resultType=hits"
    titles = {
        one["title"]: one["id"]
        for one in read_json(f"{address.removesuffix(SERVER)}/ogc/collections")["collections"]
    }
    for layer in read_json(f"{address}?f=json")["layers"]:
        known = read_json(items.format(titles[layer["name"]]))["numberMatched"]
        assert gdal_count(f"{address}/{layer['id']}", page=250) == known, layer["name"]
