"""A bound on the memory of all caches together.

What is cached grows while it is used: answers compute their frames when these are first read. So
the caches are measured anew whenever more is added, and the least recently used goes first.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from functools import partial, singledispatch
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.load.allocator import return_memory

_OBJECT: Final = 100
"""About how many bytes any object takes beside its content."""

_COORDINATE: Final = 16
_TEXT: Final = 60
"""About how many bytes a text in a column takes; most are short, and many are shared."""

_TREE_NODE: Final = 64
_OWN: Final = ("api.", "boundaries.", "geo.", "scipy.sparse")
"""Modules whose objects are followed into; others hold little, or are shared by all."""

_SMALL: Final = frozenset({type(None), bool, int, float})
"""Types whose objects take no notable room beside what holds them."""

_PLAIN: Final = _SMALL | {str}

_MEASURE_SECONDS: Final = 5.0
_MEASURE_SHARE: Final = 0.05
"""The most of the time that may go into measuring: of many values each takes longer."""

_ROOM: Final = 0.8
"""What is left of a full budget, so that it is not full again, and measured, at once."""

_WORTH_RETURNING: Final = 32_000_000
"""Bytes: where less is dropped, the system's allocator is left alone."""


class _FrameSizes:
    """The bytes of frames, each measured once: nobody changes one that is cached."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[weakref.ref[pd.DataFrame], int]] = {}

    def of(self, frame: pd.DataFrame) -> int:
        """About how many bytes a frame takes."""
        key = id(frame)
        reference, size = self._known.get(key, (None, 0))
        # Another frame may have the id of one that is gone.
        if reference is None or reference() is not frame:
            size = _frame_bytes(frame)
            self._known[key] = weakref.ref(frame, partial(self._forget, key)), size
        return size

    def _forget(self, key: int, gone: weakref.ref[pd.DataFrame]) -> None:
        if key in self._known and self._known[key][0] is gone:
            del self._known[key]


_frame_sizes: Final = _FrameSizes()


class Cache(Protocol):
    """A cache of which single entries can be dropped."""

    def entries(self) -> Iterable[tuple[float, Hashable, object]]:
        """When each entry was last used (`time.monotonic`), its key and its value."""

    def drop(self, key: Hashable) -> None:
        """Forget an entry."""


class MemoryBudget:
    """How many bytes several caches may take together.

    Parameters
    ----------
    most
        Bytes.

    Attributes
    ----------
    shared
        Returns what values refer to but do not own, such as the data of the store.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.shared: Callable[[], Iterable[object]] = list
        self._caches: list[Cache] = []
        self._measuring = threading.Lock()
        # By processor time: what is cached grows by work, and a busy clock would ask for more.
        self._measured, self._size = time.process_time(), 0
        self._pause = _MEASURE_SECONDS
        self._counted: set[int] = set()
        self._dropped = 0

    @property
    def bytes(self) -> int:
        """About how many bytes all caches take: as measured last, and what was added since."""
        return self._size

    def watch(self, cache: Cache) -> None:
        """Count a cache too."""
        self._caches.append(cache)

    def added(self, value: object) -> None:
        """Make room where a value that was added to a cache is too much."""
        # What was counted since the last measuring is not counted again: values share much.
        self._counted.update(id(one) for one in self.shared())
        self._size += size_of(value, self._counted)
        if self._size > self.most:
            self.trim()
        else:
            self.trim_in_time()

    def trim_in_time(self) -> None:
        """Make room if that was not tried for some seconds of work: for what is replaced often."""
        if time.process_time() - self._measured > self._pause:
            self.trim()

    def trim(self) -> int:
        """Drop what was not used for longest where all is too much; the latest stays in any case.

        Returns
        -------
        How many bytes are left.
        """
        with self._measuring:
            began = time.process_time()
            used = [(*entry, cache) for cache in self._caches for entry in cache.entries()]
            used.sort(key=lambda entry: entry[0], reverse=True)
            # What several values share counts for the one that was used last.
            counted = {id(one) for one in self.shared()}
            sizes = [size_of(value, counted) for _, _, value, _ in used]
            measured = total = sum(sizes)
            least = self.most * _ROOM if total > self.most else total
            while len(used) > 1 and total > least:
                _, key, _, cache = used.pop()
                cache.drop(key)
                total -= sizes[-1]
                self._dropped += sizes.pop()
            del used
            self._measured, self._size = time.process_time(), total
            self._counted = counted if total == measured else set()
            self._pause = max(_MEASURE_SECONDS, (self._measured - began) / _MEASURE_SHARE)
            if self._dropped >= _WORTH_RETURNING:
                self._dropped = 0
                return_memory()
        return total


def size_of(value: object, counted: set[int] | None = None) -> int:
    """About how many bytes a value takes, with all that it refers to.

    Parameters
    ----------
    counted
        Ids of what is not counted again; what is counted is added.
    """
    counted = set() if counted is None else counted
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        # By their very types: this is asked of every small thing that a cache holds.
        if type(one) in _SMALL or id(one) in counted or isinstance(one, type):
            continue
        counted.add(id(one))
        if type(one) is str:  # nearly all there is of the squares and days of many imports
            total += _OBJECT + len(one)
            continue
        size, parts = _measured(one)
        total += size
        waiting.extend(parts)
    return total


@singledispatch
def _measured(value: object) -> tuple[int, Iterable[object]]:
    """The bytes of one object, and what it refers to."""
    followed = type(value).__module__.startswith(_OWN)
    return _OBJECT, _attributes(value) if followed else ()


@_measured.register
def _(value: str | bytes | bytearray) -> tuple[int, Iterable[object]]:
    return _OBJECT + len(value), ()


@_measured.register
def _(value: np.ndarray) -> tuple[int, Iterable[object]]:
    return _OBJECT + _array_bytes(value), ()


@_measured.register
def _(value: pd.DataFrame) -> tuple[int, Iterable[object]]:
    return _OBJECT + _frame_sizes.of(value), ()


@_measured.register
def _(value: pd.Series | pd.Index) -> tuple[int, Iterable[object]]:
    return _OBJECT + _frame_bytes(value), ()


@_measured.register
def _(value: shapely.Geometry) -> tuple[int, Iterable[object]]:
    return _OBJECT + _COORDINATE * int(shapely.get_num_coordinates(value)), ()


@_measured.register
def _(value: shapely.STRtree) -> tuple[int, Iterable[object]]:
    return _TREE_NODE * len(value), [value.geometries]


@_measured.register
def _(value: Mapping) -> tuple[int, Iterable[object]]:
    if _is_plain(value) and _is_plain(value.values()):
        return _OBJECT + _plain_bytes(value) + _plain_bytes(value.values()), ()
    return _OBJECT, [part for pair in [*value.items()] for part in pair]


@_measured.register
def _(value: list | tuple | set | frozenset) -> tuple[int, Iterable[object]]:
    if isinstance(value, list) and value and isinstance(value[0], bytes):  # encoded features
        return (8 + _OBJECT // 2) * len(value) + sum(map(len, value)), ()
    if _is_plain(value):
        return _OBJECT + _plain_bytes(value), ()
    return _OBJECT + 8 * len(value), [*value]


def _is_plain(values: Collection[object]) -> bool:
    """Whether they are texts and small things alone, as the squares and days of many imports."""
    return _PLAIN.issuperset(map(type, values))


def _plain_bytes(values: Collection[Any]) -> int:
    """The bytes of plain values, each counted wherever it stands: one by one would take long."""
    texts = [one for one in values if type(one) is str]
    return 8 * len(values) + _OBJECT * len(texts) + sum(map(len, texts))


def _attributes(value: Any) -> Iterator[object]:
    # A copy: another thread may compute a further attribute meanwhile.
    yield from getattr(value, "__dict__", {}).copy().values()
    for kind in type(value).__mro__:
        for name in getattr(kind, "__slots__", ()):
            yield getattr(value, name, None)


def _array_bytes(values: np.ndarray) -> int:
    if values.dtype != object:
        return int(values.nbytes)
    shapes = values[np.asarray(shapely.is_geometry(values))]
    coordinates = int(shapely.get_num_coordinates(shapes).sum())
    others = int(values.size - shapes.size)
    return 8 * int(values.size) + _OBJECT * len(shapes) + _COORDINATE * coordinates + _TEXT * others


def _frame_bytes(frame: pd.DataFrame | pd.Series | pd.Index) -> int:
    if isinstance(frame, pd.DataFrame):
        # A column of plain numbers is not taken out: frames are measured by the hundred.
        columns = [
            len(frame) * kind.itemsize
            if isinstance(kind, np.dtype) and kind.kind != "O"
            else _column_bytes(frame.iloc[:, number])
            for number, kind in enumerate(frame.dtypes)
        ]
        return _frame_bytes(frame.index) + sum(columns)
    if isinstance(frame, pd.Series):
        return _frame_bytes(frame.index) + _column_bytes(frame)
    return 0 if isinstance(frame, pd.RangeIndex) else _column_bytes(frame)


def _column_bytes(column: pd.Series | pd.Index) -> int:
    if isinstance(column, gpd.GeoSeries) or column.dtype == object:
        return _array_bytes(np.asarray(column, dtype=object))
    return int(
        column.memory_usage(index=False) if isinstance(column, pd.Series) else column.memory_usage()
    )
