"""The folder of a copy: which files there are, and how they are made again where they are old.

One process at a time writes, and holds a lock until it ends however it ends. Files are new, brought
to the disk, and only then named in the index, which is replaced by a rename: whoever reads sees the
copy of one state or none.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.columns.areas import ENDING, drop_areas
from geo.columns.incidents import IncidentColumns, LocationReader
from geo.columns.piece import INDEX, LOCATION, NAMED, DamagedError, Piece, PieceReader, write_piece
from geo.columns.places import is_own, made

if sys.platform != "win32":
    import fcntl

VERSION: Final = 1
"""Raise it whenever the layout of the files or the meaning of a column changes."""

_LONGEST_INDEX: Final = 200_000_000


@dataclass(frozen=True)
class StoreState:
    """What a copy is of.

    Attributes
    ----------
    uuid
        The store's.
    counter
        Of its incidents.
    partitions
        The state of each partition that was ever imported, by its name.
    count
        How many incidents there are in all.
    """

    uuid: str
    counter: int
    partitions: Mapping[str, str]
    count: int


class ColumnSource(Protocol):
    """The store that a copy is made from."""

    def numbered_rows(self, partition_id: str) -> pd.DataFrame:
        """The incidents whose imports are of a partition, in the order in which they were written.

        Parameters
        ----------
        partition_id
            The partition.

        Returns
        -------
        pandas.DataFrame
            The columns of an incident frame without its ids, and `fid`, the number of the row.
        """

    def locations(self, fids: NDArray[np.int64]) -> Mapping[int, str]:
        """The location of each of some rows.

        Parameters
        ----------
        fids
            Their numbers.

        Returns
        -------
        A text for each that there is.
        """


@dataclass(frozen=True)
class _Index:
    """What the index says: the state, and the pieces; None where there can be no copy of it."""

    uuid: str
    counter: int
    pieces: dict[str, Piece] | None

    def is_of(self, state: StoreState) -> bool:
        """Whether it is of this state."""
        if (self.uuid, self.counter) != (state.uuid, state.counter):
            return False
        if self.pieces is None:
            return True
        states = {name: piece.state for name, piece in self.pieces.items()}
        return states == dict(state.partitions)


class ColumnFolder:
    """The copy of one store.

    Parameters
    ----------
    path
        The folder, which is made when there is something to write.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def current(self, state: StoreState, locations: LocationReader) -> IncidentColumns | None:
        """The copy, if it is of this state.

        Parameters
        ----------
        state
            Of the store.
        locations
            Reads names of places from it.

        Returns
        -------
        The incidents; None where they are to be read from the store.
        """
        index = self._index()
        if index is None or index.pieces is None or not index.is_of(state):
            return None
        if not self._is_whole(index):
            return None
        return IncidentColumns(self.path, dict(sorted(index.pieces.items())), locations)

    def refreshed(self, state: StoreState, source: ColumnSource) -> IncidentColumns | None:
        """The copy of this state; partitions that have changed are read from the store.

        Parameters
        ----------
        state
            Of the store, which does not change meanwhile.
        source
            The store.

        Returns
        -------
        The incidents; None where the copy cannot be written now, another process is writing it, or
        it is of a later state.
        """
        # A full disk, say, is no reason to refuse an answer.
        with suppress(OSError), self._writing() as may_write:
            if may_write and self._refresh(state, source):
                return self.current(state, source.locations)
        return None

    def _refresh(self, state: StoreState, source: ColumnSource) -> bool:
        """Bring the files to a state, unless they are of a later one."""
        before = self._index()
        if before and before.uuid == state.uuid and before.counter > state.counter:
            return False
        if before is None or not before.is_of(state) or not self._is_whole(before):
            try:
                self._write(state, source, before)
            except DamagedError as damage:
                self.discard(damage.file)
                return False
        return True

    @property
    def can_be_written(self) -> bool:
        """Whether this user can write it; it is made where there is none."""
        return made(self.path)

    def discard(self, file: str) -> None:
        """Delete a damaged file; the next `refreshed` makes it again."""
        with suppress(OSError):
            (self.path / file).unlink(missing_ok=True)

    def forget(self, partitions: Mapping[str, str]) -> None:
        """Delete the files of partitions that are no longer in these states.

        Parameters
        ----------
        partitions
            The state of each partition, by its name; of those that are missing all are deleted.

        Raises
        ------
        OSError
            If a file of the copy can be read, and not deleted.
        """
        # Also of another user's copy, which we do not read: what is erased goes from it too.
        index = self._index(of_anyone=True)
        old = {
            piece.file
            for name, piece in ((index and index.pieces) or {}).items()
            if piece.file and partitions.get(name) != piece.state
        }
        for file in old:
            (self.path / file).unlink(missing_ok=True)
        if old:
            drop_areas(self.path, old)

    def _write(self, state: StoreState, source: ColumnSource, before: _Index | None) -> None:
        unchanged = self._unchanged(state, before)
        pieces = dict(unchanged)
        places = _Places(self.path, unchanged, source)
        for name, of_partition in sorted(state.partitions.items()):
            if name in unchanged:
                continue
            rows = source.numbered_rows(name)
            pieces[name] = Piece("", of_partition)
            if len(rows):
                path = self.path / f"{secrets.token_hex(8)}.piece"
                pieces[name] = write_piece(path, of_partition, rows, places.numbers(rows))
        # Rows of no import, which only another program can have written, are in no partition.
        is_whole = sum(piece.rows for piece in pieces.values()) == state.count
        self._publish(_Index(state.uuid, state.counter, pieces if is_whole else None))
        self._sweep({piece.file for piece in pieces.values() if is_whole} | {INDEX})

    def _unchanged(self, state: StoreState, before: _Index | None) -> dict[str, Piece]:
        """The pieces that are of this state already."""
        if before is None or before.uuid != state.uuid or before.pieces is None:
            return {}
        return {
            name: piece
            for name, piece in before.pieces.items()
            if state.partitions.get(name) == piece.state and self._has(piece)
        }

    def _is_whole(self, index: _Index) -> bool:
        return all(self._has(piece) for piece in (index.pieces or {}).values())

    def _has(self, piece: Piece) -> bool:
        return not piece.file or (self.path / piece.file).exists()

    def _index(self, *, of_anyone: bool = False) -> _Index | None:
        """The index, None where there is none that can be used."""
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
            if not of_anyone and not is_own(self.path):
                return None
            with (self.path / INDEX).open("rb") as file:
                checksum, _, text = file.read(_LONGEST_INDEX).partition(b"\n")
            if hashlib.sha256(text).hexdigest().encode() != checksum:
                return None
            facts = json.loads(text)
            if facts["version"] == VERSION:
                pieces = facts["pieces"]
                made_of = None if pieces is None else {n: Piece(*one) for n, one in pieces.items()}
                if any(Path(one.file).name != one.file for one in (made_of or {}).values()):
                    return None  # no file of this folder
                return _Index(facts["uuid"], facts["counter"], made_of)
        return None

    def _publish(self, index: _Index) -> None:
        pieces = index.pieces
        facts = {
            "version": VERSION,
            "uuid": index.uuid,
            "counter": index.counter,
            "pieces": None if pieces is None else {n: _values(one) for n, one in pieces.items()},
        }
        text = json.dumps(facts, separators=(",", ":")).encode()
        part = self.path / f"{secrets.token_hex(8)}.part"
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path / INDEX)

    def _sweep(self, used: Set[str]) -> None:
        """Delete our files that are not used: old ones, and those of a process that was killed."""
        for file in self.path.iterdir():
            of_piece = file.suffix == ENDING and not file.name.startswith(tuple(used))
            if file.name not in used and (of_piece or file.suffix in (".piece", ".part")):
                file.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[bool]:
        """Hold the right to write; false where another process has it, or the folder cannot be."""
        if sys.platform == "win32" or not self.can_be_written:
            yield False
            return
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)


class _Places:
    """Numbers locations: equal ones alike in all pieces."""

    def __init__(self, folder: Path, unchanged: Mapping[str, Piece], source: ColumnSource) -> None:
        self._numbers: dict[str, int] = {}
        example: dict[int, int] = {}
        for piece in unchanged.values():
            if piece.file:
                with PieceReader(folder, piece) as reader:
                    named, fids = (reader.whole(name).tolist() for name in NAMED)
                example.update(zip(named, fids, strict=True))
        texts = source.locations(np.array([*example.values()], dtype=np.int64))
        self._numbers = {texts[fid]: number for number, fid in example.items() if fid in texts}
        self._next = max(example, default=-1) + 1

    def numbers(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """The number of the location of each row."""
        codes, texts = pd.factorize(rows[LOCATION].astype(object))
        return np.array([self._number(text) for text in texts], dtype=np.int64)[codes]

    def _number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = self._next
            self._next += 1
        return self._numbers[text]


def _values(piece: Piece) -> list[Any]:
    return [getattr(piece, each.name) for each in fields(piece)]
