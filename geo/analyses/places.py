"""Analyses whose rows are places: ranked hotspots, repeats, and how few places hold how much."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.analyses.found import Found, as_layer
from geo.answer import Answer
from geo.errors import InputError, QuestionError
from geo.hotspots import concentration, ranking, repeats, streets

_STREETS = (
    "Streets without an incident are not known, so their shares are of the streets with one; "
    "compare the cells, or the same measure over time."
)
SEED = 0
PERMUTATIONS = 999


def ranked(answer: Answer) -> Found:
    """Equal circles that hold the most incidents, none near another, with ids that stay."""
    question = answer.question
    weights = None if answer.harm is None else answer.harm_of(answer.counted)
    try:
        frame = ranking.rank(
            answer.counted,
            most=question.top,
            radius=question.radius,
            apart=question.spacing,
            weights=weights,
            known=answer.facts.known_places,
        )
    except InputError as error:
        raise QuestionError("spacing", str(error)) from error
    x, y = frame["x"].to_numpy(), frame["y"].to_numpy()
    frame.insert(frame.columns.get_loc("share") + 1, "area_code", answer.area_codes_at(x, y))
    circles = shapely.buffer(shapely.points(x, y), question.radius, quad_segs=16)
    return Found(
        answer.shown(as_layer(frame, circles, answer)),
        "Equal circles chosen greedily by incidents, not overlapping; equals by least spread, "
        "then from south to north and west to east",
        {
            "radius_m": question.radius,
            "spacing_m": question.spacing,
            "kept_ids": 0 if answer.facts.known_places is None else len(answer.facts.known_places),
        },
    )


def repeat_places(answer: Answer) -> Found:
    """Addresses and premises with more than one incident."""
    try:
        found = repeats.repeat_places(answer.counted, snapped=answer.snapped)
    except InputError as error:
        raise QuestionError("source", str(error)) from error
    frame = found.places.assign(
        area_code=answer.area_codes_at(found.places["x"], found.places["y"])
    )
    return Found(
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


def near_repeats(answer: Answer) -> Found:
    """Whether incidents draw others after them, by bands of distance and of days."""
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
    return Found(
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


def concentrated(answer: Answer) -> Found:
    """How few places hold half, and four fifths, of all incidents: by cell and by street."""
    rows = [concentration.concentration(answer.cell_counts).assign(place="cell")]
    number = streets.streets(
        answer.counted["x"], answer.counted["y"], answer.counted["location"].astype(str)
    )
    on_street = np.bincount(number[number >= 0])
    if len(on_street):
        rows.append(concentration.concentration(on_street).assign(place="street with incidents"))
    frame = pd.concat(rows, ignore_index=True)
    nameless = int((number < 0).sum())
    return Found(
        frame[["place", *frame.columns.drop("place")]],
        "Shares of places that hold 50 % and 80 % (Weisburd 2015); generalised Gini (Bernasco & "
        "Steenbeek 2017)",
        {"cell_m": answer.question.cell, "shape": answer.question.shape},
        (
            _STREETS,
            *((f"{nameless:,} incidents name no street.",) if nameless else ()),
        ),
    )


def circles_of(ids: str, answer: Answer) -> gpd.GeoSeries:
    """The circles that ids of ranked places stand for: the known ones, else where they were made.

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
    for name in ids.split(","):
        try:
            x, y, radius = ranking.place_of(name.strip())
        except InputError as error:
            raise QuestionError("treated", str(error)) from error
        centres.append(at.get(name.strip(), (x, y)))
        radii.append(radius)
    points = shapely.points(np.array(centres, float))
    return gpd.GeoSeries(shapely.buffer(points, radii, quad_segs=16), crs=answer.areas.crs)
