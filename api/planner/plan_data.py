"""What plans are measured on: blocks, their figures, and other layers, cached in memory."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from typing import Generic, TypeVar

import shapely

from api.load.allocator import return_memory
from api.load.memory import MemoryBudget
from api.planner.drawn_blocks import drawn_blocks
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.communities import Communities, community_areas
from boundaries.plans.figures import Figures, block_figures, figure_blocks, plan_question
from boundaries.plans.overlaps import Overlaps, unique_names
from boundaries.plans.units import Units
from geo.question.model import Question
from geo.store.contract import Store
from geo.store.layer_ids import areas_among, check_areas

Value = TypeVar("Value")

MAX_ENTRIES = 12
"""Most entries of one cache: a few plans are edited at a time, under a few Questions each."""

MAX_LAYERS, MAX_LAYER_AREAS = 8, 500
"""Most layers checked for areas that boundaries split, and most areas of each.

Every step is checked against all of them: a country's output areas would slow each one down.
"""


class RecentCache(Generic[Value]):
    """A cache of the most recently used values, safe for use by several threads.

    Parameters
    ----------
    memory
        The bound on all caches together.
    most
        How many entries it has at most.
    """

    def __init__(self, memory: MemoryBudget, most: int = MAX_ENTRIES) -> None:
        self._entries: OrderedDict[Hashable, Value] = OrderedDict()
        self._used: dict[Hashable, float] = {}
        self._building: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()
        self._memory = memory
        self._most = most
        memory.watch(self)

    def get(self, key: Hashable) -> Value | None:
        """The value of a key, None where there is none."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                self._used[key] = time.monotonic()
            return self._entries.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        """Add or replace a value; the least recently used one goes when the cache is full."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            self._used[key] = time.monotonic()
            while len(self._entries) > self._most:
                self._used.pop(self._entries.popitem(last=False)[0])
        # Not `added`: to measure an open plan takes longer than a step in it.
        self._memory.trim_in_time()

    def entries(self) -> list[tuple[float, Hashable, object]]:
        """When each entry was last used, its key and its value."""
        with self._lock:
            return [(self._used[key], key, value) for key, value in self._entries.items()]

    def drop(self, key: Hashable) -> None:
        """Forget an entry."""
        with self._lock:
            self._entries.pop(key, None)
            self._used.pop(key, None)

    def get_or_build(self, key: Hashable, build: Callable[[], Value]) -> Value:
        """The value of a key, built if it is missing; who else asks meanwhile waits for it."""
        value = self.get(key)
        if value is not None:
            return value
        with self._lock:
            building = self._building.setdefault(key, threading.Lock())
        try:
            with building:
                value = self.get(key)
                if value is None:
                    value = build()
                    # Shapes are read and cut in many small pieces, most of them free again by now.
                    return_memory()
                    self.put(key, value)
                    self._memory.added(value)
        finally:
            with self._lock:
                self._building.pop(key, None)
        return value


class PlanData:
    """The blocks, figures and layers of a store that its plans are measured on."""

    def __init__(self, store: Store, memory: MemoryBudget) -> None:
        self._store = store
        self._blocks: RecentCache[BlockLayer] = RecentCache(memory)
        self._figures: RecentCache[Figures] = RecentCache(memory)
        self._overlaps: RecentCache[Mapping[str, Overlaps]] = RecentCache(memory)
        self._communities: RecentCache[Communities] = RecentCache(memory)
        self._drawn: RecentCache[bytes] = RecentCache(memory)
        self._units: RecentCache[Units] = RecentCache(memory)

    def version(self, *subjects: str) -> tuple[object, ...]:
        """The store's UUID and its change counters for some subjects, such as `layers`."""
        version = self._store.data_version()
        return (version.uuid, *(getattr(version, subject) for subject in subjects))

    def state(self, question: Question) -> tuple[object, ...]:
        """The version of all that blocks have figures of under a Question."""
        measures = ["measures"] if question.measures.chosen else []
        return self.version("layers", "incidents", "settings", *measures)

    def blocks(self, layer_id: str) -> BlockLayer:
        """The blocks of a layer.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        """
        key = (layer_id, *self.version("layers"))
        return self._blocks.get_or_build(key, lambda: BlockLayer.read(self._store, layer_id))

    def figures(self, blocks: BlockLayer, question: Question) -> Figures:
        """What is known of each block, with the incidents that a Question counts on it."""
        question = plan_question(blocks.layer_id, question)
        version = self.state(question)
        return self._figures.get_or_build(
            (blocks.layer_id, question.query(), *version),
            lambda: block_figures(self._store, blocks, question),
        )

    def plain_figures(self, blocks: BlockLayer) -> Figures:
        """What a layer itself says of its blocks: electors and residents, but no incidents."""
        return self._figures.get_or_build(
            (blocks.layer_id, None, *self.version("layers")), lambda: figure_blocks(blocks, None)
        )

    def overlaps(self, blocks: BlockLayer, figures: Figures) -> Mapping[str, Overlaps]:
        """What boundaries may split, by kind: `hotspots`, and the titles of other layers."""
        layers = self._overlaps.get_or_build(
            (blocks.layer_id, *self.version("layers")), lambda: self._layer_overlaps(blocks)
        )
        return {"hotspots": _named_hotspots(figures), **layers}

    def units(self, blocks: BlockLayer, layer_id: str) -> Units:
        """The areas of a layer on the blocks of plans.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        InputError
            If its areas overlap, or it is no layer of areas.
        """
        check_areas(self._store.layers(), self._store.layer(layer_id)[0])
        return self._units.get_or_build(
            (blocks.layer_id, layer_id, *self.version("layers")),
            lambda: Units.of(layer_id, self._store.layer(layer_id)[1], blocks),
        )

    def communities(self, blocks: BlockLayer, layer_id: str) -> Communities:
        """Which of the areas of another layer each block belongs to.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        InputError
            If it is none of areas.
        """
        return self._communities.get_or_build(
            (blocks.layer_id, layer_id, *self.version("layers")),
            lambda: Communities.of_layer(blocks.areas, community_areas(self._store, layer_id)),
        )

    def drawn_blocks(self, layer_id: str) -> bytes:
        """The blocks of a layer as the page draws them; see `drawn_blocks`.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        """
        return self._drawn.get_or_build(
            (layer_id, *self.version("layers")),
            lambda: drawn_blocks(self.blocks(layer_id), self._store.projection),
        )

    def _layer_overlaps(self, blocks: BlockLayer) -> dict[str, Overlaps]:
        overlaps: dict[str, Overlaps] = {}
        for metadata in areas_among(self._store.layers()):
            if metadata.layer_id == blocks.layer_id or len(overlaps) == MAX_LAYERS:
                continue
            areas = self._store.layer(metadata.layer_id)[1]
            if len(areas) <= MAX_LAYER_AREAS and shapely.is_valid(areas.geometry).all():
                named = areas.set_axis(unique_names(areas))
                overlaps[metadata.title or metadata.layer_id] = Overlaps.of_layer(
                    blocks.areas, named
                )
        return overlaps


def _named_hotspots(figures: Figures) -> Overlaps:
    """The ranked hotspots, named by their rank and their first street."""
    names = {
        str(place.hotspot_id): f"no. {place.rank} {str(place.streets).partition(';')[0]}".strip()
        for place in figures.places.itertuples()
    }
    spots = figures.hotspots
    return replace(spots, names=tuple(names.get(name, name) for name in spots.names))
