"""A measure as a column of the layer that it is published on."""

from __future__ import annotations

from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.errors import QuestionError
from geo.measures.model import Measure
from geo.period import Period
from geo.store.contract import LayerMetadata, StoreReader

_FIRST_DAY: Final = date(1000, 1, 1)


def known_measure(store: StoreReader, measure_id: str, option: str) -> Measure:
    """Find a measure by its id.

    Parameters
    ----------
    store
        Where measures are.
    measure_id
        Its id.
    option
        Of the Question, which names it.

    Returns
    -------
    The measure.

    Raises
    ------
    QuestionError
        If there is none, with the ids of those that there are.
    """
    measures = {one.measure_id: one for one in store.measures()}
    if measure_id not in measures:
        there = ", ".join(measures) or "none yet; see 'patchmap measures add'"
        raise QuestionError(option, f"there is no measure {measure_id!r}; there are: {there}")
    return measures[measure_id]


def latest_values(values: pd.DataFrame, last_day: date) -> pd.Series:
    """The latest value of each area that was published for a time up to a day.

    Parameters
    ----------
    values
        Values of one measure.
    last_day
        Periods that begin after it are left out.

    Returns
    -------
    The values by area code; NaN where the latest period has none.
    """
    known = values[values["first_day"] <= pd.Timestamp(last_day)]
    ordered = known.sort_values(["area_code", "last_day", "first_day"])
    latest = ordered.drop_duplicates("area_code", keep="last")
    return pd.Series(latest["value"].to_numpy(float), index=latest["area_code"].astype(str))


def baseline_measure(
    store: StoreReader, measure_id: str, *, last_day: date
) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
    """The layer of a measure with its values as a column, for a baseline.

    Parameters
    ----------
    store
        Where measures and layers are.
    measure_id
        The id of a measure, which is the name of the column.
    last_day
        The last day of the Question: what was published for later times is left out.

    Returns
    -------
    The layer's metadata, and its areas with the column.

    Raises
    ------
    QuestionError
        If there is no such measure, or it does not count anything.
    """
    measure = known_measure(store, measure_id, "baseline")
    if measure.question:
        raise QuestionError(
            "baseline", f"{measure_id!r} is made of incidents; use baseline=other for them"
        )
    if measure.kind != "count":
        raise QuestionError(
            "baseline",
            f"{measure_id!r} is a {measure.kind}, and a baseline is a count, such as residents or "
            "households",
        )
    metadata, areas = store.layer(measure.layer_id)
    values = store.measure_values([measure_id], period=Period(_FIRST_DAY, last_day))
    column = latest_values(values, last_day).reindex(areas.index.astype(str)).to_numpy(float)
    return metadata, areas.assign(**{measure_id: np.asarray(column)})
