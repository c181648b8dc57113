"""The default store: one GeoPackage, written with the standard library's sqlite3.

QGIS opens the file as it is: incidents and each layer are feature tables. Tables that only
Patchmap uses are named `patchmap_…`.
"""

from __future__ import annotations

from pathlib import Path

from geo.crs import Projection
from geo.store.geopackage.feature_tables import add_feature_table
from geo.store.geopackage.incidents import GeoPackageIncidents
from geo.store.geopackage.layers import GeoPackageLayers
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.sql_store import SqlStore


class GeoPackageStore(SqlStore):
    """A store in one file. Threads may share it; each process opens its own.

    Parameters
    ----------
    path
        The GeoPackage.
    create
        Make the store where there is no file, or an empty one.

    Raises
    ------
    NotFoundError
        If there is no file and none is to be made.
    StoreError
        If the file is not a store, or a newer version wrote it.
    ConflictError
        If a migration was applied that differs from the known one.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        self._file = SqliteFile(path, create=create)
        super().__init__(
            self._file,
            tables=self._file,
            incidents=GeoPackageIncidents(self._file),
            layers=GeoPackageLayers(self._file),
        )
        if not self._has_incidents():
            with self.transaction():
                # Checked again: another process may have made it since.
                if not self._has_incidents():
                    add_feature_table(
                        self._file, "incidents", geometry_type="POINT", title="Incidents"
                    )

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""
        return self._file.projection

    def back_up(self, path: Path) -> None:
        """Copy the store as it is now into a new file, also while others write to it."""
        self._file.copy_to(path)

    def restore(self, path: Path) -> None:
        """Replace everything in this store with a backup; the store gets a new UUID.

        Raises
        ------
        StoreError, NotFoundError
            If the file is not a store that this version can read; this store is not changed.
        """
        self._file.restore_from(path)

    def _has_incidents(self) -> bool:
        return bool(self._file.rows("SELECT 1 FROM gpkg_contents WHERE table_name = 'incidents'"))
