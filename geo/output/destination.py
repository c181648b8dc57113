"""What a path names that is to be written: a file, or something that is only written through.

A FIFO, a device or an open descriptor must never be replaced by a file: the program at its other
end would wait for ever, and a machine without `/dev/null` does not start.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from geo.errors import InputError
from geo.output.reasons import naming

_DESCRIPTOR: Final = re.compile(r"(?:/dev|/proc/(?:self|thread-self|\d+))/fd/(\d+)")
_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a disk"),
)
_MOST_LINKS: Final = 40  # as the Linux kernel allows


@dataclass(frozen=True)
class Destination:
    """Where an output goes.

    Attributes
    ----------
    path
        As the user named it.
    file
        The same after its symbolic links, which stay as they are.
    is_stream
        Whether it is written through; else it is replaced by a file of the same name.
    descriptor
        The number of the open file that the path stands for, as in `/dev/stdout`.
    """

    path: Path
    file: Path
    is_stream: bool = False
    descriptor: int | None = None

    @property
    def is_stdout(self) -> bool:
        """Whether it is the standard output of this process."""
        return self.descriptor == 1

    def open_stream(self) -> IO[bytes]:
        """Open what is written through.

        Returns
        -------
        stream
            To be closed by the caller; an open descriptor is left open.
        """
        if self.descriptor is None:
            # Without O_CREAT: what is gone by now is not to become a file.
            return os.fdopen(os.open(self.file, os.O_WRONLY | os.O_NOCTTY), "wb")
        sys.stdout.flush()
        return os.fdopen(os.dup(self.descriptor), "wb")


def destination(path: Path) -> Destination:
    """Find out what a path names, before anything is written.

    Parameters
    ----------
    path
        As the user named it.

    Returns
    -------
    destination
        What is to be written.

    Raises
    ------
    InputError
        If it is a folder, a socket or a disk, or is to lie in a folder that does not exist.
    StoreError
        If the system lets nobody, or not this user, write there.
    """
    with naming(path):
        file = Path(os.path.realpath(path))
        descriptor = _descriptor(path)
        if descriptor is not None:
            os.fstat(descriptor)
            return Destination(path, file, is_stream=True, descriptor=descriptor)
        try:
            mode = path.stat().st_mode
        except FileNotFoundError:
            mode = stat.S_IFREG
        _refuse_unfit(path, mode)
        if stat.S_ISREG(mode):
            _check_folder(path, file.parent)
        return Destination(path, file, is_stream=not stat.S_ISREG(mode))


def unlike_file(mode: int) -> str:
    """What a path names where it is no regular file.

    Parameters
    ----------
    mode
        As `os.stat` reports it.

    Returns
    -------
    kind
        With its article; '' of a regular file.
    """
    if stat.S_ISREG(mode):
        return ""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "not a file")


def _refuse_unfit(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode) or stat.S_ISSOCK(mode) or stat.S_ISBLK(mode):
        raise InputError(f"{path} is {unlike_file(mode)}; name a file to write")


def _check_folder(path: Path, folder: Path) -> None:
    """Refuse a file that cannot be made, before hours are spent on what is to be in it."""
    if not folder.is_dir():
        raise InputError(f"{path} cannot be written: there is no folder {folder}; make it first")
    as_user = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=as_user):
        raise OSError(errno.EROFS if is_read_only(folder) else errno.EACCES, "")


def is_read_only(folder: Path) -> bool:
    """Tell whether the disk of a folder can only be read.

    Parameters
    ----------
    folder
        One that exists.

    Returns
    -------
    read_only
        False where the system does not say.
    """
    return hasattr(os, "statvfs") and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _descriptor(path: Path) -> int | None:
    """The number of the open file that a path stands for, itself or by its links."""
    name = os.path.abspath(path)  # noqa: PTH100 - links stay as they are
    for _ in range(_MOST_LINKS):
        match = _DESCRIPTOR.fullmatch(name)
        if match:
            return int(match[1])
        try:
            link = os.readlink(name)  # noqa: PTH115 - of a text, as `fullmatch` needs it
        except OSError:
            return None
        name = os.path.normpath(os.path.join(os.path.dirname(name), link))  # noqa: PTH118, PTH120 - likewise
    return None
