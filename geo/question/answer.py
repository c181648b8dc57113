"""The Answer: the incidents that a Question means, and the frames made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.cells import Cells, Grid
from geo.checkpoints import checkpoint
from geo.coverage import SMALL_AREA_M2, Comparison, Knowledge, Series, new_lists, point_counts
from geo.errors import InputError, QuestionError
from geo.hotspots import change, ranking
from geo.hotspots.baselines import Baseline, hotspots
from geo.hotspots.change import Changes
from geo.hotspots.dispersion import MOST_MONTHS, TIMED, begins_series
from geo.hotspots.shrinkage import Prior, prior, shrunk, shrunk_rates
from geo.hotspots.verdict import Earlier
from geo.incidents import COUNT_COLUMNS, Covers, SourceNotes
from geo.measures.measured import Measured
from geo.period import Period
from geo.properties import cached_property
from geo.question.accounts import Accounts
from geo.question.alike import UNLIKE, crossed, why_not_compared
from geo.question.baseline import (
    BaselineSources,
    MonthDispersion,
    StatedBaseline,
    baseline_layer,
    month_dispersion,
    stated_baseline,
)
from geo.question.earlier import FEWEST_EARLIER, earlier_periods
from geo.question.harm import HarmTable
from geo.question.layer_index import LayerIndexes
from geo.question.lives import Placeless, Records
from geo.question.membership import AreaMembership
from geo.question.model import Question
from geo.question.quality import Double, months_published_twice
from geo.question.rows import QuestionRows
from geo.question.street_layer import NO_STREETS, OPTION, StreetLayer
from geo.question.tally import Tally, tallies
from geo.question.time_parts import TimePart, part_names, time_parts
from geo.records.life import OPEN_STATES, state_at
from geo.sources import NOTES

UNKNOWN_CELL = "not known: the months with data here are not those elsewhere"

SHRUNK: Final = ("rate_shrunk", "rate_low", "rate_high")
"""Columns of a rate per 1,000 residents shrunk towards that of all areas, with its interval."""

ANOTHER_AREA: Final = "another area"
"""What an area is called that the reader of an Answer does not see."""

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Value = TypeVar("Value")
Counter = Callable[[pd.DataFrame], NDArray[np.int64]]
"""Counts some incidents: one number for each area, cell or place."""


def _no_streets() -> StreetLayer:
    raise QuestionError(OPTION, NO_STREETS)


def nothing_measured() -> Measured:
    """Refuse to read measures where there is no store.

    Raises
    ------
    QuestionError
        Always.
    """
    raise QuestionError("measures", "measures and entries are in a store, and none was asked")


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
        ranked places, or a layer that does not exist.
    unknown
        Why a layer of the treatment does not exist, by option. Only the treatment needs it: the
        other analyses of the Question are not refused for it.
    covers
        What the mapping of a partition says it covers, by the partition's id.
    bases
        The candidate bases that the Question names: areas or points, indexed by code, with
        `area_name`.
    titles
        Titles of the Question's layers, by their ids.
    baseline
        The layer that the Question names as its baseline: areas with counts, or points.
    streets
        Reads the layer of streets, which few answers need; refuses where there is none.
    measured
        Reads measures and entries as they are now, on the layer of the Question.
    answer_another
        Answers another Question about the same layers, for measures that are made of incidents.
    records
        The records that have lives; read by what needs them.
    no_incidents
        Why no incident was read, where the Answer is of measures or entries; '' where some may be.
    with_caveats
        Whether the accounts say what to keep in mind of the incidents; of what only another Answer
        is made of nobody reads them.
    """

    accepted: int
    notes: Mapping[str, SourceNotes] = field(default_factory=lambda: NOTES)
    operation: str = ""
    data_version: str = ""
    harm: HarmTable | None = None
    known_places: pd.DataFrame | None = None
    treated: gpd.GeoDataFrame | None = None
    control: gpd.GeoDataFrame | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    bases: gpd.GeoDataFrame | None = None
    covers: Mapping[str, Covers] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    baseline: gpd.GeoDataFrame | None = None
    streets: Callable[[], StreetLayer] = field(default=_no_streets)
    measured: Callable[[], Measured] = field(default=nothing_measured)
    answer_another: Callable[..., Answer] | None = None
    no_incidents: str = ""
    with_caveats: bool = True
    records: Records = field(default_factory=Records)

    def title(self, layer_id: str) -> str:
        """The title of a layer, for people; its id where it has none."""
        return self.titles.get(layer_id) or layer_id


@dataclass(frozen=True)
class Visible:
    """What of an Answer its reader may see; everything unless it says otherwise.

    Attributes
    ----------
    codes
        The only areas of the layer that they see; None for all. The others have neither a name nor
        their own code in the Answer: see `geo.question.concealed`.
    locations
        Whether they see street names, addresses and single points.
    named
        How many of all incidents counted name a place, where their reader sees some of them only.
    """

    codes: frozenset[str] | None = None
    locations: bool = True
    named: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether the reader sees all of it."""
        return self.codes is None and self.locations


class Window(NamedTuple):
    """A longer time that ends with a Question's period, and the Question's incidents of it."""

    period: Period
    incidents: pd.DataFrame


class ChosenPlaces(NamedTuple):
    """The places of a window, as `ranking.rank` returns them, and how places differ in it.

    Its `n` incidents are those that the places were chosen by.
    """

    frame: pd.DataFrame
    prior: Prior
    n: int


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
    earlier
        As `counted`, of earlier periods, by which changes are judged; empty without a comparison.
    published
        The months that some source of the Question published, in order.
    known
        What is known of each area.
    comparison
        What the two periods have in common; None without a comparison.
    lists
        The months from which a source has other snap points, by the rows of all categories; None
        where they were not looked for.
    series
        What is alike over the months of the history; None without one.
    indexes
        What is computed once of the layers, for this Answer and for others about them.
    rows
        Reads incidents of other times or categories, when they are first needed.
    placeless
        The records without a place that count in the areas that are stated for them.
    visible
        What of it its reader may see.
    """

    question: Question
    areas: gpd.GeoDataFrame
    study_areas: gpd.GeoDataFrame
    counted: pd.DataFrame
    accounts: Accounts
    facts: StoreFacts
    rows: QuestionRows
    compared: pd.DataFrame
    history: pd.DataFrame
    published: tuple[str, ...]
    known: Knowledge
    comparison: Comparison | None = None
    lists: tuple[str, ...] | None = None
    earlier: pd.DataFrame = field(default_factory=pd.DataFrame)
    series: Series | None = None
    indexes: LayerIndexes = field(default_factory=LayerIndexes)
    placeless: Placeless = field(default_factory=Placeless)
    visible: Visible = Visible()

    def once(self, compute: Callable[[Answer], Value]) -> Value:
        """Return what an analysis makes of this Answer, computed once for all who ask for it.

        Parameters
        ----------
        compute
            Its function; what it returns must not be changed.
        """
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        value: Value = self._computed[compute]
        return value

    @cached_property
    def _computed(self) -> dict[Callable[[Answer], Any], Any]:
        return {}

    def of_rows(self, chosen: Bools) -> Answer:
        """Return the Answer of some of its incidents; its accounts have the others as not asked.

        Parameters
        ----------
        chosen
            Which of `counted`.
        """
        if chosen.all():
            return self
        counted = self.counted[chosen].reset_index(drop=True)
        left_out = len(self.counted) - len(counted)
        accounts = replace(
            self.accounts,
            counted=self.accounts.counted - left_out,
            not_asked=self.accounts.not_asked + left_out,
            in_no_area=int((counted["area"] < 0).sum()),
            in_several_areas=self.membership.in_several(counted),
        )
        return replace(self, counted=counted, accounts=accounts)

    @cached_property
    def counted_in_areas(self) -> pd.DataFrame:
        """`counted`, and the records without a place that count in an area.

        What is counted by area is made of these; what lies on the map, of `counted`.
        """
        return _with_placeless(self.counted, self.placeless.counted)

    @cached_property
    def compared_in_areas(self) -> pd.DataFrame:
        """As `counted_in_areas`, of the compared period."""
        return _with_placeless(self.compared, self.placeless.compared)

    @cached_property
    def history_in_areas(self) -> pd.DataFrame:
        """As `counted_in_areas`, of the history."""
        return _with_placeless(self.history, self.placeless.history)

    @property
    def lives(self) -> pd.DataFrame:
        """`lives_of` the period."""
        return self.lives_of(self.accounts.period)

    def lives_of(self, period: Period) -> pd.DataFrame:
        """The lives of the records that the Question means: those of a period, and those open then.

        They are of the Question's categories, sources, hours and study area, and chosen by its
        options of records; of those without a place, those that count on this layer.

        Parameters
        ----------
        period
            The days.

        Returns
        -------
        pandas.DataFrame
            Indexed by `incident_id`: `geo.incidents.ANSWER_COLUMNS`,
            `geo.records.life.STORED_LIFE_COLUMNS`, `stated_layer`; `area`, the position in `areas`
            or −1, with `area_code` and `area_name`, '' where there is none; `placed`, false for
            those without a place; `counted`, whether the incident is one of the period. Of the
            others those received in the period, or before it and not closed by then.
        """
        every = self.facts.records.chosen(self.question.records, self.accounts.period)
        records = self.rows.records_until(every, period.last)
        start, end = period.start, period.end
        counted = (records["occurred_from"] >= start) & (records["occurred_from"] < end)
        received = (records["received"] >= start) & (records["received"] < end)
        spells = self.facts.records.read_spells()
        was_open = state_at(records, start - pd.Timedelta(seconds=1), spells).isin(OPEN_STATES)
        chosen = counted | received | was_open
        records = records[chosen]
        at = records["area"].to_numpy()
        codes = np.append(self.areas.index.astype(str).to_numpy(dtype=object), "")
        names = np.append(self.areas["area_name"].astype(str).to_numpy(dtype=object), "")
        return records.assign(
            area_code=codes[at],
            area_name=names[at],
            placed=records["x"].notna(),
            counted=counted[chosen],
        )

    @property
    def records_until(self) -> pd.Timestamp:
        """The moment at which records are in their state: the period's end, or the last extract."""
        return self.facts.records.moment(self.accounts.period, self.accounts.source)

    @property
    def area_counts(self) -> gpd.GeoDataFrame:
        """`area_counts_of_all` of the areas that the Question shows."""
        return self.shown(self.area_counts_of_all)

    @cached_property
    def area_counts_of_all(self) -> gpd.GeoDataFrame:
        """Incidents by area: `area_code`, `area_name`, `n`, `share`, and the area's geometry.

        `share` is of all incidents counted in the study area. Areas with no incident have a row.
        Where areas overlap each counts its own incidents, so that `n` adds up to more than all.
        With `by=month` there is a row for each area and published month, with `month`, and
        shares of that month; by quarter, half, year or financial year one for each part of the
        period, with `first_day` and `last_day`, unknown where a month of it is.
        Where the layer has residents, `rate_per_1000` is of the period; `rate_shrunk`, `rate_low`
        and `rate_high` are the same shrunk towards the rate of all.
        With a harm table, `weighted` is the harm. With a compared period, `n_compared`, `change`,
        `change_share`, `p`, `q` and `certainty`, and counts per day where the periods differ in
        published days; see `geo.hotspots.change.changes`.
        Where an area is unknown its numbers are empty, and `why` says the reason.

        Raises
        ------
        QuestionError
            If the counts are to be split by month and compared.
        """
        if self.accounts.compared and self.question.by:
            raise QuestionError("by", "use either by or compare, not both")
        period, by = self.accounts.period, self.question.by
        nothing = TimePart(dict.fromkeys(part_names(by), ""), period, [])
        parts = self._time_parts or [nothing]
        each = tallies(
            self.counted_in_areas, parts, self.membership, self.harm_of if self.harm else None
        )
        tables = [self._count(part, tally) for part, tally in zip(parts, each, strict=True)]
        frame = pd.concat(tables, ignore_index=True)
        frame = frame if self._time_parts else frame[:0]
        if self.accounts.compared:
            changes = self.area_changes.areas.drop(columns="n")
            frame = inserted(frame, changes, after="share")
        # A comparison has one row for each area, as by month it is refused.
        why = frame["why"].to_numpy(dtype=object)
        why = self._why(why) if self.comparison else why
        frame = frame.assign(why=why) if (why != "").any() else frame.drop(columns="why")
        return gpd.GeoDataFrame(frame, geometry="geometry", crs=self.areas.crs)

    @cached_property
    def compares(self) -> Bools:
        """Whether each area can be compared with the compared period."""
        if self.comparison is None:
            return np.zeros(len(self.areas), dtype=bool)
        compares = self.comparison.compares(self.known)
        return compares & (self.areas.area.to_numpy() >= SMALL_AREA_M2 if self.crossed else True)

    @cached_property
    def point_lists(self) -> tuple[str, ...]:
        """The months from which a source has other snap points than before."""
        if self.lists is not None:
            return self.lists
        names = [name for name, note in self.facts.notes.items() if note.snapped]
        return new_lists(point_counts(self.counted).of_sources(names))

    @cached_property
    def doubled(self) -> Sequence[Double]:
        """The months of a category that look published twice, in the whole history."""
        return months_published_twice(self.history)

    @property
    def study_title(self) -> str:
        """The title of the study area's layer."""
        return self.facts.title(self.accounts.mask) or "the study area"

    @property
    def short(self) -> frozenset[str]:
        """The months that look incomplete in some area; see `Knowledge.short_months` for which."""
        return self.known.all_short

    @property
    def shown_areas(self) -> Bools:
        """Which of the areas the Question shows."""
        if not self.question.within:
            return np.ones(len(self.areas), dtype=bool)
        return np.asarray(self.areas.index.isin(self.question.within))

    def groups(
        self, months: Sequence[str], *, even_short: str = ""
    ) -> list[tuple[NDArray[np.int64], list[str]]]:
        """The areas by which months of the history are known in full, and alike, of them.

        Parameters
        ----------
        months
            As `YYYY-MM`.
        even_short
            A month that is wanted even where it looks incomplete.

        Returns
        -------
        Positions of areas, and their months. Of small areas only months of the latest list of
        snap points can be compared.
        """
        small = self.areas.area.to_numpy() < SMALL_AREA_M2
        latest = max((month for month in self.point_lists if month <= max(months)), default="")
        groups = []
        for part, own in enumerate(self.series.months if self.series else ()):
            whole = own - (self.known.short_months(part) - {even_short})
            known = [month for month in months if month in whole]
            here = self.known.of_area == part
            # Without a change of points all areas of a territory are of one group.
            sizes = ((here & ~small, ""), (here & small, latest)) if latest else ((here, ""),)
            for areas, since in sizes:
                rows = np.flatnonzero(areas)
                if len(rows):
                    groups.append((rows, [month for month in known if month >= since]))
        return groups

    @property
    def crossed(self) -> str:
        """The month from which the source has other points than in the compared period, or ''."""
        compared = self.accounts.compared
        return crossed(
            self.point_lists, self.accounts.period, compared.period if compared else None
        )

    def why_not_compared(self, compares: Bools) -> NDArray[np.object_]:
        """Why places or cells are not compared; '' for those that are.

        Parameters
        ----------
        compares
            Which of them are.
        """
        reason = f"from {self.crossed} the source uses other points" if self.crossed else UNLIKE
        return np.where(compares, "", f"not compared: {reason}").astype(object)

    def compares_at(self, x: Floats, y: Floats) -> Bools:
        """Whether each of n points in metres lies where the periods can be compared.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        n flags.
        """
        if self.crossed:
            return np.zeros(len(x), dtype=bool)
        at: Bools = np.append(self.compares, True)[self.areas_at(x, y)]
        return at

    @property
    def _shown_months(self) -> Sequence[str]:
        """The months that the counts are of."""
        return self.comparison.now if self.comparison else self.accounts.period.months

    def _why(self, why: NDArray[np.object_]) -> NDArray[np.object_]:
        """Why areas are unknown, and else why they cannot be compared."""
        if self.comparison is None:
            return why
        reasons = why_not_compared(self.known, self.comparison)
        reasons[reasons == ""] = f"from {self.crossed} the source uses other points"
        # What is unknown of the period is the reason already.
        plain = np.where(why == "", "not compared: " + reasons, why)
        return np.where(self.compares, why, plain)

    @cached_property
    def area_changes(self) -> Changes:
        """How each area of the layer differs from the compared period."""
        # Four estates are judged against their city: the study area, where it is another layer.
        elsewhere = self.question.study not in ("", self.question.layer)
        return self.changes(
            self.membership.counts, compares=self.compares, parts=elsewhere, by_area=True
        )

    @cached_property
    def total_change(self) -> Changes:
        """How all incidents in the areas that the Question shows differ together: one row.

        Areas that cannot be compared are left out.
        """
        codes = self.areas.index[self.compares].astype(str)
        shown = [code for code in codes if code in (self.question.within or codes)]
        return self.changes(
            lambda rows: np.array([self.membership.within(rows, shown).sum()]),
            compares=np.ones(1, dtype=bool),
            by_area=True,
        )

    @cached_property
    def cell_changes(self) -> Changes:
        """How each cell of the study area differs from the compared period."""
        return self.changes(
            lambda rows: self.cells.count(rows["x"], rows["y"]),
            compares=self.cells_compare,
            places=True,
        )

    def changes(
        self,
        count: Counter,
        *,
        compares: Bools,
        parts: bool = False,
        places: bool = False,
        by_area: bool = False,
    ) -> Changes:
        """How counts differ from the compared period, and whether by more than chance.

        Every table, page, map and file that speaks of a change is made of this.

        Parameters
        ----------
        count
            Counts some incidents by area, by cell or the like: n numbers.
        compares
            Which of the n can be compared.
        parts
            Whether there is more of the study area than these areas.
        places
            Whether they are small, so that counts before the source had other points do not tell
            how much they vary.

        by_area
            Whether it counts areas, so that records without a place count too.

        Returns
        -------
        A row for each count; empty where it cannot be compared.

        Raises
        ------
        InputError
            If a period has no published day.
        """
        rows, rows_before = self.counted, self.compared
        if by_area:
            rows, rows_before = self.counted_in_areas, self.compared_in_areas
        now, before = count(rows), count(rows_before)
        result = change.changes(
            now[compares],
            before[compares],
            days=self.days,
            earlier=self._earlier_counts(count, compares, places=places, by_area=by_area),
            total=(len(rows), len(rows_before)) if parts else None,
        )
        if compares.all():
            return result
        table = result.areas.set_axis(np.flatnonzero(compares))
        table = table.astype({"n_compared": "Int64", "change": "Int64"}).reindex(range(len(now)))
        certainty = table["certainty"].astype(object).where(pd.Series(compares), "")
        return result._replace(areas=table.assign(n=now, certainty=certainty))

    @cached_property
    def earlier_periods(self) -> tuple[Period, ...]:
        """The earlier periods by which changes are judged, the latest first; see `earlier`."""
        compared, comparison = self.accounts.compared, self.comparison
        if compared is None or comparison is None:
            return ()
        complete = set(self.published)
        for part, strata in comparison.common.items():
            known = self.known.strata(part)
            complete.intersection_update(*(known[stratum] for stratum in strata))
            complete -= self.known.short_months(part)
        return earlier_periods(self.accounts.period, compared.period, complete)

    def _earlier_counts(
        self, count: Counter, compares: Bools, *, places: bool, by_area: bool
    ) -> Earlier | None:
        periods = self.earlier_periods
        if places and periods:
            first = max((name for name in self.point_lists if name <= self._first), default="")
            periods = tuple(one for one in periods if one.months[0] >= first)
        if len(periods) < FEWEST_EARLIER:
            return None
        # The latest come first, so those that were left out are the last.
        windows = (self._earlier_in_areas if by_area else self._earlier_windows)[: len(periods)]
        return Earlier(
            np.column_stack([count(rows)[compares] for rows in windows]).astype(float),
            np.array([one.days for one in periods], float),
            np.array([len(rows) for rows in windows], float),
        )

    @cached_property
    def _earlier_windows(self) -> list[pd.DataFrame]:
        """`earlier`, one by one of `earlier_periods`."""
        return self._in_earlier_periods(self.earlier)

    @cached_property
    def _earlier_in_areas(self) -> list[pd.DataFrame]:
        """As `_earlier_windows`, with the records without a place that count in an area."""
        placeless = self.placeless.earlier
        if placeless.empty:
            return self._earlier_windows
        return self._in_earlier_periods(_with_placeless(self.earlier, placeless))

    def _in_earlier_periods(self, rows: pd.DataFrame) -> list[pd.DataFrame]:
        occurred = rows["occurred_from"]
        # Counting asks where they lie; the other columns of so many rows take long to copy.
        where = rows[["x", "y", "area"]]
        return [
            where[((occurred >= one.start) & (occurred < one.end)).to_numpy()]
            for one in self.earlier_periods
        ]

    @property
    def _first(self) -> str:
        """The first month of the compared period, `YYYY-MM`."""
        compared = self.accounts.compared
        return compared.period.months[0] if compared else ""

    @cached_property
    def cells(self) -> Cells:
        """The cells over the union of the study area's areas.

        Raises
        ------
        QuestionError
            If there would be too many.
        """
        grid = Grid(self.question.cell, self.question.shape)
        try:
            return self.indexes.of(self.study_areas).cells(grid)
        except InputError as error:
            raise QuestionError("cell", str(error)) from error

    @cached_property
    def hotspots(self) -> gpd.GeoDataFrame:
        """`hotspots_of_all` in the areas that the Question shows."""
        return self.shown(self.hotspots_of_all)

    @cached_property
    def hotspots_of_all(self) -> gpd.GeoDataFrame:
        """Every cell of the study area with its hotspot class, and the whole cell as geometry.

        `cell_id`, `n`, `baseline`, `expected`, `z`, `p`, `q`, `p_count`, `q_count`, `class`,
        `cluster_id`, `beside`, `area_code` (of the centre; '' outside the layer, joined with `;`
        where areas overlap), `inside_share`; with a harm table also `weighted` and the ranks. See
        `geo.hotspots.baselines`.
        """
        cells, gi = self.cells, self.question.test == "gi"
        weighted = None
        if self.harm is not None:
            cell = self.cell_of_counted
            weighted = np.bincount(cell, self.harm_of(self.counted), minlength=len(cells))
        checkpoint()
        # What is unknown is no part of the study area: as zeros it would make the rest hot.
        known = self.cells_known
        baseline = self.baseline.baseline
        classes = hotspots(
            self.cell_counts[known],
            cells.neighbours[known][:, known],
            Baseline(baseline.amounts[known], labels=baseline.labels),
            ids=np.array(cells.ids)[known].tolist(),
            tested=None if gi else self.cell_evidence[known],
            weighted=None if weighted is None else weighted[known],
            dispersion=1.0 if gi else self.dispersion.value,
            gi=gi,
        )
        return self._as_cells(self.on_all_cells(classes, {"class": "undefined", "cluster_id": ""}))

    @cached_property
    def baseline(self) -> StatedBaseline:
        """What the cells are held against."""
        return stated_baseline(self.baseline_sources)

    @property
    def baseline_sources(self) -> BaselineSources:
        """What the baseline of the cells is made of."""
        notes = self.facts.notes
        return BaselineSources(
            self.question,
            self.cells,
            self.counted,
            {name: name in notes and notes[name].snapped for name in self.accounts.source},
            self.study_areas,
            self.study_title,
            self.facts.baseline,
            self.facts.title(baseline_layer(self.question.baseline)),
            self.rows,
            partial(self.indexes.of(self.study_areas).spread, self.cells.grid),
        )

    @cached_property
    def cell_evidence(self) -> NDArray[np.int64]:
        """As `cell_counts`, but incidents of one series count once."""
        begins = begins_series(self.counted)
        return np.bincount(self.cell_of_counted[begins], minlength=len(self.cells))

    @cached_property
    def dispersion(self) -> MonthDispersion:
        """How much the counts of neighbourhoods vary from month to month, beside chance.

        Of the last year of months up to the period's end that are known in full, on the latest
        list of snap points; of incidents without a time of day alone, because of the others the
        series are known.
        """
        if not self.untimed:
            return MonthDispersion()
        last = self.accounts.period.months[-1]
        lists = self.rows.point_lists if self.snapped else []
        starts = [one.months[0] for one in lists if one.months[0] <= last]
        first = max(str(np.datetime64(last, "M") - (MOST_MONTHS - 1)), *starts)
        months = [
            name for name in self.published if first <= name <= last and name not in self.short
        ]
        if not months:
            return MonthDispersion()
        cells = self.cells

        def measure(rows: pd.DataFrame) -> MonthDispersion:
            untimed = ~rows["precision"].isin(TIMED).to_numpy(dtype=bool)
            return month_dispersion(rows[untimed], cells, months)

        measured = self.rows.once(
            Period.of_months(months[0], months[-1]),
            ("spread", cells.grid, *months),
            measure,
            COUNT_COLUMNS,
        )
        share = self.untimed / len(self.counted)
        return MonthDispersion(1 + share * (measured.value - 1), measured.months)

    @cached_property
    def window(self) -> Window:
        """The longer time that ends with the period, by whose incidents places are chosen.

        It begins with the latest list of snap points, and never after the period.
        """
        period, longer = self.accounts.period, self._longer
        if longer == period:
            return Window(period, self.counted)
        return Window(longer, self.rows.of_period(longer))

    @cached_property
    def _longer(self) -> Period:
        """The days of `window`."""
        period = self.accounts.period
        last = pd.Timestamp(period.last)
        # Of whole months whole months: the day after the last is the first of a month.
        start = last + pd.Timedelta(days=1) - pd.DateOffset(months=self.question.places.window)
        lists = self.rows.point_lists if self.snapped else []
        starts = [one.months[0] for one in lists if one.months[0] <= period.months[-1]]
        first = max([start.date(), *(Period.of_months(name, name).first for name in starts)])
        return period if first >= period.first else Period(first, period.last)

    @cached_property
    def ranked_places(self) -> pd.DataFrame:
        """The places of the longer window, with what the period brought and was expected to bring.

        The columns of `geo.hotspots.ranking.rank`, and after `share` also `n_window` and
        `expected`. A busy place of a month is mostly busy by chance, so places are chosen by a
        longer time. Patrols, pages and files share them.

        Raises
        ------
        QuestionError
            If circles so near to one another would overlap.
        """
        chosen = self._chosen_places
        frame, weights = chosen.frame, None if self.harm is None else self.harm_of(self.counted)
        chosen_by = frame["n"]
        frame = ranking.of_period(frame, self.counted, weights=weights)
        rate = shrunk_rates(chosen_by, np.ones(len(frame)), chosen.prior)
        level = len(self.counted) / max(chosen.n, 1)
        columns = pd.DataFrame({"n_window": chosen_by.to_numpy(), "expected": rate * level})
        return inserted(frame, columns, after="share")

    @property
    def _chosen_places(self) -> ChosenPlaces:
        """The places of the longer window, chosen once for all periods that end on one day."""
        known = self.facts.known_places
        whole = self.visible.codes is None and self.visible.locations
        # Weights, and the areas and streets that a reader sees, differ from Question to Question.
        if not whole or self.harm or self.question.within or self._longer == self.accounts.period:
            return self._choose_places(self.window.incidents)
        ids = () if known is None else tuple(known.itertuples(index=False, name=None))
        terms = self.question.places
        key = ("places", terms.top, terms.radius, terms.spacing, ids)
        return self.rows.once(self._longer, key, self._choose_places)

    def _choose_places(self, rows: pd.DataFrame) -> ChosenPlaces:
        terms = self.question.places
        try:
            frame = ranking.rank(
                rows,
                most=terms.top,
                radius=terms.radius,
                apart=terms.spacing,
                weights=None if self.harm is None else self.harm_of(rows),
                known=self.facts.known_places,
                # Ranks begin anew in the areas of the Question: the first of a city may all lie
                # elsewhere.
                wanted=self._is_shown_at if self.question.within else None,
            )
        except InputError as error:
            raise QuestionError("spacing", str(error)) from error
        land = float(shapely.area(self.indexes.of(self.study_areas).outline))
        return ChosenPlaces(
            frame, ranking.place_prior(rows, radius=terms.radius, land=land), len(rows)
        )

    def _is_shown_at(self, x: Floats, y: Floats) -> Bools:
        """Which of n points lie in the areas that the Question shows."""
        points = pd.DataFrame({"x": x, "y": y, "area": self.areas_at(x, y)})
        return self.membership.within(points, self.question.within)

    @cached_property
    def untimed(self) -> int:
        """How many counted incidents have no time of day."""
        return int((~self.counted["precision"].isin(TIMED)).sum())

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

    @cached_property
    def cells_known(self) -> Bools:
        """Whether the same months are known of each cell: of the area at its centre."""
        return self.at_centres(np.append(self.areas_known, True))

    @property
    def areas_known(self) -> Bools:
        """Whether the same months are known of each area as of most of the others."""
        return self.known.like(self._shown_months)[1]

    @property
    def cell_months_known(self) -> set[str]:
        """The months of the period that are known in full of all cells in `cells_known`."""
        months, alike = self.known.like(self._shown_months)
        if self.known.uniform:
            months = set(self.accounts.months_published)
        parts = np.unique(self.known.of_area[alike]).tolist()
        return months.difference(*map(self.known.short_months, parts))

    @cached_property
    def cells_compare(self) -> Bools:
        """Whether each cell can be compared with the compared period."""
        if self.crossed:
            return np.zeros(len(self.cells), dtype=bool)
        return self.cells_known & self.at_centres(np.append(self.compares, True))

    def at_centres(self, of_areas: Bools) -> Bools:
        """The flag of the area at each cell's centre.

        Parameters
        ----------
        of_areas
            A flag for each area, and one more for outside the layer.

        Returns
        -------
        A flag for each cell.
        """
        if of_areas.all():
            return np.ones(len(self.cells), dtype=bool)
        at: Bools = of_areas[self.areas_at(*self.cells.grid.centres(self.cells.positions))]
        return at

    def on_all_cells(self, table: pd.DataFrame, unknown: Mapping[str, str]) -> pd.DataFrame:
        """A table of the known cells with an empty row for each unknown one.

        Parameters
        ----------
        table
            A row for each known cell.
        unknown
            Values of the columns that cannot be empty.

        Returns
        -------
        A row for each cell of the grid.
        """
        return on_all_rows(table, self.cells_known, unknown)

    def on_cells(self, table: pd.DataFrame) -> gpd.GeoDataFrame:
        """A table with one row a cell, as a layer of the cells that the Question shows."""
        return self.shown(self._as_cells(table))

    def _as_cells(self, table: pd.DataFrame) -> gpd.GeoDataFrame:
        checkpoint()
        frame = self.cells.frame(str(self.areas.crs))
        for name in table.columns:
            frame[name] = table[name].to_numpy()
        centres = self.cells.grid.centres(self.cells.positions)
        frame["area_code"] = self.membership.codes_at(*centres)
        ordered = ["cell_id", *table.columns, "area_code", "inside_share", "geometry"]
        return frame[ordered]

    @cached_property
    def membership(self) -> AreaMembership:
        """Which of the layer's areas incidents and places lie in."""
        return self.indexes.of(self.areas).membership

    def areas_at(self, x: Floats, y: Floats) -> NDArray[np.integer]:
        """The position of the area with the lowest code at each of n points, −1 outside.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        n positions.
        """
        return self.membership.lowest_at(x, y)

    @property
    def n_shown(self) -> int:
        """How many counted incidents lie in the areas that the Question shows, each once."""
        if not self.question.within:
            return self.accounts.counted - self.accounts.in_no_area
        return int(self.membership.within(self.counted_in_areas, self.question.within).sum())

    def shown(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """The rows of the areas that the Question shows; their values are those among all."""
        if not self.question.within:
            return frame
        inside = self.membership.among(frame["area_code"], self.question.within)
        return self.without_hidden(frame[inside].reset_index(drop=True))

    def without_hidden(self, frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """A frame whose joined codes and names name no area that the reader may not see."""
        codes = self.visible.codes
        if codes is None:
            return frame
        own = frame["area_code"].astype(str).map(lambda text: visible_codes(text, codes))
        frame = frame.assign(area_code=own)
        if "area_name" in frame:
            names = frame["area_name"].astype(str)
            frame["area_name"] = names.map(_without_another_area)
        return frame

    @property
    def named_areas(self) -> gpd.GeoDataFrame:
        """The areas whose names the reader sees."""
        codes = self.visible.codes
        return self.areas if codes is None else self.areas[self.areas.index.isin(codes)]

    def hides_at(self, x: Floats, y: Floats) -> Bools:
        """Whether each of n points in metres lies where the reader sees nothing.

        Parameters
        ----------
        x, y
            n points, in metres.

        Returns
        -------
        n flags.
        """
        if self.visible.codes is None:
            return np.zeros(len(x), dtype=bool)
        points = pd.DataFrame({"x": x, "y": y, "area": self.areas_at(x, y)})
        return ~self.membership.within(points, sorted(self.visible.codes))

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
        compared, both = self.accounts.compared, self.comparison
        if compared is None or both is None:
            return published_days(self.accounts.period, self.published), float("nan")
        return (
            published_days(self.accounts.period, both.now),
            published_days(compared.period, both.before),
        )

    @property
    def _time_parts(self) -> list[TimePart]:
        """What the counts are of: the period, or its parts."""
        period, by = self.accounts.period, self.question.by
        if not by:
            return [TimePart({}, period, self._shown_months)]
        return time_parts(by, period, self.accounts.months_published)

    def _count(self, part: TimePart, tally: Tally) -> pd.DataFrame:
        months, n = part.months, tally.n
        frame = pd.DataFrame(
            {
                "area_code": self.areas.index.astype(str),
                "area_name": self.areas["area_name"].to_numpy(),
                **part.columns,
                "n": n,
                "share": n / max(tally.total, 1),
            }
        )
        if tally.harm is not None:
            frame["weighted"] = tally.harm
        if "residents" in self.areas.columns:
            # Any file's column may be called residents: without a number there is no rate.
            residents = pd.to_numeric(self.areas["residents"], errors="coerce").to_numpy(float)
            with np.errstate(divide="ignore", invalid="ignore"):
                frame["rate_per_1000"] = np.where(residents > 0, n / residents * 1000, np.nan)
            # An unknown count says nothing of how the rates of areas differ.
            rated = (residents > 0) & (self.known.why(months) == "")
            frame = pd.concat([frame, _shrunk_rates(frame, residents, rated)], axis=1)
        frame = self._emptied(frame, part)
        frame["geometry"] = self.areas.geometry.to_numpy()
        return frame

    def _emptied(self, frame: pd.DataFrame, part: TimePart) -> pd.DataFrame:
        """Empty what is unknown of each area in a part of time, and say why.

        Where some months are known the count stays, but a share or rate cannot be compared with
        those of the other areas. Of parts that are set beside each other a count without a month
        would look like a fall: it is unknown.
        """
        known = self.known.counted(part.months)
        why = self.known.why(part.months)
        beside = len(part.columns) > 1
        unknown = known < len(part.months) if beside else known == 0
        if part.unknown:
            why, unknown = np.full(len(frame), part.unknown, dtype=object), known >= 0
        if unknown.any():
            frame["n"] = frame["n"].astype("Int64").mask(unknown)
        unlike = why != ""
        for name in frame.columns.intersection(["share", "weighted", "rate_per_1000", *SHRUNK]):
            frame[name] = frame[name].mask(unlike)
        return frame.assign(why=np.where(unlike, why, part.cut))


def _with_placeless(incidents: pd.DataFrame, placeless: pd.DataFrame) -> pd.DataFrame:
    """Incidents and, with the same columns, records that have no place."""
    if placeless.empty:
        return incidents
    columns = [name for name in incidents if name in placeless]
    return pd.concat([incidents, placeless[columns]], ignore_index=True)


def _shrunk_rates(counts: pd.DataFrame, residents: Floats, rated: Bools) -> pd.DataFrame:
    """`SHRUNK` of the areas with a rate: `geo.hotspots.shrinkage.shrunk`, per 1,000."""
    table = pd.DataFrame(np.nan, index=counts.index, columns=list(SHRUNK))
    if rated.any():
        n, size = counts["n"].to_numpy(float)[rated], residents[rated] / 1000
        rates = shrunk(n, size, prior(n, size))
        table.loc[rated] = np.column_stack(rates)
    return table


def _without_another_area(names: str) -> str:
    return "; ".join(name for name in names.split("; ") if name != ANOTHER_AREA)


def visible_codes(text: str, visible: frozenset[str]) -> str:
    """Leave out of joined codes those that are not visible.

    Parameters
    ----------
    text
        A code, or several joined with `;`.
    visible
        All codes that are.

    Returns
    -------
    Those of the text, joined again.
    """
    if text in visible:  # a code may itself hold a semicolon
        return text
    return ";".join(code for code in text.split(";") if code in visible)


def on_all_rows(table: pd.DataFrame, known: Bools, unknown: Mapping[str, str]) -> pd.DataFrame:
    """A table of the known ones of n things, with an empty row for each unknown one.

    Parameters
    ----------
    table
        A row for each known one.
    known
        Which of the n are known.
    unknown
        Values of the columns that cannot be empty.

    Returns
    -------
    n rows.
    """
    if known.all():
        return table
    rows = table.set_axis(np.flatnonzero(known)).reindex(range(len(known)))
    for name in table.columns:
        if pd.api.types.is_integer_dtype(table[name]):
            rows[name] = rows[name].astype("Int64")
        elif pd.api.types.is_bool_dtype(table[name]):
            rows[name] = rows[name].eq(other=True)
    for name, value in unknown.items():
        rows[name] = rows[name].where(pd.Series(known), value)
    return rows


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

    Returns
    -------
    The frame with the columns.
    """
    at = list(frame.columns).index(after) + 1
    own = columns.set_axis(frame.index)
    return pd.concat([frame.iloc[:, :at], own, frame.iloc[:, at:]], axis=1)


def published_days(period: Period, months: tuple[str, ...]) -> float:
    """Count the days of a period in months, `YYYY-MM`, that were published.

    Parameters
    ----------
    period
        The days to count.
    months
        The published months.

    Returns
    -------
    Days.
    """
    days = np.arange(np.datetime64(period.first), np.datetime64(period.last) + 1)
    return float(np.isin(days.astype("datetime64[M]").astype(str), months).sum())
