"""Who does a task: the role that took it on, the service, or both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

NOBODY: Final = "nobody yet"


class Owned(Protocol):
    """A task, with or without its steps."""

    @property
    def owner(self) -> str:
        """The role; '' where none has it yet."""

    @property
    def service(self) -> str:
        """The service; '' where none was named."""


def who_words(owner: str, service: str) -> str:
    """Who does a task, the same at every door.

    Parameters
    ----------
    owner, service
        Of the task.

    Returns
    -------
    Such as `warden`, `warden, Parks (service)` or `Parks (service)`; `NOBODY` where neither is
    known.
    """
    named = [owner] if owner else []
    return ", ".join([*named, *([f"{service} (service)"] if service else [])]) or NOBODY


def is_of(task: Owned, who: str) -> bool:
    """Whether a role or service does a task, however it is spelled.

    Parameters
    ----------
    task
        Any.
    who
        A role or service; '' for any.

    Returns
    -------
    Whether it is the owner or the service.
    """
    return not who or who.casefold() in {task.owner.casefold(), task.service.casefold()}


def owners_of(tasks: Iterable[Owned]) -> list[str]:
    """The roles and services that do some tasks, in the order of the alphabet.

    Parameters
    ----------
    tasks
        Any.
    """
    return sorted({who for one in tasks for who in (one.owner, one.service) if who}, key=_folded)


def unknown_owner(who: str, tasks: Iterable[Owned]) -> str:
    """That no task has an owner or service; '' where one has.

    Parameters
    ----------
    who
        The role or service that somebody looks for; '' for any.
    tasks
        All that they see.

    Returns
    -------
    A sentence without its full stop, with those that have tasks.
    """
    every = list(tasks)
    if any(is_of(one, who) for one in every) or not who:
        return ""
    known = ", ".join(owners_of(every)) or "none yet"
    return f"no task has the owner or service {who!r}; those that have tasks: {known}"


def _folded(text: str) -> tuple[str, str]:
    return text.casefold(), text
