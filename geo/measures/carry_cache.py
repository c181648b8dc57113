"""Carried values of measures, made once for the same values and layers.

Pages of many areas, and Questions about other incidents, carry the same values. Frames are known
by their identity, as they are read once for each state of a store and never changed.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import Final

import geopandas as gpd
import pandas as pd

from geo.measures.carrying import Carrying, carry_values
from geo.measures.model import Measure

_MOST: Final = 128
_MOST_ROWS: Final = 5_000
"""Frames with more rows are carried anew: a country over many periods would fill the memory."""

_Key = tuple[int, int, int, Measure, str]
_Result = tuple[pd.DataFrame, Carrying]

_lock = threading.Lock()
_cached: OrderedDict[_Key, tuple[tuple[weakref.ref[pd.DataFrame], ...], _Result]] = OrderedDict()


def carried_once(
    values: pd.DataFrame,
    measure: Measure,
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    target: str,
) -> _Result:
    """Carry values, or return what was made of the same frames before.

    Parameters
    ----------
    values, measure, old, new, target
        As `geo.measures.carrying.carry_values` takes them. The frames must not be changed later,
        nor must what is returned.

    Returns
    -------
    As `carry_values` gives them.
    """
    frames = (values, old, new)
    key = (id(values), id(old), id(new), measure, target)
    with _lock:
        known = _cached.get(key)
        if known is not None and all(
            ref() is own for ref, own in zip(known[0], frames, strict=True)
        ):
            _cached.move_to_end(key)
            return known[1]
    result = carry_values(values, measure, old, new, target=target)
    if len(result[0]) <= _MOST_ROWS:
        # Weak: what nobody holds any more cannot be asked for again.
        refs = tuple(map(weakref.ref, frames))
        with _lock:
            _cached[key] = (refs, result)
            while len(_cached) > _MOST:
                _cached.popitem(last=False)
    return result
