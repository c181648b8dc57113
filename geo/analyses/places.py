"""Analyses of places: ranked hotspots, repeats, and concentration."""

from __future__ import annotations

from typing import Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.surfaces import E_TEST, cell_parameters, compared_parameters
from geo.errors import InputError, QuestionError
from geo.hotspots import concentration, ranking, repeats
from geo.hotspots import street_names as streets
from geo.question.answer import Answer, inserted

_STREETS = (
    "Streets without an incident are unknown, so shares are of the streets with one. Compare "
    "cells instead, or the same measure over time."
)
_CHOSEN = (
    "Places are chosen because they have most incidents now, so most of them had fewer before by "
    "chance alone. Believe a rise only at a place that was known before."
)
SEED = 0
PERMUTATIONS = 999
"""With the data itself a round 1,000, so that p is a multiple of 0.001."""

_QUARTER_SEGMENTS = 16  # of a circle's outline


def ranked(answer: Answer) -> AnalysisResult:
    """Rank equal circles by their incidents, none near another, with ids that stay."""
    terms = answer.question.places
    weights = None if answer.harm is None else answer.harm_of(answer.counted)
    try:
        frame = ranking.rank(
            answer.counted,
            most=terms.top,
            radius=terms.radius,
            apart=terms.spacing,
            weights=weights,
            known=answer.facts.known_places,
        )
    except InputError as error:
        raise QuestionError("spacing", str(error)) from error
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    codes = pd.DataFrame({"area_code": answer.membership.codes_at(x, y)})
    frame = inserted(frame, codes, after="share")
    compared = answer.accounts.compared
    if compared:
        before = ranking.count_inside(frame, answer.compared)
        compares = answer.compares_at(x, y)
        changes = answer.changes(frame["n"], before, compares).drop(columns="n")
        frame = pd.concat([frame, changes], axis=1)
        if not compares.all():
            frame["why"] = answer.why_not_compared(compares)
    circles = shapely.buffer(shapely.points(x, y), terms.radius, quad_segs=_QUARTER_SEGMENTS)
    known = answer.facts.known_places
    return AnalysisResult(
        answer.shown(as_layer(frame, circles, answer)),
        "Equal circles chosen greedily by incidents, not overlapping; ties by least spread, "
        "then from south to north and west to east" + (f"; {E_TEST}" if compared else ""),
        {
            "radius_m": terms.radius,
            "spacing_m": terms.spacing,
            "day_hours": "{:02}-{:02}".format(*ranking.DAY),
            "known_places": 0 if known is None else len(known),
            "known_within_m": ranking.MOVED_M,
        }
        | (compared_parameters(answer) if compared else {}),
        [_CHOSEN] if compared else [],
    )


def repeat_places(answer: Answer) -> AnalysisResult:
    """List addresses and premises with more than one incident."""
    refuse_weight(answer, "a repeat place")
    try:
        result = repeats.repeat_places(answer.counted, snapped=answer.snapped)
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
        )
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    return AnalysisResult(
        result.bands,
        "Knox's test by bands, times permuted (Knox 1964; Johnson et al. 2007); q over all bands",
        {
            "incidents": result.incidents,
            "left_out": result.left_out,
            "permutations": result.permutations,
            "seed": result.seed,
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
    rows = [measure(answer.cell_counts, occupied=False).assign(place="cell")]
    number = streets.streets(
        answer.counted["x"], answer.counted["y"], answer.counted["location"].astype(str).tolist()
    )
    on_street = np.bincount(number[number >= 0])
    if on_street.sum() >= fewest:
        rows.append(measure(on_street, occupied=True).assign(place="street with incidents"))
    frame = pd.concat(rows, ignore_index=True)
    nameless = int((number < 0).sum())
    return AnalysisResult(
        frame[["place", *frame.columns.drop("place")]],
        method,
        cell_parameters(answer) | {"streets": len(on_street)},
        [_STREETS, *([f"{nameless:,} incidents name no street."] if nameless else [])],
    )


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
        shapely.buffer(points, radii, quad_segs=_QUARTER_SEGMENTS), crs=answer.areas.crs
    )
