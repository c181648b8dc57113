"""Whether maps predicted later incidents: methods and windows, tested on held-out months."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analyses.analysis import AnalysisResult, skipped_months
from geo.analyses.backtesting import WINDOWS, HeldOut, Training, days
from geo.analyses.choosing import PLACE_SHARES, Choice, choices, methods, place_curve
from geo.analyses.proof_text import (
    ALIKE,
    BEST,
    BY_LOT,
    COUNT,
    FEWER,
    PLACES,
    UNJUDGED,
    UNTOLD,
    percent,
    sentences,
)
from geo.analyses.surfaces import bandwidth_m, cell_parameters
from geo.errors import QuestionError
from geo.hotspots import evaluation, held_out
from geo.hotspots.evaluation import RANDOM
from geo.period import month_title
from geo.question.answer import Answer, Floats

_TESTED = (
    "No method uses the months that it is tested on. A plain count often does as well as a "
    "statistic: the table shows where."
)
_METHOD = (
    "Share of later incidents caught on a share of the land: PAI (Chainey, Tompson & Uhlig 2008), "
    "PEI (Hunt 2016), prediction over observation (Wheeler & Steenbeek 2021) and recapture ratio "
    "(Levine 2008), the last two both called RRI elsewhere; where scores tie, the emptier cell is "
    "taken first. Each month held out is tested on the months before it; 95 % intervals by how "
    "much these months differ (Cochran 1977); a difference between methods is said to be more "
    "than chance where changes of sign over the months rarely give it, over all pairs (Westfall & "
    "Young 1993)"
)

NEAR: Final = 0.1
"""Choices are compared where the land that they take differs by no more from the share asked for,
as a part of it: on more land any method finds more."""

_ROUNDING: Final = 1e-9

MONTHS: Final = "months"
"""The table of each month tested."""


def evaluated(answer: Answer) -> AnalysisResult:
    """Test what methods and windows of history find in held-out months.

    Parameters
    ----------
    answer
        An Answer with its history.

    Returns
    -------
    A row for each method, window and share of the land: `method`, `window` (months of history),
    `asked_share`, `months` (tested), `cells`, `area_share`, `hits`, `n`, then `hit_rate`, `pai`,
    `pei` and `predicted_over_observed` over all these months, each with `_low` and `_high`,
    `behind` (hit rate of the best less its own), `p`, `verdict` and `why`. A row is judged where
    `area_share` is within a tenth of `asked_share` and any incident was found. The table `months`
    has the columns of `geo.hotspots.evaluation.compare_methods` and `window` for each month tested.

    Raises
    ------
    QuestionError
        As `HeldOut.of`, or if no window is known in full.
    """
    of = HeldOut.of(answer)
    windows = _windows(of)
    early = (of.rows["month"] < of.columns(of.tested[:1])[0]).to_numpy()
    # Not even the bandwidth may depend on the months that are tested.
    width = bandwidth_m(answer, of.rows[early])
    by_month = _by_month(of, windows, width)
    frame = summary(by_month, of)
    said = sentences(frame)
    return AnalysisResult(
        frame,
        _METHOD,
        cell_parameters(answer)
        | {
            "verdict": said,
            "trained_on": "/".join(
                (of.window(windows[-1], of.tested[0])[0], of.window(windows[-1], of.tested[-1])[-1])
            ),
            "tested_on": list(of.tested),
            "windows": windows,
            "bandwidth_m": width,
        },
        [*said, _TESTED, *skipped_months(answer, answer.accounts.period.months)],
        tables={MONTHS: by_month},
    )


def _windows(of: HeldOut) -> list[int]:
    """The windows that are known in full before each month tested."""
    windows: list[int] = [length for length in WINDOWS if of.known_of(length) == length]
    if not windows:
        month = min(of.tested, key=lambda name: len(of.window(1, name)))
        raise QuestionError(
            "holdout",
            f"no window of history before {month_title(month)} is complete; choose a period that "
            "ends later, or import the months before",
        )
    return windows


def _by_month(of: HeldOut, windows: list[int], bandwidth: float) -> pd.DataFrame:
    """The indices of all methods and windows in each month tested."""
    by = methods(of, bandwidth=bandwidth)
    study = shapely.union_all(of.answer.study_areas.geometry.to_numpy())
    tables = []
    for length in windows:
        for month in of.tested:
            known = of.training(length, month)
            later = of.rows[(of.rows["month"] == of.columns([month])[0]).to_numpy()]
            table = _compared(known, choices(by, known))
            places = _places(known, later, study)
            tables.append(pd.concat([table, places], ignore_index=True).assign(window=length))
    frame = pd.concat(tables, ignore_index=True)
    chance = frame["method"] == RANDOM
    frame["window"] = frame["window"].astype("Int64").mask(chance)
    # What lots find does not depend on the window.
    frame = frame[~(chance & frame.duplicated(["later", "asked_share", "method", "window"]))]
    names = list(evaluation.COMPARED)
    at = names.index("method") + 1
    return frame[[*names[:at], "window", *names[at:]]].reset_index(drop=True)


def _compared(known: Training, chosen: dict[str, Choice]) -> pd.DataFrame:
    of, month = known.of, known.tested
    return evaluation.compare_methods(
        {name: choice.scores for name, choice in chosen.items()},
        {month: of.counts[:, of.columns([month])[0]]},
        area=of.area,
        earlier=known.n,
        expected={
            (name, month): choice.a_day * days([month])
            for name, choice in chosen.items()
            if choice.a_day is not None
        },
    )


def _places(known: Training, later: pd.DataFrame, study: shapely.Geometry) -> pd.DataFrame:
    """The same of ranked places, at the shares of the land that they reach."""
    curve = place_curve(known, later=later, study=study)
    common = {"later": known.tested, "method": PLACES, "n": len(later)}
    rows = [
        common | {"asked_share": share} | evaluation.at_share(curve, share)
        for share in PLACE_SHARES
        if _reaches(curve["area_share"], share)
    ]
    return pd.DataFrame(rows, columns=list(evaluation.COMPARED))


def _reaches(shares: pd.Series, share: float) -> bool:
    """Whether places come as near to a share of the land as one place more or less."""
    return bool(len(shares)) and shares.iloc[0] <= share <= shares.iloc[-1] + shares.iloc[0]


def summary(by_month: pd.DataFrame, of: HeldOut) -> pd.DataFrame:
    """The indices over all months tested, with what can be said of their differences.

    Parameters
    ----------
    by_month
        As `_by_month` made it.
    of
        The held-out months.

    Returns
    -------
    The frame of `evaluated`; windows with too little history have a row that says so.
    """
    shares = list(by_month.groupby("asked_share", sort=False))
    short = [length for length in WINDOWS if of.known_of(length) < length]
    parts = [_at_share(rows, len(of.tested)) for _, rows in shares]
    parts += [
        _unjudged(COUNT, length, share, f"{of.known_of(length)} of {length} months")
        for length in short
        for share, _ in shares
    ]
    frame = pd.concat(parts, ignore_index=True)
    order = np.lexsort([-frame["hit_rate"].fillna(-1), frame["asked_share"]])
    return frame.iloc[order].reset_index(drop=True)


def _unjudged(method: object, window: object, share: object, why: str) -> pd.DataFrame:
    """The row of a method or window that cannot be judged."""
    return pd.DataFrame(
        {
            "method": [method],
            "window": pd.Series([window], dtype="Int64"),
            "asked_share": [share],
            "verdict": [UNJUDGED],
            "why": [why],
        }
    )


def _at_share(rows: pd.DataFrame, tested: int) -> pd.DataFrame:
    """The rows of one share of the land, one for each method and window."""
    share = float(rows["asked_share"].iloc[0])
    every = list(rows.groupby(["method", "window"], sort=False, dropna=False))
    groups = [group for group in every if len(group[1]) == tested]
    partly = [
        _unjudged(
            method, window, share, f"too few places in {tested - len(own)} of {tested} months"
        )
        for (method, window), own in every
        if len(own) < tested
    ]
    by = {
        name: np.array(
            [own.sort_values("later", kind="stable")[name].to_numpy(float) for _, own in groups]
        )
        for name in ("hits", "n", "area_share", "possible", "predicted", "cells", "hit_rate")
    }
    land = by["area_share"].mean(axis=1)
    rate = held_out.pooled_ratio(by["hits"], by["n"])
    frame = pd.DataFrame(
        {
            "method": [method for (method, _), _ in groups],
            "window": pd.Series([window for (_, window), _ in groups], dtype="Int64"),
            "asked_share": share,
            "months": pd.Series([tested] * len(groups), dtype="Int64"),
            "cells": by["cells"].mean(axis=1),
            "area_share": land,
            "hits": by["hits"].sum(axis=1),
            "n": by["n"].sum(axis=1),
            **_columns("hit_rate", held_out.PooledRatio(*(np.minimum(part, 1) for part in rate))),
            **_columns("pai", held_out.PooledRatio(*(part / land for part in rate))),
            **_columns("pei", held_out.pooled_ratio(by["hits"], by["possible"])),
            **_columns(
                "predicted_over_observed", held_out.pooled_ratio(by["predicted"], by["hits"])
            ),
        }
    )
    judged = pd.concat([frame, _verdicts(frame, by["hit_rate"])], axis=1)
    return pd.concat([judged, *partly], ignore_index=True)


def _columns(name: str, ratio: held_out.PooledRatio) -> dict[str, Floats]:
    return {name: ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high}


def _verdicts(frame: pd.DataFrame, hit_rates: Floats) -> pd.DataFrame:
    """How far each method lies behind the best, and whether that may be chance."""
    lots = (frame["method"] == RANDOM).to_numpy()  # lots are no method
    why = _why_not(frame)
    own = np.flatnonzero(~lots & (why == ""))
    verdict = np.where(lots, BY_LOT, UNJUDGED).astype(object)
    p, behind = (np.full(len(frame), np.nan) for _ in range(2))
    if len(own):
        rates = frame["hit_rate"].to_numpy(float)
        best = own[np.argmax(rates[own])]  # of equals the first, which is the plainest
        months = ~np.isnan(hit_rates).any(axis=0)
        p[own] = held_out.paired_p(hit_rates[own][:, months])[list(own).index(best)]
        few = months.sum() < held_out.FEWEST_MONTHS
        verdict[own] = np.where(p[own] <= held_out.LEVEL, FEWER, UNTOLD if few else ALIKE)
        verdict[best] = BEST
        compared = lots | (why == "")
        behind[compared] = rates[best] - rates[compared]
    return pd.DataFrame({"behind": behind, "p": p, "verdict": verdict, "why": why})


def _why_not(frame: pd.DataFrame) -> NDArray[np.object_]:
    """Why methods at one share of the land cannot be judged; '' where they can, and for lots."""
    own = (frame["method"] != RANDOM).to_numpy()
    why = np.full(len(frame), "", dtype=object)
    if not frame["n"].sum():
        why[own] = "no incident in the months tested"
        return why
    share = frame["asked_share"]
    off = own & (abs(frame["area_share"] - share) > NEAR * share + _ROUNDING).to_numpy()
    why[off] = [_land(row) for _, row in frame[off].iterrows()]
    alike = own & ~off
    if not frame.loc[alike, "hits"].sum():
        why[alike] = "no method found an incident of the months tested"
    elif alike.sum() == 1:
        why[alike] = "there is nothing to compare it with"
    return why


def _land(row: pd.Series) -> str:
    """The land that a method took instead of the share asked for."""
    unit = "place" if row["method"] == PLACES else "cell"
    one = row["cells"] == 1 and row["area_share"] > row["asked_share"]
    taken = f"one {unit} is" if one else f"whole {unit}s come to"
    return f"{taken} {percent(row['area_share'])} of the land"
