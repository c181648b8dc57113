"""LibreOffice opens the tables that Patchmap writes with their names whole."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import two_wards
from tests.services import run_patchmap

SOFFICE = shutil.which("soffice") or ""
NAMES = ["Ŵyl Dŷ-ŷ", "Llanrhaeadr-ym-Mochnant"]
UTF_8 = "76"

pytestmark = pytest.mark.skipif(not SOFFICE, reason="LibreOffice is not installed")


def opened(path: Path) -> list[list[str]]:
    """The cells of a file as LibreOffice reads them with what its window proposes for UTF-8."""
    out = path.parent / "opened"
    subprocess.run(
        [
            *(SOFFICE, "--headless", f"-env:UserInstallation={(path.parent / 'profile').as_uri()}"),
            f"--infilter=CSV:44,34,{UTF_8},1",
            *("--convert-to", f"csv:Text - txt - csv (StarCalc):44,34,{UTF_8},1"),
            *("--outdir", str(out), str(path)),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    text = (out / f"{path.stem}.csv").read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_names_are_whole_in_the_tables_of_the_service_and_of_the_commands(
    client: TestClient, store: GeoPackageStore, tmp_path: Path
) -> None:
    wards = two_wards().assign(area_name=NAMES)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), wards)
    served = tmp_path / "served.csv"
    answer = client.get("/ogc/collections/wards/items?f=csv&geometry=none&bom=true")
    served.write_bytes(answer.content)
    done = run_patchmap("--store", str(store.path), "count", "-o", "counted.csv", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for path in (served, tmp_path / "counted.csv"):
        text = path.read_text(encoding="utf-8-sig")
        written = list(csv.DictReader(io.StringIO(text)))
        header, *rows = opened(path)
        assert header == list(written[0])
        at = header.index("area_name")
        assert [row[at] for row in rows] == [row["area_name"] for row in written] == NAMES
