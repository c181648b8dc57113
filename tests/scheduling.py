"""Which tests run first, and which on one worker: hooks of pytest-xdist, with `--dist loadfile`."""

from __future__ import annotations

import gc
from zlib import crc32

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
LONG = (
    BROWSER,
    "tests/test_readme.py",
    "tests/soak/test_soak.py",
    "tests/api/test_what_was_read.py",
    "tests/api/commands/test_start_real.py",
    "tests/api/test_planted_session.py",
    "tests/geo/analyses/test_proof_real.py",
    "tests/geo/analyses/test_proof.py",
    "tests/geo/analyses/test_analyses.py",
    "tests/api/ogc/test_openapi.py",
    "tests/boundaries/test_drafting.py",
    "tests/test_notebooks.py",
    "tests/test_recipe.py",
)
"""Folders and files that take longest: begun last, one worker would wait for another's."""


BROWSERS = 2
"""A worker with all of them would be at them long after the others are done."""


class Scheduling(LoadFileScheduling):
    """A file at a time to each worker; what needs a browser to two, each with the city it shows."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        # By a sum that is the same in every process, as that of Python's own hashes is not.
        group = crc32(file.encode()) % BROWSERS
        return f"{BROWSER}{group}" if file.startswith(BROWSER) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    """Schedule by files where that is asked for."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first, as they stand above."""
    items.sort(key=lambda item: _place(item.nodeid))


def pytest_collection_finish() -> None:
    """Keep what is loaded by now from the garbage collector, which took a tenth of all time."""
    gc.collect()
    gc.freeze()


def _place(nodeid: str) -> int:
    return next((at for at, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))
