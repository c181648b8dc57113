"""The state of a store as somebody sees it who does not see all: the one place that limits it.

Lists, tables, maps and files are made of what a `LimitedSnapshot` gives: visible areas, and
incidents in them. Questions are answered from all areas and incidents, so that tests and verdicts
are the same for all readers; the Answer then shows visible areas only, and knows of the others
neither name nor code.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.identity.view import DataView
from api.limited_questions import INSIDE, OwnAreas, VisibleRows, is_among, named_areas, named_layers
from api.limited_tasking import limited_steps, tasks_inside
from api.reads import note
from api.snapshot import Snapshot
from boundaries.layers.blocks import BlockLayer
from boundaries.plans.plan_layers import plan_of
from geo.distinct_points import PointCounts
from geo.errors import InputError, NotFoundError, QuestionError
from geo.incidents import ANSWER_COLUMNS
from geo.locate import AreaLocator
from geo.lookup import are_among
from geo.measures.model import EntryKind, entries_frame, values_frame
from geo.period import Period
from geo.prepared import prepared
from geo.properties import cached_property
from geo.question.answer import Visible
from geo.question.ask import Answer, Question, default_layer
from geo.question.concealed import CONCEALED, concealed, limited, without_locations
from geo.question.exclusions import UNSEEN, names_ranked_place
from geo.question.layer_index import LayerIndexes
from geo.question.lives import check_services
from geo.question.resolve import check_names
from geo.question.stated import stated_positions
from geo.question.subjects import AnswerSubject, ask_about
from geo.store.contract import LayerMetadata, PlanRecord, PlanSummary, Setting, Window
from geo.store.layer_ids import areas_among, find_layer
from geo.store.measure_contract import TableImport, TableSubject
from geo.store.tasking_contract import StepRecord, TaskingSubject, TaskRow

Bools = NDArray[np.bool_]

GONE: Final = f"{CONCEALED}gone"
"""Stands for the code of an area that its layer no longer has."""

_NONE: Final = "none of your areas is in this store any more; ask an administrator"


class _PlansHidden(Snapshot):
    """A state of a store in which there may be no plans, and another default layer."""

    def __init__(self, whole: Snapshot, view: DataView) -> None:
        # The frames, and what is read later, are shared with the whole.
        vars(self).update(vars(whole))
        self._whole, self.view = whole, view

    @property
    def whole(self) -> Snapshot:
        """The state with all that is in the store."""
        return self._whole

    def plan_titles(self) -> list[PlanSummary]:
        """Return the plans, if they are seen."""
        return self.whole.plan_titles() if self.view.plans else []

    def plans(self) -> list[PlanSummary]:
        """Return a summary of each plan, if they are seen."""
        return self.whole.plans() if self.view.plans else []

    def plan(self, plan_id: str) -> PlanRecord:
        """Return the record of a plan, if plans are seen."""
        self._refuse_plans()
        return self.whole.plan(plan_id)

    def plan_areas(self, plan_id: str) -> gpd.GeoDataFrame:
        """Return the areas of a plan, if plans are seen."""
        self._refuse_plans()
        return self.whole.plan_areas(plan_id)

    def plan_blocks(self, layer_id: str) -> BlockLayer:
        """Return the blocks that plans are made of, if plans are seen."""
        self._refuse_plans()
        return self.whole.plan_blocks(layer_id)

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer; a plan that is not seen is refused as a layer that does not exist."""
        if plan_of(layer_id) and not self.view.plans:
            find_layer(areas_among(self.layers()), layer_id)
        return super().layer(layer_id)

    def settings(self) -> dict[str, Setting]:
        """Return every setting; by default somebody's own areas are asked about."""
        settings = self.whole.settings()
        if self.view.areas is None:
            return settings
        return {**settings, "default_layer": self.view.areas.layer}

    def setting(self, key: str) -> Setting:
        """Return a setting's value."""
        return self.settings().get(key)

    def values_of_other_areas(
        self, measure_id: str, area_codes: Sequence[str], *, period: Period | None = None
    ) -> pd.Series:
        """Count the values of areas that their layer no longer has: others are not seen here."""
        layers = {one.measure_id: one.layer_id for one in self.whole.measures()}
        codes = list(area_codes)
        if layers.get(measure_id):
            codes = [*self.whole.features(layers[measure_id])[1].index.astype(str)]
        return self.whole.values_of_other_areas(measure_id, codes, period=period)

    def _refuse_plans(self) -> None:
        if not self.view.plans:
            raise NotFoundError("there is no such plan")


class _AskedSnapshot(_PlansHidden):
    """What Questions are answered from: all areas, of which those not seen are concealed."""

    def __init__(
        self, whole: Snapshot, view: DataView, limits: LimitedSnapshot, question: Question
    ) -> None:
        super().__init__(whole, view)
        self._limits, self._leaves_out = limits, bool(question.without)
        self._named = named_layers(question)

    def layers(self) -> list[LayerMetadata]:
        """Return the layers that are seen or named by the Question: refusals list them."""
        every = self.whole.layers()
        named = {find_layer(every, one).layer_id for one in self._named if is_among(every, one)}
        ids = {one.layer_id for one in self._limits.layers()} | named
        return [one for one in every if one.layer_id in ids]

    def layer(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer of areas, or that of a measure or of entries: what is carried is alike."""
        if self._is_measured(layer_id):
            return self.features(layer_id)
        return super().layer(layer_id)

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer's metadata and features."""
        if not self._is_measured(layer_id):
            find_layer(self.layers(), layer_id)
        metadata, frame = self.whole.features(layer_id)
        # Streets are made of segments by their names, and shown by the areas that they lie in.
        if self.view.areas is None or metadata.kind == "lines":
            return metadata, frame
        return metadata, self._limits.concealed(layer_id)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = ANSWER_COLUMNS
    ) -> pd.DataFrame:
        """Return all accepted incidents, and which are `UNSEEN` where places are left out."""
        return self._with_unseen(self.whole.incidents(window, columns=columns))

    def located_incidents(
        self, window: Window, columns: Sequence[str], locator: AreaLocator
    ) -> pd.DataFrame:
        """Return incidents as `incidents` does, with their areas where the store keeps them."""
        return self._with_unseen(self.whole.located_incidents(window, columns, locator))

    def point_counts(self, window: Window | None = None) -> PointCounts | None:
        """Count all accepted incidents by source, London month and point."""
        return self.whole.point_counts(window)

    def _with_unseen(self, incidents: pd.DataFrame) -> pd.DataFrame:
        if self.view.areas is None or not self._leaves_out:
            return incidents
        return incidents.assign(**{UNSEEN: ~self._limits.sees(incidents)})

    def records(self) -> pd.DataFrame:
        """Return all records, whose stated areas have the codes that areas have here."""
        frame = self.whole.records()
        if self.view.areas is None:
            return frame
        frame = frame.assign(stated_area=self._limits.concealed_statements(frame))
        if not self._leaves_out:
            return frame
        return frame.assign(**{UNSEEN: ~self._limits.sees(frame)})

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Return values of all areas, under the codes that those not seen have here."""
        wanted = None if self.view.areas else area_codes
        values = self.whole.measure_values(measure_ids, area_codes=wanted, period=period)
        if self.view.areas is None:
            return values
        layers = {one.measure_id: one.layer_id for one in self.whole.measures()}
        codes = self._limits.concealed_codes(values["measure_id"].map(layers), values["area_code"])
        named = values.assign(area_code=codes)
        renamed = values_frame(named[named["area_code"] != GONE])
        return renamed if area_codes is None else renamed[renamed["area_code"].isin(area_codes)]

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """Return all entries, under the codes that areas that are not seen have here."""
        entries = self.whole.entries(kind, period=period)
        if self.view.areas is None:
            return entries
        codes = self._limits.concealed_codes(entries["layer_id"], entries["area_code"])
        return entries_frame(entries.assign(area_code=codes))

    def _is_measured(self, layer_id: str) -> bool:
        """Whether measures or entries are of a layer of areas that is neither seen nor named."""
        every = areas_among(self.whole.layers())
        if is_among(self.layers(), layer_id) or not is_among(every, layer_id):
            return False
        measured = {one.layer_id for one in self.whole.measures()}
        return layer_id in measured or layer_id in set(self.whole.entries()["layer_id"])


class LimitedSnapshot(_PlansHidden):
    """The state of a store as a view of the data shows it.

    Parameters
    ----------
    whole
        All of it.
    view
        What of it is seen.
    """

    def __init__(self, whole: Snapshot, view: DataView) -> None:
        super().__init__(whole, view)
        self.sees_all_areas = view.areas is None
        self._visible: dict[str, VisibleRows] = {}
        self._concealed: dict[str, gpd.GeoDataFrame] = {}
        self._cut: dict[str, gpd.GeoDataFrame] = {}

    def layers(self) -> list[LayerMetadata]:
        """Return the metadata of the layers of which a feature is seen."""
        every = self.whole.layers()
        if self.view.areas is None:
            return every
        return [one for one in every if self.visible(one.layer_id).rows.any()]

    def features(self, layer_id: str) -> tuple[LayerMetadata, gpd.GeoDataFrame]:
        """Return a layer's metadata and the features that are seen.

        Raises
        ------
        NotFoundError
            If there is no such layer, or none of its features is seen.
        """
        if self.view.areas is None:
            return self.whole.features(layer_id)
        metadata = find_layer(self.layers(), layer_id)
        own = metadata.layer_id
        if own not in self._cut:
            frame = self.whole.features(own)[1]
            self._cut[own] = frame[self.visible(own).rows]
        return metadata, self._cut[own]

    def copies(self) -> list[object]:
        """Return what this holds beside the state itself."""
        return [*self._visible.values(), *self._concealed.values(), *self._cut.values()]

    def area_count(self, layer_id: str) -> int:
        """Return how many areas a layer has, seen or not: officers are shared out over all."""
        return self.whole.area_count(layer_id)

    def incidents(
        self, window: Window | None = None, *, columns: Sequence[str] = ANSWER_COLUMNS
    ) -> pd.DataFrame:
        """Return the accepted incidents that lie where something is seen."""
        wanted = list(columns)
        if self.view.areas is None:
            frame = self.whole.incidents(window, columns=wanted)
        else:
            read = list(dict.fromkeys([*wanted, "x", "y"]))
            frame = self.whole.incidents(window, columns=read)
            frame = frame[self.sees(frame)]
            frame = frame[wanted].reset_index(drop=True)
        return self._without_locations(frame)

    def incident_page(self, start: int, count: int, *, columns: Sequence[str]) -> pd.DataFrame:
        """Return some of the incidents that lie where something is seen."""
        if self.view.areas is not None:
            return self.incidents(columns=columns).iloc[start : start + count]
        frame = self.whole.incident_page(start, count, columns=columns)
        return self._without_locations(frame)

    def incident(self, incident_id: str, *, columns: Sequence[str]) -> pd.DataFrame:
        """Return the incident of an id, no row where none is seen."""
        read = list(dict.fromkeys([*columns, "x", "y"]))
        frame = self.whole.incident(incident_id, columns=read)
        if self.view.areas is not None:
            frame = frame[self.sees(frame)]
        return self._without_locations(frame[list(columns)])

    def _without_locations(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Incidents, without the names of streets for who may not read them."""
        return without_locations(frame, np.full(len(frame), not self.view.locations))

    def records(self) -> pd.DataFrame:
        """Return the records that lie, or are stated to lie, where something is seen."""
        frame = self.whole.records()
        if self.view.areas is not None:
            stated = self.concealed_statements(frame)
            named = (stated != "") & ~stated.str.contains(CONCEALED, regex=False)
            frame = frame[self.sees(frame) | (frame["x"].isna() & named).to_numpy(bool)]
        return self._without_locations(frame)

    def closed_spells(self) -> pd.DataFrame:
        """Return when records that are seen were closed and opened again."""
        spells = self.whole.closed_spells()
        return spells[are_among(spells["incident_id"], self.records().index)]

    def placeless_count(self) -> int:
        """Return how many of the records that are seen have no place."""
        if self.view.areas is None:
            return self.whole.placeless_count()
        return int(self.records()["x"].isna().sum())

    def concealed_statements(self, records: pd.DataFrame) -> pd.Series:
        """Return the codes of the areas that records state, as `concealed` has them; '' for none.

        Parameters
        ----------
        records
            With `stated_layer` and `stated_area`, a code or a name.
        """
        codes = pd.Series("", index=records.index, dtype="str")
        for layer_id in records["stated_layer"].unique():
            # A layer that is not in the store states nothing.
            with suppress(NotFoundError):
                areas = self.whole.features(str(layer_id))[1]
                of_layer = (records["stated_layer"] == layer_id).to_numpy()
                at = stated_positions(records.loc[of_layer, "stated_area"], areas)
                own = [*self.concealed(str(layer_id)).index.astype(str), ""]
                codes[of_layer] = np.array(own, dtype=object)[at]
        return codes

    def measure_values(
        self,
        measure_ids: Sequence[str] | None = None,
        *,
        area_codes: Sequence[str] | None = None,
        period: Period | None = None,
    ) -> pd.DataFrame:
        """Return the values of the areas that are seen."""
        layers = {one.measure_id: one.layer_id for one in self.whole.measures()}
        if self.view.areas is not None:
            # No others are read: a country's areas have many millions.
            wanted = layers if measure_ids is None else {*measure_ids}.intersection(layers)
            visible = self._visible_on({layers[name] for name in wanted})
            area_codes = sorted(visible.intersection(visible if area_codes is None else area_codes))
        values = self.whole.measure_values(measure_ids, area_codes=area_codes, period=period)
        return values[self._sees_areas(values["measure_id"].map(layers), values["area_code"])]

    def _visible_on(self, layers: Iterable[str]) -> frozenset[str]:
        """The codes of the areas that are seen on any of some layers."""
        return frozenset().union(*(self.visible_codes(one) or () for one in layers))

    def measure_periods(self, measure_ids: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the periods of measures of which an area is seen."""
        if self.view.areas is None:
            return self.whole.measure_periods(measure_ids)
        counted = self.measure_values(measure_ids).groupby(
            ["measure_id", "first_day", "last_day"], as_index=False
        )
        return counted.agg(areas=("area_code", "size"))

    def entries(
        self, kind: EntryKind | None = None, *, period: Period | None = None
    ) -> pd.DataFrame:
        """Return the entries of the areas that are seen; those of the whole city are not."""
        entries = self.whole.entries(kind, period=period)
        return entries[self._sees_areas(entries["layer_id"], entries["area_code"])]

    def table_imports(self, subject: TableSubject | None = None) -> list[TableImport]:
        """Return the imports of values and entries, to those who see all areas."""
        return self.whole.table_imports(subject) if self.view.areas is None else []

    def tasks(self) -> list[TaskRow]:
        """Return the tasks whose places lie, at least partly, in somebody's areas."""
        tasks = self.whole.tasks()
        return tasks if self.view.areas is None else tasks_inside(tasks, self._region_of_own)

    def tasking(
        self, subject: TaskingSubject, record_ids: Sequence[str] | None = None
    ) -> dict[str, list[StepRecord]]:
        """Return the steps of what is seen: of the city, or of somebody's areas."""
        if self.view.areas is None:
            return self.whole.tasking(subject, record_ids)
        if subject == "task":
            visible = {task.task_id for task in self.tasks()}
            if record_ids is not None:
                visible &= {*record_ids}
            return self.whole.tasking(subject, sorted(visible))
        return limited_steps(self.whole.tasking(subject, record_ids), self.visible_codes)

    def tasking_ids(self, subject: TaskingSubject) -> list[str]:
        """Return the ids of what is seen."""
        if self.view.areas is None:
            return self.whole.tasking_ids(subject)
        if subject == "task":
            return [task.task_id for task in self.tasks()]
        return [*self.tasking(subject)]

    def tasking_of_meeting(self, meeting_id: str) -> list[tuple[TaskingSubject, str]]:
        """Return what is seen and had a step in a meeting."""
        every = self.whole.tasking_of_meeting(meeting_id)
        if self.view.areas is None:
            return every
        visible = {subject: {*self.tasking_ids(subject)} for subject, _ in every}
        return [(subject, own) for subject, own in every if own in visible[subject]]

    def concealed_codes(self, layers: pd.Series, codes: pd.Series) -> list[str]:
        """Return codes of areas as `concealed` has them; `GONE` for those that their layer lacks.

        Parameters
        ----------
        layers, codes
            The layer of each of n areas, and its code.
        """
        names: dict[str, dict[str, str]] = {}
        for layer_id in layers.unique():
            # A layer may have been removed by another process since.
            with suppress(NotFoundError):
                frame = self.whole.features(str(layer_id))[1]
                own = self.concealed(str(layer_id)).index.astype(str)
                names[str(layer_id)] = dict(zip(frame.index.astype(str), own, strict=True))
        pairs = zip(layers, codes, strict=True)
        # Without a code an entry would be one of the whole city.
        return [
            names.get(str(layer), {}).get(str(code), GONE if code else "") for layer, code in pairs
        ]

    def _sees_areas(self, layers: pd.Series, codes: pd.Series) -> Bools:
        """Tell which of n areas, by their layers and codes, are seen."""
        if self.view.areas is None:
            return np.ones(len(codes), dtype=bool)
        inside = np.zeros(len(codes), dtype=bool)
        for layer_id in layers.unique():
            visible = self.visible_codes(str(layer_id)) or frozenset()
            inside |= (layers == layer_id).to_numpy() & codes.isin(visible).to_numpy()
        return inside

    def sees(self, incidents: pd.DataFrame) -> Bools:
        """Tell which incidents, by `x` and `y`, lie in somebody's areas."""
        inside: Bools = self._locator.locate(incidents["x"], incidents["y"]) >= 0
        return inside

    def incident_count(self) -> int:
        """Return how many accepted incidents lie where something is seen."""
        if self.view.areas is None:
            return self.whole.incident_count()
        return len(self.incidents(columns=("x", "y")))

    def narrowed(self, question: Question) -> Question:
        """Return a Question that shows no other areas than those that are seen.

        Raises
        ------
        QuestionError
            If it names an area that is not seen, as one that does not exist, or none of its
            layer is seen, or a place that only location texts would tell, or a service of the
            council that no record in somebody's areas names.
        """
        self._refuse_named_places(question)
        if self.view.areas is None:
            return question
        if question.records.service:
            check_services(question.records.service, self.records())
        if self.own_areas.empty:
            raise QuestionError("layer", _NONE)
        layer = question.layer or default_layer(self)
        codes = self.visible_codes(layer)
        if codes is None:
            self._own.refuse_unknown("layer", layer)
            return question  # it is no layer of areas: to ask is refused with the reason
        if not codes:
            raise QuestionError("layer", self._nothing_seen(layer))
        for option, named in named_areas(question):
            check_names(option, named, codes)
        self._own.refuse_elsewhere(question)
        return replace(question, layer=layer, within=tuple(sorted(question.within or codes)))

    def answered(
        self,
        question: Question,
        *,
        history: bool,
        indexes: LayerIndexes,
        subject: AnswerSubject = "incidents",
    ) -> Answer:
        """Answer a narrowed Question: from all of the data, and limited to what is seen."""
        layer = question.layer or default_layer(self)
        for name in {layer, question.study} - {""} if self.view.areas else ():
            self._share(name, indexes)
        try:
            basis = _AskedSnapshot(self.whole, self.view, self, question)
            answer = ask_about(
                subject,
                question,
                basis,
                history=history,
                indexes=indexes,
                visible=self.visible_codes(layer),
            )
        except QuestionError as refusal:
            if refusal.option != "without":
                raise
            # Its advice names streets that may lie anywhere.
            places = ", ".join(question.without)
            raise QuestionError("without", f"no incident is at {places}") from None
        codes = self.visible_codes(layer)
        visible = Visible(codes, locations=self.view.locations)
        # Amounts are not tested: a total of others would only tell what they were given.
        own = subject in ("money", "time")
        return limited(answer, visible, caveats=self.caveats(layer, own_totals=own))

    def visible(self, layer_id: str) -> VisibleRows:
        """Tell which features of a layer are seen, by where they lie.

        Parameters
        ----------
        layer_id
            A layer of areas, lines or points.
        """
        note("layers")
        if layer_id not in self._visible:
            _, frame = self.whole.features(layer_id)
            self._visible[layer_id] = self._rows(layer_id, frame)
        return self._visible[layer_id]

    def visible_codes(self, layer_id: str) -> frozenset[str] | None:
        """Return the codes of the areas of a layer that are seen; None where it has no areas.

        It is None too where all areas are seen.
        """
        if self.view.areas is None:
            return None
        try:
            own = find_layer(areas_among(self.whole.layers()), layer_id).layer_id
        except NotFoundError:
            return None
        _, frame = self.whole.features(own)
        return frozenset(frame.index[self.visible(own).rows].astype(str))

    def concealed(self, layer_id: str) -> gpd.GeoDataFrame:
        """Return all areas of a layer, of which those that are not seen have no name."""
        own = find_layer(self.whole.layers(), layer_id).layer_id
        if own not in self._concealed:
            frame = self.whole.features(own)[1]
            self._concealed[own] = concealed(frame, self.visible(own).rows)
        return self._concealed[own]

    def caveats(self, layer_id: str, *, own_totals: bool = False) -> list[str]:
        """Return what readers are to know of what is not shown to them.

        Parameters
        ----------
        layer_id
            The layer asked.
        own_totals
            Whether totals are of their own areas too, and nothing is tested.
        """
        caveats = []
        if self.view.areas is not None:
            of = (
                "Totals are of these"
                if own_totals
                else "Totals and tests are of the whole study area"
            )
            caveats.append(f"You see {self.area_names} only. {of}.")
            if crossing := self.visible(layer_id).crossing:
                areas = "area of this layer lies" if crossing == 1 else "areas of this layer lie"
                caveats.append(f"{crossing:,} {areas} only partly in yours and so not shown.")
        if not self.view.locations:
            caveats.append("Street names, addresses and single points are not shown to your role.")
        return caveats

    @property
    def area_names(self) -> str:
        """The names of somebody's areas, for a sentence; '' where none is in the store."""
        names = self.own_areas["area_name"].astype(str).tolist()
        return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))

    @property
    def own_areas(self) -> gpd.GeoDataFrame:
        """Somebody's own areas; no row where the store has none of them any more."""
        note("layers")
        return self._own_areas

    @cached_property
    def _own_areas(self) -> gpd.GeoDataFrame:
        scope = self.view.areas
        frames = {one.layer_id for one in areas_among(self.whole.layers())}
        if scope is None or scope.layer not in frames:
            return gpd.GeoDataFrame({"area_name": []}, geometry=[], crs=self.projection.crs)
        _, frame = self.whole.features(scope.layer)
        return frame[frame.index.astype(str).isin(scope.codes)]

    @cached_property
    def _region(self) -> shapely.Geometry:
        return shapely.union_all(self._own_areas.geometry.to_numpy())

    @property
    def _region_of_own(self) -> shapely.Geometry:
        note("layers")
        return self._region

    @property
    def _locator(self) -> AreaLocator:
        note("layers")
        return self._locator_of_own

    @cached_property
    def _locator_of_own(self) -> AreaLocator:
        return AreaLocator(self._own_areas)

    @cached_property
    def _own(self) -> OwnAreas:
        return OwnAreas(
            self.whole,
            lambda: self._region,
            layers=self.layers,
            rows=lambda one: self.visible(one).rows,
        )

    def _rows(self, layer_id: str, frame: gpd.GeoDataFrame) -> VisibleRows:
        scope, shapes = self.view.areas, frame.geometry.to_numpy()
        if scope is None:
            return VisibleRows(np.ones(len(frame), dtype=bool), 0)
        if layer_id == scope.layer:
            own = frame.index.astype(str).isin(scope.codes)
            return VisibleRows(np.asarray(own, dtype=bool), 0)
        near: Bools = shapely.intersects(prepared(self._region), shapes)
        polygons = shapely.get_dimensions(shapes) == 2
        share = np.where(near, 1.0, 0.0)
        at = np.flatnonzero(near & polygons)
        inside = shapely.area(shapely.intersection(shapes[at], self._region))
        share[at] = inside / np.maximum(shapely.area(shapes[at]), 1e-9)
        # What only touches along a sliver is a neighbour, and nobody misses it.
        crossing = (share > 1 - INSIDE) & (share < INSIDE)
        return VisibleRows(share >= INSIDE, int(crossing.sum()))

    def _nothing_seen(self, layer_id: str) -> str:
        if self.view.areas is None:
            return _NONE
        title = find_layer(self.whole.layers(), layer_id).title or layer_id
        return f"no area of {title} lies in yours; choose layer {self.view.areas.layer}"

    def _refuse_named_places(self, question: Question) -> None:
        if self.view.locations or all(map(names_ranked_place, question.without)):
            return
        raise QuestionError(
            "without",
            "your role does not see street names and points; leave places out by the id of a "
            "ranked place",
        )

    def _share(self, layer_id: str, indexes: LayerIndexes) -> None:
        """Let what is computed of the shapes of a layer serve all who see some of its areas."""
        try:
            indexes.share(self.concealed(layer_id), self.whole.features(layer_id)[1])
        except (InputError, NotFoundError):
            return  # to ask is refused with the reason


class LimitedSnapshots:
    """The views of the present state of a store, each kept while there is room for it.

    Their copies of layers count as what is cached: there is a set of them for each officer's areas.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._whole: Snapshot | None = None
        self._views: dict[str, LimitedSnapshot] = {}
        self._used: dict[str, float] = {}

    def of(self, whole: Snapshot, view: DataView) -> LimitedSnapshot:
        """Return the state of a store as a view shows it; the same for equal views.

        Parameters
        ----------
        whole
            The state.
        view
            What of it is seen.
        """
        name = view.fingerprint
        with self._lock:
            if self._whole is not whole:
                self._whole, self._views, self._used = whole, {}, {}
            if name not in self._views:
                self._views[name] = LimitedSnapshot(whole, view)
            self._used[name] = time.monotonic()
            return self._views[name]

    def entries(self) -> list[tuple[float, Hashable, object]]:
        """When each view was last used, its name, and the copies that it holds."""
        with self._lock:
            return [(self._used[name], name, one.copies()) for name, one in self._views.items()]

    def drop(self, key: Hashable) -> None:
        """Forget a view; whoever uses it now goes on with it."""
        with self._lock:
            self._views.pop(str(key), None)
