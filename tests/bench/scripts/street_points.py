"""What a user would write to get the points of a police.uk archive."""

from __future__ import annotations

import zipfile

import geopandas as gpd
import pandas as pd


def read_points(archive: str) -> gpd.GeoDataFrame:
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if name.endswith("-street.csv")]
        rows = pd.concat([pd.read_csv(opened.open(name)) for name in names], ignore_index=True)
    rows = rows.dropna(subset=["Longitude", "Latitude"])
    points = gpd.points_from_xy(rows["Longitude"], rows["Latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(rows, geometry=points).to_crs("EPSG:27700")
