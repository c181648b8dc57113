"""Compiling the few loops that numpy cannot run fast, by numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, overload

import numba

Function = TypeVar("Function", bound=Callable)

_ANY_ORDER = {"reassoc", "nsz"}


@overload
def compiled(function: Function) -> Function: ...


@overload
def compiled(*, sum_in_any_order: bool) -> Callable[[Function], Function]: ...


def compiled(function: Any = None, *, sum_in_any_order: bool = False) -> Any:
    """Compile a function at its first call; it then runs without Python's global lock.

    The compiled code is stored beside the source or in the user's cache. If neither is writable,
    each process compiles again.

    Parameters
    ----------
    function
        What to compile; left out when the decorator has options.
    sum_in_any_order
        Let the compiler reorder sums, which it needs to do for vector instructions. Results then
        agree up to rounding, but not to the last bit on every machine.

    Returns
    -------
    function
        With the same parameters.
    """
    make = partial(numba.njit, nogil=True, fastmath=_ANY_ORDER if sum_in_any_order else False)

    def compile_now(named: Any) -> Any:
        try:
            return make(named, cache=True)
        except RuntimeError:
            return make(named)

    return compile_now if function is None else compile_now(function)
