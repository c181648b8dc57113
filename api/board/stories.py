"""The story of one cell, ranked place or area: all that is known of it, in a few lines."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.board.findings import Findings
from api.errors import UNANSWERED
from api.pages.charts import chart
from api.pages.text import CLASS_WORDS, PATTERN_WORDS, reason_of
from geo.analyses.places import circles_of
from geo.errors import InputError, QuestionError
from geo.hotspots.ranking import place_of

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

_CELL = re.compile(r"([hs])(\d+):(-?\d+):(-?\d+)")
_PLACE = re.compile(r"p\d+:.*")
CHART = (420.0, 70.0)


def story_of(findings: Findings, at: str) -> dict[str, Any]:
    """What to tell of a place by its id: of a cell, a ranked place or an area.

    Raises
    ------
    QuestionError
        If there is none of that id.
    """
    if _CELL.fullmatch(at):
        return _cell(findings, at)
    if _PLACE.fullmatch(at):
        return _place(findings, at)
    return _area(findings, at)


def _cell(findings: Findings, at: str) -> dict[str, Any]:
    answer = findings.answer
    found = np.flatnonzero(np.array(answer.cells.ids) == at)
    if not len(found):
        raise QuestionError("at", f"there is no cell {at!r} in this grid")
    number = int(found[0])
    x, y = answer.cells.grid.centres(answer.cells.positions[[number]])
    which = answer.cell_of_counted == number
    name = _area_name(findings, float(x[0]), float(y[0]))
    row = answer.hotspots[answer.hotspots["cell_id"] == at]
    told = _told(findings, which) | {
        "kind": "cell",
        "title": f"Cell in {name}" if name else "Cell",
        "id": at,
        "class_words": CLASS_WORDS[row["class"].iloc[0]] if len(row) else "",
        "area_code": str(answer.area_codes_at(x, y)[0]),
        "area_name": name,
    }
    if answer.accounts.compared:
        before = answer.cells.count(answer.compared["x"], answer.compared["y"])
        told |= _changed(findings, answer.cell_counts, before, number=number)
    return told | _persistence(findings, x, y)


def _place(findings: Findings, at: str) -> dict[str, Any]:
    answer = findings.answer
    ranked = findings.ranked[findings.ranked["hotspot_id"] == at]
    x, y, radius = _circle(findings, at) if ranked.empty else _as_ranked(ranked)
    which = findings.within(answer.counted, pd.Series({"x": x[0], "y": y[0], "radius_m": radius}))
    name = _area_name(findings, float(x[0]), float(y[0]))
    rank = f"Place {ranked['rank'].iloc[0]}" if len(ranked) else "Place"
    told = _told(findings, which) | {
        "kind": "place",
        "title": f"{rank} in {name}" if name else rank,
        "id": at,
        "radius": radius,
        "area_code": str(answer.area_codes_at(x, y)[0]),
        "area_name": name,
    }
    if answer.accounts.compared and len(ranked):
        names = ("n_compared", "change", "change_share", "certainty")
        told |= {name: ranked[name].iloc[0] for name in names}
    return told | _persistence(findings, x, y)


def _as_ranked(ranked: pd.DataFrame) -> tuple[Floats, Floats, float]:
    return ranked["x"].to_numpy(), ranked["y"].to_numpy(), float(ranked["radius_m"].iloc[0])


def _circle(findings: Findings, at: str) -> tuple[Floats, Floats, float]:
    """Where a place is that is not among the first ranked ones."""
    try:
        radius = place_of(at)[2]
    except InputError as error:
        raise QuestionError("at", str(error)) from error
    middle = circles_of((at,), findings.answer, option="at").centroid
    return middle.x.to_numpy(), middle.y.to_numpy(), radius


def _area(findings: Findings, at: str) -> dict[str, Any]:
    row = findings.area_row(at)
    position = int(str(row["position"]))
    trend = findings.area_trend
    hot = findings.answer.hotspots
    hot = hot[(hot["area_code"] == at) & hot["class"].str.startswith("hot")]
    return (
        _told(findings, findings.answer.counted["area"].to_numpy() == position)
        | row
        | {
            "kind": "area",
            "title": str(row["area_name"]),
            "id": at,
            "hot": len(hot),
            "chart": chart(trend, position, width=CHART[0], height=CHART[1]),
            "trend": trend,
            "band": trend.said(position),
        }
    )


def _told(findings: Findings, which: Bools) -> dict[str, Any]:
    n = int(which.sum())
    return {
        "n": n,
        "share": n / max(findings.answer.accounts.counted, 1),
        "points": findings.points(which),
        "peak": findings.peak(which),
    }


def _changed(findings: Findings, n: Any, before: Any, *, number: int) -> dict[str, Any]:
    found = findings.changed(n, before, of=len(n))
    return {name: np.asarray(values)[number] for name, values in found.items()}


def _persistence(findings: Findings, x: Any, y: Any) -> dict[str, Any]:
    try:
        pattern = findings.patterns_at(pd.Series(x), pd.Series(y))
    except UNANSWERED as refusal:
        return {"reason": reason_of(refusal)}
    return {
        "pattern_words": PATTERN_WORDS[pattern["group"].iloc[0]],
        "reason": pattern["reason"].iloc[0],
    }


def _area_name(findings: Findings, x: float, y: float) -> str:
    code = str(findings.answer.area_codes_at(np.array([x]), np.array([y]))[0])
    return str(findings.answer.areas["area_name"].get(code, ""))
