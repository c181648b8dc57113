"""What came of an import: its accounts, what can be undone, and what to say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from geo.errors import InputError

ChangeKind = Literal["import", "layer", "measures", "entries"]
"""What can be undone: an import of incidents, a change of a layer, an import of a table."""


@dataclass(frozen=True)
class Undoable:
    """An import or a change of a layer, by its number."""

    kind: ChangeKind
    number: int

    def __str__(self) -> str:
        """As forms name it."""
        return f"{self.kind}-{self.number}"

    @classmethod
    def read(cls, text: str) -> Undoable:
        """Read what `str` gives.

        Raises
        ------
        InputError
            If it names nothing.
        """
        kind, _, number = text.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise InputError(f"{text[:40]!r} is no import; go back to the list and choose one")
        for known in get_args(ChangeKind):
            if kind == known:
                return cls(known, int(number))
        raise InputError(f"{text[:40]!r} is no import; go back to the list and choose one")


@dataclass(frozen=True)
class FileAccounts:
    """Where the rows of one file went: read = accepted + rejected.

    Attributes
    ----------
    change
        What it did: `added`, `replaced`, `updated`, `corrected` or `unchanged`.
    replaced
        Rows that were in the store before and gave way.
    unchanged
        Accepted rows that the store had already, the same in every column.
    """

    file: str
    change: str
    read: int
    accepted: int
    replaced: int
    unchanged: int
    rejected: Mapping[str, int]


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes
    ----------
    lines
        What the command prints.
    notices
        What to know besides, and warnings.
    files
        Of incidents, values and entries, the accounts of each file.
    made
        What can be undone.
    rejects
        How many rejected rows were written.
    doubles
        Months that look published twice, as `IncidentsTask.halves` names them.
    layer, has_areas
        Which layer was changed, '' if none, and whether the board can count by it.
    page
        Of values and entries, the address of the page that shows them.
    """

    lines: tuple[str, ...]
    notices: tuple[str, ...] = ()
    files: tuple[FileAccounts, ...] = ()
    made: tuple[Undoable, ...] = ()
    rejects: int = 0
    layer: str = ""
    doubles: tuple[str, ...] = ()
    has_areas: bool = True
    page: str = ""
