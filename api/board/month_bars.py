"""The months as bars, each of which narrows the page to its month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from api.board.findings import Findings
from api.board.variables import Variables
from api.board.view import BoardView
from geo.period import Period

FULL: Final = 100.0
"""Height of the highest bar, in SVG units."""


@dataclass(frozen=True)
class MonthBar:
    """One month of the strip.

    Attributes
    ----------
    month, title
        As `2024-03`, and as people read it.
    height
        Of the bar; a month without data has none.
    words
        The number of incidents, or that it is unknown.
    address
        The page of that month alone; '' where it is unknown.
    period
        Whether it is one of the months of the Question.
    chosen
        Whether the page is narrowed to it.
    """

    month: str
    title: str
    height: float
    words: str
    address: str
    period: bool
    chosen: bool


def month_bars(findings: Findings, view: BoardView) -> Variables:
    """The bars of the last two years.

    Parameters
    ----------
    findings
        Of the whole period, whichever month is chosen: its months stay in the strip.
    view
        What the address says.
    """
    trend, period = findings.whole_trend, findings.answer.accounts.period
    counts = trend.counts[0] if trend.months else np.zeros(0)
    known = np.isfinite(counts)
    highest = float(np.max(counts, where=known, initial=1.0))
    bars = [
        MonthBar(
            month=month,
            title=Period.of_months(month, month).title,
            height=round(float(n) / highest * FULL, 1) if np.isfinite(n) else 0.0,
            words=f"{n:,.0f}" if np.isfinite(n) else "unknown: no complete data",
            address=view.address("/", month=month) if np.isfinite(n) else "",
            period=month in period.months,
            chosen=month == view.month,
        )
        for month, n in zip(trend.months, counts, strict=True)
    ]
    return {
        "bars": bars if int(known.sum()) > 1 else [],
        "full": FULL,
        "chosen": next((bar.title for bar in bars if bar.chosen), view.month),
        "whole": view.address("/", month=""),
        "whole_title": period.title,
    }
