"""The features of an answer that the data cannot give: all that are known, empty, and why.

A client that opens a collection has asked nothing. Were it empty, or refused, the areas would look
as if nothing had happened in them, or the service as if it were broken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from api.answers import Answers
from api.formats.encoding import feature_ids
from api.ogc.items import Items, Kind
from api.ogc.properties import ALWAYS
from geo.analyses import Analysis
from geo.cells import Cells, Grid
from geo.errors import QuestionError
from geo.question.ask import Question, default_layer
from geo.question.membership import AreaMembership
from geo.surveillance import CANNOT_SAY

UNDEFINED: Mapping[str, str] = {
    "class": "undefined",
    "pattern": "undefined",
    "verdict": CANNOT_SAY,
}
"""What columns say that cannot be empty."""


def unanswered_items(
    analysis: Analysis, question: Question, answers: Answers, *, refusal: QuestionError, kind: Kind
) -> Items:
    """Return the areas or cells of an answer without values, each with the reason.

    Parameters
    ----------
    analysis
        What was asked for; its features are areas or cells.
    question
        The Question that cannot be answered.
    refusal
        Why it cannot.
    kind
        The type of geometries.

    Raises
    ------
    QuestionError
        If there is no layer, or its cells would be too many.
    """
    snapshot = answers.snapshot()
    areas = snapshot.layer(question.layer or default_layer(snapshot))[1]
    reason = str(refusal)
    frame = _areas(areas) if analysis.shape == "areas" else _cells(areas, question)
    if analysis.collection == "changes":
        frame = frame.assign(**_counts(answers, question, frame["area_code"]))
    names = [name for name in ALWAYS.get(analysis.collection, ()) if name not in frame]
    undefined = UNDEFINED if analysis.subject == "incidents" else {}
    empty = {name: undefined.get(name) for name in names}
    frame = frame.assign(**empty, why=reason)
    if "reason" in frame:
        frame = frame.assign(reason=reason)
    ordered = [name for name in ALWAYS.get(analysis.collection, ()) if name in frame]
    frame = frame[[*ordered, *frame.columns.difference(ordered, sort=False)]]
    if question.within:
        inside = AreaMembership(areas).among(frame["area_code"], question.within)
        frame = frame[inside].reset_index(drop=True)
    return Items.of_frame(
        frame,
        feature_ids(frame.drop(columns=[*empty, "why"])),
        projection=snapshot.projection,
        kind=kind,
        members={"why": reason},
        declared=True,
    )


def no_items(
    analysis: Analysis, answers: Answers, kind: Kind, members: Mapping[str, object]
) -> Items:
    """Return no feature, with all the properties that features would have."""
    frame = gpd.GeoDataFrame(
        pd.DataFrame(columns=list(ALWAYS[analysis.collection]), dtype=object), geometry=[]
    )
    return Items.of_frame(
        frame,
        [],
        projection=answers.snapshot().projection,
        kind=kind,
        members=members,
        declared=True,
    )


def _areas(areas: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "area_code": areas.index.astype(str),
            "area_name": areas["area_name"].to_numpy(),
            "geometry": areas.geometry.to_numpy(),
        },
        crs=areas.crs,
    )


def _cells(areas: gpd.GeoDataFrame, question: Question) -> gpd.GeoDataFrame:
    mask = shapely.union_all(areas.geometry.to_numpy())
    cells = Cells.over(mask, Grid(question.cell, question.shape))
    frame = cells.frame(str(areas.crs))
    codes = AreaMembership(areas).codes_at(*cells.grid.centres(cells.positions))
    return frame.assign(area_code=codes)


def _counts(
    answers: Answers, question: Question, codes: pd.Series
) -> dict[str, NDArray[np.generic]]:
    """Return the counts of the period by area, which are known though nothing compares to them."""
    try:
        counts = answers.ask(replace(question, compare="", by="")).area_counts_of_all
    except QuestionError:
        return {}
    own = counts.set_index("area_code").loc[codes]
    return {name: own[name].to_numpy() for name in ("n", "share")}
