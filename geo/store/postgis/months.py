"""The partitions of `incidents`: a table for each month in London, made when it is needed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from psycopg import sql

from geo.incidents import LONDON, london_months
from geo.store.postgis import copy as bulk
from geo.store.postgis.server import SCHEMA, Server

STAGING: Final = sql.Identifier("pg_temp", "patchmap_incoming")
COLUMNS: Final = sql.SQL(", ").join(map(sql.Identifier, ("fid", *bulk.SENT)))
_Ends = tuple[sql.Literal, sql.Literal]
_INCIDENTS: Final = sql.Identifier(SCHEMA, "incidents")


class Intake:
    """Puts rows of one import into a temporary table, and from there into their months.

    New months are filled before they are attached to `incidents`, because to build an index once
    is many times faster than to update it row by row. Until `finish` their rows do not count as
    incidents.

    Parameters
    ----------
    server
        The database, inside a transaction.
    srid
        The EPSG code of the working CRS.
    attach_at_once
        Attach each new month while it is empty, for an import that must find its own rows.
    """

    def __init__(self, server: Server, *, srid: int, attach_at_once: bool) -> None:
        self._server = server
        self._srid = srid
        self._attach_at_once = attach_at_once
        self._attached = _attached_months(server)
        self._new: dict[str, _Ends] = {}
        # Rows get their `fid` here, so they keep their order whichever month they go to.
        server.execute(
            sql.SQL(
                "DROP TABLE IF EXISTS {0};"
                " CREATE TEMP TABLE patchmap_incoming ON COMMIT DROP AS"
                " SELECT {1} FROM patchmap.incidents WHERE false;"
                " ALTER TABLE {0} ALTER COLUMN fid SET DEFAULT nextval('patchmap.patchmap_fid')"
            ).format(STAGING, COLUMNS)
        )

    def insert(self, frame: pd.DataFrame) -> None:
        """Put rows into their months, where all of one new month skip the temporary table."""
        months = np.unique(london_months(frame["occurred_from"]))
        if len(months) == 1 and (name := self._month_table(months[0])) in self._new:
            self._send(sql.Identifier(SCHEMA, name), frame)
        else:
            self.stage(frame)
            self.insert_staged(frame["occurred_from"])

    def stage(self, frame: pd.DataFrame) -> None:
        """Put rows, with `import_id` and `partition_id`, into the temporary table."""
        self._send(STAGING, frame)

    def insert_staged(self, occurred: pd.Series) -> None:
        """Move the rows of the temporary table, which occurred at these times, to their months."""
        for month in np.unique(london_months(occurred)):
            self._month_table(month)
        # New months are not attached yet, so `incidents` would refuse their rows.
        others = sql.Composed([])
        for name, ends in self._new.items():
            self._move(sql.Identifier(SCHEMA, name), sql.SQL("WHERE {}").format(_within(ends)))
            others += sql.SQL(" AND NOT ({})").format(_within(ends))
        self._move(_INCIDENTS, sql.SQL("WHERE true") + others)
        self._server.execute(sql.SQL("TRUNCATE {}").format(STAGING))

    def finish(self) -> None:
        """Attach the new months, so all their rows are incidents."""
        for name, ends in self._new.items():
            # The triggers of `incidents` do not run for a table that is attached, so what they do
            # is done here; with the ids sorted, to fill their index page by page.
            self._server.execute(
                sql.SQL(
                    "INSERT INTO patchmap.patchmap_ids (incident_id, fid, occurred_from)"
                    " SELECT incident_id, fid, occurred_from FROM {0} ORDER BY incident_id;"
                    " UPDATE patchmap.patchmap_totals"
                    " SET feature_count = feature_count + (SELECT count(*) FROM {0})"
                    " WHERE table_name = 'incidents'"
                ).format(sql.Identifier(SCHEMA, name))
            )
            self._attach(name, ends)
        self._attached |= set(self._new)
        self._new.clear()

    def _send(self, table: sql.Identifier, frame: pd.DataFrame) -> None:
        with self._server.connection() as connection:
            bulk.send_incidents(connection, table, frame, srid=self._srid)

    def _month_table(self, month: np.datetime64) -> str:
        """The name of a month's table, which is made if it does not exist."""
        name = f"patchmap_incidents_{month}".replace("-", "_")
        if name not in self._attached and name not in self._new:
            self._make(name, month)
        return name

    def _make(self, name: str, month: np.datetime64) -> None:
        ends = _literal(month), _literal(month + 1)
        # Made alone and attached later: CREATE … PARTITION OF would block every reader.
        self._server.execute(
            sql.SQL(
                "CREATE TABLE {} (LIKE patchmap.incidents INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            ).format(sql.Identifier(SCHEMA, name))
        )
        if self._attach_at_once:
            self._attach(name, ends)
            self._attached.add(name)
        else:
            self._new[name] = ends

    def _attach(self, name: str, ends: _Ends) -> None:
        self._server.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                _INCIDENTS, sql.Identifier(SCHEMA, name), *ends
            )
        )

    def _move(self, table: sql.Identifier, condition: sql.Composable) -> None:
        self._server.execute(
            sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {2} {3}").format(
                table, COLUMNS, STAGING, condition
            )
        )


def months_of_page(server: Server, start: int, count: int) -> tuple[sql.Composable, int]:
    """Which months hold some incidents in the order in which they occurred.

    The planner would sort all months: no index has their order. Only those before the page are
    counted, and only its own are read.

    Parameters
    ----------
    server
        The database.
    start, count
        How many incidents come before the page, and how many it holds at most.

    Returns
    -------
    condition
        Selects the incidents of these months, as after WHERE.
    passed_over
        How many of them come before the page.
    """
    first, before, counted = "", 0, 0
    for name in sorted(_attached_months(server)):
        [(size,)] = server.rows(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(SCHEMA, name))
        )
        if not first and counted + size > start:
            first, before = name, counted
        counted += size
        if first and counted >= start + count:
            break
    if not first:
        return sql.SQL("false"), 0
    return _within((_literal(_month_of(first)), _literal(_month_of(name) + 1))), start - before


def drop_empty_months(server: Server, before: pd.Timestamp) -> None:
    """Drop the tables of months before a moment that hold nothing, nor would after an undo.

    Parameters
    ----------
    server
        The database, inside a transaction.
    before
        The moment.
    """
    last = before.tz_convert(LONDON).tz_localize(None).to_datetime64().astype("datetime64[M]")
    for name in sorted(_attached_months(server)):
        month = _month_of(name)
        table = sql.Identifier(SCHEMA, name)
        if month >= last or server.rows(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)):
            continue
        replaced = sql.SQL("SELECT 1 FROM patchmap.patchmap_replaced WHERE {} LIMIT 1").format(
            _within((_literal(month), _literal(month + 1)))
        )
        if not server.rows(replaced):
            server.execute(sql.SQL("DROP TABLE {}").format(table))


def _month_of(table: str) -> np.datetime64:
    return np.datetime64(table.removeprefix("patchmap_incidents_").replace("_", "-"), "M")


def _literal(month: np.datetime64) -> sql.Literal:
    """The moment at which a month begins in London."""
    return sql.Literal(pd.Timestamp(str(month), tz=LONDON).tz_convert("UTC").isoformat())


def _within(ends: _Ends) -> sql.Composed:
    return sql.SQL("occurred_from >= {} AND occurred_from < {}").format(*ends)


def _attached_months(server: Server) -> set[str]:
    rows = server.rows(
        "SELECT relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = 'patchmap.incidents'::regclass"
    )
    return {name for (name,) in rows}
