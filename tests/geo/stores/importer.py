"""Imports in a process of its own, which tests kill, or run beside another one."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from geo.errors import PatchmapError
from geo.incidents import Partition
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.parts import lines, part

MONTHS = tuple(f"2024-{number:02}" for number in range(1, 7))
ROWS = 600

# Starts processes that hold nothing of the tests' own, and as fast as a fork.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.geo.stores.importer"])


def new_months(rows: int = ROWS, *, name: str = "derbyshire") -> list[Partition]:
    """Several months in small batches."""
    return [
        part(
            lines(rows, month=month, name=name, category="noise"),
            month=month,
            name=name,
            batch_rows=200,
            rejected=["no location"],
        )
        for month in MONTHS
    ]


def import_together(path: Path, mark: Connection) -> None:
    """Import all months in one transaction, and say when that begins."""
    months = new_months()
    mark.send("begun")
    store = GeoPackageStore(path)
    with store.transaction():
        for month in months:
            store.put_partition(month)
    store.close()
    mark.send("done")


def import_one_by_one(path: Path, name: str, mark: Connection) -> None:
    """Import each month in a transaction of its own; say `done`, or the line of the refusal."""
    try:
        store = GeoPackageStore(path, create=True)
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
