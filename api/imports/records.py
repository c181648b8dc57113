"""The records of imports as JSON members, and what undoing one did."""

from __future__ import annotations

from typing import Final

from geo.store.contract import ImportRecord

FEWEST_VANISHED: Final = 3
"""Fewer vanished records are those of a small council's ordinary week."""


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
        "without_place": record.rows_placeless,
        "replaced": record.rows_replaced,
        "extracted": record.extracted,
        "events": record.events,
        "by": record.imported_by,
        "at": record.imported_at,
        "state": record.state,
        "purged": record.purged_at,
    }


def undone_line(record: ImportRecord) -> str:
    """What undoing an import did, in a sentence."""
    removed = record.rows_accepted
    events = sum(record.events.values())
    return (
        f"import {record.import_id} ({record.file}) undone: {removed:,} "
        f"incident{'' if removed == 1 else 's'} removed, {record.rows_replaced:,} restored"
        + (f"; {events:,} event{'' if events == 1 else 's'} taken back" if events else "")
    )


def extract_lines(record: ImportRecord) -> list[str]:
    """What an extract of records shows beside its rows, in sentences; none where it is none."""
    if not record.extracted:
        return []
    lines = []
    if n := record.rows_placeless:
        words = "has no place, and counts in its" if n == 1 else "have no place, and count in their"
        lines.append(f"{record.file}: {n:,} of them {words} stated area")
    events = ", ".join(f"{n:,} {event}" for event, n in record.events.items())
    since = f"; since the one before: {events}" if events else ""
    return [*lines, f"{record.file}: extract of {record.extracted}{since}"]


def most_vanished(record: ImportRecord) -> list[str]:
    """A warning where most records that an extract should have are not in it; else none.

    An extract of all records that lacks more open ones than it has of those known before is seldom
    what a council did in a week: it is another file, or one of a part of the records.
    """
    vanished = record.events.get("vanished", 0)
    present = record.rows_accepted - record.events.get("opened", 0)
    if vanished < FEWEST_VANISHED or vanished <= present:
        return []
    line = (
        f"warning: {record.file}: {vanished:,} open records are not in it, and only {present:,} of "
        "those known before are; if it is the wrong file, or holds a part of them, undo it with "
        f"'patchmap imports undo {record.import_id}'"
    )
    return [line]
