"""The records of imports as JSON members, and what undoing one did."""

from __future__ import annotations

from geo.store.contract import ImportRecord


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


def undone_line(record: ImportRecord) -> str:
    """What undoing an import did, in a sentence."""
    removed = record.rows_accepted
    return (
        f"import {record.import_id} ({record.file}) undone: {removed:,} "
        f"incident{'' if removed == 1 else 's'} removed, {record.rows_replaced:,} restored"
    )
