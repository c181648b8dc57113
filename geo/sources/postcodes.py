"""Postcodes as points, by a lookup file that the user supplies.

Three layouts are known: Code-Point Open as Ordnance Survey publishes it, without a header; with
one of its headers; and the Postcode Directory of the Office for National Statistics (ONSPD). A
folder of such files, as in the Code-Point Open download, is one lookup. The point of a postcode is
the centre of its addresses, about 15 of them.

In the ONSPD, Northern Ireland postcodes have coordinates of the Irish grid, under the same column
names as all others. They are refused, because they would be drawn in the Irish Sea.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.errors import InputError
from geo.sources.sheets import read_sheet

PATTERN: Final = r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}"
"""A whole postcode in capitals, without its space."""

_LAYOUTS: Final = (
    (("pcds", "pcd8", "pcd7", "pcd2", "pcd"), ("oseast1m", "east1m"), ("osnrth1m", "north1m")),
    (("postcode", "pc"), ("eastings", "easting", "ea"), ("northings", "northing", "no")),
)
_BARE: Final = (0, 2, 3)  # Code-Point Open: postcode, quality, easting, northing, …
_ENDINGS: Final = (".csv", ".tsv", ".txt", ".xlsx")  # read in a folder
_ROWS: Final = 100_000  # read at a time
_ALPHABET: Final = np.full(128, 0, dtype=np.int64)
_ALPHABET[[ord(c) for c in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"]] = np.arange(1, 37)

Keys = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Postcodes:
    """A lookup of postcodes.

    Attributes
    ----------
    file
        Its name, for messages.
    keys
        Postcodes packed into numbers, ascending.
    easting, northing
        Their British National Grid points; NaN if a postcode has none.
    notices
        What a reader should know of how the lookup was read, a line each.
    """

    file: str
    keys: Keys
    easting: Floats
    northing: Floats
    notices: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Postcodes:
        """Read a lookup file, or a folder of them: CSV files, or workbooks.

        Raises
        ------
        InputError
            If it has none of the layouts, or holds no postcode.
        """
        paths = [path]
        if path.is_dir():
            paths = sorted(one for one in path.iterdir() if one.suffix.lower() in _ENDINGS)
        parts, notices = [], {}
        for one in paths:
            for part, said in _read_parts(one):
                parts.append(part)
                notices[one] = said
        if not sum(len(part) for part in parts):
            raise InputError(f"{path.name} holds no postcode")
        table = pd.concat(parts, ignore_index=True).sort_values("key", kind="stable")
        table = table.drop_duplicates("key")
        return cls(
            path.name,
            table["key"].to_numpy(),
            easting=table["easting"].to_numpy(),
            northing=table["northing"].to_numpy(),
            notices=tuple(notice for own in notices.values() for notice in own),
        )

    def points(self, postcodes: pd.Series) -> tuple[Floats, Floats, NDArray[np.object_]]:
        """Easting and northing, NaN if there are none, and then the reason, else ''."""
        clean = _clean(postcodes)
        keys = _packed(clean)
        at = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        known = self.keys[at] == keys
        easting, northing = (
            np.where(known, values[at], np.nan) for values in (self.easting, self.northing)
        )
        # Of several reasons the last one wins.
        reason = np.full(len(keys), "", dtype=object)
        reason[~np.isfinite(easting + northing)] = f"{self.file} has no point for the postcode"
        reason[~known] = f"the postcode is not in {self.file}"
        reason[np.asarray(clean.str.startswith("BT"))] = (
            "Northern Ireland postcodes are on the Irish grid, which is not supported"
        )
        reason[keys == 0] = "not a whole postcode"
        reason[np.asarray(clean == "")] = "no postcode"
        return easting, northing, reason


def _clean(postcodes: pd.Series) -> pd.Series:
    return postcodes.astype("str").str.upper().str.replace(r"\s+", "", regex=True)


def _packed(clean: pd.Series) -> Keys:
    """Postcodes as numbers of base 37; 0 for a text that is not a postcode."""
    whole = np.asarray(clean.str.fullmatch(PATTERN), dtype=bool)
    letters = np.asarray(clean.where(whole, ""), dtype="S7").view(np.uint8).reshape(-1, 7)
    digits = _ALPHABET[letters]
    keys = np.zeros(len(clean), dtype=np.int64)
    for place in range(7):
        keys = keys * 37 + digits[:, place]
    return keys


def _read_parts(path: Path) -> Iterator[tuple[pd.DataFrame, tuple[str, ...]]]:
    """The points of a lookup, some rows at a time, and how the file is read so far."""
    layout: PostcodeLayout | None = None
    for table in read_sheet(path, rows=_ROWS):
        if layout is None:
            layout = postcode_layout(table.header, file=table.file)
            columns = (layout.postcode, layout.easting, layout.northing)
            if layout.is_bare:
                # What was taken for the names of columns is a row.
                yield _part(*(pd.Series([table.header[at]]) for at in columns)), ()
        table.refuse_wrong_width()
        names = (table.header[at] for at in columns)
        yield _part(*(table.text(name) for name in names)), () if layout.is_bare else table.notices


def _part(postcodes: pd.Series, eastings: pd.Series, northings: pd.Series) -> pd.DataFrame:
    keys = _packed(_clean(postcodes))
    easting, northing = (
        np.array(pd.to_numeric(texts, errors="coerce"), dtype=float)
        for texts in (eastings, northings)
    )
    # A postcode without a point is published with 0, 0 or with empty fields.
    nowhere = (easting == 0) & (northing == 0)
    easting[nowhere] = np.nan
    part = pd.DataFrame({"key": keys, "easting": easting, "northing": northing})
    return part[keys > 0]


@dataclass(frozen=True)
class PostcodeLayout:
    """Where a lookup has its columns.

    Attributes
    ----------
    postcode, easting, northing
        Positions of the columns.
    is_bare
        Whether the file lacks a header, as Code-Point Open does.
    """

    postcode: int
    easting: int
    northing: int
    is_bare: bool = False


@overload
def postcode_layout(header: Sequence[str]) -> PostcodeLayout | None: ...
@overload
def postcode_layout(header: Sequence[str], *, file: str) -> PostcodeLayout: ...
def postcode_layout(header: Sequence[str], *, file: str = "") -> PostcodeLayout | None:
    """Recognise a lookup by its first row.

    Parameters
    ----------
    header
        The row: names of columns, or the first postcode of a file without a header.
    file
        The name of a file that should be one.

    Returns
    -------
    The layout; None for another file.

    Raises
    ------
    InputError
        If a file is named and is no lookup.
    """
    names = [name.lower() for name in header]
    for layout in _LAYOUTS:
        at = [next((names.index(n) for n in one if n in names), -1) for one in layout]
        if min(at) >= 0:
            return PostcodeLayout(at[0], at[1], at[2])
    if len(names) > max(_BARE) and _packed(_clean(pd.Series(names[:1], dtype="str")))[0]:
        return PostcodeLayout(*_BARE, is_bare=True)
    if not file:
        return None
    raise InputError(
        f"{file} is not a postcode lookup; use Code-Point Open or the ONS Postcode "
        "Directory (pcds, oseast1m, osnrth1m)"
    )
