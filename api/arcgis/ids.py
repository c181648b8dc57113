"""Numbers for what Patchmap names: layers and features, the same whenever they are asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_NUMBERED: Final = (
    "area-counts",
    "hotspots",
    "density",
    "ranked-hotspots",
    "changes",
    "expected",
    "emerging-hotspots",
    "repeat-places",
    "posts",
    "patches",
    "patrols",
    "incidents",
    "plans",
    "hotspot-outlines",
    "unusual",
    "street-counts",
    "unusual-places",
    "tasks",
    "priorities",
    "roster",
    "task-outlines",
)
"""Collections by their number: add to the end alone, since maps of other people hold these."""

_FIRST, _MANY = 100_000_000, 900_000_000
_MOST_FEATURES: Final = 2**25


def layer_numbers(collection_ids: Iterable[str]) -> Mapping[str, int]:
    """Return the number of each collection, by its id.

    A number is made of the id alone, so it stays when other layers come and go. Of two ids with
    the same number, one in millions, the later one gets the next.
    """
    numbers = {name: number for number, name in enumerate(_NUMBERED)}
    taken = set(numbers.values())
    for name in collection_ids:
        if name not in numbers:
            number = _FIRST + zlib.crc32(name.encode()) % _MANY
            while number in taken:
                number += 1
            numbers[name] = number
            taken.add(number)
    return numbers


def object_ids(feature_ids: pd.Index) -> NDArray[np.int64]:
    """Return a number of 1 to 2³¹ − 1 for each feature, distinct, made of its id.

    Numbers come from the ids and not from positions: a feature keeps its number when others are
    added. Where two would have the same, the later of both in the order of their texts gets the
    next one that is free.

    Parameters
    ----------
    feature_ids
        Distinct ids.
    """
    texts = feature_ids.to_numpy(dtype=object)
    sums = np.fromiter((zlib.crc32(text.encode()) for text in texts), np.int64, len(texts))
    numbers = 1 + sums % (2**31 - 1 - _MOST_FEATURES)
    order = np.argsort(numbers, kind="stable")
    in_order = numbers[order]
    doubles = np.flatnonzero(in_order[1:] == in_order[:-1])
    if len(doubles):
        order = np.lexsort([texts.astype(str), numbers])
        place = np.arange(len(texts))
        in_order = place + np.maximum.accumulate(numbers[order] - place)
    distinct = np.empty_like(numbers)
    distinct[order] = in_order
    return distinct
