"""The incidents of a PostGIS store, and the rows that imports replaced.

Rows that are replaced or restored are moved by the server and never sent to this process.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg import sql

from geo.incidents import ANSWER_COLUMNS
from geo.incidents import COLUMNS as ALL_COLUMNS
from geo.partitioned import PartitionedIncidents
from geo.store.backend import ImportWriter, IncidentTable, Row
from geo.store.contract import Window
from geo.store.postgis import copy as bulk
from geo.store.postgis.months import COLUMNS, STAGING, Intake, drop_empty_months, months_of_page
from geo.store.postgis.server import Server

_OF_INCIDENT: Final = sql.SQL(", ").join(sql.Identifier("i", name) for name in ("fid", *bulk.SENT))
# Byte by byte, because PostGIS takes two points as equal (`=`) if their 32-bit boxes are.
_SAME: Final = sql.SQL(" AND ").join(
    [
        sql.SQL("i.geom::bytea = n.geom::bytea"),
        *(
            sql.SQL("i.{0} = n.{0}").format(sql.Identifier(name))
            for name in (*bulk.TIMES, *bulk.TEXTS)
        ),
    ]
)


class PostgisIncidents(IncidentTable):
    """The table `incidents` and its months."""

    def __init__(self, server: Server, *, srid: int) -> None:
        self._server = server
        self._srid = srid

    def read(self, window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
        with self._server.connection() as connection:
            if window is None:
                return bulk.read_incidents(connection, columns, sql.SQL("true"))
            condition = sql.SQL("occurred_from >= %s AND occurred_from < %s")
            # warn=False: nanoseconds are lost, which no stored time has.
            ends = (end.to_pydatetime(warn=False) for end in (window.start, window.end))
            return bulk.read_incidents(connection, columns, condition, *ends)

    def read_page(self, start: int, count: int, columns: Sequence[str]) -> pd.DataFrame:
        months, passed_over = months_of_page(self._server, start, count)
        order = sql.SQL(" ORDER BY i.occurred_from, i.fid LIMIT %s OFFSET %s")
        read = list(dict.fromkeys([*columns, "occurred_from"]))
        with self._server.connection() as connection:
            # By fid, and so that those of one moment stay in this order.
            rows = bulk.read_numbered(connection, read, months + order, count, passed_over)
        rows = rows.sort_values("occurred_from", kind="stable", ignore_index=True)
        return rows[list(columns)]

    def read_one(self, incident_id: str, columns: Sequence[str]) -> pd.DataFrame:
        # By their key, on which every month has an index.
        condition = sql.SQL(
            "(fid, occurred_from) IN (SELECT k.fid, k.occurred_from FROM patchmap.patchmap_ids AS k"
            " WHERE k.incident_id = %s)"
        )
        with self._server.connection() as connection:
            return bulk.read_incidents(connection, columns, condition, incident_id)

    def read_partitions(
        self, partition_ids: Sequence[str] | None, columns: Sequence[str]
    ) -> PartitionedIncidents:
        with self._server.connection() as connection:
            if partition_ids is None:
                return bulk.read_partitioned(connection, columns, sql.SQL("true"))
            # By import_id, on which every month has an index.
            condition = sql.SQL(
                "import_id IN (SELECT import_id FROM patchmap.patchmap_imports"
                " WHERE partition_id = ANY(%s))"
            )
            return bulk.read_partitioned(connection, columns, condition, list(partition_ids))

    def numbered_rows(self, partition_id: str) -> pd.DataFrame:
        condition = sql.SQL(
            "import_id IN (SELECT import_id FROM patchmap.patchmap_imports WHERE partition_id = %s)"
        )
        with self._server.connection() as connection:
            return bulk.read_numbered(connection, ANSWER_COLUMNS, condition, partition_id)

    def locations(self, fids: NDArray[np.int64]) -> dict[int, str]:
        return dict(
            self._server.rows(
                "SELECT fid, location FROM patchmap.incidents WHERE fid = ANY(%s)", fids.tolist()
            )
        )

    def read_import(self, import_id: int) -> pd.DataFrame:
        with self._server.connection() as connection:
            return bulk.read_incidents(
                connection, ALL_COLUMNS, sql.SQL("import_id = %s"), import_id
            )

    def count(self) -> int:
        return int(self._server.rows("SELECT feature_count FROM patchmap.patchmap_totals")[0][0])

    def writer(self, import_id: int, partition_id: str, *, keyed: bool) -> ImportWriter:
        return _ImportWriter(
            self._server,
            Intake(self._server, srid=self._srid, attach_at_once=keyed),
            import_id=import_id,
            partition_id=partition_id,
        )

    def replaced_imports(self, import_id: int) -> list[int]:
        replaced: list[int] = self._server.rows(
            "SELECT replaced_imports FROM patchmap.patchmap_imports WHERE import_id = %s", import_id
        )[0][0]
        return replaced

    def restore(self, import_id: int) -> None:
        self._server.execute("DELETE FROM patchmap.incidents WHERE import_id = %s", import_id)
        # Their months exist: a month's table is never dropped. By `fid` they keep their order.
        self._server.execute(
            sql.SQL(
                "INSERT INTO patchmap.incidents ({0}) SELECT {0} FROM patchmap.patchmap_replaced"
                " WHERE replaced_by = %s ORDER BY fid"
            ).format(COLUMNS),
            import_id,
        )
        self.purge([import_id])

    def imports_with_replaced(self) -> list[int]:
        rows = self._server.rows(
            "SELECT DISTINCT replaced_by FROM patchmap.patchmap_replaced ORDER BY 1"
        )
        return [import_id for (import_id,) in rows]

    def purge(self, import_ids: Sequence[int]) -> None:
        self._server.execute(
            "DELETE FROM patchmap.patchmap_replaced WHERE replaced_by = ANY(%s)", list(import_ids)
        )

    def of_source(self, source: str, *, before: pd.Timestamp | None = None) -> pd.DataFrame:
        if before is None:
            rows = self._plain_rows("incidents", "0", "source = %s", source)
        else:
            condition: LiteralString = "source = %s AND occurred_from < %s"
            rows = self._plain_rows("incidents", "0", condition, source, before)
        return rows.drop(columns="holder")

    def replaced_of_source(self, source: str) -> list[tuple[int, pd.DataFrame]]:
        rows = self._plain_rows("patchmap_replaced", "replaced_by", "source = %s", source)
        return [
            (int(str(holder)), own.drop(columns="holder"))
            for holder, own in rows.groupby("holder", sort=True)
        ]

    def remove(self, incident_ids: Sequence[str]) -> None:
        self._server.execute(
            "DELETE FROM patchmap.incidents AS i USING patchmap.patchmap_ids AS k"
            " WHERE k.incident_id = ANY(%s) AND i.fid = k.fid"
            " AND i.occurred_from = k.occurred_from",
            list(incident_ids),
        )

    def remove_before(self, source: str, before: pd.Timestamp) -> None:
        self._server.execute(
            "DELETE FROM patchmap.incidents WHERE source = %s AND occurred_from < %s",
            source,
            before.to_pydatetime(warn=False),
        )

    def remove_replaced(self, import_id: int, incident_ids: Sequence[str]) -> None:
        self._server.execute(
            "DELETE FROM patchmap.patchmap_replaced"
            " WHERE replaced_by = %s AND incident_id = ANY(%s)",
            import_id,
            list(incident_ids),
        )

    def drop_empty_months(self, before: pd.Timestamp) -> None:
        drop_empty_months(self._server, before)

    def _plain_rows(
        self, table: str, holder: LiteralString, condition: LiteralString, *values: object
    ) -> pd.DataFrame:
        """Rows as an incident frame, with their import and, as `holder`, who replaced them."""
        statement = sql.SQL(
            "SELECT incident_id, source, category, occurred_from, occurred_to, precision,"
            " ST_X(geom), ST_Y(geom), location, reference, import_id, {} FROM {} WHERE {}"
            " ORDER BY fid"
        ).format(sql.SQL(holder), sql.Identifier("patchmap", table), sql.SQL(condition))
        plain = [
            value.to_pydatetime(warn=False) if isinstance(value, pd.Timestamp) else value
            for value in values
        ]
        names = [*ALL_COLUMNS, "import_id", "holder"]
        frame = pd.DataFrame(self._server.rows(statement, *plain), columns=names)
        for name in ("occurred_from", "occurred_to"):
            frame[name] = pd.to_datetime(frame[name], utc=True).astype("datetime64[s, UTC]")
        return frame.astype({"x": float, "y": float})


class _ImportWriter(ImportWriter):
    """Writes the rows of one import."""

    def __init__(
        self, server: Server, intake: Intake, *, import_id: int, partition_id: str
    ) -> None:
        self._server = server
        self._intake = intake
        self._import_id = import_id
        self._partition_id = partition_id
        self._rows_replaced = 0
        self._staged_times = pd.Series(dtype="datetime64[s, UTC]")
        self._known_span: Row | None = None

    def take_out_partition(self) -> None:
        # By import_id, not by partition_id, which would need another index on every month.
        self._take_out(
            sql.SQL(
                "i.import_id IN (SELECT import_id FROM patchmap.patchmap_imports"
                " WHERE partition_id = %s)"
            ),
            self._partition_id,
        )

    def insert(self, rows: pd.DataFrame) -> None:
        self._intake.insert(rows)

    def stage(self, rows: pd.DataFrame) -> None:
        self._intake.stage(rows)
        self._staged_times = rows["occurred_from"]
        first, last = self._server.rows(
            sql.SQL(
                "SELECT min(k.occurred_from), max(k.occurred_from)"
                " FROM patchmap.patchmap_ids AS k JOIN {} AS n USING (incident_id)"
            ).format(STAGING)
        )[0]
        # The planner skips months only if a statement names the times between which to look.
        self._known_span = None if first is None else (first, last)

    def staged_conflict(self) -> tuple[str, str] | None:
        if self._known_span is None:
            return None
        conflicts = self._server.rows(
            sql.SQL(
                "SELECT i.incident_id, i.partition_id FROM patchmap.patchmap_ids AS k"
                " JOIN {} AS n USING (incident_id) JOIN patchmap.incidents AS i"
                " ON i.fid = k.fid AND i.occurred_from = k.occurred_from"
                " WHERE i.occurred_from BETWEEN %s AND %s"
                " AND (i.partition_id <> %s OR i.import_id = %s) LIMIT 1"
            ).format(STAGING),
            *self._known_span,
            self._partition_id,
            self._import_id,
        )
        return (str(conflicts[0][0]), str(conflicts[0][1])) if conflicts else None

    def merge_staged(self) -> None:
        if self._known_span is not None:
            self._drop_unchanged(*self._known_span)
            self._take_out(
                sql.SQL(
                    "i.fid IN (SELECT k.fid FROM patchmap.patchmap_ids AS k JOIN {} AS n"
                    " USING (incident_id)) AND i.occurred_from BETWEEN %s AND %s"
                ).format(STAGING),
                *self._known_span,
            )
        self._intake.insert_staged(self._staged_times)

    def finish(self, replaced_imports: Sequence[int]) -> int:
        self._intake.finish()
        self._server.execute(
            "UPDATE patchmap.patchmap_imports SET replaced_imports = %s WHERE import_id = %s",
            list(replaced_imports),
            self._import_id,
        )
        return self._rows_replaced

    def wrote_rows(self) -> bool:
        return bool(
            self._server.rows(
                "SELECT 1 FROM patchmap.incidents WHERE import_id = %s LIMIT 1", self._import_id
            )
        )

    def _drop_unchanged(self, *span: object) -> None:
        self._server.execute(
            sql.SQL(
                "DELETE FROM {} AS n USING patchmap.patchmap_ids AS k, patchmap.incidents AS i"
                " WHERE k.incident_id = n.incident_id AND i.fid = k.fid"
                " AND i.occurred_from = k.occurred_from AND i.occurred_from BETWEEN %s AND %s"
                " AND {}"
            ).format(STAGING, _SAME),
            *span,
        )

    def _take_out(self, condition: sql.Composable, *values: object) -> None:
        """Move the incidents that a condition selects to those that this import replaced."""
        self._rows_replaced += self._server.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM patchmap.incidents AS i WHERE {} RETURNING {})"
                " INSERT INTO patchmap.patchmap_replaced (replaced_by, {})"
                " SELECT {}, {} FROM gone"
            ).format(condition, _OF_INCIDENT, COLUMNS, self._import_id, COLUMNS),
            *values,
        )
