"""Compiling the few loops that numpy cannot run fast, by numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numba

Function = TypeVar("Function", bound=Callable)


def compiled(function: Function) -> Function:
    """Compile a function at its first call; it then runs without Python's lock.

    What was compiled is kept beside the source or in the user's cache. Where neither can be
    written it is compiled anew in each process.
    """
    try:
        made: Function = numba.njit(function, nogil=True, cache=True)
    except RuntimeError:
        made = numba.njit(function, nogil=True)
    return made
