"""Analyses whose rows are places: ranked hotspots, repeats, and how few places hold how much."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, as_layer, refuse_weight
from geo.analyses.surfaces import E_TEST, cell_parameters, compared_parameters
from geo.errors import InputError, QuestionError
from geo.hotspots import change, concentration, ranking, repeats
from geo.hotspots import street_names as streets
from geo.question.answer import Answer

_STREETS = (
    "Streets without an incident are not known, so their shares are of the streets with one; "
    "compare the cells, or the same measure over time."
)
_CHOSEN = (
    "A place that is chosen because it holds most now held less before by chance alone: believe a "
    "rise only at a place that was known before."
)
SEED = 0
PERMUTATIONS = 999


def ranked(answer: Answer) -> AnalysisResult:
    """Equal circles that hold the most incidents, none near another, with ids that stay."""
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
    frame.insert(frame.columns.get_loc("share") + 1, "area_code", answer.area_codes_at(x, y))
    compared = answer.accounts.compared
    if compared:
        before = ranking.count_inside(frame, answer.compared)
        found = change.changes(frame["n"], before, days=answer.days).drop(columns="n")
        frame = pd.concat([frame, found], axis=1)
    circles = shapely.buffer(shapely.points(x, y), terms.radius, quad_segs=16)
    known = answer.facts.known_places
    return AnalysisResult(
        answer.shown(as_layer(frame, circles, answer)),
        "Equal circles chosen greedily by incidents, not overlapping; equals by least spread, "
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
    """Addresses and premises with more than one incident."""
    refuse_weight(answer, "a repeat place")
    try:
        found = repeats.repeat_places(answer.counted, snapped=answer.snapped)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    frame = found.places.assign(
        area_code=answer.area_codes_at(found.places["x"], found.places["y"])
    )
    return AnalysisResult(
        answer.shown(as_layer(frame, shapely.points(frame["x"], frame["y"]), answer)),
        "Incidents by the text of their place, compared without case and spaces",
        {
            "incidents": found.incidents,
            "without_location": found.without_location,
            "locations": found.locations,
        },
        (f"{found.without_location:,} of {found.incidents:,} incidents name no place.",)
        if found.without_location
        else (),
    )


def near_repeats(answer: Answer) -> AnalysisResult:
    """Whether incidents draw others after them, by bands of distance and of days."""
    refuse_weight(answer, "a near repeat")
    question = answer.question
    try:
        found = repeats.near_repeats(
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
        found.bands,
        "Knox's test by bands, times permuted (Knox 1964; Johnson et al. 2007); q over all bands",
        {
            "incidents": found.incidents,
            "left_out": found.left_out,
            "permutations": found.permutations,
            "seed": found.seed,
        },
        (f"{found.left_out:,} incidents are left out: their day is not known well enough.",)
        if found.left_out
        else (),
    )


def concentrated(answer: Answer) -> AnalysisResult:
    """How few places hold half, and four fifths, of all incidents: by cell and by street."""
    return _of_places(
        answer,
        concentration.concentration,
        "Shares of places that hold 50 % and 80 % (Weisburd 2015); generalised Gini (Bernasco & "
        "Steenbeek 2017)",
    )


def lorenz(answer: Answer) -> AnalysisResult:
    """What share of all incidents the busiest places hold, place after place."""
    return _of_places(
        answer,
        concentration.lorenz_curve,
        "Lorenz curve, the busiest places first (Bernasco & Steenbeek 2017); straight between rows",
    )


def _of_places(
    answer: Answer, measure: Callable[[NDArray[np.int64]], pd.DataFrame], method: str
) -> AnalysisResult:
    """A measure of how incidents are spread over cells, and over streets where they name any."""
    refuse_weight(answer, "concentration")
    rows = [measure(answer.cell_counts).assign(place="cell")]
    number = streets.streets(
        answer.counted["x"], answer.counted["y"], answer.counted["location"].astype(str)
    )
    on_street = np.bincount(number[number >= 0])
    if len(on_street):
        rows.append(measure(on_street).assign(place="street with incidents"))
    frame = pd.concat(rows, ignore_index=True)
    nameless = int((number < 0).sum())
    return AnalysisResult(
        frame[["place", *frame.columns.drop("place")]],
        method,
        cell_parameters(answer) | {"streets": len(on_street)},
        (
            _STREETS,
            *((f"{nameless:,} incidents name no street.",) if nameless else ()),
        ),
    )


def circles_of(ids: tuple[str, ...], answer: Answer, *, option: str) -> gpd.GeoSeries:
    """The circles that ids of ranked places stand for: the known ones, else where they were made.

    Parameters
    ----------
    ids
        Of ranked places.
    option
        Which option names them, for the refusal.

    Raises
    ------
    QuestionError
        If an id is none.
    """
    known = answer.facts.known_places
    at = (
        {}
        if known is None
        else dict(zip(known["hotspot_id"], zip(known["x"], known["y"], strict=True), strict=True))
    )
    centres, radii = [], []
    for name in ids:
        try:
            x, y, radius = ranking.place_of(name)
        except InputError as error:
            raise QuestionError(option, str(error)) from error
        centres.append(at.get(name, (x, y)))
        radii.append(radius)
    points = shapely.points(np.array(centres, float))
    return gpd.GeoSeries(shapely.buffer(points, radii, quad_segs=16), crs=answer.areas.crs)
