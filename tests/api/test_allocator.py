"""When a service gives freed memory back, and that it comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from api.load import allocator
from api.load.allocator import MemoryReturn
from tests.loops import run_async


@pytest.fixture
def returned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one whenever memory is returned."""
    returns: list[str] = []
    monkeypatch.setattr(allocator, "return_memory", lambda: returns.append("returned"))
    return returns


def test_memory_is_returned_once_when_it_is_quiet(returned: list[str]) -> None:
    async def work() -> None:
        memory = MemoryReturn(quiet=0.02)
        for seconds in (1.0, 2.0):
            memory.begin()
            memory.end(seconds)
        memory.begin()
        await asyncio.sleep(0.1)
        assert not returned  # something is underway
        memory.end(0.0)
        await asyncio.sleep(0.1)

    run_async(work())
    assert len(returned) == 1


def test_memory_is_returned_in_time_where_it_is_never_quiet(returned: list[str]) -> None:
    async def work() -> None:
        memory = MemoryReturn(quiet=0.02, busy=0.04)
        memory.begin()
        memory.begin()
        memory.end(1.0)
        await asyncio.sleep(0.2)

    run_async(work())
    assert len(returned) == 1


def test_health_checks_return_nothing(returned: list[str]) -> None:
    async def work() -> None:
        memory = MemoryReturn(quiet=0.02)
        memory.begin()
        memory.end(0.001)
        await asyncio.sleep(0.1)

    run_async(work())
    assert not returned


FRAGMENTED = """
import threading
from pathlib import Path
from api.load.allocator import bound_arenas, return_memory

def megabytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1000 for line in lines if line.startswith("VmRSS"))

def work(kept):
    blocks = [bytearray(100_000) for _ in range(500)]
    kept.append(blocks[-1])  # the last of an arena: nothing before it is given back by itself

bound_arenas()
before, kept = megabytes(), []
threads = [threading.Thread(target=work, args=(kept,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
after = megabytes()
return_memory()
print(after - before, megabytes() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_what_threads_freed_comes_back() -> None:
    command = [sys.executable, "-c", FRAGMENTED]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    held, left = map(int, run.stdout.split())
    assert held > 30
    assert left < 15
