"""Where records without a place lie: in the area that the council states for them, if anywhere."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray


def stated_positions(stated: pd.Series, areas: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Find the areas that a council states, by their codes, else by their names.

    Parameters
    ----------
    stated
        n texts.
    areas
        A layer, indexed by code, with `area_name`.

    Returns
    -------
    n positions in `areas`, −1 where it has no such area. A name that two areas bear is of neither.
    """
    positions = pd.Series(np.arange(len(areas)), index=areas.index.astype(str))
    names = pd.Series(np.arange(len(areas)), index=_folded(areas["area_name"]))
    names = names[~names.index.duplicated(keep=False)]
    by_code = stated.map(positions)
    at = by_code.fillna(pd.Series(_folded(stated), index=stated.index).map(names))
    return at.fillna(-1).to_numpy(np.int64)


def _folded(texts: pd.Series) -> pd.Index:
    plain = texts.astype(str).str.casefold().str.replace("&", "and")
    return pd.Index(plain.str.split().str.join(" "))
