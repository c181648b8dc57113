"""Reading files from users within limits: only regular files, no more bytes than are stated.

A device has no end, and a pipe can be silent for ever: neither is opened.
"""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from geo.errors import InputError
from geo.output import unlike_file

LARGEST_FILE: Final = 4 * 2**30
"""Most bytes in one file, packed or unpacked: ten times the largest that is published."""

LARGEST_WHOLE: Final = 512 * 2**20
"""Most bytes of a file that is read into memory whole."""


@contextmanager
def open_input(path: Path) -> Iterator[IO[bytes]]:
    """Open a user's file for reading.

    Parameters
    ----------
    path
        A regular file of at most `LARGEST_FILE` bytes, or a link to one.

    Yields
    ------
    stream
        Its bytes.

    Raises
    ------
    InputError
        If there is none, if it is no regular file or too large, or if the system reports an
        error, also while the file is being read.
    """
    try:
        # Looked at before it is opened too: to open a device can already have an effect.
        _check_regular(path, path.stat())
        # Without O_NONBLOCK, opening a pipe would wait for a program that writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as stream:
            _check_regular(path, os.fstat(descriptor))
            yield stream
    except OSError as error:
        raise InputError(_unreadable(path, error)) from error
    except ValueError as error:
        if "null byte" not in str(error):
            raise
        raise InputError("the name of a file cannot hold a NUL character") from error


def read_input(path: Path, *, most: int = LARGEST_WHOLE) -> bytes:
    """Read a user's file whole.

    Parameters
    ----------
    path
        See `open_input`.
    most
        Most bytes.

    Returns
    -------
    content
        All of its bytes.

    Raises
    ------
    InputError
        As `open_input`, or if it holds more than `most` bytes.
    """
    with open_input(path) as stream:
        # The file can grow, and those of /proc state a size of 0.
        content = stream.read(most + 1)
    if len(content) > most:
        raise InputError(f"{path.name} is larger than {most:,} bytes; split or simplify it")
    return content


def check_size(stream: IO[bytes], file: str, *, most: int = LARGEST_WHOLE) -> None:
    """Refuse a file that is too large to be read whole.

    Parameters
    ----------
    stream
        The open file.
    file
        Its name, for messages.
    most
        Most bytes.

    Raises
    ------
    InputError
        If it holds more.
    """
    if os.fstat(stream.fileno()).st_size > most:
        raise InputError(f"{file} is larger than {most:,} bytes; split or simplify it")


def check_input(path: Path) -> None:
    """Refuse what `open_input` refuses, before a library opens the file by its path.

    Raises
    ------
    InputError
        As `open_input`.
    """
    with open_input(path):
        pass


def _check_regular(path: Path, status: os.stat_result) -> None:
    if kind := unlike_file(status.st_mode):
        raise InputError(f"{path.name or path} is {kind}; name a file")
    if status.st_size > LARGEST_FILE:
        raise InputError(f"{path.name} is larger than {LARGEST_FILE:,} bytes; split it")


def _unreadable(path: Path, error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no file {path.name}"
    return f"{path.name} cannot be read: {error.strerror or error}"


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
                raise InputError(f"{path.name}: {_one_line(name)} is encrypted; unpack it first")
            with _opened(archive, name) as entry, io.BufferedReader(entry) as stream:  # type: ignore[type-var]  # typeshed asks for RawIOBase
                yield stream
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        reason = f"{_one_line(name)}: {_one_line(str(error))}"
        raise InputError(f"{path.name} is a damaged zip archive: {reason}") from error


def _one_line(text: str) -> str:
    """A text of an archive for a message: its names can hold line breaks, and 65,535 letters."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:100]


def _opened(archive: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return archive.open(name)
    except (OSError, ValueError) as error:
        # The place that a damaged archive states can lie before the file begins.
        raise zipfile.BadZipFile(str(error)) from error


def unpack_entry(path: Path, name: str, target: IO[bytes], *, most: int = LARGEST_FILE) -> None:
    """Write one entry of a zip archive to a stream.

    Parameters
    ----------
    path
        The archive.
    name
        The entry's full name in it.
    target
        Where the unpacked content goes.
    most
        Most bytes of it.

    Raises
    ------
    InputError
        As `zip_entry`, or if there is more.
    """
    left = most
    with zip_entry(path, name) as entry:
        # Counted while unpacking, because the sizes that an archive states can be false.
        while part := entry.read(2**20):
            left -= len(part)
            if left < 0:
                raise InputError(
                    f"{path.name}: {_one_line(name)}, unpacked, is larger than {most:,} bytes"
                )
            target.write(part)
