"""What a PostGIS store knows of each import."""

from __future__ import annotations

import json
from typing import Any, Final, LiteralString

from geo.errors import ConflictError
from geo.incidents import NOTHING, Partition
from geo.store.contract import ImportRecord
from geo.store.packing import summary_from_json, summary_to_json
from geo.store.postgis.server import Server
from geo.store.tally import Tally
from geo.store.times import now

_COLUMNS: Final = tuple(ImportRecord.__dataclass_fields__)
_SELECT: LiteralString = (
    "SELECT import_id, partition_id, source, name, month, file, sha256, rows_read, rows_accepted,"
    " rejected_by_reason, rows_replaced, summary, imported_by, imported_at, state"
    " FROM patchmap.patchmap_imports "
)


def records(server: Server, condition: LiteralString, *values: object) -> list[ImportRecord]:
    """The records that a condition, or an order, selects."""
    found = []
    for row in server.rows(_SELECT + condition, *values):
        facts: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
        facts["rejected_by_reason"] = json.loads(facts["rejected_by_reason"])
        facts["summary"] = summary_from_json(facts["summary"])
        found.append(ImportRecord(**facts))
    return found


def read_imports(server: Server, *, history: bool = False) -> list[ImportRecord]:
    """The records of the current imports by partition; with `history` of all, by id."""
    if history:
        return records(server, "ORDER BY import_id")
    return records(server, "WHERE state = 'current' ORDER BY partition_id, import_id")


def begin(server: Server, partition: Partition, by: str) -> int:
    """Open the record of an import; returns its id."""
    return add(
        server,
        ImportRecord(
            import_id=0,
            partition_id=partition.partition_id,
            source=partition.source,
            name=partition.name,
            month=partition.month,
            file=partition.file,
            sha256=partition.sha256,
            rows_read=0,
            rows_accepted=0,
            rejected_by_reason={},
            rows_replaced=0,
            summary=NOTHING,
            imported_by=by,
            imported_at=now(),
            state="current",
        ),
    )


def add(server: Server, record: ImportRecord) -> int:
    """Write a record under a new id, which is returned."""
    facts = {name: getattr(record, name) for name in _COLUMNS[1:]}
    facts["rejected_by_reason"] = json.dumps(record.rejected_by_reason)
    facts["summary"] = summary_to_json(record.summary)
    rows = server.rows(
        "INSERT INTO patchmap.patchmap_imports (partition_id, source, name, month, file, sha256,"
        " rows_read, rows_accepted, rejected_by_reason, rows_replaced, summary, imported_by,"
        " imported_at, state)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING import_id",
        *facts.values(),
    )
    return int(rows[0][0])


def refuse_twin(server: Server, partition: Partition | ImportRecord) -> None:
    """Refuse a file that is already there as another partition of its source."""
    twins = records(
        server,
        "WHERE state = 'current' AND sha256 = %s AND source = %s AND partition_id <> %s"
        " ORDER BY import_id",
        partition.sha256,
        partition.source,
        partition.partition_id,
    )
    if twins:
        raise ConflictError(
            f"{partition.file} is already there as {twins[0].partition_id} "
            f"(import {twins[0].import_id}); under another name it would count twice"
        )


def refuse_early_undo(server: Server, record: ImportRecord) -> None:
    """Refuse to undo an import before those that rest on it."""
    later = server.rows(
        "SELECT max(import_id) FROM patchmap.patchmap_imports"
        " WHERE state = 'current' AND partition_id = %s AND import_id > %s",
        record.partition_id,
        record.import_id,
    )[0][0]
    if later is None:
        # Another keyed partition can have taken over a row, and would bring it back.
        later = server.rows(
            "SELECT max(replaced_by) FROM patchmap.patchmap_replaced"
            " WHERE import_id = %s AND replaced_by <> import_id",
            record.import_id,
        )[0][0]
    if later is not None:
        raise ConflictError(f"import {later} came after {record.import_id}: undo that one first")


def set_state(server: Server, import_ids: list[int], state: str) -> None:
    """Say of imports what has become of them."""
    server.execute(
        "UPDATE patchmap.patchmap_imports SET state = %s WHERE import_id = ANY (%s)",
        state,
        import_ids,
    )


def write_tally(server: Server, import_id: int, tally: Tally) -> None:
    """Write what an import has read into its record."""
    server.execute(
        "UPDATE patchmap.patchmap_imports SET rows_read = %s, rows_accepted = %s,"
        " rejected_by_reason = %s, summary = %s WHERE import_id = %s",
        *tally.values(),
        import_id,
    )
