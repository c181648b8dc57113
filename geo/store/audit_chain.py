"""The chain of an audit: what an entry is, its MACs, and what is wrong with a chain.

An entry is canonical JSON that holds a keyed hash of each field; the fields stand beside it, each
with a salt. So a field can be redacted and the chain still be verified, and nobody can find the
redacted words by trying hashes.

Source: HMAC-SHA-256 of RFC 2104 and FIPS 180-4; chaining after Schneier and Kelsey, "Secure audit
logs to support computer forensics" (1999).
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from geo.properties import cached_property

FIRST: Final = "0" * 64
"""What stands for the MAC before the first entry."""

FIELDS: Final = ("who", "way", "roles", "subject", "question", "rows", "reason", "request_id")
"""The fields of entries, each of which can be redacted."""

REDACTION: Final = "redaction"
"""The action of an entry that says which field was redacted, as `SEQUENCE FIELD` in its subject."""

ARCHIVE: Final = "archive"
"""The action of an entry that seals what was moved to a file: `NUMBER MAC` of its last entry."""

Value = str | int | list[str] | dict[str, str]
Fields = Mapping[str, Value]


@dataclass(frozen=True)
class AuditKey:
    """The secret key of an audit."""

    secret: bytes = field(repr=False)

    @cached_property
    def id(self) -> str:
        """Tells keys apart without giving them away."""
        return self.mac("patchmap audit key")[:8]

    def mac(self, *parts: object) -> str:
        """Return the HMAC of some parts, none of which can pass for two."""
        return hmac.digest(self.secret, canonical(parts).encode(), "sha256").hex()


@dataclass(frozen=True)
class StoredEntry:
    """An entry as it is stored.

    Attributes
    ----------
    sequence
        Its number; the first is 1.
    entry
        Canonical JSON with `sequence`, `at`, `action`, `key` and `hashes`.
    previous, mac
        The MAC of the entry before, and its own.
    fields
        JSON: salt and value by name; null where a field was redacted.
    """

    sequence: int
    entry: str
    previous: str
    mac: str
    fields: str

    @cached_property
    def head(self) -> Head:
        """What is written of it outside."""
        return Head(self.sequence, self.mac)


@dataclass(frozen=True)
class Head:
    """The last entry of an audit at some time: its number and MAC."""

    sequence: int
    mac: str


@dataclass(frozen=True)
class AuditEntry:
    """An entry as people read it.

    Attributes
    ----------
    at
        UTC, as `2026-01-31T09:30:00.125Z`.
    fields
        By name; None where one was redacted.
    """

    sequence: int
    at: str
    action: str
    fields: Mapping[str, Value | None]

    @classmethod
    def of(cls, stored: StoredEntry) -> AuditEntry:
        """Read a stored entry, whose chain need not be sound."""
        facts, fields = _object(stored.entry), _object(stored.fields)
        values = {
            name: pair[1] if isinstance(pair, list) and len(pair) == 2 else None
            for name, pair in fields.items()
        }
        return cls(stored.sequence, str(facts.get("at")), str(facts.get("action")), values)

    def text(self, name: str) -> str:
        """Return a field as people read it; '' where the entry has none."""
        if name not in self.fields:
            return ""
        value = self.fields[name]
        if value is None:
            return "[redacted]"
        if isinstance(value, dict):
            return "&".join(f"{key}={text}" for key, text in value.items())
        return ", ".join(value) if isinstance(value, list) else str(value)


def canonical(value: object) -> str:
    """Return a value as JSON in the one form that is hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def make_entry(key: AuditKey, before: Head, *, at: str, action: str, fields: Fields) -> StoredEntry:
    """Make the entry that follows another one.

    Parameters
    ----------
    key
        Of the audit.
    before
        The last entry; number 0 and `FIRST` where there is none.
    at
        The moment, UTC.
    action
        What was done.
    fields
        Some of `FIELDS`.

    Returns
    -------
    The entry with its MAC.
    """
    sequence = before.sequence + 1
    salted = {name: [secrets.token_hex(16), value] for name, value in fields.items()}
    hashes = {name: key.mac(sequence, name, *pair) for name, pair in salted.items()}
    facts = {"sequence": sequence, "at": at, "action": action, "key": key.id, "hashes": hashes}
    entry = canonical(facts)
    mac = key.mac(before.mac, entry)
    return StoredEntry(sequence, entry, before.mac, mac, canonical(salted))


def faults_of(
    key: AuditKey, entries: Iterable[StoredEntry], heads: Iterable[Head] = ()
) -> Iterator[str]:
    """Yield what is wrong with a chain.

    It may begin after entries that were archived: one of its own entries then says which was the
    last of those, and bears its MAC.

    Parameters
    ----------
    key
        That the entries were written with.
    entries
        All of them, by number.
    heads
        Heads that were written outside, in any order.

    Returns
    -------
    A line for each fault; none if the chain is whole.
    """
    outside: dict[int, set[str]] = {}
    for head in heads:
        outside.setdefault(head.sequence, set()).add(head.mac)
    last, begins = Head(0, FIRST), None
    removed: dict[tuple[int, str], None] = {}
    sealed: set[Head] = set()
    for stored in entries:
        if last.sequence == 0 and stored.sequence > 1:
            last = begins = Head(stored.sequence - 1, stored.previous)
        yield from _gap(last, stored)
        sealed.update(_seals(key, stored))
        yield from _own_faults(key, stored)
        removed.update(dict.fromkeys(_removed_fields(stored)))
        for pair in _redaction(key, stored):
            removed.pop(pair, None)
        if outside.pop(stored.sequence, {stored.mac}) != {stored.mac}:
            yield f"entry {stored.sequence} is not the one whose head was written outside"
        last = stored.head
    if begins and begins not in sealed:
        yield f"{_entries(1, begins.sequence)} missing, and no entry says that they were archived"
    for sequence, name in removed:
        yield f"entry {sequence}: its {name} was removed, and no entry says that it was redacted"
    head_number = max(outside, default=0)
    if head_number > last.sequence:
        yield (
            f"{_entries(last.sequence + 1, head_number)} missing at the end: the head that was "
            f"written outside is entry {head_number}"
        )


def _gap(last: Head, stored: StoredEntry) -> Iterator[str]:
    if stored.sequence > last.sequence + 1:
        yield f"{_entries(last.sequence + 1, stored.sequence - 1)} missing"
    elif stored.previous != last.mac:
        yield f"entry {stored.sequence} does not follow entry {last.sequence}"


def _entries(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def _own_faults(key: AuditKey, stored: StoredEntry) -> Iterator[str]:
    facts, name = _object(stored.entry), f"entry {stored.sequence}"
    if facts.get("key", key.id) != key.id:
        yield f"{name} was written with another key ({facts['key']}, not {key.id})"
        return
    if not hmac.compare_digest(key.mac(stored.previous, stored.entry), stored.mac):
        yield f"{name} was changed"
        return
    if facts["sequence"] != stored.sequence:
        yield f"{name} stands in the place of another: it was written as {facts['sequence']}"
        return
    hashes, fields = facts["hashes"], _object(stored.fields)
    unread = not fields and stored.fields != "{}"
    if unread or not isinstance(hashes, dict) or set(fields) - set(hashes):
        yield f"{name} was changed: its fields are not those that it was written with"
        return
    for field_name, digest in hashes.items():
        pair = fields.get(field_name)
        if pair is None:
            continue
        if not isinstance(pair, list) or key.mac(stored.sequence, field_name, *pair) != digest:
            yield f"{name} was changed: its {field_name} is not the one that it was written with"


def _removed_fields(stored: StoredEntry) -> Iterator[tuple[int, str]]:
    hashes, fields = _object(stored.entry).get("hashes"), _object(stored.fields)
    for name in hashes if isinstance(hashes, dict) else ():
        if fields.get(name) is None:
            yield stored.sequence, name


def _redaction(key: AuditKey, stored: StoredEntry) -> Iterator[tuple[int, str]]:
    """The field that an entry says was redacted."""
    entry = AuditEntry.of(stored)
    if entry.action != REDACTION or any(_own_faults(key, stored)):
        return
    sequence, _, name = entry.text("subject").partition(" ")
    if sequence.isdecimal():
        yield int(sequence), name


def _seals(key: AuditKey, stored: StoredEntry) -> Iterator[Head]:
    """The last entry that an entry says was archived."""
    if (seal := seal_of(AuditEntry.of(stored))) and not any(_own_faults(key, stored)):
        yield seal


def seal_of(entry: AuditEntry) -> Head | None:
    """Return the last archived entry where an entry is a seal, whose chain need not be sound."""
    match = re.match(r"(\d{1,18}) ([0-9a-f]{64})\b", entry.text("subject"))
    if entry.action != ARCHIVE or not match:
        return None
    return Head(int(match[1]), match[2])


def _object(text: str) -> dict[str, object]:
    """A JSON object; an empty one where a text is none, as it was changed then."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
