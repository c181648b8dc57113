"""Accounts of tasks: none is lost. raised = declined + open + waiting + done + assessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Protocol

from boundaries.tasking.task import LEVELS, Level
from boundaries.tasking.transitions import OPEN


class Listed(Protocol):
    """A task in a list, with or without its steps."""

    @property
    def level(self) -> str:
        """Who decides."""

    @property
    def state(self) -> str:
        """Where it stands."""


@dataclass(frozen=True)
class TaskAccounts:
    """How many tasks were raised, and where they stand now."""

    raised: int
    declined: int
    open: int
    waiting: int
    done: int
    assessed: int

    def __post_init__(self) -> None:
        parts = self.declined + self.open + self.waiting + self.done + self.assessed
        if self.raised != parts:
            raise ValueError(f"{self.raised} raised, {parts} accounted for")

    def as_dict(self) -> dict[str, int]:
        """The numbers by name."""
        return asdict(self)

    def __str__(self) -> str:
        """The accounts as a sentence."""
        return (
            f"{self.raised} raised = {self.declined} declined + {self.open} open + "
            f"{self.waiting} waiting + {self.done} done + {self.assessed} assessed"
        )


def accounts_of(tasks: Iterable[Listed]) -> TaskAccounts:
    """The accounts of some tasks, of whatever level.

    Parameters
    ----------
    tasks
        Each once.

    Returns
    -------
    The accounts, which are checked: every task is in exactly one part.
    """
    states = Counter(task.state for task in tasks)
    return TaskAccounts(
        raised=states.total(),
        declined=states["declined"],
        open=sum(states[state] for state in OPEN),
        waiting=states["waiting"],
        done=states["done"],
        assessed=states["assessed"],
    )


def accounts_by_level(tasks: Iterable[Listed]) -> dict[Level, TaskAccounts]:
    """The accounts of each level.

    Parameters
    ----------
    tasks
        Each once.

    Returns
    -------
    One for each level, also where it has no tasks.
    """
    every = list(tasks)
    return {level: accounts_of(one for one in every if one.level == level) for level in LEVELS}
