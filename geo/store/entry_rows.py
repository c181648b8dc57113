"""Entries of money and time: the table `patchmap_entries`, alike in every backend."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pandas as pd

from geo.errors import ConflictError
from geo.measures.entry_checks import check_entries
from geo.measures.model import ENTRY_COLUMNS, EntryKind, entries_frame
from geo.period import Period
from geo.store.backend import BulkTables, count_change
from geo.store.measure_contract import TableFile, TableImport
from geo.store.table_imports import TableImports, new_record

_STORED: Final = ("import_id", *ENTRY_COLUMNS)
_SELECT: Final = f"SELECT {', '.join(ENTRY_COLUMNS)} FROM patchmap_entries"


class EntryRows:
    """Reads and writes entries. Each method that changes anything runs inside `changing()`."""

    def __init__(self, tables: BulkTables, imports: TableImports) -> None:
        self._tables = tables
        self._imports = imports

    def read(self, kind: EntryKind | None, period: Period | None) -> pd.DataFrame:
        """Read entries.

        Parameters
        ----------
        kind, period
            As `MeasureReader.entries` takes them.

        Returns
        -------
        With `ENTRY_COLUMNS`, by day and id.
        """
        conditions: list[str] = []
        values: list[str] = []
        if kind is not None:
            conditions, values = ["kind = ?"], [kind]
        if period is not None:
            conditions += ["day >= ?", "day <= ?"]
            values += [period.first.isoformat(), period.last.isoformat()]
        return self._select(" AND ".join(conditions), *values)

    def of_import(self, import_id: int) -> pd.DataFrame:
        """The entries that an import added."""
        return self._select("import_id = ?", import_id)

    def on_layer(self, layer_id: str) -> bool:
        """Whether any entry names an area of a layer."""
        sql = "SELECT 1 FROM patchmap_entries WHERE layer_id = ? LIMIT 1"
        return bool(self._tables.rows(sql, layer_id))

    def put(self, entries: pd.DataFrame, file: TableFile, *, by: str) -> TableImport:
        """Add entries.

        Parameters
        ----------
        entries, file, by
            As `MeasureStore.put_entries` takes them.

        Returns
        -------
        The record.

        Raises
        ------
        ConflictError
            If one of them is rejected.
        """
        checked = check_entries(entries, self.read(None, None))
        wrong = checked.reasons != ""
        if wrong.any():
            first = int(wrong.argmax())
            raise ConflictError(
                f"{file.file}: entry {entries['entry_id'].iloc[first]!r}: {checked.reasons[first]}"
            )
        new = entries[checked.accepted]
        record = replace(
            new_record("entries", file, by=by),
            rows_present=int(checked.present.sum()),
            rows_accepted=len(new),
        )
        return record if new.empty else self._add(record, new)

    def adopt(self, record: TableImport, entries: pd.DataFrame) -> None:
        """Copy an import from another store.

        Parameters
        ----------
        record, entries
            As `MeasureStore.adopt_table_import` takes them.
        """
        self._add(record, entries)

    def undo(self, record: TableImport) -> None:
        """Remove the entries that an import added.

        Raises
        ------
        ConflictError
            If an entry of another import reverses or settles one of them.
        """
        own = record.import_id
        later = self._tables.rows(
            "SELECT min(import_id) FROM patchmap_entries WHERE import_id <> ? AND (reverses IN"
            " (SELECT entry_id FROM patchmap_entries WHERE import_id = ?) OR settles IN"
            " (SELECT entry_id FROM patchmap_entries WHERE import_id = ?))",
            *(own, own, own),
        )[0][0]
        if later is not None:
            raise ConflictError(
                f"entries of import {later} reverse or settle those of import {own}; undo import "
                f"{later} first"
            )
        self._tables.execute("DELETE FROM patchmap_entries WHERE import_id = ?", own)
        count_change(self._tables, "entries")

    def _add(self, record: TableImport, entries: pd.DataFrame) -> TableImport:
        import_id = self._imports.add(record)
        days = entries["day"].dt.strftime("%Y-%m-%d")
        rows = entries.assign(day=days, import_id=import_id)[list(_STORED)].astype(object)
        self._tables.insert("patchmap_entries", _STORED, rows.to_numpy().tolist())
        count_change(self._tables, "entries")
        return replace(record, import_id=import_id)

    def _select(self, condition: str, *values: object) -> pd.DataFrame:
        where = f" WHERE {condition}" if condition else ""
        rows = self._tables.rows(f"{_SELECT}{where}", *values)
        return entries_frame(pd.DataFrame(rows, columns=list(ENTRY_COLUMNS)))
