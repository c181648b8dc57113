"""Measures and imports of their values, whichever backend stores them.

Every value belongs to the import that wrote it. An import keeps the values that it replaced, so
it can be undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import ConflictError, NotFoundError
from geo.lookup import are_among
from geo.measures.model import Measure, check_measure, measure_of, no_values
from geo.period import Period
from geo.store.backend import BulkTables, count_change
from geo.store.measure_contract import TableFile, TableImport
from geo.store.table_imports import Definitions, Former, TableImports, new_record, packed
from geo.store.value_rows import CONTENT, KEYS, ValueRows

_COUNTED: Final = ("measure_id", "first_day", "last_day", "areas")


class MeasureValues:
    """Reads and writes measures and values. What changes anything runs inside `changing()`."""

    def __init__(self, tables: BulkTables, imports: TableImports) -> None:
        self._tables = tables
        self._imports = imports
        self._values = ValueRows(tables)

    def measures(self) -> list[Measure]:
        """Every measure, in the order in which they were added."""
        sql = "SELECT definition FROM patchmap_measures ORDER BY measure_key"
        return [measure_of(text) for (text,) in self._tables.rows(sql)]

    def read(
        self,
        measure_ids: Sequence[str] | None,
        area_codes: Sequence[str] | None,
        period: Period | None,
    ) -> pd.DataFrame:
        """Read values.

        Parameters
        ----------
        measure_ids, area_codes, period
            As `MeasureReader.measure_values` takes them.

        Returns
        -------
        With `VALUE_COLUMNS`, by measure, area and period.
        """
        measures = self._ids_by_key(measure_ids)
        areas = periods = None
        if area_codes is not None:
            areas = self._values.areas(area_codes).index.to_numpy()
        if period is not None:
            periods = self._values.periods(period).index.to_numpy()
        if any(keys is not None and not len(keys) for keys in (measures, areas, periods)):
            return no_values()
        rows = self._values.read(list(measures), areas=areas, periods=periods)
        return self._values.named(rows, measures)

    def periods(self, measure_ids: Sequence[str] | None) -> pd.DataFrame:
        """Read the periods of measures, and how many areas have a value; see `MeasureReader`."""
        rows = self._tables.rows(
            "SELECT m.measure_id, p.first_day, p.last_day, c.areas FROM patchmap_measure_counts c"
            " JOIN patchmap_measures m ON m.measure_key = c.measure_key"
            " JOIN patchmap_measure_periods p ON p.period_key = c.period_key WHERE c.areas > 0"
        )
        frame = pd.DataFrame(rows, columns=list(_COUNTED))
        if measure_ids is not None:
            frame = frame[frame["measure_id"].isin(list(measure_ids))]
        days = dict.fromkeys(_COUNTED[1:3], "datetime64[s]")
        frame = frame.astype({"measure_id": "str", "areas": "int64", **days})
        return frame.sort_values(list(_COUNTED[:3]), kind="stable", ignore_index=True)

    def of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], period: Period | None
    ) -> pd.Series:
        """Count the values of areas that are not among some.

        Parameters
        ----------
        measure_id, area_codes, period
            As `MeasureReader.values_of_other_areas` takes them.

        Returns
        -------
        Values by area code.
        """
        known = self._values.areas()
        others = known[~are_among(known, map(str, area_codes))]
        counts: dict[int, int] = {}
        for key in self._ids_by_key([measure_id]) if len(others) else ():
            counts = self._values.counts(key, others.index.to_numpy(), period)
        codes = others.reindex(list(counts)).to_numpy(object)
        return pd.Series([*counts.values()], index=pd.Index(codes, dtype=object), dtype="int64")

    def on_layer(self, layer_id: str) -> list[str]:
        """The ids of the measures that are published on a layer."""
        return [one.measure_id for one in self.measures() if one.layer_id == layer_id]

    def put_measure(self, measure: Measure) -> str | None:
        """Add or change a measure; its former definition, or None where it is new.

        Raises
        ------
        InputError, ConflictError
            As `MeasureStore.put_measure`.
        """
        check_measure(measure)
        own, text = measure.measure_id, measure.as_json()
        former = self._definition(own)
        if former is None:
            self._tables.execute(
                "INSERT INTO patchmap_measures (measure_id, definition) VALUES (?, ?)", own, text
            )
        elif former != text:
            layer = measure_of(former).layer_id
            if measure.layer_id != layer and len(self.periods([own])):
                raise ConflictError(
                    f"{own} has values on {layer or 'no layer'}; remove it first, or give it "
                    "another id"
                )
            self._define(own, text)
        if former != text:
            count_change(self._tables, "measures")
        return former

    def remove(self, measure_id: str) -> None:
        """Remove a measure with its values.

        Raises
        ------
        NotFoundError
            If there is no such measure.
        """
        key = self._keys_by_id([measure_id])[measure_id]
        self._values.delete_measure(key)
        self._tables.execute("DELETE FROM patchmap_measures WHERE measure_key = ?", key)
        count_change(self._tables, "measures")

    def put(self, values: pd.DataFrame, file: TableFile, *, by: str) -> TableImport:
        """Import values.

        Parameters
        ----------
        values, file, by
            As `MeasureStore.put_measure_values` takes them.

        Returns
        -------
        The record.

        Raises
        ------
        InputError, NotFoundError, ConflictError
            As `MeasureStore.put_measure_values`.
        """
        former = self._put_measures(file.measures)
        rows = self._keyed(values, file.file)
        replaced, present = self._compared(rows)
        new = rows[~present] if present.any() else rows
        written = self._ids_by_key(None)
        measures = {written[int(key)] for key in new["measure_key"].unique()} | set(former)
        record = replace(
            new_record("measures", file, by=by),
            rows_present=int(present.sum()),
            rows_accepted=len(new),
            rows_replaced=len(replaced),
            measures=sorted(measures),
        )
        if not measures:
            return record
        import_id = self._imports.add(
            record, former=former, replaced=packed(replaced) if len(replaced) else None
        )
        self._values.delete(replaced)
        self._values.insert(new.assign(import_id=import_id))
        count_change(self._tables, "measures")
        return replace(record, import_id=import_id)

    def undo(self, record: TableImport) -> None:
        """Remove the values that an import wrote, and bring back what it replaced."""
        former, replaced = self._imports.replaced(record.import_id)
        keys = [*self._ids_by_key(record.measures)]
        rows = self._values.read(keys)
        self._values.delete(rows[rows["import_id"] == record.import_id])
        if replaced is not None:
            # Of a measure that was removed since, nothing comes back.
            self._values.insert(replaced[replaced["measure_key"].isin(keys)])
        self._restore_definitions(former)
        count_change(self._tables, "measures")

    def of_import(self, record: TableImport) -> pd.DataFrame:
        """The values that an import wrote and that no later one replaced."""
        measures = self._ids_by_key(record.measures)
        rows = self._values.read(list(measures))
        return self._values.named(rows[rows["import_id"] == record.import_id], measures)

    def adopt(self, record: TableImport, values: pd.DataFrame) -> None:
        """Copy an import from another store.

        Parameters
        ----------
        record, values
            As `MeasureStore.adopt_table_import` takes them.
        """
        import_id = self._imports.add(record)
        self._values.insert(self._keyed(values, record.file).assign(import_id=import_id))
        count_change(self._tables, "measures")

    def _put_measures(self, measures: Iterable[Measure]) -> dict[str, Definitions]:
        """Put measures; the definitions of those that are new or have changed."""
        return {
            one.measure_id: Definitions(former, one.as_json())
            for one in measures
            if (former := self.put_measure(one)) != one.as_json()
        }

    def _restore_definitions(self, former: Former) -> None:
        for measure_id, (before, after) in former.items():
            current = self._definition(measure_id)
            if current is None or (after is not None and current != after):
                continue  # it was removed or changed since, which the import did not do
            if before is not None:
                self._define(measure_id, before)
            elif self.periods([measure_id]).empty:
                self.remove(measure_id)

    def _define(self, measure_id: str, definition: str) -> None:
        self._tables.execute(
            "UPDATE patchmap_measures SET definition = ? WHERE measure_id = ?",
            definition,
            measure_id,
        )

    def _definition(self, measure_id: str) -> str | None:
        rows = self._tables.rows(
            "SELECT definition FROM patchmap_measures WHERE measure_id = ?", measure_id
        )
        return str(rows[0][0]) if rows else None

    def _ids_by_key(self, measure_ids: Sequence[str] | None) -> dict[int, str]:
        """The ids of measures by key; unknown ones are left out."""
        rows = self._tables.rows("SELECT measure_key, measure_id FROM patchmap_measures")
        wanted = None if measure_ids is None else set(measure_ids)
        return {int(key): own for key, own in rows if wanted is None or own in wanted}

    def _keys_by_id(self, measure_ids: Iterable[str]) -> dict[str, int]:
        keys = {own: key for key, own in self._ids_by_key(None).items()}
        for name in measure_ids:
            if name not in keys:
                known = ", ".join(sorted(keys)) or "none yet"
                raise NotFoundError(f"there is no measure {name!r}; there are: {known}")
        return keys

    def _keyed(self, values: pd.DataFrame, name: str) -> pd.DataFrame:
        """Values under their keys; refuses those of unknown measures, and what stands twice."""
        keys = self._keys_by_id(map(str, values["measure_id"].unique()))
        rows = self._values.keyed(values, keys)
        own = rows[list(KEYS)].to_numpy()
        # In the order of the keys: what stands twice stands together.
        if (own[1:] == own[:-1]).all(axis=1).any():
            twice = values.duplicated(["measure_id", "area_code", "first_day", "last_day"])
            first = values[twice].iloc[0]
            raise ConflictError(
                f"{name}: {first['measure_id']} of {first['area_code']} from "
                f"{first['first_day']:%Y-%m-%d} to {first['last_day']:%Y-%m-%d} stands twice"
            )
        return rows

    def _compared(self, rows: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        """The stored rows that others take the place of, and which are stored already."""
        present = np.zeros(len(rows), dtype=bool)
        # A measure at a time, as all of them may not find room in memory twice.
        replaced = [rows[:0]]
        for measure in rows["measure_key"].unique().tolist():
            if not self._values.has_values(measure):
                continue
            part = rows[rows["measure_key"] == measure]
            stored = self._values.read([measure], periods=part["period_key"].unique())
            index = pd.MultiIndex.from_frame(stored[list(KEYS)])
            at = index.get_indexer(pd.MultiIndex.from_frame(part[list(KEYS)]))
            former, later = stored.iloc[at[at >= 0]], part[at >= 0]
            same = _same(former, later)
            present[later.index.to_numpy()[same]] = True
            replaced.append(former[~same])
        return pd.concat(replaced, ignore_index=True), present


def _same(one: pd.DataFrame, other: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of n rows are alike: unknown numbers too."""
    same = np.ones(len(one), dtype=bool)
    for name in CONTENT:
        left, right = one[name].to_numpy(object), other[name].to_numpy(object)
        same &= (left == right) | (pd.isna(left) & pd.isna(right))
    return same
