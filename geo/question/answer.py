"""The Answer: the incidents that a Question means, and the frames that every door shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.errors import InputError, QuestionError
from geo.hotspots import change, getis_ord
from geo.incidents import SourceNotes, london_months
from geo.locate import AreaLocator
from geo.period import Period
from geo.question.accounts import Accounts
from geo.question.harm import HarmTable
from geo.question.model import Question
from geo.sources import NOTES

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StoreFacts:
    """What a store knows beside its incidents and areas.

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
    harm
        The harm table that the Question weighs by.
    known_places
        Ranked places whose ids are kept: `hotspot_id`, `x`, `y`.
    treated, control
        The layers of the places that the Question says were treated and were not, where it names
        layers.
    bases
        The candidate bases that the Question names: areas or points, indexed by code, with
        `area_name`.
    """

    accepted: int
    notes: Mapping[str, SourceNotes] = field(default_factory=lambda: NOTES)
    operation: str = ""
    data_version: str = ""
    harm: HarmTable | None = None
    known_places: pd.DataFrame | None = None
    treated: gpd.GeoDataFrame | None = None
    control: gpd.GeoDataFrame | None = None
    bases: gpd.GeoDataFrame | None = None


@dataclass(frozen=True)
class Answer:
    """The frames that a Question asks for; each is computed when it is first read.

    Attributes
    ----------
    question
        With its defaults filled in.
    areas, study_areas
        The layer asked, and the one that is judged as a whole.
    counted
        The incidents of the period inside the study area, with `area`: their position in `areas`
        or −1.
    compared
        Those of the compared period, in the same way; none where nothing is compared.
    history
        Those of all time up to the period's end, where they were asked for.
    published
        Every month that some asked source has published, in order.
    short
        Those of them that look published short.
    """

    question: Question
    areas: gpd.GeoDataFrame
    study_areas: gpd.GeoDataFrame
    counted: pd.DataFrame
    accounts: Accounts
    facts: StoreFacts
    compared: pd.DataFrame
    history: pd.DataFrame
    published: tuple[str, ...]
    short: tuple[str, ...]

    @property
    def area_counts(self) -> gpd.GeoDataFrame:
        """`area_counts_of_all`, narrowed to the areas that the Question shows."""
        return self.shown(self.area_counts_of_all)

    @cached_property
    def area_counts_of_all(self) -> gpd.GeoDataFrame:
        """Incidents by area: `area_code`, `area_name`, `n`, `share`, and the area's geometry.

        `share` is of all incidents counted in the study area. Areas with no incident have a row.
        With `by=month` there is a row for each area and published month, with `month`, and
        shares of that month. Where the layer has residents, `rate_per_1000` is of the period.
        With a harm table, `weighted` is the harm. With a compared period, `n_compared`, `change`,
        `change_share`, `p`, `q` and `certainty`; see `geo.hotspots.change`.

        Raises
        ------
        QuestionError
            If the counts are to be split by month and compared.
        """
        months = self.accounts.months_published if self.question.by == "month" else [""]
        tables = [self._count(self.counted[self._in_month(month)], month) for month in months]
        none = self._count(self.counted[:0], "")[:0]
        frame = pd.concat(tables, ignore_index=True) if tables else none
        if self.question.by != "month":
            frame = frame.drop(columns="month")
        if self.accounts.compared:
            if self.question.by == "month":
                raise QuestionError("by", "a split by month has no compared period: leave out one")
            n_compared = self._counts_by_area(self.compared)
            found = change.changes(frame["n"], n_compared, days=self.days)
            at = frame.columns.get_loc("share") + 1
            for name in reversed(found.columns.drop("n")):
                frame.insert(at, name, found[name].to_numpy())
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
        '' outside the layer), `inside_share`; with a harm table also `weighted` and the ranks.
        See `geo.hotspots.getis_ord`.
        """
        cells = self.cells
        weighted = None
        if self.harm is not None:
            cell = self.cell_of_counted
            weighted = np.bincount(cell, self.harm_of(self.counted), minlength=len(cells))
        found = getis_ord.hotspots(
            self.cell_counts, cells.neighbours, cells.inside_area, weighted=weighted
        )
        return self.on_cells(found)

    @cached_property
    def cell_of_counted(self) -> NDArray[np.int64]:
        """The number of the cell that holds each counted incident."""
        return self.cells.assign(self.counted["x"], self.counted["y"])

    @property
    def cell_counts(self) -> NDArray[np.int64]:
        """How many counted incidents each cell holds; together they are all of them."""
        counts = np.bincount(self.cell_of_counted, minlength=len(self.cells))
        if counts.sum() != len(self.counted):
            raise AssertionError("the cells do not hold every counted incident")
        return counts

    def on_cells(self, found: pd.DataFrame) -> gpd.GeoDataFrame:
        """A frame with a row for each cell, as a layer of the cells that the Question shows."""
        frame = self.cells.frame(str(self.areas.crs))
        for name in found.columns:
            frame[name] = found[name].to_numpy()
        frame["area_code"] = self.area_codes_at(*self.cells.grid.centres(self.cells.positions))
        ordered = ["cell_id", *found.columns, "area_code", "inside_share", "geometry"]
        return self.shown(frame[ordered])

    def area_codes_at(self, x: Floats, y: Floats) -> NDArray[np.object_]:
        """The code of the area at each point, '' outside the layer."""
        found = AreaLocator(self.areas).locate(x, y)
        return np.append(self.areas.index.to_numpy(object).astype(str), "").astype(object)[found]

    def shown(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The rows of the areas that the Question is narrowed to; what they say stays the same."""
        if not self.question.within:
            return frame
        return frame[frame["area_code"].isin(self.question.within)].reset_index(drop=True)

    @property
    def harm(self) -> HarmTable | None:
        """The table that the Question weighs by; none where it counts."""
        return self.facts.harm

    def harm_of(self, incidents: pd.DataFrame) -> Floats:
        """What each incident weighs: 1 where the Question counts."""
        if self.harm is None:
            return np.ones(len(incidents))
        return self.harm.of(incidents["category"])

    @property
    def snapped(self) -> bool:
        """Whether some source of the answer moves its points to anonymous ones."""
        notes = self.facts.notes
        return any(notes[name].snapped for name in self.accounts.source if name in notes)

    @property
    def days(self) -> tuple[float, float]:
        """Published days of the period and of the compared one."""
        told = self.accounts.compared
        spans = [self.accounts.period, *([told.period] if told else [])]
        now, *before = (published_days(span, self.published) for span in spans)
        return now, before[0] if before else float("nan")

    def _counts_by_area(self, incidents: pd.DataFrame) -> NDArray[np.int64]:
        position = incidents["area"].to_numpy()
        return np.bincount(position[position >= 0], minlength=len(self.areas))

    def _in_month(self, month: str) -> NDArray[np.bool_]:
        if not month:
            return np.ones(len(self.counted), dtype=bool)
        return np.asarray(self._months == np.datetime64(month, "M"))

    @cached_property
    def _months(self) -> NDArray[np.datetime64]:
        return london_months(self.counted["occurred_from"])

    def _count(self, incidents: pd.DataFrame, month: str) -> pd.DataFrame:
        n = self._counts_by_area(incidents)
        frame = pd.DataFrame(
            {
                "area_code": self.areas.index.astype(str),
                "area_name": self.areas["area_name"].to_numpy(),
                "month": month,
                "n": n,
                "share": n / max(len(incidents), 1),
            }
        )
        if self.harm is not None:
            position, weight = incidents["area"].to_numpy(), self.harm_of(incidents)
            held = position >= 0
            frame["weighted"] = np.bincount(
                position[held], weights=weight[held], minlength=len(self.areas)
            )
        if "residents" in self.areas.columns:
            # A file can call anything residents: what is no number has no rate.
            residents = pd.to_numeric(self.areas["residents"], errors="coerce").to_numpy(float)
            with np.errstate(divide="ignore", invalid="ignore"):
                frame["rate_per_1000"] = np.where(residents > 0, n / residents * 1000, np.nan)
        frame["geometry"] = self.areas.geometry.to_numpy()
        return frame


def published_days(period: Period, months: tuple[str, ...]) -> float:
    """How many days of a period lie in months that were published."""
    days = np.arange(np.datetime64(period.first), np.datetime64(period.last) + 1)
    return float(np.isin(days.astype("datetime64[M]").astype(str), months).sum())
