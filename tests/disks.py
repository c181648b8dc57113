"""Disks that are full, and files that may not grow."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MB = 2**20
MEMORY = Path("/dev/shm")
"""A folder in memory, where Linux has one: nothing there waits for a disk."""


def has_room(folder: Path, *, gigabytes: float = 4.0) -> bool:
    """Whether a folder can be written, and so much."""
    return os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > gigabytes * 2**30


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file that this process writes inside may have more bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A disk of so many megabytes at a new folder, of the same owner as the one above it."""
    folder.mkdir()
    options = f"size={megabytes}m,uid={folder.parent.stat().st_uid},mode=755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("run as root, where a tmpfs can be mounted, to try a full disk")
        try:
            yield folder
        finally:
            # Lazily: a server closes files that it has removed a little later.
            subprocess.run(["umount", "-l", str(folder)], check=True)
    finally:
        folder.rmdir()


def fill(disk: Path, *, leave: int) -> Path:
    """Leave so many bytes free; returns the file that takes the rest."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - leave)
    return ballast
