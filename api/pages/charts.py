"""Small charts as numbers for SVG: what the templates draw, scaled to their boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.pages.trends import Trend

Floats = NDArray[np.float64]

HEATS = 6
"""How many shades the grid of hours has."""


@dataclass(frozen=True)
class Chart:
    """A line over months, with its band behind it.

    Attributes
    ----------
    width, height
        Of the box.
    lines, bands
        Points of unbroken stretches, as SVG writes them: a month that was not published whole is
        a gap, and no fall.
    dots
        X and y of months that have no neighbour, and of the last month.
    bars
        X, y, width and height of each month's bar, and its title.
    highest
        The value at the top.
    """

    width: float
    height: float
    lines: list[str]
    bands: list[str]
    dots: list[tuple[float, float]]
    bars: list[tuple[float, float, float, float, str]]
    highest: float


def chart(trend: Trend, row: int, *, width: float, height: float) -> Chart:
    """Draw one row of a trend into a box."""
    counts, low, high = (part[row] for part in (trend.counts, trend.low, trend.high))
    known = np.concatenate([counts, high])
    highest = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    step = width / max(len(counts), 1)
    x = (np.arange(len(counts)) + 0.5) * step

    def up(values: Floats) -> Floats:
        return height - 2 - (height - 4) * values / max(highest, 1.0)

    lines, dots = [], []
    for part in _unbroken(counts):
        if len(part) > 1:
            lines.append(_points(x[part], up(counts[part])))
        if len(part) == 1 or part[-1] == len(counts) - 1:
            dots.append((round(float(x[part[-1]]), 1), round(float(up(counts)[part[-1]]), 1)))
    bands = [
        _points(
            np.concatenate([x[part], x[part][::-1]]),
            up(np.concatenate([high[part], low[part][::-1]])),
        )
        for part in _unbroken(high)
    ]
    bars = [
        (
            round(i * step + 1, 1),
            round(float(up(counts)[i]), 1),
            round(step - 2, 1),
            round(float(height - up(counts)[i]), 1),
            f"{trend.months[i]}: {counts[i]:,.0f}",
        )
        for i in np.flatnonzero(np.isfinite(counts)).tolist()
    ]
    return Chart(width, height, lines, bands, dots, bars, highest)


def heat(weights: Floats) -> NDArray[np.int64]:
    """The shade of each hour, 0 for none up to `HEATS` − 1 for the busiest, in equal steps."""
    most = max(float(weights.max()), 1e-9)
    return np.ceil(weights / most * (HEATS - 1)).astype(np.int64)


def _points(x: NDArray[np.floating], y: NDArray[np.floating]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _unbroken(values: Floats) -> Iterator[NDArray[np.int64]]:
    at = np.flatnonzero(np.isfinite(values))
    for part in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
        if len(part):
            yield part
