"""Hot, cold and emerging cells from the counts of files."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from geo.hotspots import baselines, emerging
from geo.hotspots.baselines import Baseline
from geo.hotspots.dispersion import FEWEST_MONTHS, MOST_MONTHS, dispersion
from geo.locate import joined_codes
from geo.question.answer import UNKNOWN_CELL, on_all_rows
from geo.scale.totals import CountResult
from geo.scale.units import CellUnits


def hotspots(
    counts: CountResult, units: CellUnits, categories: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Every cell with its class against an even spread, in the columns of an Answer.

    Files say neither which other months a source's snap points had, nor at which hour incidents
    happened: so the land is the baseline, and how much months vary is measured on those counted.

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
        One row a cell, in metres; columns of `geo.hotspots.baselines.hotspots` (source there).
    """
    known, _ = _alike(counts, units, categories)
    cells = units.cells
    neighbours = cells.neighbours[known][:, known]
    classes = baselines.hotspots(
        counts.by_unit()[known],
        neighbours,
        Baseline(cells.inside_area[known]),
        ids=np.array(cells.ids)[known].tolist(),
        dispersion=_dispersion(counts, neighbours, known),
    )
    unknown = {"class": "undefined", "cluster_id": ""}
    return _on_cells(on_all_rows(classes, known, unknown), units)


def _dispersion(
    counts: CountResult, neighbours: scipy.sparse.csr_array, known: NDArray[np.bool_]
) -> float:
    """Variance over mean of neighbourhoods by month; 1 where too few months are whole."""
    months = counts.whole_months[-MOST_MONTHS:]
    if len(months) < FEWEST_MONTHS:
        return 1.0
    by_month = counts.by_month()[months].to_numpy()[known]
    return dispersion(neighbours @ by_month, by_month.sum(axis=0))


def emerging_hotspots(
    counts: CountResult, units: CellUnits, categories: Sequence[str] = ()
) -> gpd.GeoDataFrame:
    """Every cell with its class by month against an even spread, in the columns of an Answer.

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
    neighbours = cells.neighbours[known][:, known]
    classes = emerging.emerging(
        by_month.to_numpy()[known],
        neighbours,
        Baseline(cells.inside_area[known]),
        months=by_month.columns.tolist(),
        dispersion=_dispersion(counts, neighbours, known),
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
