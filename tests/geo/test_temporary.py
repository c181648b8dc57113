"""Temporary folders: none stays behind, not even of a process that was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geo.temporary import HIDDEN_PREFIX, TemporaryFolder, remove_abandoned, remove_own_folders

HOLD = """
import sys
from pathlib import Path
from geo.temporary import TemporaryFolder
folder = TemporaryFolder(beside=Path(sys.argv[1]))
(Path(folder.name) / "half.csv").write_text("half")
print(folder.name, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "counts.csv"


@pytest.fixture
def holder(target: Path) -> subprocess.Popen[str]:
    """A process that has a temporary folder beside the target."""
    command = [sys.executable, "-c", HOLD, str(target)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, text=True, cwd=Path(__file__).parents[2], **pipes)


def age(folder: Path) -> None:
    """Let a folder look an hour old."""
    os.utime(folder, (time.time() - 3_600,) * 2)


def test_a_folder_ends_with_its_block(target: Path) -> None:
    with TemporaryFolder(beside=target) as folder:
        assert Path(folder).parent == target.parent
        assert Path(folder).name.startswith(HIDDEN_PREFIX)
        assert Path(folder).stat().st_mode & 0o077 == 0
    assert list(target.parent.iterdir()) == []


def test_what_a_killed_process_left_is_removed_later(
    holder: subprocess.Popen[str], target: Path
) -> None:
    assert holder.stdout
    folder = Path(holder.stdout.readline().strip())
    age(folder)
    remove_abandoned(target.parent, HIDDEN_PREFIX)
    assert (folder / "half.csv").exists()  # its process lives
    holder.kill()
    holder.communicate()
    assert (folder / "half.csv").exists()
    with TemporaryFolder(beside=target):
        assert not folder.exists()


def test_what_is_new_or_named_otherwise_is_left_alone(tmp_path: Path) -> None:
    for name in ("patchmap-new", "patchmap-old", "other-old"):
        (tmp_path / name).mkdir()
    (tmp_path / "patchmap-file").touch()
    (tmp_path / "patchmap-link").symlink_to(tmp_path / "other-old")
    for name in ("patchmap-old", "other-old", "patchmap-file"):
        age(tmp_path / name)
    remove_abandoned(tmp_path)
    left = ["other-old", "patchmap-file", "patchmap-link", "patchmap-new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_an_end_that_does_not_unwind_can_remove_its_folders(target: Path) -> None:
    folder = TemporaryFolder(beside=target)
    remove_own_folders()
    assert not Path(folder.name).exists()
    folder.cleanup()  # again does nothing
