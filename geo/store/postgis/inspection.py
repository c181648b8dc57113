"""What a database is, read without changing or migrating it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.conninfo import conninfo_to_dict

from geo.store.migrations import missing_migrations
from geo.store.postgis.server import POSTGIS, SCHEMA, Server


@dataclass(frozen=True)
class DatabaseFacts:
    """What matters for a service on a database.

    Attributes
    ----------
    is_local
        Whether it is reached by a unix socket or on this machine.
    sslmode
        As the address asks for it; libpq's default is `prefer`.
    is_encrypted
        Whether this connection is.
    has_password
        Whether the address itself holds a password.
    version, postgis
        Of PostgreSQL, as its number (150013), and of PostGIS, as text; empty if it is missing.
    is_superuser
        Whether the user may do everything on the server.
    clock_s
        How many seconds its clock is ahead of this machine's.
    migrations
        How many it lacks; 0 where it holds no store yet.
    connections
        How many connections it takes from users.
    """

    is_local: bool
    sslmode: str
    is_encrypted: bool
    has_password: bool
    version: int
    postgis: str
    is_superuser: bool
    clock_s: float
    migrations: int
    connections: int


def database_facts(url: str) -> DatabaseFacts:
    """Return the facts of a database.

    Parameters
    ----------
    url
        A connection string of PostgreSQL.

    Raises
    ------
    InputError
        If the address is not one of PostgreSQL's.
    StoreError
        If it cannot be reached, or a newer version of Patchmap wrote it.
    ConflictError
        If a migration was applied that differs from the known one.
    """
    server = Server(url, pool_size=1)
    try:
        return _facts(server, conninfo_to_dict(url))
    finally:
        server.close()


def _facts(server: Server, parts: Mapping[str, object]) -> DatabaseFacts:
    ((version, address, encrypted, superuser, now, connections),) = server.rows(
        "SELECT current_setting('server_version_num')::int, inet_server_addr()::text,"
        " coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false),"
        " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user), clock_timestamp(),"
        " current_setting('max_connections')::int"
        " - current_setting('superuser_reserved_connections')::int"
    )
    ahead = (now - datetime.now(UTC)).total_seconds()
    # Inside a container the server's address is no loopback though it may be this machine.
    is_local = address is None or str(address).split("/")[0] in ("127.0.0.1", "::1")
    return DatabaseFacts(
        is_local,
        str(parts.get("sslmode") or "prefer"),
        bool(encrypted),
        bool(parts.get("password")),
        int(version),
        _postgis(server),
        bool(superuser),
        ahead,
        _migrations(server),
        int(connections),
    )


def _postgis(server: Server) -> str:
    if not server.rows(POSTGIS):
        return ""
    ((version,),) = server.rows("SELECT extversion FROM pg_extension WHERE extname = 'postgis'")
    return str(version)


def _migrations(server: Server) -> int:
    ((table,),) = server.rows("SELECT to_regclass(%s)::text", f"{SCHEMA}.patchmap_migrations")
    if table is None:
        return 0
    applied: dict[int, str] = dict(
        server.rows("SELECT number, sha256 FROM patchmap.patchmap_migrations")
    )
    return len(missing_migrations("postgres", applied, store=server.name))
