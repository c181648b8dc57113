"""The map of waits: areas by the working days in which half of their records were answered."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from itertools import pairwise
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from api.maps.painting import PLAIN, Painting, Shade, painted, style_of
from geo.analyses.analysis import AnalysisResult
from geo.judging import FEWEST, TOO_FEW
from geo.question.answer import Answer
from geo.records.waits import FASTER, SLOWER

STEPS: Final = (2, 5, 10, 20)
"""The last working day of each class but the last one.

They are the same on every map, so that a colour means the same in every month: a week has five, and
councils promise ten or, as for freedom of information, twenty.
"""

_COLOURS: Final = ("#ffe699", "#fd9f2e", "#e2541a", "#b3001b", "#50001a")
_UNREACHED: Final = "unreached"
_FEW: Final = "few"
_UNKNOWN: Final = "unknown"
_EDGE: Final = style_of("#ffffff", "#111111", opacity=0, weight=7.0)
"""Wider than the outlines of areas, which are drawn over it."""

_VERDICTS: Final = {
    SLOWER: Shade(
        "Edged: slower than the rest, by more than chance",
        _EDGE,
    ),
    FASTER: Shade(
        "Dashed edge: faster than the rest, by more than chance",
        {**_EDGE, "dashArray": "9 8"},
    ),
}


def paint_waits(answer: Answer, times: AnalysisResult) -> Painting:
    """Colour areas by their median wait, and edge those that are slower or faster than the rest.

    Parameters
    ----------
    answer
        Of which the response times are.
    times
        The response times, a row for each area shown.

    Returns
    -------
    A shape for each area, and a second one for those with a verdict, drawn over it.
    """
    frame = gpd.GeoDataFrame(times.frame)
    cells = frame.assign(cell_id=frame["area_code"], n=frame["received"])
    rows = cells.to_dict("records")
    kinds = pd.Series([_kind_of(row) for row in rows], cells.index, dtype=object)
    meaning = pd.Series([_meaning(row) for row in rows], cells.index, dtype=object)
    judged = cells["verdict"].isin([*_VERDICTS])
    edged = painted(gpd.GeoDataFrame(cells[judged]), cells.loc[judged, "verdict"], meaning[judged])
    shapes = gpd.GeoDataFrame(pd.concat([painted(cells, kinds, meaning), edged]))
    return Painting(
        shapes,
        {**_classes(), **_VERDICTS},
        _note(answer, times),
        noun="area",
        counts_of="Records received",
        named=cells.loc[judged, "area_code"].tolist(),
    )


def _classes() -> dict[str, Shade]:
    spans = [
        f"up to {STEPS[0]}",
        *(f"{low + 1} to {high}" for low, high in pairwise(STEPS)),
        f"more than {STEPS[-1]}",
    ]
    words = [f"Half answered in {span} working days" for span in spans]
    return {
        _UNKNOWN: Shade(
            "Unknown: nothing is known of this time", style_of("#767676", "#4d4d4d", opacity=0.35)
        ),
        _FEW: Shade(f"Too few to say: fewer than {FEWEST} records", PLAIN),
        _UNREACHED: Shade("More than half still wait", style_of("#333333", "#333333", opacity=0.4)),
        **{
            str(number): Shade(text, style_of(_COLOURS[number], _COLOURS[number]))
            for number, text in enumerate(words)
        },
    }


def _kind_of(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["received"]):
        return _UNKNOWN
    days = row["answer_working_days"]
    if pd.isna(days):
        # Of ten records some may be withdrawn, nobody knows when: then too few are left.
        return _FEW if row["wait_why"] == TOO_FEW else _UNREACHED
    return str(int(np.searchsorted(STEPS, days)))


def _meaning(row: Mapping[Hashable, Any]) -> str:
    days = row["answer_working_days"]
    if pd.isna(row["received"]):
        return str(row["why"])
    if pd.isna(days):
        return str(row["wait_why"])
    low, high = row["answer_working_days_low"], row["answer_working_days_high"]
    span = f"{low:.0f} to {high:.0f}" if pd.notna(high) else f"at least {low:.0f}"
    verdict = f"; against the rest: {row['verdict']}" if row["verdict"] else ""
    unit = "working day" if days == 1 else "working days"
    return f"half answered in {days:.0f} {unit} ({span}){verdict}"


def _note(answer: Answer, times: AnalysisResult) -> str:
    return (
        f"Records received in {answer.accounts.period.title}, as known on "
        f"{times.parameters['as_of']}: the working days (England and Wales, the day of receipt not "
        "counted) in which half were answered, by Kaplan–Meier: those that still wait count as "
        "waiting at least so long. Each area is held against all others together by the log-rank "
        "test, at a false discovery rate of 5 %"
    )
