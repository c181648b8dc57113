"""Removes incidents for good: one that is erased, or those that are older than they are kept.

Both go from the rows that imports replaced too, or an undo would bring them back. The record of
each import counts what went, so that accounts still add up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pandas as pd

from geo.errors import NotFoundError
from geo.incidents import IncidentSummary
from geo.store.backend import IncidentTable, Tables, count_edits
from geo.store.contract import PAST_RETENTION, Erasure, ErasureKind, ImportRecord
from geo.store.erasures import (
    ERASED,
    ErasedRows,
    add_erasures,
    candidates,
    erasure_of,
    id_hash,
    new_key,
    read_erasures,
)
from geo.store.import_records import ImportRecords
from geo.store.lives import Lives
from geo.store.times import now


class Removals:
    """Removes incidents of a store. Each method that changes anything runs inside `changing()`."""

    def __init__(self, tables: Tables, incidents: IncidentTable, lives: Lives) -> None:
        self._tables = tables
        self._incidents = incidents
        self._lives = lives
        self._records = ImportRecords(tables)
        self._changed: set[str] = set()

    def erasure(self, source: str, incident_id: str, *, by: str, reason: str) -> Erasure:
        """Return the erasure of an incident, which is not erased yet, or was before.

        Parameters
        ----------
        source, incident_id, by, reason
            As `Store.erasure_of` takes them.

        Returns
        -------
        What `put_erasures` takes.

        Raises
        ------
        NotFoundError
            If there is no such incident, and there never was one that was erased.
        """
        known = read_erasures(self._tables)
        named = candidates(source, incident_id)
        before = [
            one
            for one in known
            if one.source == source
            and one.id_hash in {id_hash(one.key, source, name) for name in named}
        ]
        live = self._row(source, named)
        # Its own id is of one incident for good, but the number of a line is of any.
        if before and (live.empty or self._is_keyed(live)):
            return before[-1]
        row = self._replaced_row(source, named) if live.empty else live
        if row.empty:
            raise NotFoundError(
                f"there is no incident {incident_id!r} of {source}, nor among the rows that "
                "imports replaced; 'patchmap imports list' shows the sources"
            )
        key = known[0].key if known else new_key()
        kind: ErasureKind = "id" if self._is_keyed(row) else "line"
        facts = Erasure("", "", key, source, by, now(), reason, kind)
        made = erasure_of(source, str(row["incident_id"].iloc[0]), row, key=key, facts=facts)
        same = [one for one in before if one.content_hash == made.content_hash]
        return same[-1] if same else made

    def apply(self, erasures: Sequence[Erasure]) -> int:
        """Add erasures, and remove every row that one of them is of; returns how many went."""
        add_erasures(self._tables, erasures)
        contents = {(one.key, one.content_hash) for one in erasures}
        # With all of the same content: how many rows of it may go is how many were erased.
        alike = [
            one for one in read_erasures(self._tables) if (one.key, one.content_hash) in contents
        ]
        removed = 0
        for source in sorted({one.source for one in erasures}):
            records = {one.import_id: one for one in self._records.history()}
            live = self._incidents.of_source(source)
            for record, rows in _by_import(live, records):
                gone = self._erased_rows(alike, record, rows)
                self._incidents.remove(gone["incident_id"].tolist())
                self._lives.remove(gone["incident_id"].tolist())
                self._count(record, gone, ERASED)
                removed += len(gone)
            for record, rows in _by_import(self._lives.placeless_of_source(source), records):
                gone = self._erased_rows(alike, record, rows)
                removed += self._take_placeless(record, gone, ERASED)
            removed += self._from_replaced(source, alike, records)
        self._count_edits()
        return removed

    def expire(self, source: str, before: pd.Timestamp) -> int:
        """Remove the incidents of a source that occurred before a moment.

        Parameters
        ----------
        source, before
            As `Store.expire_incidents` takes them.

        Returns
        -------
        How many rows went.
        """
        records = {one.import_id: one for one in self._records.history()}
        removed = 0
        old = self._incidents.of_source(source, before=before)
        for record, rows in _by_import(old, records):
            self._count(record, rows, PAST_RETENTION)
            removed += len(rows)
            self._lives.remove(rows["incident_id"].tolist())
        if removed:
            self._incidents.remove_before(source, before)
        without = self._lives.placeless_of_source(source)
        for record, rows in _by_import(without[without["occurred_from"] < before], records):
            removed += self._take_placeless(record, rows, PAST_RETENTION)
        for replacing, rows in self._incidents.replaced_of_source(source):
            gone = rows[rows["occurred_from"] < before]
            self._take_from_replaced(replacing, gone, PAST_RETENTION)
            removed += len(gone)
        self._incidents.drop_empty_months(before)
        self._count_edits()
        return removed

    def expirable(self, source: str, before: pd.Timestamp) -> int:
        """Return how many rows `expire` would remove.

        Parameters
        ----------
        source, before
            As `Store.expire_incidents` takes them.

        Returns
        -------
        Incidents, and rows that imports replaced.
        """
        others = [rows for _, rows in self._incidents.replaced_of_source(source)]
        others.append(self._lives.placeless_of_source(source))
        return len(self._incidents.of_source(source, before=before)) + sum(
            int((rows["occurred_from"] < before).sum()) for rows in others
        )

    def _count_edits(self) -> None:
        """Count the partitions from which rows went as changed."""
        count_edits(self._tables, self._changed)
        self._changed.clear()

    def _row(self, source: str, named: Sequence[str]) -> pd.DataFrame:
        rows = self._incidents.of_source(source)
        return rows[rows["incident_id"].isin(named)].iloc[:1]

    def _replaced_row(self, source: str, named: Sequence[str]) -> pd.DataFrame:
        others = [rows for _, rows in self._incidents.replaced_of_source(source)]
        for rows in (*others, self._lives.placeless_of_source(source)):
            own = rows[rows["incident_id"].isin(named)]
            if len(own):
                return own.iloc[:1]
        return pd.DataFrame()

    def _is_keyed(self, row: pd.DataFrame) -> bool:
        import_id = int(row["import_id"].iloc[0])
        [record] = [one for one in self._records.history() if one.import_id == import_id]
        return is_keyed(record, row)

    def _erased_rows(
        self, erasures: Iterable[Erasure], record: ImportRecord, rows: pd.DataFrame
    ) -> pd.DataFrame:
        """The rows of an import that are erased; its record takes down what they said, hashed."""
        current = self._records.get(record.import_id) or record
        keyed = is_keyed(record, rows)
        finder = ErasedRows(erasures, record.source, keyed=keyed, taken=current.erased)
        gone = rows[finder.among(rows)]
        if finder.taken != current.erased:
            self._records.recount(replace(current, erased=finder.taken))
        return gone

    def _from_replaced(
        self, source: str, erasures: Sequence[Erasure], records: dict[int, ImportRecord]
    ) -> int:
        removed = 0
        for replacing, replaced in self._incidents.replaced_of_source(source):
            for record, rows in _by_import(replaced, records):
                gone = self._erased_rows(erasures, record, rows)
                self._take_from_replaced(replacing, gone, ERASED)
                removed += len(gone)
        return removed

    def _take_from_replaced(self, replacing: int, gone: pd.DataFrame, reason: str) -> None:
        if gone.empty:
            return
        self._incidents.remove_replaced(replacing, gone["incident_id"].tolist())
        if reason == ERASED:
            # Too old is what a row said before: its record may be of a later day now.
            self._lives.remove(gone["incident_id"].tolist())
        self._records.take_replaced(replacing, len(gone))
        records = {one.import_id: one for one in self._records.history()}
        for record, rows in _by_import(gone, records):
            self._count(record, rows, reason)

    def _take_placeless(self, record: ImportRecord, gone: pd.DataFrame, reason: str) -> int:
        """Remove records without a place, every version of which is a row that was accepted."""
        self._lives.remove(gone["incident_id"].tolist())
        self._count(record, gone, reason)
        return len(gone)

    def _count(self, record: ImportRecord, gone: pd.DataFrame, reason: str) -> None:
        """Let an import have rejected the rows that went: read = accepted + rejected still."""
        if gone.empty:
            return
        self._changed.add(record.partition_id)
        current = self._records.get(record.import_id) or record
        reasons = Counter(current.rejected_by_reason) + Counter({reason: len(gone)})
        self._records.recount(
            replace(
                current,
                rows_accepted=current.rows_accepted - len(gone),
                rows_placeless=current.rows_placeless - int(gone["x"].isna().sum()),
                rejected_by_reason=dict(reasons.most_common()),
                summary=current.summary.without(IncidentSummary.of(gone)),
            )
        )


def _by_import(
    rows: pd.DataFrame, records: dict[int, ImportRecord]
) -> Iterator[tuple[ImportRecord, pd.DataFrame]]:
    for import_id, own in rows.groupby("import_id", observed=True):
        yield records[int(str(import_id))], own


def is_keyed(record: ImportRecord, rows: pd.DataFrame) -> bool:
    """Tell whether the rows of an import have ids of their own, not the numbers of their lines.

    Parameters
    ----------
    record
        Of the import. One of an earlier release does not say it.
    rows
        Some of its rows.

    Returns
    -------
    Whether they have; by the form of their ids where nothing says it.
    """
    if record.keyed is not None:
        return bool(record.keyed)
    if record.month or not record.name:
        return not record.month
    tails = rows["incident_id"].astype(str).str.rpartition(":")[2]
    return not bool(tails.str.isdigit().all())
