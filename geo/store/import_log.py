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
from geo.store.erasures import ErasedRows, read_erasures
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

    def partition_changes(self) -> dict[str, int]:
        """How often each partition has changed."""
        return self._records.changes()

    def put(
        self, partition: Partition, *, by: str, on_batch: Callable[[Batch], None]
    ) -> tuple[Change, ImportRecord]:
        """Import a partition: replace it whole or, if it is keyed, update its rows by id.

        Parameters
        ----------
        partition, by, on_batch
            As `ImportStore.put_partition` takes them.

        Returns
        -------
        change, record
            As `ImportStore.put_partition` returns them.

        Raises
        ------
        ConflictError
            If the file or one of its ids is stored as part of another partition.
        """
        before = self._records.current(partition.partition_id)
        # Only the last: to import an older file of a keyed partition again is another update.
        if before and before[-1].sha256 == partition.sha256:
            return "unchanged", before[-1]
        self._refuse_twin(partition)
        import_id = self._records.open(partition, by=by)
        writer = self._incidents.writer(import_id, partition.partition_id, keyed=partition.keyed)
        erased = ErasedRows(read_erasures(self._tables), partition.source, keyed=partition.keyed)
        tally = _write(partition, writer, erased, import_id=import_id, on_batch=on_batch)
        # A keyed import replaces rows, not whole imports: those before it stay current.
        replaced = [] if partition.keyed else [record.import_id for record in before]
        rows_replaced = writer.finish(replaced)
        if partition.keyed and before and not writer.wrote_rows():
            # Nothing in the file was new, so there would be nothing to undo either.
            self._records.remove(import_id)
            return "unchanged", before[-1]
        self._records.set_state(replaced, "replaced")
        self._records.close(import_id, tally, rows_replaced=rows_replaced, erased=erased.taken)
        count_change(self._tables, "incidents")
        return _change(partition, before), self._get(import_id)

    def undo(self, import_id: int) -> ImportRecord:
        """Undo an import and restore what it replaced; returns its record from before.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is not the last current import of its partition, or a file would count twice.
        """
        record = self._get(import_id)
        if record.state != "current":
            raise ConflictError(f"import {import_id} is already {record.state}")
        if record.purged_at:
            raise ConflictError(
                f"import {import_id} cannot be undone: the {record.rows_replaced:,} rows that it "
                f"replaced were purged on {record.purged_at[:10]}"
            )
        # The last one first, because a later import would bring back rows of this one when undone.
        last = self._records.current(record.partition_id)[-1].import_id
        if last != import_id:
            raise ConflictError(
                f"import {last} was made after import {import_id}; undo import {last} first"
            )
        replaced = self._incidents.replaced_imports(import_id)
        for replaced_id in replaced:
            self._refuse_return_of_twin(self._get(replaced_id))
        self._incidents.restore(import_id)
        # Its record stays, so its id is never used again.
        self._records.set_state([import_id], "undone")
        self._records.set_state(replaced, "current")
        count_change(self._tables, "incidents")
        return record

    def purgeable(self, before: str) -> list[ImportRecord]:
        """The imports made before a moment that still hold rows which they replaced, by id."""
        holding = set(self._incidents.imports_with_replaced())
        return [
            record
            for record in self.records(history=True)
            if record.import_id in holding and record.imported_at < before
        ]

    def purge(self, before: str) -> list[ImportRecord]:
        """Remove the rows that the purgeable imports replaced; returns their former records."""
        records = self.purgeable(before)
        import_ids = [record.import_id for record in records]
        self._incidents.purge(import_ids)
        self._records.set_purged(import_ids)
        return records

    def adopt(self, record: ImportRecord, rows: pd.DataFrame) -> None:
        """Copy an import from another store.

        Parameters
        ----------
        record, rows
            As `ImportStore.adopt_import` takes them.
        """
        import_id = self._records.add(record)
        writer = self._incidents.writer(import_id, record.partition_id, keyed=False)
        writer.insert(rows.assign(import_id=import_id, partition_id=record.partition_id))
        # The imports that it replaced are not in this store.
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
    erased: ErasedRows,
    *,
    import_id: int,
    on_batch: Callable[[Batch], None],
) -> Tally:
    tally = Tally()
    if not partition.keyed:
        writer.take_out_partition()
    for read in partition.batches():
        batch = erased.rejected_from(read, partition)
        tally.add(batch)
        # Every row names its import: by that an undo finds what to remove.
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
