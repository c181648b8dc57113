"""Emerging hotspots: which cells became hot lately, stay hot, or have stopped being hot.

A month of a cell is hot (or cold) where `baselines.hotspots` calls it so: its neighbourhood holds
more than its baseline would lead one to expect, after correction over all cells of that month.
What is tested is the window of months that ends with it, always against the whole study area in
the same window. So neither a quiet month nor one that was published short makes the city look
cold, unlike a Gi* against the mean of the whole cube.

Nearly every pattern needs a hot or cold last month, and the others nine in ten months. So a
study area without any pattern shows a false one about as seldom as a single map does: one in
twenty.

Source: the categories of ArcGIS's Emerging Hot Spot Analysis; the first that fits, in the order
of `PATTERNS`. The trend is of the Gi* of single months: windows that overlap are alike, and
Mann–Kendall's test would take that for a trend.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import scipy
from numpy.typing import ArrayLike, NDArray

from geo.checkpoints import checkpoint
from geo.errors import InputError
from geo.hotspots.baselines import Baseline, hotspots
from geo.hotspots.getis_ord import gi_star
from geo.period import Period
from geo.statistics import Trend, benjamini_hochberg, mann_kendall

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BaselineOf = Callable[[Ints], Baseline]
"""The baseline of the incidents of some months, by their positions: other incidents vary too."""

LEAST_MONTHS: Final = 10
"""Mann–Kendall's normal approximation is good from ten values on."""

TREND_LEVEL: Final = 0.05

WINDOW: Final = 3
"""Months that each step counts together: a single month of a city is too sparse."""

_REASONS: Final = {
    "new": "{hot} {over}, for the first time in {such}",
    "consecutive": "{hot} {over}, in each of the last {run} of {such}, and never before",
    "intensifying": "{hot} {over} and in {times} of {such}, and rising (p = {p:.3f})",
    "diminishing": "{hot} {over} and in {times} of {such}, and falling (p = {p:.3f})",
    "persistent": "{hot} {over} and in {times} of {such}, with no clear trend",
    "oscillating": "{hot} {over} and in {times} of {such}, but {other} in {opposed}",
    "sporadic": "{hot} {over} and in {times} of {such}: near the threshold, as often by chance",
    "historical": "{hot} in {times} of {all}, the last to {until}",
}

# A burst that the window has not yet left behind is neither new nor lasting.
_OVER: Final = "{hot} {over} and never before, but no longer in {last} alone"

PATTERNS: Final = (
    *(f"hot_{name}" for name in _REASONS),
    *(f"cold_{name}" for name in _REASONS),
    "none",
)
"""Patterns of a cell; `none`: it was never or too seldom hot or cold, and is neither now."""


def emerging(
    counts: ArrayLike,
    neighbours: scipy.sparse.csr_array,
    baseline: Baseline | BaselineOf,
    *,
    months: Sequence[str],
    window: int = WINDOW,
    tested: ArrayLike | None = None,
    dispersion: float = 1.0,
    gi: bool = False,
) -> pd.DataFrame:
    """Class every cell by how hot and cold its months were.

    A cell is only new or consecutive where the last month alone bears it out: with its neighbours
    it has more than its share of the baseline in that month (or less, for cold). Otherwise a burst
    two months ago would be called new for as long as the window counts it; such a cell is sporadic.

    Parameters
    ----------
    counts
        n × m: incidents of each cell in each of m successive months. NaN in a month that was not
        published, or only in part: it is skipped and does not count as a fall.
    neighbours
        n × n matrix of 0 and 1 with ones on its diagonal.
    baseline
        Of the n cells: one for all months, or a function of the months of a step.
    months
        Names of the m months, as `YYYY-MM`.
    window
        The number of months, ending with the one tested, that are counted together as far as
        published.
    tested, dispersion, gi
        As for `baselines.hotspots`; `tested` is n × m like the counts.

    Returns
    -------
    One row for each cell, in the order given: `n`, `steps` (months published), `hot_steps`,
    `cold_steps`, `last_hot` and `last_cold` ('' where never), `trend_z` and `trend_p`
    (Mann–Kendall), `pattern` (one of `PATTERNS`) and `reason` in plain words, with the months of
    the last window.

    Raises
    ------
    InputError
        If fewer than `LEAST_MONTHS` were published, or the window is shorter than a month.

    Source: the categories of ArcGIS's Emerging Hot Spot Analysis; Ord & Getis 1995 (Gi*); Mann 1945
    and Kendall 1975 (trend).
    """
    if window < 1:
        raise InputError(f"a window of {window} months is too short; choose 1 or more")
    cube = np.asarray(counts, float)
    published = np.flatnonzero(~np.isnan(cube).any(axis=0))
    if len(published) < LEAST_MONTHS:
        raise InputError(
            f"emerging hotspots need {LEAST_MONTHS} months with data or more, and the period has "
            f"{len(published)}; choose a longer period"
        )
    known = np.zeros_like(cube)
    known[:, published] = cube[:, published]
    evidence = known if tested is None else np.where(np.isnan(cube), 0, np.asarray(tested, float))
    of_months = (lambda _: baseline) if isinstance(baseline, Baseline) else baseline
    hot, cold = (np.zeros((len(cube), len(published)), dtype=bool) for _ in range(2))
    z = np.empty(hot.shape)
    for step, month in enumerate(published):
        checkpoint()
        span = published[(published > month - window) & (published <= month)]
        hot[:, step], cold[:, step] = called(
            known[:, span].sum(axis=1),
            neighbours,
            of_months(span),
            tested=evidence[:, span].sum(axis=1),
            dispersion=dispersion,
            gi=gi,
        )
        z[:, step] = gi_star(known[:, month], neighbours)
    # A month without any incident has no z, and says nothing about a trend.
    trend = mann_kendall(z[:, ~np.isnan(z).all(axis=0)])
    last = published[-1]
    recent = published[published > last - window]
    near = neighbours @ known[:, recent]
    above = near[:, -1] - known[:, last].sum() * (neighbours @ of_months(recent).shares)
    steps = _Steps(hot, cold, trend, above, np.array(months, dtype=object)[published].tolist())
    return _frame(known, steps, near=near, window=window)


def called(
    counts: ArrayLike,
    neighbours: scipy.sparse.csr_array,
    baseline: Baseline,
    *,
    tested: ArrayLike | None = None,
    dispersion: float = 1.0,
    gi: bool = False,
) -> tuple[Bools, Bools]:
    """Which cells are hot, and which cold, in one step.

    Parameters
    ----------
    counts, neighbours, baseline, tested, dispersion, gi
        As for `baselines.hotspots`.

    Returns
    -------
    Two times n flags.
    """
    ids = [""] * len(np.asarray(counts))
    classes = hotspots(
        counts, neighbours, baseline, ids=ids, tested=tested, dispersion=dispersion, gi=gi
    )["class"]
    return tuple(  # type: ignore[return-value] # of two
        classes.isin([f"{kind}_95", f"{kind}_99"]).to_numpy(dtype=bool) for kind in ("hot", "cold")
    )


class _Steps(NamedTuple):
    """What is known of each step, one for each published month.

    Attributes
    ----------
    hot, cold
        Cells × steps.
    trend
        Of the single months.
    above
        By cell: incidents in the last month, neighbours included, less those to be expected.
    months
        The last month of each step.
    """

    hot: Bools
    cold: Bools
    trend: Trend
    above: Floats
    months: list[str]


def _frame(known: Floats, steps: _Steps, *, near: Floats, window: int) -> pd.DataFrame:
    hot, cold, trend, above, months = steps
    pattern = np.full(len(hot), "none", dtype=object)
    # Hot comes last: where both fit, as in a cell long cold that turns hot, hot is the news.
    for kind, own, other, sign in (("cold", cold, hot, -1), ("hot", hot, cold, 1)):
        lately = sign * above > 0
        for name, fits in _patterns(own, other, lately, trend=trend, sign=sign).items():
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
    return frame.assign(reason=_reasons(frame, months, runs=runs, near=near, window=window))


def _patterns(
    own: Bools, other: Bools, lately: Bools, *, trend: Trend, sign: int
) -> dict[str, Bools]:
    """The cells of each pattern: of patterns that fit a cell only the first counts."""
    times, steps, run = own.sum(axis=1), own.shape[1], _final_run(own)
    now, often = own[:, -1], 10 * times >= 9 * steps
    # The trend decides among cells that are nearly always hot, so only they are corrected for.
    decides = now & often
    q = benjamini_hochberg(np.where(decides, trend.p, np.nan))
    clear = np.where(q <= TREND_LEVEL, sign * np.sign(trend.z), 0)
    fits = {
        "new": now & lately & (times == 1),
        "consecutive": now & lately & (run >= 2) & (times == run) & ~often,
        "intensifying": decides & (clear > 0),
        "diminishing": decides & (clear < 0),
        "persistent": decides,
        "oscillating": now & other.any(axis=1),
        "sporadic": now,
        "historical": often & ~now,
    }
    classed = np.zeros(len(own), dtype=bool)
    for name, cells in fits.items():
        fits[name] = cells & ~classed
        classed |= cells
    return fits


def _final_run(flags: Bools) -> Ints:
    """The number of months at the end that are true without a break."""
    backwards = flags[:, ::-1]
    unbroken = backwards.all(axis=1)
    run: Ints = np.where(unbroken, flags.shape[1], backwards.argmin(axis=1))
    return run


def _last_month(flags: Bools, months: Sequence[str]) -> NDArray[np.object_]:
    """The name of the last month that is true, '' where none is."""
    last = flags.shape[1] - 1 - flags[:, ::-1].argmax(axis=1)
    names = np.array([*months, ""], dtype=object)
    return names[np.where(flags.any(axis=1), last, len(months))]


def _reasons(
    frame: pd.DataFrame,
    months: list[str],
    *,
    runs: dict[str, Ints],
    near: Floats,
    window: int,
) -> list[str]:
    """Why each cell has its pattern; `near` has the counts of the last window, by month."""
    steps, last = len(months), _title(months[-1])
    words = {
        "last": last,
        "over": f"over the {window} months to {last}" if window > 1 else f"in {last}",
        "such": f"{steps} such windows" if window > 1 else f"{steps} months",
        "all": f"{steps} windows of {window} months" if window > 1 else f"{steps} months",
    }
    return [
        _reason(row, words, run={kind: run[cell] for kind, run in runs.items()})
        + (_recent(near[cell], months) if row["pattern"] != "none" and window > 1 else "")
        for cell, row in enumerate(frame.to_dict("records"))
    ]


def _recent(counts: Floats, months: list[str]) -> str:
    """The incidents of the published months of the last window."""
    *others, last = [f"{count:,.0f}" for count in counts]
    number = f"{', '.join(others)} and {last}" if others else last
    named = Period.of_months(months[-len(counts)], months[-1]).title
    return f"; {named}: {number} incidents, neighbours included"


@cache
def _title(month: str) -> str:
    """A month as people read it; one of many thousand cells is never hot, and so has none."""
    return Period.of_months(month, month).title if month else ""


def _reason(cell: Mapping[Hashable, Any], words: dict[str, str], *, run: dict[str, int]) -> str:
    if cell["pattern"] == "none":
        earlier = [
            f"{kind} in {cell[f'{kind}_steps']} of {words['all']}, the last to "
            f"{_title(cell[f'last_{kind}'])}"
            for kind in ("hot", "cold")
            if cell[f"{kind}_steps"]
        ]
        return "; ".join(earlier) or f"neither hot nor cold in any of {words['all']}"
    kind, name = cell["pattern"].split("_")
    other = "cold" if kind == "hot" else "hot"
    over = name == "sporadic" and run[kind] == cell[f"{kind}_steps"]
    return (_OVER if over else _REASONS[name]).format(
        hot=kind,
        other=other,
        times=cell[f"{kind}_steps"],
        opposed=cell[f"{other}_steps"],
        until=_title(cell[f"last_{kind}"]),
        run=run[kind],
        p=cell["trend_p"],
        **words,
    )
