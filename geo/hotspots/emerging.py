"""Emerging hot spots: which cells have lately become hot, stay hot, or have ceased to be.

A month of a cell is hot (or cold) where `getis_ord.hotspots` calls it so: Gi* and the exact tail
agree at 95 % after correction over all cells of that month. What is judged is the window of
months that ends with it, always against the whole study area in the same window. So neither a
quiet month nor one that was published short makes the city look cold, unlike a Gi* against the
mean of the whole cube.

Nearly every pattern needs a hot or cold last month, and the others nine in ten months. So a
study area without any shows a false one about as seldom as a single map does: in one of twenty.

Source: the categories of ArcGIS's Emerging Hot Spot Analysis; the first that fits, in the order
of `PATTERNS`. The trend is of the Gi* of single months: windows that overlap resemble each other,
and Mann–Kendall's test would take that for a trend.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from geo.errors import InputError
from geo.hotspots.getis_ord import gi_star, hotspots
from geo.statistics import Trend, benjamini_hochberg, mann_kendall

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_MONTHS: Final = 10
TREND_LEVEL: Final = 0.05

_REASONS: Final = {
    "new": "{hot} in {last}, for the first time in {steps} months",
    "consecutive": "{hot} in each of the last {run} of {steps} months, and never before",
    "intensifying": "{hot} in {times} of {steps} months and in {last}, ever more so (p = {p:.3f})",
    "diminishing": "{hot} in {times} of {steps} months and in {last}, ever less so (p = {p:.3f})",
    "persistent": "{hot} in {times} of {steps} months and in {last}, with no clear trend",
    "oscillating": "{hot} in {last} and in {times} of {steps} months, but {other} in {opposed}",
    "sporadic": "{hot} in {last}, on and off before: in {times} of {steps} months",
    "historical": "{hot} in {times} of {steps} months, the last of them {until}",
}

PATTERNS: Final = (
    *(f"hot_{name}" for name in _REASONS),
    *(f"cold_{name}" for name in _REASONS),
    "none",
)
"""Patterns of a cell; `none` was never or too seldom hot or cold, and is neither now."""


def emerging(
    counts: ArrayLike,
    neighbours: csr_array,
    inside_area: ArrayLike,
    *,
    months: Sequence[str],
    window: int = 3,
) -> pd.DataFrame:
    """Class every cell by how hot and cold its months were.

    Parameters
    ----------
    counts
        n × m: incidents of each cell in each of m successive months. NaN in a month that was not
        published, or only in part: it is passed over, and no fall.
    neighbours
        n × n matrix of 0 and 1 with ones on its diagonal.
    inside_area
        Area of each cell inside the mask, in any one unit.
    months
        Names of the m months, as `YYYY-MM`.
    window
        How many months, ending with the one judged, are counted together, as far as published.

    Returns
    -------
    One row a cell, in the order given: `n`, `steps` (months published), `hot_steps`,
    `cold_steps`, `last_hot` and `last_cold` ('' where never), `trend_z` and `trend_p`
    (Mann–Kendall), `pattern` (one of `PATTERNS`) and `reason` in plain words.

    Raises
    ------
    InputError
        If fewer than `LEAST_MONTHS` were published, or the window is shorter than a month.
    """
    if window < 1:
        raise InputError(f"a window of {window} months is none, choose 1 or more")
    cube = np.asarray(counts, float)
    published = np.flatnonzero(~np.isnan(cube).any(axis=0))
    if len(published) < LEAST_MONTHS:
        raise InputError(
            f"emerging hotspots need {LEAST_MONTHS} published months or more, "
            f"there are {len(published)}"
        )
    known = np.zeros_like(cube)
    known[:, published] = cube[:, published]
    hot, cold = (np.zeros((len(cube), len(published)), dtype=bool) for _ in range(2))
    z = np.empty(hot.shape)
    for step, month in enumerate(published):
        recent = known[:, max(month - window + 1, 0) : month + 1].sum(axis=1)
        called = hotspots(recent, neighbours, inside_area)["class"]
        hot[:, step] = called.isin(["hot_95", "hot_99"])
        cold[:, step] = called.isin(["cold_95", "cold_99"])
        z[:, step] = gi_star(known[:, month], neighbours)
    # A month in which nothing happened anywhere has no z, and says nothing of a trend.
    trend = mann_kendall(z[:, ~np.isnan(z).all(axis=0)])
    return _frame(
        known, hot, cold, trend=trend, months=np.array(months, dtype=object)[published].tolist()
    )


def _frame(
    known: Floats, hot: Bools, cold: Bools, *, trend: Trend, months: Sequence[str]
) -> pd.DataFrame:
    pattern = np.full(len(hot), "none", dtype=object)
    # Where a hot and a cold pattern fit, as in a cell long cold that turns hot, the hot one counts.
    for kind, its, other, sign in (("cold", cold, hot, -1), ("hot", hot, cold, 1)):
        for name, fits in _patterns(its, other, trend=trend, sign=sign).items():
            pattern[fits] = f"{kind}_{name}"
    frame = pd.DataFrame(
        {
            "n": known.sum(axis=1).astype(np.int64),
            "steps": hot.shape[1],
            "hot_steps": hot.sum(axis=1),
            "cold_steps": cold.sum(axis=1),
            "last_hot": _last_month(hot, months),
            "last_cold": _last_month(cold, months),
            "trend_z": trend.z,
            "trend_p": trend.p,
            "pattern": pattern,
        }
    )
    runs = {"hot": _final_run(hot), "cold": _final_run(cold)}
    return frame.assign(reason=_reasons(frame, runs=runs, last=months[-1]))


def _patterns(its: Bools, other: Bools, *, trend: Trend, sign: int) -> dict[str, Bools]:
    """Which cells fit each pattern, the first that fits alone."""
    times, steps, run = its.sum(axis=1), its.shape[1], _final_run(its)
    now, often = its[:, -1], 10 * times >= 9 * steps
    # The trend decides among cells that are hot nearly always: they alone are its family of tests.
    decides = now & often
    q = benjamini_hochberg(np.where(decides, trend.p, np.nan))
    clear = np.where(q <= TREND_LEVEL, sign * np.sign(trend.z), 0)
    fits = {
        "new": now & (times == 1),
        "consecutive": now & (run >= 2) & (times == run) & ~often,
        "intensifying": decides & (clear > 0),
        "diminishing": decides & (clear < 0),
        "persistent": decides,
        "oscillating": now & other.any(axis=1),
        "sporadic": now,
        "historical": often & ~now,
    }
    taken = np.zeros(len(its), dtype=bool)
    for name, those in fits.items():
        fits[name] = those & ~taken
        taken |= those
    return fits


def _final_run(its: Bools) -> Ints:
    """How many of the last months are so without a break."""
    backwards = its[:, ::-1]
    unbroken = backwards.all(axis=1)
    return np.asarray(np.where(unbroken, its.shape[1], backwards.argmin(axis=1)))


def _last_month(its: Bools, months: Sequence[str]) -> NDArray[np.object_]:
    """The name of the last month that is so, '' where none is."""
    last = its.shape[1] - 1 - its[:, ::-1].argmax(axis=1)
    names = np.array([*months, ""], dtype=object)
    return np.asarray(names[np.where(its.any(axis=1), last, len(months))])


def _reasons(frame: pd.DataFrame, *, runs: dict[str, Ints], last: str) -> list[str]:
    return [
        _reason(row, run={kind: run[cell] for kind, run in runs.items()}, last=last)
        for cell, row in enumerate(frame.to_dict("records"))
    ]


def _reason(cell: dict[str, Any], *, run: dict[str, int], last: str) -> str:
    steps = cell["steps"]
    if cell["pattern"] == "none":
        once = [
            f"{kind} in {cell[f'{kind}_steps']} of {steps} months, last in {cell[f'last_{kind}']}"
            for kind in ("hot", "cold")
            if cell[f"{kind}_steps"]
        ]
        return "; ".join(once) or f"neither hot nor cold in any of {steps} months"
    kind, name = cell["pattern"].split("_")
    other = "cold" if kind == "hot" else "hot"
    return _REASONS[name].format(
        hot=kind,
        other=other,
        times=cell[f"{kind}_steps"],
        opposed=cell[f"{other}_steps"],
        until=cell[f"last_{kind}"],
        run=run[kind],
        steps=steps,
        p=cell["trend_p"],
        last=last,
    )
