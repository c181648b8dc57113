"""Outputs that appear whole or not at all.

A file is written under a temporary folder beside its place, which only its owner can enter, and
moved there when it is complete and on the disk.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from geo.errors import InputError, StoreError
from geo.output.destination import Destination, destination
from geo.output.reasons import naming, output_error
from geo.temporary import TemporaryFolder

PRIVATE: Final = 0o600


def write_file(path: Path, write: Callable[[Path], object], *, private: bool = False) -> None:
    """Write an output whole or not at all.

    Parameters
    ----------
    path
        As the user named it. Of a symbolic link the target is written; a FIFO or a device is
        written through.
    write
        Fills the file at the path that it is given, which has the name of the output.
    private
        Whether a new file is readable by its owner alone.

    Raises
    ------
    StoreError
        If the system does not let it be written; nothing is left behind then.
    InputError
        If the path names no place for a file.
    """
    with Output(path, private=private) as part:
        write(part)


def write_text(path: Path, text: str, *, private: bool = False) -> None:
    """Write a text in UTF-8 whole or not at all.

    Parameters
    ----------
    path, private
        See `write_file`.
    text
        The text, with its own ends of lines.

    Raises
    ------
    StoreError, InputError
        As `write_file`.
    """
    write_file(path, lambda part: part.write_bytes(text.encode()), private=private)


class Output:
    """An output that is written bit by bit: `write_file` in steps.

    As a context manager it gives the path of the file to fill, and publishes the file at its end.

    Parameters
    ----------
    path
        As the user named it.
    private
        Whether a new file is readable by its owner alone.

    Raises
    ------
    StoreError, InputError
        As `write_file`.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self.path = path
        self._private = private
        self._is_complete = self._is_published = False

    def open(self) -> Path:
        """Begin.

        Returns
        -------
        part
            The path of a file to fill; there is none yet.
        """
        self._destination = destination(self.path)
        # In the same folder, so that the move stays on one disk and replaces the file at once.
        beside = None if self._destination.is_stream else self._destination.file
        with naming(self.path):
            self._folder = TemporaryFolder(beside)
        self._part = Path(self._folder.name) / (self.path.name or "output")
        return self._part

    def complete(self) -> None:
        """Bring what was written to the disk, or through: after it only a rename can still fail.

        What depends on the output, such as the commit of an import, comes after this.
        """
        if self._is_complete:
            return
        with naming(self.path):
            if self._destination.is_stream:
                with self._part.open("rb") as source, self._destination.open_stream() as stream:
                    shutil.copyfileobj(source, stream)
            else:
                _set_mode(self._part, self._destination, private=self._private)
                _sync(self._part, os.O_RDWR)
        self._is_complete = True

    def publish(self) -> None:
        """End: the output appears under its name, unless it has done so before."""
        if self._is_published:
            return
        try:
            self.complete()
            if not self._destination.is_stream:
                _move(self._part, self._destination)
            self._is_published = True
        finally:
            self.discard()

    def discard(self) -> None:
        """End: what was written so far is removed."""
        self._folder.cleanup()

    def __enter__(self) -> Path:
        """Begin; the path of a file to fill."""
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End: publish, or discard and raise the error by the name that the user gave."""
        if error is None:
            self.publish()
            return
        self.discard()
        if isinstance(error, OSError):
            raise output_error(self.path, error) from error
        part, text = str(self._part), str(error)
        if isinstance(error, InputError | StoreError) and part in text:
            raise type(error)(text.replace(part, str(self.path))) from error


def _move(part: Path, to: Destination) -> None:
    with naming(to.path):
        os.replace(part, to.file)  # noqa: PTH105 - says what it does: it overwrites
    # Some disks cannot sync a folder; the file itself is on the disk already.
    with suppress(OSError):
        _sync(to.file.parent, os.O_RDONLY)


def _set_mode(part: Path, to: Destination, *, private: bool) -> None:
    """Give a file the mode of the one that it replaces; a new one has that of the umask."""
    if private:
        part.chmod(PRIVATE)
    with suppress(FileNotFoundError):
        part.chmod(stat.S_IMODE(to.file.stat().st_mode))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
