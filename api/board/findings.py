"""The results that the board presents: each is computed when it is first read."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.answers import Answers, SnapshotAnswers
from api.errors import UNANSWERED
from api.maps.drawing import map_box
from api.maps.modes import group_of, paint
from api.maps.overlays import Overlay, read_overlays
from api.maps.painting import Painting
from api.pages.allocation_summary import AllocationSummary
from api.pages.allocation_view import AllocationView, started
from api.pages.text import reason_of
from api.pages.trends import Trend, area_trend, last_months, place_trend, whole_trend
from api.snapshot import Snapshot
from geo.analyses import LAYERS, AnalysisResult
from geo.analyses.unusual import JudgedSeries
from geo.crs import Projection
from geo.errors import InputError, QuestionError
from geo.hotspots.dayparts import dayparts
from geo.hotspots.peaks import peaks
from geo.hotspots.street_names import street_names
from geo.period import Interval
from geo.properties import cached_property
from geo.question.alike import is_alike
from geo.question.answer import Answer
from geo.question.ask import Question, default_layer
from geo.question.exclusions import point_name
from geo.question.model import COUNT
from geo.store.contract import LayerMetadata

RANKED = 10
"""How many ranked places the board lists."""

PEAK_HOURS = 4
"""Length of a peak window, in hours."""

_MOST_TEXTS = 120
"""Rendered sections of a few views of the same results: map modes, opened places."""

Bools = NDArray[np.bool_]
Circle = tuple[float, float, float]
"""X, y and radius in metres."""


CHANGE = ["n_compared", "change", "change_share", "certainty"]
"""The columns of a comparison."""

PER_DAY = ["n_per_day", "n_compared_per_day", "change_per_day"]
"""Further columns where the periods differ in published days."""


class Point(NamedTuple):
    """A location with several incidents, such as a snap point of police.uk."""

    name: str
    n: int
    id: str


class Findings:
    """The Answer to a Question with the analyses that the board adds to it.

    Attributes
    ----------
    question
        With its defaults filled in, and without `by`: the board has its own section of months.
    answer
        The Answer for the period alone, without earlier incidents.
    """

    def __init__(self, answers: Answers, question: Question) -> None:
        # The page is streamed section by section: all sections must use one snapshot, even if the
        # data changes or the database goes away meanwhile.
        self._answers = SnapshotAnswers(answers)
        # With its layer named it is the question that the patrols are planned by: one Answer.
        layer = question.layer or default_layer(self._answers.snapshot())
        self.answer: Answer = self._answers.ask(replace(question, by="", layer=layer))
        self.question = self.answer.question
        self._computed: set[str] = set()
        self._texts: dict[Hashable, str] = {}

    def text(self, key: Hashable, render: Callable[[], str], *, lasts: Callable[[], bool]) -> str:
        """Return what was rendered of the results, once for all who look at them.

        Parameters
        ----------
        key
            Names all that it depends on beside the results.
        render
            Renders it.
        lasts
            Whether what has been rendered may be shown again.
        """
        text = self._texts.get(key)
        if text is None:
            text = render()
            if lasts():
                if len(self._texts) >= _MOST_TEXTS:
                    self._texts.clear()
                self._texts[key] = text
        return text

    @contextmanager
    def computing(self, part: str) -> Iterator[None]:
        """Have a turn to compute a part of the page; one that was computed before needs none."""
        if part in self._computed:
            yield
            return
        with self._answers.turns.turn():
            yield
        self._computed.add(part)

    @property
    def layers(self) -> list[LayerMetadata]:
        """Every layer that treated places can be chosen from."""
        return self._answers.snapshot().choices()

    @property
    def projection(self) -> Projection:
        """The working CRS of the store."""
        return self._answers.snapshot().projection

    @property
    def every_layer(self) -> list[LayerMetadata]:
        """Every layer of the store, of areas, lines and points."""
        return self._answers.snapshot().layers()

    @cached_property
    def streets(self) -> AnalysisResult:
        """The streets with their counts, those with most incidents first.

        Raises
        ------
        QuestionError
            If there is no layer of streets.
        """
        return LAYERS["street-counts"].compute(self.counting)

    def overlays(self, text: str, snapshot: Snapshot | None = None) -> list[Overlay]:
        """Return the layers to draw over a map of the Answer.

        Parameters
        ----------
        text
            Lists their ids.
        snapshot
            The present state of the store: tasks are none of what the Answer is made of. By default
            that of the Answer.
        """
        return read_overlays(snapshot or self.snapshot, text, box=map_box(self.answer))

    @property
    def snapshot(self) -> Snapshot:
        """The state of the store that the Answer is made of."""
        return self._answers.snapshot()

    @cached_property
    def with_history(self) -> Answer:
        """The Answer with the incidents of the years before, counted without a harm table."""
        return self._answers.ask_history(replace(self.question, weight=COUNT))

    @property
    def has_records(self) -> bool:
        """Whether some source has records that are received, answered and closed."""
        return any(one.extracted for one in self._answers.snapshot().imports())

    @cached_property
    def question_of_records(self) -> Question:
        """The Question about its records: of the same days, not weighed, not compared."""
        period = Interval.read(str(self.answer.accounts.period))
        return replace(self.question, period=period, compare="", weight=COUNT)

    def of_records(self, command: str) -> AnalysisResult:
        """Return an answer about its records.

        Parameters
        ----------
        command
            The analysis of records, by its command.

        Raises
        ------
        QuestionError
            If there are no such records.
        """
        return self._answers.result(LAYERS[command], self.question_of_records)[1]

    @property
    def answer_of_records(self) -> Answer:
        """The Answer about its records.

        Raises
        ------
        QuestionError
            If there are no such records.
        """
        return self._answers.result(LAYERS["backlog"], self.question_of_records)[0]

    @cached_property
    def before(self) -> Answer:
        """The compared period as the tables count it: in areas that are compared, what both cover.

        Raises
        ------
        QuestionError
            If nothing is compared.
        """
        answer, compared = self.answer, self.answer.accounts.compared
        if compared is None or answer.comparison is None:
            raise QuestionError(
                "show", "the mode pair needs a period to compare with; choose previous or year"
            )
        period = Interval.read(str(compared.period))
        plain = self._answers.ask(replace(self.question, period=period, compare=""))
        rows, known = plain.counted, answer.known
        # An area that is not compared keeps its incidents: without them it would seem to have none.
        unlike = ~np.append(answer.comparison.compares(known), True)[rows["area"]]
        return plain.of_rows(is_alike(rows, known, answer.comparison, compared=True) | unlike)

    @cached_property
    def counting(self) -> Answer:
        """The same Answer without its harm table, for analyses that only count."""
        if self.answer.harm is None:
            return self.answer
        return replace(self.answer, facts=replace(self.answer.facts, harm=None))

    @cached_property
    def area_trend(self) -> Trend:
        """The last 24 months of every area."""
        return area_trend(self.with_history)

    @cached_property
    def whole_trend(self) -> Trend:
        """The last 24 months of all areas shown together."""
        answer = self.with_history
        return whole_trend(answer, self.in_view(answer.history_in_areas))

    @cached_property
    def place_trend(self) -> Trend:
        """The last 24 months of each ranked place."""
        answer, places = self.with_history, self.places
        x, y = (places[axis].to_numpy(float) for axis in ("x", "y"))
        near = [self.within(answer.history, circle) for circle in _circles(places)]
        return place_trend(answer, near, answer.membership.lowest_at(x, y).astype(np.int64))

    @cached_property
    def unusual(self) -> JudgedSeries:
        """The last month of each area and category, and of each place, by its own history.

        Raises
        ------
        QuestionError
            If no month is over by the end of the period.
        """
        return JudgedSeries.of(self.with_history)

    @cached_property
    def patterns(self) -> gpd.GeoDataFrame:
        """The emerging-hotspot pattern of every cell over the last two years.

        Raises
        ------
        QuestionError
            If too few months are published.
        """
        months = last_months(self.answer)
        span = f"{months[0]}/{months[-1]}" if months else str(self.answer.accounts.period)
        question = replace(
            self.question, period=Interval.read(span), compare="", within=(), weight=COUNT
        )
        _, result = self._answers.result(LAYERS["emerging-hotspots"], question)
        return gpd.GeoDataFrame(result.frame)

    @cached_property
    def hotspots(self) -> gpd.GeoDataFrame:
        """The hotspots with a cell in the areas chosen; of the whole study area where none are.

        See `hot_cells.hotspot_outlines`.
        """
        return gpd.GeoDataFrame(LAYERS["hotspot-outlines"].compute(self.answer).frame)

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The first ranked places; see `geo.hotspots.ranking.rank`."""
        return gpd.GeoDataFrame(LAYERS["ranked-hotspots"].compute(self.answer).frame.head(RANKED))

    @property
    def knows_usual(self) -> bool:
        """Whether what is usual of a place is known of incidents before the period.

        Without any, `expected` is the period's own count, shrunk.
        """
        return len(self.answer.window.incidents) > len(self.answer.counted)

    @cached_property
    def ranked(self) -> gpd.GeoDataFrame:
        """The first ranked places with `peak`, and `group` and `reason` of their middle cell.

        With a compared period also its change, or `why` there is none; see
        `geo.analyses.places.place_changes`.
        """
        places = self.places
        places = places.assign(
            peak=[self.peak(self.within(self.answer.counted, place)) for place in _circles(places)]
        )
        try:
            patterns = self.patterns_at(places["x"], places["y"])
        except UNANSWERED as refusal:
            patterns = pd.DataFrame({"group": "", "reason": reason_of(refusal)}, index=places.index)
        return gpd.GeoDataFrame(places.join(patterns))

    @cached_property
    def patrols(self) -> AllocationSummary:
        """The patrols to the ranked places, as the allocation page plans them.

        Raises
        ------
        QuestionError
            If no patrol can be planned.
        """
        return AllocationSummary.ask(self._answers, AllocationView(self.question, "patrols"))

    @property
    def visits(self) -> pd.Series:
        """Planned visits a day to each place, by its id."""
        return self.patrols.result.frame.groupby("hotspot_id").size()

    @cached_property
    def posts(self) -> AllocationSummary:
        """Officers by area: as many as the Question says, else twice as many as areas."""
        options = started({**self.question.options(), "tab": "posts"}, areas=len(self.answer.areas))
        return AllocationSummary.ask(self._answers, AllocationView.read(options))

    def painting(self, mode: str) -> Painting:
        """The coloured cells of a map mode.

        Raises
        ------
        QuestionError
            If the Question lacks what the mode needs, such as a compared period.
        """
        patterns = self.answer.shown(self.patterns) if mode == "persistence" else None
        judged = self.unusual if mode == "unusual" else None
        times = self.of_records("response-times") if mode == "waits" else None
        return paint(mode, self.answer, patterns=patterns, judged=judged, times=times)

    def in_view(self, incidents: pd.DataFrame) -> Bools:
        """A mask of the incidents in the areas shown: all, unless the Question names areas."""
        if not self.question.within:
            return np.ones(len(incidents), dtype=bool)
        return self.answer.membership.within(incidents, self.question.within)

    def within(self, incidents: pd.DataFrame, circle: Circle) -> Bools:
        """A mask of the incidents in a circle."""
        x, y, radius = circle
        near = (incidents["x"] - x) ** 2 + (incidents["y"] - y) ** 2 <= radius**2
        mask: Bools = near.to_numpy(dtype=bool)
        return mask

    def patterns_at(self, x: pd.Series, y: pd.Series) -> pd.DataFrame:
        """`group` and `reason` of the cell at each point, in metres.

        Raises
        ------
        QuestionError
            If too few months are published.
        """
        ids = np.array(self.answer.cells.ids)[self.answer.cells.assign(x, y)]
        # A place may stand at the edge of a cell that its reader does not see.
        cells = self.patterns.set_index("cell_id").reindex(ids).set_axis(x.index)
        cells["pattern"] = cells["pattern"].fillna("undefined")
        reason = cells["reason"].fillna(cells["why"]) if "why" in cells else cells["reason"]
        return pd.DataFrame({"group": group_of(cells["pattern"]), "reason": reason})

    def peak(self, mask: Bools) -> str:
        """The hours of the week with most of some counted incidents, beside what chance gives.

        Parameters
        ----------
        mask
            Which of the counted incidents.

        Returns
        -------
        '' if there are too few, or flat weeks have as high a peak.
        """
        try:
            hours = dayparts(self.answer.counted[mask])
        except InputError:
            return ""
        return "".join(
            f"{row['weekday'][:3]} {row['hour']:02}–{row['to_hour']:02} h, {row['lift']:.1f} times "
            f"an average hour (by chance {row['lift_by_chance']:.1f})"
            for row in peaks(hours, hours=PEAK_HOURS).to_dict("records")
            if row["clear"]
        )

    def points(self, mask: Bools, *, most: int = 5) -> list[Point]:
        """The points with the most of some counted incidents, the busiest first.

        Parameters
        ----------
        mask
            Which of the counted incidents.
        most
            How many points are listed.
        """
        if not self.answer.visible.locations:
            return []
        rows = self.answer.counted.loc[mask, ["x", "y", "location"]]
        names = street_names(rows["location"].astype(str).tolist())
        sizes = rows.assign(name=names).groupby(["x", "y", "name"], observed=True, as_index=False)
        points = sizes.size().sort_values(
            ["size", "name", "x", "y"], ascending=[False, True, True, True]
        )
        return [
            Point(name=name or "no name", n=int(n), id=point_name(name, x, y))
            for x, y, name, n in points.head(most).itertuples(index=False)
        ]

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Area counts with `position` in the layer; most incidents, or most harm, first."""
        counts = pd.DataFrame(self.answer.area_counts.drop(columns="geometry"))
        codes = pd.Series(range(len(self.answer.areas)), index=self.answer.areas.index.astype(str))
        counts["position"] = counts["area_code"].map(codes)
        for name in counts.columns.intersection(["n", "n_compared"]):
            # Templates know an unknown number as none.
            counts[name] = counts[name].astype(object).where(counts[name].notna(), None)
        if "why" not in counts:
            counts["why"] = ""
        most = "weighted" if self.answer.harm else "n"
        # As a number, for None is no neighbour of one.
        size = pd.to_numeric(counts[most]).fillna(-1.0)
        ordered = counts.assign(size=size).sort_values(
            ["size", "area_code"], ascending=[False, True]
        )
        return ordered.drop(columns="size")

    def area_row(self, code: str) -> dict[str, object]:
        """The row of one area.

        Raises
        ------
        QuestionError
            If no such area is shown.
        """
        rows = self.areas[self.areas["area_code"] == code].to_dict("records")
        if not rows:
            raise QuestionError("at", f"no area {code!r} is shown; choose one of the table")
        return {str(name): value for name, value in rows[0].items()}


def cached_findings(answers: Answers, question: Question) -> Findings:
    """The results that the page and its map share, computed once for each version of the data."""
    return answers.cached(f"findings?{question.query()}", lambda _: Findings(answers, question))


def _circles(places: pd.DataFrame) -> list[Circle]:
    return list(places[["x", "y", "radius_m"]].astype(float).itertuples(index=False, name=None))
