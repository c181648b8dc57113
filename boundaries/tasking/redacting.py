"""Texts that name a person are taken out: where they stand, and where a referral carried them."""

from __future__ import annotations

from collections.abc import Callable

from boundaries.tasking.actions import TaskStore
from boundaries.tasking.history import Signed, redactable
from boundaries.tasking.referrals import TextAt, copies
from boundaries.tasking.storage import (
    Subject,
    read_meeting,
    read_priority,
    read_roster_entry,
    read_task,
    read_tasks,
    save,
)
from boundaries.tasking.task import Task
from geo.store.tasking_contract import TaskingReader


def redact_text(
    store: TaskStore, own: str, *, step: int, text: str, signed: Signed, why: str
) -> Subject:
    """Take a text that names a person out of a task, priority, entry of the roster, or meeting.

    A referral carries title, note and answer to another task: of a task the text is also taken out
    where it was carried to, and where it came from. A text that is only alike stays. Until
    `Store.compact` it can be read from the store's files.

    Parameters
    ----------
    store
        Where it is kept.
    own
        Its id, whose first letter says what it is.
    step, text, signed, why
        As `history.redacted` takes them.

    Returns
    -------
    It, without the text.

    Raises
    ------
    NotFoundError, InputError
        As `history.redacted` raises them, or if there is nothing of this id.
    """
    readers: dict[str, Callable[[TaskStore, str], Subject]] = {
        "P": read_priority,
        "R": read_roster_entry,
        "M": read_meeting,
    }
    with store.transaction():
        before = readers.get(own[:1], read_task)(store, own)
        after = before.redact(step=step, text=text, signed=signed, why=why)
        changed = [(after, before.version)]
        if isinstance(before, Task):
            carried = _carried(store, before, TextAt(own, step, text))
            for one in read_tasks(store, sorted({at.task_id for at in carried})):
                without = one
                for at in carried:
                    if at.task_id == one.task_id:
                        without = without.redact(step=at.step, text=at.text, signed=signed, why=why)
                changed.append((without, one.version))
        save(store, changed)
    return after


def tasks_with_copies(store: TaskingReader, task_id: str, *, step: int, text: str) -> list[str]:
    """The other tasks that a text of a task was carried to, or came from.

    Parameters
    ----------
    store
        Where they are kept.
    task_id, step, text
        As `redact_text` takes them.

    Returns
    -------
    Their ids, which `redact_text` changes too.
    """
    carried = _carried(store, read_task(store, task_id), TextAt(task_id, step, text))
    return sorted({at.task_id for at in carried})


def _carried(store: TaskingReader, task: Task, start: TextAt) -> list[TextAt]:
    """Where else a text stands because referrals carried it there, however far."""
    tasks = {one.task_id: one for one in [task, *_linked(store, task)]}
    pairs = [
        pair
        for one in tasks.values()
        if one.parent in tasks
        for pair in copies(tasks[one.parent], one)
    ]
    reached = new = {start}
    while new:
        new = {at for pair in pairs if not reached.isdisjoint(pair) for at in pair} - reached
        reached = reached | new
    return [at for at in sorted(reached - {start}) if _stands(tasks[at.task_id], at)]


def _stands(task: Task, at: TextAt) -> bool:
    """Whether a text still stands there: it may be empty, or have been taken out before."""
    return at.text in redactable(task.steps[at.step - 1])


def _linked(store: TaskingReader, task: Task) -> list[Task]:
    """The tasks that a task was referred from and to, and theirs, however far."""
    rows = store.tasks()
    pairs = [(row.parent, row.task_id) for row in rows if row.parent]
    ids = new = {task.task_id}
    while new:
        new = {one for pair in pairs if not ids.isdisjoint(pair) for one in pair} - ids
        ids = ids | new
    return read_tasks(store, sorted(ids - {task.task_id}))
