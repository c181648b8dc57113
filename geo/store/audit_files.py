"""The files of an audit: its key, and the heads that are kept outside of its records."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

from geo.errors import DiskFullError, StoreError
from geo.output import output_error
from geo.store.audit_chain import AuditKey, Head

_HEAD: Final = re.compile(r"(\d{1,18}) ([0-9a-f]{64})")
_KEY_BYTES: Final = 32


class HeadFile:
    """Keeps the heads of an audit outside of it, so that cutting its end shows.

    Parameters
    ----------
    path
        A file that is only appended to, best on another machine; None for none.
    on_head
        Called with each head, to keep it elsewhere too.
    """

    def __init__(self, path: Path | None, on_head: Callable[[Head], None]) -> None:
        self.path = path
        self._on_head = on_head

    def write(self, head: Head) -> None:
        """Append a head; returns once it is on the disk.

        Raises
        ------
        StoreError
            If it cannot be written.
        """
        self._on_head(head)
        if self.path is None:
            return
        try:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                size = os.fstat(file).st_size
                # A power cut may have left half a line.
                torn = bool(size) and os.pread(file, 1, size - 1) != b"\n"
                line = f"{head.sequence} {head.mac}\n".encode()
                if os.write(file, b"\n" * torn + line) != len(line) + torn:
                    raise DiskFullError(f"{self.path} cannot be written: its disk is full")
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            raise output_error(self.path, error) from error

    def read(self) -> list[Head]:
        """Return all heads; half a line is none.

        Raises
        ------
        StoreError
            If the file cannot be read.
        """
        if self.path is None:
            return []
        try:
            lines = self.path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error.strerror}") from error
        matches = filter(None, map(_HEAD.fullmatch, lines))
        return [Head(int(match[1]), match[2]) for match in matches]


def read_key(path: Path, *, make: bool) -> AuditKey:
    """Return the key in a file that only its owner can read.

    Parameters
    ----------
    path
        The file.
    make
        Make a key where there is none: only for an audit without entries.

    Returns
    -------
    The key.

    Raises
    ------
    StoreError
        If the file is missing, others can read it, or it holds no key.
    """
    if make and not path.exists():
        _make_key(path)
    try:
        status = path.stat()
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(
            f"the key of the audit cannot be read from {path}: "
            f"{getattr(error, 'strerror', '') or 'it is no text'}; put the file back"
        ) from error
    if status.st_mode & 0o077:
        raise StoreError(f"others can read the key of the audit; run: chmod 600 {path}")
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise StoreError(f"{path} holds no key of an audit; write 64 hexadecimal digits")
    return AuditKey(bytes.fromhex(text))


def _make_key(path: Path) -> None:
    """Make a key, unless another process does so at the same time."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            os.write(file, secrets.token_hex(_KEY_BYTES).encode() + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        try:
            # A link, not a rename: the first of several processes wins.
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
