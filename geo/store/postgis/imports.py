"""Incidents of a PostGIS store, and the imports that brought them.

Every row knows the import that wrote it. An import keeps the rows that it replaced, with the
imports that had written those, so that it can be undone. Rows that are moved never leave the
server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import pandas as pd
from psycopg import sql

from geo.crs import Projection
from geo.errors import ConflictError, NotFoundError
from geo.incidents import COLUMNS as ALL_COLUMNS
from geo.incidents import Batch, Partition
from geo.store.contract import Change, ImportRecord, Window
from geo.store.postgis import copy as bulk
from geo.store.postgis import records
from geo.store.postgis.months import COLUMNS, INCOMING, Intake
from geo.store.postgis.server import Server
from geo.store.tally import Tally

_OF_INCIDENT: Final = sql.SQL(", ").join(sql.Identifier("i", name) for name in ("fid", *bulk.SENT))
# Byte by byte: to PostgreSQL's own `=` two points are the same when their boxes are.
_SAME: Final = sql.SQL(" AND ").join(
    [
        sql.SQL("i.geom::bytea = n.geom::bytea"),
        *(
            sql.SQL("i.{0} = n.{0}").format(sql.Identifier(name))
            for name in (*bulk.TIMES, *bulk.TEXTS)
        ),
    ]
)


def read_incidents(server: Server, window: Window | None, columns: Sequence[str]) -> pd.DataFrame:
    """Accepted incidents, partition by partition in the order of their lines."""
    with server.connection() as connection:
        if window is None:
            return bulk.read_incidents(connection, columns, sql.SQL("true"))
        span = sql.SQL("occurred_from >= %s AND occurred_from < %s")
        ends = (end.to_pydatetime(warn=False) for end in (window.start, window.end))
        return bulk.read_incidents(connection, columns, span, *ends)


def read_import_rows(server: Server, import_id: int) -> pd.DataFrame:
    """The incidents that an import wrote and that still stand."""
    with server.connection() as connection:
        return bulk.read_incidents(connection, ALL_COLUMNS, sql.SQL("import_id = %s"), import_id)


def adopt_import(
    server: Server, record: ImportRecord, rows: pd.DataFrame, *, projection: Projection
) -> None:
    """Take over an import; see `Store.adopt_import`. Runs inside `server.changing()`."""
    import_id = records.add(server, record)
    intake = Intake(server, srid=projection.code, at_once=False)
    intake.bring(rows.assign(import_id=import_id, partition_id=record.partition_id))
    intake.finish()
    server.count("incidents")


def put_partition(
    server: Server,
    partition: Partition,
    *,
    projection: Projection,
    by: str,
    seen: Callable[[Batch], None],
) -> tuple[Change, ImportRecord]:
    """Import a partition; see `Store.put_partition`. Runs inside `server.changing()`."""
    before = records.records(
        server,
        "WHERE state = 'current' AND partition_id = %s ORDER BY import_id",
        partition.partition_id,
    )
    if before and before[-1].sha256 == partition.sha256:
        return "unchanged", before[-1]
    records.refuse_twin(server, partition)
    import_id = records.begin(server, partition, by)
    work = _Import(server, partition, import_id=import_id, srid=projection.code)
    rows_replaced = work.update_by_id(seen) if partition.keyed else work.replace(seen)
    if partition.keyed and before and not work.wrote():
        server.execute("DELETE FROM patchmap.patchmap_imports WHERE import_id = %s", import_id)
        return "unchanged", before[-1]
    earlier = [] if partition.keyed else [record.import_id for record in before]
    records.set_state(server, earlier, "replaced")
    server.execute(
        "UPDATE patchmap.patchmap_imports SET rows_replaced = %s, replaced_imports = %s"
        " WHERE import_id = %s",
        rows_replaced,
        earlier,
        import_id,
    )
    server.count("incidents")
    change: Change = "added" if not before else "updated" if partition.keyed else "replaced"
    return change, records.records(server, "WHERE import_id = %s", import_id)[0]


def undo_import(server: Server, import_id: int) -> ImportRecord:
    """Take an import back; see `Store.undo_import`. Runs inside `server.changing()`."""
    found = records.records(server, "WHERE import_id = %s", import_id)
    if not found:
        raise NotFoundError(f"there is no import {import_id}; see 'patchmap imports list'")
    record = found[0]
    if record.state != "current":
        raise ConflictError(f"import {import_id} is {record.state} already")
    records.refuse_early_undo(server, record)
    earlier = server.rows(
        "SELECT replaced_imports FROM patchmap.patchmap_imports WHERE import_id = %s", import_id
    )[0][0]
    for restored in records.records(server, "WHERE import_id = ANY (%s)", earlier):
        records.refuse_twin(server, restored)
    server.execute("DELETE FROM patchmap.incidents WHERE import_id = %s", import_id)
    # Their months are there: no partition is ever taken away. Rows of the import itself are kept
    # where a keyed file names an id twice.
    server.execute(
        sql.SQL(
            "INSERT INTO patchmap.incidents ({0}) SELECT {0} FROM patchmap.patchmap_replaced"
            " WHERE replaced_by = %s AND import_id <> replaced_by ORDER BY fid"
        ).format(COLUMNS),
        import_id,
    )
    server.execute("DELETE FROM patchmap.patchmap_replaced WHERE replaced_by = %s", import_id)
    records.set_state(server, [import_id], "undone")
    records.set_state(server, earlier, "current")
    server.count("incidents")
    return record


class _Import:
    """One import on its way in."""

    def __init__(self, server: Server, partition: Partition, *, import_id: int, srid: int) -> None:
        self.server = server
        self.partition = partition
        self.import_id = import_id
        self._intake = Intake(server, srid=srid, at_once=partition.keyed)

    def replace(self, seen: Callable[[Batch], None]) -> int:
        """Put the partition's rows in the place of those it has; returns how many it had."""
        # By import, not by partition_id: that needs no further index on every month.
        replaced = self._move_away(
            sql.SQL(
                "i.import_id IN (SELECT import_id FROM patchmap.patchmap_imports"
                " WHERE partition_id = %s)"
            ),
            self.partition.partition_id,
        )
        for _ in self._each_batch(seen, self._intake.bring):
            pass
        return replaced

    def update_by_id(self, seen: Callable[[Batch], None]) -> int:
        """Write the rows that are new or differ; returns how many there were already."""
        replaced = 0
        for batch in self._each_batch(seen, self._intake.receive):
            span = self.server.rows(
                sql.SQL(
                    "SELECT min(k.occurred_from), max(k.occurred_from)"
                    " FROM patchmap.patchmap_ids AS k JOIN {} AS n USING (incident_id)"
                ).format(INCOMING)
            )[0]
            if span[0] is not None:
                self._refuse_taken_ids(*span)
                replaced += self._update_known(*span)
            self._intake.take_in(batch.accepted["occurred_from"])
        return replaced

    def wrote(self) -> bool:
        """Whether any row is this import's."""
        return bool(
            self.server.rows(
                "SELECT 1 FROM patchmap.incidents WHERE import_id = %s LIMIT 1", self.import_id
            )
        )

    def _refuse_taken_ids(self, *span: object) -> None:
        """Refuse ids that this file has named before, or that another partition holds."""
        taken = self.server.rows(
            sql.SQL(
                "SELECT i.incident_id, i.partition_id FROM patchmap.patchmap_ids AS k"
                " JOIN {} AS n USING (incident_id) JOIN patchmap.incidents AS i"
                " ON i.fid = k.fid AND i.occurred_from = k.occurred_from"
                " WHERE i.occurred_from BETWEEN %s AND %s"
                " AND (i.partition_id <> %s OR i.import_id = %s) LIMIT 1"
            ).format(INCOMING),
            *span,
            self.partition.partition_id,
            self.import_id,
        )
        if taken:
            incident_id, owner = taken[0]
            ours = owner == self.partition.partition_id
            where = "twice in it" if ours else f"in {owner} already"
            raise ConflictError(f"{self.partition.file}: the id {incident_id} stands {where}")

    def _update_known(self, *span: object) -> int:
        # The span is said in so many words, because the planner prunes months by nothing else.
        known = sql.SQL(
            "k.incident_id = n.incident_id AND i.fid = k.fid"
            " AND i.occurred_from = k.occurred_from AND i.occurred_from BETWEEN %s AND %s"
        )
        self.server.execute(
            sql.SQL(
                "DELETE FROM {} AS n USING patchmap.patchmap_ids AS k, patchmap.incidents AS i"
                " WHERE {} AND {}"
            ).format(INCOMING, known, _SAME),
            *span,
        )
        return self._move_away(
            sql.SQL(
                "i.fid IN (SELECT k.fid FROM patchmap.patchmap_ids AS k JOIN {} AS n"
                " USING (incident_id)) AND i.occurred_from BETWEEN %s AND %s"
            ).format(INCOMING),
            *span,
        )

    def _move_away(self, condition: sql.Composable, *values: object) -> int:
        """Keep the incidents that a condition selects as replaced by this import."""
        return self.server.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM patchmap.incidents AS i WHERE {} RETURNING {})"
                " INSERT INTO patchmap.patchmap_replaced (replaced_by, {})"
                " SELECT {}, {} FROM gone"
            ).format(condition, _OF_INCIDENT, COLUMNS, self.import_id, COLUMNS),
            *values,
        )

    def _each_batch(
        self, seen: Callable[[Batch], None], take: Callable[[pd.DataFrame], None]
    ) -> Iterator[Batch]:
        """Each batch, once its rows were taken."""
        tally = Tally()
        for batch in self.partition.batches():
            tally.add(batch)
            owned = batch.accepted.assign(
                import_id=self.import_id, partition_id=self.partition.partition_id
            )
            take(owned)
            yield batch
            seen(batch)
        self._intake.finish()
        records.write_tally(self.server, self.import_id, tally)
