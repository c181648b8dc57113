"""The audit in the records of a store: appended to by any process, read, verified, redacted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Final

from geo.errors import InputError, NotFoundError, StoreError, raised_anew
from geo.store.audit_archive import EntriesDigest, digest_of
from geo.store.audit_chain import (
    ARCHIVE,
    FIRST,
    REDACTION,
    AuditEntry,
    AuditKey,
    Fields,
    Head,
    StoredEntry,
    canonical,
    faults_of,
    make_entry,
)
from geo.store.audit_files import HeadFile
from geo.store.records import Records

_PAGE: Final = 5_000
_COLUMNS: Final = "sequence, entry, previous, mac, fields"


@dataclass
class _Ticket:
    """An entry that waits to be written."""

    action: str
    fields: Fields
    written: StoredEntry | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Whether it was written, or cannot be."""
        return self.written is not None or self.error is not None


def _published() -> None:
    """The file that entries are moved to has its name already."""


class AuditLog:
    """The audit of one store.

    Threads may share it. What several of them append at once is written in one transaction, and
    each of them waits until that is on the disk.

    Parameters
    ----------
    records
        Where entries are kept.
    key
        Of the audit.
    head
        Takes each new head outside of the records; None where nothing does.
    """

    def __init__(self, records: Records, key: AuditKey, head: HeadFile | None = None) -> None:
        self._records = records
        self._key = key
        self._head = head
        self._waiting: list[_Ticket] = []
        self._changed = threading.Condition()
        self._is_writing = False

    def append(self, action: str, fields: Fields) -> Head:
        """Keep an entry.

        Parameters
        ----------
        action
            What was done.
        fields
            Some of `geo.store.audit_chain.FIELDS`.

        Returns
        -------
        Its head, once it is on the disk.

        Raises
        ------
        StoreError
            If it cannot be kept.
        """
        ticket = _Ticket(action, fields)
        with self._changed:
            self._waiting.append(ticket)
            while self._is_writing and not ticket.is_done:
                self._changed.wait()
            # Nobody writes, so this thread does it for all who wait.
            group: list[_Ticket] = []
            if not ticket.is_done:
                self._is_writing = bool(self._waiting)
                group, self._waiting = self._waiting, []
        if group:
            try:
                self._write(group)
            finally:
                with self._changed:
                    self._is_writing = False
                    self._changed.notify_all()
        if ticket.error:
            raise raised_anew(ticket.error)
        if ticket.written is None:
            raise StoreError("an entry of the audit was not written")
        return ticket.written.head

    def entries(
        self, *, action: str = "", newest_first: bool = False, before: int | None = None
    ) -> Iterator[AuditEntry]:
        """Yield the entries as people read them.

        Parameters
        ----------
        action
            Only those of this action.
        newest_first
            The last entry first.
        before
            Only those with a smaller number.

        Returns
        -------
        The entries, read some at a time.
        """
        conditions: dict[str, object] = {}
        if action:
            conditions["entry LIKE ?"] = f'{{"action":{json.dumps(action)},%'
        if before is not None:
            conditions["sequence < ?"] = before
        stored = self._stored(
            " AND ".join(conditions), *conditions.values(), newest_first=newest_first
        )
        yield from map(AuditEntry.of, stored)

    def faults(self, archived: Iterable[StoredEntry] = ()) -> list[str]:
        """Return what is wrong with the audit, a line for each fault; empty if it is whole.

        Parameters
        ----------
        archived
            Entries of archives, to be checked too; the oldest first.
        """
        heads = self._head.read() if self._head else []
        return [*faults_of(self._key, chain(archived, self._stored()), heads)]

    def count(self) -> int:
        """Return how many entries there are, without those that were archived."""
        return self.last() - self.first() + 1

    def first(self) -> int:
        """Return the number of the first entry that was not archived; 1 where there is none."""
        return int(
            self._records.rows("SELECT coalesce(min(sequence), 1) FROM patchmap_audit")[0][0]
        )

    def last(self) -> int:
        """Return the number of the last entry; 0 where there is none."""
        return int(
            self._records.rows("SELECT coalesce(max(sequence), 0) FROM patchmap_audit")[0][0]
        )

    def stored_before(self, moment: str) -> Iterator[StoredEntry]:
        """Yield the first entries as they are stored, up to the first of a moment or later.

        Parameters
        ----------
        moment
            As entries have it.
        """
        for stored in self._stored():
            if AuditEntry.of(stored).at >= moment:
                return
            yield stored

    def archive(
        self,
        written: EntriesDigest,
        fields: Fields,
        *,
        file: str,
        publish: Callable[[], None] = _published,
    ) -> Head:
        """Delete entries that were written to a file, and seal what is left of the chain.

        Until the records are compacted they can still be read from their files.

        Parameters
        ----------
        written
            The digest of all entries up to the last that goes.
        fields
            Of the entry that says so: who.
        file
            The name of the file.
        publish
            Gives the file its name, once it is certain what is deleted and before it is: a crash
            then leaves an entry twice rather than not at all.

        Returns
        -------
        The head of that entry.

        Raises
        ------
        StoreError
            If one of them was redacted meanwhile: the file would still have it.
        """
        last = written.last
        if last is None:
            raise InputError("there is no entry to archive")
        with self._records.transaction():
            if digest_of(self._stored("sequence <= ?", last.sequence)) != written.hex():
                raise StoreError("the audit has just changed; try again")
            subject = {"subject": f"{last.sequence} {last.mac} in {file}, SHA-256 {written.hex()}"}
            [sealing] = self._appended([_Ticket(ARCHIVE, {**fields, **subject})])
            self._records.delete_audit_until(last.sequence)
            publish()
        self._publish(sealing.head)
        return sealing.head

    def compact(self) -> None:
        """Write the files of the records anew, without what was redacted."""
        self._records.compact()

    def redact(self, sequence: int, name: str, fields: Fields) -> Head:
        """Replace the content of a field, so that only its hash stays.

        Until the records are compacted the content can still be read from their files.

        Parameters
        ----------
        sequence, name
            The entry and the field.
        fields
            Of the entry that says so: who, and why.

        Returns
        -------
        The head of that entry.

        Raises
        ------
        NotFoundError
            If there is no such entry, or it has no such field.
        """
        with self._records.transaction():
            rows = self._records.rows(
                "SELECT fields, entry FROM patchmap_audit WHERE sequence = ?", sequence
            )
            stored = json.loads(rows[0][0]) if rows else {}
            if name == "subject" and _is_seal(rows[0][1] if rows else ""):
                raise InputError(f"entry {sequence} seals an archive; its subject stays")
            if stored.get(name) is None:
                raise NotFoundError(f"entry {sequence} of the audit has no {name} to redact")
            self._records.execute(
                "UPDATE patchmap_audit SET fields = ? WHERE sequence = ?",
                canonical(stored | {name: None}),
                sequence,
            )
            subject = {"subject": f"{sequence} {name}"}
            [written] = self._appended([_Ticket(REDACTION, {**fields, **subject})])
        self._publish(written.head)
        return written.head

    def _write(self, group: Sequence[_Ticket]) -> None:
        try:
            with self._records.transaction():
                written = self._appended(group)
            # After the commit: a head outside of an entry that is not there would be a false alarm.
            self._publish(written[-1].head)
        except Exception as error:  # noqa: BLE001 - raised in the thread of each
            for ticket in group:
                ticket.error = error
            return
        for ticket, stored in zip(group, written, strict=True):
            ticket.written = stored

    def _appended(self, group: Sequence[_Ticket]) -> list[StoredEntry]:
        rows = self._records.rows(
            "SELECT sequence, mac FROM patchmap_audit ORDER BY sequence DESC LIMIT 1"
        )
        last = Head(*rows[0]) if rows else Head(0, FIRST)
        written = []
        for ticket in group:
            stored = make_entry(
                self._key, last, at=_now(), action=ticket.action, fields=ticket.fields
            )
            self._records.execute(
                f"INSERT INTO patchmap_audit ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",
                stored.sequence,
                stored.entry,
                stored.previous,
                stored.mac,
                stored.fields,
            )
            written.append(stored)
            last = stored.head
        return written

    def _publish(self, head: Head) -> None:
        if self._head:
            self._head.write(head)

    def _stored(
        self, condition: str = "", *values: object, newest_first: bool = False
    ) -> Iterator[StoredEntry]:
        order, beyond = ("DESC", "<") if newest_first else ("ASC", ">")
        last: int | None = None
        while True:
            after = [] if last is None else [f"sequence {beyond} ?"]
            where = " AND ".join(filter(None, [condition, *after]))
            rows = self._records.rows(
                f"SELECT {_COLUMNS} FROM patchmap_audit {'WHERE ' + where if where else ''}"
                f" ORDER BY sequence {order} LIMIT {_PAGE}",
                *values,
                *([] if last is None else [last]),
            )
            yield from (StoredEntry(*row) for row in rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1][0]


def _is_seal(entry: str) -> bool:
    return entry.startswith(f'{{"action":"{ARCHIVE}",')


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
