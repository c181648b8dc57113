"""Making a PostGIS store, and bringing it up to this version's migrations."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from psycopg import errors, sql

from geo.crs import Projection
from geo.errors import ConflictError, NotFoundError, StoreError
from geo.store.migrations import Migration, migrations
from geo.store.postgis.server import POSTGIS, SCHEMA, Server
from geo.store.times import now


def prepare(server: Server, *, create: bool) -> Projection:
    """Make the store where there is none, apply what it lacks, and return its projection.

    Raises
    ------
    NotFoundError
        If the database holds no store and none is to be made.
    StoreError
        If the schema is somebody else's, a newer version wrote it, or the user lacks a right.
    ConflictError
        If a migration that was applied is not the known one.
    """
    is_new = not _exists(server, "patchmap_migrations")
    if is_new:
        _refuse_or_make(server, create=create)
    elif not server.rows(POSTGIS):
        raise StoreError(f"the store {server.name} cannot be used: its PostGIS extension is gone")
    _migrate(server)
    return Projection(**json.loads(server.fact("projection")))


def _exists(server: Server, table: str) -> bool:
    return server.rows("SELECT to_regclass(%s) IS NOT NULL", f"{SCHEMA}.{table}")[0][0] is True


def _refuse_or_make(server: Server, *, create: bool) -> None:
    others = server.rows(
        "SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace(%s) LIMIT 1", SCHEMA
    )
    if others and _exists(server, "patchmap_migrations"):
        return  # Another process was quicker by this much.
    if others:
        raise StoreError(
            f"{server.name} holds data in a schema {SCHEMA}, but it is no Patchmap store"
        )
    if not create:
        raise NotFoundError(
            f"there is no store in {server.name}; 'patchmap layers add' or 'patchmap demo' makes "
            "one"
        )
    _enable_postgis(server)
    with (
        server.transaction(),
        _as_advice(server, "the user may not make a schema: GRANT CREATE ON DATABASE to that user"),
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
            "PostGIS is off and the user may not enable it: let an administrator run "
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
                f"{server.name} cannot become a store: its server has no PostGIS, install it "
                "there (postgresql-15-postgis-3 on Debian)"
            ) from error
        raise


def _migrate(server: Server) -> None:
    """Apply the steps that the store lacks, each once, all of them or none."""
    known = {step.number: step for step in migrations("postgres")}
    if _lacking(server, known):
        with server.transaction():
            # Read again: another process may have been quicker.
            for step in _lacking(server, known):
                server.execute(step.sql)
                server.execute(
                    "INSERT INTO patchmap.patchmap_migrations VALUES (%s, %s, %s, %s)",
                    step.number,
                    step.name,
                    step.sha256,
                    now(),
                )
                if step.number == 1:
                    _write_first_facts(server)


def _lacking(server: Server, known: dict[int, Migration]) -> list[Migration]:
    applied: dict[int, str] = dict(
        server.rows("SELECT number, sha256 FROM patchmap.patchmap_migrations")
    )
    if set(applied) - set(known):
        raise StoreError(f"{server.name} was written by a newer Patchmap; update this one")
    for number, sha256 in applied.items():
        if known[number].sha256 != sha256:
            raise ConflictError(f"migration {number} of {server.name} is not the known one")
    return [step for number, step in known.items() if number not in applied]


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
