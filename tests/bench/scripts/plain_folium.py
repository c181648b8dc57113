"""The page that a user would write: count points in cells with geopandas, draw them with folium.

What is timed is what a changed filter costs: the points are in memory already.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter

import folium
import geopandas as gpd
import pandas as pd

from geo.store.geopackage import GeoPackageStore


def main(store_path: str, cells_path: str, first: str, last: str, target: str) -> None:
    """Write the page, and its counts beside it."""
    store = GeoPackageStore(Path(store_path))
    crs = store.projection.crs
    points = store.incidents(columns=("x", "y", "occurred_from"))
    store.close()
    cells = gpd.read_file(cells_path)[["cell_id", "geometry"]].to_crs(crs)
    start = perf_counter()
    from_, to = pd.Timestamp(first, tz="Europe/London"), pd.Timestamp(last, tz="Europe/London")
    chosen = points[(points["occurred_from"] >= from_) & (points["occurred_from"] < to)]
    placed = gpd.GeoDataFrame(geometry=gpd.points_from_xy(chosen["x"], chosen["y"]), crs=crs)
    joined = gpd.sjoin(placed, cells, predicate="intersects")
    joined = joined[~joined.index.duplicated()]  # a point on an edge counts once
    counts = joined.groupby("cell_id").size().rename("n")
    shown = cells.merge(counts, left_on="cell_id", right_index=True).to_crs(4326)
    most = int(shown["n"].max())
    page = folium.Map(tiles=None)
    layer = folium.GeoJson(
        shown,
        style_function=lambda feature: {
            "fillColor": "#b2182b",
            "fillOpacity": 0.15 + 0.8 * feature["properties"]["n"] / most,
            "weight": 0.5,
        },
        tooltip=folium.GeoJsonTooltip(["cell_id", "n"]),
    ).add_to(page)
    page.fit_bounds(layer.get_bounds())
    page.save(target)
    took = perf_counter() - start
    counts.to_csv(f"{target}.csv")
    sys.stdout.write(json.dumps({"s": took, "cells": len(shown), "n": int(shown["n"].sum())}))


if __name__ == "__main__":
    main(*sys.argv[1:])
