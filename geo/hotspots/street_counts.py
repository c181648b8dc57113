"""Counts by street: segments joined to streets, and what the incidents on each of them are like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import scipy
import shapely
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

JOIN_GAP_M: Final = 25.0
"""Segments of one name with no wider gap between them are one street, in metres: a roundabout or
the other carriageway does not end it."""


def join_segments(
    names: Sequence[str], lines: NDArray[np.object_], *, gap: float = JOIN_GAP_M
) -> Ints:
    """Number the street of each segment, from 0 in the order of their first segments.

    Parameters
    ----------
    names
        The name of each of n segments, compared without case and further spaces; '' for none. A
        segment without a name is a street of its own.
    lines
        n lines or multilines in metres.
    gap
        The widest gap within a street, in metres. Beyond it another street of that name begins:
        every town has its High Street.

    Returns
    -------
    n numbers.
    """
    texts = pd.Series(list(names), dtype="str").str.split().str.join(" ").str.casefold()
    code = pd.factorize(texts)[0]
    one, other = shapely.STRtree(lines).query(lines, predicate="dwithin", distance=gap)
    same = (one < other) & (code[one] == code[other]) & (texts.to_numpy() != "")[one]
    links = scipy.sparse.coo_array(
        (np.ones(same.sum()), (one[same], other[same])), shape=(len(lines),) * 2
    )
    _, street = scipy.sparse.csgraph.connected_components(links, directed=False)
    return np.asarray(pd.factorize(street)[0], dtype=np.int64)


@dataclass(frozen=True)
class OnStreets:
    """The street of each of n incidents, with what is to be summed up by street.

    Attributes
    ----------
    street
        Positions of streets; −1 for incidents that are too far from any.
    distance_m
        Metres to the street; NaN where there is none.
    tied
        Whether another street is equally near.
    snapped
        Whether its source moved it to an anonymous point.
    month
        Its month, as a number.
    """

    street: Ints
    distance_m: Floats
    tied: Bools
    snapped: Bools
    month: Ints


def count_streets(incidents: OnStreets, length_m: Floats) -> pd.DataFrame:
    """Count incidents by street.

    Parameters
    ----------
    incidents
        The street of each incident.
    length_m
        The length of each of m streets, in metres, above 0.

    Returns
    -------
    m rows: `n`, `share` (of all incidents, those too far from a street included), `per_100m`,
    `months` (in how many months it had an incident), `n_snapped`, `n_tied`, and
    `median_distance_m`, `farthest_m` of its incidents, NaN where there is none.
    """
    streets, on = len(length_m), incidents.street >= 0
    street = incidents.street[on]
    n = np.bincount(street, minlength=streets)
    distances = pd.Series(incidents.distance_m[on]).groupby(street)
    rows = pd.DataFrame({"n": n, "share": n / max(len(on), 1), "per_100m": 100 * n / length_m})
    pairs = pd.DataFrame({"street": street, "month": incidents.month[on]}).drop_duplicates()
    return rows.assign(
        months=np.bincount(pairs["street"], minlength=streets),
        n_snapped=np.bincount(street[incidents.snapped[on]], minlength=streets),
        n_tied=np.bincount(street[incidents.tied[on]], minlength=streets),
        median_distance_m=distances.median().reindex(range(streets)),
        farthest_m=distances.max().reindex(range(streets)),
    )
