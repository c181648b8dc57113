"""The brief: the board as one self-contained file, HTML or PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, cast

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.access_settings import PublicUrl
from api.basemap.sources import NO_BASEMAP, Basemap, basemaps_of
from api.board.cards import cards
from api.board.findings import Findings, cached_findings
from api.board.lasting import edition, reason_shown
from api.board.raised import raised
from api.board.rounds import draw_rounds, letters
from api.board.sections import FIRST, areas, patrols, render_section
from api.board.tasks import brief_tasks
from api.board.variables import Variables, page_variables
from api.board.view import VIEW_OPTIONS, BoardView
from api.dependencies import HTML, AnswersDep, SettingsDep
from api.errors import UNANSWERED
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.drawing import draw_plain
from api.maps.modes import DEFAULT_MODE, MAP_MODES
from api.pages.assets import PAGE
from api.pages.templating import templates
from api.pages.text import shown_words
from api.query import QUESTION_PARAMETERS, only
from api.snapshot import Snapshot
from geo.hotspots.verdict import CERTAINTY
from geo.question.store_settings import london_day

BRIEF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SHEET_AREAS: Final = 40
"""The most areas that the table lists: it has one sheet of paper with what is said of time."""

MORE: Final = {
    "concentration": "how concentrated the incidents are",
    "repeats": "places with repeats",
    "streets": "the busiest streets",
    "treatment": "whether what was done has worked",
}
"""Sections of the board that stand on the sheets as they are, and what each is about."""

SPARED: Final = ("streets", "repeats", "concentration")
"""Those of them that a brief of too many sheets goes without, the first one first."""

FEW_AREAS: Final = 20
"""Up to so many, the sheet of the areas has room for two of these sections, or the records."""

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/brief.html")
def brief_file(request: Request, answers: AnswersDep, settings: SettingsDep) -> Response:
    """The board as one file to print, store or send."""

    def page() -> Response:
        view = BoardView.read(only(request, (*QUESTION_PARAMETERS, *VIEW_OPTIONS)))
        public = settings.access.public_url

        def made(snapshot: Snapshot) -> str:
            findings = cached_findings(answers, view.narrowed)
            basemap = basemaps_of(request).under(snapshot)
            drawn, lacking = drawable_view(findings, view)
            return brief_page(
                findings, drawn, basemap, public=public, lacking=lacking, snapshot=snapshot
            )

        # An edition ends when a part of a brief fails for a reason that may pass.
        text = answers.cached(f"brief {edition()} {london_day()}{view.address()}", made)
        headers = {
            "content-security-policy": BRIEF_POLICY,
            "content-disposition": 'attachment; filename="brief.html"',
        }
        return Response(text, media_type=HTML, headers=headers)

    # Tasks become overdue with the day.
    setting = f"{edition()} {london_day()}"
    return not_modified_or(request, answers, page, media_type=HTML, setting=setting)


def drawable_view(findings: Findings, view: BoardView) -> tuple[BoardView, list[str]]:
    """The view with a map that can be drawn, and what that map lacks, as sentences.

    On the board a map that cannot be drawn leaves the rest of the page standing; so does that of
    the brief that the page links.
    """
    lacking = []
    try:
        findings.painting(view.mode)
    except UNANSWERED as refusal:
        title, reason = MAP_MODES[view.mode].title, reason_shown(refusal).rstrip(".")
        lacking.append(f"{title} cannot be mapped: {reason}. Shown: the hotspots.")
        view = replace(view, mode=DEFAULT_MODE)
    try:
        findings.overlays(view.over)
    except UNANSWERED as refusal:
        lacking.append(f"Nothing is drawn over the map: {reason_shown(refusal).rstrip('.')}.")
        view = replace(view, over="")
    return view, lacking


def brief_page(
    findings: Findings,
    view: BoardView,
    basemap: Basemap = NO_BASEMAP,
    *,
    public: PublicUrl | None = None,
    spared: int = 0,
    lacking: Sequence[str] = (),
    snapshot: Snapshot | None = None,
) -> str:
    """The brief as an HTML page without scripts and without links to other files.

    Parameters
    ----------
    basemap
        Its vector tiles and pictures are drawn under the maps.
    public
        By which address readers reach the service; None where that is not known.
    lacking
        What the map lacks of what was asked, as sentences.
    spared
        How many of `SPARED` it goes without, for want of room; it says so.
    snapshot
        The present state of the store, for its tasks; by default that of the Answer.
    """
    shared = page_variables(findings, view) | {
        "linked": False,
        "window": findings.answer.window.period.title,
    }
    title = " · ".join([*cast("list[str]", shared["asked"]), findings.answer.study_title])
    listed = _answer_or_reason(_areas, findings)
    rounds = _answer_or_reason(lambda one: _rounds(one, basemap), findings)
    places = _answer_or_reason(cards, findings)
    sections = _more(findings)
    left_off = [name for name in SPARED[:spared] if name in sections]
    more = [render_section(name, findings, shared) for name in sections if name not in left_off]
    reference = {
        "address": _address(findings, view, public),
        "public": public,
        "left_off": [MORE[name] for name in left_off],
    }
    fared = _answer_or_reason(raised, findings) if findings.has_records else None
    records = _part("brief_raised.html", shared, fared) if fared else Markup("")
    question = findings.answer.question
    tasks = brief_tasks(snapshot or findings.snapshot, question.layer, question.within)
    room = 2 if len(findings.areas) <= FEW_AREAS else 0
    beside, more = more[:room], more[room:]
    if len(beside) < room:
        beside, records = [*beside, records], Markup("")
    return templates.get_template("brief.html").render(
        **shared,
        **_map(findings, view, basemap, snapshot),
        lacking=lacking,
        policy=BRIEF_POLICY,
        title=title,
        style=Markup(_style(title)),  # noqa: S704 - our own, escaped
        first=render_section(FIRST, findings, shared),
        places=_part("brief_places.html", shared, places),
        areas=_part("brief_areas.html", shared, listed),
        when=render_section("when", findings, shared),
        rounds=_part("brief_rounds.html", shared, rounds),
        beside=beside,
        more=more,
        records=records,
        tasks=_part("brief_tasks.html", shared, tasks) if tasks else "",
        asked_of=_part("brief_asked.html", shared | reference, listed),
        rows=render_section("accounts", findings, shared),
    )


def _address(findings: Findings, view: BoardView, public: PublicUrl | None) -> str:
    """The address of the board of this brief: with its dates, for "latest" moves on."""
    start = f"{public.origin}{public.prefix}/" if public else "/"
    fixed = dict.fromkeys(("at", "view", "present", "meeting", "month", "period"), "")
    dates = {"datetime": str(findings.answer.accounts.period)}
    return view.address(start, **(fixed | dates), layer=findings.question.layer)


def _more(findings: Findings) -> list[str]:
    """The sections of the last sheets: that of streets only where there is a layer of them."""
    try:
        findings.streets  # noqa: B018 - cached for its section
    except UNANSWERED:
        return [name for name in MORE if name != "streets"]
    return list(MORE)


def _map(
    findings: Findings, view: BoardView, basemap: Basemap, snapshot: Snapshot | None
) -> Variables:
    """The variables of the map of the first page and of its legend."""
    painting, over = findings.painting(view.mode), findings.overlays(view.over, snapshot)
    return {
        "drawn": draw_plain(
            findings.answer,
            painting=painting,
            places=findings.places,
            over=over,
            basemap=basemap,
            projection=findings.projection,
        ),
        "over": over,
        "painting": painting,
        "expected_from": findings.answer.baseline.words if "hot_99" in painting.shades else "",
        "counted": shown_words(findings.answer),
        "counts": painting.counts,
    }


def _areas(findings: Findings) -> Variables:
    """The areas that fit one sheet: what changed clearly, then those with most; and the rest."""
    every = areas(findings)
    table = findings.areas
    clear = np.zeros(len(table), dtype=bool)
    if "certainty" in table:
        clear = table["certainty"].isin(CERTAINTY[:2]).to_numpy()
    chosen = np.argsort(~clear, kind="stable")[:SHEET_AREAS]
    codes = set(table["area_code"].iloc[chosen])
    rows = [
        row for row in cast("list[dict[str, object]]", every["areas"]) if row["area_code"] in codes
    ]
    rest = pd.to_numeric(
        table.loc[~table["area_code"].isin({row["area_code"] for row in rows}), "n"]
    )
    return {
        **every,
        "areas": rows,
        "rest": {"areas": len(rest), "n": rest.sum(), "unknown": int(rest.isna().sum())},
    }


def _rounds(findings: Findings, basemap: Basemap) -> Variables:
    """The rounds with their map."""
    rounds = patrols(findings)
    summary = findings.patrols
    return {
        **rounds,
        "letters": letters(summary.patrols),
        "drawn": draw_rounds(summary, basemap, findings.projection),
    }


def _answer_or_reason(facts: Callable[[Findings], Variables], findings: Findings) -> Variables:
    """The variables of a part, or the reason why the data cannot fill it."""
    try:
        return {"reason": "", **facts(findings)}
    except UNANSWERED as refusal:
        return {"reason": reason_shown(refusal)}


def _part(template: str, shared: Variables, own: Variables) -> Markup:
    text = templates.get_template(template).render({**shared, **own})
    return Markup(text)  # noqa: S704 - escaped by its template


def _style(title: str) -> str:
    """The sheets of style, with the title at the head of each page of paper."""
    sheets = ("tokens.css", "base.css", "print.css", "brief.css")
    style = [(PAGE / name).read_text(encoding="utf-8") for name in sheets]
    # Names of layers come from outside: each sign but letters and figures as its number.
    quoted = "".join(sign if sign.isalnum() else f"\\{ord(sign):06x}" for sign in title)
    return "\n".join([*style, f'@page {{ @top-left {{ content: "{quoted}"; }} }}'])
