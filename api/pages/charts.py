"""Small charts as numbers for SVG, scaled to the box that a template draws them in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from api.pages.trends import Trend

Floats = NDArray[np.float64]

HEATS = 6
"""Shades of the grid of hours."""


class Bar(NamedTuple):
    """The bar of one month, `YYYY-MM`, in SVG units, and its number in words."""

    x: float
    y: float
    width: float
    height: float
    month: str
    words: str


@dataclass(frozen=True)
class Chart:
    """A series of months with its expected band, in SVG units.

    Attributes
    ----------
    width, height
        The size of the box.
    lines, bands
        The points of each unbroken stretch, in SVG's notation. A month not published in full is a
        gap.
    dots
        X and y of the last month and of months without neighbours.
    bars
        Of each known month.
    highest
        The value at the top.
    """

    width: float
    height: float
    lines: list[str]
    bands: list[str]
    dots: list[tuple[float, float]]
    bars: list[Bar]
    highest: float


def chart(trend: Trend, row: int, *, width: float, height: float) -> Chart:
    """Draw one row of a trend into a box.

    Parameters
    ----------
    row
        Its position in the trend.
    width, height
        The size of the box, in SVG units.
    """
    counts, low, high = (part[row] for part in (trend.counts, trend.low, trend.high))
    known = np.concatenate([counts, high])
    highest = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    step = width / max(len(counts), 1)
    x = (np.arange(len(counts)) + 0.5) * step

    def up(values: Floats) -> Floats:
        return height - 2 - (height - 4) * values / max(highest, 1.0)

    lines, dots = [], []
    for part in unbroken(counts):
        if len(part) > 1:
            lines.append(line_points(x[part], up(counts[part])))
        if len(part) == 1 or part[-1] == len(counts) - 1:
            dots.append((round(float(x[part[-1]]), 1), round(float(up(counts)[part[-1]]), 1)))
    bands = [
        line_points(
            np.concatenate([x[part], x[part][::-1]]),
            up(np.concatenate([high[part], low[part][::-1]])),
        )
        for part in unbroken(high)
    ]
    bars = [
        Bar(
            round(i * step + 1, 1),
            round(float(up(counts)[i]), 1),
            round(step - 2, 1),
            round(float(height - up(counts)[i]), 1),
            trend.months[i],
            f"{counts[i]:,.0f}"
            + (" (looks published twice)" if trend.months[i] in trend.doubled_months else ""),
        )
        for i in np.flatnonzero(np.isfinite(counts)).tolist()
    ]
    return Chart(width, height, lines, bands, dots, bars, highest)


def heat(weights: Floats) -> NDArray[np.int64]:
    """The shade of each hour in equal steps, from 0 for none to `HEATS` − 1 for the busiest."""
    most = max(float(weights.max()), 1e-9)
    return np.ceil(weights / most * (HEATS - 1)).astype(np.int64)


def line_points(x: NDArray[np.floating], y: NDArray[np.floating]) -> str:
    """Points in the notation of SVG."""
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def unbroken(values: Floats) -> Iterator[NDArray[np.int64]]:
    """Yield the positions of each stretch of known values."""
    at = np.flatnonzero(np.isfinite(values))
    for part in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
        if len(part):
            yield part
