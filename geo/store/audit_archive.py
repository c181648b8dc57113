"""Entries of an audit in a file: one JSON array a line, as they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path

from geo.errors import InputError
from geo.formats.bounded import open_input
from geo.store.audit_chain import StoredEntry


class EntriesDigest:
    """The digest of some entries, one after the other."""

    def __init__(self) -> None:
        self._sum = sha256()
        self.last: StoredEntry | None = None
        self.number = 0

    def line(self, stored: StoredEntry) -> bytes:
        """Take one more entry, and return its line."""
        line = json.dumps(astuple(stored), separators=(",", ":")).encode() + b"\n"
        self._sum.update(line)
        self.last, self.number = stored, self.number + 1
        return line

    def hex(self) -> str:
        """Return the digest so far: that of a file of these lines."""
        return self._sum.hexdigest()


def digest_of(entries: Iterable[StoredEntry]) -> str:
    """Return the digest of entries."""
    digest = EntriesDigest()
    for stored in entries:
        digest.line(stored)
    return digest.hex()


def write_archive(file: Path, entries: Iterable[StoredEntry]) -> EntriesDigest:
    """Write entries to a file.

    Parameters
    ----------
    file
        The file, such as the one that an `Output` gives.
    entries
        The entries, the first one first.

    Returns
    -------
    Their digest, with the last of them.
    """
    digest = EntriesDigest()
    with file.open("wb") as stream:
        for stored in entries:
            stream.write(digest.line(stored))
    return digest


def read_archive(file: Path) -> Iterator[StoredEntry]:
    """Yield the entries that `write_archive` wrote.

    Raises
    ------
    InputError
        If it is no such file.
    """
    with open_input(file) as stream:
        for number, line in enumerate(stream, 1):
            try:
                sequence, *texts = json.loads(line)
                stored = StoredEntry(int(sequence), *map(str, texts))
            except (ValueError, TypeError) as error:
                raise InputError(f"line {number} of {file.name} is no entry of an audit") from error
            yield stored
