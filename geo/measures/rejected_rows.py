"""What readers of values and entries share: columns by name, areas, and rejected rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.incidents import REJECT_COLUMNS

Texts = NDArray[np.object_]

NO_AREA: Final = "no area of this code or name"


@dataclass
class RejectedRows:
    """Collects the rows of a file that are rejected, each with its line and its reason.

    Attributes
    ----------
    fields
        The header of the file.
    """

    fields: tuple[str, ...] = ()
    rows: list[tuple[int, str, tuple[str, ...]]] = field(default_factory=list)

    def add(self, table: Table, reasons: Texts, *, rows: Iterable[int] | None = None) -> None:
        """Add the rows of a table that have a reason.

        Parameters
        ----------
        table
            What was read.
        reasons
            Of each of n rows; '' where it is accepted.
        rows
            The positions of the n rows in the table; all of them if None.
        """
        self.fields = tuple(table.header)
        positions = range(len(table)) if rows is None else rows
        for position, reason in zip(positions, reasons, strict=True):
            if reason:
                own = tuple(map(str, table.rows[position]))
                self.rows.append((int(table.lines[position]), str(reason), own))

    @property
    def by_reason(self) -> dict[str, int]:
        """How many rows were rejected for each reason, the commonest first."""
        return dict(Counter(reason for _, reason, _ in self.rows).most_common())

    def frame(self) -> pd.DataFrame:
        """The rejected rows as an import of incidents has them, by line."""
        return pd.DataFrame(sorted(self.rows), columns=list(REJECT_COLUMNS))


def columns_of(
    header: Sequence[str],
    known: Mapping[str, Sequence[str]],
    named: Mapping[str, str],
    *,
    file: str,
) -> dict[str, str]:
    """Find the columns of a table that hold what a reader knows.

    Parameters
    ----------
    header
        The table's columns.
    known
        What the reader knows → the names that its column may have, besides its own. Capitals,
        spaces and `_` make no difference.
    named
        What the reader knows → the column that the user names for it.
    file
        For messages.

    Returns
    -------
    What the reader knows → the column; without what the table lacks.

    Raises
    ------
    InputError
        If the user names something that is not known, or a column that does not exist.
    """
    columns = {}
    plain = {_plain(name): name for name in reversed(header)}
    for name, column in named.items():
        if name not in known:
            raise InputError(f"there is no column {name!r} to name; choose {', '.join(known)}")
        if column not in header:
            raise InputError(f"{file} lacks the column {column}; it has: {', '.join(header)[:200]}")
        columns[name] = column
    for name, others in known.items():
        if name in columns:
            continue
        match = next((plain[own] for own in map(_plain, (name, *others)) if own in plain), None)
        if match is not None and match not in columns.values():
            columns[name] = match
    return columns


class AreaFinder:
    """Finds areas of a layer by their codes, or by names that only one of them has.

    Parameters
    ----------
    areas
        The layer, indexed by code, with `area_name`.
    """

    def __init__(self, areas: gpd.GeoDataFrame) -> None:
        codes = [str(code) for code in areas.index]
        names = [_folded(str(name)) for name in areas["area_name"]]
        often = Counter(names)
        self._by_name = {
            name: code for name, code in zip(names, codes, strict=True) if often[name] == 1
        }
        self._several = {name for name, n in often.items() if n > 1}
        self._codes = {code: code for code in codes}
        self._folded = {_folded(code): code for code in codes}

    def find(self, texts: pd.Series) -> tuple[list[str], Texts]:
        """Find the areas that texts name.

        Parameters
        ----------
        texts
            n codes or names.

        Returns
        -------
        codes, reasons
            n codes, '' where there is none; and why.
        """
        at, codes, reasons = self._looked_up(texts)
        return np.array(codes, dtype=object)[at].tolist(), np.array(reasons, dtype=object)[at]

    def codes(self, texts: pd.Series) -> tuple[pd.Series, list[tuple[NDArray[np.bool_], str]]]:
        """Find the areas that many texts name.

        Parameters
        ----------
        texts
            n codes or names.

        Returns
        -------
        codes, reasons
            n codes, '' where there is none; and each reason with the rows that it is of.
        """
        at, codes, reasons = self._looked_up(texts)
        named = pd.Series(codes, dtype="str").take(at).reset_index(drop=True)
        why = np.array(reasons, dtype=object)
        return named, [((why == one)[at], one) for one in sorted({*reasons} - {""})]

    def _looked_up(self, texts: pd.Series) -> tuple[NDArray[np.int64], list[str], list[str]]:
        """Which text each of n is, and the code and reason of each that is different."""
        at, unique = pd.factorize(texts)
        codes = [self._code(str(text)) for text in unique]
        reasons = [
            "" if code else self._reason(str(text))
            for text, code in zip(unique, codes, strict=True)
        ]
        return at, codes, reasons

    def _code(self, text: str) -> str:
        folded = _folded(text)
        return self._codes.get(text) or self._folded.get(folded) or self._by_name.get(folded, "")

    def _reason(self, text: str) -> str:
        if not text:
            return "no area"
        several = _folded(text) in self._several
        return "several areas have this name; use the code" if several else NO_AREA


def first_reasons(*reasons: Texts) -> Texts:
    """The first reason of each of n rows that is not ''."""
    first = reasons[0].copy()
    for later in reasons[1:]:
        # Most rows have none: only those that do are looked at twice.
        rows = np.flatnonzero(later != "")
        rows = rows[first[rows] == ""]
        first[rows] = later[rows]
    return first


def reasons_where(wrong: NDArray[np.bool_] | pd.Series, reason: str) -> Texts:
    """A reason for each of n rows that is wrong, and '' for the others.

    Parameters
    ----------
    wrong
        Of n rows.
    reason
        Why.

    Returns
    -------
    n texts.
    """
    flags = np.asarray(wrong, dtype=bool)
    reasons = np.full(len(flags), "", dtype=object)
    reasons[flags] = reason
    return reasons


def _plain(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
