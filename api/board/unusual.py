"""What is unusual now, as the first thing on the board, and its control charts."""

from __future__ import annotations

from typing import Final

import pandas as pd

from api.board.cards import records
from api.board.findings import Findings
from api.board.variables import Variables
from api.pages.control_charts import control_chart
from geo.analyses.unusual import JudgedSeries
from geo.analyses.unusual_text import series_title, step_title
from geo.surveillance import CANNOT_SAY, FEWER, MORE

MOST_LINES: Final = 3
"""How many unusual series are listed above the map."""

MOST_CHARTS: Final = 6

CONTROL_CHART: Final = (560.0, 120.0)
"""Width and height of a control chart, in SVG units."""


def unusual(findings: Findings) -> Variables:
    """The sentence about what is unusual, and the first of it."""
    judged = findings.unusual
    rows = _unusual(judged)
    lines = [
        {"title": series_title(row), "n": row["n"], "verdict": row["verdict"], "why": row["why"]}
        for row in records(rows.head(MOST_LINES))
    ]
    return {
        "sentence": judged.headline,
        "lines": lines,
        "more": max(len(rows) - MOST_LINES, 0),
        "note": _note(judged),
    }


def control(findings: Findings) -> Variables:
    """The control charts of what is unusual."""
    judged = findings.unusual
    rows = _unusual(judged).head(MOST_CHARTS)
    width, height = CONTROL_CHART
    drawn = [
        {
            "title": series_title(row),
            "chart": control_chart(judged, position, width=width, height=height),
            "words": f"{step_title(str(row['period']))}: {row['n']:,}, {row['why']}",
        }
        for position, row in zip(rows.index.tolist(), records(rows), strict=True)
    ]
    return {"sentence": judged.headline, "drawn": drawn, "unit": judged.known.steps.unit}


def _unusual(judged: JudgedSeries) -> pd.DataFrame:
    rows = judged.shown
    return rows[rows["verdict"].isin([MORE, FEWER])]


def _note(judged: JudgedSeries) -> str:
    """How many series were judged by what, and how many cannot be."""
    rows = judged.shown
    unjudged = rows[rows["verdict"] == CANNOT_SAY]
    said = len(rows) - len(unjudged)
    if not said:
        return (
            "Whether a month is unusual is judged by the same months of earlier years: "
            f"{judged.verdicts.fewest} {judged.known.steps.unit} of data are needed."
        )
    note = (
        f"Judged are {said:,} series of areas by category and of ranked places, each by the time "
        f"of year in up to {judged.series.history.max():,} {judged.known.steps.unit} of its own "
        "history, at a false discovery rate of 5 %."
    )
    if len(unjudged):
        reason = unjudged["why"].value_counts().index[0]
        note += f" {len(unjudged):,} more cannot be judged yet ({reason})."
    return note
