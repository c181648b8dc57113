"""Hot and cold cells against a baseline, and the hotspots that joined hot cells are."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult
from geo.analyses.surfaces import cell_parameters
from geo.analyses.variance import tail_words, variance_caveats, variance_parameters
from geo.hotspots.baselines import FALSE_DISCOVERY_RATE
from geo.hotspots.dispersion import SERIES_HOURS
from geo.hotspots.ranking import commonest_streets
from geo.hotspots.street_names import numbered_names
from geo.question.answer import Answer

_TAIL = (
    "{} of the count of each cell with those that touch it, given the total, "
    "against their share of the baseline, corrected over all cells (Benjamini & Hochberg 1995)"
)
_GI = "Getis-Ord Gi* (Ord & Getis 1995)"


def hotspots(answer: Answer) -> AnalysisResult:
    """Class every cell of the study area as hot, cold or neither."""
    return AnalysisResult(
        answer.hotspots,
        f"{_method(answer)}; at a false discovery rate of {FALSE_DISCOVERY_RATE:.0%} (hot_95, "
        "cold_95) or 1 % (hot_99, cold_99). A hot cell holds incidents; an empty one in a hot "
        "neighbourhood is beside a hotspot",
        _parameters(answer),
        hotspot_caveats(answer),
    )


def outlines(answer: Answer) -> AnalysisResult:
    """Join hot cells to hotspots, each with its outline, count and shares."""
    hotspots = answer.once(hotspot_outlines)
    # Of all areas, though the Question shows some: a hotspot is whole, and shown where a cell is.
    shown = hotspots["cluster_id"].isin(hotspot_ids(answer.hotspots))
    return AnalysisResult(
        answer.without_hidden(hotspots[shown].reset_index(drop=True)),
        f"Joined hot cells, of which each holds incidents; cells by the {_method(answer)}",
        _parameters(answer),
        hotspot_caveats(answer),
    )


def hotspot_outlines(answer: Answer) -> gpd.GeoDataFrame:
    """The hotspots of the whole study area, those with most incidents first.

    Parameters
    ----------
    answer
        Its cells are classed.

    Returns
    -------
    A row for each: `cluster_id`, `class` (that of its hottest cell), `cells`, `n`, `expected`,
    `share` (of all incidents counted), `land_share` (of the study area), `streets`, `area_code`
    (of its cells, joined with `;`), and the outline of its cells.
    """
    cells = answer.hotspots_of_all
    hot = np.flatnonzero(cells["class"].str.startswith("hot"))
    own = cells.iloc[hot]
    cluster, ids = pd.factorize(own["cluster_id"], sort=True)
    columns = {name: own[name].to_numpy() for name in ("class", "n", "expected", "area_code")}
    land, shapes = answer.cells.inside_area, own.geometry.to_numpy()
    share = land[hot] / land.sum()
    names, street = numbered_names(answer.counted["location"])
    streets = rows_by(_cluster_of_counted(answer, hot, cluster), len(ids))
    rows = []
    for name, here, inside in zip(ids, rows_by(cluster, len(ids)), streets, strict=True):
        kind, n, expected, area_code = (values[here] for values in columns.values())
        codes = {code for text in area_code for code in str(text).split(";") if code}
        rows.append(
            {
                "cluster_id": str(name),
                "class": "hot_99" if (kind == "hot_99").any() else "hot_95",
                "cells": len(here),
                "n": int(n.sum()),
                "expected": float(expected.sum()),
                "share": n.sum() / max(len(answer.counted), 1),
                "land_share": float(share[here].sum()),
                "streets": commonest_streets(names, street[inside]),
                "area_code": ";".join(sorted(codes)),
                "geometry": shapely.union_all(shapes[here]),
            }
        )
    table = pd.DataFrame(rows, columns=[*_TYPES, "geometry"]).astype(_TYPES)
    order = np.lexsort([table["cluster_id"].to_numpy(str), -table["n"].to_numpy()])
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=answer.areas.crs)
    return frame.iloc[order].reset_index(drop=True)


def _cluster_of_counted(
    answer: Answer, hot: NDArray[np.intp], cluster: NDArray[np.intp]
) -> NDArray[np.intp]:
    """The number of the hotspot of each counted incident; −1 outside all."""
    of_cell = np.full(len(answer.cells), -1, dtype=np.intp)
    of_cell[hot] = cluster
    return of_cell[answer.cell_of_counted]


def rows_by(number: NDArray[np.intp], many: int) -> list[NDArray[np.intp]]:
    """The rows of each number from 0, in their order.

    Parameters
    ----------
    number
        Of n rows; those below 0 are left out.
    many
        How many numbers there are.

    Returns
    -------
    Positions of rows, for each number.
    """
    order = np.argsort(number, kind="stable")
    return np.split(order, np.searchsorted(number[order], np.arange(many + 1)))[1:-1]


_TYPES = {
    "cluster_id": "str",
    "class": "str",
    "cells": "int64",
    "n": "int64",
    "expected": "float64",
    "share": "float64",
    "land_share": "float64",
    "streets": "str",
    "area_code": "str",
}


def hotspot_caveats(answer: Answer) -> list[str]:
    """What to keep in mind of the hot and cold cells of an Answer."""
    hot = len(hotspot_ids(answer.hotspots))
    against = f"joined cells with more than {answer.baseline.phrase}."
    caveats = [
        f"{hot:,} hotspot{'' if hot == 1 else 's'}: {against}",
        *answer.baseline.caveats,
        *_unjudged(answer),
        *_dependent(answer),
    ]
    if answer.harm is not None:
        caveats.append(
            f"Gi* is of harm by {answer.harm.title} ({answer.harm.source}); the tail is of counts."
        )
    return caveats


def _method(answer: Answer) -> str:
    tail = _TAIL.format(tail_words(answer))
    if answer.question.test == "gi":
        return f"{_GI} and {tail}, both of which must agree"
    return f"{tail}; {_GI} stands beside it"


def _unjudged(answer: Answer) -> list[str]:
    """How many incidents lie where the baseline has nothing."""
    cells = answer.hotspots_of_all
    n = int(cells.loc[cells["class"] == "undefined", "n"].fillna(0).sum())
    if not n or n == len(answer.counted):
        return []
    caveat = (
        f"{n:,} of {len(answer.counted):,} incidents lie where the baseline has nothing: they are "
        "counted, but their cells cannot be judged."
    )
    return [caveat]


def _dependent(answer: Answer) -> list[str]:
    """How incidents that come together, and months that vary, are allowed for."""
    if answer.question.test == "gi":
        return []
    caveats = []
    series = len(answer.counted) - int(answer.cell_evidence.sum())
    if series:
        caveats.append(
            f"{series:,} incidents within {SERIES_HOURS} hours of another one of the same category "
            "at the same place are a series: it counts once for the test, n counts each."
        )
    return [*caveats, *variance_caveats(answer)]


def _parameters(answer: Answer) -> dict[str, object]:
    baseline = answer.baseline
    parameters = {
        "baseline": baseline.name,
        "baseline_words": baseline.phrase,
        "test": answer.question.test,
        "hotspots": len(hotspot_ids(answer.hotspots)),
        "series_hours": SERIES_HOURS,
    }
    return cell_parameters(answer) | parameters | variance_parameters(answer)


def hotspot_ids(cells: pd.DataFrame) -> list[str]:
    """The ids of the hotspots that some classed cells belong to, in the order of the alphabet."""
    hot = cells["class"].str.startswith("hot")
    return sorted(set(cells.loc[hot, "cluster_id"]))
