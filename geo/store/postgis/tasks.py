"""The tasks of a PostGIS store: a plain spatial table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

import numpy as np
import shapely

from geo.store.backend import TaskFeatures


class PostgisTasks(TaskFeatures):
    """Places of tasks as hexadecimal EWKB, which PostGIS reads and writes as text."""

    def __init__(self, *, srid: int) -> None:
        self._srid = srid

    def changing(self) -> AbstractContextManager[None]:
        """Rows of the table are added or changed inside; the server keeps the index."""
        return nullcontext()

    def to_stored(self, wkbs: Sequence[bytes]) -> list[object]:
        """Geometries as text of PostGIS."""
        geometries = shapely.set_srid(np.asarray(shapely.from_wkb(list(wkbs))), self._srid)
        return list(shapely.to_wkb(geometries, hex=True, include_srid=True)) if wkbs else []

    def from_stored(self, values: Sequence[object]) -> list[bytes]:
        """Texts of PostGIS as well-known binary."""
        geometries = shapely.from_wkb(cast("Any", list(values)))
        return list(shapely.to_wkb(geometries)) if values else []
