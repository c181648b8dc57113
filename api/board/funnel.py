"""The funnel plot of the board: rates of areas over their residents, as SVG."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.hotspots.funnel import LEVELS, limits
from geo.properties import cached_property

WIDTH, HEIGHT = 560.0, 240.0
"""Of the plot without its scales, in SVG units."""

_NAME = (100.0, 13.0)
"""Width and height that a name takes."""

_STEPS = 60
"""Points by which a limit is drawn."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Funnel:
    """A funnel plot, every number scaled to its box.

    Attributes
    ----------
    mean
        Height of the rate of all areas.
    rate
        That rate, per 1,000 residents.
    bands
        Points of the outer and the inner band.
    dots
        X, y, name, whether it lies beyond the outer limits, and the words of each area.
    xs, ys
        Ticks: place and number.
    dispersion
        Variance over mean, by which the limits are stretched.
    """

    mean: float
    rate: float
    bands: list[str]
    dots: list[tuple[float, float, str, bool, str]]
    xs: list[tuple[float, str]]
    ys: list[tuple[float, str]]
    dispersion: float
    width: float = WIDTH
    height: float = HEIGHT

    @cached_property
    def named(self) -> set[str]:
        """The areas beyond the limits whose names do not cover each other, the farthest first."""
        placed: list[tuple[float, float]] = []
        names = set()
        for x, y, name, beyond, _ in sorted(self.dots, key=lambda dot: -abs(dot[1] - self.mean)):
            near = any(abs(x - left) < _NAME[0] and abs(y - top) < _NAME[1] for left, top in placed)
            if beyond and not near:
                placed.append((x, y))
                names.add(name)
        return names


def funnel(areas: pd.DataFrame, *, dispersion: float = 1.0) -> Funnel | None:
    """Draw the rates of areas.

    Parameters
    ----------
    areas
        `area_name`, `n`, `residents`; rows without a number are left out.
    dispersion
        Variance over mean of an area's counts, by which the limits are stretched.

    Returns
    -------
    The plot; None with fewer than five areas, which need no funnel.
    """
    known = areas[areas["n"].notna() & (areas["residents"] > 0)]
    n, people = known["n"].to_numpy(float), known["residents"].to_numpy(float)
    if len(known) < 5 or not n.sum():
        return None
    rate = n.sum() / people.sum()
    grid = np.linspace(max(people.min() * 0.9, 1), people.max() * 1.05, _STEPS)
    inner, outer = (limits(rate, grid, level, dispersion=dispersion) for level in LEVELS)
    # The narrow end of the funnel may be far higher than any rate.
    top = max((n / people).max() * 1.1, rate * 2)

    def x(values: Floats) -> Floats:
        return np.asarray(WIDTH * (values - grid[0]) / (grid[-1] - grid[0]))

    def y(values: Floats) -> Floats:
        return np.asarray(HEIGHT * (1 - np.minimum(values, top) / top))

    own = limits(rate, people, LEVELS[1], dispersion=dispersion)
    beyond = (n / people < own.low) | (n / people > own.high)
    return Funnel(
        mean=round(float(y(np.array([rate]))[0]), 1),
        rate=float(rate * 1000),
        bands=[_band(x(grid), y(band.low), y(band.high)) for band in (outer, inner)],
        dots=[
            (
                round(float(left), 1),
                round(float(height), 1),
                str(name),
                bool(out),
                f"{name}: {1000 * own_rate:.1f} per 1,000 residents",
            )
            for left, height, name, out, own_rate in zip(
                x(people), y(n / people), known["area_name"], beyond, n / people, strict=True
            )
        ],
        xs=[(round(float(x(np.array([at]))[0]), 1), f"{at:,.0f}") for at in _ticks(grid)],
        ys=[
            (round(float(y(np.array([at / 1000]))[0]), 1), f"{at:g}")
            for at in _ticks(np.array([0.0, top * 1000]))
        ],
        dispersion=dispersion,
    )


def _band(x: Floats, low: Floats, high: Floats) -> str:
    points = [*zip(x, high, strict=True), *zip(x[::-1], low[::-1], strict=True)]
    return " ".join(f"{left:.1f},{height:.1f}" for left, height in points)


def _ticks(values: Floats) -> list[float]:
    """Round numbers within a range, about five."""
    first, last = float(values[0]), float(values[-1])
    if last <= first:
        return []
    size = 10.0 ** math.floor(math.log10((last - first) / 4))
    step = next(size * part for part in (1, 2, 5, 10) if (last - first) / (size * part) <= 6)
    numbers = range(math.ceil(first / step), math.floor(last / step) + 1)
    return [number * step for number in numbers]
