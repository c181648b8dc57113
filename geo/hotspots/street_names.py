"""Streets as incidents name them: a text, at points that lie close to each other.

A text alone does not identify a street. Every town has its High Street, and police.uk writes
"Parking Area" and "Supermarket" for hundreds of places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

_PREFIX = re.compile(r"(?i)^\s*on or near\b\s*")
_ADDRESS = (
    r"(?i)^(?:(?:flat|apartment|unit)\s+\w+\s*,?\s+)?\d+[a-z]?(?:\s*[-–/]\s*\d+[a-z]?)?\s*,?\s+"
)
_HOUSE = re.compile(rf"{_ADDRESS}(?P<street>[^,]*[^\W\d][^,]*).*$")
_NAMELESS = ("", "no location")

_MOST_TEXTS = 100_000
"""Texts whose names are kept: a city has some thousands, and every answer asks for them anew."""

GAP_M = 300.0
"""Metres between two points of one name beyond which they are two streets."""


def street_names(location: Sequence[str]) -> NDArray[np.object_]:
    """The names in location texts, without "On or near"; '' where there is none.

    Of an address, such as "Flat 2, 8 Corn Hill, Derby", only the street is kept. A text without a
    house number stays whole, because what stands before its comma may be the name of premises.
    """
    names, code = numbered_names(location)
    return names[code]


def numbered_names(
    location: Sequence[str] | pd.Series,
) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """The distinct names in alphabetical order, and the number of each location's name.

    Parameters
    ----------
    location
        n texts; those of an incident frame as they are, since its categories are numbered already.

    Returns
    -------
    As `street_names` has them, with '' where some text has none; and n positions among them.
    """
    given = location if isinstance(location, pd.Series) else pd.Series(location, dtype="str")
    text, texts = pd.factorize(given, use_na_sentinel=False)
    distinct = pd.Series(np.asarray(texts, dtype=object), dtype=object).fillna("")
    cleaned = np.array([_name_in(str(one)) for one in distinct], dtype=object)
    names, code = np.unique(cleaned, return_inverse=True)
    return names, code[text]


@lru_cache(maxsize=_MOST_TEXTS)
def _name_in(text: str) -> str:
    """The name in one location text; '' where there is none."""
    plain = _PREFIX.sub("", text, count=1).strip()
    name = _HOUSE.sub(lambda address: address["street"].strip(), plain)
    return "" if name.lower() in _NAMELESS else name


def streets(
    x: ArrayLike, y: ArrayLike, location: Sequence[str], *, gap: float = GAP_M
) -> NDArray[np.int64]:
    """Number the street of each incident, from 0; −1 where it names none.

    Points with one name are one street as long as no gap between them is wider than `gap`; beyond
    it another street of the same name begins.

    Parameters
    ----------
    x, y
        Metres, of n incidents.
    location
        n texts.
    gap
        Metres.

    Returns
    -------
    n numbers.
    """
    names, code = numbered_names(location)
    rows = pd.DataFrame({"name": code, "x": x, "y": y})
    point = rows.groupby(["name", "x", "y"], sort=True).ngroup().to_numpy()
    points = rows.drop_duplicates().sort_values(["name", "x", "y"])
    name = points["name"].to_numpy()
    # A third coordinate keeps names apart: points of two names are never within `gap`.
    separated = np.column_stack([points[["x", "y"]], name * (2.0 * gap)])
    near = scipy.spatial.cKDTree(separated).query_pairs(gap, output_type="ndarray")
    links = scipy.sparse.coo_array((np.ones(len(near)), near.T), shape=(len(points), len(points)))
    _, street = scipy.sparse.csgraph.connected_components(links, directed=False)
    named = names[name] != ""
    number = np.full(len(points), -1)
    number[named] = pd.factorize(street[named])[0]
    of_incident: NDArray[np.int64] = number[point]
    return of_incident
