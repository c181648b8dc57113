"""Measures and entries of a store on top of any backend.

The docstrings of its methods are those of `geo.store.measure_contract`.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geo.measures.model import EntryKind, Measure
from geo.period import Period
from geo.store.backend import BulkTables, Database
from geo.store.entry_rows import EntryRows
from geo.store.measure_contract import MeasureStore, TableFile, TableImport, TableSubject
from geo.store.measure_values import MeasureValues
from geo.store.table_imports import TableImports


class SqlMeasureStore(MeasureStore):
    """The part of a store that has measures, their values, and entries of money and time."""

    def __init__(self, database: Database, tables: BulkTables) -> None:
        self._database = database
        self._table_imports = TableImports(tables)
        self._values = MeasureValues(tables, self._table_imports)
        self._entries = EntryRows(tables, self._table_imports)

    def measures(self) -> list[Measure]:
        return self._values.measures()

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        with self._database.reading():
            return self._values.read(measure_ids, area_codes, period)

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        return self._values.periods(measure_ids)

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        with self._database.reading():
            return self._values.of_other_areas(measure_id, area_codes, period)

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        return self._entries.read(kind, period)

    def table_imports(self, subject: TableSubject | None = None) -> list[TableImport]:
        return self._table_imports.all(subject)

    def put_measure(self, measure: Measure) -> None:
        with self._database.changing():
            self._values.put_measure(measure)

    def remove_measure(self, measure_id: str) -> None:
        with self._database.changing():
            self._values.remove(measure_id)

    def put_measure_values(
        self, values: pd.DataFrame, file: TableFile, *, by: str = ""
    ) -> TableImport:
        with self._database.changing():
            return self._values.put(values, file, by=by)

    def put_entries(self, entries: pd.DataFrame, file: TableFile, *, by: str = "") -> TableImport:
        with self._database.changing():
            return self._entries.put(entries, file, by=by)

    def undo_table_import(self, import_id: int) -> TableImport:
        with self._database.changing():
            record = self._table_imports.undoable(import_id)
            (self._values if record.subject == "measures" else self._entries).undo(record)
            # Its record stays, so its id is never used again.
            self._table_imports.set_undone(import_id)
            return record

    def table_import_rows(self, import_id: int) -> pd.DataFrame:
        with self._database.reading():
            record = self._table_imports.get(import_id)
            if record.subject == "measures":
                return self._values.of_import(record)
            return self._entries.of_import(import_id)

    def adopt_table_import(self, record: TableImport, rows: pd.DataFrame) -> None:
        with self._database.changing():
            (self._values if record.subject == "measures" else self._entries).adopt(record, rows)

    def purgeable_table_imports(self, before: str) -> list[TableImport]:
        return self._table_imports.purgeable(before)

    def purge_table_imports(self, before: str) -> list[TableImport]:
        with self._database.changing():
            return self._table_imports.purge(before)

    def _measured_on(self, layer_id: str) -> str:
        """What a layer that is to be removed still has, for a refusal; '' if nothing."""
        measures = self._values.on_layer(layer_id)
        if measures:
            return f"the measure {measures[0]} is published on it"
        return "entries name its areas" if self._entries.on_layer(layer_id) else ""
