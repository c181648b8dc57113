"""What is unusual, in words: one sentence for all series, and why for each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.analyses.series import Steps
from geo.incidents import category_title
from geo.period import Period, month_title
from geo.surveillance import CANNOT_SAY, FEWER, MORE, RULES, USUAL, ControlCharts

_NUMBERS: Final = (
    "", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
)  # fmt: skip
_MOST_RISE: Final = 9.995
"""A smallest detectable rise from ten times the expected count on is said to be no rise at all."""


SEASON: Final = "the time of year"
"""What a week is judged by: it has no name of its own in other years."""


def step_title(label: str) -> str:
    """A month or week as people read it: `March 2026`, or `the week 2026-W13`."""
    return f"the week {label}" if "W" in label else month_title(label)


def season_title(label: str) -> str:
    """The time of year that a month or week is judged by: `March`, or `the time of year`."""
    return SEASON if "W" in label else f"{Period.of_months(label, label).first:%B}"


def headline_of(rows: pd.DataFrame, steps: Steps, *, fewest: int) -> str:
    """What of all series is unusual, as one sentence.

    Parameters
    ----------
    rows
        Verdicts on all series, with `verdict`, `detectable` and `history_months` or weeks.
    steps
        The steps of time.
    fewest
        How many steps of history are needed.

    Returns
    -------
    `Three things are unusual in March 2026`; `Nothing is unusual in March 2026 (…)` with the
    rises that would have been found; or `What is unusual cannot be said yet: 9 of 36 months of
    data`.
    """
    when, unit = step_title(steps.labels[-1]), steps.unit
    judged = rows[rows["verdict"] != CANNOT_SAY]
    if not len(judged):
        history = int(rows[f"history_{unit}"].max()) if len(rows) else 0
        if history < fewest:
            return f"What is unusual cannot be said yet: {history} of {fewest} {unit} of data"
        reason = next(iter(rows["why"]), "")
        return f"What is unusual cannot be said yet: {reason}"
    n = int(judged["verdict"].isin([MORE, FEWER]).sum())
    if n:
        number = _NUMBERS[n] if n < len(_NUMBERS) else f"{n:,}"
        return f"{number} {'thing is' if n == 1 else 'things are'} unusual in {when}"
    return f"Nothing is unusual in {when} ({_rises(judged['detectable'])})"


def _rises(detectable: pd.Series) -> str:
    least, usual = float(detectable.min()), float(detectable.median())
    sentence = f"a rise of {_percent(least)} would have been seen"
    if _percent(usual) != _percent(least):
        sentence += f" in the busiest series, of {_percent(usual)} in a typical one"
    return sentence


def _percent(rise: float) -> str:
    """A rise as people read it: `40 %`, or `12-fold` where it is many times the usual."""
    if rise < _MOST_RISE:
        return f"{max(round(rise * 100), 1):,} %"
    return f"{rise + 1:,.0f} times the usual"


def reasons_of(
    table: pd.DataFrame, unknown: NDArray[np.object_], *, fewest: int, unit: str
) -> NDArray[np.object_]:
    """Say of each series what was to be expected where it is unusual, or why it is not judged.

    Parameters
    ----------
    table
        Verdicts on n series.
    unknown
        Why the last step cannot be judged whatever the history; '' where it can.
    fewest
        How many steps of history are needed.
    unit
        `months` or `weeks`.

    Returns
    -------
    n texts; '' where the count is usual.
    """
    history = table[f"history_{unit}"].to_numpy()
    verdict = table["verdict"].to_numpy(dtype=object)
    texts = np.full(len(table), "", dtype=object)
    short = (verdict == CANNOT_SAY) & (history < fewest)
    texts[short] = [f"{n} of {fewest} {unit}" for n in history[short].tolist()]
    closed = (verdict == CANNOT_SAY) & (unknown != "")
    texts[closed] = unknown[closed]
    texts[(verdict == CANNOT_SAY) & ~short & ~closed] = "this season is not known of earlier years"
    for row in np.flatnonzero(np.isin(verdict, [MORE, FEWER])).tolist():
        texts[row] = (
            f"{_span(table['lower'].iloc[row], table['upper'].iloc[row])} expected for the time "
            f"of year, in {history[row]} {unit} of its own history"
        )
    n = table["n"].to_numpy(float, na_value=np.nan)
    outside = (n > table["upper"].to_numpy()) | (n < table["lower"].to_numpy())
    texts[(verdict == USUAL) & outside] = "outside its range, as some of so many are by chance"
    return texts


def signals_of(charts: ControlCharts) -> NDArray[np.object_]:
    """Which rules of a control chart the last step of each series breaks: `outside, run`."""
    bits = range(len(RULES))
    texts = [
        ", ".join(RULES[bit] for bit in bits if code >> bit & 1) for code in range(2 ** len(RULES))
    ]
    return np.array(texts, dtype=object)[charts.signals[:, -1] @ (1 << np.array(bits))]


def _span(lower: float, upper: float) -> str:
    return f"{lower:,.0f} to {upper:,.0f}"


def series_title(row: Mapping[str, object]) -> str:
    """A series as people read it: `Burglary in Fladen Park`, or a place by its first street.

    Parameters
    ----------
    row
        Of all series, or of a table of areas or places alone: places have no category.
    """
    if isinstance(category := row.get("category"), str):
        return f"{category_title(category)} in {row['area_name']}"
    streets = str(row["streets"]).split("; ", maxsplit=1)[0]
    return f"All incidents around {streets or row['hotspot_id']}"
