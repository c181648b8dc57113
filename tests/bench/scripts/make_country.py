"""Make a synthetic country: its wards, its archives, and the same incidents as GeoParquet parts.

The wards have as many vertices as published ones, 400 each. Each part holds the incidents of a
month, in metres, without those that have no place.
"""

from __future__ import annotations

import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.demo.country import SEED, country_wards, write_country
from geo.crs import Projection
from geo.incidents import Batch
from geo.scale import find_parts
from geo.sources.police_uk import read_police_uk


def main(folder: Path, rows: int) -> None:
    projection = Projection.choose()
    made = folder.with_name(folder.name + ".part")
    _, *archives = write_country(made, rows, projection)
    wards = country_wards(np.random.default_rng(SEED), vertices=100)
    codes = [f"W{number:06}" for number in range(1, len(wards) + 1)]
    gpd.GeoDataFrame({"area_code": codes}, geometry=wards, crs=projection.crs).to_parquet(
        made / "wards.parquet"
    )
    (made / "parts").mkdir()
    for month in sorted({part.month for part in find_parts(archives).parts}):
        _write_month(made / "parts" / f"{month}.parquet", archives, month, projection)
    made.rename(folder)


def _write_month(path: Path, archives: list[Path], month: str, projection: Projection) -> None:
    # An archive is called by its last month.
    archive = next(each for each in archives if each.stem >= month)
    files = [part for part in read_police_uk(archive, projection) if part.month == month]
    rows = Batch.join(batch for file in files for batch in file.batches()).accepted
    points = gpd.points_from_xy(rows["x"], rows["y"], crs=projection.crs)
    values = pd.DataFrame({"category": rows["category"].astype(str), "month": month})
    gpd.GeoDataFrame(values, geometry=points).to_parquet(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
