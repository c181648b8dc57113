"""Tasks are assessed without being asked: as soon as what was fixed can be judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import lru_cache, partial
from typing import Protocol

import shapely

from boundaries.tasking.assessing import BY, assess_due, question_in
from boundaries.tasking.assessment import Assessment
from boundaries.tasking.deciding import propose
from boundaries.tasking.history import LONDON, Signed
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


def assess_due_tasks(
    store: AssessedStore,
    *,
    at: datetime,
    record: Callable[[Sequence[Task]], None] = lambda _tasks: None,
) -> tuple[list[Task], dict[str, str]]:
    """Assess every task that is done and whose months after the work are published.

    Parameters
    ----------
    store
        Where tasks and incidents are.
    at
        Now, with a time zone.
    record
        Called with the tasks inside the transaction that saves them, such as for an audit.

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
    coverage = _coverage(store)
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
            record(assessed)
            save(store, [(task, task.version - 1) for task in assessed])
    return assessed, waiting


def proposed_assessment(
    store: StoreReader, query: str, place: shapely.Geometry, *, at: datetime | None = None
) -> Assessment:
    """How a task that is decided now will be judged, by what its Question counts.

    Parameters
    ----------
    store
        Where incidents are.
    query
        The query string that the task comes from; '' for all categories.
    place
        Where the task is, in metres of the store's CRS.
    at
        When the task is raised, with a time zone; now without it.

    Returns
    -------
    As `propose` proposes it.

    Raises
    ------
    InputError, QuestionError
        As `propose`; also if the query string is none of a Question.
    """
    decided = (at or datetime.now(LONDON)).astimezone(LONDON).date()
    return propose(question_in(query), place, decided, answer_of=partial(ask, store=store))


def _coverage(store: StoreReader) -> Coverage:
    imports = store.imports()
    covers = covers_of(store, {one.source for one in imports})
    return Coverage(ImportCoverage.of_import(one, covers.get(one.partition_id)) for one in imports)
