"""The Answer: the incidents that a Question means, and the frames made of them."""

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
    """What a store knows beside its incidents and the areas of the Question.

    Attributes
    ----------
    accepted
        How many incidents it has in all.
    notes
        Licence, caveats and attribution of each source, by its id.
    operation
        The coordinate operation by which incidents were projected to metres.
    data_version
        The state of the store.
    harm
        The harm table that the Question weighs by.
    known_places
        Ranked places with saved ids: `hotspot_id`, `x`, `y`.
    treated, control
        The layers that the Question names as treated, and to compare with; None where it names
        ranked places.
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
    """The incidents that a Question means, and frames that are computed when first read.

    Attributes
    ----------
    question
        The Question, with its layer filled in.
    areas, study_areas
        The layer's areas and those of the study area, indexed by `area_code`, in metres.
    counted
        The incidents of the period inside the study area, with `area`: their position in `areas`,
        or −1.
    accounts
        Where every row went.
    facts
        What the store knows beside its incidents.
    compared
        As `counted`, of the compared period; empty without a comparison.
    history
        As `counted`, of the years up to the period's end; empty unless it was requested.
    published
        The months that some source of the Question published, in order.
    short
        Those of them that look incomplete.
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
        """`area_counts_of_all` of the areas that the Question shows."""
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
                raise QuestionError("by", "use either by or compare, not both")
            n_compared = self._counts_by_area(self.compared)
            changes = change.changes(frame["n"], n_compared, days=self.days).drop(columns="n")
            frame = inserted(frame, changes, after="share")
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
        """Every cell of the study area with its hotspot class, and the whole cell as geometry.

        `cell_id`, `n`, `z`, `p`, `q`, `p_count`, `q_count`, `class`, `area_code` (of the centre;
        '' outside the layer), `inside_share`; with a harm table also `weighted` and the ranks.
        See `geo.hotspots.getis_ord`.
        """
        cells = self.cells
        weighted = None
        if self.harm is not None:
            cell = self.cell_of_counted
            weighted = np.bincount(cell, self.harm_of(self.counted), minlength=len(cells))
        classes = getis_ord.hotspots(
            self.cell_counts, cells.neighbours, cells.inside_area, weighted=weighted
        )
        return self.on_cells(classes)

    @cached_property
    def cell_of_counted(self) -> NDArray[np.int64]:
        """The number of the cell that holds each counted incident."""
        return self.cells.assign(self.counted["x"], self.counted["y"])

    @property
    def cell_counts(self) -> NDArray[np.int64]:
        """How many counted incidents lie in each cell; together they are all of them."""
        counts = np.bincount(self.cell_of_counted, minlength=len(self.cells))
        if counts.sum() != len(self.counted):
            raise AssertionError("some counted incidents lie in no cell")
        return counts

    def on_cells(self, table: pd.DataFrame) -> gpd.GeoDataFrame:
        """A table with one row a cell, as a layer of the cells that the Question shows."""
        frame = self.cells.frame(str(self.areas.crs))
        for name in table.columns:
            frame[name] = table[name].to_numpy()
        frame["area_code"] = self.area_codes_at(*self.cells.grid.centres(self.cells.positions))
        ordered = ["cell_id", *table.columns, "area_code", "inside_share", "geometry"]
        return self.shown(frame[ordered])

    def area_codes_at(self, x: Floats, y: Floats) -> NDArray[np.object_]:
        """Look up the area at each of some points.

        Parameters
        ----------
        x, y
            Of n points, in metres of the areas' CRS.

        Returns
        -------
        n area codes, '' outside the layer.
        """
        position = AreaLocator(self.areas).locate(x, y)
        codes = np.array([*self.areas.index.astype(str), ""], dtype=object)
        # Outside is −1: the last one, ''.
        return codes[position]

    def shown(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The rows of the areas that the Question shows; their values are those among all."""
        if not self.question.within:
            return frame
        return frame[frame["area_code"].isin(self.question.within)].reset_index(drop=True)

    @property
    def harm(self) -> HarmTable | None:
        """The harm table that the Question weighs by; None where it counts."""
        return self.facts.harm

    def harm_of(self, incidents: pd.DataFrame) -> Floats:
        """The weight of each of n incidents: 1 where the Question counts."""
        if self.harm is None:
            return np.ones(len(incidents))
        return self.harm.of(incidents["category"])

    @property
    def snapped(self) -> bool:
        """Whether some source moves its incidents to shared, anonymous points."""
        notes = self.facts.notes
        return any(notes[name].snapped for name in self.accounts.source if name in notes)

    @property
    def days(self) -> tuple[float, float]:
        """Published days of the period and of the compared one; NaN without a comparison."""
        compared = self.accounts.compared
        before = published_days(compared.period, self.published) if compared else float("nan")
        return published_days(self.accounts.period, self.published), before

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
            located = position >= 0
            frame["weighted"] = np.bincount(
                position[located], weights=weight[located], minlength=len(self.areas)
            )
        if "residents" in self.areas.columns:
            # Any file's column may be called residents: without a number there is no rate.
            residents = pd.to_numeric(self.areas["residents"], errors="coerce").to_numpy(float)
            with np.errstate(divide="ignore", invalid="ignore"):
                frame["rate_per_1000"] = np.where(residents > 0, n / residents * 1000, np.nan)
        frame["geometry"] = self.areas.geometry.to_numpy()
        return frame


def inserted(frame: pd.DataFrame, columns: pd.DataFrame, *, after: str) -> pd.DataFrame:
    """Put columns into a frame of as many rows.

    Parameters
    ----------
    frame
        n rows.
    columns
        n rows in the same order; their index is ignored.
    after
        The column of the frame that they follow.
    """
    at = list(frame.columns).index(after) + 1
    own = columns.set_axis(frame.index)
    return pd.concat([frame.iloc[:, :at], own, frame.iloc[:, at:]], axis=1)


def published_days(period: Period, months: tuple[str, ...]) -> float:
    """Count the days of a period in months, `YYYY-MM`, that were published."""
    days = np.arange(np.datetime64(period.first), np.datetime64(period.last) + 1)
    return float(np.isin(days.astype("datetime64[M]").astype(str), months).sum())
