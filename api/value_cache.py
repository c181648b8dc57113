"""Values of measures that were read from a store, for the next Question about the same areas."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

import pandas as pd

from geo.period import Period

_MOST_FRAMES: Final = 256
_MOST_ROWS: Final = 20_000
"""Frames with more rows are read anew: a hundred measures of a country would fill the memory."""


class ValuesRead(NamedTuple):
    """What was read of a store: its UUID and counter of measures, and what was asked of them."""

    version: tuple[str, int]
    measure_ids: tuple[str, ...] | None
    area_codes: tuple[str, ...] | None
    period: Period | None


class ValueCache:
    """Caches frames of values, safe for use by several threads. They must not be changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._frames: OrderedDict[ValuesRead, pd.DataFrame] = OrderedDict()

    def get_or_read(self, key: ValuesRead, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        """The frame of a key, read if it is missing; two threads at once may both read it.

        Parameters
        ----------
        key
            What is read.
        read
            Reads it.

        Returns
        -------
        The same frame for all who ask.
        """
        with self._lock:
            frame = self._frames.get(key)
        if frame is not None:
            return frame
        frame = read()
        if len(frame) <= _MOST_ROWS:
            with self._lock:
                self._frames[key] = frame
                while len(self._frames) > _MOST_FRAMES:
                    self._frames.popitem(last=False)
        return frame
