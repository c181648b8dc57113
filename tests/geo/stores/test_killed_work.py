"""Undo, copy, restore and migration: killed, stopped, under a clock that jumps, whole or not."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from geo.errors import StoreError
from geo.store.contract import Store
from geo.store.migrations import migrations
from tests.geo.stores import workers
from tests.geo.stores.importer import said, send, start
from tests.geo.stores.parts import all_incidents, month_part, put, put_layer
from tests.geo.stores.places import Places, PostgisPlaces, open_at
from tests.postgres import PrivateCluster

RUNS = int(os.environ.get("KILLS", "5"))
"""How often each work is broken off on each store; more find more."""

MONTHS = ("2024-01", "2024-02", "2024-03")
ROWS = 400
Worker = Callable[[str, str, bool, Connection], None]


@dataclass
class Work:
    """Some work on a store, and what the store holds before and after it."""

    worker: Worker
    subject: str
    other: str
    before: tuple = ()
    after: tuple = ()
    seconds: float = 0.0


def content(store: Store) -> tuple:
    """What must be as it was, or as it becomes: never something in between."""
    with store.reading():
        layers = [(one.layer_id, len(store.layer(one.layer_id)[1])) for one in store.layers()]
        imports = [(one.partition_id, one.sha256) for one in store.imports()]
        return all_incidents(store), imports, layers, store.plans()


def content_at(address: str) -> tuple:
    """Opens a store, which finishes what a migration has not done, and closes it."""
    with closing(open_at(address, create=True)) as store:
        return content(store)


@pytest.fixture(scope="module", params=["undo", "copy", "restore", "migrate"])
def work(request, places, four_squares) -> Work:
    """Each work, once done to the end on a copy."""
    name = request.param
    if name == "restore" and isinstance(places, PostgisPlaces):
        pytest.skip("a database is restored by a copy")
    filled = places.new()
    with pytest.MonkeyPatch.context() as earlier:
        if name == "migrate":
            earlier.setattr(
                "geo.store.migrations.migrations",
                # The third only adds a column to imports, which are read and written here.
                lambda dialect: [one for one in migrations(dialect) if one.number != 2],
            )
        with closing(open_at(filled, create=True)) as store:
            put_layer(store, four_squares)
            put(store, *(month_part(month, ROWS // 2) for month in MONTHS))
            put(store, *(month_part(month, ROWS, category="noise") for month in MONTHS[1:]))
    emptied = places.new()
    if name == "restore":  # from a backup of other data
        with closing(open_at(emptied, create=True)) as store:
            put(store, month_part("2023-01", ROWS))
    elif isinstance(places, PostgisPlaces):
        open_at(emptied, create=True).close()
    subjects = {"copy": (emptied, filled), "restore": (filled, emptied)}
    made = Work(getattr(workers, name), *subjects.get(name, (filled, filled)))
    address = copied(places, made)
    if name == "migrate":
        made.before = content_at(places.copy(address))
    else:
        made.before = content_at(address)
    process, mark = start(made.worker, address, made.other, False)
    assert mark.recv() == "begun"
    began = time.monotonic()
    assert list(said(mark)) == ["done"]
    made.seconds = time.monotonic() - began
    process.join(timeout=120)
    made.after = content_at(address)
    assert (made.before == made.after) == (name == "migrate")
    return made


def copied(places: Places, work: Work) -> str:
    """A store to work on, of this run alone; for a copy a place without one."""
    if not isinstance(places, PostgisPlaces) and not Path(work.subject).exists():
        return places.new()
    return places.copy(work.subject)


@pytest.mark.parametrize("run", range(RUNS))
def test_work_that_is_broken_off_is_done_or_not_begun(run, places, work):
    address = copied(places, work)
    process, mark = start(work.worker, address, work.other, run % 5 in {2, 4})
    assert mark.recv() == "begun"
    time.sleep(random.Random(run).uniform(0, 1) * work.seconds)
    if run % 5 in {1, 3}:
        stop_and_look(process, address, work)
    if run % 5 != 3:
        break_off(run, process, places, address)
    words = list(said(mark))
    process.join(timeout=120)
    if run % 5 == 3:
        assert words == ["done"]
    if words == ["done"]:
        assert content_at(address) == work.after
    assert content_at(address) in (work.before, work.after)
    assert places.faults(address) == []
    assert_can_be_done(address, work)
    assert leftovers(address) == []
    places.remove(address)


def stop_and_look(process: BaseProcess, address: str, work: Work) -> None:
    """Stop a process, see what others see of the store meanwhile, and let it go on."""
    send(signal.SIGSTOP, process)
    try:
        # A store that is being made or migrated is waited for; that would be us.
        if work.worker in (workers.undo, workers.restore):
            with unless_locked(), closing(open_at(address)) as store:
                assert content(store) in (work.before, work.after)
    finally:
        send(signal.SIGCONT, process)


@contextmanager
def unless_locked() -> Iterator[None]:
    """Let a reader be refused in a line: a file being restored, or closed just now, is locked."""
    try:
        yield
    except StoreError as error:
        if "another program is using it; try again" not in str(error):
            raise


def break_off(run: int, process: BaseProcess, places: Places, address: str) -> None:
    """Kill the process; on a server of our own in one run of five the server instead."""
    private = isinstance(places, PostgisPlaces) and isinstance(places.cluster, PrivateCluster)
    if private and run % 5 == 4:
        places.cluster.kill_writer(address)
    else:
        send(signal.SIGKILL, process)
    process.join(timeout=120)


def assert_can_be_done(address: str, work: Work) -> None:
    """The work that was broken off can be done now, and has its usual end."""
    if content_at(address) == work.after:
        return
    process, mark = start(work.worker, address, work.other, False)
    assert list(said(mark)) == ["begun", "done"]
    process.join(timeout=120)
    assert content_at(address) == work.after


def leftovers(address: str) -> list[str]:
    """Files beside the store's own that are of it."""
    if address.startswith("postgresql://"):
        return []
    path = Path(address)
    return [file.name for file in path.parent.glob(f"{path.name}?*")]
