"""One state of a store in memory: layers, plans and incidents, each read once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import geopandas as gpd
import pandas as pd

from api.identity.view import EVERYTHING, DataView
from api.reads import State, note
from api.value_cache import ValueCache, ValuesElsewhereCounted, ValuesRead
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.plan_layers import plan_areas, plan_metadata, plan_of, with_areas
from geo.distinct_points import PointCounts
from geo.errors import InputError, NotFoundError, StoreError
from geo.incidents import ANSWER_COLUMNS
from geo.locate import AreaLocator
from geo.measures.model import EntryKind, Measure
from geo.partitioned import PartitionedIncidents
from geo.period import Period
from geo.properties import cached_property
from geo.question.ask import Answer, Question
from geo.question.layer_index import LayerIndexes
from geo.question.store_settings import default_of, london_day
from geo.question.subjects import AnswerSubject, ask_about
from geo.store.comment_contract import PlanComment
from geo.store.contract import (
    DataVersion,
    ImportRecord,
    LayerMetadata,
    PlanRecord,
    PlanSummary,
    Setting,
    Store,
    Window,
)
from geo.store.layer_ids import areas_among, check_areas, find_layer
from geo.store.measure_contract import TableImport, TableSubject
from geo.store.tasking_contract import StepRecord, TaskingSubject, TaskRow

MOST_IN_MEMORY = 3_000_000
"""Incidents that a service holds, at about 40 bytes each; of more it reads what is asked for."""


_MOST_EXCHANGED: Final = 500
"""Partitions that are read by their names: to read more of them takes as long as to read all."""


class TasksChangedError(StoreError):
    """Tasks were saved since a snapshot was taken: the next snapshot has them."""


class _Incidents:
    """The incidents of one state of a store, read when they are first needed.

    Where those of the state before were needed, at once: the store is in this state now.

    Parameters
    ----------
    store, counter
        The store, inside `reading()`, and its counter of incidents in this state.
    count
        How many there are.
    before
        Those of an earlier state, from which unchanged partitions are taken; too many for memory
        are never read as a whole.
    """

    def __init__(
        self, store: Store, counter: int, *, count: int, before: _Incidents | None
    ) -> None:
        self._store, self._counter, self._count = store, counter, count
        self._changes = store.partition_changes()
        if before is not None and before._is_read and count <= MOST_IN_MEMORY:
            self.partitioned = self._read(before)

    @property
    def _is_read(self) -> bool:
        return "partitioned" in self.__dict__

    @property
    def frame_in_memory(self) -> pd.DataFrame | None:
        """All of them; None where they have not been read yet."""
        return self.partitioned.frame if self._is_read else None

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read from the store while its incidents are these.

        Raises
        ------
        StoreError
            If they are not: a retry gets a new snapshot.
        """
        with self._store.reading():
            if self._store.data_version().incidents != self._counter:
                raise StoreError("the incidents have just changed; try again")
            yield

    @cached_property
    def partitioned(self) -> PartitionedIncidents:
        """All of them."""
        with self.reading():
            return self._store.partitioned_incidents(columns=ANSWER_COLUMNS)

    def _read(self, before: _Incidents) -> PartitionedIncidents:
        """Read them; of the partitions that are as they were before, take those from before."""
        changed = before._changed_until(self)
        if not 0 < len(changed) <= _MOST_EXCHANGED:
            return self._store.partitioned_incidents(columns=ANSWER_COLUMNS)
        read = self._store.partitioned_incidents(changed, columns=ANSWER_COLUMNS)
        exchanged = before.partitioned.exchanged(read, changed)
        if len(exchanged.frame) != self._count:  # another program has changed the file
            return self._store.partitioned_incidents(columns=ANSWER_COLUMNS)
        return exchanged

    def _changed_until(self, later: _Incidents) -> list[str]:
        """The partitions that have changed since; none where that is not all that has changed."""
        moved = sum(later._changes.values()) - sum(self._changes.values())
        if moved != later._counter - self._counter:
            return []
        return sorted(name for name, n in later._changes.items() if n != self._changes.get(name))


class Snapshot:
    """One state of a store, each part read at most once. It reads as the store itself does."""

    view: DataView = EVERYTHING
    """What of the store it shows."""

    sees_all_areas = True
    """Whether it shows all areas and incidents."""

    def __init__(self, store: Store, before: Snapshot | None = None) -> None:
        with store.reading():
            self._store = store
            self._version = store.data_version()
            self.projection = store.projection
            same = before if before and before._version.uuid == self._version.uuid else None
            self._layers: dict[str, tuple[LayerMetadata, gpd.GeoDataFrame]] = {}
            self._incidents: _Incidents
            self._count: int
            self._placeless: int
            self._records: pd.DataFrame | None = None
            self._tasks: list[TaskRow] | None = None
            self._imports: list[ImportRecord]
            self._blocks: dict[str, BlockLayer] = {}
            self._planned: dict[str, gpd.GeoDataFrame] = {}
            self._values: ValueCache[ValuesRead, pd.DataFrame]
            self._values = same._values if same else ValueCache()
            self._values_elsewhere: ValueCache[ValuesElsewhereCounted, pd.Series]
            self._values_elsewhere = same._values_elsewhere if same else ValueCache()
            if same and same._version.layers == self._version.layers:
                self._layers, self._blocks = same._layers, same._blocks
                if same._version.plans == self._version.plans:
                    self._planned = same._planned
            if same and same._version.tasks == self._version.tasks:
                self._tasks = same._tasks
            if same and same._version.incidents == self._version.incidents:
                self._count, self._imports = same._count, same._imports
                self._placeless, self._records = same._placeless, same._records
                self._incidents = same._incidents
            else:
                self._count, self._imports = store.incident_count(), store.imports()
                self._placeless = store.placeless_count()
                self._incidents = _Incidents(
                    store,
                    self._version.incidents,
                    count=self._count,
                    before=same._incidents if same else None,
                )
            self._metadata = store.layers()
            self._settings = store.settings()
            self._plans = store.plans()
            self._day = london_day()

    @property
    def whole(self) -> Snapshot:
        """The state with all that is in the store."""
        return self

    def narrowed(self, question: Question) -> Question:
        """Return a Question that shows nothing that is not seen here."""
        return question

    def answered(
        self,
        question: Question,
        *,
        history: bool,
        indexes: LayerIndexes,
        subject: AnswerSubject = "incidents",
    ) -> Answer:
        """Answer a narrowed Question; see `geo.question.subjects.ask_about`.

        Raises
        ------
        QuestionError
            If the data cannot answer it.
        """
        return ask_about(subject, question, self, history=history, indexes=indexes)

    def area_count(self, layer_id: str) -> int:
        """Return how many areas a layer has; 0 where asking about it will be refused."""
        areas = self.areas_or_none(layer_id)
        return 0 if areas is None else len(areas)

    def is_of_today(self) -> bool:
        """Whether it was taken today: from day to day another layer may come into force."""
        return self._day == london_day()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Do nothing: a snapshot is of one state already."""
        yield

    def data_version(self) -> DataVersion:
        """Return the state that the snapshot was taken of."""
        return self._version

    @cached_property
    def state(self) -> State:
        """What names the state of each part of the store that is read here."""
        version = self._version
        titles = [
            (one["plan_id"], one["title"], one["blocks_layer"], one["base_layer"])
            for one in self._plans
        ]
        # Whoever reads the default layer reads the settings, and it depends on the day too.
        default = default_of(self._metadata, self._settings.get("default_layer"), day=self._day)
        return {
            "incidents": version.of("incidents"),
            "layers": version.of("layers"),
            "plans": version.of("plans"),
            "plan titles": hashlib.sha256(json.dumps([version.uuid, titles]).encode()).hexdigest(),
            "settings": f"{version.of('settings')} {default}",
            "measures": version.of("measures"),
            "entries": version.of("entries"),
            "tasks": version.of("tasks"),
        }

    def contents(self) -> list[object]:
        """Return what is in memory of the store: frames, and the blocks of plans."""
        layers = [areas for _, areas in [*self._layers.values()]]
        frames = [
            self._incidents.frame_in_memory,
            self._records,
            self._tasks,
            *layers,
            *[*self._planned.values()],
        ]
        return [*frames, *[*self._blocks.values()]]

    def layers(self) -> list[LayerMetadata]:
        """Return the metadata of every layer."""
        note("layers")
        return self._metadata

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer's metadata and areas; those of a plan for `plan-ID`.

        Raises
        ------
        StoreError
            If the layers changed since the snapshot was taken: a retry gets a new snapshot.
        InputError
            If the plan has no area with a block, or it is a layer of points or lines.
        """
        if plan_id := plan_of(layer_id):
            note("plans")
            areas = with_areas(plan_id, self.plan_areas(plan_id))
            return plan_metadata(self._plan_summary(plan_id)), areas
        note("layers")
        layers = self.layers()
        check_areas(layers, find_layer(layers, layer_id))
        return self.features(layer_id)

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer's metadata and features, be they areas, lines or points.

        Raises
        ------
        StoreError
            If the layers changed since the snapshot was taken: a retry gets a new snapshot.
        NotFoundError
            If there is no such layer.
        """
        note("layers")
        if layer_id not in self._layers:
            with self._store.reading():
                if self._store.data_version().layers != self._version.layers:
                    raise StoreError("the layers have just changed; try again")
                self._layers[layer_id] = self._store.features(layer_id)
        return self._layers[layer_id]

    def choices(self) -> list[LayerMetadata]:
        """Return the metadata of all that a Question can use as a layer: areas, then plans.

        Without the notes of plans, which name their versions: a list shows titles only, and so a
        step in a plan leaves the pages with such a list as they are.
        """
        plans = (replace(plan_metadata(plan), note="") for plan in self.plan_titles())
        return [*areas_among(self.layers()), *plans]

    def plan_titles(self) -> list[PlanSummary]:
        """Return the plans, of which only ids, titles and layers may be used."""
        note("plan titles")
        return self._plans

    def areas_or_none(self, layer_id: str) -> gpd.GeoDataFrame | None:
        """Return the areas of a layer or plan; None where asking the Question will be refused."""
        try:
            return self.layer(layer_id)[1] if layer_id else None
        except (InputError, NotFoundError):
            return None

    def plan_blocks(self, layer_id: str) -> BlockLayer:
        """Return the blocks of a layer that plans are made of, checked, with their neighbours.

        Raises
        ------
        InputError
            If the layer does not tile.
        """
        note("layers")
        if layer_id not in self._blocks:
            self._blocks[layer_id] = BlockLayer.read(self, layer_id)
        return self._blocks[layer_id]

    def plan_areas(self, plan_id: str) -> gpd.GeoDataFrame:
        """Return the areas of a plan that have blocks, with their measures."""
        note("plans", "layers")
        if plan_id not in self._planned:
            blocks = self.plan_blocks(self._plan_summary(plan_id)["blocks_layer"])
            self._planned[plan_id] = plan_areas(self, plan_id, blocks=blocks)
        return self._planned[plan_id]

    def _plan_summary(self, plan_id: str) -> PlanSummary | PlanRecord:
        """Return what is known of a plan; an unknown plan is refused by the store."""
        summaries = {plan["plan_id"]: plan for plan in self.plans()}
        return summaries[plan_id] if plan_id in summaries else self.plan(plan_id)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = ANSWER_COLUMNS
    ) -> pd.DataFrame:
        """Return accepted incidents, from memory unless the store is too large for that.

        Parameters
        ----------
        window
            When they occurred; all of them when omitted.
        columns
            Those of `ANSWER_COLUMNS` are in memory, others are read from the store.

        Raises
        ------
        StoreError
            If they must be read and have changed since the snapshot was taken.
        """
        note("incidents")
        if self._are_too_many or not set(columns) <= set(ANSWER_COLUMNS):
            with self._incidents.reading():
                return self._store.incidents(window, columns=columns)
        frame = self._incidents.partitioned.frame
        return frame if window is None else frame[window.holds(frame)]

    def located_incidents(
        self, window: Window, columns: Sequence[str], locator: AreaLocator
    ) -> pd.DataFrame:
        """Return incidents, with their areas where they are read; see `KeepsPlaces`.

        Raises
        ------
        StoreError
            If they must be read and have changed since the snapshot was taken.
        """
        if not self._are_too_many:
            return self.incidents(window, columns=columns)
        note("incidents")
        with self._incidents.reading():
            return self._store.located_incidents(window, columns, locator)

    def point_counts(self, window: Window | None = None) -> PointCounts | None:
        """Count incidents by source, London month and point; None where they are in memory.

        Raises
        ------
        StoreError
            If they have changed since the snapshot was taken.
        """
        note("incidents")
        if not self._are_too_many:
            return None
        with self._incidents.reading():
            return self._store.point_counts(window)

    @property
    def _are_too_many(self) -> bool:
        """Whether the incidents are read anew for each Question, as far as it needs them."""
        return self._count > MOST_IN_MEMORY

    def incident_page(self, start: int, count: int, *, columns: Sequence[str]) -> pd.DataFrame:
        """Return some of the incidents, and read no others; see `StoreReader.incident_page`.

        Raises
        ------
        StoreError
            If they have changed since the snapshot was taken.
        """
        note("incidents")
        with self._incidents.reading():
            return self._store.incident_page(start, count, columns=columns)

    def incident(self, incident_id: str, *, columns: Sequence[str]) -> pd.DataFrame:
        """Return the incident of an id, no row where there is none.

        Raises
        ------
        StoreError
            If they have changed since the snapshot was taken.
        """
        note("incidents")
        with self._incidents.reading():
            return self._store.incident(incident_id, columns=columns)

    def incident_count(self) -> int:
        """Return how many accepted incidents there are."""
        note("incidents")
        return self._count

    def closed_spells(self) -> pd.DataFrame:
        """Return when records were closed that were opened again.

        Raises
        ------
        StoreError
            If the incidents changed since the snapshot was taken: a retry gets a new snapshot.
        """
        note("incidents")
        with self._incidents.reading():
            return self._store.closed_spells()

    def placeless_count(self) -> int:
        """Return how many records have no place."""
        note("incidents")
        return self._placeless

    def records(self) -> pd.DataFrame:
        """Return the records that have lives, read when they are first needed.

        Raises
        ------
        StoreError
            If the incidents changed since the snapshot was taken: a retry gets a new snapshot.
        """
        note("incidents")
        if self._records is None:
            with self._incidents.reading():
                self._records = self._store.records()
        return self._records

    def imports(self, *, history: bool = False) -> list[ImportRecord]:
        """Return the records of the current imports; with `history` of all."""
        note("incidents")
        return self._store.imports(history=True) if history else self._imports

    # Measures and entries are read from the store as it is now, and not as it was: few answers need
    # them, and those that were made of the same incidents and layers serve on when they change.

    def measures(self) -> list[Measure]:
        """Return every measure."""
        note("measures")
        return self._store.measures()

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Return values of areas; see `geo.store.measure_contract.MeasureReader`."""
        note("measures")
        with self._store.reading():
            version = self._store.data_version()
            return self._values.get_or_read(
                ValuesRead(
                    (version.uuid, version.measures),
                    None if measure_ids is None else tuple(measure_ids),
                    None if area_codes is None else tuple(area_codes),
                    period,
                ),
                lambda: self._store.measure_values(
                    measure_ids, area_codes=area_codes, period=period
                ),
            )

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the periods of which measures have values."""
        note("measures")
        return self._store.measure_periods(measure_ids)

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        """Count values of other areas; see `geo.store.measure_contract.MeasureReader`."""
        note("measures")
        with self._store.reading():
            version = self._store.data_version()
            return self._values_elsewhere.get_or_read(
                ValuesElsewhereCounted(
                    (version.uuid, version.measures), measure_id, tuple(area_codes), period
                ),
                lambda: self._store.values_of_other_areas(measure_id, area_codes, period=period),
            )

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """Return entries; see `geo.store.measure_contract.MeasureReader`."""
        note("entries")
        return self._store.entries(kind, period=period)

    def table_imports(self, subject: TableSubject | None = None) -> list[TableImport]:
        """Return the imports of values and entries; with `subject` those of one of them."""
        note("measures", "entries")
        return self._store.table_imports(subject)

    def tasks(self) -> list[TaskRow]:
        """Return every task, read when they are first needed.

        Raises
        ------
        TasksChangedError
            If tasks changed since the snapshot was taken: a retry gets a new snapshot.
        """
        note("tasks")
        if self._tasks is None:
            with self._reading_tasks():
                self._tasks = self._store.tasks()
        return self._tasks

    def tasking(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None = None
    ) -> dict[str, list[StepRecord]]:
        """Return steps by id; see `geo.store.tasking_contract.TaskingReader`."""
        note("tasks")
        with self._reading_tasks():
            return self._store.tasking(subject, record_ids)

    def tasking_ids(self, subject: TaskingSubject) -> list[str]:
        """Return the ids of all that there are."""
        note("tasks")
        with self._reading_tasks():
            return self._store.tasking_ids(subject)

    def tasking_of_meeting(self, meeting_id: str) -> list[tuple[TaskingSubject, str]]:
        """Return what had a step in a meeting."""
        note("tasks")
        with self._reading_tasks():
            return self._store.tasking_of_meeting(meeting_id)

    @contextmanager
    def _reading_tasks(self) -> Iterator[None]:
        """Read the tasks of the store while they are those of the snapshot."""
        with self._store.reading():
            if self._store.data_version().tasks != self._version.tasks:
                raise TasksChangedError("the tasks have just changed; try again")
            yield

    def setting(self, key: str) -> Setting:
        """Return a setting's value; None where it is not set."""
        note("settings")
        return self._settings.get(key)

    def settings(self) -> dict[str, Setting]:
        """Return every setting."""
        note("settings")
        return self._settings

    def plans(self) -> list[PlanSummary]:
        """Return a summary of each plan."""
        note("plans")
        return self._plans

    def plan(self, plan_id: str) -> PlanRecord:
        """Return the record of a plan.

        Raises
        ------
        StoreError
            If the plans changed since the snapshot was taken: a retry gets a new snapshot.
        """
        note("plans")
        with self._store.reading():
            self._refuse_changed_plans()
            return self._store.plan(plan_id)

    def plan_comments(self, plan_id: str) -> list[PlanComment]:
        """Return the comments on a plan.

        Raises
        ------
        StoreError
            As for `plan`.
        """
        note("plans")
        with self._store.reading():
            self._refuse_changed_plans()
            return self._store.plan_comments(plan_id)

    def _refuse_changed_plans(self) -> None:
        if self._store.data_version().plans != self._version.plans:
            raise StoreError("the plans have just changed; try again")
