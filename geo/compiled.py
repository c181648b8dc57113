"""Compiling the few loops that numpy cannot run fast, by numba."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, overload

import numba
from numba.core.caching import FunctionCache

if sys.platform != "win32":
    import fcntl

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
        compiled_function: Any = make(named)
        with suppress(RuntimeError):  # there is no folder that can be written
            # As `cache=True` does, with a cache that processes share safely.
            compiled_function._cache = _SharedCache(named)  # type: ignore[no-untyped-call]  # numba has no types
        return compiled_function

    return compile_now if function is None else compile_now(function)


class _SharedCache(FunctionCache):
    """Numba's cache of compiled code, used by one process at a time.

    Numba numbers the files of a function's variants after the index that it has read, and writes
    the index first. Of two processes at once both may take the same number, and then one of the
    variants is loaded and run in the place of the other.
    """

    def _load_overload(self, sig: Any, target_context: Any) -> Any:
        with _alone_in(self.cache_path):
            return super()._load_overload(sig, target_context)  # type: ignore[no-untyped-call]  # likewise

    def _save_overload(self, sig: Any, data: Any) -> None:
        with _alone_in(self.cache_path):
            super()._save_overload(sig, data)  # type: ignore[no-untyped-call]  # likewise


@contextmanager
def _alone_in(folder: str) -> Iterator[None]:
    """Wait until no other process is inside, where the system has such locks."""
    if sys.platform == "win32":
        yield
        return
    # Whoever may write the folder may compile there.
    descriptor = os.open(Path(folder) / "patchmap.lock", os.O_CREAT | os.O_WRONLY, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
