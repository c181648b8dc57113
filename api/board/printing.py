"""A brief as a PDF of few sheets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from api.board.brief import SPARED
from api.pages.printing import print_pdf, sheets_of

MOST_SHEETS: Final = 4
"""As many as a meeting takes along: finding, areas, rounds, and what was asked."""


def print_brief(page_without: Callable[[int], str], target: Path) -> None:
    """Print a brief on at most `MOST_SHEETS` sheets where leaving sections off can bring that.

    Parameters
    ----------
    page_without
        Makes the HTML of the brief without so many of `SPARED`.
    target
        Where the PDF is written.

    Raises
    ------
    InputError
        As `print_pdf`.
    OSError
        As `print_pdf`.
    """
    for spared in range(len(SPARED) + 1):
        print_pdf(page_without(spared), target)
        if sheets_of(target.read_bytes()) <= MOST_SHEETS:
            break
