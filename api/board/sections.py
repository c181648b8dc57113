"""The sections of the board: what each template is told of the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from pandas.api.types import is_numeric_dtype

from api.board.findings import PEAK_HOURS, Findings
from api.errors import UNANSWERED
from api.formats.registry import download_formats
from api.pages.charts import HEATS, chart, heat
from api.pages.text import PATTERN_WORDS, reason_of
from geo.analyses import ANALYSES, Analysis
from geo.errors import InputError, QuestionError
from geo.hotspots.dayparts import WEEKDAYS, dayparts, peak_windows

_BY_COMMAND: Final = {analysis.command: analysis for analysis in ANALYSES}
SPARK = (180.0, 34.0)
MONTH_CHART = (560.0, 150.0)
REPEATED = 10
OFFICERS = "officers"
"""The attribute of a layer that says how many officers an area has."""

Told = Mapping[str, Any]


def places(findings: Findings) -> Told:
    """The ranked places."""
    answer = findings.answer
    ranked = findings.ranked
    return {
        "ranked": ranked.drop(columns="geometry").to_dict("records"),
        "names": answer.areas["area_name"].to_dict(),
        "patterns": PATTERN_WORDS,
        "no_patterns": ""
        if len(ranked) == 0 or ranked["group"].iloc[0]
        else ranked["reason"].iloc[0],
        "timed": bool((ranked["peak"] != "").any()),
        **_visits(findings),
        "persistence_months": len(findings.area_trend.months),
    }


def _visits(findings: Findings) -> Told:
    """How often a day each place is to be visited, by its id; or why that is not known."""
    try:
        return {"visits": findings.visits.to_dict(), "no_visits": ""}
    except UNANSWERED as refusal:
        return {"visits": {}, "no_visits": reason_of(refusal)}


def areas(findings: Findings) -> Told:
    """The areas with their last two years, and their officers."""
    trend = findings.area_trend
    rows = [
        {str(name): value for name, value in row.items()}
        | {
            "chart": chart(trend, row["position"], width=SPARK[0], height=SPARK[1]),
            "band": trend.said(row["position"]),
        }
        for row in findings.areas.to_dict("records")
    ]
    return {
        "areas": rows,
        "rated": "rate_per_1000" in findings.areas,
        **_officers(findings),
        "trend": trend,
    }


def _officers(findings: Findings) -> Told:
    """Officers by area: those that the layer names, else those that a rule gives."""
    layer = findings.answer.areas
    if OFFICERS in layer and is_numeric_dtype(layer[OFFICERS]):
        return {"officers": layer[OFFICERS].dropna().to_dict(), "shared": None, "no_officers": ""}
    try:
        shared = findings.posts
    except UNANSWERED as refusal:
        return {"officers": {}, "shared": None, "no_officers": reason_of(refusal)}
    posts = shared.found.frame.set_index("area_code")["posts"]
    return {"officers": posts.to_dict(), "shared": shared, "no_officers": ""}


def patrols(findings: Findings) -> Told:
    """Who visits which of the ranked places, in which order."""
    return {"sheet": findings.rounds}


def when(findings: Findings) -> Told:
    """The hours of the week, or why not, and the months."""
    told: dict[str, Any] = {
        "months": chart(findings.whole_trend, 0, width=MONTH_CHART[0], height=MONTH_CHART[1]),
        "trend": findings.whole_trend,
        "said": findings.whole_trend.said(0),
    }
    try:
        counted = findings.answer.counted
        found = dayparts(counted[findings.in_view(counted)])
    except InputError as refusal:
        return told | {"no_hours": str(refusal)}
    if not found.counted:
        return told | {"no_hours": "there is no incident in this period"}
    return told | {
        "grid": found.weights.round(1).tolist(),
        "heat": heat(found.weights).tolist(),
        "heats": HEATS,
        "most": float(found.weights.max()),
        "weekdays": WEEKDAYS,
        "without_hour": found.without_hour,
        "peaks": peak_windows(found.weights, hours=PEAK_HOURS, most=3).to_dict("records"),
    }


def concentration(findings: Findings) -> Told:
    """How few places hold how much."""
    found = _BY_COMMAND["concentration"].compute(findings.counting)
    if not findings.answer.accounts.counted:
        raise QuestionError("period", "there is no incident in this period")
    return {"rows": found.frame.to_dict("records"), "caveats": found.caveats}


def repeats(findings: Findings) -> Told:
    """The places that had the most incidents more than once, where the source allows."""
    found = _BY_COMMAND["repeats"].compute(findings.counting)
    frame = found.frame
    return {
        "rows": frame.head(REPEATED).drop(columns="geometry").to_dict("records"),
        "places": len(frame),
        "n": int(frame["n"].sum()),
        "parameters": found.parameters,
        "caveats": found.caveats,
        "download": _download(_BY_COMMAND["repeats"], findings.counting.question.query()),
    }


def treatment(findings: Findings) -> Told:
    """Whether treated places fell more than the rest."""
    question = findings.question
    if not (question.treatment.treated and question.treatment.since):
        return {"asked": False, "layers": findings.layers}
    found = _BY_COMMAND["treatment"].compute(findings.with_history)
    low, high = (float(str(found.parameters[name])) for name in ("wdd_low", "wdd_high"))
    return {
        "asked": True,
        "layers": findings.layers,
        "zones": found.frame.to_dict("records"),
        "clear": not low <= 0 <= high,
        "download": _download(_BY_COMMAND["treatment"], question.query()),
        "caveats": found.caveats,
        **found.parameters,
    }


def accounts(findings: Findings) -> Told:
    """Where every row went, and what can be taken away."""
    query = findings.question.query()
    monthly = replace(findings.question, by="month", compare="", within=())
    downloads = [
        _download(analysis, query) for analysis in ANALYSES if analysis.command in _OFFERED
    ]
    months = _download(_BY_COMMAND["count"], monthly.query())
    return {"downloads": [*downloads, months | {"title": "Incidents by area and month"}]}


_OFFERED = (
    "hotspots", "density", "rank", "patrols", "count", "emerging", "dayparts", "concentration",
    "lorenz",
)  # fmt: skip


def _download(analysis: Analysis, query: str) -> dict[str, Any]:
    name = analysis.collection or analysis.command
    files = {
        form.label: f"/download/{name}{form.ending}?{query}"
        for form in download_formats(layer=bool(analysis.collection))
    }
    return {"title": analysis.title, "files": files}


SECTIONS: Final[dict[str, Callable[[Findings], Told]]] = {
    "places": places,
    "patrols": patrols,
    "areas": areas,
    "when": when,
    "concentration": concentration,
    "repeats": repeats,
    "treatment": treatment,
    "accounts": accounts,
}
"""Every section by the name of its template, in the order of the page."""
