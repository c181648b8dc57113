"""Evaluation: how well a map predicted the incidents of a later period.

Cells are taken by falling score until they cover a share of the land, and the usual indices
rate the later incidents in them. Where scores tie, the cell with fewer later incidents is taken
first: a method gets no credit for an order that it did not give.

Sources: PAI of Chainey, Tompson & Uhlig 2008; PEI of Hunt 2016; prediction over observation of
Wheeler & Steenbeek 2021; recapture of Levine 2008. The last two are both called RRI elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]

COMPARED: Final = (
    "later", "asked_share", "method", "cells", "area_share", "hits", "possible", "predicted", "n",
    "hit_rate", "pai", "pei", "predicted_over_observed", "recapture_ratio",
)  # fmt: skip
"""Columns of a comparison of methods."""

AREA_SHARES: Final = (0.01, 0.02, 0.05, 0.1)
"""Shares of the land at which methods are compared."""

RANDOM: Final = "random"
"""The name of the baseline, cells drawn by lot: its hit rate is the share of the land."""


def accuracy(
    scores: ArrayLike,
    later: ArrayLike,
    area: ArrayLike,
    *,
    earlier: ArrayLike | None = None,
    expected: ArrayLike | None = None,
    best: tuple[ArrayLike, ArrayLike] | None = None,
) -> pd.DataFrame:
    """The indices of a map as more and more of its cells are taken.

    Parameters
    ----------
    scores
        A method's score of each of n cells; the highest are taken first.
    later
        Incidents in each cell in a later period.
    area
        Area of each cell inside the mask, in any one unit.
    earlier
        Incidents in each cell in the period that the method is made from.
    expected
        Incidents that the method expects in each cell in the later period.
    best
        Later incidents and area of the cells from which the best choice is made; the cells
        themselves where not given. Places that are no cells are so held to the same best.

    Returns
    -------
    A row for each number of cells: `cells`, `area_share`, `hits` (later incidents in them),
    `possible` (the most that any choice of the same area could have), `predicted` (incidents
    expected in them, NaN without `expected`), `hit_rate`, `pai` = hit rate / area share, `pei` =
    hits / possible, `predicted_over_observed` (NaN without `expected`) and
    `recapture_ratio` (NaN without `earlier`). With cells of unequal area the best choice may cut
    its last cell, so PEI is never too high. NaN where there are no later incidents.

    Source: Chainey, Tompson & Uhlig 2008; Hunt 2016; Wheeler & Steenbeek 2021; Levine 2008.
    """
    score, hits, land = (np.asarray(values, float) for values in (scores, later, area))
    unknown = np.full(len(score), np.nan)
    before, predicted = (
        unknown if values is None else np.asarray(values, float) for values in (earlier, expected)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        # Of equal scores the cell with fewer later incidents first: no credit for a lucky order.
        order = np.lexsort([hits / land, -score])
        caught, covered = np.cumsum(hits[order]), np.cumsum(land[order])
        share, rate = covered / land.sum(), caught / hits.sum()
        choice = (hits, land) if best is None else best
        possible = most_caught(*choice, within=covered)
        predicted_there = np.cumsum(predicted[order])
        pei, over_observed = caught / possible, predicted_there / caught
        caught_before = np.cumsum(before[order])
    recaptured = recapture_ratio((caught_before, caught), (before.sum(), hits.sum()))
    return pd.DataFrame(
        {
            "cells": np.arange(1, len(score) + 1),
            "area_share": share,
            "hits": caught.astype(np.int64),
            "possible": possible,
            "predicted": predicted_there,
            "hit_rate": rate,
            "pai": rate / share,
            "pei": pei,
            "predicted_over_observed": over_observed,
            "recapture_ratio": recaptured,
        }
    )


def most_caught(later: ArrayLike, area: ArrayLike, *, within: ArrayLike) -> Floats:
    """The most incidents that so much land can contain, its densest cells first.

    Parameters
    ----------
    later, area
        As for `accuracy`.
    within
        m areas.

    Returns
    -------
    m numbers of incidents; the last cell of each may be cut.
    """
    hits, land = (np.asarray(values, float) for values in (later, area))
    densest = np.argsort(-hits / land, kind="stable")
    covered, caught = np.cumsum(land[densest]), np.cumsum(hits[densest])
    reached: Floats = np.interp(
        np.asarray(within, float), np.append(0.0, covered), np.append(0.0, caught)
    )
    return reached


def compare_methods(
    methods: Mapping[str, ArrayLike],
    later: Mapping[str, ArrayLike],
    *,
    area: ArrayLike,
    area_shares: Sequence[float] = AREA_SHARES,
    earlier: ArrayLike | None = None,
    expected: Mapping[tuple[str, str], ArrayLike] | None = None,
) -> pd.DataFrame:
    """Compare methods with what came later, and with cells drawn by lot.

    Parameters
    ----------
    methods
        Scores of the n cells by the name of the method, all made from earlier incidents: the map,
        the counts of the last period, a density.
    later
        Incidents of the n cells by the name of the later period, which no method has used.
    area
        Area of each cell inside the mask, in any one unit.
    area_shares
        Shares of the land to take, from 0 to 1: as many whole cells as fit, at least one.
    earlier
        Incidents of the n cells in the period that the methods are made from.
    expected
        Incidents of the n cells that a method expects in a period, by the names of both, for
        methods that predict a number.

    Returns
    -------
    A row for each period, share and method, with `RANDOM` as the last method: `later`,
    `asked_share`, `method`, the columns of `accuracy`, and `n`: all later incidents. The values of
    `RANDOM` are expectations.

    Raises
    ------
    InputError
        If a share is not above 0 and at most 1, or a method has the name of the baseline.

    Source: as `accuracy`.
    """
    _refuse_shares(area_shares)
    if RANDOM in methods:
        raise InputError(f"{RANDOM!r} is the name of the baseline; choose another for the method")
    rows, predicted = [], expected or {}
    for period, counts in later.items():
        curves = {
            name: accuracy(
                scores, counts, area, earlier=earlier, expected=predicted.get((name, period))
            )
            for name, scores in methods.items()
        }
        for share in area_shares:
            indices = {name: at_share(curve, share) for name, curve in curves.items()}
            indices[RANDOM] = _by_chance(counts, area, share=share)
            common = {"later": period, "asked_share": share, "n": int(np.sum(counts))}
            rows += [common | {"method": name} | values for name, values in indices.items()]
    return pd.DataFrame(rows, columns=list(COMPARED)).astype({"cells": np.int64})


def _refuse_shares(area_shares: Sequence[float]) -> None:
    for share in area_shares:
        if not 0 < share <= 1:
            raise InputError(
                f"{share:g} is not a share of the land; choose one above 0 and up to 1"
            )


def at_share(curve: pd.DataFrame, share: float) -> dict[str, float]:
    """The indices where a share of the land is taken.

    Parameters
    ----------
    curve
        As `accuracy` returned it.
    share
        Of the land: as many whole cells as fit, at least one.

    Returns
    -------
    The row of the curve.
    """
    # A hair more, because shares add up with rounding errors.
    fit = int((curve["area_share"] <= share + 1e-9).sum())
    return dict(curve.iloc[max(fit, 1) - 1])


def _by_chance(later: ArrayLike, area: ArrayLike, *, share: float) -> dict[str, float]:
    """The expected indices of cells drawn by lot."""
    hits, land = np.asarray(later, float), np.asarray(area, float)
    best = most_caught(hits, land, within=share * land.sum(keepdims=True))[0]
    known = hits.sum() > 0
    return {
        "cells": round(share * len(hits)),
        "area_share": share,
        "hits": share * hits.sum(),
        "possible": best,
        "predicted": np.nan,
        "hit_rate": share if known else np.nan,
        "pai": 1.0 if known else np.nan,
        "pei": share * hits.sum() / best if known else np.nan,
        "predicted_over_observed": np.nan,
        "recapture_ratio": 1.0 if known else np.nan,
    }


def recapture_ratio(
    hot: tuple[ArrayLike, ArrayLike], everywhere: tuple[float, float]
) -> NDArray[np.float64]:
    """How well hotspots keep their incidents: (hot₂ / hot₁) / (all₂ / all₁).

    Parameters
    ----------
    hot
        Incidents in the hotspots, in the earlier and the later period; arrays for many choices at
        once.
    everywhere
        Incidents in the study area in both.

    Returns
    -------
    1 where the hotspots changed like the rest; NaN where a period has no incidents.

    Source: Levine 2008, who calls it the recapture rate index.
    """
    (hot_1, hot_2), (all_1, all_2) = (np.asarray(pair, float) for pair in (hot, everywhere))
    known = (hot_1 > 0) & (all_1 > 0) & (all_2 > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, (hot_2 / hot_1) / (all_2 / all_1), np.nan)
