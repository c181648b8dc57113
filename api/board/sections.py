"""The sections of the board: the template variables of each, and how it is rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

import geopandas as gpd
import numpy as np
import pandas as pd
from markupsafe import Markup
from pandas.api.types import is_numeric_dtype

from api.addresses import own_address
from api.board.by_street import by_street, street_form
from api.board.cards import cards, lead, records
from api.board.findings import PEAK_HOURS, Findings
from api.board.funnel import Funnel, funnel
from api.board.hotspot_rows import area_names, places_in
from api.board.lasting import outdate_boards, reason_shown
from api.board.leading import leading_area
from api.board.month_bars import month_bars
from api.board.presentation import presentation
from api.board.raised import raised
from api.board.unusual import control, unusual
from api.board.variables import Variables
from api.board.view import BoardView
from api.calls import BusyError
from api.errors import FAILED, UNANSWERED
from api.formats.registry import download_formats
from api.load.log import log
from api.maps.drawing import draw_treatment
from api.pages.allocation_summary import Patrol
from api.pages.charts import HEATS, chart, heat
from api.pages.templating import templates
from api.pages.text import PATTERN_WORDS, Refusal
from api.pages.trends import last_months
from geo.analyses import ANALYSES, Analysis
from geo.analyses.surfaces import change_caveats
from geo.checkpoints import StoppedError
from geo.errors import InputError, PatchmapError
from geo.hotspots.dayparts import WEEKDAYS, dayparts
from geo.hotspots.dispersion import dispersion
from geo.hotspots.peaks import FEWEST_TIMED, peaks
from geo.hotspots.verdict import CERTAINTY
from geo.period import Interval
from geo.question.answer import Answer
from geo.question.model import COUNT

SPARK = (180.0, 34.0)
MONTH_CHART = (560.0, 150.0)
"""Width and height of the charts, in SVG units."""

MOST_REPEATS = 10
MOST_HOTSPOTS: Final = 25
"""Hotspots that the table lists; the file has all."""

MONTHS_TESTED: Final = 12
"""Months on which methods are tested, where the period of the board has fewer."""

MOST_AREAS: Final = 500
"""Areas that the table lists; a table of thousands of rows with charts takes browsers seconds."""

FIRST: Final = "unusual"
"""The section that stands before the map."""

OFFICERS = "officers"
"""The attribute of a layer that says how many officers an area has."""

_BY_COMMAND: Final = {analysis.command: analysis for analysis in ANALYSES}
_DOWNLOADS = (
    "hotspots", "density", "rank", "patrols", "count", "unusual", "emerging", "dayparts",
    "concentration", "lorenz",
)  # fmt: skip


def render_section(name: str, findings: Findings, shared: Variables) -> Markup:
    """Render one section, or the reason why the data cannot fill it.

    Parameters
    ----------
    name
        One of `SECTIONS`, of `WITH_TASKS`, or of `WHOLE_PERIOD`.
    shared
        The result of `page_variables`.
    """
    try:
        if name in WHOLE_PERIOD:
            variables = WHOLE_PERIOD[name](findings, cast("BoardView", shared["view"]))
        elif name in WITH_TASKS:
            variables = WITH_TASKS[name](findings, shared)
        else:
            variables = SECTIONS[name](findings)
        own: Variables = {"reason": "", **variables}
    except UNANSWERED as refusal:
        own = {"reason": reason_shown(refusal)}
    return _rendered(name, {**shared, **own})


def render_or_explain(name: str, findings: Findings, shared: Variables) -> Markup:
    """Render one section of a page that is being sent: where it fails it says so in its place.

    The status of the page is sent by then, so an error would cut off all that follows.

    Parameters
    ----------
    name, shared
        As for `render_section`.
    """
    try:
        return render_section(name, findings, shared)
    except StoppedError:  # nobody waits for the page any more, or its time is over
        raise
    except (PatchmapError, BusyError) as refusal:
        return explain(name, refusal, shared)
    except Exception:  # noqa: BLE001 - its trace is in the log
        log.exception("the section %r of %s failed", name, findings.question.query())
        outdate_boards()
    return _rendered(name, {**shared, "reason": FAILED})


def explain(name: str, refusal: Refusal, shared: Variables) -> Markup:
    """Render the reason why a section is missing, in its place.

    Parameters
    ----------
    name, shared
        As for `render_section`.
    refusal
        Why it is missing.
    """
    return _rendered(name, {**shared, "reason": reason_shown(refusal)})


def _rendered(name: str, variables: Variables) -> Markup:
    text = templates.get_template(f"board_{name}.html").render(variables)
    return Markup(text)  # noqa: S704 - escaped by its template


def hotspots(findings: Findings) -> Variables:
    """The hotspots with their shares of land and incidents, those with most incidents first."""
    rows = findings.hotspots.drop(columns="geometry")
    return {
        "rows": rows.head(MOST_HOTSPOTS).to_dict("records"),
        "places_in": places_in(findings),
        "more": max(len(rows) - MOST_HOTSPOTS, 0),
        "names": {code: area_names(findings.answer, code) for code in rows["area_code"]},
        "download": _download(_BY_COMMAND["outlines"], findings.question.query()),
    }


def places(findings: Findings) -> Variables:
    """The ranked places."""
    answer = findings.answer
    ranked = findings.ranked
    judged = len(ranked) == 0 or ranked["group"].iloc[0]
    return {
        "ranked": ranked.drop(columns="geometry").to_dict("records"),
        "names": _names(answer, ranked["area_code"]),
        "window": answer.window.period.title,
        "window_months": len(answer.window.period.months),
        "knows_usual": findings.knows_usual,
        "patterns": PATTERN_WORDS,
        "no_patterns": "" if judged else ranked["reason"].iloc[0],
        "timed": bool((ranked["peak"] != "").any()),
        **_visits(findings),
        "persistence_months": len(findings.area_trend.months),
    }


def _names(answer: Answer, area_codes: pd.Series) -> dict[str, str]:
    """The names of areas, by what stands in the places' column of codes; none for outside."""
    named = answer.membership.names_of(area_codes)
    return {str(code): name for code, name in zip(area_codes, named, strict=True) if name}


def _visits(findings: Findings) -> Variables:
    """Planned visits a day to each place, by its id; or the reason why there are none."""
    try:
        return {"visits": findings.visits.to_dict(), "no_visits": ""}
    except UNANSWERED as refusal:
        return {"visits": {}, "no_visits": reason_shown(refusal)}


def areas(findings: Findings) -> Variables:
    """The areas with their last two years and their officers."""
    trend = findings.area_trend
    rows = [
        {str(name): value for name, value in row.items()}
        | {
            "chart": chart(trend, row["position"], width=SPARK[0], height=SPARK[1]),
            "band": trend.verdict(row["position"]),
        }
        for row in findings.areas.head(MOST_AREAS).to_dict("records")
    ]
    return {
        "areas": rows,
        "leading": leading_area(findings.areas, harm=findings.answer.harm is not None),
        "areas_left_out": len(findings.areas) - len(rows),
        "all_areas": _download(_BY_COMMAND["count"], findings.question.query()),
        **_changed(findings.areas),
        "rated": "rate_per_1000" in findings.areas,
        "funnel": _funnel(findings),
        "change_caveats": change_caveats(findings.answer)
        if findings.answer.accounts.compared
        else [],
        **_officers(findings),
        "trend": trend,
    }


def _changed(areas: pd.DataFrame) -> Variables:
    """Which areas changed by more than chance, of how many that were judged."""
    if "certainty" not in areas:
        return {"clear": [], "judged": 0}
    clear = areas[areas["certainty"].isin(CERTAINTY[:2])]
    return {"clear": records(clear), "judged": int(areas["certainty"].isin(CERTAINTY).sum())}


def _funnel(findings: Findings) -> Funnel | None:
    """The funnel plot of the rates; None without residents."""
    areas, layer = findings.areas, findings.answer.areas
    if "rate_per_1000" not in areas:
        return None
    residents = pd.to_numeric(layer["residents"], errors="coerce").to_numpy(float)
    # Where a rate is unknown, so is what it would be set against.
    unlike = areas["rate_per_1000"].isna()
    rows = areas.assign(residents=residents[areas["position"]], n=pd.to_numeric(areas["n"]))
    trend = findings.area_trend
    known = ~np.isnan(trend.counts).any(axis=0)
    return funnel(rows[~unlike], dispersion=dispersion(trend.counts[:, known]))


def _officers(findings: Findings) -> Variables:
    """Officers by area: those of the layer, else as many as the default rule gives."""
    layer = findings.answer.areas
    if OFFICERS in layer and is_numeric_dtype(layer[OFFICERS]):
        return {"officers": layer[OFFICERS].dropna().to_dict(), "shared": None, "no_officers": ""}
    try:
        shared = findings.posts
    except UNANSWERED as refusal:
        return {"officers": {}, "shared": None, "no_officers": reason_shown(refusal)}
    posts = shared.result.frame.set_index("area_code")["posts"]
    return {"officers": posts.to_dict(), "shared": shared, "no_officers": ""}


def patrols(findings: Findings) -> Variables:
    """Who visits which of the ranked places, and in which order."""
    summary = findings.patrols
    return {"summary": summary, "stop_names": stop_names(summary.patrols)}


def stop_names(patrols: Sequence[Patrol]) -> Mapping[str, str]:
    """The street of each stop, by its place; where places share it, what tells them apart.

    That is the next street; else the area; else the id of the place.
    """
    streets = {
        stop.hotspot_id: [name for name in stop.streets.split("; ") if name] or [stop.hotspot_id]
        for patrol in patrols
        for stop in patrol.stops
    }
    first = Counter(names[0] for names in streets.values())
    named = {
        at: " / ".join(names[: 2 if first[names[0]] > 1 else 1]) for at, names in streets.items()
    }
    areas = {stop.hotspot_id: stop.area for patrol in patrols for stop in patrol.stops}
    for beside in (areas, {at: at for at in named}):
        shared = Counter(named.values())
        named = {
            at: f"{name} ({beside[at]})" if shared[name] > 1 and beside[at] else name
            for at, name in named.items()
        }
    return named


def when(findings: Findings) -> Variables:
    """The hours of the week, or the reason why they are unknown, and the months."""
    trend = findings.whole_trend
    months: dict[str, object] = {
        "months": chart(trend, 0, width=MONTH_CHART[0], height=MONTH_CHART[1]),
        "trend": trend,
        "verdict": trend.verdict(0),
    }
    try:
        counted = findings.answer.counted
        hours = dayparts(counted[findings.in_view(counted)])
    except InputError as refusal:
        return months | {"no_hours": str(refusal)}
    if not hours.counted:
        return months | {"no_hours": "there is no incident in this period"}
    return months | {
        "grid": hours.weights.round(1).tolist(),
        "heat": heat(hours.weights).tolist(),
        "heats": HEATS,
        "most": float(hours.weights.max()),
        "weekdays": WEEKDAYS,
        "without_hour": hours.without_hour,
        "counted": hours.counted,
        "fewest": FEWEST_TIMED,
        "peaks": peaks(hours, hours=PEAK_HOURS, most=3).to_dict("records"),
    }


def concentration(findings: Findings) -> Variables:
    """How few places have how large a share of the incidents."""
    result = _BY_COMMAND["concentration"].compute(findings.counting)
    return {"rows": result.frame.to_dict("records"), "caveats": result.caveats}


def streets(findings: Findings) -> Variables:
    """The streets with most incidents, and how concentrated these are on them."""
    form = street_form(findings)
    try:
        own = by_street(findings)
    except UNANSWERED as refusal:
        # The form stays: another layer may do.
        return {**form, "reason": reason_shown(refusal)}
    query = findings.counting.question.query()
    return {**form, **own, "download": _download(_BY_COMMAND["streets"], query)}


def repeats(findings: Findings) -> Variables:
    """The places with more than one incident, where the source publishes addresses."""
    result = _BY_COMMAND["repeats"].compute(findings.counting)
    frame = result.frame
    return {
        "rows": frame.head(MOST_REPEATS).drop(columns="geometry").to_dict("records"),
        "places": len(frame),
        "n": int(frame["n"].sum()),
        "parameters": result.parameters,
        "caveats": result.caveats,
        "download": _download(_BY_COMMAND["repeats"], findings.counting.question.query()),
    }


def treatment(findings: Findings) -> Variables:
    """Whether treated places fell more than a control."""
    question = findings.question
    if not (question.treatment.treated and question.treatment.since):
        return {"evaluated": False}
    answer = findings.with_history
    result = _BY_COMMAND["treatment"].compute(answer)
    return {
        "evaluated": True,
        "zones": result.frame.to_dict("records"),
        "download": _download(_BY_COMMAND["treatment"], question.query()),
        "warnings": result.warnings,
        "caveats": result.caveats,
        "method": result.method,
        "drawn": draw_treatment(answer, gpd.GeoDataFrame(result.tables["places"])),
        "measures": result.parameters,
    }


def proof(findings: Findings) -> Variables:
    """Where the methods are tested on past months: on a page of its own, as it takes seconds."""
    question = replace(findings.question, compare="", within=(), weight=COUNT)
    months = last_months(findings.answer)[-MONTHS_TESTED:]
    # Whole months, up to the last of the period; a longer period stays as it is.
    if months and len(findings.answer.accounts.period.months) <= MONTHS_TESTED:
        question = replace(question, period=Interval.read(f"{months[0]}/{months[-1]}"))
    return {"proof_address": own_address(f"/answers/evaluate?{question.query()}")}


def accounts(findings: Findings) -> Variables:
    """Where every row of the source went, and the files to download."""
    query = findings.question.query()
    monthly = replace(findings.question, by="month", compare="", within=())
    files = [_download(analysis, query) for analysis in ANALYSES if analysis.command in _DOWNLOADS]
    months = _download(_BY_COMMAND["count"], monthly.query())
    return {"downloads": [*files, months | {"title": "Incidents by area and month"}]}


def _download(analysis: Analysis, query: str) -> dict[str, object]:
    name = analysis.collection or analysis.command
    files = {
        form.label: own_address(f"/download/{name}{form.ending}?{query}")
        for form in download_formats(layer=bool(analysis.collection))
    }
    return {"title": analysis.title, "files": files}


SECTIONS: Final[dict[str, Callable[[Findings], Variables]]] = {
    "lead": lead,
    "cards": cards,
    "hotspots": hotspots,
    FIRST: unusual,
    "places": places,
    "patrols": patrols,
    "areas": areas,
    "when": when,
    "control": control,
    "concentration": concentration,
    "streets": streets,
    "repeats": repeats,
    "raised": raised,
    "treatment": treatment,
    "proof": proof,
    "accounts": accounts,
}
"""Every section by the name of its template, in the order of the page."""

WHOLE_PERIOD: Final[dict[str, Callable[[Findings, BoardView], Variables]]] = {"months": month_bars}
"""Sections that present the whole period also where the page is narrowed to a month of it."""

WITH_TASKS: Final[dict[str, Callable[[Findings, Variables], Variables]]] = {"present": presentation}
"""Sections that read the tasks of the store too, which no cached result holds."""
