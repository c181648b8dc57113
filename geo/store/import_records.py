"""The records of imports: the table `patchmap_imports`, alike in every backend."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from geo.incidents import EMPTY_SUMMARY, Batch, IncidentSummary, Partition
from geo.store.backend import Row, Tables
from geo.store.contract import ImportRecord, ImportState
from geo.store.times import now

_FIELDS = tuple(ImportRecord.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM patchmap_imports"


class Tally:
    """Adds up the batches of one import."""

    def __init__(self) -> None:
        self.rows_read = 0
        self.rows_accepted = 0
        self.rows_placeless = 0
        self.summary: IncidentSummary = EMPTY_SUMMARY
        self._reasons: Counter[str] = Counter()

    def add(self, batch: Batch) -> None:
        """Count one more batch."""
        accepted = len(batch.accepted) + batch.rows_placeless
        self.rows_read += accepted + len(batch.rejected)
        self.rows_accepted += accepted
        self.rows_placeless += batch.rows_placeless
        self.summary |= IncidentSummary.of(batch.accepted)
        if batch.placeless is not None:
            self.summary |= IncidentSummary.of(batch.placeless)
        self._reasons.update(batch.rejected["reason"].astype(str).tolist())

    @property
    def rejected_by_reason(self) -> dict[str, int]:
        """How many rows were rejected for each reason, the commonest first."""
        return dict(self._reasons.most_common())

    def read_again(self, last: ImportRecord, file: str) -> ImportRecord:
        """The last import's record, with where the rows of a file went that changed nothing.

        Parameters
        ----------
        last
            The record, which stays as it is in the store.
        file
            The name of the file that was read.

        Returns
        -------
        The record with the file's name and counts.
        """
        return replace(
            last,
            file=file,
            rows_read=self.rows_read,
            rows_accepted=self.rows_accepted,
            rows_placeless=self.rows_placeless,
            rejected_by_reason=self.rejected_by_reason,
        )


class ImportRecords:
    """Reads and writes the records of a store's imports."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def history(self) -> list[ImportRecord]:
        """All records, by id."""
        return self._select("ORDER BY import_id")

    def current(self, partition_id: str | None = None) -> list[ImportRecord]:
        """The current records, by partition and id; of one partition where it is named."""
        if partition_id is None:
            return self._select("WHERE state = 'current' ORDER BY partition_id, import_id")
        return self._select(
            "WHERE state = 'current' AND partition_id = ? ORDER BY import_id", partition_id
        )

    def changes(self) -> dict[str, int]:
        """How often each partition has changed: by each import, when it is undone, by each edit."""
        return {name: n for name, (n, *_) in self._by_partition().items()}

    def states(self) -> dict[str, str]:
        """What names the state of the incidents of each partition.

        The last import tells too: after a restore by other means than ours counts may repeat.
        """
        return {
            name: f"{n} {import_id} {imported_at}"
            for name, (n, import_id, imported_at) in self._by_partition().items()
        }

    def _by_partition(self) -> dict[str, tuple[int, int, str]]:
        """How often each partition has changed, and its last import."""
        rows = self._tables.rows(
            "SELECT partition_id, sum(changes), max(import_id), max(imported_at) FROM ("
            "SELECT partition_id, CASE WHEN state = 'undone' THEN 2 ELSE 1 END AS changes,"
            " import_id, imported_at FROM patchmap_imports"
            " UNION ALL SELECT partition_id, changes, 0, '' FROM patchmap_edits"
            ") AS every GROUP BY partition_id"
        )
        return {name: (int(n), int(last), str(when)) for name, n, last, when in rows}

    def get(self, import_id: int) -> ImportRecord | None:
        """One record; None where there is no such import."""
        records = self._select("WHERE import_id = ?", import_id)
        return records[0] if records else None

    def twin(self, file: Partition | ImportRecord) -> ImportRecord | None:
        """The current import of the same file as another partition of its source, if any."""
        twins = self._select(
            "WHERE state = 'current' AND sha256 = ? AND source = ? AND partition_id <> ?"
            " ORDER BY import_id",
            file.sha256,
            file.source,
            file.partition_id,
        )
        return twins[0] if twins else None

    def open(self, partition: Partition, *, by: str) -> int:
        """Add the record of an import that begins, with nothing read yet.

        Parameters
        ----------
        partition
            What is imported.
        by
            Who imports it.

        Returns
        -------
        int
            The id of the import.
        """
        return self.add(
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
                summary=EMPTY_SUMMARY,
                imported_by=by,
                imported_at=now(),
                state="current",
                keyed=int(partition.keyed),
                extracted=partition.extract.day.isoformat() if partition.extract else "",
                whole=int(partition.extract.whole) if partition.extract else None,
            )
        )

    def add(self, record: ImportRecord) -> int:
        """Add a record under a new id, which is returned."""
        marks = ", ".join("?" * (len(_FIELDS) - 1))
        self._tables.execute(
            f"INSERT INTO patchmap_imports ({', '.join(_FIELDS[1:])}) VALUES ({marks})",
            *_values(record)[1:],
        )
        # Ids only grow and nobody else writes now. RETURNING would need a newer SQLite.
        return int(self._tables.rows("SELECT max(import_id) FROM patchmap_imports")[0][0])

    def close(
        self,
        import_id: int,
        tally: Tally,
        *,
        rows_replaced: int,
        erased: Mapping[str, int],
        events: Mapping[str, int],
    ) -> None:
        """Complete the record of an import.

        Parameters
        ----------
        import_id
            The import.
        tally
            What it read.
        rows_replaced
            How many stored rows it replaced.
        erased
            How many rows were erased by what they say, by content hash.
        events
            How many events it shows, by event.
        """
        self._tables.execute(
            "UPDATE patchmap_imports SET rows_read = ?, rows_accepted = ?,"
            " rejected_by_reason = ?, summary = ?, rows_replaced = ?, erased = ?, events = ?,"
            " rows_placeless = ? WHERE import_id = ?",
            tally.rows_read,
            tally.rows_accepted,
            json.dumps(tally.rejected_by_reason),
            _summary_to_json(tally.summary),
            rows_replaced,
            json.dumps(erased),
            json.dumps(events),
            tally.rows_placeless,
            import_id,
        )

    def recount(self, record: ImportRecord) -> None:
        """Store what an import has accepted and rejected, now that rows of it were removed."""
        self._tables.execute(
            "UPDATE patchmap_imports SET rows_accepted = ?, rows_placeless = ?,"
            " rejected_by_reason = ?, summary = ?, erased = ? WHERE import_id = ?",
            record.rows_accepted,
            record.rows_placeless,
            json.dumps(record.rejected_by_reason),
            _summary_to_json(record.summary),
            json.dumps(record.erased),
            record.import_id,
        )

    def take_replaced(self, import_id: int, rows: int) -> None:
        """Count that an import holds fewer rows which it replaced.

        Parameters
        ----------
        import_id
            The import.
        rows
            How many were removed.
        """
        self._tables.execute(
            "UPDATE patchmap_imports SET rows_replaced = rows_replaced - ? WHERE import_id = ?",
            rows,
            import_id,
        )

    def set_state(self, import_ids: Sequence[int], state: ImportState) -> None:
        """Set the state of imports.

        Parameters
        ----------
        import_ids
            Which; empty changes nothing.
        state
            What they are now.
        """
        for import_id in import_ids:
            self._tables.execute(
                "UPDATE patchmap_imports SET state = ? WHERE import_id = ?", state, import_id
            )

    def set_purged(self, import_ids: Sequence[int]) -> None:
        """Record that what some imports replaced is purged now."""
        for import_id in import_ids:
            self._tables.execute(
                "UPDATE patchmap_imports SET purged_at = ? WHERE import_id = ?", now(), import_id
            )

    def remove(self, import_id: int) -> None:
        """Remove the record of an import that wrote nothing."""
        self._tables.execute("DELETE FROM patchmap_imports WHERE import_id = ?", import_id)

    def _select(self, condition: str, *values: object) -> list[ImportRecord]:
        return [_record(row) for row in self._tables.rows(f"{_SELECT} {condition}", *values)]


def _record(row: Row) -> ImportRecord:
    facts = dict(zip(_FIELDS, row, strict=True))
    facts["rejected_by_reason"] = json.loads(facts["rejected_by_reason"])
    facts["erased"] = json.loads(facts["erased"])
    facts["events"] = json.loads(facts["events"])
    facts["summary"] = _summary_from_json(facts["summary"])
    return ImportRecord(**facts)


def _values(record: ImportRecord) -> list[object]:
    facts = {name: getattr(record, name) for name in _FIELDS}
    facts["rejected_by_reason"] = json.dumps(record.rejected_by_reason)
    facts["erased"] = json.dumps(record.erased)
    facts["events"] = json.dumps(record.events)
    facts["summary"] = _summary_to_json(record.summary)
    return list(facts.values())


def _summary_to_json(summary: IncidentSummary) -> str:
    moments = [moment and moment.isoformat() for moment in (summary.first, summary.last)]
    facts = [summary.categories, summary.precisions, *moments, summary.squares, summary.days]
    return json.dumps(facts)


def _summary_from_json(text: str) -> IncidentSummary:
    # Rows that an earlier release replaced have no counts by day.
    categories, precisions, first, last, squares, *days = json.loads(text)
    moments = _moment(first), _moment(last)
    return IncidentSummary(categories, tuple(precisions), *moments, squares, *days)


def _moment(text: str | None) -> pd.Timestamp | None:
    return pd.Timestamp(text) if text else None
