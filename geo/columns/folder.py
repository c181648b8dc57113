"""The folder of a copy: which files there are, and how they are made again where they are old.

One process at a time writes, and holds a lock until it ends however it ends. Files are new, brought
to the disk, and only then named in the index, which is replaced by a rename: whoever reads sees the
copy of one state or none.

A transaction that erases holds the lock until it has committed. Whoever writes the copy looks,
under the lock, whether the store is still in the state that they read: so nobody who began to read
before an erasure brings back what was erased.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.columns.areas import ENDING, piece_of
from geo.columns.files import PART, new_file
from geo.columns.incidents import IncidentColumns, LocationReader
from geo.columns.locking import locked
from geo.columns.piece import INDEX, LOCATION, NAMED, DamagedError, Piece, PieceReader, write_piece
from geo.columns.places import is_folder, is_own, made

VERSION: Final = 3
"""Raise it whenever the layout of the files or the meaning of a column changes."""

_TRIES: Final = 10
"""A folder that others remove just then is made again so often, to be locked."""

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
    """What the index says: the state, the pieces, and whether they are all incidents of it."""

    uuid: str
    counter: int
    pieces: Mapping[str, Piece]
    is_whole: bool

    @property
    def files(self) -> set[str]:
        """The files that it names."""
        return {piece.file for piece in self.pieces.values() if piece.file}

    def is_of(self, state: StoreState) -> bool:
        """Whether it is of this state."""
        if (self.uuid, self.counter) != (state.uuid, state.counter):
            return False
        return {name: piece.state for name, piece in self.pieces.items()} == dict(state.partitions)

    def unchanged(self, uuid: str, partitions: Mapping[str, str]) -> dict[str, Piece]:
        """The pieces of partitions that are still in the same state."""
        if uuid != self.uuid:
            return {}
        pieces = self.pieces.items()
        return {name: piece for name, piece in pieces if partitions.get(name) == piece.state}


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
        if index is None or not index.is_whole or not index.is_of(state):
            return None
        if not self._has(index.files):
            return None
        return IncidentColumns(self.path, dict(sorted(index.pieces.items())), locations)

    def refreshed(
        self, state: StoreState, source: ColumnSource, *, is_latest: Callable[[], bool]
    ) -> IncidentColumns | None:
        """The copy of this state; partitions that have changed are read from the store.

        Parameters
        ----------
        state
            Of the store, as the present thread sees it.
        source
            The store.
        is_latest
            Whether everybody sees the store in this state; else what was erased would come back.

        Returns
        -------
        The incidents; None where the copy cannot be written now, another process is writing it, or
        the store has changed since it was read.
        """
        # A full disk, say, is no reason to refuse an answer.
        with suppress(OSError), self._writing() as may_write:
            if may_write and is_latest():
                self._refresh(state, source)
                return self.current(state, source.locations)
        return None

    def _refresh(self, state: StoreState, source: ColumnSource) -> None:
        """Bring the files to a state."""
        before = self._index()
        if before is not None and before.is_of(state) and self._has(before.files):
            return
        try:
            self._write(state, source, before)
        except DamagedError as damage:
            self.discard(damage.file)

    @property
    def can_be_written(self) -> bool:
        """Whether this user can write it; it is made where there is none."""
        return made(self.path)

    @property
    def is_out_of_reach(self) -> bool:
        """Whether there is one that this user cannot read or change."""
        needed = os.R_OK | os.W_OK | os.X_OK
        as_user = os.access in os.supports_effective_ids
        return is_folder(self.path) and not os.access(self.path, needed, effective_ids=as_user)

    def discard(self, file: str) -> None:
        """Delete a damaged file; the next `refreshed` makes it again."""
        with suppress(OSError):
            (self.path / file).unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete a copy of this user's, unless it is being written."""
        if is_own(self.path):
            with suppress(OSError), self.lock(wait=False) as may_change:
                if may_change:
                    self.drop("", {})

    @contextmanager
    def lock(self, *, wait: bool) -> Iterator[bool]:
        """Let nobody write the copy, also where it is another user's.

        Parameters
        ----------
        wait
            Whether to wait for a process that is writing it, and to keep others from making one.

        Yields
        ------
        Whether `drop` can be called.

        Raises
        ------
        StoreError
            If another process goes on writing it for longer than anybody waits.
        """
        with ExitStack() as opened:
            is_held = False
            # Who had it before may remove it in the moment in which it is to be locked.
            for _ in range(_TRIES if wait else 1):
                if wait:
                    made(self.path)
                is_held = opened.enter_context(locked(self.path, wait=wait))
                if is_held:
                    break
            try:
                yield is_held
            finally:
                if is_held:
                    # Made only for the lock, or empty now.
                    with suppress(OSError):
                        self.path.rmdir()

    def remove_empty(self) -> None:
        """Delete it where it is empty: a process that was killed made it for its lock alone."""
        with self.lock(wait=False):
            pass

    def drop(self, uuid: str, partitions: Mapping[str, str]) -> None:
        """Delete whatever is not of a partition in the state that it has now; while it is locked.

        Parameters
        ----------
        uuid
            The store's.
        partitions
            The state of each partition, by its name.

        Raises
        ------
        OSError
            If the system does not let it be deleted.
        """
        # Also of another user's copy, which we do not read: what is erased goes from it too.
        before = self._index(of_anyone=True)
        unchanged = {} if before is None else before.unchanged(uuid, partitions)
        if before is None or len(unchanged) < len(before.pieces):
            self._forget_others(before, unchanged)
        self._sweep({piece.file for piece in unchanged.values()})

    def _forget_others(self, before: _Index | None, unchanged: Mapping[str, Piece]) -> None:
        """Name only some pieces in the index: it holds categories and times of the others."""
        # On a full disk, say, there is no index then: no file is of use, and all are made again.
        with suppress(OSError):
            if before is not None and unchanged:
                self._publish(replace(before, pieces=unchanged))
                return
        (self.path / INDEX).unlink(missing_ok=True)

    def _write(self, state: StoreState, source: ColumnSource, before: _Index | None) -> None:
        # What a process left that was killed: the disk may be full of it.
        self._sweep(set() if before is None else before.files)
        unchanged = self._unchanged(state, before)
        places = _Places(self.path, unchanged, source)
        new: dict[str, Piece] = {}
        try:
            for name, of_partition in sorted(state.partitions.items()):
                if name not in unchanged:
                    new[name] = self._written(of_partition, source.numbered_rows(name), places)
            pieces = unchanged | new
            # Rows of no import, which only another program can have written, are in no partition.
            is_whole = sum(piece.rows for piece in pieces.values()) == state.count
            self._publish(_Index(state.uuid, state.counter, pieces, is_whole))
        except BaseException:
            for piece in new.values():
                self.discard(piece.file)
            raise
        self._sweep({piece.file for piece in pieces.values()})

    def _written(self, state: str, rows: pd.DataFrame, places: _Places) -> Piece:
        """The piece of some rows, in a file where there are any."""
        if rows.empty:
            return Piece("", state)
        path = self.path / f"{secrets.token_hex(8)}.piece"
        return write_piece(path, state, rows, places.numbers(rows))

    def _unchanged(self, state: StoreState, before: _Index | None) -> dict[str, Piece]:
        """The pieces that are of this state already."""
        pieces = {} if before is None else before.unchanged(state.uuid, state.partitions)
        return {name: piece for name, piece in pieces.items() if self._has({piece.file} - {""})}

    def _has(self, files: Set[str]) -> bool:
        return all((self.path / file).exists() for file in files)

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
            if facts.pop("version") == VERSION:
                pieces = {name: Piece(*values) for name, values in facts.pop("pieces").items()}
                if any(Path(one.file).name != one.file for one in pieces.values()):
                    return None  # no file of this folder
                return _Index(**facts, pieces=pieces)
        return None

    def _publish(self, index: _Index) -> None:
        pieces = {name: _values(piece) for name, piece in index.pieces.items()}
        facts = {**vars(index), "pieces": pieces, "version": VERSION}
        text = json.dumps(facts, separators=(",", ":")).encode()
        with new_file(self.path / INDEX, durable=True) as file:
            file.write(hashlib.sha256(text).hexdigest().encode() + b"\n" + text)

    def _sweep(self, used: Set[str]) -> None:
        """Delete the files of pieces that are not used: old ones, and what a killed process left.

        What is being written has no name in the index either: only who holds the lock may sweep.
        """
        for file in self.path.iterdir():
            piece = piece_of(file.name) if file.suffix == ENDING else file.name
            if piece not in used and file.suffix in (".piece", ENDING, PART):
                file.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[bool]:
        """Hold the right to write; false where another process has it, or the folder cannot be."""
        if not self.can_be_written:
            yield False
            return
        with locked(self.path, wait=False) as may_write:
            yield may_write


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
