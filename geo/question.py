"""The Question and its Answer: the only file that knows the order of the stages.

Command line, pages and collections are faces of one Question. The same Question on the same
data gives the same frames, and every Answer carries its accounts:
read = rejected + not asked + outside + counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.accounts import Accounts
from geo.cells import Cells, Grid
from geo.errors import InputError, NotFoundError, QuestionError
from geo.hotspots import getis_ord
from geo.incidents import ANSWER_COLUMNS, NOTES_SETTING, SourceNotes, london_months
from geo.locate import AreaLocator
from geo.options import Question
from geo.quality import published_twice
from geo.selection import Known, plan, refuse_unknown
from geo.sources import NOTES
from geo.store.contract import ImportRecord, StoreReader

__all__ = ["Answer", "Question", "answer", "ask", "default_layer"]


@dataclass(frozen=True)
class Answer:
    """The frames that a Question asks for; each is computed when it is first read.

    `counted` holds the incidents inside the study area, with `area`: their position in `areas`
    or −1. `question` has its defaults filled in.
    """

    question: Question
    areas: gpd.GeoDataFrame
    study_areas: gpd.GeoDataFrame
    counted: pd.DataFrame
    accounts: Accounts

    @cached_property
    def area_counts(self) -> gpd.GeoDataFrame:
        """Incidents by area: `area_code`, `area_name`, `n`, `share`, and the area's geometry.

        `share` is of all incidents counted in the study area. Areas with no incident have a row.
        With `by=month` there is a row for each area and published month, with `month`, and
        shares of that month. Where the layer has residents, `rate_per_1000` is of the period.
        """
        months = self.accounts.months_published if self.question.by == "month" else [""]
        tables = [self._count(self.counted[self._in_month(month)], month) for month in months]
        none = self._count(self.counted[:0], "")[:0]
        frame = pd.concat(tables, ignore_index=True) if tables else none
        if self.question.by != "month":
            frame = frame.drop(columns="month")
        if self.question.within:
            frame = frame[frame["area_code"].isin(self.question.within)].reset_index(drop=True)
        return gpd.GeoDataFrame(frame, geometry="geometry", crs=self.areas.crs)

    @cached_property
    def cells(self) -> Cells:
        """The cells over the union of the study area's areas.

        Raises
        ------
        QuestionError
            If there would be too many.
        """
        mask = shapely.union_all(self.study_areas.geometry.to_numpy())
        try:
            return Cells.over(mask, Grid(self.question.cell, self.question.shape))
        except InputError as error:
            raise QuestionError("cell", str(error)) from error

    @cached_property
    def hotspots(self) -> gpd.GeoDataFrame:
        """Every cell of the study area with its class, and the whole cell as geometry.

        `cell_id`, `n`, `z`, `p`, `q`, `p_count`, `q_count`, `class`, `area_code` (of the centre;
        '' outside the layer), `inside_share`. See `geo.hotspots.getis_ord`.
        """
        cells = self.cells
        counts = cells.count(self.counted["x"], self.counted["y"])
        if counts.sum() != len(self.counted):
            raise AssertionError("the cells do not hold every counted incident")
        found = getis_ord.hotspots(counts, cells.neighbours, cells.inside_area)
        centre = AreaLocator(self.areas).locate(*cells.grid.centres(cells.positions))
        frame = cells.frame(str(self.areas.crs))
        for name in found.columns:
            frame[name] = found[name].to_numpy()
        frame["area_code"] = np.append(self.areas.index.astype(str), "")[centre]
        if self.question.within:
            frame = frame[frame["area_code"].isin(self.question.within)].reset_index(drop=True)
        ordered = ["cell_id", *found.columns, "area_code", "inside_share", "geometry"]
        return frame[ordered]

    def busiest_cells(self, most: int) -> gpd.GeoDataFrame:
        """The hot cells by incidents, ties by cell id, or all cells where none is hot.

        With `rank`, and `location`: the place that the cell's incidents name most often. Cells
        without an incident are left out.
        """
        frame = self.hotspots[self.hotspots["n"] > 0]
        hot = frame["class"].str.startswith("hot")
        top = (frame[hot] if hot.any() else frame).sort_values(
            ["n", "cell_id"], ascending=[False, True]
        )
        top = top.head(most)
        ids = np.array(self.cells.ids, dtype=object)
        owner = ids[self.cells.assign(self.counted["x"], self.counted["y"])]
        places = self.counted["location"].astype(str).to_numpy()
        named = pd.DataFrame({"cell_id": owner, "location": places})
        named = named[named["cell_id"].isin(top["cell_id"])].value_counts(sort=False).reset_index()
        named = named.sort_values(["count", "location"], ascending=[False, True])
        commonest = named.drop_duplicates("cell_id").set_index("cell_id")["location"]
        top = top.reset_index(drop=True)
        top.insert(0, "rank", np.arange(1, len(top) + 1))
        top["location"] = top["cell_id"].map(commonest)
        return top

    def _in_month(self, month: str) -> NDArray[np.bool_]:
        if not month:
            return np.ones(len(self.counted), dtype=bool)
        return np.asarray(self._months == np.datetime64(month, "M"))

    @cached_property
    def _months(self) -> NDArray[np.datetime64]:
        return london_months(self.counted["occurred_from"])

    def _count(self, incidents: pd.DataFrame, month: str) -> pd.DataFrame:
        position = incidents["area"].to_numpy()
        n = np.bincount(position[position >= 0], minlength=len(self.areas))
        frame = pd.DataFrame(
            {
                "area_code": self.areas.index.astype(str),
                "area_name": self.areas["area_name"].to_numpy(),
                "month": month,
                "n": n,
                "share": n / max(len(incidents), 1),
            }
        )
        if "residents" in self.areas.columns:
            # A file can call anything residents: what is no number has no rate.
            residents = pd.to_numeric(self.areas["residents"], errors="coerce").to_numpy(float)
            with np.errstate(divide="ignore", invalid="ignore"):
                frame["rate_per_1000"] = np.where(residents > 0, n / residents * 1000, np.nan)
        frame["geometry"] = self.areas.geometry.to_numpy()
        return frame


@dataclass(frozen=True)
class StoreFacts:
    """What the accounts tell of a store.

    Attributes
    ----------
    accepted
        How many incidents it holds in all.
    notes
        What to know of each source, by its id.
    operation
        The coordinate operation that led to the metres.
    data_version
        Its state.
    """

    accepted: int
    notes: Mapping[str, SourceNotes] = field(default_factory=lambda: NOTES)
    operation: str = ""
    data_version: str = ""


def answer(
    question: Question,
    incidents: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    *,
    study_areas: gpd.GeoDataFrame | None = None,
    imports: Sequence[ImportRecord] = (),
    facts: StoreFacts | None = None,
) -> Answer:
    """Answer a Question from frames alone.

    Parameters
    ----------
    incidents
        An incident frame, in metres of the CRS of the areas.
    areas
        The layer, indexed by `area_code`, with `area_name`.
    study_areas
        The study area's layer, where it is another one.
    imports
        The records of what was read, for the accounts; without them every row counts as read,
        and the months that have rows as published.
    facts
        What the accounts tell of the store that the incidents are from, if they are from one.

    Raises
    ------
    QuestionError
        If the data cannot answer it: an unknown category, source or area, or finer times than
        the data knows.
    """
    study = areas if study_areas is None else study_areas
    refuse_unknown("within", question.within, areas.index)
    settled = plan(question, _known(incidents, imports), study)
    asked = settled.select(incidents)
    inside = AreaLocator(study).locate(asked["x"], asked["y"]) >= 0
    counted = asked[inside].reset_index(drop=True)
    counted["area"] = AreaLocator(areas).locate(counted["x"], counted["y"])
    facts = facts or StoreFacts(accepted=len(incidents))
    rejected = _rejected(imports)
    told = [facts.notes[name] for name in settled.sources if name in facts.notes]
    caveats = [caveat for note in told for caveat in note.caveats]
    if settled.sources_overlap:
        caveats.insert(
            0,
            f"Two sources cover the same months ({', '.join(settled.sources)}): an incident that "
            "both recorded counts twice. Choose one source.",
        )
    snapped = counted[counted["precision"] == "month"]
    caveats += [f"{double.month}: {double.text}." for double in published_twice(snapped)]
    accounts = Accounts(
        read=rejected + facts.accepted,
        rejected=rejected,
        not_asked=facts.accepted - len(asked),
        outside=len(asked) - len(counted),
        counted=len(counted),
        in_no_area=int((counted["area"] < 0).sum()),
        period=settled.period,
        months_published=settled.months_published,
        months_missing=settled.months_missing,
        source=settled.sources,
        crs=str(areas.crs),
        operation=facts.operation,
        mask=question.study or question.layer,
        caveats=caveats,
        attribution=[note.attribution for note in told if note.attribution],
        data_version=facts.data_version,
        question=question.options(),
    )
    return Answer(question, areas, study, counted, accounts)


def ask(question: Question, store: StoreReader) -> Answer:
    """Answer a Question from a store.

    Raises
    ------
    QuestionError
        As `answer`, or if a layer is unknown or there is none.
    """
    with store.reading():
        layer = question.layer or default_layer(store)
        question = replace(question, layer=layer)
        areas = _layer(store, "layer", layer)
        study = _layer(store, "study", question.study) if question.study else areas
        imports = store.imports()
        window = plan(question, [Known.of_import(record) for record in imports], study).window
        return answer(
            question,
            store.incidents(window, columns=ANSWER_COLUMNS),
            areas,
            study_areas=study,
            imports=imports,
            facts=StoreFacts(
                accepted=store.incident_count(),
                notes=source_notes(store, {record.source for record in imports}),
                operation=store.projection.description,
                data_version=str(store.data_version()),
            ),
        )


def source_notes(store: StoreReader, sources: Iterable[str]) -> dict[str, SourceNotes]:
    """What to know of each source that the store or this version knows anything of."""
    found = dict(NOTES)
    for source in sources:
        kept = store.setting(NOTES_SETTING.format(source))
        if isinstance(kept, dict):
            found[source] = SourceNotes.read(kept)
    return found


def default_layer(store: StoreReader) -> str:
    """The layer that a Question means when it names none: the setting's, else the first.

    Raises
    ------
    QuestionError
        If the store holds no layer.
    """
    chosen = store.setting("default_layer")
    layers = [papers.layer_id for papers in store.layers()]
    if not layers:
        raise QuestionError("layer", "the store holds none yet; see 'patchmap layers add'")
    return str(chosen) if chosen in layers else layers[0]


def _known(incidents: pd.DataFrame, imports: Sequence[ImportRecord]) -> list[Known]:
    return [Known.of_import(record) for record in imports] or Known.of_frame(incidents)


def _rejected(imports: Sequence[ImportRecord]) -> int:
    """Rows turned away by the last import of each partition: those before it are replaced."""
    last = {record.partition_id: record for record in imports}
    return sum(record.rows_rejected for record in last.values())


def _layer(store: StoreReader, option: str, layer_id: str) -> gpd.GeoDataFrame:
    try:
        return store.layer(layer_id)[1]
    except NotFoundError as error:
        raise QuestionError(option, str(error)) from error
