"""What a run of the tests leaves behind: nothing but caches, or the run fails.

The run gets a temporary folder of its own, so that other programs' files are not taken for its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from geo.temporary import HIDDEN_PREFIX, PREFIX, remove_own_folders
from tests.disks import MEMORY, has_room

CACHES = (
    *(".venv/", ".cache/", ".hypothesis/", ".mypy_cache/", ".pytest_cache/", ".ruff_cache/"),
    *("__pycache__/", "node_modules/"),
)
"""Folders of the checkout that a run may make or fill."""

_LEFT = pytest.StashKey[list[str]]()
_BEFORE = pytest.StashKey[set[str]]()
_FOLDER = pytest.StashKey[Path]()


def unversioned(checkout: Path) -> set[str]:
    """Files and folders of a checkout that git does not keep, but for caches; without git none."""
    command = ["git", "status", "--ignored", "--porcelain", "-z"]
    try:
        done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    except OSError:
        return set()
    entries = [entry for entry in done.stdout.split("\0") if entry.startswith(("??", "!!"))]
    return {entry[3:] for entry in entries if not entry.endswith(CACHES)}


def own_files(folder: Path) -> list[str]:
    """Patchmap's own temporary files and folders in a folder."""
    return sorted(
        str(path) for path in folder.iterdir() if path.name.startswith((PREFIX, HIDDEN_PREFIX))
    )


def pytest_configure(config: pytest.Config) -> None:
    """Give the run, with all its processes, a temporary folder of its own."""
    if is_worker(config):
        return
    # Stores wait for the disk at each of thousands of changes: in memory the tests take half the
    # time. The folders of tests that failed stay, to be looked at afterwards.
    parent = MEMORY if has_room(MEMORY) else Path(tempfile.gettempdir())
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(parent))
    # Short, because the path of a unix socket holds 107 characters at most.
    config.stash[_FOLDER] = Path(tempfile.mkdtemp(prefix="pm-tests-", dir=parent))
    config.stash[_BEFORE] = unversioned(config.rootpath)
    os.environ["TMPDIR"] = tempfile.tempdir = str(config.stash[_FOLDER])
    os.environ["PATCHMAP_CACHE_FOLDER"] = str(config.stash[_FOLDER] / "cache")


@pytest.hookimpl(trylast=True)  # after the end of the processes that the tests were handed to
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if it left something behind."""
    if is_worker(session.config):
        return
    stash = session.config.stash
    # At its exit, which is near, this process removes its own.
    remove_own_folders()
    left = sorted(unversioned(session.config.rootpath) - stash[_BEFORE])
    stash[_LEFT] = left + own_files(stash[_FOLDER])
    if stash[_LEFT] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left behind."""
    if left := terminalreporter.config.stash.get(_LEFT, []):
        terminalreporter.section("left behind by the tests", red=True)
        for name in left:
            terminalreporter.write_line(name)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's temporary folder."""
    if folder := config.stash.get(_FOLDER, None):
        tempfile.tempdir = None
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _nothing_left_beside_files(tmp_path_factory: pytest.TempPathFactory):
    """No file of the moment stays beside what was written; stopped services are done by then."""
    yield
    left = [
        os.path.join(above, name)  # noqa: PTH118 - os.walk gives text
        for above, folders, files in os.walk(tmp_path_factory.getbasetemp())
        for name in (*folders, *files)
        if name.startswith(HIDDEN_PREFIX)
    ]
    assert left == []


def is_worker(config: pytest.Config) -> bool:
    """Whether this is a process that another one hands its tests to."""
    return hasattr(config, "workerinput")
