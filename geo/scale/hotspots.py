"""Hot, cold and emerging cells from counts alone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.hotspots import emerging, getis_ord
from geo.scale.totals import Counted
from geo.scale.units import CellPlaces


def hotspots(counted: Counted, places: CellPlaces) -> gpd.GeoDataFrame:
    """Every cell with its class, as an Answer has it: the columns are the same.

    Parameters
    ----------
    counted
        The counts of these places.

    Source: see `geo.hotspots.getis_ord`.
    """
    found = getis_ord.hotspots(
        counted.by_place(), places.cells.neighbours, places.cells.inside_area
    )
    return _on_cells(found, places)


def emerging_hotspots(counted: Counted, places: CellPlaces) -> gpd.GeoDataFrame:
    """Every cell by how hot and cold its months were, as an Answer has it.

    Parameters
    ----------
    counted
        The counts of these places.

    Raises
    ------
    InputError
        If too few months were published.

    Source: see `geo.hotspots.emerging`.
    """
    cube = counted.by_month()
    found = emerging.emerging(
        cube.to_numpy(),
        places.cells.neighbours,
        places.cells.inside_area,
        months=cube.columns.tolist(),
    )
    return _on_cells(found, places)


def _on_cells(found: pd.DataFrame, places: CellPlaces) -> gpd.GeoDataFrame:
    """What was found of each cell, with its id, the area of its centre and its geometry."""
    cells = places.cells
    frame = cells.frame(str(places.study.areas.crs))
    for name in found.columns:
        frame[name] = found[name].to_numpy()
    at_centre = places.study.positions(*cells.grid.centres(cells.positions))
    frame["area_code"] = np.array([*places.study.codes, ""], dtype=object)[at_centre]
    return frame[["cell_id", *found.columns, "area_code", "inside_share", "geometry"]]
