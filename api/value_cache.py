"""Values of measures that were read from a store, for the next Question about the same areas."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

import pandas as pd

from geo.period import Period

_MOST_TABLES: Final = 256
_MOST_ROWS: Final = 20_000
"""Tables with more rows are read anew: a hundred measures of a country would fill the memory."""


class ValuesRead(NamedTuple):
    """What was read of a store: its UUID and counter of measures, and what was asked of them."""

    version: tuple[str, int]
    measure_ids: tuple[str, ...] | None
    area_codes: tuple[str, ...] | None
    period: Period | None


class ValuesElsewhereCounted(NamedTuple):
    """Which values were counted: those of a measure of all areas but some."""

    version: tuple[str, int]
    measure_id: str
    area_codes: tuple[str, ...]
    period: Period | None


_Key = TypeVar("_Key", bound=NamedTuple)
_Table = TypeVar("_Table", pd.DataFrame, pd.Series)


class ValueCache(Generic[_Key, _Table]):
    """Caches tables of values, safe for use by several threads. They must not be changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tables: OrderedDict[_Key, _Table] = OrderedDict()

    def get_or_read(self, key: _Key, read: Callable[[], _Table]) -> _Table:
        """The table of a key, read if it is missing; two threads at once may both read it.

        Parameters
        ----------
        key
            What is read.
        read
            Reads it.

        Returns
        -------
        The same table for all who ask.
        """
        with self._lock:
            table = self._tables.get(key)
        if table is not None:
            return table
        table = read()
        if len(table) <= _MOST_ROWS:
            with self._lock:
                self._tables[key] = table
                while len(self._tables) > _MOST_TABLES:
                    self._tables.popitem(last=False)
        return table
