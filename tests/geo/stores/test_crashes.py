"""Whatever ends an import, a store holds all of it or nothing, and goes on from there."""

import random
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import pytest

from geo.question.ask import ask
from geo.question.model import Question
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.importer import (
    MONTHS,
    STEPS,
    import_together,
    new_months,
    said,
    send,
    start,
)
from tests.geo.stores.parts import all_incidents, month_part, put, put_layer, states
from tests.geo.stores.places import Places, PostgisPlaces, open_at
from tests.postgres import PrivateCluster

RUNS = 2 * len(STEPS)
"""Each step is broken off twice, at a moment and in a way that the number of the run decides."""
BEFORE = ["current"] * 2
AFTER = ["replaced"] * 2 + ["current"] * len(MONTHS)


@dataclass(frozen=True)
class Undisturbed:
    """An import that nothing ended: what is there before and after it, and what each step takes."""

    before: tuple
    after: tuple
    seconds: list[float]


def content(store: Store) -> tuple:
    """The incidents, the state of each import, and the answer to one question."""
    with store.reading():
        answer = ask(Question.read({"period": "latest-9m"}), store).area_counts["n"].tolist()
        return all_incidents(store), states(store), answer


@pytest.fixture(scope="module")
def begun(places, four_squares) -> str:
    """A store with a layer and two months, which the import replaces."""
    address = places.new()
    with closing(open_at(address, create=True)) as store:
        put_layer(store, four_squares)
        put(store, month_part(MONTHS[0], 40), month_part(MONTHS[1], 7))
    assert places.faults(address) == []
    return address


@pytest.fixture(scope="module")
def undisturbed(places, begun) -> Undisturbed:
    address = places.copy(begun)
    with closing(open_at(address)) as store:
        before = content(store)
    process, mark = start(import_together, address)
    words, times = zip(*((word, time.monotonic()) for word in said(mark)), strict=True)
    process.join(timeout=120)
    with closing(open_at(address)) as store:
        after = content(store)
    assert words == (*STEPS, "done")
    assert (before[1], after[1]) == (BEFORE, AFTER)
    return Undisturbed(before, after, [end - begin for begin, end in pairwise(times)])


@pytest.fixture
def copied(places, begun) -> Iterator[str]:
    address = places.copy(begun)
    yield address
    places.remove(address)


def wait_for_the_moment(run: int, mark: Connection, usual: Undisturbed) -> list[str]:
    """Wait until this run's moment to die: somewhere in one step of the import or a little later.

    Returns what the importer said so far.
    """
    step = run % len(STEPS)
    heard = [mark.recv() for _ in range(step + 1)]
    time.sleep(random.Random(run).uniform(0, 1.2) * usual.seconds[step])
    return heard


def end_by_force(run: int, process: BaseProcess, places: Places, address: str) -> None:
    """Kill the importer; on a server of our own in two runs of five the server instead."""
    private = isinstance(places, PostgisPlaces) and isinstance(places.cluster, PrivateCluster)
    if private and run % 5 == 1:
        places.cluster.kill_writer(address)
    elif private and run % 5 == 3:
        places.cluster.crash()
    else:
        send(signal.SIGKILL, process)
    process.join(timeout=120)
    assert process.exitcode is not None


@pytest.mark.parametrize("run", range(RUNS))
def test_an_import_that_is_killed_is_there_whole_or_not_at_all(run, places, copied, undisturbed):
    process, mark = start(import_together, copied)
    heard = wait_for_the_moment(run, mark, undisturbed)
    end_by_force(run, process, places, copied)
    heard += said(mark)
    assert "\n" not in heard[-1]
    assert places.faults(copied) == []
    with closing(open_at(copied)) as store:
        state = content(store)
        assert state in (undisturbed.before, undisturbed.after)
        assert state == undisturbed.after or "committed" not in heard
        again = put(store, *new_months())
        assert again in (["replaced"] * 2 + ["added"] * 3, ["unchanged"] * 5)
        assert content(store) == undisturbed.after
    assert places.faults(copied) == []


def test_a_geopackage_whose_making_was_cut_short_can_be_made_again(tmp_path):
    """The file is there with its header, but no table yet."""
    path = tmp_path / "s.gpkg"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA application_id = 1196444487")
    with closing(GeoPackageStore(path, create=True)) as store:
        assert put(store, month_part("2024-01")) == ["added"]
