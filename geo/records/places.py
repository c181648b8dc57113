"""Places of records: reports at one spot seldom have the very same coordinate."""

from __future__ import annotations

import heapq
from typing import Final

import numpy as np
from numpy.typing import NDArray

from geo.distinct_points import point_codes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_PLACE_M: Final = 20.0
"""Within how many metres two reports are of one place.

A telephone knows where it is to about 5 metres under an open sky and to twice that beside houses,
so two reports of one spot lie up to 20 metres apart. That is the front of three or four terraced
houses: a heap of rubbish is one place whoever of the neighbours reports it.
"""


class NearbyPoints:
    """The distinct points among some, and which of them lie near each other."""

    def __init__(self, x: Floats, y: Floats, metres: float) -> None:
        # Imported late: few commands ask for places.
        from scipy.spatial import KDTree

        self.code = point_codes(x, y)
        _, first = np.unique(self.code, return_index=True)
        self.xy = np.column_stack([x[first], y[first]]).reshape(-1, 2)
        n = len(self.xy)
        near = KDTree(self.xy).query_pairs(metres, output_type="ndarray") if n else np.empty((0, 2))
        own = np.repeat(np.arange(n), 2).reshape(-1, 2)
        both = np.concatenate([own, near, near[:, ::-1]]).astype(np.int64)
        self.pairs: Ints = both[np.lexsort((both[:, 1], both[:, 0]))]
        """Positions of points, each pair in both orders, and each point with itself."""

    def neighbours(self) -> list[Ints]:
        """Of each distinct point those that lie near it, itself included."""
        ends = np.cumsum(np.bincount(self.pairs[:, 0], minlength=len(self.xy)))
        return np.split(self.pairs[:, 1], ends[:-1]) if len(self.xy) else []


def place_codes(x: Floats, y: Floats, *, metres: float = SAME_PLACE_M) -> Ints:
    """Number the places of some points.

    The point with most others around it is the middle of the first place, which takes all within
    so many metres; then the next among those left. So places never chain along a street: none is
    wider than twice the distance.

    Parameters
    ----------
    x, y
        Of n points in metres.
    metres
        From the middle of a place to its edge; 0 for the same coordinate alone.

    Returns
    -------
    n numbers from 0, the place with most points first. Of equals the one more to the west, then to
    the south.
    """
    nearby = NearbyPoints(np.asarray(x, float), np.asarray(y, float), metres)
    weight = np.bincount(nearby.code, minlength=len(nearby.xy))
    neighbours = nearby.neighbours()
    free, place = np.ones(len(weight), dtype=bool), np.full(len(weight), -1, dtype=np.int64)
    queue = [(-int(weight[near].sum()), *nearby.xy[i], i) for i, near in enumerate(neighbours)]
    heapq.heapify(queue)
    places = 0
    while queue:
        count, across, up, point = heapq.heappop(queue)
        if not free[point]:
            continue
        near = neighbours[point][free[neighbours[point]]]
        now = -int(weight[near].sum())
        if now > count:
            # Others have taken points of it since: it waits for its turn with what is left.
            heapq.heappush(queue, (now, across, up, point))
            continue
        free[near], place[near] = False, places
        places += 1
    return place[nearby.code]
