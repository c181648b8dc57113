"""What the system says against an output, as one line with the name that the user gave."""

from __future__ import annotations

import errno
import math
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from geo.errors import DiskFullError, StoreError

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)

_REASONS: Final[Mapping[int, str]] = {
    errno.ENOSPC: "the disk is full; free some space, or write to another folder",
    errno.EDQUOT: "your share of the disk is used up; free some space, or write to another folder",
    errno.EFBIG: "it is larger than a file may be here; write to another folder",
    errno.EROFS: "the disk can only be read; write to another folder",
    errno.EACCES: "you have no permission; write to another folder, or ask its owner",
    errno.EPERM: "you have no permission; write to another folder, or ask its owner",
    errno.ELOOP: "its links lead in a circle; name another file",
    errno.ENAMETOOLONG: "its name is too long; choose a shorter one",
    errno.EPIPE: "the program that reads it has ended",
    errno.EIO: "the disk reports a fault",
}

_PROBE_BYTES: Final = 2**20
_FULL: Final = "disk is full"


def is_out_of_room(error: BaseException) -> bool:
    """Tell whether the system reported that a disk, or a person's share of it, is full.

    Parameters
    ----------
    error
        Any error.

    Returns
    -------
    out_of_room
        False also where a library reported it by a text alone.
    """
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def has_room(folder: Path) -> bool:
    """Try out whether a file can still grow in a folder.

    Parameters
    ----------
    folder
        It exists.

    Returns
    -------
    has_room
        Whether a megabyte finds room.
    """
    return write_fault(folder / "room") not in _NO_ROOM


def output_error(path: Path, error: OSError) -> StoreError:
    """Return the error of an output as one line that says what to do.

    Parameters
    ----------
    path
        The output, as the user named it.
    error
        What the system, or a library, reported.

    Returns
    -------
    error
        A `DiskFullError` where there is no room left.
    """
    reason = _REASONS.get(error.errno or 0) or error.strerror or one_line(str(error))
    kind = DiskFullError if is_out_of_room(error) else StoreError
    return kind(f"{path} cannot be written: {reason}")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Raise what the system reports inside as an error of an output.

    Parameters
    ----------
    path
        The output, as the user named it.

    Raises
    ------
    StoreError
        See `output_error`.
    """
    try:
        yield
    except OSError as error:
        raise output_error(path, error) from error


@contextmanager
def library_errors(part: Path, *kinds: type[Exception]) -> Iterator[None]:
    """Raise what a library reports as an error of the system.

    Libraries such as GDAL and SQLite give only a text; whether the disk is full is then tried out.

    Parameters
    ----------
    part
        The file that the library is writing.
    kinds
        The errors of the library.

    Raises
    ------
    OSError
        With the number of a full disk where that was the reason.
    """
    try:
        yield
    except kinds as error:
        number = errno.ENOSPC if _FULL in str(error) else write_fault(part)
        raise OSError(number, one_line(str(error)).replace(str(part), part.name)) from error


def one_line(text: str) -> str:
    """The text with its lines in one.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    line
        At most 300 characters of it.
    """
    return " ".join(text.split())[:300]


def write_fault(file: Path) -> int:
    """Try out why a file cannot be written.

    Parameters
    ----------
    file
        It may exist; it stays as it is.

    Returns
    -------
    number
        Of the error that a larger file, or another one in its folder, meets now; 0 for none.
    """
    size = file.stat().st_size if file.is_file() else 0
    if size + _PROBE_BYTES > _largest_file():
        return errno.EFBIG
    probe = file.with_name(f".{file.name}-probe-{os.getpid()}")
    try:
        with probe.open("xb") as stream:
            stream.write(bytes(_PROBE_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        return error.errno or 0
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return 0


def _largest_file() -> float:
    """How many bytes a file of this process may have."""
    if sys.platform == "win32":
        return math.inf
    import resource  # noqa: PLC0415 - it is not on every machine

    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return math.inf if limit == resource.RLIM_INFINITY else limit
