"""Tasks are assessed without being asked: as soon as what was fixed can be judged."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from typing import Protocol

from boundaries.tasking.assessing import BY, assess_due
from boundaries.tasking.history import Signed
from boundaries.tasking.meeting import LONDON
from boundaries.tasking.storage import read_tasks, save
from boundaries.tasking.task import Task
from geo.coverage import Coverage, ImportCoverage
from geo.question.ask import ask
from geo.question.store_settings import covers_of
from geo.store.contract import StoreReader
from geo.store.tasking_contract import TaskingStore


class AssessedStore(StoreReader, TaskingStore, Protocol):
    """A store with incidents to judge by, in which tasks are saved."""

    def transaction(self) -> AbstractContextManager[None]:
        """All changes made inside happen together or not at all."""


def assess_due_tasks(store: AssessedStore, *, at: datetime) -> tuple[list[Task], dict[str, str]]:
    """Assess every task that is done and whose months after the work are published.

    Parameters
    ----------
    store
        Where tasks and incidents are.
    at
        Now, with a time zone.

    Returns
    -------
    The tasks that were assessed and saved, and by their ids why others cannot be yet. Where nothing
    is due no incident is read.

    Raises
    ------
    ConflictError
        If somebody took a step with one of them meanwhile; nothing is saved, so try again.
    """
    if not any(row.state == "done" for row in store.tasks()):
        return [], {}
    imports = store.imports()
    covers = covers_of(store, {record.source for record in imports})
    coverage = Coverage(
        ImportCoverage.of_import(record, covers.get(record.partition_id)) for record in imports
    )
    assessed, waiting = assess_due(
        read_tasks(store),
        coverage,
        at.astimezone(LONDON).date(),
        # Tasks that one meeting decided often share their Question.
        answer_of=lru_cache(maxsize=1)(partial(ask, store=store)),
        signed=Signed(BY, at),
    )
    if assessed:
        with store.transaction():
            save(store, [(task, task.version - 1) for task in assessed])
    return assessed, waiting
