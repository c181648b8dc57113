"""Control charts as numbers for SVG, scaled to the box that a template draws them in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from api.pages.charts import line_points, unbroken
from geo.analyses.unusual import JudgedSeries
from geo.analyses.unusual_text import step_title

Floats = NDArray[np.float64]

STEPS: Final = 36
"""How many steps a control chart shows, the judged one last."""


@dataclass(frozen=True)
class ControlChart:
    """The last steps of a series with their limits, in SVG units.

    Attributes
    ----------
    width, height
        The size of the box.
    lines
        The points of each unbroken stretch, in SVG's notation. An unknown step is a gap.
    centre, top, bottom
        Y of the mean and of both limits.
    points
        X, y, whether it breaks a rule, and the title of each known step.
    expected
        X, and the ends in y, of the range expected of the last step.
    labels
        X and text of the first step of each year.
    highest
        The value at the top.
    """

    width: float
    height: float
    lines: list[str]
    centre: float
    top: float
    bottom: float
    points: list[tuple[float, float, bool, str]]
    expected: tuple[float, float, float]
    labels: list[tuple[float, str]]
    highest: float


def control_chart(judged: JudgedSeries, row: int, *, width: float, height: float) -> ControlChart:
    """Draw one of the judged series into a box.

    Parameters
    ----------
    judged
        The series.
    row
        Its position among them.
    width, height
        The size of the box, in SVG units.
    """
    charts, labels = judged.charts, judged.known.steps.labels[-STEPS:]
    counts = charts.counts[row, -STEPS:]
    broken = np.asarray(charts.signals[row, -STEPS:].any(axis=1)).tolist()
    expectation = judged.verdicts.expectation
    low, high = float(expectation.lower[row]), float(expectation.upper[row])
    centre, lower, upper = (
        float(part[row]) for part in (charts.centre, charts.lower, charts.upper)
    )
    highest = float(np.nanmax([*counts, upper, high, 1.0]))
    step = width / len(labels)
    x = (np.arange(len(labels)) + 0.5) * step

    def up(values: Floats | float) -> Floats:
        return np.asarray(height - 3 - (height - 6) * np.asarray(values) / highest)

    def at(value: float) -> float:
        return round(float(up(value)), 1)

    known = np.flatnonzero(np.isfinite(counts)).tolist()
    return ControlChart(
        width=width,
        height=height,
        lines=[line_points(x[part], up(counts[part])) for part in unbroken(counts)],
        centre=at(centre),
        top=at(upper),
        bottom=at(lower),
        points=[
            (
                round(float(x[i]), 1),
                at(counts[i]),
                broken[i],
                f"{step_title(labels[i])}: {counts[i]:,.0f}",
            )
            for i in known
        ],
        expected=(round(float(x[-1]), 1), at(high), at(low)),
        labels=[
            (round(float(x[i] - step / 2), 1), label[:4])
            for i, label in enumerate(labels)
            if label[4:] in ("-01", "-W01")
        ],
        highest=highest,
    )
