"""Plans that are being worked on, kept in memory so that a step costs only what it changes.

The store has the last word: whatever a desk holds is looked at again whenever the store has
another version of the plan, its blocks or its incidents.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import geopandas as gpd
import shapely

from api.formats.encoding import encode_features, feature_collection
from api.planner.payload import Crosser, Rows, rows_of, told_change, told_whole
from api.planner.steps import Beginning, PlanStep
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.comparison import posts_and_money
from boundaries.plans.draft import Draft, new_plan, open_plan, save_plan
from boundaries.plans.figures import Figures, count_incidents, figure_blocks, plan_question
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.serialization import PlanConflictError
from geo.question.ask import Question
from geo.store.contract import DataVersion, Store

Value = TypeVar("Value")

KEPT = 24
"""How many drafts, layers of blocks and their figures are kept, of each kind together."""

DRAWN_M = 1.0
"""How far a drawn block may lie from its true edge; measures and files use the true one."""

MOST_CROSSERS, MOST_CROSSING_AREAS = 8, 500
"""How many layers are looked at for areas that boundaries cut, and of how many areas each."""


@dataclass(frozen=True, eq=False)
class Desk:
    """A draft for a Question, what its boundaries may cut, and the state of the store it is of."""

    draft: Draft
    question: Question
    crossers: Mapping[str, Crosser]
    stamp: tuple[object, ...]

    @cached_property
    def rows(self) -> Rows:
        """The measures of the areas as the plan stands."""
        return rows_of(self.draft.measures, self.question)

    def told(self) -> dict[str, Any]:
        """Everything that a page begins with.

        Raises
        ------
        QuestionError
            If there are not enough posts for the areas, or not enough money.
        """
        if self.question.posts or self.question.money:
            posts_and_money(self.draft.measures, self.question)
        before = rows_of(self.draft.before, self.question)
        return told_whole(self.draft, self.crossers, before=before, told=self.rows)


class PlanDesks:
    """The desks of one store, for all who call its service."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._listing = threading.Lock()
        self._locks: dict[str, threading.RLock] = {}

    def look(self, plan_id: str, question: Question) -> Desk:
        """A plan as it stands in the store.

        Raises
        ------
        NotFoundError
            If there is no such plan.
        """
        stamp = self._stamp(plan_id)
        with self._lock(plan_id):
            key = ("desk", plan_id, question.query())
            desk: Desk | None = self._found(key)
            if desk is None or desk.stamp != stamp:
                desk = self._open(plan_id, question, stamp)
                self._keep(key, desk)
            return desk

    def step(self, plan_id: str, step: PlanStep, question: Question) -> dict[str, Any]:
        """Take a step, save it, and tell what it changed.

        Raises
        ------
        PlanConflictError
            If the plan in the store is not of the version that the step is from.
        PatchmapError
            As the step refuses.
        """
        self._stamp(plan_id)
        with self._lock(plan_id):
            desk = self.look(plan_id, question)
            metadata = desk.draft.plan.metadata
            if step.version != metadata.version:
                raise PlanConflictError(
                    f"{self._last_hand(plan_id)} changed plan {plan_id} since you opened it "
                    f"(version {metadata.version}, yours is {step.version}); load it again and "
                    "repeat your step"
                )
            plan = save_plan(self._store, step.take(desk.draft.plan))
            draft = desk.draft.follow(plan)
            stamp = self._stamp(plan_id)
            after = replace(desk, draft=draft, stamp=stamp)
            # Another process may have gone on with the plan already: then the store is asked again.
            if stamp[0] == plan.metadata.version:
                self._keep(("desk", plan_id, question.query()), after)
            return told_change(desk.draft, draft, desk.crossers, known=desk.rows, told=after.rows)

    def begin(self, beginning: Beginning) -> tuple[Draft, list[dict[str, Any]]]:
        """Begin a plan and save it.

        Returns
        -------
        The draft, and the blocks that straddle the areas which it was begun from.
        """
        draft, straddling = new_plan(self._store, **beginning.model_dump())
        plan = save_plan(self._store, draft.plan)
        rows: list[dict[str, Any]] = straddling.reset_index().to_dict("records")
        return replace(draft, plan=plan), rows

    def drawn_blocks(self, layer_id: str) -> bytes:
        """The blocks of a layer as GeoJSON for a page, no finer than a screen shows.

        Raises
        ------
        NotFoundError
            If there is no such layer.
        """
        return self._made(
            ("drawn", layer_id, *self._state("layers")), lambda: self._draw(self._blocks(layer_id))
        )

    def blocks_state(self) -> str:
        """What names the state that drawn blocks are of."""
        return ".".join(map(str, self._state("layers")))

    def _open(self, plan_id: str, question: Question, stamp: tuple[object, ...]) -> Desk:
        blocks = self._blocks(str(self._store.plan(plan_id)["blocks_layer"]))
        figures = self._figures(blocks, plan_question(blocks.layer_id, question))
        draft = open_plan(self._store, plan_id, blocks=blocks, figures=figures)
        things = {"hotspots": _hotspots(figures), **self._layers(blocks)}
        crossers = {
            kind: Crosser.of(each, draft.plan, exact=kind == "hotspots")
            for kind, each in things.items()
        }
        return Desk(draft, question, crossers, stamp)

    def _blocks(self, layer_id: str) -> BlockLayer:
        key = ("blocks", layer_id, *self._state("layers"))
        return self._made(key, lambda: BlockLayer.read(self._store, layer_id))

    def _figures(self, blocks: BlockLayer, question: Question) -> Figures:
        state = self._state("layers", "incidents", "settings")
        return self._made(
            ("figures", blocks.layer_id, question.query(), *state),
            lambda: figure_blocks(blocks, count_incidents(self._store, blocks.layer_id, question)),
        )

    def _layers(self, blocks: BlockLayer) -> Mapping[str, Overlaps]:
        """Where the areas of the other layers lie on the blocks, by the title of the layer."""
        return self._made(
            ("crossing", blocks.layer_id, *self._state("layers")),
            lambda: self._lay_over(blocks),
        )

    def _lay_over(self, blocks: BlockLayer) -> dict[str, Overlaps]:
        found: dict[str, Overlaps] = {}
        for metadata in self._store.layers():
            if metadata.layer_id == blocks.layer_id or len(found) == MOST_CROSSERS:
                continue
            areas = self._store.layer(metadata.layer_id)[1]
            if len(areas) <= MOST_CROSSING_AREAS and shapely.is_valid(areas.geometry).all():
                named = areas.set_axis(_names(areas))
                found[metadata.title or metadata.layer_id] = Overlaps.of_layer(blocks.areas, named)
        return found

    def _draw(self, blocks: BlockLayer) -> bytes:
        shapes = shapely.coverage_simplify(blocks.areas.geometry.to_numpy(), DRAWN_M)
        frame = gpd.GeoDataFrame(blocks.areas[["area_name"]], geometry=shapes, crs=blocks.areas.crs)
        codes = [str(code) for code in frame.index]
        return feature_collection(
            encode_features(frame, codes, projection=self._store.projection), {}
        )

    def _stamp(self, plan_id: str) -> tuple[object, ...]:
        """What names the present state of a plan and of all that is measured on it."""
        with self._store.reading():
            told = {each["plan_id"]: each for each in self._store.plans()}
            if plan_id not in told:
                self._store.plan(plan_id)  # which says what there is instead
            state = self._state("layers", "incidents", "settings")
        return (told[plan_id]["version"], told[plan_id]["updated_at"], *state)

    def _last_hand(self, plan_id: str) -> str:
        told = next(each for each in self._store.plans() if each["plan_id"] == plan_id)
        return str(told["updated_by"]) or "somebody else"

    def _state(self, *counters: str) -> tuple[object, ...]:
        version: DataVersion = self._store.data_version()
        return (version.uuid, *(getattr(version, name) for name in counters))

    def _lock(self, plan_id: str) -> threading.RLock:
        with self._listing:
            return self._locks.setdefault(plan_id, threading.RLock())

    def _made(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Something kept, or made now; two who ask at once may both make it."""
        found: Value | None = self._found(key)
        if found is None:
            found = make()
            self._keep(key, found)
        return found

    def _found(self, key: Hashable) -> Any:
        with self._listing:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, value: object) -> None:
        with self._listing:
            self._kept[key] = value
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def _hotspots(figures: Figures) -> Overlaps:
    """The ranked hotspots under names that people know: their rank and their first street."""
    told = {
        str(place.hotspot_id): f"no. {place.rank} {str(place.streets).partition(';')[0]}".strip()
        for place in figures.places.itertuples()
    }
    spots = figures.hotspots
    return replace(spots, names=tuple(told.get(name, name) for name in spots.names))


def _names(areas: gpd.GeoDataFrame) -> list[str]:
    """A name for each area that no other has."""
    names = areas["area_name"].astype(str)
    twice = names.duplicated(keep=False)
    return [
        f"{name} ({code})" if double else name
        for code, name, double in zip(areas.index, names, twice, strict=True)
    ]
