"""The store for many users: a schema of a PostgreSQL database with PostGIS.

QGIS and other tools read `patchmap.incidents` and a table for each layer as they are. Tables
that only Patchmap uses are named `patchmap_…`.
"""

from __future__ import annotations

from pathlib import Path

from geo.crs import Projection
from geo.store.column_copy import ColumnCopy
from geo.store.postgis.incidents import PostgisIncidents
from geo.store.postgis.layers import PostgisLayers
from geo.store.postgis.server import Server, SharedTables
from geo.store.postgis.setup import prepare
from geo.store.postgis.tasks import PostgisTasks
from geo.store.sql_store import SqlStore

DEFAULT_POOL_SIZE = 4


class PostgisStore(SqlStore):
    """A store in a database, which threads and other processes may share.

    Parameters
    ----------
    url
        `postgresql://user@host:5432/database`, or any other connection string of PostgreSQL.
    create
        Make the store if the database has none.
    pool_size
        How many connections to open at most.
    cache
        A folder on this machine for what can be made again.

    Raises
    ------
    InputError
        If the address is not one of PostgreSQL's.
    NotFoundError
        If there is no such database, or it has no store and none is to be made.
    StoreError
        If the database cannot be reached, lacks PostGIS, or a newer version wrote the store.
    ConflictError
        If a migration was applied that differs from the known one.
    """

    def __init__(
        self,
        url: str,
        *,
        create: bool = False,
        pool_size: int = DEFAULT_POOL_SIZE,
        cache: Path | None = None,
    ) -> None:
        self._server = Server(url, pool_size=pool_size)
        try:
            self._projection = prepare(self._server, create=create)
        except BaseException:
            self._server.close()
            raise
        tables = SharedTables(self._server)
        incidents = PostgisIncidents(self._server, srid=self._projection.code)
        super().__init__(
            self._server,
            tables=tables,
            incidents=incidents,
            layers=PostgisLayers(self._server, self._projection),
            tasks=PostgisTasks(srid=self._projection.code),
            columns=ColumnCopy(tables, incidents, cache=cache),
        )

    @property
    def name(self) -> str:
        """The database as messages name it, without a password."""
        return self._server.name

    @property
    def projection(self) -> Projection:
        """The working CRS and the one coordinate operation pinned at creation."""
        return self._projection
