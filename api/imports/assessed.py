"""Tasks whose last month an import has published: they are assessed without being asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from boundaries.tasking.automatic import assess_due_tasks
from boundaries.tasking.task import Task
from geo.errors import PatchmapError
from geo.store.contract import Store


def assess_after_import(
    store: Store, *, record: Callable[[Sequence[Task]], None] = lambda _tasks: None
) -> list[str]:
    """Assess what is due after an import, which stays whatever comes of it.

    Parameters
    ----------
    store
        Where incidents were imported; outside of any transaction.
    record
        Called with the tasks inside the transaction that saves them.

    Returns
    -------
    A line for each task that was assessed. Where that was refused, a line that says why: the next
    import, or `patchmap task assess`, tries again.
    """
    try:
        assessed, _ = assess_due_tasks(store, at=datetime.now(UTC), record=record)
    except PatchmapError as error:
        return [f"tasks were not assessed: {error}; try again with 'patchmap task assess'"]
    return [assessed_line(task) for task in assessed]


def assessed_line(task: Task) -> str:
    """What became of a task, as one line."""
    return f"{task.task_id}, {task.title}: {task.finding}"
