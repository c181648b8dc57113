"""The rival: geopandas joins incidents to the nearest segment; its points are made beforehand."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import shapely
from inputs import report, timed


def main(inputs: str, within_m: str, answer: str) -> None:
    given = np.load(inputs, allow_pickle=True)
    crs = "EPSG:27700"
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(*given["xy"].T), crs=crs)
    lines = shapely.from_wkb(given["lines"])
    streets = gpd.GeoDataFrame({"segment": np.arange(len(lines))}, geometry=lines, crs=crs)
    joined, took = timed(
        lambda: points.sjoin_nearest(streets, max_distance=float(within_m), distance_col="metres")
    )
    segment = joined["segment"].groupby(level=0)
    nearest = segment.first().reindex(range(len(points)), fill_value=-1).to_numpy()
    several = (segment.size().reindex(range(len(points)), fill_value=0) > 1).to_numpy()
    report(np.where(several, -2, nearest), answer, s=took)


if __name__ == "__main__":
    main(*sys.argv[1:])
