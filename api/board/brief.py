"""The brief: the board as one self-contained file, HTML or PDF."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from api.basemap.sources import NO_BASEMAP, Basemap, basemaps_of
from api.board.findings import Findings, cached_findings
from api.board.lasting import edition
from api.board.sections import BRIEF, FIRST, render_section
from api.board.variables import page_variables
from api.board.view import VIEW_OPTIONS, BoardView
from api.dependencies import HTML, AnswersDep
from api.etags import not_modified_or
from api.maps.drawing import draw_plain
from api.pages.assets import PAGE
from api.pages.templating import templates
from api.pages.text import shown_words
from api.query import QUESTION_PARAMETERS, only
from geo.errors import InputError
from geo.output.reasons import library_errors
from geo.temporary import TemporaryFolder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
BRIEF_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PDF_END = b"%%EOF"
_PRINT_SECONDS = 120
"""How long a browser may take to print."""

router = APIRouter()


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
        Its vector tiles are drawn under the map.
    """
    shared = page_variables(findings, view) | {"linked": False}
    painting = findings.painting(view.mode)
    over = findings.overlays(view.over)
    drawn = draw_plain(
        findings.answer,
        painting=painting,
        places=findings.places,
        over=over,
        basemap=basemap,
        projection=findings.projection,
    )
    sheets = ("base.css", "brief.css", "print.css")
    style = "\n".join((PAGE / name).read_text(encoding="utf-8") for name in sheets)
    return templates.get_template("brief.html").render(
        **shared,
        policy=BRIEF_POLICY,
        drawn=drawn,
        over=over,
        painting=painting,
        counted=shown_words(findings.answer),
        counts=painting.counts,
        style=Markup(style),  # noqa: S704 - our own sheets
        first=render_section(FIRST, findings, shared),
        sections=[render_section(name, findings, shared) for name in BRIEF],
    )


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
