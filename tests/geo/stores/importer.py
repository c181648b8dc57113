"""Imports in a process of its own, which tests kill, or run beside another one."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from geo.errors import PatchmapError
from geo.incidents import Partition
from tests.geo.stores.parts import lines, part
from tests.geo.stores.places import open_at
from tests.signals import ProcessHandle

MONTHS = tuple(f"2024-{number:02}" for number in range(1, 6))
ROWS, BATCH_ROWS = 200, 100
STEPS = ("begun", *("batch",) * (len(MONTHS) * ROWS // BATCH_ROWS), "written", "committed")

# Starts processes that hold nothing of the tests' own, and as fast as a fork.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.geo.stores.importer", "geo.store.postgis"])


def new_months(rows: int = ROWS, *, name: str = "derbyshire") -> list[Partition]:
    """Several months in small batches, which are made already."""
    return [
        _read(
            part(
                lines(rows, month=month, name=name, category="noise"),
                month=month,
                name=name,
                batch_rows=BATCH_ROWS,
                rejected=["no location"],
            )
        )
        for month in MONTHS
    ]


def _read(partition: Partition) -> Partition:
    batches = list(partition.batches())
    return replace(partition, batches=lambda: iter(batches))


def import_together(address: str, mark: Connection) -> None:
    """Import all months in one transaction, and tell of each step.

    The steps are `begun`, `batch` for each, `written`, `committed` and `done`; or in the end the
    line of a refusal.
    """
    months = new_months()
    mark.send("begun")
    try:
        store = open_at(address)
        with store.transaction():
            for month in months:
                store.put_partition(month, on_batch=lambda _: mark.send("batch"))
            mark.send("written")
        mark.send("committed")
        store.close()
    except PatchmapError as error:
        mark.send(str(error))
    else:
        mark.send("done")


def import_one_by_one(address: str, name: str, mark: Connection) -> None:
    """Import each month in a transaction of its own; say `done`, or the line of the refusal."""
    try:
        store = open_at(address, create=True)
        for month in new_months(50, name=name):
            with store.transaction():
                store.put_partition(month)
        store.close()
    except PatchmapError as error:
        mark.send(str(error))
    else:
        mark.send("done")


def start(target, *arguments: object) -> tuple[BaseProcess, Connection]:
    """Run a function in a process; it gets the end of a pipe as its last argument."""
    ours, theirs = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=target, args=(*arguments, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def send(number: signal.Signals, process: BaseProcess) -> None:
    """Send a process a signal, unless it has come to its end."""
    assert process.pid
    # A child of the server of forks, which lets its id be used again as soon as it ends.
    with suppress(ProcessLookupError):
        handle = ProcessHandle(process.pid, lambda: process.exitcode is None)
        handle.send(number)
        handle.close()


def said(mark: Connection) -> Iterator[str]:
    """What a process has still to say until it ends."""
    with suppress(EOFError):
        while True:
            yield mark.recv()
