"""The brief: the board as one self-contained file, HTML or PDF."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

import numpy as np
import pandas as pd
from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.basemap.sources import NO_BASEMAP, Basemap, basemaps_of
from api.board.cards import cards
from api.board.findings import Findings, cached_findings
from api.board.lasting import edition, reason_shown
from api.board.rounds import draw_rounds, letters
from api.board.sections import FIRST, areas, patrols, render_section
from api.board.variables import Variables, page_variables
from api.board.view import VIEW_OPTIONS, BoardView
from api.dependencies import HTML, AnswersDep
from api.errors import UNANSWERED
from api.etags import not_modified_or
from api.identity.declared import requires
from api.identity.roles import Capability
from api.maps.drawing import draw_plain
from api.pages.assets import PAGE
from api.pages.templating import templates
from api.pages.text import shown_words
from api.query import QUESTION_PARAMETERS, only
from geo.errors import InputError
from geo.hotspots.verdict import CERTAINTY
from geo.output.reasons import library_errors
from geo.temporary import TemporaryFolder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
BRIEF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SHEET_AREAS: Final = 40
"""The most areas that the table lists: it has one sheet of paper with what is said of time."""

MORE: Final = ("concentration", "repeats", "streets", "treatment")
"""Sections of the board that stand on the sheets as they are."""

FEW_AREAS: Final = 20
"""Up to so many, the sheet of the areas has room for the first two of these sections."""

_PDF_END = b"%%EOF"
_PRINT_SECONDS = 120
"""How long a browser may take to print."""

router = APIRouter(dependencies=[requires(Capability.READ_ANSWERS)])


@router.get("/brief.html")
def brief_file(request: Request, answers: AnswersDep) -> Response:
    """The board as one file to print, store or send."""

    def page() -> Response:
        view = BoardView.read(only(request, (*QUESTION_PARAMETERS, *VIEW_OPTIONS)))
        findings = cached_findings(answers, view.narrowed)
        with findings.computing(f"brief {view.address()}"):
            basemap = basemaps_of(request).under(answers.snapshot())
            text = brief_page(findings, view, basemap)
        headers = {
            "content-security-policy": BRIEF_POLICY,
            "content-disposition": 'attachment; filename="brief.html"',
        }
        return Response(text, media_type=HTML, headers=headers)

    return not_modified_or(request, answers, page, media_type=HTML, setting=edition())


def brief_page(findings: Findings, view: BoardView, basemap: Basemap = NO_BASEMAP) -> str:
    """The brief as an HTML page without scripts and without links to other files.

    Parameters
    ----------
    basemap
        Its vector tiles and pictures are drawn under the maps.
    """
    shared = page_variables(findings, view) | {
        "linked": False,
        "window": findings.answer.window.period.title,
    }
    title = " · ".join([*cast("list[str]", shared["asked"]), findings.answer.study_title])
    listed = _answer_or_reason(_areas, findings)
    rounds = _answer_or_reason(lambda one: _rounds(one, basemap), findings)
    places = _answer_or_reason(cards, findings)
    more = [render_section(name, findings, shared) for name in _more(findings)]
    room = 2 if len(findings.areas) <= FEW_AREAS else 0
    return templates.get_template(
        "brief.html"
    ).render(
        **shared,
        **_map(findings, view, basemap),
        policy=BRIEF_POLICY,
        title=title,
        style=Markup(_style(title)),  # noqa: S704 - our own, escaped
        first=render_section(FIRST, findings, shared),
        places=_part("brief_places.html", shared, places),
        areas=_part("brief_areas.html", shared, listed),
        when=render_section("when", findings, shared),
        rounds=_part("brief_rounds.html", shared, rounds),
        beside=more[:room],
        more=more[room:],
        asked_of=_part("brief_asked.html", shared | {"address": _address(findings, view)}, listed),
        rows=render_section("accounts", findings, shared),
    )


def _address(findings: Findings, view: BoardView) -> str:
    """The address of the board of this brief: with its dates, for "latest" moves on."""
    fixed = dict.fromkeys(("at", "view", "present", "month", "period"), "")
    dates = {"datetime": str(findings.answer.accounts.period)}
    return view.address("/", **(fixed | dates), layer=findings.question.layer)


def _more(findings: Findings) -> list[str]:
    """The sections of the last sheets: that of streets only where there is a layer of them."""
    try:
        findings.streets  # noqa: B018 - cached for its section
    except UNANSWERED:
        return [name for name in MORE if name != "streets"]
    return list(MORE)


def _map(findings: Findings, view: BoardView, basemap: Basemap) -> Variables:
    """The variables of the map of the first page and of its legend."""
    painting, over = findings.painting(view.mode), findings.overlays(view.over)
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


def browser() -> str:
    """The path of an installed browser that can print.

    Raises
    ------
    InputError
        If none is installed.
    """
    path = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    if not path:
        raise InputError(
            "making a PDF needs Chromium or Chrome, and neither is installed; write -o brief.html, "
            "open it in any browser and print it"
        )
    return path


def print_pdf(page: str, target: Path) -> None:
    """Print a page of HTML to a PDF file.

    Parameters
    ----------
    page
        The HTML.
    target
        Where the PDF is written.

    Raises
    ------
    InputError
        If no browser is installed.
    OSError
        If it fails, or the disk is full.
    """
    program = browser()
    with TemporaryFolder() as folder:
        source, made = Path(folder) / "brief.html", Path(folder) / "brief.pdf"
        source.write_text(page, encoding="utf-8")
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            # The page is our own and holds no script; root has no sandbox at all.
            "--no-sandbox",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={made}",
            source.as_uri(),
        ]
        with library_errors(made, InputError):
            _print(command, made)
        shutil.copyfile(made, target)


def _print(command: list[str], made: Path) -> None:
    """Run the browser, which takes a PDF that a full disk cut off for a success."""
    try:
        subprocess.run(  # noqa: S603 - the browser that was found, and a page of our own
            command, check=True, capture_output=True, timeout=_PRINT_SECONDS
        )
    except (subprocess.SubprocessError, OSError) as error:
        name = type(error).__name__
        raise InputError(f"{command[0]} could not print the brief: {name}") from error
    if not (made.exists() and made.read_bytes().rstrip().endswith(_PDF_END)):
        raise InputError(f"{command[0]} ended without writing a whole PDF")
