"""Creates a PostGIS store, and migrates it to this version."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from psycopg import errors, sql

from geo.crs import Projection
from geo.errors import NotFoundError, StoreError
from geo.store.migrations import Migration, missing_migrations
from geo.store.postgis.server import POSTGIS, SCHEMA, Server
from geo.store.times import now


def prepare(server: Server, *, create: bool) -> Projection:
    """Make the store if there is none, and apply the migrations that it lacks.

    Parameters
    ----------
    server
        The database.
    create
        Whether to make a store where there is none.

    Returns
    -------
    Projection
        The working CRS and the coordinate operation pinned when the store was made.

    Raises
    ------
    NotFoundError
        If the database has no store and none is to be made.
    StoreError
        If another program uses the schema, a newer version wrote it, or the user lacks a right.
    ConflictError
        If a migration was applied that differs from the known one.
    """
    is_new = not _exists(server, "patchmap_migrations")
    if is_new:
        _refuse_or_make(server, create=create)
    elif not server.rows(POSTGIS):
        raise StoreError(
            f"the store {server.name} cannot be used: its PostGIS extension was removed; run "
            "CREATE EXTENSION postgis"
        )
    _migrate(server)
    stored = server.rows("SELECT value FROM patchmap.patchmap_store WHERE key = 'projection'")
    return Projection(**json.loads(stored[0][0]))


def _exists(server: Server, table: str) -> bool:
    return server.rows("SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.{table}")[0][0] is True


def _refuse_or_make(server: Server, *, create: bool) -> None:
    others = server.rows(
        "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(%s) LIMIT 1", SCHEMA
    )
    if others and _exists(server, "patchmap_migrations"):
        return  # Another process has made the store since.
    if others:
        raise StoreError(
            f"{server.name} has a schema {SCHEMA}, but it is no Patchmap store; name another "
            "database"
        )
    if not create:
        raise NotFoundError(
            f"there is no store in {server.name}; 'patchmap start' or 'patchmap demo' makes one"
        )
    _enable_postgis(server)
    with (
        server.transaction(),
        _as_advice(
            server,
            "its user cannot create a schema; ask an administrator to GRANT CREATE ON DATABASE",
        ),
    ):
        server.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        server.execute(
            "CREATE TABLE IF NOT EXISTS patchmap.patchmap_migrations (number integer PRIMARY KEY,"
            " name text NOT NULL, sha256 text NOT NULL, applied_at text NOT NULL)"
        )


def _enable_postgis(server: Server) -> None:
    if server.has_postgis:
        return
    with (
        server.transaction(),
        _as_advice(
            server,
            "PostGIS is not enabled and its user cannot enable it; ask an administrator to run "
            "CREATE EXTENSION postgis",
        ),
    ):
        server.execute("CREATE EXTENSION IF NOT EXISTS postgis")


@contextmanager
def _as_advice(server: Server, lacking_right: str) -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        if isinstance(error.__cause__, errors.InsufficientPrivilege):
            raise StoreError(f"{server.name} cannot become a store: {lacking_right}") from error
        if isinstance(error.__cause__, errors.FeatureNotSupported | errors.UndefinedFile):
            raise StoreError(
                f"{server.name} cannot become a store: its server has no PostGIS; install it "
                "there (postgresql-15-postgis-3 on Debian)"
            ) from error
        raise


def _migrate(server: Server) -> None:
    """Apply the migrations that the store lacks: all of them or none."""
    if not _missing_migrations(server):
        return
    with server.transaction():
        # Read again: another process may have migrated it since.
        for migration in _missing_migrations(server):
            server.execute(migration.sql)
            server.execute(
                "INSERT INTO patchmap.patchmap_migrations VALUES (%s, %s, %s, %s)",
                migration.number,
                migration.name,
                migration.sha256,
                now(),
            )
            if migration.number == 1:
                # Before any other, which may move rows: only now has `geom` its SRID.
                _write_first_facts(server)


def _missing_migrations(server: Server) -> list[Migration]:
    applied = server.rows("SELECT number, sha256 FROM patchmap.patchmap_migrations")
    return missing_migrations("postgres", dict(applied), store=server.name)


def _write_first_facts(server: Server) -> None:
    projection = Projection.choose()
    for table in ("incidents", "patchmap_replaced"):
        server.execute(
            sql.SQL("ALTER TABLE {} ALTER COLUMN geom TYPE geometry(Point, {})").format(
                sql.Identifier(SCHEMA, table), projection.code
            )
        )
    facts = {"uuid": str(uuid.uuid4()), "projection": json.dumps(asdict(projection))}
    for key, value in facts.items():
        server.execute("INSERT INTO patchmap.patchmap_store VALUES (%s, %s)", key, value)
