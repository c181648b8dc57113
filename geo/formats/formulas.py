"""Text that a spreadsheet would run as a formula (CWE-1236), and the same text made harmless.

An apostrophe goes before it. What `unescaped` reads of a file that was written with `escaped` is
the text that it was, so a file can be corrected and read again any number of times.
"""

from __future__ import annotations

import re
from typing import Final

NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

# A byte order mark at the start of a file is dropped before the cell is looked at. Apostrophes
# before it count too: a text that has one of its own must not lose it when it is read.
FORMULA_MARKS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\ufeff")
_FORMULA: Final = re.compile("[\ufeff']*[=+\\-@\t\r\n]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take a text for a formula; a number is none.

    Parameters
    ----------
    text
        The text of a cell, with or without apostrophes before it.

    Returns
    -------
    bool
        The same for a text and for what `escaped` makes of it.
    """
    return bool(_FORMULA.match(text)) and not NUMBER.fullmatch(text.lstrip("'\ufeff"))


def escaped(cell: object) -> object:
    """Make a cell harmless.

    Parameters
    ----------
    cell
        A text, a number or anything else.

    Returns
    -------
    cell
        Text that could be a formula with an apostrophe before it; else the same.
    """
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def unescaped(text: str) -> str:
    """Return the text that `escaped` was given.

    Parameters
    ----------
    text
        The text of a cell.

    Returns
    -------
    text
        Without the apostrophe that made it harmless.
    """
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text
