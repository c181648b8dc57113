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
    """Compile a function at its first call; it then runs without Python's lock.

    What was compiled is kept beside the source or in the user's cache. Where neither can be
    written it is compiled anew in each process.

    Parameters
    ----------
    sum_in_any_order
        Whether sums may change their order, for else they use none of the vectors: such a
        function gives the same to rounding, and not the same bits on every machine.
    """
    make = partial(numba.njit, nogil=True, fastmath=_ANY_ORDER if sum_in_any_order else False)

    def compile_now(named: Any) -> Any:
        try:
            return make(named, cache=True)
        except RuntimeError:
            return make(named)

    return compile_now if function is None else compile_now(function)
