"""Which tests run first, and which on one worker: hooks of pytest-xdist, with `--dist loadfile`."""

from __future__ import annotations

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


class Scheduling(LoadFileScheduling):
    """A file at a time to each worker; all that needs a browser to one, with the city it shows."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling | None:
    """Schedule by files where that is asked for."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first, as they stand above."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    return next((at for at, start in enumerate(LONG) if nodeid.startswith(start)), len(LONG))
