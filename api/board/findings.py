"""What the board says of a Question: each part is worked out when it is first read."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.answers import Answers, SnapshotAnswers
from api.errors import UNANSWERED
from api.maps.modes import Painting, group_of, paint
from api.pages.allocation_summary import Sheet
from api.pages.allocation_view import AllocationView, started
from api.pages.text import reason_of
from api.pages.trends import Trend, area_trend, last_months, whole_trend
from geo.analyses import LAYERS
from geo.errors import InputError, QuestionError
from geo.hotspots.change import CERTAINTY, changes
from geo.hotspots.dayparts import dayparts, peak_windows
from geo.hotspots.street_names import street_names
from geo.period import Interval
from geo.question.answer import Answer
from geo.question.ask import Question, ask
from geo.question.exclusions import point_name
from geo.question.model import COUNT
from geo.statistics import benjamini_hochberg
from geo.store.contract import LayerMetadata

RANKED = 10
PEAK_HOURS = 4
FEWEST_TIMED = 30
"""With fewer timed incidents a peak would be one of chance."""

Bools = NDArray[np.bool_]


class Findings:
    """The Answer to a Question with everything that a page says of it.

    Attributes
    ----------
    question
        With its defaults filled in; months are a part of every page, so it is never split by
        them.
    answer
        Of the period alone.
    """

    def __init__(self, answers: Answers, question: Question) -> None:
        # A page is sent piece by piece: none of them may find another state, or no store.
        self._answers = SnapshotAnswers(answers)
        self.answer: Answer = self._answers.ask(replace(question, by=""))
        self.question = self.answer.question

    @property
    def layers(self) -> list[LayerMetadata]:
        """Every layer that places could be chosen from."""
        return self._answers.snapshot().choices()

    @cached_property
    def with_history(self) -> Answer:
        """The Answer with the incidents of the years before."""
        asked = replace(self.question, weight=COUNT)
        name = f"history?{asked.query()}"
        return self._answers.cached(name, lambda kept: ask(asked, kept, history=True))

    @cached_property
    def counting(self) -> Answer:
        """The same Answer without its harm table, for what only counts."""
        return replace(self.answer, facts=replace(self.answer.facts, harm=None))

    @cached_property
    def area_trend(self) -> Trend:
        """The last months of every area."""
        return area_trend(self.with_history)

    @cached_property
    def whole_trend(self) -> Trend:
        """The last months of all areas shown together."""
        answer = self.with_history
        return whole_trend(answer, self.in_view(answer.history))

    @cached_property
    def patterns(self) -> gpd.GeoDataFrame:
        """Every cell of the study area as an emerging hotspot of the last two years.

        Raises
        ------
        QuestionError
            If too few months were published.
        """
        months = last_months(self.answer)
        span = f"{months[0]}/{months[-1]}" if months else str(self.answer.accounts.period)
        asked = replace(
            self.question, period=Interval.read(span), compare="", within=(), weight=COUNT
        )
        found = self._answers.result(LAYERS["emerging-hotspots"], asked)[1].frame
        return gpd.GeoDataFrame(found)

    @cached_property
    def places(self) -> gpd.GeoDataFrame:
        """The first ranked places; see `geo.hotspots.ranking.rank`."""
        return gpd.GeoDataFrame(LAYERS["ranked-hotspots"].compute(self.answer).frame.head(RANKED))

    @cached_property
    def ranked(self) -> gpd.GeoDataFrame:
        """The first ranked places, with their change, persistence and peak.

        `n_compared`, `change`, `change_share`, `certainty`
        where something is compared; `group` and `reason` of the cell in the middle; `peak`.
        """
        places = self.places
        held = [self.within(self.answer.counted, place) for place in places.itertuples()]
        places = places.assign(peak=[self.peak(which) for which in held])
        if self.answer.accounts.compared:
            before = [
                int(self.within(self.answer.compared, place).sum()) for place in places.itertuples()
            ]
            places = places.assign(
                **self.changed(places["n"], before, of=self._places_there_could_be)
            )
        try:
            told = self.patterns_at(places["x"], places["y"])
        except UNANSWERED as refusal:
            told = pd.DataFrame({"group": "", "reason": reason_of(refusal)}, index=places.index)
        return gpd.GeoDataFrame(places.join(told))

    @cached_property
    def rounds(self) -> Sheet:
        """The patrols of the Question, as the allocation page plans them.

        Raises
        ------
        QuestionError
            If nobody can be planned for.
        """
        return Sheet.ask(self._answers, AllocationView(self.question, "patrols"))

    @property
    def visits(self) -> pd.Series:
        """How often a day those patrols visit each place, by its id."""
        return self.rounds.found.frame.groupby("hotspot_id").size()

    @cached_property
    def posts(self) -> Sheet:
        """Officers by area: as many as the Question says, else two for each area."""
        asked = started({**self.question.options(), "tab": "posts"}, areas=len(self.answer.areas))
        return Sheet.ask(self._answers, AllocationView.read(asked))

    def painting(self, show: str) -> Painting:
        """What a map shows of the cells.

        Raises
        ------
        QuestionError
            If the Question lacks what it needs.
        """
        patterns = self.answer.shown(self.patterns) if show == "persistence" else None
        return paint(show, self.answer, patterns)

    def in_view(self, incidents: pd.DataFrame) -> Bools:
        """Which incidents lie in the areas shown: all, unless the Question names some."""
        if not self.question.within:
            return np.ones(len(incidents), dtype=bool)
        shown = np.append(self.answer.areas.index.isin(self.question.within), False)
        return np.asarray(shown[incidents["area"].to_numpy()])

    def within(self, incidents: pd.DataFrame, place: object) -> Bools:
        """Which incidents lie in a ranked place: a row with `x`, `y` and `radius_m`."""
        x, y, radius = (float(getattr(place, name)) for name in ("x", "y", "radius_m"))
        near = (incidents["x"] - x) ** 2 + (incidents["y"] - y) ** 2 <= radius**2
        return np.asarray(near, dtype=bool)

    def changed(self, n: object, before: object, *, of: int) -> dict[str, object]:
        """How places that were picked for their counts differ from the compared period.

        Parameters
        ----------
        of
            Among how many places they were picked: the busiest of many have risen by chance, so
            the correction is over all of them, as if no other differed at all.
        """
        found = changes(np.asarray(n), np.asarray(before), days=self.answer.days)
        others = np.ones(max(of - len(found), 0))
        q = benjamini_hochberg(np.concatenate([found["p"], others]))[: len(found)]
        clear = q <= 0.05
        said = np.select([clear & (found["change"] > 0), clear & (found["change"] < 0)], [0, 1], 2)
        names = ("n_compared", "change", "change_share")
        told: dict[str, object] = {name: found[name].to_numpy() for name in names}
        return told | {"certainty": np.array(CERTAINTY, dtype=object)[said]}

    @property
    def _places_there_could_be(self) -> int:
        land = float(self.answer.cells.inside_area.sum())
        return int(land / (np.pi * self.question.places.radius**2))

    def patterns_at(self, x: pd.Series, y: pd.Series) -> pd.DataFrame:
        """`group` and `reason` of the cell that holds each point.

        Raises
        ------
        QuestionError
            If too few months were published.
        """
        cells = self.patterns.iloc[self.answer.cells.assign(x, y)].set_axis(x.index)
        return pd.DataFrame({"group": group_of(cells["pattern"]), "reason": cells["reason"]})

    def peak(self, which: Bools) -> str:
        """When some of the counted incidents happen most, '' where it cannot be told."""
        try:
            found = dayparts(self.answer.counted[which])
        except InputError:
            return ""
        if found.counted < FEWEST_TIMED:
            return ""
        best = next(peak_windows(found.weights, hours=PEAK_HOURS).itertuples(), None)
        if best is None:
            return ""
        return f"{best.weekday[:3]} {best.hour:02}–{best.to_hour:02} h"

    def points(self, which: Bools, *, most: int = 5) -> list[dict[str, Any]]:
        """The points that hold most of some counted incidents: `name`, `n`, and their `id`."""
        held = self.answer.counted.loc[which, ["x", "y", "location"]]
        named = held.assign(name=street_names(held["location"].astype(str)))
        found = named.groupby(["x", "y", "name"], observed=True, as_index=False).size()
        found = found.sort_values(["size", "name", "x", "y"], ascending=[False, True, True, True])
        return [
            {"name": name or "no name", "n": int(n), "id": point_name(name, x, y)}
            for x, y, name, n in found.head(most).itertuples(index=False)
        ]

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Area counts, the busiest or most harmed first, with `position` in the layer."""
        counts = pd.DataFrame(self.answer.area_counts.drop(columns="geometry"))
        codes = pd.Series(range(len(self.answer.areas)), index=self.answer.areas.index.astype(str))
        counts["position"] = counts["area_code"].map(codes)
        most = "weighted" if self.answer.harm else "n"
        return counts.sort_values([most, "area_code"], ascending=[False, True])

    def area_row(self, code: str) -> dict[str, object]:
        """The row of one area.

        Raises
        ------
        QuestionError
            If the layer has no such area, or the Question does not show it.
        """
        rows = self.areas[self.areas["area_code"] == code].to_dict("records")
        if not rows:
            raise QuestionError("at", f"there is no {code!r} among the areas shown")
        return {str(name): value for name, value in rows[0].items()}
