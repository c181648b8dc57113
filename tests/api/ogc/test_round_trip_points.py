"""Incidents in every format and system are the same incidents when they are read again."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from api.formats.points import as_spreadsheets
from geo.crs import BRITISH_NATIONAL_GRID, Projection
from geo.incidents import Batch
from geo.sources.mapping import in_crs, read_mapping
from geo.sources.spreadsheet import read_spreadsheet
from geo.store.geopackage import GeoPackageStore

FORMS = {
    "geojson": "geojson",
    "csv&geometry=xy": "csv",
    "gpkg": "gpkg",
    "shp": "zip",
    "fgb": "fgb",
    "parquet": "parquet",
}
MAPPING = """source = "back"
id = "{id}"
[when]
from = "{when}"
format = "iso"
[where]
{place}
[what]
column = "category"
"""
PLACES = {
    "EPSG:27700": 'easting = "easting"\nnorthing = "northing"',
    "OGC:CRS84": 'longitude = "longitude"\nlatitude = "latitude"',
    "EPSG:4326": 'longitude = "longitude"\nlatitude = "latitude"',
}


def read_back(path: Path, crs: str) -> pd.DataFrame:
    """The incidents of a file by a mapping of its columns."""
    # A shapefile has names of ten letters.
    short = path.suffix == ".zip"
    row_id, when = ("inc_id", "occ_from") if short else ("incident_id", "occurred_from")
    text = MAPPING.format(place=PLACES[crs], id=row_id, when=when).encode()
    projection = Projection.choose()
    mapping = read_mapping(text, file="m.toml", folder=path.parent)
    below = path.parent / "made"
    below.mkdir()
    (table,) = as_spreadsheets([path], below, mapping.where.columns)
    mapping = in_crs(mapping, table.crs, file=path.name)
    batches = read_spreadsheet(table.path, mapping, projection, name="back").batches()
    whole = Batch.join(batches)
    assert whole.rejected.empty, whole.rejected["reason"].unique()
    return whole.accepted


@pytest.mark.parametrize("crs", PLACES)
@pytest.mark.parametrize("form", FORMS)
def test_incidents_are_read_again(
    client: TestClient, store: GeoPackageStore, tmp_path: Path, form: str, crs: str
) -> None:
    response = client.get(f"/ogc/collections/incidents/items?f={form}&crs={crs}")
    assert response.status_code == 200, response.text
    path = tmp_path / f"incidents.{FORMS[form]}"
    path.write_bytes(response.content)
    there = store.incidents().set_index("incident_id").sort_index()
    back = read_back(path, crs)
    back["incident_id"] = back["incident_id"].str.partition(":")[2]
    back = back.set_index("incident_id").sort_index()
    assert back.index.to_list() == there.index.to_list()
    assert back["category"].astype(str).to_list() == there["category"].astype(str).to_list()
    assert back["occurred_from"].to_list() == there["occurred_from"].to_list()
    apart = np.hypot(back["x"] - there["x"], back["y"] - there["y"])
    # Seven decimals of a degree are a centimetre; the way there and back is exact to a millimetre.
    assert apart.max() < (0.02 if crs == "EPSG:27700" else 0.2)
    if FORMS[form] not in ("csv", "parquet"):
        read = gpd.read_file(path).to_crs(BRITISH_NATIONAL_GRID)
        assert len(read) == len(there)
        assert read.total_bounds == pytest.approx(
            [there["x"].min(), there["y"].min(), there["x"].max(), there["y"].max()], abs=0.5
        )
