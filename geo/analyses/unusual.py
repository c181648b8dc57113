"""What is unusual now: each area and category, and each ranked place, by its own history."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.places import QUARTER_SEGMENTS
from geo.analyses.series import CountSeries, Known, Steps, area_series, place_series, steps_of
from geo.analyses.unusual_text import headline_of, reasons_of
from geo.errors import InputError, QuestionError
from geo.hotspots import ranking
from geo.question.answer import Answer
from geo.surveillance import CANNOT_SAY, FEWER, LEVEL, MORE, USUAL, Unusual, unusual

METHOD: Final = (
    "Farrington flexible (Noufaily et al. 2013): a quasi-Poisson regression of each series on its "
    "season and trend in up to five earlier years, earlier outbreaks weighing less, with 95 % "
    "bounds; unusual at a false discovery rate of 5 % over all series (Benjamini & Hochberg 1995)"
)

CHOOSING_MONTHS: Final = 12
"""Places are chosen by so many months before the one that is judged, never by that one."""

_PLACE: Final = ["hotspot_id", "streets", "radius_m", "x", "y"]


def unusual_now(answer: Answer) -> AnalysisResult:
    """Judge the last month, or week, of each area and category, and of each ranked place.

    Parameters
    ----------
    answer
        An Answer with its history.

    Returns
    -------
    A row for each area and category, what is unusual first: `area_code`, `area_name`, `category`,
    `period`, `n`, `expected`, `lower`, `upper`, `score`, `p`, `q`, `verdict`, `why`,
    `history_months` (`history_weeks` by week) and `detectable`, the smallest rise that would be
    found in four cases of five, as a share of the expected count. The table `places` has the same
    for the ranked places, all categories together. q is over all series of both.

    Raises
    ------
    QuestionError
        If there is a harm table, no step is over by the end of the period, or weeks are wanted of
        incidents of which only the month is known.
    """
    refuse_weight(answer, "what is unusual")
    known = Known(answer, steps_of(answer))
    chosen = _places(known)
    areas, places = area_series(known), place_series(known, chosen)
    result = unusual(np.vstack([areas.counts, places.counts]), known.steps.reference)
    table = _table(result, CountSeries.joined(areas, places), known.steps)
    layer = _area_layer(known, table[: len(areas.n)])
    beside = _place_layer(answer, chosen, table[len(areas.n) :])
    both = pd.concat([pd.DataFrame(layer.drop(columns="geometry")), beside])
    return AnalysisResult(
        answer.shown(layer),
        METHOD,
        _parameters(known.steps, both, len(chosen)),
        known.caveats,
        tables={"places": answer.shown(beside)} if len(chosen) else {},
    )


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
    if not len(rows):
        return pd.DataFrame({name: [] for name in _PLACE}, dtype=object)
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
    return ranked[_PLACE]


def _table(result: Unusual, series: CountSeries, steps: Steps) -> pd.DataFrame:
    """The numbers and verdicts of all series, in their order."""
    expectation, history = result.expectation, series.history
    unit = "weeks" if steps.weekly else "months"
    table = pd.DataFrame(
        {
            "period": steps.labels[-1],
            "n": pd.array(np.where(np.isnan(series.n), 0, series.n), dtype="Int64"),
            "expected": expectation.expected,
            "lower": expectation.lower,
            "upper": expectation.upper,
            "score": expectation.score,
            "p": result.p,
            "q": result.q,
            "verdict": result.verdict,
            "why": "",
            f"history_{unit}": history,
            "detectable": result.detectable,
        }
    )
    table.loc[np.isnan(series.n), "n"] = pd.NA
    return table.assign(why=reasons_of(table, series.why, fewest=result.fewest, unit=unit))


def _area_layer(known: Known, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The rows of areas and categories with their areas, what is unusual first."""
    areas, kinds = known.answer.areas, known.categories
    table = table.copy()
    table.insert(0, "category", np.tile(np.array(kinds, dtype=object), len(areas)))
    table.insert(0, "area_name", areas["area_name"].to_numpy().repeat(len(kinds)))
    table.insert(0, "area_code", areas.index.astype(str).to_numpy().repeat(len(kinds)))
    order = _unusual_first(table)
    geometry = areas.geometry.to_numpy()[order // max(len(kinds), 1)]
    return as_layer(table.iloc[order].reset_index(drop=True), geometry, known.answer)


def _place_layer(answer: Answer, places: pd.DataFrame, table: pd.DataFrame) -> gpd.GeoDataFrame:
    """The rows of places with their circles, what is unusual first."""
    x, y = (places[axis].to_numpy(float) for axis in ("x", "y"))
    frame = pd.concat([places.reset_index(drop=True), table.reset_index(drop=True)], axis=1)
    frame.insert(2, "area_code", answer.membership.codes_at(x, y))
    order = _unusual_first(frame)
    radius = places["radius_m"].to_numpy(float)
    circles = shapely.buffer(shapely.points(x, y), radius, quad_segs=QUARTER_SEGMENTS)
    return as_layer(frame.iloc[order].reset_index(drop=True), circles[order], answer)


def _unusual_first(table: pd.DataFrame) -> NDArray[np.int64]:
    """Positions of rows: what is unusual by its p, then the others as they are."""
    is_unusual = table["verdict"].isin([MORE, FEWER]).to_numpy()
    p = np.where(is_unusual, table["p"].to_numpy(float), np.inf)
    return np.lexsort((np.arange(len(table)), p, ~is_unusual))


def _parameters(steps: Steps, both: pd.DataFrame, places: int) -> dict[str, object]:
    """What was judged and what came of it, of areas and places together."""
    verdicts = both["verdict"].value_counts()
    judged = both["verdict"] != CANNOT_SAY
    rises = both.loc[judged, "detectable"]
    fewest = steps.reference.steps_per_year * 3
    history = both[f"history_{'weeks' if steps.weekly else 'months'}"]
    parameters: dict[str, object] = {
        "headline": headline_of(both, steps, fewest=fewest),
        "judged_period": steps.labels[-1],
        "series": len(both),
        "places": places,
        "judged": int(judged.sum()),
        **{name.replace(" ", "_"): int(verdicts.get(name, 0)) for name in (MORE, FEWER, USUAL)},
        "cannot_be_said_yet": int((~judged).sum()),
        "history_most": int(history.max()) if len(both) else 0,
        "history_needed": fewest,
        "false_discovery_rate": LEVEL,
    }
    if len(rises):
        parameters["detectable_rise_least"] = float(rises.min())
        parameters["detectable_rise_median"] = float(rises.median())
    return parameters
