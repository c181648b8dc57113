"""Analyses of places: ranked hotspots, repeats, and concentration."""

from __future__ import annotations

from datetime import date
from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.surfaces import VERDICT, cell_parameters, compared_parameters
from geo.errors import InputError, NotFoundError, QuestionError
from geo.hotspots import concentration, ranking, repeats
from geo.hotspots import street_names as streets
from geo.question.answer import Answer, inserted

_STREETS = (
    "Streets without an incident are unknown, so shares are of the streets with one. Compare "
    "cells instead, or the same measure over time."
)
_STREETS_UNSEEN = (
    "Streets are not measured: you see those of your own areas only, and the cells are of all."
)
_CHOSEN = (
    "Places are chosen because they have most incidents now, so most of them had fewer before by "
    "chance alone. A change is given only for places that were saved before the compared period "
    "and have not moved; 'why' says what is against it for the others."
)
CHOSEN = "chosen"
"""Column of known places: the last day of the period by whose incidents each was chosen."""

SEED = 0
PERMUTATIONS = 999
"""With the data itself a round 1,000, so that p is a multiple of 0.001."""

FEW_INCIDENTS = 10
"""Of places with fewer in the window 1.4 to 1.9 times as many were expected as came (Melton, and
the demo city: burglaries), of others at most 1.2 times."""

QUARTER_SEGMENTS = 16  # of a circle's outline


def ranked(answer: Answer) -> AnalysisResult:
    """Rank equal circles by their incidents, none near another, with ids that stay."""
    frame = answer.ranked_places
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    codes = pd.DataFrame({"area_code": answer.membership.codes_at(x, y)})
    frame = inserted(frame, codes, after="expected")
    compared = answer.accounts.compared
    judged: dict[str, object] = {}
    if compared:
        changes, judged = place_changes(answer, frame)
        frame = pd.concat([frame, changes], axis=1)
    terms, window = answer.question.places, answer.window.period
    circles = shapely.buffer(shapely.points(x, y), terms.radius, quad_segs=QUARTER_SEGMENTS)
    known = answer.facts.known_places
    return AnalysisResult(
        answer.shown(as_layer(frame, circles, answer)),
        f"Equal circles chosen greedily by the incidents of {window.title}, not overlapping; ties "
        "by least spread, then from south to north and west to east; expected: the count of these "
        "months shrunk towards the mean of all places (empirical Bayes, Marshall 1991), at the "
        "level of the period" + (f"; {VERDICT}" if compared else ""),
        {
            "radius_m": terms.radius,
            "spacing_m": terms.spacing,
            "day_hours": "{:02}-{:02}".format(*ranking.DAY),
            "window": f"{window.first}/{window.last}",
            "window_months_published": int(np.isin(window.months, sorted(answer.published)).sum()),
            "known_places": 0 if known is None else len(known),
            "known_within_m": ranking.MOVED_M,
            "chosen_up_to": answer.accounts.period.last.isoformat(),
        }
        | judged,
        [*([_CHOSEN] if compared else []), *_seldom(frame)],
    )


def _seldom(places: pd.DataFrame) -> list[str]:
    """That places with few incidents are mostly chosen by chance; nothing where they have many."""
    each = float(places["n_window"].mean()) if len(places) else 0.0
    if not 0 < each < FEW_INCIDENTS:
        return []
    caveat = (
        f"These places had {each:.1f} incidents each on average in the window: too few to rank "
        "well. Many are there by chance, and fewer will come than expected. Choose a longer window "
        "or more categories."
    )
    return [caveat]


def place_changes(answer: Answer, places: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, object]]:
    """How ranked places differ from the compared period, where that can be said.

    The busiest places of a period had mostly fewer incidents before, and will have fewer after, by
    chance alone: they were chosen at their worst. So only places that were saved before the
    compared period have a change, and the family of tests is all of these, ranked now or not.

    Parameters
    ----------
    answer
        An Answer with a compared period.
    places
        As `geo.hotspots.ranking.rank` returned them.

    Returns
    -------
    The columns of `geo.hotspots.change.changes` without `n`, and `why` they are empty; and the
    parameters of the comparison.
    """
    compared = answer.accounts.compared
    if compared is None:
        raise AssertionError("places are compared without a compared period")
    fixed = _fixed_places(answer, before=compared.period.first)
    compares = answer.compares_at(fixed["x"].to_numpy(float), fixed["y"].to_numpy(float))
    changes = answer.changes(
        lambda rows: ranking.count_inside(fixed, rows), compares=compares, parts=True, places=True
    )
    table = changes.areas.drop(columns="n").set_axis(fixed["hotspot_id"].astype(str))
    still = places["hotspot_id"].where(places["moved_m"] == 0, "")
    columns = table.reindex(still).reset_index(drop=True)
    columns = columns.astype({"n_compared": "Int64", "change": "Int64", "certainty": "str"})
    unknown = columns["n_compared"].isna()
    columns.loc[unknown, "certainty"] = ""
    why = _why_unchanged(answer, places, set(fixed["hotspot_id"].astype(str)))
    columns["why"] = why.where(unknown, "")
    return columns, compared_parameters(answer, changes) | {"places_compared": len(fixed)}


def saved_places(
    places: pd.DataFrame, known: pd.DataFrame | None, *, chosen: str
) -> list[dict[str, str | float]]:
    """Ranked places as a store saves them: `hotspot_id`, `x`, `y` and `chosen`.

    Parameters
    ----------
    places
        As `geo.hotspots.ranking.rank` returned them.
    known
        The places saved before. One that has not moved since was chosen then, not now.
    chosen
        The last day of the period by whose incidents these were chosen.

    Returns
    -------
    A record for each place.
    """
    before: dict[str, str] = {}
    if known is not None and CHOSEN in known:
        before = dict(zip(known["hotspot_id"].astype(str), known[CHOSEN].astype(str), strict=True))
    return [
        {
            "hotspot_id": name,
            "x": x,
            "y": y,
            CHOSEN: min(chosen, before.get(name, chosen)) if moved == 0 else chosen,
        }
        for name, x, y, moved in zip(
            *(places[column].tolist() for column in ("hotspot_id", "x", "y", "moved_m")),
            strict=True,
        )
    ]


def _fixed_places(answer: Answer, *, before: date) -> pd.DataFrame:
    """The saved places with incidents that were chosen from a period before a day."""
    known = answer.facts.known_places
    if known is None or CHOSEN not in known:
        return pd.DataFrame({"hotspot_id": [], "x": [], "y": [], "radius_m": []}, dtype=float)
    fixed = known[(known[CHOSEN] < before.isoformat()).to_numpy()]
    fixed = fixed.assign(radius_m=float(answer.question.places.radius))
    # A store may have places of another city: they are no tests of this one.
    incidents = ranking.count_inside(fixed, answer.counted)
    return fixed[incidents + ranking.count_inside(fixed, answer.compared) > 0]


def _why_unchanged(answer: Answer, places: pd.DataFrame, fixed: set[str]) -> pd.Series:
    """Why each place has no change, for those that have none."""
    unlike = str(answer.why_not_compared(np.zeros(1, dtype=bool))[0])
    if answer.crossed:
        # No place can be compared across a change of points, however it was chosen.
        return pd.Series(unlike, index=places.index)
    known = answer.facts.known_places
    chosen = pd.Series(dtype=object)
    if known is not None and CHOSEN in known:
        chosen = known.set_index("hotspot_id")[CHOSEN]
    window, period = answer.window.period, answer.accounts.period
    span = "this period"
    if window != period:
        span = f"the {len(window.months)} months up to the end of this period"
    reasons = []
    for hotspot_id, moved in zip(places["hotspot_id"], places["moved_m"], strict=True):
        if np.isnan(moved):
            reasons.append(f"chosen by its count in {span}")
        elif moved > 0:
            reasons.append(f"moved {moved:.0f} m since it was saved, by its count in {span}")
        elif hotspot_id in fixed:
            reasons.append(unlike)
        elif hotspot_id in chosen.index:
            reasons.append(f"chosen by its count up to {chosen[hotspot_id]}: not before")
        else:
            reasons.append("saved without the period that it was chosen from; save it again")
    return pd.Series(reasons, index=places.index, dtype=object)


def repeat_places(answer: Answer) -> AnalysisResult:
    """List addresses and premises with more than one incident."""
    refuse_weight(answer, "a repeat place")
    if not answer.visible.locations:
        raise NotFoundError("your role does not see addresses, so it sees no repeat places")
    counted, visible = answer.counted, answer.visible
    if visible.codes is not None:
        counted = counted[answer.membership.within(counted, sorted(visible.codes))]
    try:
        result = repeats.repeat_places(counted, snapped=answer.snapped, named=visible.named)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    x, y = (result.places[axis].to_numpy(float) for axis in ("x", "y"))
    frame = result.places.assign(area_code=answer.membership.codes_at(x, y))
    return AnalysisResult(
        answer.shown(as_layer(frame, shapely.points(x, y), answer)),
        "Incidents by the text of their place, compared without case and spaces",
        {
            "incidents": result.incidents,
            "without_location": result.without_location,
            "locations": result.locations,
        },
        [f"{result.without_location:,} of {result.incidents:,} incidents name no place."]
        if result.without_location
        else [],
    )


def near_repeats(answer: Answer) -> AnalysisResult:
    """Test whether incidents are followed by others nearby, by bands of distance and days."""
    refuse_weight(answer, "a near repeat")
    question = answer.question
    try:
        result = repeats.near_repeats(
            answer.counted,
            snapped=answer.snapped,
            metres=(0, *question.near),
            days=(0, *question.days),
            permutations=PERMUTATIONS,
            seed=SEED,
            distance=question.distance,
        )
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    return AnalysisResult(
        result.bands,
        f"Knox's test by bands of {question.distance.capitalize()} distance, times permuted (Knox "
        "1964; Johnson et al. 2007); q over all bands",
        {
            "incidents": result.incidents,
            "left_out": result.left_out,
            "permutations": result.permutations,
            "seed": result.seed,
            "distance": question.distance,
        },
        [f"{result.left_out:,} incidents are left out: their day is not known well enough."]
        if result.left_out
        else [],
    )


def concentrated(answer: Answer) -> AnalysisResult:
    """Measure how few cells, and streets, hold half and four fifths of all incidents."""
    return _of_places(
        answer,
        concentration.concentration,
        "Shares of places that hold 50 % and 80 % (Weisburd 2015); generalised Gini (Bernasco & "
        "Steenbeek 2017); by chance: as many incidents dealt at random over equal places (Johnson "
        "& Kotz 1977)",
    )


def lorenz(answer: Answer) -> AnalysisResult:
    """Draw the share of all incidents that the busiest places hold, place after place."""
    return _of_places(
        answer,
        concentration.lorenz_curve,
        "Lorenz curve, busiest places first (Bernasco & Steenbeek 2017); straight between rows; by "
        "chance: as many incidents dealt at random over equal places (Johnson & Kotz 1977)",
    )


class _Measure(Protocol):
    """Measures the counts of places, some of which may only be known by their incidents."""

    def __call__(self, counts: NDArray[np.int64], /, *, occupied: bool) -> pd.DataFrame: ...


def _of_places(answer: Answer, measure: _Measure, method: str) -> AnalysisResult:
    """Measure counts by cell, and by street where incidents name any."""
    refuse_weight(answer, "concentration")
    fewest, n = concentration.FEWEST_INCIDENTS, len(answer.counted)
    if n < fewest:
        incidents = "there is no incident" if not n else f"{n} incident{'s' if n > 1 else ''}"
        raise QuestionError(
            answer.question.period_option,
            f"too few incidents to say how concentrated they are: {incidents} in this period, and "
            f"{fewest} are needed; choose a longer period",
        )
    cells = answer.cell_counts[answer.cells_known]
    rows = [measure(cells, occupied=False).assign(place="cell")]
    number = streets.streets(
        answer.counted["x"], answer.counted["y"], answer.counted["location"].astype(str).tolist()
    )
    on_street = np.bincount(number[number >= 0])
    # Of the streets of some areas nothing can be said that holds for all of them.
    part = answer.visible.codes is not None
    if on_street.sum() >= fewest and not part:
        rows.append(measure(on_street, occupied=True).assign(place="street with incidents"))
    frame = pd.concat(rows, ignore_index=True)
    columns, nameless = ["place", *frame.columns.drop("place")], int((number < 0).sum())
    if part:
        return AnalysisResult(frame[columns], method, cell_parameters(answer), [_STREETS_UNSEEN])
    return AnalysisResult(
        frame[columns],
        method,
        cell_parameters(answer) | {"streets": len(on_street)},
        [_STREETS, *([_nameless(nameless, answer)] if nameless else [])],
    )


def _nameless(n: int, answer: Answer) -> str:
    limit = "" if answer.visible.is_everything else " that you may see"
    return f"{n:,} incidents name no street{limit}."


def circles_of(ids: tuple[str, ...], answer: Answer, *, option: str) -> gpd.GeoSeries:
    """Draw the circles of ranked places.

    Parameters
    ----------
    ids
        Of ranked places. One that was saved stands where it was saved; another where its id says.
    answer
        Its facts have the saved places, its areas the CRS.
    option
        The option that names them, for the refusal.

    Returns
    -------
    A circle for each id, in metres.

    Raises
    ------
    QuestionError
        If an id cannot be read.
    """
    known = answer.facts.known_places
    saved = {} if known is None else {place.hotspot_id: place for place in known.itertuples()}
    centres, radii = [], []
    for name in ids:
        try:
            x, y, radius = ranking.place_of(name)
        except InputError as error:
            raise QuestionError(option, str(error)) from error
        place = saved.get(name)
        centres.append((place.x, place.y) if place else (x, y))
        radii.append(radius)
    points = shapely.points(np.array(centres, float))
    return gpd.GeoSeries(
        shapely.buffer(points, radii, quad_segs=QUARTER_SEGMENTS), crs=answer.areas.crs
    )
