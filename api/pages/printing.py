"""Pages as PDF files, printed by an installed browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from geo.errors import InputError
from geo.output.reasons import library_errors
from geo.temporary import TemporaryFolder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")

_PDF_END = b"%%EOF"
_PAGE = re.compile(rb"/Type\s*/Page\b")
_PRINT_SECONDS = 120
"""How long a browser may take to print."""


def sheets_of(pdf: bytes) -> int:
    """How many pages a PDF has that a browser wrote."""
    return len(_PAGE.findall(pdf))


def browser(instead: str = "brief.html") -> str:
    """The path of an installed browser that can print.

    Parameters
    ----------
    instead
        The file that people can write and print themselves, for the refusal.

    Raises
    ------
    InputError
        If none is installed.
    """
    path = next((path for name in BROWSERS if (path := shutil.which(name))), "")
    if not path:
        raise InputError(
            "making a PDF needs Chromium or Chrome, and neither is installed; write -o "
            f"{instead}, open it in any browser and print it"
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
    program = browser(target.with_suffix(".html").name)
    with TemporaryFolder() as folder:
        source, made = Path(folder) / "page.html", Path(folder) / "page.pdf"
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
        raise InputError(f"{command[0]} could not print the page: {name}") from error
    if not (made.exists() and made.read_bytes().rstrip().endswith(_PDF_END)):
        raise InputError(f"{command[0]} ended without writing a whole PDF")
