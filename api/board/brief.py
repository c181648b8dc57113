"""The print-out of the board: one file that carries everything and asks for nothing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from markupsafe import Markup

from api.board.findings import Findings
from api.board.views import View, page_facts, render_section
from api.maps.drawing import draw_plain
from api.pages.assets import PAGE
from api.pages.templating import templates
from api.pages.text import shown_words
from geo.errors import InputError

SECTIONS = (
    "places", "patrols", "areas", "when", "concentration", "repeats", "treatment", "accounts",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
BRIEF_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_PATIENCE_S = 120


def brief_page(findings: Findings, view: View) -> str:
    """The brief as a page of HTML without any script."""
    facts = page_facts(findings, view) | {"linked": False}
    painting = findings.painting(view.show)
    drawn = draw_plain(findings.answer, painting=painting, places=findings.places)
    sheets = ("board.css", "brief.css", "print.css")
    style = "\n".join((PAGE / name).read_text(encoding="utf-8") for name in sheets)
    return templates.get_template("brief.html").render(
        **facts,
        policy=BRIEF_POLICY,
        drawn=drawn,
        painting=painting,
        told=shown_words(findings.answer),
        counts=painting.cells["kind"].value_counts().to_dict(),
        style=Markup(style),  # noqa: S704 - our own sheets
        sections=[render_section(name, findings, facts) for name in SECTIONS],
    )


def browser() -> str:
    """The browser that prints, where one is installed.

    Raises
    ------
    InputError
        If there is none.
    """
    found = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    if not found:
        raise InputError(
            "no Chromium is installed that could make a PDF: write -o brief.html, open it in any "
            "browser and print it"
        )
    return found


def print_pdf(page: str, target: Path) -> None:
    """Print a page into a PDF.

    Raises
    ------
    InputError
        If no browser is installed, or it fails.
    """
    program = browser()
    with tempfile.TemporaryDirectory() as folder:
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
        try:
            subprocess.run(  # noqa: S603 - the browser that was found, and a page of our own
                command, check=True, capture_output=True, timeout=_PATIENCE_S
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise InputError(
                f"{program} could not print the brief: {type(error).__name__}"
            ) from error
        if not made.exists():
            raise InputError(f"{program} printed no brief")
        shutil.copyfile(made, target)
