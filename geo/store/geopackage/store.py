"""The default store: one GeoPackage, written with the standard library's sqlite3.

QGIS opens the file as it is: incidents, tasks and each layer are feature tables. Tables that only
Patchmap uses are named `patchmap_…`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from geo.columns import ColumnFolder, beside
from geo.crs import Projection
from geo.store.column_copy import ColumnCopy
from geo.store.geopackage.feature_tables import add_feature_table
from geo.store.geopackage.incidents import GeoPackageIncidents
from geo.store.geopackage.layers import GeoPackageLayers
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.geopackage.tasks import GeoPackageTasks
from geo.store.sql_store import SqlStore

# Only now, since their reference system is not known to a migration.
_FEATURES: Final = {"incidents": ("POINT", "Incidents"), "patchmap_tasks": ("GEOMETRY", "Tasks")}


class GeoPackageStore(SqlStore):
    """A store in one file. Threads may share it; each process opens its own.

    Parameters
    ----------
    path
        The GeoPackage.
    create
        Make the store where there is no file, or an empty one.
    cache
        A folder for what can be made again and cannot lie beside the store.

    Raises
    ------
    NotFoundError
        If there is no file and none is to be made.
    StoreError
        If the file is not a store, or a newer version wrote it.
    ConflictError
        If a migration was applied that differs from the known one.
    """

    def __init__(self, path: Path, *, create: bool = False, cache: Path | None = None) -> None:
        self.path = path
        self._file = SqliteFile(path, create=create)
        incidents = GeoPackageIncidents(self._file)
        super().__init__(
            self._file,
            tables=self._file,
            incidents=incidents,
            layers=GeoPackageLayers(self._file),
            tasks=GeoPackageTasks(self._file),
            columns=ColumnCopy(self._file, incidents, beside=beside(path), cache=cache),
        )
        ColumnFolder(beside(path)).remove_empty()
        if self._unregistered():
            with self.transaction():
                # Asked again: another process may have registered them since.
                for table in self._unregistered():
                    kind, title = _FEATURES[table]
                    add_feature_table(self._file, table, geometry_type=kind, title=title)

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
        with self._columns.replacing():
            self._file.restore_from(path)

    def _unregistered(self) -> list[str]:
        tables = self._file.rows(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            " AND name NOT IN (SELECT table_name FROM gpkg_contents)"
        )
        return [name for (name,) in tables if name in _FEATURES]
