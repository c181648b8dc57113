"""Hot, cold and emerging cells from the counts of files."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.hotspots import emerging, getis_ord
from geo.locate import joined_codes
from geo.scale.totals import CountResult
from geo.scale.units import CellUnits


def hotspots(counts: CountResult, units: CellUnits) -> gpd.GeoDataFrame:
    """Every cell with its class, in the columns of an Answer.

    Parameters
    ----------
    counts
        The counts of the cells.
    units
        The cells.

    Returns
    -------
    frame
        One row a cell, in metres; columns of `geo.hotspots.getis_ord.hotspots` (source there).
    """
    classes = getis_ord.hotspots(counts.by_unit(), units.cells.neighbours, units.cells.inside_area)
    return _on_cells(classes, units)


def emerging_hotspots(counts: CountResult, units: CellUnits) -> gpd.GeoDataFrame:
    """Every cell with its class by month, in the columns of an Answer.

    Parameters
    ----------
    counts
        The counts of the cells.
    units
        The cells.

    Returns
    -------
    frame
        One row a cell, in metres; columns of `geo.hotspots.emerging.emerging` (source there).

    Raises
    ------
    InputError
        If too few months were published.
    """
    by_month = counts.by_month()
    classes = emerging.emerging(
        by_month.to_numpy(),
        units.cells.neighbours,
        units.cells.inside_area,
        months=by_month.columns.tolist(),
    )
    return _on_cells(classes, units)


def _on_cells(classes: pd.DataFrame, units: CellUnits) -> gpd.GeoDataFrame:
    """The classes with the id of each cell, the area of its centre and its geometry."""
    cells = units.cells
    frame = cells.frame(str(units.study.areas.crs))
    for name in classes.columns:
        frame[name] = classes[name].to_numpy()
    at_centre = units.study.memberships(*cells.grid.centres(cells.positions))
    codes = np.array(units.study.codes, dtype=object)
    frame["area_code"] = joined_codes(at_centre, codes, len(frame))
    return frame[["cell_id", *classes.columns, "area_code", "inside_share", "geometry"]]
