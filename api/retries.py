"""Reading tasks while others save theirs: whoever reads again gets the new state."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from api.snapshot import TasksChangedError

Made = TypeVar("Made")

_PAUSES_S: Final = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""How long to wait before each new try; somebody saves in a hundredth of a second."""


def made_of_one_state(make: Callable[[], Made]) -> Made:
    """Return what `make` makes, made anew where tasks were saved meanwhile.

    Parameters
    ----------
    make
        Takes a snapshot of the store and reads tasks in it. It has changed nothing when it raises
        `TasksChangedError`.

    Raises
    ------
    TasksChangedError
        If tasks were saved during each of seven tries.
    """
    for pause in _PAUSES_S:
        try:
            return make()
        except TasksChangedError:
            time.sleep(pause)
    return make()
