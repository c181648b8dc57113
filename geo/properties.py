"""Properties that are computed once for each instance."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

__all__ = ["cached_property"]

if TYPE_CHECKING:
    from functools import cached_property
else:
    from collections.abc import Callable

    class cached_property:  # noqa: N801 - it takes the place of the one of functools
        """`functools.cached_property` with a lock for each instance.

        That of Python 3.11 has one lock for all instances of a class: while a thread computes a
        property, those that read it of other instances wait. That of Python 3.12 has none, so that
        threads which read the same answer would each compute it.

        Parameters
        ----------
        compute
            Makes the value of an instance.
        """

        def __init__(self, compute: Callable[[object], object]) -> None:
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name, self._lock_name = name, f"_{name}_lock"

        def __get__(self, instance: object, owner: type | None = None) -> object:
            """The value of an instance, computed now if it was not before."""
            if instance is None:
                return self
            values = instance.__dict__
            # One operation of the interpreter: all threads that come here get the same lock.
            with values.setdefault(self._lock_name, threading.RLock()):
                try:
                    if self._name not in values:
                        values[self._name] = self._compute(instance)
                finally:
                    # An instance with a lock could not be pickled; who waits for it has it already.
                    values.pop(self._lock_name, None)
            return values[self._name]
