"""One PostgreSQL database: its connections, transactions and errors."""

from __future__ import annotations

import errno
import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, ClassVar, Final, LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from geo.errors import DiskFullError, InputError, NotFoundError, StoreError
from geo.store.backend import BulkTables, Row

SCHEMA: Final = "patchmap"
CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 10.0
LOCK_TIMEOUT_S = 30.0
# Advisory locks. Any number will do that every Patchmap shares: this is "patchmap" in ASCII.
_WRITER_LOCK = 0x70617463686D6170
_COMMIT_LOCK = _WRITER_LOCK + 1
RECORDS_LOCK = _WRITER_LOCK + 2

Statement = LiteralString | sql.Composed | sql.SQL

# The pool logs each failed attempt; without a handler Python would print it on standard error.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Server:
    """A pool of connections to one database, which threads may share.

    A thread inside `reading()` or `transaction()` uses one connection for all its statements;
    outside of them each statement takes any connection and is a transaction of its own.

    Parameters
    ----------
    url
        A connection string of PostgreSQL.
    pool_size
        How many connections to open at most.

    Raises
    ------
    InputError
        If the address is not one of PostgreSQL's.
    StoreError
        If the database cannot be reached.

    Attributes
    ----------
    writer_lock
        The advisory lock that its transactions take one after the other.
    compacted
        The tables that `compact` writes anew.
    """

    writer_lock: ClassVar[int] = _WRITER_LOCK
    compacted: ClassVar[tuple[str, ...]] = (
        *("incidents", "patchmap_ids", "patchmap_replaced", "patchmap_imports"),
        *("patchmap_table_imports", "patchmap_lives", "patchmap_life_events"),
        *("patchmap_tasks", "patchmap_tasking_steps", "patchmap_plans", "patchmap_plan_comments"),
    )

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.name = database_name(url)
        self._url = url
        self._own = threading.local()
        # Before the pool connects: it would try again and again, and never say why it fails.
        with self.errors(), _connect(url) as connection:
            extension = connection.execute(POSTGIS).fetchone()
        self.has_postgis = extension is not None
        # For the functions of PostGIS, in whichever schema it is; our tables are named with theirs.
        self._search_path = str(extension[0]) if extension else "public"
        self._pool = ConnectionPool(
            url,
            # Finds connections that a restart of the server has cut before a statement fails.
            check=self._check,
            configure=self._configure,
            # None prepared: they would fail once a layer's table is dropped and made again.
            kwargs={"autocommit": True, "prepare_threshold": None, **_CONNECT},
            min_size=1,
            max_size=pool_size,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=POOL_TIMEOUT_S / 2,
            open=True,
        )

    @property
    def is_read_only(self) -> bool:
        """Whether the database takes no changes, as a standby server does."""
        return bool(self.rows("SHOW transaction_read_only")[0][0] == "on")

    def stamp(self) -> None:
        """Nothing: the server would have to be asked and waited for."""

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Row]]:
        """The connection of this thread's block; outside of a block any that is free."""
        with self.errors():
            own = self._connection_of_block()
            if own is not None:
                yield own
                return
            with self._pool.connection() as connection:
                yield connection

    def rows(self, statement: Statement, *values: object) -> list[Row]:
        """The rows of a query.

        Parameters
        ----------
        statement
            A SELECT, or an INSERT with RETURNING.
        values
            One for each `%s`; without any, `%` needs no doubling.

        Returns
        -------
        list
            A tuple for each row.
        """
        with self.connection() as connection:
            return connection.execute(statement, values or None, binary=True).fetchall()

    def rows_committed(self, statement: Statement) -> list[Row]:
        """The rows of a query as others see them, whatever this thread's block has read.

        Parameters
        ----------
        statement
            A SELECT.

        Returns
        -------
        list
            A tuple for each row.
        """
        # Not of the pool, whose connections may all be waiting for this one.
        with self.errors(), _connect(self._url) as connection:
            return connection.execute(statement, binary=True).fetchall()

    def execute(self, statement: Statement, *values: object) -> int:
        """Run a statement, or several if there are no values.

        Parameters
        ----------
        statement
            Any statement without rows.
        values
            One for each `%s`; without any, `%` needs no doubling.

        Returns
        -------
        int
            How many rows the statement changed.
        """
        with self.connection() as connection:
            return connection.execute(statement, values or None).rowcount

    @contextmanager
    def reading(self) -> Iterator[None]:
        """All reads made inside see one state of the store."""
        if self._connection_of_block() is not None:
            yield
            return
        with self._block() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            # A commit shows its rows a moment before the partitions it attached, so a read that
            # begins in that moment waits until the commit is over.
            connection.execute(
                "SELECT pg_advisory_lock_shared(%s), pg_advisory_unlock_shared(%s)",
                (_COMMIT_LOCK, _COMMIT_LOCK),
            )
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside happen together or not at all; other writers wait."""
        if self._connection_of_block() is not None:
            raise StoreError(f"the store {self.name} cannot be used: blocks are not nested")
        with self._block() as connection:
            _wait(connection, LOCK_TIMEOUT_S)
            self._take_the_lock(connection)
            # The triggers that count what other programs edit leave our changes to us.
            connection.execute("SELECT set_config('patchmap.counts', 'on', true)")
            yield
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                # PostgreSQL would roll back on COMMIT without an error.
                raise StoreError(f"the store {self.name} cannot be used: a statement failed")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_COMMIT_LOCK,))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change, whole or not at all: inside a transaction, else as one of its own."""
        own = self._connection_of_block()
        if own is None:
            with self.transaction():
                yield
        else:
            with self.errors(), own.transaction():
                yield

    def compact(self) -> None:
        """Write the files of the tables anew, without the rows that were deleted.

        Raises
        ------
        StoreError
            If another session uses a table for too long, or the disk is full.
        """
        # The partitions of `incidents` are done with it. Rows that were replaced were there first.
        for table in self.compacted:
            name = sql.Identifier(SCHEMA, table)
            self.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(name))
        # The planner's statistics hold texts of sampled rows, those that went among them. Only a
        # superuser may do this; to others the server gives a warning.
        self.execute("VACUUM (FULL) pg_catalog.pg_statistic")

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise the database's errors as errors of Patchmap: one line, never with a password."""
        try:
            yield
        except errors.LockNotAvailable as error:
            raise StoreError(
                f"the store {self.name} cannot be used: another import was still running after "
                f"{LOCK_TIMEOUT_S:g} seconds; try again when it has finished"
            ) from error
        except errors.DiskFull as error:
            raise DiskFullError(f"the store {self.name} cannot be used: {_DISK_FULL}") from error
        except errors.ConfigurationLimitExceeded as error:
            raise DiskFullError(
                f"the store {self.name} cannot be used: its server gives it no more room for "
                f"temporary files; ask who runs it ({_first_line(error)})"
            ) from error
        except PoolTimeout as error:
            raise StoreError(
                f"the store {self.name} cannot be used: it gave no connection in "
                f"{POOL_TIMEOUT_S:g} seconds; check that its server is running"
            ) from error
        except PoolClosed as error:
            raise StoreError(f"the store {self.name} cannot be used: it was closed") from error
        except psycopg.DataError as error:
            raise InputError(f"the store cannot hold that: {_first_line(error)}") from error
        except psycopg.Error as error:
            raise _refusal(self.name, error) from error

    def _connection_of_block(self) -> psycopg.Connection[Row] | None:
        return getattr(self._own, "connection", None)

    @contextmanager
    def _block(self) -> Iterator[psycopg.Connection[Row]]:
        with self.errors(), self._pool.connection() as connection, connection.transaction():
            self._own.connection = connection
            try:
                yield connection
            finally:
                self._own.connection = None

    def _take_the_lock(self, connection: psycopg.Connection[Row]) -> None:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (self.writer_lock,))

    def _check(self, connection: psycopg.Connection[Row]) -> None:
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            # If one is dead so are the others: without this each would be tried and waited for.
            self._pool.drain()
            raise

    def _configure(self, connection: psycopg.Connection[Row]) -> None:
        connection.execute(
            sql.SQL("SET search_path = {}; SET timezone = 'UTC'; SET datestyle = 'ISO'").format(
                sql.Identifier(self._search_path)
            )
        )
        _wait(connection, LOCK_TIMEOUT_S, whole_session=True)


class SharedTables(BulkTables):
    """The tables that are alike in every backend, here in Patchmap's schema."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def rows(self, statement: str, *values: object) -> list[Row]:
        """The rows of a query, with a value for each `?`."""
        return self._server.rows(_in_schema(statement), *values)

    def rows_committed(self, statement: str) -> list[Row]:
        """The rows of a query as others see them, whatever this thread's block has read."""
        return self._server.rows_committed(_in_schema(statement))

    def execute(self, statement: str, *values: object) -> None:
        """Run one statement, with a value for each `?`."""
        self._server.execute(_in_schema(statement), *values)

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Insert many rows, with COPY.

        Parameters
        ----------
        table, columns
            Their names, without a schema.
        rows
            A value for each column; None is unknown.
        """
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(SCHEMA, table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with self._server.connection() as connection:  # noqa: SIM117 - the cursor needs it
            with connection.cursor().copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)


@cache
def _in_schema(statement: str) -> sql.SQL:
    """A statement of `Tables` as psycopg takes it: `%s` for `?`, and tables with their schema."""
    named = re.sub(r"\bpatchmap_", f"{SCHEMA}.patchmap_", statement)
    return sql.SQL(named.replace("?", "%s"))


POSTGIS: Final = (
    "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
    " WHERE extname = 'postgis'"
)
_CONNECT: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "client_encoding": "UTF8",
    "application_name": "patchmap",
}
_DENIED: Final = ("authentication", "role ", "pg_hba.conf", "password")
"""Words in PostgreSQL's messages about users that it does not let in."""

_DISK_FULL: Final = "its server's disk is full; make room there"
_NO_ROOM: Final = (os.strerror(errno.ENOSPC), "could not write init file")
"""Words in its messages about connections that it cannot begin: each may write a file of caches."""


def database_name(url: str) -> str:
    """A database as messages name it: by its name alone, without server, user and password.

    Raises
    ------
    InputError
        If the address is not one, or has an `@` that would make part of a password a host.
    """
    refused = InputError(
        "the store's address cannot be read; write postgresql://user@host:5432/database, and "
        "write @ / ? in a password as %40 %2F %3F"
    )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Without its cause, which quotes the part that could not be read: maybe the password.
        raise refused from None
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "")
    database = str(parts.get("dbname") or parts.get("user") or "")
    if "@" in host + database or not port.replace(",", "").isdigit() * bool(port) | (not port):
        raise refused
    return database


def _connect(url: str) -> psycopg.Connection[Row]:
    return psycopg.connect(url, autocommit=True, **_CONNECT)


def _wait(
    connection: psycopg.Connection[Row], seconds: float, *, whole_session: bool = False
) -> None:
    """Set how long to wait for locks, in this transaction or in the whole session."""
    milliseconds = f"{max(1, round(seconds * 1000))}ms"
    connection.execute(
        "SELECT set_config('lock_timeout', %s, %s)", (milliseconds, not whole_session)
    )


def _first_line(error: psycopg.Error) -> str:
    lines = (error.diag.message_primary or str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _refusal(name: str, error: psycopg.Error) -> StoreError | NotFoundError:
    text = _first_line(error)
    if isinstance(error, psycopg.IntegrityError) and error.diag.message_detail:
        text = f"{text} ({error.diag.message_detail.splitlines()[0]})"
    if 'database "' in text and "does not exist" in text:
        return NotFoundError(f"there is no database {name}; 'createdb' makes one")
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        if any(mark in str(error) for mark in _NO_ROOM):
            return DiskFullError(f"the store {name} cannot be used: {_DISK_FULL}")
        # The message of the connection names the server, its socket and the user.
        denied = any(mark in text for mark in _DENIED)
        text = (
            "its server refused the user; check the user and password in the store's address"
            if denied
            else "its server cannot be reached; check that it is running"
        )
    if os.strerror(errno.EDQUOT) in text:
        text = "its server's share of the disk is used up; make room there"
        return DiskFullError(f"the store {name} cannot be used: {text}")
    return StoreError(f"the store {name} cannot be used: {text}")
