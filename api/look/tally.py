"""Adds up accepted and rejected rows: what an import would do, where and when they happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.look.facts import Check, Dates, Place
from geo.crs import Projection
from geo.incidents import LONDON, Batch, london_months
from geo.sources.points import IncidentPoints

COLUMNS: Final = 24
"""Characters of the widest map. One is twice as high as wide, so a square map has half the rows."""

_TOP = 10
_SMALLEST_M = 1_000.0  # the shortest side of a map: all points can be one
_MOST_MISSING_YEARS = 50
_NEARLY_ALL = 0.99  # share of the points
_FAR_LARGER = 2.0


class Tally:
    """Counts rows as they are read."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self.accepted = 0
        self.rejected: Counter[str] = Counter()
        self._categories: Counter[str] = Counter()
        self._x: list[NDArray[np.float64]] = []
        self._y: list[NDArray[np.float64]] = []
        self._months: set[np.datetime64] = set()
        self._times: list[pd.Series] = []
        self._precisions: set[str] = set()
        self.notices: dict[str, None] = {}
        """What the reader said of the file, each once."""

    @property
    def read(self) -> int:
        """Rows so far."""
        return self.accepted + self.rejected.total()

    def add_batch(self, batch: Batch) -> None:
        """Count the rows of a spreadsheet."""
        frame = batch.accepted
        self.notices.update(dict.fromkeys(batch.notices))
        self._add(frame["x"].to_numpy(float), frame["y"].to_numpy(float))
        self._categories.update(frame["category"].tolist())
        self.rejected.update(batch.rejected["reason"].tolist())
        self._months.update(np.unique(london_months(frame["occurred_from"])))
        self._precisions.update(frame["precision"].astype(str).unique())
        self._times.append(frame["occurred_from"])

    def add_points(self, points: IncidentPoints) -> None:
        """Count the rows of a published file."""
        self._add(points.x, points.y)
        positions, n = np.unique(points.category, return_counts=True)
        for position, number in zip(positions.tolist(), n.tolist(), strict=True):
            self._categories[points.categories[position]] += number
        self.rejected.update(points.rejected)
        self._months.update(np.unique(points.month).astype("datetime64[M]"))

    @property
    def check(self) -> Check:
        """What an import would do."""
        return Check(self.read, self.accepted, dict(self.rejected.most_common()))

    @property
    def categories(self) -> Mapping[str, int]:
        """The most frequent."""
        return dict(self._categories.most_common(_TOP))

    def place(self, crs: str) -> Place | None:
        """Where the accepted rows lie; None where there is none."""
        if not self.accepted:
            return None
        x, y = np.concatenate(self._x), np.concatenate(self._y)
        return place_of(x, y, crs=crs, projection=self.projection, what="incidents")

    @property
    def dates(self) -> Dates | None:
        """When the accepted rows happened; None where there is none."""
        if not self._months:
            return None
        first, last = min(self._months), max(self._months)
        missing = missing_months(str(month) for month in self._months)
        if not self._times or self._precisions == {"month"}:
            return Dates(str(first), str(last), missing, "months only, without days")
        local = pd.concat(self._times).dt.tz_convert(LONDON)
        days = local.dt.strftime("%Y-%m-%d")
        return Dates(days.min(), days.max(), missing, self._note(local))

    def _note(self, local: pd.Series) -> str:
        if self._precisions == {"day"}:
            return "days without a time of day"
        if (max(self._months) - min(self._months)).astype(int) > 12 * _MOST_MISSING_YEARS:
            return f"more than {_MOST_MISSING_YEARS} years apart: one of the dates looks wrong"
        midnight = (local.dt.hour == 0) & (local.dt.minute == 0) & (local.dt.second == 0)
        if "instant" in self._precisions and midnight.all():
            return "every time is midnight: these are days, not times of day"
        return ""

    def _add(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        self.accepted += len(x)
        self._x.append(x)
        self._y.append(y)


def missing_months(months: Iterable[str]) -> tuple[str, ...]:
    """The months between the first and the last that are not among them, as `2024-01`.

    None are listed over more than 50 years: then a date is wrong, not a month missing.
    """
    present = {np.datetime64(month, "M") for month in months}
    first, last = min(present), max(present)
    if (last - first).astype(int) > 12 * _MOST_MISSING_YEARS:
        return ()
    return tuple(str(month) for month in np.arange(first, last) if month not in present)


def place_of(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    crs: str,
    projection: Projection,
    what: str,
    outline: NDArray[np.float64] | None = None,
) -> Place:
    """Count points on a small grid over their extent.

    Parameters
    ----------
    x, y
        Points in metres, at least one.
    crs
        The CRS of the file.
    projection
        From metres to degrees.
    what
        What the points are.
    outline
        All corners (n × 2) of the shapes that the points stand for.
    """
    corners = np.column_stack([x, y]) if outline is None else outline
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    frame = _frame(x, y, (west, south, east, north))
    cell = max(frame.width, frame.height) / COLUMNS
    columns, rows = int(np.ceil(frame.width / cell)), int(np.ceil(frame.height / (2 * cell)))
    half_x, half_y = columns * cell / 2, rows * cell
    counts, _, _ = np.histogram2d(
        -y,
        x,
        bins=(rows, columns),
        range=(
            (-frame.y - half_y, half_y - frame.y),
            (frame.x - half_x, frame.x + half_x),
        ),
    )
    lon, lat = projection.to_lonlat(corners[:, 0], corners[:, 1])
    bounds = tuple(round(float(edge), 5) for edge in (lon.min(), lat.min(), lon.max(), lat.max()))
    return Place(
        crs=crs,
        bounds=(bounds[0], bounds[1], bounds[2], bounds[3]),
        width_km=round((east - west) / 1000, 2),
        height_km=round((north - south) / 1000, 2),
        counts=tuple(tuple(int(n) for n in row) for row in counts),
        cell_km=(round(cell / 1000, 2), round(2 * cell / 1000, 2)),
        what=what,
        beyond=len(x) - int(counts.sum()),
        grid_m=(frame.x - half_x, frame.y - half_y, frame.x + half_x, frame.y + half_y),
    )


class _Frame(NamedTuple):
    """The middle and the size of what a map shows, in metres."""

    x: float
    y: float
    width: float
    height: float


def _frame(x: NDArray[np.float64], y: NDArray[np.float64], extent: Sequence[float]) -> _Frame:
    """All of the extent; where a few points make it far larger, what holds nearly all."""
    west, south, east, north = extent
    low, high = 100 * (1 - _NEARLY_ALL) / 2, 100 * (1 + _NEARLY_ALL) / 2
    inner_west, inner_east = np.percentile(x, (low, high))
    inner_south, inner_north = np.percentile(y, (low, high))
    inner = max(inner_east - inner_west, inner_north - inner_south, _SMALLEST_M)
    if max(east - west, north - south) > _FAR_LARGER * inner:
        west, south, east, north = inner_west, inner_south, inner_east, inner_north
    return _Frame(
        float(west + east) / 2,
        float(south + north) / 2,
        float(max(east - west, _SMALLEST_M)),
        float(max(north - south, _SMALLEST_M)),
    )
