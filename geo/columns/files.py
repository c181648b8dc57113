"""How files of a copy are written: whole, for their owner alone, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

PART: Final = ".part"
"""Ending of what is being written."""


@contextmanager
def new_file(path: Path, *, durable: bool) -> Iterator[BinaryIO]:
    """Write a file, which takes its name when it is complete.

    Parameters
    ----------
    path
        The file; one of that name is replaced.
    durable
        Whether it is brought to the disk first, so that a power cut leaves no half of it.

    Yields
    ------
    What to write to.

    Raises
    ------
    OSError
        If the system does not let it be written; nothing is left of it then.
    """
    part = path.with_name(f"{secrets.token_hex(8)}{PART}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _give_to_owner_of(path.parent, descriptor)
            yield file
            file.flush()
            if durable:
                os.fsync(descriptor)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Let the owner of the folder read a file that root writes there."""
    status = folder.stat()
    if hasattr(os, "fchown") and status.st_uid != os.geteuid():
        os.fchown(descriptor, status.st_uid, status.st_gid)
