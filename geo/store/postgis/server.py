"""One PostgreSQL database: its connections, its transactions, and its refusals in one line."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, LiteralString

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from geo.errors import InputError, NotFoundError, StoreError

SCHEMA: Final = "patchmap"
CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 10.0
LOCK_TIMEOUT_S = 30.0
# Any number will do, as long as every Patchmap takes the same: "patchmap" in ASCII.
_WRITER = 0x70617463686D6170
_COMMITTING = _WRITER + 1

Row = tuple[Any, ...]
Statement = LiteralString | sql.Composed | sql.SQL

# The pool tells each failed attempt; without a handler Python would print that on standard error.
logging.getLogger("psycopg").addHandler(logging.NullHandler())


class Server:
    """A pool of connections to one database. Safe to share between threads.

    A thread inside `reading()` or `transaction()` keeps to one connection; outside of them each
    statement takes any, and stands for itself.

    Raises
    ------
    InputError
        If the address is not one of PostgreSQL's.
    StoreError
        If the database cannot be reached.
    """

    def __init__(self, url: str, *, pool_size: int) -> None:
        self.name = database_name(url)
        self._own = threading.local()
        # Once by hand: the pool tries again and again, and keeps the reason to itself.
        with self.errors(), _connect(url) as connection:
            found = connection.execute(POSTGIS).fetchone()
        self.has_postgis = found is not None
        # Every statement names its schema; this is for PostGIS, wherever somebody put it.
        self._search_path = str(found[0]) if found else "public"
        self._pool = ConnectionPool(
            url,
            # Tells a restart of the server from a server at rest before a statement is lost.
            check=self._check,
            configure=self._configure,
            # Statements that were prepared would outlive a layer's table that is made anew.
            kwargs={"autocommit": True, "prepare_threshold": None, **_CONNECT},
            min_size=1,
            max_size=pool_size,
            timeout=POOL_TIMEOUT_S,
            reconnect_timeout=POOL_TIMEOUT_S / 2,
            open=True,
        )

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Row]]:
        """The connection of this thread's block, else any that is free."""
        with self.errors():
            own = self._connection_of_block()
            if own is not None:
                yield own
                return
            with self._pool.connection() as connection:
                yield connection

    def rows(self, statement: Statement, *values: object) -> list[Row]:
        """The rows of a query."""
        with self.connection() as connection:
            return connection.execute(statement, values or None, binary=True).fetchall()

    def execute(self, statement: Statement, *values: object) -> int:
        """Run one statement; returns how many rows it touched."""
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
            # A commit shows its rows a moment before the partitions it attached: who begins to
            # read in that moment waits until it is over.
            connection.execute(
                "SELECT pg_advisory_lock_shared(%s), pg_advisory_unlock_shared(%s)",
                (_COMMITTING, _COMMITTING),
            )
            yield

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes made inside happen together or not at all; other writers queue."""
        if self._connection_of_block() is not None:
            raise StoreError(f"the store {self.name} cannot be used: blocks are not nested")
        with self._block() as connection:
            _wait(connection, LOCK_TIMEOUT_S)
            self._take_the_lock(connection)
            yield
            if connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR:
                # PostgreSQL would answer COMMIT by rolling back, and say nothing.
                raise StoreError(f"the store {self.name} cannot be used: a statement failed")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_COMMITTING,))

    @contextmanager
    def changing(self) -> Iterator[None]:
        """One change: whole or not at all, whether in a transaction of its own or inside one."""
        own = self._connection_of_block()
        if own is None:
            with self.transaction():
                yield
        else:
            with self.errors(), own.transaction():
                yield

    def count(self, counter: str) -> None:
        """Move a counter of the data version."""
        self.execute(
            "UPDATE patchmap.patchmap_counters SET value = value + 1 WHERE name = %s", counter
        )

    def fact(self, key: str) -> str:
        """One of the facts that were written when the store was made."""
        return str(self.rows("SELECT value FROM patchmap.patchmap_store WHERE key = %s", key)[0][0])

    def close(self) -> None:
        """Let go of every connection."""
        self._pool.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What the database refuses becomes one line that never bears a password."""
        try:
            yield
        except errors.LockNotAvailable as error:
            raise StoreError(
                f"the store {self.name} cannot be used: another import was still running after "
                f"{LOCK_TIMEOUT_S:g} seconds"
            ) from error
        except errors.DiskFull as error:
            raise StoreError(
                f"the store {self.name} cannot be used: its server's disk is full"
            ) from error
        except PoolTimeout as error:
            raise StoreError(
                f"the store {self.name} cannot be used: it gave no connection in "
                f"{POOL_TIMEOUT_S:g} seconds"
            ) from error
        except PoolClosed as error:
            raise StoreError(f"the store {self.name} cannot be used: it was closed") from error
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
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITER,))

    def _check(self, connection: psycopg.Connection[Row]) -> None:
        try:
            ConnectionPool.check_connection(connection)
        except psycopg.OperationalError:
            # Where one is dead the others are: without this each would be tried, and waited for.
            self._pool.drain()
            raise

    def _configure(self, connection: psycopg.Connection[Row]) -> None:
        connection.execute(
            sql.SQL("SET search_path = {}; SET timezone = 'UTC'; SET datestyle = 'ISO'").format(
                sql.Identifier(self._search_path)
            )
        )
        _wait(connection, LOCK_TIMEOUT_S, whole_session=True)


POSTGIS: Final = (
    "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace"
    " WHERE extname = 'postgis'"
)
_CONNECT: Final[dict[str, Any]] = {
    "connect_timeout": CONNECT_TIMEOUT_S,
    "client_encoding": "UTF8",
    "application_name": "patchmap",
}


def database_name(url: str) -> str:
    """A database as people name it, without user and password.

    Raises
    ------
    InputError
        If the address is none, or holds an `@` that would make part of a password a host.
    """
    refused = InputError(
        "the store's address cannot be read: write postgresql://user@host:5432/database, with "
        "signs such as @ / ? of a password as %40 %2F %3F"
    )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        # Without its cause: libpq quotes the part that it could not read.
        raise refused from None
    host, port = str(parts.get("host") or ""), str(parts.get("port") or "")
    database = str(parts.get("dbname") or parts.get("user") or "")
    if "@" in host + database or not port.replace(",", "").isdigit() * bool(port) | (not port):
        raise refused
    where = f"{host}:{port}" if port else host
    return f"{database} on {where}" if where else database


def _connect(url: str) -> psycopg.Connection[Row]:
    return psycopg.connect(url, autocommit=True, **_CONNECT)


def _wait(
    connection: psycopg.Connection[Row], seconds: float, *, whole_session: bool = False
) -> None:
    """Wait so long for locks and no longer."""
    milliseconds = f"{max(1, round(seconds * 1000))}ms"
    connection.execute(
        "SELECT set_config('lock_timeout', %s, %s)", (milliseconds, not whole_session)
    )


def _refusal(name: str, error: psycopg.Error) -> StoreError | NotFoundError:
    lines = (error.diag.message_primary or str(error)).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    if isinstance(error, psycopg.IntegrityError) and error.diag.message_detail:
        text = f"{text} ({error.diag.message_detail.splitlines()[0]})"
    if 'database "' in text and "does not exist" in text:
        return NotFoundError(f"there is no database {name}; 'createdb' makes one")
    return StoreError(f"the store {name} cannot be used: {text}")
