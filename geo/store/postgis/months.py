"""The partitions of `incidents`: one a month, of London's months, made when they are needed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from psycopg import sql

from geo.incidents import LONDON, london_months
from geo.store.postgis import copy as bulk
from geo.store.postgis.server import SCHEMA, Server

INCOMING: Final = sql.Identifier("pg_temp", "patchmap_incoming")
COLUMNS: Final = sql.SQL(", ").join(map(sql.Identifier, ("fid", *bulk.SENT)))
_Ends = tuple[sql.Literal, sql.Literal]
_INCIDENTS: Final = sql.Identifier(SCHEMA, "incidents")


class Intake:
    """Takes rows of one import in: first into a temporary table, then into their months.

    Months that are new are filled before they are attached, because building an index at once is
    many times faster than keeping it true row by row. Until `finish` their rows are no incidents
    yet; where an import must see its own earlier rows, `at_once` attaches each month empty.
    """

    def __init__(self, server: Server, *, srid: int, at_once: bool) -> None:
        self._server = server
        self._srid = srid
        self._at_once = at_once
        self._there = _months_there(server)
        self._new: dict[str, _Ends] = {}
        # Numbered here, so that rows keep their order whichever month they go to.
        server.execute(
            sql.SQL(
                "DROP TABLE IF EXISTS {0};"
                " CREATE TEMP TABLE patchmap_incoming ON COMMIT DROP AS"
                " SELECT {1} FROM patchmap.incidents WHERE false;"
                " ALTER TABLE {0} ALTER COLUMN fid SET DEFAULT nextval('patchmap.patchmap_fid')"
            ).format(INCOMING, COLUMNS)
        )

    def bring(self, frame: pd.DataFrame) -> None:
        """Take rows in at once; those of one month that is new never wait in between."""
        months = np.unique(london_months(frame["occurred_from"]))
        if len(months) == 1 and (name := self._table_of(months[0])) in self._new:
            self._send(sql.Identifier(SCHEMA, name), frame)
        else:
            self.receive(frame)
            self.take_in(frame["occurred_from"])

    def receive(self, frame: pd.DataFrame) -> None:
        """Put rows, with `import_id` and `partition_id`, into the temporary table."""
        self._send(INCOMING, frame)

    def take_in(self, occurred: pd.Series) -> None:
        """Move the rows on that wait, which may have all of these times."""
        for month in np.unique(london_months(occurred)):
            self._table_of(month)
        others = sql.Composed([])
        for name, ends in self._new.items():
            self._move(sql.Identifier(SCHEMA, name), sql.SQL("WHERE {}").format(_within(ends)))
            others += sql.SQL(" AND NOT ({})").format(_within(ends))
        self._move(_INCIDENTS, sql.SQL("WHERE true") + others)
        self._server.execute(sql.SQL("TRUNCATE {}").format(INCOMING))

    def finish(self) -> None:
        """Make incidents of all rows that are not yet."""
        for name, ends in self._new.items():
            # The triggers of `incidents` do not see rows that come with a whole table. The ids in
            # order, so that pages of their index are filled one after the other.
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
        self._there |= set(self._new)
        self._new.clear()

    def _send(self, table: sql.Identifier, frame: pd.DataFrame) -> None:
        with self._server.connection() as connection:
            bulk.send_incidents(connection, table, frame, srid=self._srid)

    def _table_of(self, month: np.datetime64) -> str:
        """The name of a month's table, which is made where it is missing."""
        name = f"patchmap_incidents_{month}".replace("-", "_")
        if name not in self._there and name not in self._new:
            self._make(name, month)
        return name

    def _make(self, name: str, month: np.datetime64) -> None:
        ends = _literal(month), _literal(month + 1)
        # Made beside and attached: CREATE … PARTITION OF would make every reader wait.
        self._server.execute(
            sql.SQL(
                "CREATE TABLE {} (LIKE patchmap.incidents INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
            ).format(sql.Identifier(SCHEMA, name))
        )
        if self._at_once:
            self._attach(name, ends)
            self._there.add(name)
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
                table, COLUMNS, INCOMING, condition
            )
        )


def _literal(month: np.datetime64) -> sql.Literal:
    """The moment at which a month of London begins."""
    return sql.Literal(pd.Timestamp(str(month), tz=LONDON).tz_convert("UTC").isoformat())


def _within(ends: _Ends) -> sql.Composed:
    return sql.SQL("occurred_from >= {} AND occurred_from < {}").format(*ends)


def _months_there(server: Server) -> set[str]:
    rows = server.rows(
        "SELECT relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = 'patchmap.incidents'::regclass"
    )
    return {name for (name,) in rows}
