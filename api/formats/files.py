"""Files that appear whole or not at all: on the caller's disk, and as an answer of the service."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from geo.errors import StoreError
from geo.temporary import TemporaryFolder


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place and move it there when it is complete.

    Parameters
    ----------
    write
        Fills the file at the path that it is given.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    try:
        # In the same folder, so that the move stays on one disk and replaces the file at once.
        with TemporaryFolder(beside=path) as folder:
            part = Path(folder) / path.name
            write(part)
            os.replace(part, path)  # noqa: PTH105 - says what it does: it overwrites
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}") from error
