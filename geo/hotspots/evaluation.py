"""Evaluation: how well a map foretold what came after it.

Cells are taken by falling score until they cover a share of the land; what the later incidents
in them are worth is told by the usual indices. Where scores tie, the cell with fewer later
incidents is taken first: a method gets no credit for an order that it did not give.

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
    "later", "asked_share", "method", "cells", "area_share", "hits", "n", "hit_rate", "pai", "pei",
    "predicted_over_observed", "recapture_ratio",
)  # fmt: skip
"""Columns of a comparison of methods."""

AREA_SHARES: Final = (0.01, 0.02, 0.05, 0.1)
"""Shares of the land at which methods are compared."""

RANDOM: Final = "random"
"""The name of the method that knows nothing: its hit rate is the share of the land."""


def accuracy(
    scores: ArrayLike,
    later: ArrayLike,
    area: ArrayLike,
    *,
    earlier: ArrayLike | None = None,
    expected: ArrayLike | None = None,
) -> pd.DataFrame:
    """The indices of a map as more and more of its cells are taken.

    Parameters
    ----------
    scores
        What a method gives each of n cells; the highest are taken first.
    later
        Incidents in each cell in a later period.
    area
        Area of each cell inside the mask, in any one unit.
    earlier
        Incidents in each cell in the period that the method was made of.
    expected
        Incidents that the method expects in each cell in the later period.

    Returns
    -------
    A row for each number of cells: `cells`, `area_share`, `hits` (later incidents in them),
    `hit_rate`, `pai` = hit rate / area share, `pei` = PAI / the best PAI that any choice of the
    same area could have, `predicted_over_observed` (NaN where nothing is `expected`) and
    `recapture_ratio` (NaN where nothing is known of `earlier`). With cells of unequal area the
    best choice may cut its last cell, so PEI is never flattered. NaN where there are no later
    incidents.
    """
    score, hits, land = (np.asarray(values, float) for values in (scores, later, area))
    unknown = np.full(len(score), np.nan)
    before, foretold = (
        unknown if values is None else np.asarray(values, float) for values in (earlier, expected)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        order = np.lexsort([hits / land, -score])
        caught, covered = np.cumsum(hits[order]), np.cumsum(land[order])
        share, rate = covered / land.sum(), caught / hits.sum()
        pei = caught / _most_caught(hits, land, within=covered)
        predicted = np.cumsum(foretold[order]) / caught
        held = np.cumsum(before[order])
    recaptured = recapture_ratio((held, caught), (before.sum(), hits.sum()))
    return pd.DataFrame(
        {
            "cells": np.arange(1, len(score) + 1),
            "area_share": share,
            "hits": caught.astype(np.int64),
            "hit_rate": rate,
            "pai": rate / share,
            "pei": pei,
            "predicted_over_observed": predicted,
            "recapture_ratio": recaptured,
        }
    )


def _most_caught(hits: Floats, land: Floats, *, within: Floats) -> Floats:
    """The most incidents that so much land can hold, its densest cells first."""
    densest = np.argsort(-hits / land, kind="stable")
    covered, caught = np.cumsum(land[densest]), np.cumsum(hits[densest])
    reached = np.interp(within, np.append(0.0, covered), np.append(0.0, caught))
    return np.asarray(reached)


def compare_methods(
    methods: Mapping[str, ArrayLike],
    later: Mapping[str, ArrayLike],
    *,
    area: ArrayLike,
    area_shares: Sequence[float] = AREA_SHARES,
    earlier: ArrayLike | None = None,
    expected: Mapping[tuple[str, str], ArrayLike] | None = None,
) -> pd.DataFrame:
    """Hold methods against what came later, and against knowing nothing.

    Parameters
    ----------
    methods
        Scores of the n cells by the name of the method, all made of earlier incidents: the map,
        the counts of the last period, a density.
    later
        Incidents of the n cells by the name of the later period, which no method has seen.
    area
        Area of each cell inside the mask, in any one unit.
    area_shares
        How much of the land is taken, from 0 to 1: as many whole cells as fit, at least one.
    earlier
        Incidents of the n cells in the period that the methods are made of.
    expected
        Incidents of the n cells that a method expects in a period, by the names of both, for
        methods that foretell a number.

    Returns
    -------
    A row for each period, asked share and method, with `RANDOM` as the last method: `later`,
    `asked_share`, `method`, the columns of `accuracy`, and `n`: all later incidents. `RANDOM` is
    told by its expectation.

    Raises
    ------
    InputError
        If a share is not above 0 and at most 1, or a method is called as the baseline is.
    """
    _refuse_shares(area_shares)
    if RANDOM in methods:
        raise InputError(f"{RANDOM!r} is the name of the baseline, call the method otherwise")
    rows, foretold = [], expected or {}
    for period, counts in later.items():
        curves = {
            name: accuracy(
                scores, counts, area, earlier=earlier, expected=foretold.get((name, period))
            )
            for name, scores in methods.items()
        }
        for asked in area_shares:
            found = {name: _at_share(curve, asked) for name, curve in curves.items()}
            found[RANDOM] = _by_chance(counts, area, share=asked)
            told = {"later": period, "asked_share": asked, "n": int(np.sum(counts))}
            rows += [told | {"method": name} | values for name, values in found.items()]
    return pd.DataFrame(rows, columns=list(COMPARED)).astype({"cells": np.int64})


def _refuse_shares(area_shares: Sequence[float]) -> None:
    for share in area_shares:
        if not 0 < share <= 1:
            raise InputError(f"{share:g} is no share of the land, choose one above 0 and up to 1")


def _at_share(curve: pd.DataFrame, share: float) -> dict[str, float]:
    # A hair more, for shares add up with rounding.
    fit = int((curve["area_share"] <= share + 1e-9).sum())
    return dict(curve.iloc[max(fit, 1) - 1])


def _by_chance(later: ArrayLike, area: ArrayLike, *, share: float) -> dict[str, float]:
    """What cells drawn by lot catch on average."""
    hits, land = np.asarray(later, float), np.asarray(area, float)
    best = _most_caught(hits, land, within=share * land.sum(keepdims=True))[0]
    known = hits.sum() > 0
    return {
        "cells": round(share * len(hits)),
        "area_share": share,
        "hits": share * hits.sum(),
        "hit_rate": share if known else np.nan,
        "pai": 1.0 if known else np.nan,
        "pei": share * hits.sum() / best if known else np.nan,
        "predicted_over_observed": np.nan,
        "recapture_ratio": 1.0 if known else np.nan,
    }


def recapture_ratio(
    hot: tuple[ArrayLike, ArrayLike], everywhere: tuple[float, float]
) -> NDArray[np.float64]:
    """How well hotspots hold their incidents: (hot₂ / hot₁) / (all₂ / all₁).

    Parameters
    ----------
    hot
        Incidents in the hotspots, in the earlier and the later period; of many choices at once
        where they are arrays.
    everywhere
        Incidents in the study area in both.

    Returns
    -------
    1 where the hotspots went along with the rest; NaN where a period has none.

    Source: Levine 2008, who calls it the recapture rate index.
    """
    (hot_1, hot_2), (all_1, all_2) = (np.asarray(pair, float) for pair in (hot, everywhere))
    known = (hot_1 > 0) & (all_1 > 0) & (all_2 > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(known, (hot_2 / hot_1) / (all_2 / all_1), np.nan)
