"""Hot, cold and emerging cells from the counts of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots import emerging, getis_ord
from geo.locate import joined_codes
from geo.question.answer import UNKNOWN_CELL, on_all_rows
from geo.scale.totals import CountResult
from geo.scale.units import CellUnits


def hotspots(
    counts: CountResult, units: CellUnits, categories: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Every cell with its class, in the columns of an Answer.

    Parameters
    ----------
    counts
        The counts of the cells.
    units
        The cells.
    categories
        Those counted; empty for all.

    Returns
    -------
    frame
        One row a cell, in metres; columns of `geo.hotspots.getis_ord.hotspots` (source there).
    """
    known, _ = _alike(counts, units, categories)
    cells = units.cells
    classes = getis_ord.hotspots(
        counts.by_unit()[known], cells.neighbours[known][:, known], cells.inside_area[known]
    )
    return _on_cells(on_all_rows(classes, known, {"class": "undefined"}), units)


def emerging_hotspots(
    counts: CountResult, units: CellUnits, categories: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Every cell with its class by month, in the columns of an Answer.

    Parameters
    ----------
    counts
        The counts of the cells.
    units
        The cells.
    categories
        Those counted; empty for all.

    Returns
    -------
    frame
        One row a cell, in metres; columns of `geo.hotspots.emerging.emerging` (source there).

    Raises
    ------
    InputError
        If too few months were published.
    """
    known, months = _alike(counts, units, categories)
    cells, by_month = units.cells, counts.by_month()
    if months is not None:
        by_month.loc[:, ~by_month.columns.isin(months)] = np.nan
    classes = emerging.emerging(
        by_month.to_numpy()[known],
        cells.neighbours[known][:, known],
        cells.inside_area[known],
        months=by_month.columns.tolist(),
    )
    if not known.all():
        unknown = {"pattern": "undefined", "why": UNKNOWN_CELL}
        classes = on_all_rows(classes.assign(why=""), known, unknown)
    return _on_cells(classes, units)


def _alike(
    counts: CountResult, units: CellUnits, categories: Sequence[str]
) -> tuple[NDArray[np.bool_], Collection[str] | None]:
    """The cells of which the same months are known, and these months; None where all are.

    What is unknown is no part of the study area: as zeros it would make the rest hot.
    """
    coverage = counts.coverage(units)
    if coverage is None:
        return np.ones(len(units.cells), dtype=bool), None
    months, alike = coverage.knowledge(categories).like(counts.months)
    return alike, months


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
