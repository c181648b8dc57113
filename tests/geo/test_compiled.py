"""Compiled code is kept between processes, of which one at a time reads or writes it."""

import fcntl
import os
from pathlib import Path

import numba
import pytest
from numba.core.caching import IndexDataCacheFile

from geo.compiled import compiled


def _twice(value):
    return value + value


@pytest.fixture
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    return tmp_path


def _is_locked(folder: Path) -> bool:
    (lock,) = folder.rglob("patchmap.lock")
    descriptor = os.open(lock, os.O_WRONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def test_a_second_process_runs_what_the_first_compiled(cache_folder: Path) -> None:
    first, second = compiled(_twice), compiled(_twice)
    assert (first(2), first(1.5)) == (4, 3.0)
    assert (second(2), second(1.5)) == (4, 3.0)
    assert sum(second.stats.cache_hits.values()) == 2
    assert not second.stats.cache_misses


@pytest.mark.parametrize("step", ["_save_index", "_save_data", "_load_data"])
def test_nobody_else_is_at_the_files_meanwhile(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    locked = []
    original = getattr(IndexDataCacheFile, step)

    def noting(file: IndexDataCacheFile, *arguments: object) -> object:
        locked.append(_is_locked(cache_folder))
        return original(file, *arguments)

    monkeypatch.setattr(IndexDataCacheFile, step, noting)
    compiled(_twice)(2)
    compiled(_twice)(2)
    assert locked
    assert all(locked)
    assert not _is_locked(cache_folder)


def test_where_nothing_can_be_kept_it_runs_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*arguments: object) -> None:
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr("geo.compiled.FunctionCache.__init__", nowhere)
    assert compiled(_twice)(2) == 4
