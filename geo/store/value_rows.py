"""Values of measures as they are stored: under small numbers for measure, area and period.

In that order, so that one area's history lies together. The tables are alike in every backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.lookup import are_among
from geo.measures.model import VALUE_COLUMNS, VALUE_NUMBERS, values_frame
from geo.measures.row_numbers import in_order
from geo.period import Period
from geo.store.backend import BulkTables

Ints = NDArray[np.int64]
_Key = TypeVar("_Key", bound=int | str)

KEYS: Final = ("measure_key", "area_key", "period_key")
CONTENT: Final = (*VALUE_NUMBERS, "note")
STORED: Final = (*KEYS, "import_id", *CONTENT)

_DAYS: Final = ("first_day", "last_day")
_PER_STATEMENT: Final = 512
_ROWS_AT_ONCE: Final = 100_000
_MOST_NAMED: Final = 4_096
"""Above so many areas that are wanted all are read: statements for a few each would take longer."""


class ValueRows:
    """Reads and writes stored values, and the areas and periods that they name."""

    def __init__(self, tables: BulkTables) -> None:
        self._tables = tables

    def read(
        self,
        measures: Sequence[int],
        *,
        areas: Ints | None = None,
        periods: Ints | None = None,
    ) -> pd.DataFrame:
        """Read values of measures.

        Parameters
        ----------
        measures
            Their keys.
        areas, periods
            Keys of the only areas and periods that are wanted; None for all.

        Returns
        -------
        With `STORED`, in no particular order.
        """
        narrow = areas if areas is not None and len(areas) <= _MOST_NAMED else None
        rows = [
            row
            for own in _pieces(measures)
            for among in (_pieces(narrow.tolist()) if narrow is not None else [None])
            for span in (_pieces(periods.tolist()) if periods is not None else [None])
            for row in self._rows(own, among, span)
        ]
        # One column after the other: a frame of all rows at once would be of objects.
        columns = zip(*rows, strict=True) if rows else [()] * len(STORED)
        frame = pd.DataFrame(dict(zip(STORED, columns, strict=True)), columns=list(STORED))
        types = dict.fromkeys(VALUE_NUMBERS, "float64") | dict.fromkeys(STORED[:4], "int64")
        notes = frame["note"].astype(object).where(frame["note"].notna(), "")
        frame = frame.astype(types).assign(note=notes)
        if areas is not None and narrow is None:
            return frame[frame["area_key"].isin(areas)].reset_index(drop=True)
        return frame

    def named(self, rows: pd.DataFrame, measures: Mapping[int, str]) -> pd.DataFrame:
        """Return stored rows with what their keys stand for.

        Parameters
        ----------
        rows
            With `STORED`.
        measures
            The ids of measures, by key.

        Returns
        -------
        With `VALUE_COLUMNS`, by measure, area and period.
        """
        days = self.periods().reindex(rows["period_key"])
        areas = self._areas("area_key", rows["area_key"].unique().tolist())
        named = rows.assign(
            measure_id=rows["measure_key"].map(dict(measures)).to_numpy(),
            area_code=areas.reindex(rows["area_key"]).to_numpy(),
            first_day=days["first_day"].to_numpy(),
            last_day=days["last_day"].to_numpy(),
        )
        return values_frame(named[list(VALUE_COLUMNS)])

    def keyed(self, values: pd.DataFrame, measures: Mapping[str, int]) -> pd.DataFrame:
        """Return values under keys, in their order; new areas and periods are given some.

        Parameters
        ----------
        values
            With `VALUE_COLUMNS`.
        measures
            The keys of their measures, by id.

        Returns
        -------
        With `STORED` and an `import_id` of 0, in the order of the keys.
        """
        # Few measures, areas and periods stand in many rows: each is looked up once.
        of_measure, ids = pd.factorize(values["measure_id"])
        of_area, codes = pd.factorize(values["area_code"])
        begins, firsts = pd.factorize(values["first_day"])
        ends, lasts = pd.factorize(values["last_day"])
        of_period, pairs = pd.factorize(begins * max(len(lasts), 1) + ends)
        days = (np.datetime_as_string(side.to_numpy(), unit="D") for side in (firsts, lasts))
        first, last = (np.asarray(side, dtype=object) for side in days)
        spans = pd.MultiIndex.from_arrays(
            [first[pairs // max(len(lasts), 1)], last[pairs % max(len(lasts), 1)]]
        )
        areas = self._areas_with(list(map(str, codes)))
        keys = (
            np.array([measures[str(own)] for own in ids], np.int64)[of_measure],
            np.array([areas[str(code)] for code in codes], np.int64)[of_area],
            self._periods_with(spans).reindex(spans).to_numpy(np.int64)[of_period],
        )
        rows = pd.DataFrame(dict(zip(KEYS, keys, strict=True))).assign(import_id=0)
        for name in CONTENT:
            rows[name] = values[name].array
        return in_order(rows[list(STORED)], list(KEYS))

    def areas(self, codes: Sequence[str] | None = None) -> pd.Series:
        """The codes of areas that have or had values, by key: of all, or of those among some."""
        if codes is None:
            return self._areas("area_key", None)
        wanted = [*dict.fromkeys(map(str, codes))]
        known = self._areas("area_code", wanted)
        return known[are_among(known, wanted)]

    def _areas(self, column: str, wanted: Sequence[str] | Sequence[int] | None) -> pd.Series:
        """The codes of areas by key: at least of those with some codes or keys."""
        sql = "SELECT area_key, area_code FROM patchmap_measure_areas"
        if wanted is None or len(wanted) > _MOST_NAMED:
            rows = self._tables.rows(sql)
        else:
            rows = [
                row
                for piece in _pieces(wanted)
                for row in self._tables.rows(f"{sql} WHERE {column} IN ({_marks(piece)})", *piece)
            ]
        frame = pd.DataFrame(rows, columns=["area_key", "area_code"])
        return frame.set_index("area_key")["area_code"]

    def periods(self, period: Period | None = None) -> pd.DataFrame:
        """First and last days by key: of all periods, or of those that share a day with one."""
        condition, days = "", []
        if period is not None:
            condition = " WHERE first_day <= ? AND last_day >= ?"
            days = [period.last.isoformat(), period.first.isoformat()]
        rows = self._tables.rows(
            f"SELECT period_key, first_day, last_day FROM patchmap_measure_periods{condition}",
            *days,
        )
        return pd.DataFrame(rows, columns=["period_key", *_DAYS]).set_index("period_key")

    def has_values(self, measure: int) -> bool:
        """Whether a measure has any value."""
        sql = "SELECT 1 FROM patchmap_measure_values WHERE measure_key = ? LIMIT 1"
        return bool(self._tables.rows(sql, measure))

    def counts(self, measure: int, areas: Ints, period: Period | None) -> dict[int, int]:
        """Count the values of a measure by area, without reading them.

        Parameters
        ----------
        measure
            Its key.
        areas
            Keys of the only areas that are wanted.
        period
            Of periods that share a day with this one; None for all.

        Returns
        -------
        How many there are by the keys of areas that have any.
        """
        condition, days = "", []
        if period is not None:
            condition = (
                " AND period_key IN (SELECT period_key FROM patchmap_measure_periods"
                " WHERE first_day <= ? AND last_day >= ?)"
            )
            days = [period.last.isoformat(), period.first.isoformat()]
        sql = "SELECT sum(areas) FROM patchmap_measure_counts WHERE measure_key = ?"
        total = self._tables.rows(sql, measure)[0][0] or 0
        # Of few values all are counted; of many, each area is looked for by the index.
        pieces = [None] if total <= len(areas) else _pieces(areas.tolist())
        wanted = {*areas.tolist()}
        return {
            key: n
            for piece in pieces
            for key, n in self._tables.rows(
                "SELECT area_key, count(*) FROM patchmap_measure_values WHERE measure_key = ?"
                + ("" if piece is None else f" AND area_key IN ({_marks(piece)})")
                + f"{condition} GROUP BY area_key",
                *(measure, *(piece or ()), *days),
            )
            if key in wanted
        }

    def insert(self, rows: pd.DataFrame) -> None:
        """Write values whose keys are new, with `STORED`."""
        if len(rows):
            # Most files have neither limits nor notes: to write that they are unknown takes as long
            # as to write numbers.
            names = [name for name in STORED if not _unknown(rows[name]).all()]
            self._tables.insert("patchmap_measure_values", names, _plain(rows[names]))
            self._count(rows, 1)

    def delete(self, rows: pd.DataFrame) -> None:
        """Delete stored values, by their keys."""
        keys = ["measure_key", "period_key"]
        for measure, period in rows[keys].drop_duplicates().to_numpy().tolist():
            own = (rows["measure_key"] == measure) & (rows["period_key"] == period)
            for piece in _pieces(rows.loc[own, "area_key"].tolist()):
                self._tables.execute(
                    "DELETE FROM patchmap_measure_values WHERE measure_key = ? AND period_key = ?"
                    f" AND area_key IN ({_marks(piece)})",
                    *(measure, period, *piece),
                )
        self._count(rows, -1)

    def delete_measure(self, measure: int) -> None:
        """Delete every value of a measure."""
        for table in ("values", "counts"):
            self._tables.execute(
                f"DELETE FROM patchmap_measure_{table} WHERE measure_key = ?", measure
            )

    def _rows(
        self, measures: Sequence[int], areas: Sequence[int] | None, periods: Sequence[int] | None
    ) -> list[tuple[object, ...]]:
        conditions, keys = [f"measure_key IN ({_marks(measures)})"], [*measures]
        if areas is not None:
            conditions.append(f"area_key IN ({_marks(areas)})")
            keys += areas
        elif periods is not None:
            # Named, though all are wanted: so the index leads to the periods of each area, and the
            # other periods are not read.
            conditions.append("area_key IN (SELECT area_key FROM patchmap_measure_areas)")
        if periods is not None:
            conditions.append(f"period_key IN ({_marks(periods)})")
            keys += periods
        return self._tables.rows(
            f"SELECT {', '.join(STORED)} FROM patchmap_measure_values"
            f" WHERE {' AND '.join(conditions)}",
            *keys,
        )

    def _areas_with(self, codes: Sequence[str]) -> dict[str, int]:
        """The keys of all areas by code, with those of some codes."""
        known = self.areas()
        new = sorted({str(code) for code in codes} - set(known))
        if new:
            self._tables.insert("patchmap_measure_areas", ["area_code"], [(code,) for code in new])
            known = self.areas()
        return dict(zip(known.tolist(), known.index.tolist(), strict=True))

    def _periods_with(self, spans: pd.MultiIndex) -> pd.Series:
        """The keys of all periods by their days, with those of some periods."""
        known = self.periods()
        new = sorted(set(spans) - set(zip(known["first_day"], known["last_day"], strict=True)))
        if new:
            self._tables.insert("patchmap_measure_periods", _DAYS, new)
            known = self.periods()
        return pd.Series(known.index.to_numpy(), index=pd.MultiIndex.from_frame(known))

    def _count(self, rows: pd.DataFrame, sign: int) -> None:
        counts = rows.groupby(["measure_key", "period_key"], as_index=False).size()
        for measure, period, n in counts.to_numpy().tolist():
            self._tables.execute(
                "INSERT INTO patchmap_measure_counts AS c (measure_key, period_key, areas)"
                " VALUES (?, ?, ?) ON CONFLICT (measure_key, period_key)"
                " DO UPDATE SET areas = c.areas + excluded.areas",
                *(measure, period, sign * n),
            )


def _pieces(keys: Sequence[_Key]) -> Iterator[list[_Key]]:
    """Some keys at a time, in as many as a power of two: so there are few different statements."""
    every = [*keys]
    for start in range(0, len(every), _PER_STATEMENT):
        piece = every[start : start + _PER_STATEMENT]
        length = 1 << (len(piece) - 1).bit_length()
        yield piece + [piece[-1]] * (length - len(piece))


def _marks(keys: Sequence[object]) -> str:
    return ", ".join("?" * len(keys))


def _plain(rows: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Rows as tuples, with None for what is unknown; some at a time, to save memory."""
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        piece = rows.iloc[start : start + _ROWS_AT_ONCE]
        yield from zip(*(_plain_column(piece[name]) for name in piece.columns), strict=True)


def _plain_column(column: pd.Series) -> list[object]:
    plain: list[object] = column.tolist()
    for row in np.flatnonzero(_unknown(column)).tolist():
        plain[row] = None
    return plain


def _unknown(column: pd.Series) -> NDArray[np.bool_]:
    unknown = column == "" if column.name == "note" else column.isna()
    return unknown.to_numpy(dtype=bool)
