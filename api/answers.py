"""Answers of one store, kept in memory for as long as its data stays the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd

from geo.crs import Projection
from geo.question import Answer, Question, ask
from geo.store.contract import DataVersion, ImportRecord, LayerPapers, Setting, StoreReader, Window

Value = TypeVar("Value")

KEPT = 64
MOST_IN_MEMORY = 20_000_000
"""Incidents that a service holds, at about 40 bytes each; above it, the store is asked."""


class Snapshot:
    """One state of a store, each part read at most once. It is a reader of the store itself."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self._parts: dict[tuple[str, str], tuple[int, Any]] = {}
        self._version = store.data_version()
        self.projection: Projection = store.projection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """See the store as it is now: parts whose counter has moved are read again."""
        with self._store.reading():
            version = self._store.data_version()
            if version.uuid != self._version.uuid:
                # A restored backup: its counters say nothing of what was read before.
                self._parts.clear()
            self._version = version
            yield

    def data_version(self) -> DataVersion:
        """The state that the parts are of."""
        return self._version

    def layers(self) -> list[LayerPapers]:
        """The papers of every layer."""
        return self._part("layers", self._version.layers, self._store.layers)

    def layer(self, layer_id: str) -> tuple[LayerPapers, gpd.GeoDataFrame]:
        """A layer's papers and areas."""
        return self._part(
            "layer", self._version.layers, lambda: self._store.layer(layer_id), name=layer_id
        )

    def incidents(self, window: Window | None = None) -> pd.DataFrame:
        """Accepted incidents: from memory, but for stores that are too large for that."""
        if self.incident_count() > MOST_IN_MEMORY:
            return self._store.incidents(window)
        whole = self._part("incidents", self._version.incidents, self._store.incidents)
        if window is None:
            return whole
        occurred = whole["occurred_from"]
        return whole[(occurred >= window.start) & (occurred < window.end)]

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        return self._part("count", self._version.incidents, self._store.incident_count)

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports; with `history` of all."""
        return self._part(
            "imports",
            self._version.incidents,
            lambda: self._store.imports(history=history),
            name=str(history),
        )

    def setting(self, key: str) -> Setting:
        """A setting's value."""
        return self._part(
            "setting", self._version.settings, lambda: self._store.setting(key), name=key
        )

    def _part(self, kind: str, counter: int, read: Callable[[], Value], *, name: str = "") -> Value:
        known = self._parts.get((kind, name))
        if known is None or known[0] != counter:
            known = (counter, read())
            self._parts[kind, name] = known
        value: Value = known[1]
        return value


class Answers:
    """What a service holds of its store: the snapshot, and the answers asked for last."""

    def __init__(self, store: StoreReader) -> None:
        self._snapshot = Snapshot(store)
        self._kept: OrderedDict[tuple[str, str], Any] = OrderedDict()
        # One question is worked out at a time: a second asker of it then finds it kept.
        self._lock = threading.RLock()

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """The store as it is now, for as long as the block lasts."""
        with self._lock, self._snapshot.reading():
            yield self._snapshot

    def ask(self, question: Question) -> Answer:
        """Answer a Question on the data as it is now.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        with self.reading() as snapshot:
            return self.keep(f"answer?{question.query()}", lambda: ask(question, snapshot))

    def keep(self, name: str, make: Callable[[], Value]) -> Value:
        """Something made of the data, made again only when the data version has moved."""
        with self.reading() as snapshot:
            key = (str(snapshot.data_version()), name)
            if key not in self._kept:
                self._kept[key] = make()
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            value: Value = self._kept[key]
            return value
