"""The records of imports of values and entries: a table that is alike in every backend."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Final, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.ipc

from geo.errors import ConflictError, NotFoundError
from geo.store.backend import Row, Tables
from geo.store.measure_contract import TableFile, TableImport, TableSubject
from geo.store.times import now

_FIELDS: Final = tuple(TableImport.__dataclass_fields__)
_SELECT: Final = f"SELECT {', '.join(_FIELDS)} FROM patchmap_table_imports"


class Definitions(NamedTuple):
    """A measure's definition before an import, None where it added it, and as it wrote it.

    `after` is None of an import of an earlier release, which did not keep it.
    """

    before: str | None
    after: str | None


Former = Mapping[str, Definitions]
"""The definitions of measures that an import added or changed, by id."""


def new_record(subject: TableSubject, file: TableFile, *, by: str) -> TableImport:
    """Make the record of an import that begins; nothing is stored yet.

    Parameters
    ----------
    subject, file
        What is imported.
    by
        Who imports it.

    Returns
    -------
    With an `import_id` of 0, and no rows but those that were read.
    """
    return TableImport(
        import_id=0,
        subject=subject,
        file=file.file,
        sha256=file.sha256,
        rows_read=file.rows_read,
        rows_present=0,
        rows_accepted=0,
        rejected_by_reason=dict(file.rejected_by_reason),
        rows_replaced=0,
        measures=[],
        imported_by=by,
        imported_at=now(),
        state="current",
    )


class TableImports:
    """Reads and writes the records of imports of values and entries."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def all(self, subject: TableSubject | None = None) -> list[TableImport]:
        """All records, by id; with `subject` those of one of them."""
        if subject is None:
            return self._select("ORDER BY import_id")
        return self._select("WHERE subject = ? ORDER BY import_id", subject)

    def get(self, import_id: int) -> TableImport:
        """One record.

        Raises
        ------
        NotFoundError
            If there is no such import.
        """
        records = self._select("WHERE import_id = ?", import_id)
        if not records:
            raise NotFoundError(
                f"there is no import {import_id} of measures or entries; see 'patchmap measures "
                "list' and 'patchmap entries list'"
            )
        return records[0]

    def undoable(self, import_id: int) -> TableImport:
        """One record of an import that can be undone, as far as the records can tell.

        Raises
        ------
        NotFoundError
            If there is no such import.
        ConflictError
            If it is undone already, what it replaced was purged, or a later import wrote values
            of its measures.
        """
        record = self.get(import_id)
        if record.state == "undone":
            raise ConflictError(f"import {import_id} is already undone")
        if record.purged_at:
            raise ConflictError(
                f"import {import_id} cannot be undone: the {record.rows_replaced:,} values that "
                f"it replaced were purged on {record.purged_at[:10]}"
            )
        # The last one first, because a later import would bring back values of this one.
        later = [
            one.import_id
            for one in self.all("measures")
            if one.import_id > import_id
            and one.state == "current"
            and not set(one.measures).isdisjoint(record.measures)
        ]
        if later:
            raise ConflictError(
                f"import {later[-1]} was made after import {import_id} and wrote the same "
                f"measures; undo import {later[-1]} first"
            )
        return record

    def add(
        self, record: TableImport, *, former: Former | None = None, replaced: bytes | None = None
    ) -> int:
        """Add a record under a new id.

        Parameters
        ----------
        record
            Its `import_id` is given here.
        former
            See `Former`.
        replaced
            The values that it replaces, as `packed` gives them.

        Returns
        -------
        int
            The id.
        """
        marks = ", ".join("?" * (len(_FIELDS) + 1))
        self._tables.execute(
            f"INSERT INTO patchmap_table_imports ({', '.join(_FIELDS[1:])}, former_measures,"
            f" replaced) VALUES ({marks})",
            *_values(record)[1:],
            json.dumps(dict(former or {})),
            replaced,
        )
        # Ids only grow and nobody else writes now. RETURNING would need a newer SQLite.
        return int(self._tables.rows("SELECT max(import_id) FROM patchmap_table_imports")[0][0])

    def replaced(self, import_id: int) -> tuple[Former, pd.DataFrame | None]:
        """What an import replaced: former definitions, and values where there were any."""
        former, packed_rows = self._tables.rows(
            "SELECT former_measures, replaced FROM patchmap_table_imports WHERE import_id = ?",
            import_id,
        )[0]
        definitions = {
            name: Definitions(*own) if isinstance(own, list) else Definitions(own, None)
            for name, own in json.loads(former).items()
        }
        return definitions, None if packed_rows is None else unpacked(packed_rows)

    def set_undone(self, import_id: int) -> None:
        """Record that an import is undone; what it replaced is stored again."""
        self._tables.execute(
            "UPDATE patchmap_table_imports SET state = 'undone', replaced = NULL"
            " WHERE import_id = ?",
            import_id,
        )

    def purgeable(self, before: str) -> list[TableImport]:
        """The imports made before a moment that still hold values which they replaced, by id."""
        return self._select(
            "WHERE imported_at < ? AND replaced IS NOT NULL ORDER BY import_id", before
        )

    def purge(self, before: str) -> list[TableImport]:
        """Remove the values that the purgeable imports replaced; returns their former records."""
        records = self.purgeable(before)
        for record in records:
            self._tables.execute(
                "UPDATE patchmap_table_imports SET replaced = NULL, purged_at = ?"
                " WHERE import_id = ?",
                now(),
                record.import_id,
            )
        return records

    def _select(self, condition: str, *values: object) -> list[TableImport]:
        return [_record(row) for row in self._tables.rows(f"{_SELECT} {condition}", *values)]


def _record(row: Row) -> TableImport:
    values = dict(zip(_FIELDS, row, strict=True))
    for name in ("rejected_by_reason", "measures"):
        values[name] = json.loads(values[name])
    return TableImport(**values)


def _values(record: TableImport) -> list[object]:
    values = {name: getattr(record, name) for name in _FIELDS}
    for name in ("rejected_by_reason", "measures"):
        values[name] = json.dumps(values[name])
    return list(values.values())


def packed(frame: pd.DataFrame) -> bytes:
    """A frame as a compressed Arrow stream."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    sink = io.BytesIO()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def unpacked(stream: bytes) -> pd.DataFrame:
    """The frame that `packed` wrote."""
    with pa.ipc.open_stream(stream) as reader:
        frame: pd.DataFrame = reader.read_all().to_pandas()
    return frame
