"""How partitions are imported and imports undone, whichever backend stores the incidents.

Every row belongs to the import that wrote it. An import keeps the rows that it replaced, with
the imports that had written them, so it can be undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache, partial

import pandas as pd

from geo.errors import ConflictError, InputError, NotFoundError
from geo.incidents import Batch, Partition
from geo.store.backend import BulkTables, ImportWriter, IncidentTable, count_change
from geo.store.contract import AdoptedLives, Change, ImportRecord
from geo.store.erasures import ErasedRows, read_erasures
from geo.store.import_records import ImportRecords, Tally
from geo.store.lives import LifeWriter, Lives
from geo.store.unplaced import UnplacedRows


class ImportLog:
    """The imports of a store. Each method that changes anything runs inside `changing()`."""

    def __init__(self, tables: BulkTables, incidents: IncidentTable, lives: Lives) -> None:
        self._tables = tables
        self._incidents = incidents
        self._lives = lives
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
            If the file or one of its ids is stored as part of another partition, a later extract
            of the partition is, or it has records with lives and the file has none.
        """
        before = self._records.current(partition.partition_id)
        # Only the last: to import an older file of a keyed partition again is another update.
        if before and before[-1].sha256 == partition.sha256:
            return "unchanged", before[-1]
        self._refuse_twin(partition)
        _refuse_earlier(partition, before)
        _refuse_without_lives(partition, before)
        import_id = self._records.open(partition, by=by)
        writer = self._incidents.writer(import_id, partition.partition_id, keyed=partition.keyed)
        erased = ErasedRows(read_erasures(self._tables), partition.source, keyed=partition.keyed)
        lives = self._life_writer(partition, import_id, before)
        # Read once: no id comes twice, so no row of this import states the place of another.
        places = cache(lambda: self._places(partition.source))

        def write_lives(batch: Batch) -> Batch:
            batch = _with_known_places(batch, places)
            if lives is not None:
                lives.add(batch)
            return batch

        # Nothing is looked for where there is nothing: an archive has hundreds of new partitions.
        if before and not partition.keyed:
            writer.take_out_partition()
        batches = _batches(partition, erased, lives, places)
        tally = _write(
            partition, batches, writer, write_lives, import_id=import_id, on_batch=on_batch
        )
        if lives is not None:
            lives.finish()
        # A keyed import replaces rows, not whole imports: those before it stay current.
        replaced = [] if partition.keyed else [record.import_id for record in before]
        rows_replaced = writer.finish(replaced)
        is_new = writer.wrote_rows() or (lives is not None and lives.wrote)
        is_new |= _is_later_snapshot(partition, before)
        if partition.keyed and before and not is_new:
            # Nothing in the file was new, so there would be nothing to undo either.
            self._records.remove(import_id)
            return "unchanged", tally.read_again(before[-1], partition.file)
        self._records.set_state(replaced, "replaced")
        self._records.close(
            import_id,
            tally,
            rows_replaced=rows_replaced,
            erased=erased.taken,
            events={} if lives is None else lives.events,
        )
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
        self._lives.restore(import_id)
        # Its record stays, so its id is never used again.
        self._records.set_state([import_id], "undone")
        self._records.set_state(replaced, "current")
        count_change(self._tables, "incidents")
        return record

    def purgeable(self, before: str) -> list[ImportRecord]:
        """The imports made before a moment that still hold rows which they replaced, by id."""
        holding = {
            *self._incidents.imports_with_replaced(),
            *self._lives.imports_with_replaced(),
        }
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
        self._lives.purge(import_ids)
        self._records.set_purged(import_ids)
        return records

    def adopt(self, record: ImportRecord, rows: pd.DataFrame, lives: AdoptedLives | None) -> None:
        """Copy an import from another store.

        Parameters
        ----------
        record, rows, lives
            As `ImportStore.adopt_import` takes them.
        """
        import_id = self._records.add(record)
        writer = self._incidents.writer(import_id, record.partition_id, keyed=False)
        writer.insert(rows.assign(import_id=import_id, partition_id=record.partition_id))
        # The imports that it replaced are not in this store.
        writer.finish([])
        if lives is not None:
            self._lives.insert(lives.lives.assign(import_id=import_id))
            self._lives.add_events(lives.events, import_id=import_id)
        count_change(self._tables, "incidents")

    def _life_writer(
        self, partition: Partition, import_id: int, before: list[ImportRecord]
    ) -> LifeWriter | None:
        if partition.extract is None:
            return None
        is_first = not any(record.extracted for record in before)
        return self._lives.writer(partition, import_id, is_first=is_first)

    def _places(self, source: str) -> pd.DataFrame:
        return self._incidents.of_source(source).set_index("incident_id")[["x", "y"]]

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


def _batches(
    partition: Partition,
    erased: ErasedRows,
    lives: LifeWriter | None,
    places: Callable[[], pd.DataFrame],
) -> Iterator[Batch]:
    """The batches of a partition without what is erased; last, rows that lack a place alone."""
    without_erased = partial(erased.rejected_from, partition=partition)
    if lives is None:
        yield from map(without_erased, partition.batches())
        return
    unplaced, accepted = UnplacedRows(partition), 0
    for batch in partition.batches():
        own = without_erased(unplaced.taken_from(batch))
        accepted += len(own.accepted) + own.rows_placeless
        yield own
    last = unplaced.batch(
        known=lives.known, places=places, present=lives.present, without_erased=without_erased
    )
    if last is None:
        return
    if not accepted and not last.rows_placeless:
        raise InputError(
            f"{partition.file}: no row is accepted, mostly: {last.rejected['reason'].mode()[0]}"
        )
    yield last


def _write(
    partition: Partition,
    batches: Iterable[Batch],
    writer: ImportWriter,
    write_lives: Callable[[Batch], Batch],
    *,
    import_id: int,
    on_batch: Callable[[Batch], None],
) -> Tally:
    tally = Tally()
    for read in batches:
        batch = write_lives(read)
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


def _with_known_places(batch: Batch, places: Callable[[], pd.DataFrame]) -> Batch:
    """A batch whose rows without a place have the one that an earlier extract stated."""
    if batch.placeless is None or batch.placeless.empty:
        return batch
    rows = batch.placeless.copy()
    rows[["x", "y"]] = places().reindex(rows["incident_id"]).to_numpy()
    placed = rows["x"].notna().to_numpy()
    return replace(
        batch,
        accepted=pd.concat([batch.accepted, rows[placed]], ignore_index=True),
        placeless=rows[~placed].reset_index(drop=True),
    )


def _is_later_snapshot(partition: Partition, before: list[ImportRecord]) -> bool:
    """Whether an extract of all records is the first of its day: that nothing changed is known."""
    extract = partition.extract
    # Of an earlier release none says whether it is whole: as most are.
    last = max((record.extracted for record in before if record.whole != 0), default="")
    return extract is not None and extract.whole and extract.day.isoformat() > last


def _refuse_earlier(partition: Partition, before: list[ImportRecord]) -> None:
    """Refuse an extract that is older than one that is stored: its events would run backwards."""
    if partition.extract is None:
        return
    same = [record for record in before if record.sha256 == partition.sha256]
    if same and partition.extract.whole:
        # It would take back all that the extracts since have shown, on a day that it may not state.
        raise ConflictError(
            f"{partition.file} is imported already as the extract of {same[0].extracted} (import "
            f"{same[0].import_id}), and a later one after it; undo the later imports first"
        )
    last = max(before, key=lambda record: record.extracted, default=None)
    if last is not None and partition.extract.day.isoformat() < last.extracted:
        raise ConflictError(
            f"{partition.file} is an extract of {partition.extract.day}, and that of "
            f"{last.extracted} is imported already (import {last.import_id}); import extracts in "
            "the order of their days, or undo that import first"
        )


def _refuse_without_lives(partition: Partition, before: list[ImportRecord]) -> None:
    """Refuse rows without lives among records: one without a place would then count twice."""
    last = max(before, key=lambda record: record.extracted, default=None)
    if partition.extract is None and last is not None and last.extracted:
        raise ConflictError(
            f"{partition.file}: {partition.partition_id} holds records with lives (import "
            f"{last.import_id}); import it by a mapping with [life], or undo those imports first"
        )


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
