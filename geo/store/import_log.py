"""How partitions are imported and imports undone, whichever backend stores the incidents.

Every row belongs to the import that wrote it. An import keeps the rows that it replaced, with
the imports that had written them, so it can be undone.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from geo.errors import ConflictError, NotFoundError
from geo.incidents import Batch, Partition
from geo.store.backend import ImportWriter, IncidentTable, Tables, count_change
from geo.store.contract import Change, ImportRecord
from geo.store.import_records import ImportRecords, Tally


class ImportLog:
    """The imports of a store. Each method that changes anything runs inside `changing()`."""

    def __init__(self, tables: Tables, incidents: IncidentTable) -> None:
        self._tables = tables
        self._incidents = incidents
        self._records = ImportRecords(tables)

    def records(self, *, history: bool) -> list[ImportRecord]:
        """The records of the current imports by partition; with `history` of all, by id."""
        return self._records.history() if history else self._records.current()

    def put(
        self, partition: Partition, *, by: str, on_batch: Callable[[Batch], None]
    ) -> tuple[Change, ImportRecord]:
        """Import a partition; see `ImportStore.put_partition`."""
        before = self._records.current(partition.partition_id)
        if before and before[-1].sha256 == partition.sha256:
            return "unchanged", before[-1]
        self._refuse_twin(partition)
        import_id = self._records.open(partition, by=by)
        writer = self._incidents.writer(import_id, partition.partition_id, keyed=partition.keyed)
        tally = _write(partition, writer, import_id=import_id, on_batch=on_batch)
        # A keyed import replaces rows, not whole imports: those before it stay current.
        replaced = [] if partition.keyed else [record.import_id for record in before]
        rows_replaced = writer.finish(replaced)
        if partition.keyed and before and not writer.wrote_rows():
            self._records.remove(import_id)
            return "unchanged", before[-1]
        self._records.set_state(replaced, "replaced")
        self._records.close(import_id, tally, rows_replaced=rows_replaced)
        count_change(self._tables, "incidents")
        return _change(partition, before), self._get(import_id)

    def undo(self, import_id: int) -> ImportRecord:
        """Undo an import; see `ImportStore.undo_import`."""
        record = self._get(import_id)
        if record.state != "current":
            raise ConflictError(f"import {import_id} is already {record.state}")
        last = self._records.current(record.partition_id)[-1].import_id
        if last != import_id:
            raise ConflictError(
                f"import {last} was made after import {import_id}; undo import {last} first"
            )
        replaced = self._incidents.replaced_imports(import_id)
        for replaced_id in replaced:
            self._refuse_return_of_twin(self._get(replaced_id))
        self._incidents.restore(import_id)
        self._records.set_state([import_id], "undone")
        self._records.set_state(replaced, "current")
        count_change(self._tables, "incidents")
        return record

    def adopt(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Copy an import from another store; see `ImportStore.adopt_import`."""
        import_id = self._records.add(record)
        writer = self._incidents.writer(import_id, record.partition_id, keyed=False)
        writer.insert(rows.assign(import_id=import_id, partition_id=record.partition_id))
        writer.finish([])
        count_change(self._tables, "incidents")

    def _get(self, import_id: int) -> ImportRecord:
        record = self._records.get(import_id)
        if record is None:
            raise NotFoundError(f"there is no import {import_id}; see 'patchmap imports list'")
        return record

    def _refuse_twin(self, partition: Partition) -> None:
        if twin := self._records.twin(partition):
            raise ConflictError(
                f"{partition.file} is already imported as {twin.partition_id} (import "
                f"{twin.import_id}), so its incidents would count twice; undo that import first"
            )

    def _refuse_return_of_twin(self, replaced: ImportRecord) -> None:
        if twin := self._records.twin(replaced):
            raise ConflictError(
                f"the undo would bring back {replaced.file}, which is imported again as import "
                f"{twin.import_id}; undo import {twin.import_id} first"
            )


def _write(
    partition: Partition,
    writer: ImportWriter,
    *,
    import_id: int,
    on_batch: Callable[[Batch], None],
) -> Tally:
    tally = Tally()
    if not partition.keyed:
        writer.take_out_partition()
    for batch in partition.batches():
        tally.add(batch)
        rows = batch.accepted.assign(import_id=import_id, partition_id=partition.partition_id)
        if partition.keyed:
            writer.stage(rows)
            _refuse_conflict(partition, writer.staged_conflict())
            writer.merge_staged()
        else:
            writer.insert(rows)
        on_batch(batch)
    return tally


def _refuse_conflict(partition: Partition, conflict: tuple[str, str] | None) -> None:
    if conflict is None:
        return
    incident_id, owner = conflict
    if owner == partition.partition_id:
        raise ConflictError(
            f"{partition.file}: the id {incident_id} appears twice; each row needs its own id"
        )
    raise ConflictError(
        f"{partition.file}: the id {incident_id} is already used by {owner}; import the file "
        "under that name, or under a source of its own"
    )


def _change(partition: Partition, before: list[ImportRecord]) -> Change:
    if not before:
        return "added"
    return "updated" if partition.keyed else "replaced"
