"""The records of imports as JSON members, and undoing an import."""

from __future__ import annotations

from geo.store.contract import ImportRecord, Store


def record_facts(record: ImportRecord) -> dict[str, object]:
    """The record of an import as JSON members."""
    return {
        "import": record.import_id,
        "partition": record.partition_id,
        "file": record.file,
        "sha256": record.sha256,
        "read": record.rows_read,
        "accepted": record.rows_accepted,
        "rejected": record.rejected_by_reason,
        "replaced": record.rows_replaced,
        "by": record.imported_by,
        "at": record.imported_at,
        "state": record.state,
        "purged": record.purged_at,
    }


def undo_import(store: Store, import_id: int) -> tuple[str, ImportRecord]:
    """Undo an import.

    Returns
    -------
    What that did, in a sentence, and the record from before.

    Raises
    ------
    NotFoundError, ConflictError
        As the store's `undo_import` does.
    """
    with store.transaction():
        record = store.undo_import(import_id)
    line = (
        f"import {import_id} ({record.file}) undone: {record.rows_accepted:,} incidents removed, "
        f"{record.rows_replaced:,} restored"
    )
    return line, record
