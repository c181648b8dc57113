"""Reading files from users within limits: hashes, and entries of zip archives."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from geo.errors import InputError

LARGEST_FILE: Final = 4 * 2**30
"""Most bytes in one file, packed or unpacked: ten times the largest that is published."""


def sha256_of(stream: IO[bytes], *, file: str) -> str:
    """The SHA-256 of a stream, as hexadecimal digits.

    Parameters
    ----------
    stream
        Read from where it stands to its end.
    file
        Its name, for messages.

    Returns
    -------
    digest
        64 hexadecimal digits.

    Raises
    ------
    InputError
        If it holds more than `LARGEST_FILE` bytes, as a zip bomb does.
    """
    digest, size = hashlib.sha256(), 0
    while part := stream.read(2**20):
        size += len(part)
        if size > LARGEST_FILE:
            raise InputError(f"{file} is larger than {LARGEST_FILE:,} bytes; split it")
        digest.update(part)
    return digest.hexdigest()


@contextmanager
def zip_entry(path: Path, name: str) -> Iterator[IO[bytes]]:
    """Open one entry of a zip archive; nothing is written to disk.

    Parameters
    ----------
    path
        The archive.
    name
        The entry's full name in it.

    Yields
    ------
    stream
        The unpacked content.

    Raises
    ------
    InputError
        If the archive is damaged or encrypted, also while the entry is being read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).flag_bits & 0x1:
                raise InputError(f"{path.name}: {name} is encrypted; unpack it first")
            with archive.open(name) as entry, io.BufferedReader(entry) as stream:  # type: ignore[type-var]  # typeshed asks for RawIOBase
                yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{path.name} is a damaged zip archive: {name}: {error}") from error
