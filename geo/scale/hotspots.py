"""Hot and cold cells from counts alone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from geo.hotspots import getis_ord
from geo.scale.places import CellPlaces
from geo.scale.totals import Counted


def hotspots(counted: Counted, places: CellPlaces) -> gpd.GeoDataFrame:
    """Every cell with its class, as an Answer has it: the columns are the same.

    Parameters
    ----------
    counted
        The counts of these places.

    Source: see `geo.hotspots.getis_ord`.
    """
    cells, areas = places.cells, places.study.areas
    found = getis_ord.hotspots(counted.by_place(), cells.neighbours, cells.inside_area)
    frame = cells.frame(str(areas.crs))
    for name in found.columns:
        frame[name] = found[name].to_numpy()
    at_centre = places.study.positions(*cells.grid.centres(cells.positions))
    frame["area_code"] = np.array([*places.study.codes, ""], dtype=object)[at_centre]
    return frame[["cell_id", *found.columns, "area_code", "inside_share", "geometry"]]
