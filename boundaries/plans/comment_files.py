"""Files of a consultation: rows with a comment, who sent it, when, and of which place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import orjson
import shapely
from numpy.typing import ArrayLike, NDArray

from geo.crs import LONLAT, Projection, implausible
from geo.errors import InputError
from geo.formats.csv_table import Table
from geo.formats.geojson import POINTS, collection_crs, feature_collection, read_geometry

Floats = NDArray[np.float64]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "text": (
        *("comment", "comments", "text", "response", "your comment", "your comments"),
        *("representation", "message", "feedback"),
    ),
    "name": ("name", "author", "respondent", "full name", "your name", "from", "organisation"),
    "date": ("date", "submitted", "date submitted", "date received", "written on", "created"),
    "area": ("area", "area_code", "area code", "ward", "ward code", "ward name", "area_name"),
}
"""Names that the columns of a file usually have, by what they hold."""

_PLACES: Final = (
    *(("longitude", "latitude"), ("lon", "lat"), ("lng", "lat"), ("long", "lat")),
    *(("easting", "northing"), ("eastings", "northings"), ("x", "y")),
)
_DEGREES: Final = frozenset({"longitude", "lon", "lng", "long"})


@dataclass(frozen=True, eq=False)
class CommentFile:
    """The rows of a file, not checked yet.

    Attributes
    ----------
    file
        Its name.
    header, rows
        The columns, and the texts of each of n rows under them.
    lines
        The number of each row's line, or of its feature.
    x, y
        The n places in metres of the working CRS; NaN where there is none.
    faults
        What is wrong with each place, '' if nothing.
    at
        The columns that hold the places.
    """

    file: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    lines: Sequence[int]
    x: Floats
    y: Floats
    faults: Sequence[str]
    at: frozenset[str] = frozenset()

    def columns(self, named: Mapping[str, str] | None = None) -> dict[str, int]:
        """The positions of the columns that are read, by what they hold (a key of `COLUMNS`).

        Parameters
        ----------
        named
            Columns that somebody chose, by what they hold; others are known by usual names.

        Raises
        ------
        InputError
            If a chosen column is not there, or none holds the text.
        """
        folded = {_folded(name): at for at, name in reversed([*enumerate(self.header)])}
        positions: dict[str, int] = {}
        for what, usual in COLUMNS.items():
            chosen = (named or {}).get(what, "")
            if chosen and _folded(chosen) not in folded:
                raise InputError(f"{self.file} has no column {chosen!r}; it has: {self._listed}")
            names = [chosen] if chosen else usual
            at = next((folded[_folded(name)] for name in names if _folded(name) in folded), None)
            if at is not None:
                positions[what] = at
        if "text" not in positions:
            raise InputError(
                f"no column of {self.file} is known to hold comments; name it with --text-column. "
                f"It has: {self._listed}"
            )
        return positions

    def unread(self, columns: Mapping[str, int]) -> list[str]:
        """The columns that hold something and are not read, in their order."""
        used = {*columns.values()}
        return [
            name
            for at, name in enumerate(self.header)
            if at not in used and name not in self.at and any(row[at].strip() for row in self.rows)
        ]

    @property
    def _listed(self) -> str:
        return ", ".join(self.header)[:200]


def read_comment_table(table: Table, *, projection: Projection) -> CommentFile:
    """Read a table of comments.

    Parameters
    ----------
    table
        Places, where there are any, are in `longitude` and `latitude`, or `easting` and `northing`
        (`x` and `y`) in the working CRS.
    projection
        To the working CRS.

    Returns
    -------
    Its rows; a place that cannot be right is a fault of its row, not of the file.
    """
    folded = {_folded(name): name for name in reversed(table.header)}
    pair = next((pair for pair in _PLACES if set(pair) <= set(folded)), None)
    texts = table.frame()
    rows = CommentFile(
        table.file,
        tuple(table.header),
        [tuple(row) for row in texts.itertuples(index=False, name=None)],
        table.lines.tolist(),
        np.full(len(table), np.nan),
        np.full(len(table), np.nan),
        [""] * len(table),
    )
    if pair is None:
        return rows
    names = [folded[name] for name in pair]
    written = [table.text(name).to_numpy() for name in names]
    first, second = (table.numbers(name) for name in names)
    source = LONLAT if pair[0] in _DEGREES else projection.crs
    placed = _placed(rows, first, second, source=source, projection=projection)
    faults = list(placed.faults)
    for row, (one, other) in enumerate(zip(*written, strict=True)):
        is_number = np.isfinite(first[row]) and np.isfinite(second[row])
        if (one or other) and not is_number:
            faults[row] = f"{one!r} and {other!r} are no {' and '.join(names)}"
    return replace(placed, faults=faults, at=frozenset(names))


def read_comment_features(content: bytes, *, file: str, projection: Projection) -> CommentFile:
    """Read a GeoJSON file of comments: points, or features without a geometry.

    Parameters
    ----------
    content
        In CRS84, or in the CRS of its `crs` member.
    file
        Its name, for messages.
    projection
        To the working CRS.

    Returns
    -------
    As `read_comment_table`. A feature that is no point is a fault of its row.

    Raises
    ------
    InputError
        If the file is no collection of features.
    """
    collection = feature_collection(content, file)
    features = collection["features"]
    header = tuple(dict.fromkeys(name for each in features for name in _properties(each)))
    x, y = np.full((2, len(features)), np.nan)
    faults = [""] * len(features)
    for row, feature in enumerate(features):
        if feature.get("geometry") is None:
            continue
        try:
            point = read_geometry(feature, "the feature", kinds=POINTS)
        except InputError as error:
            faults[row] = str(error)
        else:
            x[row], y[row] = shapely.get_coordinates(point)[0]
    rows = CommentFile(
        file,
        header,
        [tuple(_text(_properties(each).get(name)) for name in header) for each in features],
        list(range(1, len(features) + 1)),
        x,
        y,
        faults,
    )
    source = collection_crs(collection, file)
    placed = _placed(rows, x, y, source=source, projection=projection)
    return replace(
        placed, faults=[one or other for one, other in zip(faults, placed.faults, strict=True)]
    )


def _placed(
    rows: CommentFile, first: ArrayLike, second: ArrayLike, *, source: str, projection: Projection
) -> CommentFile:
    reasons = implausible(first, second, source=source, projection=projection)
    x, y = projection.to_metres(first, second, source=source)
    known = np.isfinite(x) & np.isfinite(y)
    faults = [str(reason) if there else "" for reason, there in zip(reasons, known, strict=True)]
    return replace(rows, x=np.where(known, x, np.nan), y=np.where(known, y, np.nan), faults=faults)


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = feature.get("properties") or {}
    return properties


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _folded(name: str) -> str:
    return re.sub(r"[\s_]+", " ", name).strip().casefold()
