"""Answers of one store, kept in memory for as long as its data stays the same."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import geopandas as gpd
import pandas as pd

from boundaries.plan_blocks import PlanBlocks
from boundaries.planned_layers import plan_areas, plan_of, plan_papers, with_areas
from geo.analyses import Analysis, Found
from geo.analyses.found import Runner, run_here
from geo.errors import StoreError
from geo.incidents import ANSWER_COLUMNS
from geo.question import Answer, Question, ask
from geo.store.contract import DataVersion, ImportRecord, LayerPapers, Setting, Store, Window

Value = TypeVar("Value")

KEPT = 96
MOST_BYTES = 1_500_000_000
"""How many things are kept, and about how many bytes of memory they may take in all."""

MOST_IN_MEMORY = 20_000_000
"""Incidents that a service holds, at about 40 bytes each; above it, the store is asked."""


class Snapshot:
    """One state of a store, each part read at most once. It reads as the store itself does."""

    def __init__(self, store: Store, before: Snapshot | None = None) -> None:
        with store.reading():
            self._store = store
            self._version = store.data_version()
            self.projection = store.projection
            same = before if before and before._version.uuid == self._version.uuid else None
            self._layers: dict[str, tuple[LayerPapers, gpd.GeoDataFrame]] = {}
            self._incidents: pd.DataFrame | None
            self._count: int
            self._imports: list[ImportRecord]
            self._blocks: dict[str, PlanBlocks] = {}
            self._planned: dict[str, gpd.GeoDataFrame] = {}
            if same and same._version.layers == self._version.layers:
                self._layers, self._blocks = same._layers, same._blocks
                if same._version.plans == self._version.plans:
                    self._planned = same._planned
            if same and same._version.incidents == self._version.incidents:
                self._count, self._imports = same._count, same._imports
                self._incidents = same._incidents
            else:
                self._count, self._imports = store.incident_count(), store.imports()
                whole = self._count <= MOST_IN_MEMORY
                self._incidents = store.incidents(columns=ANSWER_COLUMNS) if whole else None
            self._papers = store.layers()
            self._settings = store.settings()
            self._plans = store.plans()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A snapshot is of one state anyway."""
        yield

    def data_version(self) -> DataVersion:
        """The state that the snapshot is of."""
        return self._version

    def layers(self) -> list[LayerPapers]:
        """The papers of every layer."""
        return self._papers

    def layer(self, layer_id: str) -> tuple[LayerPapers, gpd.GeoDataFrame]:
        """A layer's papers and areas; those of a plan for `plan-ID`.

        Raises
        ------
        StoreError
            If the layers changed since the snapshot was taken: asked again, there is a new one.
        InputError
            If the plan has no area with a block.
        """
        if plan_id := plan_of(layer_id):
            areas = with_areas(plan_id, self.plan_areas(plan_id))
            return plan_papers(self._told(plan_id)), areas
        if layer_id not in self._layers:
            with self._store.reading():
                if self._store.data_version().layers != self._version.layers:
                    raise StoreError("the layers have just changed; ask again")
                self._layers[layer_id] = self._store.layer(layer_id)
        return self._layers[layer_id]

    def plan_blocks(self, layer_id: str) -> PlanBlocks:
        """The blocks of plans on a layer, checked and with their neighbours.

        Raises
        ------
        InputError
            If the layer does not tile.
        """
        if layer_id not in self._blocks:
            self._blocks[layer_id] = PlanBlocks.read(self, layer_id)
        return self._blocks[layer_id]

    def plan_areas(self, plan_id: str) -> gpd.GeoDataFrame:
        """The areas of a plan that have blocks, with their measures."""
        if plan_id not in self._planned:
            blocks = self.plan_blocks(self._told(plan_id)["blocks_layer"])
            self._planned[plan_id] = plan_areas(self, plan_id, blocks=blocks)
        return self._planned[plan_id]

    def _told(self, plan_id: str) -> dict[str, Any]:
        """What is told of a plan; one that is not there is refused with those that are."""
        known = {told["plan_id"]: told for told in self._plans}
        return known[plan_id] if plan_id in known else self.plan(plan_id)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = ANSWER_COLUMNS
    ) -> pd.DataFrame:
        """Accepted incidents: from memory, but for stores that are too large for that."""
        if self._incidents is None or not set(columns) <= set(ANSWER_COLUMNS):
            return self._store.incidents(window, columns=columns)
        if window is None:
            return self._incidents
        occurred = self._incidents["occurred_from"]
        return self._incidents[(occurred >= window.start) & (occurred < window.end)]

    def incident_count(self) -> int:
        """How many accepted incidents there are."""
        return self._count

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """The records of the current imports; with `history` of all."""
        return self._store.imports(history=True) if history else self._imports

    def setting(self, key: str) -> Setting:
        """A setting's value."""
        return self._settings.get(key)

    def settings(self) -> dict[str, Setting]:
        """Every setting."""
        return self._settings

    def plans(self) -> list[dict[str, Any]]:
        """What is told of each plan."""
        return self._plans

    def plan(self, plan_id: str) -> dict[str, Any]:
        """The record of a plan.

        Raises
        ------
        StoreError
            If the plans changed since the snapshot was taken: asked again, there is a new one.
        """
        with self._store.reading():
            if self._store.data_version().plans != self._version.plans:
                raise StoreError("the plans have just changed; ask again")
            return self._store.plan(plan_id)


class _Kept:
    """A thing that is kept, or is being made: those who ask for it meanwhile wait for it."""

    def __init__(self) -> None:
        # One thread may come back for what it is making: an answer made of other answers.
        self.lock = threading.RLock()
        self.made = False
        self.value: Any = None


class Answers:
    """What a service holds of its store: the snapshot, and what was made of it last."""

    def __init__(self, store: Store, *, run: Runner = run_here) -> None:
        self._store = store
        self._run = run
        self._snapshot: Snapshot | None = None
        self._refreshing = threading.Lock()
        self._listing = threading.Lock()
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._kept_of = ""

    def snapshot(self) -> Snapshot:
        """The store as it is now."""
        # Not under the lock: while a server is away all who ask wait at once, not in turn.
        with self._store.reading():
            version = self._store.data_version()
        with self._refreshing:
            if self._snapshot is None or self._snapshot.data_version() != version:
                self._snapshot = Snapshot(self._store, self._snapshot)
            return self._snapshot

    def ask(self, question: Question) -> Answer:
        """Answer a Question on the data as it is now.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return self.keep(f"answer?{question.query()}", lambda snapshot: ask(question, snapshot))

    def find(self, analysis: Analysis, question: Question) -> tuple[Answer, Found]:
        """Work an analysis out for a Question on the data as it is now.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        name = f"{'history' if analysis.history else 'answer'}?{question.query()}"
        answer = self.keep(name, lambda kept: ask(question, kept, history=analysis.history))
        run = {"run": self._run} if analysis.searches else {}
        found = self.keep(
            f"{analysis.command}?{question.query()}", lambda _: analysis.find(answer, **run)
        )
        return answer, found

    def keep(
        self, name: str, make: Callable[[Snapshot], Value], *, seen: Snapshot | None = None
    ) -> Value:
        """Something made of the data, made again only when the data version has moved.

        Each thing is made once however many ask for it; other things are made meanwhile.

        Parameters
        ----------
        seen
            The state that it is to be made of, where the caller has looked already.
        """
        snapshot = seen or self.snapshot()
        version = str(snapshot.data_version())
        with self._listing:
            if self._kept_of != version:
                if snapshot is not self._snapshot:
                    return make(snapshot)  # the data moved on just now: nobody will ask for it
                # What is being made now of the older state is let go of with the rest.
                self._kept.clear()
                self._kept_of = version
            kept = self._kept.setdefault(name, _Kept())
            self._kept.move_to_end(name)
            if not kept.made:
                self._make_room()
        with kept.lock:
            if not kept.made:
                try:
                    kept.value = make(snapshot)
                    kept.made = True
                finally:
                    if not kept.made:
                        self._forget(name, kept)
        found: Value = kept.value
        return found

    def _make_room(self) -> None:
        """Let go of what was asked for longest ago, but of nothing that is being made."""
        made = [name for name, kept in self._kept.items() if kept.made]
        size = sum(_bytes(self._kept[name].value) for name in made)
        while len(made) >= KEPT or (size > MOST_BYTES and len(made) > 1):
            size -= _bytes(self._kept.pop(made.pop(0)).value)

    def _forget(self, name: str, kept: _Kept) -> None:
        with self._listing:
            if self._kept.get(name) is kept:
                del self._kept[name]


class Reading(Answers):
    """The same answers for one reader: it looks at the store once, and sees one state of it."""

    def __init__(self, answers: Answers, seen: Snapshot | None = None) -> None:
        self._answers = answers
        self._run = answers._run
        self._seen = seen or answers.snapshot()

    def snapshot(self) -> Snapshot:
        """The store as it was when the reader came."""
        return self._seen

    def keep(
        self, name: str, make: Callable[[Snapshot], Value], *, seen: Snapshot | None = None
    ) -> Value:
        """As for everyone, of the state that the reader sees."""
        return self._answers.keep(name, make, seen=seen or self._seen)


def _bytes(value: object) -> int:
    """About how many bytes something takes; answers share their frames, so they count little."""
    return int(getattr(value, "nbytes", 2_000_000))
