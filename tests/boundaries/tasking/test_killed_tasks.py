"""A process that saves tasks is killed: what was committed is there, and nothing by half."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import closing

import pytest

from boundaries.tasking.actions import raise_task
from boundaries.tasking.storage import read_tasks, row_of
from tests.boundaries.tasking.task_saver import save_without_end, transactions
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.geo.stores.importer import said, send, start
from tests.geo.stores.places import Places, open_at

RUNS = int(os.environ.get("KILLS", "5"))
"""How often it is killed on each store; more find more."""


@pytest.fixture(scope="module")
def empty(places: Places) -> str:
    address = places.new()
    open_at(address, create=True).close()
    return address


@pytest.mark.parametrize("run", range(RUNS))
def test_tasks_of_a_killed_process_are_saved_whole_or_not_at_all(
    run: int, places: Places, empty: str
) -> None:
    address = places.copy(empty)
    process, mark = start(save_without_end, address)
    assert mark.recv() == "begun"
    time.sleep(random.Random(run).uniform(0, 1))
    send(signal.SIGKILL, process)
    committed = max((int(number) for number in said(mark)), default=0)
    process.join(timeout=120)
    assert process.exitcode == -signal.SIGKILL
    with closing(open_at(address)) as store:
        # One may have been committed and not reported any more.
        assert transactions(store) in (committed, committed + 1)
        tasks = read_tasks(store)
        assert store.tasks() == [row_of(one) for one in tasks]
        # And it goes on from there.
        own = raise_task(store, terms(), signed=signed())
        assert own.task_id == f"T-{len(tasks) + 1:04d}"
    assert places.faults(address) == []
    places.remove(address)
