"""An import of values or entries as one piece of work, and its undo."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.formats.rejects import RejectsFile
from api.imports.outcome import FileAccounts, Outcome, Undoable
from api.imports.tables import ValueOptions, import_entries, import_values
from geo.errors import NotFoundError
from geo.measures.read_entries import EntryOptions
from geo.store.contract import Store
from geo.store.measure_contract import TableImport, TableSubject


@dataclass(frozen=True)
class TableTask:
    """Import values of measures, or entries of money and time.

    Attributes
    ----------
    rejects
        Where rejected rows are written.
    how
        How the file is read, which also says what it holds.
    by
        Who has it done; '' for the user who runs this process.
    """

    file: Path
    rejects: Path
    how: ValueOptions | EntryOptions
    by: str = ""


def run_table_task(task: TableTask, store: Store) -> Outcome:
    """Import the file of a task.

    Raises
    ------
    PatchmapError
        If it is refused; the store is then as it was before.
    """
    with RejectsFile(task.rejects) as rejected, store.transaction():
        if isinstance(task.how, ValueOptions):
            imported = import_values(store, task.file, task.how, rejected, by=task.by)
        else:
            imported = import_entries(store, task.file, task.how, rejected, by=task.by)
        rejected.complete()
    record = imported.record
    is_values = record.subject == "measures"
    return Outcome(
        lines=(imported.line,),
        notices=tuple(imported.notices),
        files=(table_accounts(record),),
        made=(Undoable(record.subject, record.import_id),) if record.import_id else (),
        rejects=rejected.rows,
        page=f"/areas/{task.how.layer_id}" if is_values else "/money",
    )


def table_accounts(record: TableImport) -> FileAccounts:
    """Where the rows of a table went: those that were stored already count as accepted."""
    if not record.import_id:
        change = "unchanged"
    else:
        change = "corrected" if record.rows_replaced else "added"
    return FileAccounts(
        file=record.file,
        change=change,
        read=record.rows_read,
        accepted=record.rows_accepted + record.rows_present,
        replaced=record.rows_replaced,
        unchanged=record.rows_present,
        rejected=record.rejected_by_reason,
    )


def undo_table(store: Store, import_id: int, subject: TableSubject) -> TableImport:
    """Undo an import inside a transaction; returns its record from before.

    Parameters
    ----------
    import_id, subject
        The number of the import, and what it has to be of.

    Raises
    ------
    NotFoundError
        If there is no such import of this kind.
    ConflictError
        If it cannot be undone; see `geo.store.measure_contract.MeasureStore`.
    """
    if import_id not in {record.import_id for record in store.table_imports(subject)}:
        raise NotFoundError(
            f"there is no import {import_id} of {subject}; see 'patchmap {subject} list'"
        )
    return store.undo_table_import(import_id)


def undone_table_line(record: TableImport) -> str:
    """What undoing an import did, in a sentence."""
    what = "values" if record.subject == "measures" else "entries"
    return (
        f"import {record.import_id} ({record.file}) undone: {record.rows_accepted:,} {what} "
        f"removed, {record.rows_replaced:,} restored"
    )
