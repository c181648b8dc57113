"""The tasks of a GeoPackage: a feature table, with its spatial index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, cast

import shapely

from geo.store.backend import TaskFeatures
from geo.store.geopackage.feature_tables import begin_change, finish_change
from geo.store.geopackage.geometry_blobs import geometry_blobs, read_blobs
from geo.store.geopackage.sqlite_file import SqliteFile

_TABLE: Final = "patchmap_tasks"


class GeoPackageTasks(TaskFeatures):
    """Places of tasks as blobs of the standard."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Rows of the table are added or changed inside."""
        begin_change(self._file, _TABLE)
        yield
        finish_change(self._file, _TABLE)

    def to_stored(self, wkbs: Sequence[bytes]) -> list[object]:
        """Geometries as blobs."""
        return list(geometry_blobs(wkbs, srs_id=self._file.projection.code)) if wkbs else []

    def from_stored(self, values: Sequence[object]) -> list[bytes]:
        """Blobs as well-known binary."""
        if not values:
            return []
        return list(shapely.to_wkb(read_blobs(cast("Sequence[bytes]", values))))
