"""What is unusual now: each area and category, and each ranked place, by its own history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.places import QUARTER_SEGMENTS
from geo.analyses.series import CountSeries, Known, area_series, place_series, steps_of
from geo.analyses.unusual_text import headline_of, reasons_of, signals_of
from geo.errors import InputError, QuestionError
from geo.hotspots import ranking
from geo.properties import cached_property
from geo.question.answer import Answer
from geo.surveillance import (
    CANNOT_SAY,
    FEWER,
    LEVEL,
    MORE,
    USUAL,
    ControlCharts,
    Unusual,
    unusual,
    xmr_chart,
)

METHOD: Final = (
    "Farrington flexible (Noufaily et al. 2013): a quasi-Poisson regression of each series on its "
    "season and trend in up to five earlier years, earlier outbreaks weighing less, with 95 % "
    "bounds; unusual at a false discovery rate of 5 % over all series (Benjamini & Hochberg 1995)"
)

CHOOSING_MONTHS: Final = 12
"""Places are chosen by so many months before the one that is judged, never by that one."""

_AREA: Final = ["area_code", "area_name", "category"]
_PLACE: Final = ["hotspot_id", "streets", "area_code"]
_CIRCLE: Final = ["radius_m", "x", "y"]


def unusual_now(answer: Answer) -> AnalysisResult:
    """Judge the last month, or week, of each area and category, and of each ranked place.

    Parameters
    ----------
    answer
        An Answer with its history.

    Returns
    -------
    A row for each area and category, what is unusual first: `area_code`, `area_name`, `category`,
    `period`, `n`, `expected`, `lower`, `upper`, `score`, `p`, `q`, `verdict`, `why`, `signals` (of
    its control chart), `history_months` (`history_weeks` by week) and `detectable`, the smallest
    rise that would be found in four cases of five, as a share of the expected count. The table
    `places` has the same for the ranked places, all categories together. q is over all series of
    both.

    Raises
    ------
    QuestionError
        If there is a harm table, no step is over by the end of the period, or weeks are wanted of
        incidents of which only the month is known.
    """
    return JudgedSeries.of(answer).result


def unusual_places(answer: Answer) -> AnalysisResult:
    """Judge the last month, or week, of each ranked place: the table `places` of `unusual_now`.

    Parameters
    ----------
    answer
        An Answer with its history.

    Returns
    -------
    A circle for each place, what is unusual first. q is over all series, those of areas too.

    Raises
    ------
    QuestionError
        As `unusual_now`.
    """
    return JudgedSeries.of(answer).result_of_places


@dataclass(frozen=True)
class JudgedSeries:
    """The series of an Answer and the verdicts on them: areas by category, then places.

    Attributes
    ----------
    known
        The Answer, its steps, and what is known of them.
    places
        The ranked places: `hotspot_id`, `streets`, `radius_m`, `x` and `y`.
    series
        The counts.
    verdicts
        The verdicts on all of them.
    """

    known: Known
    places: pd.DataFrame
    series: CountSeries
    verdicts: Unusual

    @classmethod
    def of(cls, answer: Answer) -> JudgedSeries:
        """Judge the last step of each series of an Answer with its history.

        Parameters
        ----------
        answer
            The Answer.

        Returns
        -------
        The series with their verdicts.

        Raises
        ------
        QuestionError
            As `unusual_now`.
        """
        refuse_weight(answer, "what is unusual")
        known = Known(answer, steps_of(answer))
        places = _places(known)
        series = CountSeries.joined(area_series(known), place_series(known, places))
        return cls(known, places, series, unusual(series.counts, known.steps.reference))

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row for each series, in their order, with what it is of."""
        answer, kinds = self.known.answer, self.known.categories
        areas = answer.areas
        x, y = (self.places[axis].to_numpy(float) for axis in ("x", "y"))
        of_areas = pd.DataFrame(
            {
                "area_code": areas.index.astype(str).to_numpy().repeat(len(kinds)),
                "area_name": areas["area_name"].to_numpy().repeat(len(kinds)),
                "category": np.tile(np.array(kinds, dtype=object), len(areas)),
            }
        )
        of_places = self.places.assign(area_code=answer.membership.codes_at(x, y))
        named = pd.concat([of_areas, of_places], ignore_index=True)
        return pd.concat([named, _numbers(self)], axis=1)

    @cached_property
    def charts(self) -> ControlCharts:
        """The control chart of each series, its limits by all steps before the judged one."""
        steps = len(self.known.steps.starts)
        return xmr_chart(self.series.counts, baseline=np.arange(steps) < steps - 1)

    @cached_property
    def shown(self) -> pd.DataFrame:
        """The rows of `table` in the areas that the Question shows, what is unusual first."""
        answer, table = self.known.answer, self.table
        if within := answer.question.within:
            table = table[answer.membership.among(table["area_code"], within)]
        is_unusual = table["verdict"].isin([MORE, FEWER]).to_numpy()
        p = np.where(is_unusual, table["p"].to_numpy(float), np.inf)
        order: NDArray[np.intp] = np.lexsort((np.arange(len(table)), p, ~is_unusual))
        return table.iloc[order]

    @property
    def result(self) -> AnalysisResult:
        """The verdicts as a layer of areas, with a table of places beside it."""
        rows, answer = self.shown, self.known.answer
        numbers = [name for name in _numbers(self).columns if name not in _AREA]
        areas, places = (rows[part] for part in (rows["category"].notna(), rows["x"].notna()))
        of_areas = answer.areas.geometry.to_numpy()[
            areas.index // max(len(self.known.categories), 1)
        ]
        layer = as_layer(areas[[*_AREA, *numbers]].reset_index(drop=True), of_areas, answer)
        return AnalysisResult(
            layer,
            METHOD,
            self._parameters(rows),
            self.known.caveats,
            tables={"places": _circles(answer, places, numbers)} if len(places) else {},
        )

    @property
    def result_of_places(self) -> AnalysisResult:
        """The verdicts on the ranked places as a layer of circles."""
        rows, numbers = self.shown, _numbers(self).columns
        names = [name for name in numbers if name not in _AREA]
        places = rows[rows["x"].notna()]
        circles = _circles(self.known.answer, places, names)
        return AnalysisResult(circles, METHOD, self._parameters(places), self.known.caveats)

    @property
    def headline(self) -> str:
        """What is unusual in the areas that the Question shows, as one sentence."""
        return self._headline(self.shown)

    def _headline(self, rows: pd.DataFrame) -> str:
        if not len(rows) and len(self.table):
            return "There is nothing to judge in the areas shown"
        return headline_of(rows, self.known.steps, fewest=self.verdicts.fewest)

    def _parameters(self, rows: pd.DataFrame) -> dict[str, object]:
        """What of some rows of `shown` was judged and what came of it; q is over the family."""
        steps = self.known.steps
        verdicts, judged = rows["verdict"].value_counts(), rows["verdict"] != CANNOT_SAY
        parameters: dict[str, object] = {
            "headline": self._headline(rows),
            "judged_period": steps.labels[-1],
            "series": len(rows),
            "places": int(rows["x"].notna().sum()),
            "family": len(self.table),
            "judged": int(judged.sum()),
            **{name: int(verdicts.get(name, 0)) for name in (MORE, FEWER, USUAL)},
            "cannot_be_said_yet": int((~judged).sum()),
            "history_most": int(rows[f"history_{steps.unit}"].max()) if len(rows) else 0,
            "history_needed": self.verdicts.fewest,
            "false_discovery_rate": LEVEL,
        }
        rises = rows.loc[judged, "detectable"]
        if len(rises):
            parameters["detectable_rise_least"] = float(rises.min())
            parameters["detectable_rise_median"] = float(rises.median())
        return parameters


def _places(known: Known) -> pd.DataFrame:
    """The ranked places of the year before the judged step, within one list of points."""
    answer, steps = known.answer, known.steps
    terms = answer.question.places
    step = steps.of(answer.history["occurred_from"])
    first = max(
        len(steps.starts) - 1 - CHOOSING_MONTHS * steps.reference.steps_per_year // 12,
        next((i for i, own in enumerate(steps.months) if min(own) >= known.since), 0),
    )
    rows = answer.history[(step >= first) & (step < len(steps.starts) - 1)]
    columns = ["hotspot_id", "streets", *_CIRCLE]
    if not len(rows):
        return pd.DataFrame({name: [] for name in columns}, dtype=object)
    try:
        ranked = ranking.rank(
            rows,
            most=terms.top,
            radius=terms.radius,
            apart=terms.spacing,
            known=answer.facts.known_places,
        )
    except InputError as error:
        raise QuestionError("spacing", str(error)) from error
    return ranked[columns]


def _numbers(judged: JudgedSeries) -> pd.DataFrame:
    """The numbers and verdicts of all series, in their order."""
    steps, series, result = judged.known.steps, judged.series, judged.verdicts
    expectation, unit = result.expectation, steps.unit
    unknown = np.isnan(series.n)
    table = pd.DataFrame(
        {
            "period": steps.labels[-1],
            "n": pd.Series(np.where(unknown, 0, series.n)).astype("Int64").mask(unknown),
            "expected": expectation.expected,
            "lower": expectation.lower,
            "upper": expectation.upper,
            "score": expectation.score,
            "p": result.p,
            "q": result.q,
            "verdict": result.verdict,
            "why": "",
            "signals": signals_of(judged.charts),
            f"history_{unit}": series.history,
            "detectable": result.detectable,
        }
    )
    return table.assign(why=reasons_of(table, series.why, fewest=result.fewest, unit=unit))


def _circles(answer: Answer, places: pd.DataFrame, numbers: list[str]) -> gpd.GeoDataFrame:
    """Places with their circles and their numbers."""
    x, y, radius = (places[name].to_numpy(float) for name in ("x", "y", "radius_m"))
    circles = shapely.buffer(shapely.points(x, y), radius, quad_segs=QUARTER_SEGMENTS)
    columns = places[[*_PLACE, *numbers, *_CIRCLE]].astype(dict.fromkeys(_CIRCLE, float))
    return as_layer(columns.reset_index(drop=True), circles, answer)
