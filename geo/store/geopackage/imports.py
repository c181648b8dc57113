"""The imports of a GeoPackage, each with the incidents that it brought.

Every row knows the import that wrote it. An import keeps the rows that it replaced, with the
imports that had written those, so that it can be undone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import pandas as pd

from geo.errors import ConflictError, NotFoundError
from geo.incidents import NOTHING, Batch, Partition
from geo.store.contract import Change, ImportRecord
from geo.store.geopackage.feature_tables import begin_change, settle
from geo.store.geopackage.incident_rows import SAME, STORED, delete_rows, insert_rows, read_rows
from geo.store.geopackage.sqlite_file import SqliteFile
from geo.store.packing import pack_frame, summary_from_json, summary_to_json, unpack_frame
from geo.store.tally import Tally
from geo.store.times import now

_RECORD = (
    "import_id, partition_id, source, name, month, file, sha256, rows_read, rows_accepted, "
    "rejected_by_reason, rows_replaced, summary, imported_by, imported_at, state"
)


def read_imports(file: SqliteFile, *, history: bool = False) -> list[ImportRecord]:
    """The records of the current imports by partition; with `history` of all, by id."""
    current = "WHERE state = 'current' ORDER BY partition_id, import_id"
    return _records(file, "ORDER BY import_id" if history else current)


def adopt_import(file: SqliteFile, record: ImportRecord, rows: pd.DataFrame) -> None:
    """Take over an import from another store; see `Store.adopt_import`."""
    columns = _RECORD.split(", ")[1:]
    facts = {name: getattr(record, name) for name in columns}
    facts["rejected_by_reason"] = json.dumps(record.rejected_by_reason)
    facts["summary"] = summary_to_json(record.summary)
    marks = ", ".join("?" * len(columns))
    import_id = file.execute(
        f"INSERT INTO patchmap_imports ({', '.join(columns)}) VALUES ({marks})", *facts.values()
    )
    _begin_change(file)
    insert_rows(
        file, "incidents", rows.assign(import_id=import_id, partition_id=record.partition_id)
    )
    file.count("incidents")


def put_partition(
    file: SqliteFile, partition: Partition, *, by: str, seen: Callable[[Batch], None]
) -> tuple[Change, ImportRecord]:
    """Import a partition; see `Store.put_partition`."""
    before = _records(
        file,
        "WHERE state = 'current' AND partition_id = ? ORDER BY import_id",
        partition.partition_id,
    )
    if before and before[-1].sha256 == partition.sha256:
        return "unchanged", before[-1]
    _refuse_twin(file, partition)
    import_id = _begin(file, partition, by)
    _begin_change(file)
    write = _update_by_id if partition.keyed else _replace
    replaced = write(file, partition, import_id=import_id, seen=seen)
    if partition.keyed and before and not _wrote(file, import_id):
        file.execute("DELETE FROM patchmap_imports WHERE import_id = ?", import_id)
        return "unchanged", before[-1]
    earlier = [] if partition.keyed else [record.import_id for record in before]
    _keep_replaced(file, import_id, rows=replaced, earlier=earlier)
    file.count("incidents")
    change: Change = "added" if not before else "updated" if partition.keyed else "replaced"
    return change, _records(file, "WHERE import_id = ?", import_id)[0]


def undo_import(file: SqliteFile, import_id: int) -> ImportRecord:
    """Take an import back; see `Store.undo_import`."""
    found = _records(file, "WHERE import_id = ?", import_id)
    if not found:
        raise NotFoundError(f"there is no import {import_id}; see 'patchmap imports list'")
    record = found[0]
    if record.state != "current":
        raise ConflictError(f"import {import_id} is {record.state} already")
    later = _records(
        file,
        "WHERE state = 'current' AND partition_id = ? AND import_id > ? ORDER BY import_id",
        record.partition_id,
        import_id,
    )
    if later:
        raise ConflictError(
            f"import {later[-1].import_id} came after {import_id}: undo that one first"
        )
    earlier, packed = file.rows(
        "SELECT replaced_imports, replaced_rows FROM patchmap_imports WHERE import_id = ?",
        import_id,
    )[0]
    _refuse_twins_of(file, json.loads(earlier), without=record.partition_id)
    _begin_change(file)
    delete_rows(file, "import_id = ?", import_id)
    if packed:
        insert_rows(file, "incidents", unpack_frame(packed))
    _set_state(file, [import_id], "undone")
    _set_state(file, json.loads(earlier), "current")
    file.count("incidents")
    return record


def _begin_change(file: SqliteFile) -> None:
    begin_change(file, "incidents")
    # Once for all imports of a transaction.
    file.before_commit("incidents", lambda: settle(file, "incidents"))


def _replace(
    file: SqliteFile, partition: Partition, *, import_id: int, seen: Callable[[Batch], None]
) -> pd.DataFrame:
    # By the index: there is none of partitions.
    of_it = "import_id IN (SELECT import_id FROM patchmap_imports WHERE partition_id = ?)"
    replaced = read_rows(file, f"WHERE {of_it}", partition.partition_id)
    delete_rows(file, of_it, partition.partition_id)
    tally = Tally()
    for batch in partition.batches():
        tally.add(batch)
        insert_rows(file, "incidents", _owned(batch.accepted, partition, import_id))
        seen(batch)
    _write_tally(file, import_id, tally)
    return replaced


def _update_by_id(
    file: SqliteFile, partition: Partition, *, import_id: int, seen: Callable[[Batch], None]
) -> pd.DataFrame:
    """Write the rows that are new or differ; a row that says nothing new is left alone."""
    columns = ", ".join(STORED)
    file.execute("DROP TABLE IF EXISTS temp.incoming")
    file.execute(f"CREATE TEMP TABLE incoming AS SELECT {columns} FROM incidents WHERE 0")
    replaced, tally = [], Tally()
    for batch in partition.batches():
        tally.add(batch)
        insert_rows(file, "temp.incoming", _owned(batch.accepted, partition, import_id))
        _refuse_taken_ids(file, partition, import_id)
        file.execute(
            "DELETE FROM temp.incoming AS n WHERE EXISTS (SELECT 1 FROM incidents AS i"
            f" WHERE i.incident_id = n.incident_id AND {SAME})"
        )
        changed = "incident_id IN (SELECT incident_id FROM temp.incoming)"
        replaced.append(read_rows(file, f"WHERE {changed}"))
        delete_rows(file, changed)
        file.execute(f"INSERT INTO incidents ({columns}) SELECT {columns} FROM temp.incoming")
        file.forget("incidents")
        file.execute("DELETE FROM temp.incoming")
        seen(batch)
    file.execute("DROP TABLE temp.incoming")
    _write_tally(file, import_id, tally)
    return pd.concat(replaced, ignore_index=True) if replaced else read_rows(file, "WHERE 0")


def _refuse_taken_ids(file: SqliteFile, partition: Partition, import_id: int) -> None:
    """Refuse ids that this file has named before, or that another partition holds."""
    taken = file.rows(
        "SELECT i.incident_id, i.partition_id FROM incidents AS i JOIN temp.incoming AS n"
        " USING (incident_id) WHERE i.partition_id <> ? OR i.import_id = ? LIMIT 1",
        partition.partition_id,
        import_id,
    )
    if taken:
        incident_id, owner = taken[0]
        where = "twice in it" if owner == partition.partition_id else f"in {owner} already"
        raise ConflictError(f"{partition.file}: the id {incident_id} stands {where}")


def _write_tally(file: SqliteFile, import_id: int, tally: Tally) -> None:
    file.execute(
        "UPDATE patchmap_imports SET rows_read = ?, rows_accepted = ?,"
        " rejected_by_reason = ?, summary = ? WHERE import_id = ?",
        *tally.values(),
        import_id,
    )


def _begin(file: SqliteFile, partition: Partition, by: str) -> int:
    return file.execute(
        "INSERT INTO patchmap_imports (partition_id, source, name, month, file, sha256,"
        " rows_read, rows_accepted, rejected_by_reason, rows_replaced, summary, imported_by,"
        " imported_at, state)"
        " VALUES (?, ?, ?, ?, ?, ?, 0, 0, '{}', 0, ?, ?, ?, 'current')",
        partition.partition_id,
        partition.source,
        partition.name,
        partition.month,
        partition.file,
        partition.sha256,
        summary_to_json(NOTHING),
        by,
        now(),
    )


def _keep_replaced(
    file: SqliteFile, import_id: int, *, rows: pd.DataFrame, earlier: list[int]
) -> None:
    _set_state(file, earlier, "replaced")
    file.execute(
        "UPDATE patchmap_imports SET rows_replaced = ?, replaced_imports = ?, replaced_rows = ?"
        " WHERE import_id = ?",
        len(rows),
        json.dumps(earlier),
        pack_frame(rows) if len(rows) else None,
        import_id,
    )


def _refuse_twin(file: SqliteFile, partition: Partition) -> None:
    twins = _records(
        file,
        "WHERE state = 'current' AND sha256 = ? AND source = ? AND partition_id <> ?",
        partition.sha256,
        partition.source,
        partition.partition_id,
    )
    if twins:
        raise ConflictError(
            f"{partition.file} is already there as {twins[0].partition_id} "
            f"(import {twins[0].import_id}); under another name it would count twice"
        )


def _refuse_twins_of(file: SqliteFile, import_ids: list[int], *, without: str) -> None:
    """Refuse to bring back a file that has been imported as another partition since."""
    for import_id in import_ids:
        twins = file.rows(
            "SELECT now.import_id FROM patchmap_imports AS now, patchmap_imports AS was"
            " WHERE was.import_id = ? AND now.state = 'current' AND now.sha256 = was.sha256"
            " AND now.source = was.source AND now.partition_id <> ?",
            import_id,
            without,
        )
        if twins:
            raise ConflictError(
                f"the file that this would bring back is there again as import {twins[0][0]}: "
                "undo that one first"
            )


def _wrote(file: SqliteFile, import_id: int) -> bool:
    return bool(file.rows("SELECT 1 FROM incidents WHERE import_id = ? LIMIT 1", import_id))


def _set_state(file: SqliteFile, import_ids: Iterable[int], state: str) -> None:
    file.fill(
        "UPDATE patchmap_imports SET state = ? WHERE import_id = ?",
        [(state, import_id) for import_id in import_ids],
    )


def _owned(frame: pd.DataFrame, partition: Partition, import_id: int) -> pd.DataFrame:
    return frame.assign(import_id=import_id, partition_id=partition.partition_id)


def _records(file: SqliteFile, condition: str, *values: object) -> list[ImportRecord]:
    found = []
    for row in file.rows(f"SELECT {_RECORD} FROM patchmap_imports {condition}", *values):
        facts = dict(zip(_RECORD.split(", "), row, strict=True))
        facts["rejected_by_reason"] = json.loads(facts["rejected_by_reason"])
        facts["summary"] = summary_from_json(facts["summary"])
        found.append(ImportRecord(**facts))
    return found
