"""The indexes beside a store: which there are, added, removed, opened.

They lie beside the store and not in it. Published names can be read again from their file at any
time, are the same for a GeoPackage and a database, and are larger than most stores: a backup, or
the file that QGIS opens, need not carry them.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from boundaries.gazetteer.index import IndexFacts, write_index
from boundaries.gazetteer.lookup import NameIndex
from boundaries.gazetteer.names import NameBatch
from geo.errors import InputError, NotFoundError
from geo.output import naming, write_file
from geo.store.times import now

if TYPE_CHECKING:
    from boundaries.gazetteer.read import Source

ENDING: Final = ".names"
SOURCE_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True)
class GazetteerFolder:
    """The indexes of one store.

    Attributes
    ----------
    path
        The folder; there need be none.
    """

    path: Path

    def sources(self) -> list[IndexFacts]:
        """What was added, by id; an index that cannot be read is an error."""
        facts = []
        for file in self._files():
            with closing(NameIndex.open(file)) as index:
                facts.append(index.facts)
        return facts

    def add(
        self,
        source: Source,
        *,
        crs: str,
        progress: Callable[[Iterator[NameBatch]], Iterator[NameBatch]] = iter,
    ) -> IndexFacts:
        """Read a source and keep its index, in place of an earlier one of the same id.

        Parameters
        ----------
        source
            What to read.
        crs
            The store's working CRS.
        progress
            Passes the batches through, to show how far it is.

        Returns
        -------
        What was read.

        Raises
        ------
        InputError
            If the id is not allowed, or the file cannot be read or holds no name.
        """
        if not SOURCE_ID.fullmatch(source.id):
            raise InputError(
                f"invalid id {source.id!r}; use lower-case letters, digits and '-', such as "
                "os-open-names"
            )
        with naming(self.path):
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = IndexFacts(
            source.id, source.title, source.licence, source.path.name, source.sha256, now(), crs
        )
        written: list[IndexFacts] = []

        def write(part: Path) -> None:
            counted = write_index(part, facts, progress(source.batches()))
            if not counted.names + counted.postcodes:
                reasons = "; ".join(f"{n:,} because {why}" for why, n in counted.rejected.items())
                raise InputError(f"{source.path.name} holds no name: {reasons or 'it is empty'}")
            written.append(counted)

        write_file(self._file(source.id), write, private=True)
        return written[0]

    def remove(self, source_id: str) -> IndexFacts:
        """Remove an index; returns what it held.

        Raises
        ------
        NotFoundError
            If there is none of this id; the message lists those that exist.
        """
        for facts in self.sources():
            if facts.source == source_id:
                with naming(self.path):
                    self._file(source_id).unlink()
                return facts
        names = ", ".join(facts.source for facts in self.sources()) or "none"
        raise NotFoundError(f"there is no gazetteer {source_id!r}; there are: {names}")

    def state(self) -> tuple[tuple[str, int, int], ...]:
        """Names the present content: name, inode and time of each file."""
        states = []
        for file in self._files():
            status = file.stat()
            states.append((file.name, status.st_ino, status.st_mtime_ns))
        return tuple(states)

    def open(self) -> list[NameIndex]:
        """Open every index."""
        return [NameIndex.open(file) for file in self._files()]

    def _files(self) -> list[Path]:
        return sorted(self.path.glob(f"*{ENDING}")) if self.path.is_dir() else []

    def _file(self, source_id: str) -> Path:
        return self.path / f"{source_id}{ENDING}"


class OpenGazetteer:
    """The indexes of a folder, opened again only when one was added or removed."""

    def __init__(self, folder: GazetteerFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._state: tuple[tuple[str, int, int], ...] = ()
        self._indexes: list[NameIndex] = []

    def indexes(self) -> list[NameIndex]:
        """The indexes as they are now."""
        with self._lock:
            state = self.folder.state()
            if state != self._state:
                # Those that a search still uses are closed when it lets go of them.
                self._indexes = self.folder.open()
                self._state = state
            return self._indexes

    def state(self) -> str:
        """Names the present content, for ETags."""
        return repr(self.folder.state())

    def __iter__(self) -> Iterator[NameIndex]:
        """The indexes as they are now."""
        return iter(self.indexes())


def gazetteer_folder(store: str, data_folder: Path) -> GazetteerFolder:
    """The gazetteer of a store.

    Parameters
    ----------
    store, data_folder
        As for `beside`.

    Returns
    -------
    Its folder, which need not exist.
    """
    return GazetteerFolder(beside(store, data_folder, ".gazetteer"))


def beside(store: str, data_folder: Path, ending: str) -> Path:
    """Where what belongs to a store but is not in it lies.

    Parameters
    ----------
    store
        The store's address: a file, or `postgresql://…`.
    data_folder
        The user's own, for stores that are no files.
    ending
        Of the folder's name.

    Returns
    -------
    A folder beside the file; of a database, one of the user's own, named after its host and name.
    """
    if "://" not in store:
        return Path(f"{os.path.realpath(store)}{ending}")
    address = store.partition("://")[2].rpartition("@")[2].partition("?")[0]
    return data_folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', address)}{ending}"
