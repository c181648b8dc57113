"""The records of a store in a database: tables beside its own, on connections of their own."""

from __future__ import annotations

from typing import ClassVar, Final

from geo.store.backend import Row
from geo.store.postgis.server import RECORDS_LOCK, Server, SharedTables

_CONNECTIONS: Final = 2


class RecordsServer(Server):
    """Connections whose transactions wait for each other, and not for imports."""

    writer_lock: ClassVar[int] = RECORDS_LOCK
    compacted: ClassVar[tuple[str, ...]] = ("patchmap_audit",)


class PostgisRecords:
    """The records of a store, whose tables the store's migrations have made.

    Parameters
    ----------
    url
        Of the store, which was opened before.

    Raises
    ------
    StoreError
        If the database cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self._server = RecordsServer(url, pool_size=_CONNECTIONS)
        self._tables = SharedTables(self._server)
        self.reading = self._server.reading
        self.transaction = self._server.transaction
        self.changing = self._server.changing
        self.compact = self._server.compact
        self.close = self._server.close

    @property
    def is_read_only(self) -> bool:
        """Whether the database takes no changes."""
        return self._server.is_read_only

    def rows(self, statement: str, *values: object) -> list[Row]:
        """The rows of a query, with a value for each `?`."""
        return self._tables.rows(statement, *values)

    def execute(self, statement: str, *values: object) -> None:
        """Run one statement, with a value for each `?`."""
        self._tables.execute(statement, *values)

    def delete_audit_until(self, sequence: int) -> None:
        """Delete the entries of the audit up to one, past the trigger that refuses it."""
        self._tables.execute("ALTER TABLE patchmap_audit DISABLE TRIGGER USER")
        self._tables.execute("DELETE FROM patchmap_audit WHERE sequence <= ?", sequence)
        self._tables.execute("ALTER TABLE patchmap_audit ENABLE TRIGGER USER")
