"""What every store promises of measures and entries; `geo.store.contract` has the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import pandas as pd

from geo.measures.model import EntryKind, Measure
from geo.period import Period

TableSubject = Literal["measures", "entries"]
TableImportState = Literal["current", "undone"]


@dataclass(frozen=True)
class TableFile:
    """What was read of a file of values or entries: read = rejected + what is given to the store.

    `measures` are those that the file describes or adds, whose definitions are stored with it.
    """

    file: str
    sha256: str
    rows_read: int
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True)
class TableImport:
    """What one import of values or entries read: read = rejected + already there + accepted.

    `rows_present` were stored already, with the same content. `measures` are the ids of measures
    whose values or definitions it wrote. `purged_at` is when the rows that it replaced were purged,
    so it cannot be undone; else ''. `import_id` is 0 where nothing was new and nothing recorded.
    """

    import_id: int
    subject: TableSubject
    file: str
    sha256: str
    rows_read: int
    rows_present: int
    rows_accepted: int
    rejected_by_reason: dict[str, int]
    rows_replaced: int
    measures: list[str]
    imported_by: str
    imported_at: str
    state: TableImportState
    purged_at: str = ""

    @property
    def rows_rejected(self) -> int:
        """How many rows were rejected, for whatever reason."""
        return sum(self.rejected_by_reason.values())


class MeasureReader(Protocol):
    """What can be read of measures and entries."""

    def measures(self) -> list[Measure]:
        """Every measure, in the order in which they were added."""

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Values of areas, as they were published.

        Parameters
        ----------
        measure_ids
            Of these measures; None for all. Unknown ones have no values.
        area_codes
            Of these areas of the measures' own layers; None for all.
        period
            Of periods that share a day with this one; None for all.

        Returns
        -------
        pandas.DataFrame
            With `geo.measures.model.VALUE_COLUMNS`, by measure, area and period.
        """

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """The periods of which measures have values, without reading the values.

        Parameters
        ----------
        measure_ids
            Of these measures; None for all.

        Returns
        -------
        pandas.DataFrame
            `measure_id`, `first_day`, `last_day` and `areas` (how many have a value, a number or
            a note), by measure and period.
        """

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        """How many values there are of areas that are not among some, such as those of its layer.

        Parameters
        ----------
        measure_id
            An unknown measure has none.
        area_codes
            The areas whose values are not counted.
        period
            Of periods that share a day with this one; None for all.

        Returns
        -------
        pandas.Series
            Numbers of values, by the codes of the areas that have any.
        """

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """Entries of money, time, or both.

        Parameters
        ----------
        kind
            `money` or `time`; None for both.
        period
            Of these days; None for all.

        Returns
        -------
        pandas.DataFrame
            With `geo.measures.model.ENTRY_COLUMNS`, by day and id.
        """

    def table_imports(self, subject: TableSubject | None = None) -> list[TableImport]:
        """The imports of values and entries, by id; with `subject` those of one of them."""


class MeasureStore(MeasureReader, Protocol):
    """What can be changed of measures and entries, inside `transaction()`."""

    def put_measure(self, measure: Measure) -> None:
        """Add a measure, or change what is known of one.

        Raises
        ------
        InputError
            If `geo.measures.model.check_measure` refuses it.
        ConflictError
            If it has values and is to be published on another layer.
        """

    def remove_measure(self, measure_id: str) -> None:
        """Remove a measure with its values; they do not come back when an import is undone.

        Raises
        ------
        NotFoundError
            If there is no such measure; the message lists those that exist.
        """

    def put_measure_values(
        self, values: pd.DataFrame, file: TableFile, *, by: str = ""
    ) -> TableImport:
        """Import values: those of the same measure, area and period are replaced.

        Parameters
        ----------
        values
            With `VALUE_COLUMNS`; each measure, area and period once.
        file
            Where they come from. Its measures are put first, and an undo takes them back too.
        by
            Who imports them.

        Returns
        -------
        TableImport
            The record. Values that are stored already, with the same content, count as present.

        Raises
        ------
        NotFoundError
            If a value is of a measure that does not exist.
        ConflictError
            If a measure, area and period stands twice.
        """

    def put_entries(self, entries: pd.DataFrame, file: TableFile, *, by: str = "") -> TableImport:
        """Add entries, which are never changed afterwards.

        Parameters
        ----------
        entries
            With `ENTRY_COLUMNS`. One whose id is stored with the same content counts as present.
        file
            Where they come from.
        by
            Who adds them.

        Returns
        -------
        TableImport
            The record.

        Raises
        ------
        ConflictError
            If `geo.measures.entry_checks.check_entries` rejects one of them.
        """

    def undo_table_import(self, import_id: int) -> TableImport:
        """Undo an import of values or entries; returns its record from before.

        Parameters
        ----------
        import_id
            As `table_imports` lists it.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is undone already, a later import wrote values of its measures or refers to its
            entries, or what it replaced was purged.
        """

    def table_import_rows(self, import_id: int) -> pd.DataFrame:
        """The values or entries that an import wrote and that no later one replaced."""

    def adopt_table_import(self, record: TableImport, rows: pd.DataFrame) -> None:
        """Copy an import from another store; what it replaced there is not copied.

        Parameters
        ----------
        record
            The record in the other store; the copy gets a new id.
        rows
            As `table_import_rows` gave them there.
        """

    def purgeable_table_imports(self, before: str) -> list[TableImport]:
        """The imports made before a moment that still hold values which they replaced, by id.

        Parameters
        ----------
        before
            UTC, as `2024-01-31T00:00:00Z`.
        """

    def purge_table_imports(self, before: str) -> list[TableImport]:
        """Remove the values that the purgeable imports replaced; these can then not be undone.

        Parameters
        ----------
        before
            As `purgeable_table_imports` takes it.

        Returns
        -------
        list of TableImport
            As they were before.
        """
