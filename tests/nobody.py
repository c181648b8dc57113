"""Running as a user whom permissions bind: tests often run as root, whom they do not."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def folder_open_to_all() -> Iterator[Path]:
    """A folder that every user can enter, which the folders of pytest are not."""
    # Not where the tests' other temporary files are: nobody else can enter that.
    folder = Path(tempfile.mkdtemp(prefix="open-to-all-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def as_nobody(work: Callable[[], object]) -> str:
    """Do something without root's privileges, in a child: what it returns, or its error, as text.

    A child of this very process, because nobody may not enter the folder of the interpreter.
    """
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        _work_as_nobody(work, sending)
    os.close(sending)
    with os.fdopen(receiving, encoding="utf-8") as stream:
        text = stream.read()
    os.waitpid(child, 0)
    return text


def _work_as_nobody(work: Callable[[], object], sending: int) -> None:
    try:
        if os.geteuid() == 0:
            os.setegid(NOBODY)
            os.seteuid(NOBODY)
        text = str(work())
    except Exception as error:  # noqa: BLE001 - the parent judges it
        text = f"{type(error).__name__}: {error}"
        if not type(error).__module__.startswith("geo."):
            text += traceback.format_exc()
    os.write(sending, text.encode())
    os._exit(0)
