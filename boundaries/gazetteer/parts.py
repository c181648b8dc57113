"""The tables that a published archive, a folder or a file holds, and their first rows."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final

from geo.errors import InputError
from geo.formats.bounded import LARGEST_FILE, open_input, zip_entry

_TABLES: Final = (".csv", ".txt", ".tsv")
_BESIDE: Final = ("doc", "docs", "documents", "user guide", "multi_csv", "__macosx")
"""Folders of published archives with headers, lists of codes, or the same rows once more."""

_BOM: Final = b"\xef\xbb\xbf"
_LONGEST_ROW: Final = 100_000


@dataclass(frozen=True)
class Part:
    """A table inside a file, or the file itself; not yet read."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]


def tables_in(path: Path) -> list[Part]:
    """The tables of a file, folder or archive, without documents beside them.

    Parameters
    ----------
    path
        A CSV, a folder, or a zip archive. Of an archive or folder the tables in folders named
        like documents are left out, as published archives keep headers there.

    Returns
    -------
    The parts by name; none if it holds no table.

    Raises
    ------
    InputError
        If an archive is damaged.
    """
    if path.is_dir():
        files = [one for one in sorted(path.rglob("*")) if one.suffix.lower() in _TABLES]
        return [
            Part(one.name, partial(open_input, one))
            for one in files
            if not _is_beside(str(one.relative_to(path)))
        ]
    with open_input(path) as stream:
        archive = stream.read(2) == b"PK"
    if archive and path.suffix.lower() == ".zip":
        return [Part(_base(name), partial(zip_entry, path, name)) for name in _entries(path)]
    return [Part(path.name, partial(open_input, path))] if path.suffix.lower() in _TABLES else []


def layers_in(path: Path) -> list[tuple[str, int]]:
    """The GeoPackages of a zip archive, each by its name without folders, with its stated size.

    Raises
    ------
    InputError
        If the archive is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error
    return [
        (_base(entry.filename), entry.file_size)
        for entry in entries
        if entry.filename.lower().endswith(".gpkg")
    ]


def _entries(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: {error}") from error
    tables = [
        entry
        for entry in entries
        if entry.filename.lower().endswith(_TABLES) and not _is_beside(entry.filename)
    ]
    # The sizes that are stated: zipfile gives no more of an entry than that.
    if sum(entry.file_size for entry in tables) > LARGEST_FILE:
        raise InputError(f"{path.name}, unpacked, is larger than {LARGEST_FILE:,} bytes; split it")
    return sorted(entry.filename for entry in tables)


def _is_beside(name: str) -> bool:
    # macOS puts a `._name` that is no table beside each file.
    *folders, own = name.replace("\\", "/").split("/")
    return own.startswith("._") or any(folder.lower() in _BESIDE for folder in folders)


def _base(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name.replace("\\", "/").split("/")[-1])


def first_row(part: Part) -> list[str]:
    """The cells of a part's first line, without quotation marks."""
    with part.open() as stream:
        line = stream.readline(_LONGEST_ROW)
    text = line.decode("utf-8-sig", "replace")
    return [cell.strip().strip('"') for cell in text.rstrip("\r\n").split(",")]


class Headed(io.RawIOBase):
    """A table that is published without a header, with one put before it.

    Parameters
    ----------
    stream
        The table, at its beginning.
    header
        The names of its columns.
    """

    def __init__(self, stream: IO[bytes], header: Sequence[str]) -> None:
        start = stream.read(len(_BOM))
        line = ",".join(header).encode() + b"\n"
        self._ahead = line + (b"" if start == _BOM else start)
        self._stream = stream

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a memoryview is one
        """Fill a buffer, as io.BufferedReader asks."""
        if not self._ahead:
            part = self._stream.read(len(buffer))
        else:
            part, self._ahead = self._ahead[: len(buffer)], self._ahead[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)
