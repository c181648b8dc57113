"""Geometries that GEOS prepares for many comparisons, each of them for one thread.

GEOS makes the index of a prepared geometry when it is first compared with another, and keeps what
it does in it, without a lock; shapely compares without Python's lock. Two threads that compare the
same prepared geometry end the process. So no geometry that others can reach is ever prepared: those
of a layer are shared by all who ask.

Source: https://github.com/libgeos/geos/issues/825
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

_UNTIL_INDEXED = 4
"""Comparisons after which a geometry has its index: GEOS 3.14 does the first one without."""


def prepared(geometry: shapely.Geometry) -> shapely.Geometry:
    """Copy a geometry and prepare the copy, for the thread that asks for it.

    Parameters
    ----------
    geometry
        Of any kind.

    Returns
    -------
    copy
        Equal to it. It must not be compared by several threads at once.
    """
    copy = shapely.from_wkb(shapely.to_wkb(geometry))
    shapely.prepare(copy)
    return copy


def prepared_array(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Copy geometries and prepare the copies, for the thread that asks for them.

    Parameters
    ----------
    geometries
        n of any kind; None where there is none.

    Returns
    -------
    copies
        Equal to them, in their order. They must not be compared by several threads at once.
    """
    copies: NDArray[np.object_] = shapely.from_wkb(shapely.to_wkb(geometries))
    shapely.prepare(copies)
    return copies


def prepared_for_points(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    """Copy geometries and prepare the copies, for all threads, to be compared with points alone.

    Parameters
    ----------
    geometries
        n of any kind; None where there is none.

    Returns
    -------
    copies
        Equal to them, in their order.
    """
    copies = prepared_array(geometries)
    # The index that finds points is made here; from then on it is only read. Any point will do
    # that lies within the bounds of its geometry: others are turned down before it is made.
    bounds = shapely.bounds(copies)
    x, y = bounds[:, [0, 2]].mean(axis=1), bounds[:, [1, 3]].mean(axis=1)
    for _ in range(_UNTIL_INDEXED):
        shapely.intersects_xy(copies, x, y)
    return copies
