"""Tasks that are saved in a process of its own, which tests kill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from multiprocessing.connection import Connection

from boundaries.tasking.actions import ReferralTerms, raise_task, refer_task, take_step
from boundaries.tasking.storage import read_tasks
from geo.store.contract import Store
from tests.boundaries.tasking.tasking_made import signed, terms
from tests.geo.stores.places import open_at

ROUND = 4
"""Transactions of a round: raise, refer, answer, note."""


def save_without_end(address: str, mark: Connection) -> None:
    """Raise, refer, answer and note tasks until the end of the process.

    Says `begun`, and after each transaction that was committed how many there were.
    """
    with closing(open_at(address)) as store:
        mark.send("begun")
        saved = count(1)
        for number in count():
            for step in _round(store, number):
                step()
                mark.send(next(saved))


def _round(store: Store, number: int) -> Iterator[Callable[[], object]]:
    task, child = f"T-{2 * number + 1:04d}", f"T-{2 * number + 2:04d}"
    up = ReferralTerms("up", "city board", "Money.")
    yield lambda: raise_task(store, terms(), signed=signed(), note="Dark.")
    # Two tasks at once: the one that waits, and the one that is raised by that.
    yield lambda: refer_task(store, task, up, signed=signed(hours=1))
    # And again: the answer, and the task that goes on.
    yield lambda: take_step(store, child, "answer", signed=signed(hours=2), note="Granted.")
    yield lambda: take_step(store, task, "note", signed=signed(hours=3), note="Thanks.")


def transactions(store: Store) -> int:
    """How many transactions of `save_without_end` a store holds: whole ones, or this fails."""
    with store.reading():
        tasks = read_tasks(store)
        by_id = {one.task_id: one for one in tasks}
        assert [*by_id] == [f"T-{number:04d}" for number in range(1, len(tasks) + 1)]
        own, done = tasks[::2], 0
        for parent in own:
            kinds = [step.kind for step in parent.steps]
            assert kinds == ["raise", "refer", "answered", "note"][: len(kinds)]
            child = by_id.get(f"T-{int(parent.task_id[2:]) + 1:04d}")
            of_child = [step.kind for step in child.steps] if child else []
            assert of_child == ["raise", "answer"][: max(0, min(len(kinds), 3) - 1)]
            done += len(kinds)
        # Only the last round may be unfinished.
        assert all(len(one.steps) == ROUND for one in own[:-1])
        assert store.data_version().tasks == done
    return done
