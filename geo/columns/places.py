"""Where the copy of a store lies, and whether it may be used there."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

ENDING = ".columns"
"""Of the folder beside a store that is a file."""


def beside(store: Path) -> Path:
    """The folder of a store's copy beside its file; of a link, beside its target."""
    return Path(f"{os.path.realpath(store)}{ENDING}")


def is_own(folder: Path) -> bool:
    """Whether a folder is there, no link, and this user's: others could put in what they like."""
    with suppress(OSError):
        return is_folder(folder) and (
            sys.platform == "win32" or folder.lstat().st_uid == os.geteuid()
        )
    return False


def is_folder(path: Path) -> bool:
    """Whether a folder is there, and no link."""
    with suppress(OSError):
        return stat.S_ISDIR(path.lstat().st_mode)
    return False


def made(folder: Path) -> bool:
    """Make a folder for its owner alone, where there is none; whether it can be written."""
    with suppress(OSError):
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    return is_own(folder) and os.access(folder, os.W_OK | os.X_OK)
