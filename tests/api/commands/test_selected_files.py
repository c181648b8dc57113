"""National files: a layer of one authority out of them, one force out of an archive."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.api.commands.running import refused, run, run_json


def square(code: str, authority: str, west: float) -> dict[str, object]:
    ring = [[west, 52.9], [west + 0.01, 52.9], [west + 0.01, 52.91], [west, 52.91], [west, 52.9]]
    return {
        "type": "Feature",
        "properties": {"WD25CD": code, "WD25NM": f"Ward {code}", "LAD25CD": authority},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with wards of two authorities, and an archive of two forces with two months."""
    codes = [("E05000001", "E06000001"), ("E05000002", "E06000001"), ("E05000003", "E06000002")]
    wards = [square(code, authority, -1.5 + n / 100) for n, (code, authority) in enumerate(codes)]
    collection = {"type": "FeatureCollection", "features": wards}
    (tmp_path / "wards.geojson").write_text(json.dumps(collection))
    header = "Crime ID,Month,Longitude,Latitude,Location,Crime type\n"
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for month in ("2024-01", "2024-02"):
            for force in ("derbyshire", "kent"):
                row = f",{month},-1.495,52.905,On or near {force},Drugs\n"
                archive.writestr(f"{month}/{month}-{force}-street.csv", header + row)
    return tmp_path


def test_a_layer_takes_the_areas_with_a_value(folder: Path) -> None:
    add = ("layers", "add", "wards.geojson", "--id", "wards", "--where")
    assert run_json(folder, *add, "LAD25CD=E06000001")["areas"] == 2
    assert run_json(folder, *add, "WD25CD=E05000001,E05000003")["areas"] == 2
    assert refused(folder, *add, "LAD25CD=E0600").endswith("no area has LAD25CD E0600")
    assert "has no field 'LAD24CD'; it has: WD25CD, WD25NM" in refused(folder, *add, "LAD24CD=E06")
    assert "write it as LAD25CD=E06000015" in refused(folder, *add, "Derby")


def test_a_layer_takes_the_areas_within_another(folder: Path) -> None:
    run(folder, "layers", "add", "wards.geojson", "--id", "east", "--where", "WD25CD=E05000003")
    add = ("layers", "add", "wards.geojson", "--id", "wards", "--within")
    assert run_json(folder, *add, "east")["areas"] == 1
    run(folder, "layers", "add", "wards.geojson", "--id", "west", "--where", "LAD25CD=E06000001")
    assert run_json(folder, *add, "west")["areas"] == 2
    assert "there is no layer 'north'" in refused(folder, *add, "north")


def test_an_import_takes_a_force_and_months(folder: Path) -> None:
    ingest = ("ingest", "all.zip", "--force")
    assert len(run_json(folder, *ingest, "derbyshire")) == 2
    records = run_json(folder, *ingest, "Kent", "--from", "2024-02")
    assert [record["partition"] for record in records] == ["police.uk/kent/2024-02"]
    assert "holds no file of this --force" in refused(folder, *ingest, "essex")
    line = refused(folder, *ingest, "kent", "--from", "2024-02", "--to", "2024-01")
    assert line == "--to 2024-01 is before --from 2024-02; swap them"
