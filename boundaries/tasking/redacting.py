"""Texts that name a person are taken out: where they stand, and where a referral copied them."""

from __future__ import annotations

from collections.abc import Callable

from boundaries.tasking import referrals
from boundaries.tasking.actions import TaskStore
from boundaries.tasking.history import Signed, redactable
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
from geo.store.tasking_rows import text_in


def redact_text(
    store: TaskStore, own: str, *, step: int, text: str, signed: Signed, why: str
) -> Subject:
    """Take a text that names a person out of a task, priority, entry of the roster, or meeting.

    A referral copies title, note and answer to another task: of a task it is taken out wherever it
    stands in its steps, and in those of the tasks that it was referred from and to. Until
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
        changed: list[tuple[Subject, int]] = []
        if isinstance(before, Task) and isinstance(after, Task):
            old = text_in(before.steps[step - 1].as_dict(), text)
            after = _without_copies(after, old, signed=signed, why=why)
            for one in _linked(store, before):
                without = _without_copies(one, old, signed=signed, why=why)
                changed += [(without, one.version)] if without != one else []
        save(store, [(after, before.version), *changed])
    return after


def _linked(store: TaskStore, task: Task) -> list[Task]:
    """The tasks that a task was referred from and to, and theirs, however far."""
    rows = store.tasks()
    pairs = [(row.parent, row.task_id) for row in rows if row.parent]
    ids = new = {task.task_id}
    while new:
        new = {one for pair in pairs if not ids.isdisjoint(pair) for one in pair} - ids
        ids = ids | new
    return read_tasks(store, sorted(ids - {task.task_id}))


def _without_copies(task: Task, old: str, *, signed: Signed, why: str) -> Task:
    """A task without a text that was copied from another; the same where it has none."""
    copies = [
        (number, text)
        for number, step in enumerate(task.steps, start=1)
        for text in redactable(step)
        if text_in(step.as_dict(), text) in _copied(old)
    ]
    for number, text in copies:
        task = task.redact(step=number, text=text, signed=signed, why=why)
    return task


def _copied(text: str) -> set[str]:
    """How a text stands in a linked task: as it is, or as the answer to a referral."""
    words = [f"{word}: " for word in referrals.ANSWERED]
    own = {text.removeprefix(word) for word in words}
    return own | {f"{word}{one}" for word in words for one in own}
