"""How an area fares: its value against the whole without it, and against an earlier one.

There are no ranks: of areas alike in truth one is always first. An area is held against all that
lies outside it, and called better or worse only where chance would seldom give such a difference
to any area of the whole table.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.judging import FEWEST, NO_EARLIER, NO_OTHERS, TOO_FEW
from geo.measures.ratios import (
    Means,
    Ratios,
    mean_ratios,
    means_of_others,
    rate_ratios,
    share_ratios,
)

Floats = NDArray[np.float64]
Method = Literal["rate", "share", "mean"]

ADJUSTED: Final = 0.02
"""A rate that differs from its own counts by more than this share of it was adjusted, for age say:
its counts do not say how sure it is."""

NO_VALUE: Final = "not known"
NO_DENOMINATOR: Final = "no denominator is known, so there is no rate to compare"
NO_LIMITS: Final = "published without limits, so nobody can say how sure it is"
NO_WEIGHTS: Final = "published without denominators, so the rest of the areas has no value"
NO_WHOLE: Final = "the rest of the study area has no published mean to compare it with"
NO_REST: Final = "it is not known of the rest of the study area"
AMOUNTS: Final = "amounts of money and hours are decided, not left to chance: there is no test"

FIGURES: Final = ("value", "numerator", "denominator", "lower", "upper")
"""Columns of what is known of areas; empty where it is not."""


def method_of(kind: str, figures: pd.DataFrame, *, multiplier: float) -> Method | None:
    """By which method the values of a measure can be compared.

    Parameters
    ----------
    kind
        Of the measure: count, rate, share, mean, money or hours.
    figures
        `FIGURES` of its areas.
    multiplier
        Of its rate: 1,000 for a rate per 1,000.

    Returns
    -------
    A rate that was adjusted is compared as a mean is, by its published limits; None for amounts.
    """
    if kind in ("money", "hours"):
        return None
    if kind == "mean":
        return "mean"
    crude = (
        multiplier * figures["numerator"] / figures["denominator"].where(figures["denominator"] > 0)
    )
    apart = (
        (figures["value"] - crude).abs() / figures["value"].abs().where(lambda v: v > 0)
    ).median()
    if kind != "count" and (
        apart > ADJUSTED or (crude.isna().all() and _has_limits(figures).any())
    ):
        return "mean"
    return "share" if kind == "share" else "rate"


def against_rest(
    method: Method | None,
    figures: pd.DataFrame,
    *,
    multiplier: float = 1.0,
    whole: tuple[float, float] | None = None,
    dispersion: float = 1.0,
    freedom: float = np.inf,
) -> pd.DataFrame:
    """Hold each area against the whole without it.

    Parameters
    ----------
    method
        As `method_of` chooses it.
    figures
        `FIGURES` of n areas of one period.
    multiplier
        Of a rate or share.
    whole
        Numerator and denominator of the whole, where the areas are only part of it or overlap; the
        sums of those known where not given.
    dispersion
        Variance over mean of the counts, at least 1.
    freedom
        Degrees of freedom of an estimated dispersion; few widen the test.

    Returns
    -------
    n rows: `rest` (the value of the whole without the area), `ratio`, `lower`, `upper`, `p`, and
    `why` where these are empty.
    """
    own = tuple(figures[name].to_numpy(float) for name in ("numerator", "denominator"))
    if method is None:
        return _nothing(figures, AMOUNTS)
    if method == "mean":
        # The whole has no limits of its own.
        return _mean_against_rest(figures) if whole is None else _nothing(figures, NO_WHOLE)
    known = ~np.isnan(own[0]) & (own[1] > 0)
    if not known.any():
        unknown = figures["value"].isna().all() and np.isnan(own[0]).all()
        return _nothing(figures, NO_VALUE if unknown else NO_DENOMINATOR)
    total = whole or tuple(float(part[known].sum()) for part in own)
    rest = tuple(
        np.maximum(all_of - np.where(known, part, 0.0), 0.0)
        for all_of, part in zip(total, own, strict=True)
    )
    if method == "share":
        ratios = share_ratios((own[0], own[1]), (rest[0], rest[1]))
    else:
        ratios = rate_ratios(
            (own[0], own[1]), (rest[0], rest[1]), dispersion=dispersion, freedom=freedom
        )
    why = np.select(
        [
            np.isnan(own[0]),
            ~known,
            np.isnan(rest[1]),
            rest[1] <= 0,
            np.minimum(own[0], rest[0]) < FEWEST,
        ],
        [NO_VALUE, NO_DENOMINATOR, NO_REST, NO_OTHERS, TOO_FEW],
        "",
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(known & (rest[1] > 0), multiplier * rest[0] / rest[1], np.nan)
    return _frame(_named(figures, "rest", value), ratios, why)


def _mean_against_rest(figures: pd.DataFrame) -> pd.DataFrame:
    value, weight = (figures[name].to_numpy(float) for name in ("value", "denominator"))
    own = Means(value, *(figures[name].to_numpy(float) for name in ("lower", "upper")))
    others = means_of_others(own, weight)
    has_limits = _has_limits(figures)
    why = np.select(
        [
            np.isnan(value),
            ~has_limits,
            ~(weight > 0),
            weight < FEWEST,
            np.isnan(others.value),
        ],
        [NO_VALUE, NO_LIMITS, NO_WEIGHTS, TOO_FEW, NO_OTHERS],
        "",
    )
    return _frame(_named(figures, "rest", others.value), mean_ratios(own, others), why)


def against_before(
    method: Method | None,
    figures: pd.DataFrame,
    before: pd.DataFrame,
    *,
    dispersion: float = 1.0,
    freedom: float = np.inf,
) -> pd.DataFrame:
    """Hold each area against itself in an earlier period.

    Parameters
    ----------
    method
        As `method_of` chooses it.
    figures, before
        `FIGURES` of n areas, in the same order, of the period and of the earlier one. Periods of
        unequal length need denominators that say so.
    dispersion
        Variance over mean of the counts, at least 1.
    freedom
        Degrees of freedom of an estimated dispersion; few widen the test.

    Returns
    -------
    n rows: `before` (its value then), `ratio`, `lower`, `upper`, `p`, and `why` where these are
    empty.
    """
    value = before["value"].to_numpy(float)
    earlier = _named(figures, "before", value)
    if method is None:
        why = np.full(len(figures), AMOUNTS)
        return _frame(earlier, _no_ratios(len(figures)), why)
    now, then = (
        [frame[name].to_numpy(float) for name in ("numerator", "denominator")]
        for frame in (figures, before)
    )
    unknown = [
        figures["value"].isna().to_numpy() & np.isnan(now[0]),
        np.isnan(value) & np.isnan(then[0]),
    ]
    if method == "mean":
        own, other = (
            Means(*(frame[name].to_numpy(float) for name in ("value", "lower", "upper")))
            for frame in (figures, before)
        )
        limits = _has_limits(figures) & _has_limits(before)
        why = np.select([*unknown, ~limits], [NO_VALUE, NO_EARLIER, NO_LIMITS], "")
        return _frame(earlier, mean_ratios(own, other), why)
    if method == "share":
        ratios = share_ratios((now[0], now[1]), (then[0], then[1]))
    else:
        ratios = rate_ratios(
            (now[0], now[1]), (then[0], then[1]), dispersion=dispersion, freedom=freedom
        )
    why = np.select(
        [*unknown, ~((now[1] > 0) & (then[1] > 0)), np.minimum(now[0], then[0]) < FEWEST],
        [NO_VALUE, NO_EARLIER, NO_DENOMINATOR, TOO_FEW],
        "",
    )
    return _frame(earlier, ratios, why)


def month_dispersion(counts: ArrayLike) -> float:
    """Variance over mean of the counts of areas by month, each around its area's own mean.

    Seasons, and campaigns that all areas share, count as ordinary variation: an area is compared
    with itself. `geo.hotspots.dispersion` leaves out what all months share, for areas that are
    compared with others.

    Parameters
    ----------
    counts
        n × m: whole numbers of n areas in m months.

    Returns
    -------
    At least 1, which is also said of fewer than two months or no incident.

    Source: McCullagh & Nelder 1989, section 4.5; squares and means are summed before they are
    divided, so that busy areas decide.
    """
    table = np.asarray(counts, float)
    months = table.shape[1]
    if months < 2 or not table.sum():
        return 1.0
    mean = table.mean(axis=1, keepdims=True)
    squared = ((table - mean) ** 2).sum() / (months - 1)
    return max(1.0, float(squared / mean.sum()))


def _has_limits(figures: pd.DataFrame) -> NDArray[np.bool_]:
    return (figures["lower"].notna() & figures["upper"].notna()).to_numpy(dtype=bool)


def _no_ratios(n: int) -> Ratios:
    return Ratios(*(np.full(n, np.nan) for _ in Ratios._fields))


def _nothing(figures: pd.DataFrame, why: str) -> pd.DataFrame:
    nothing = _named(figures, "rest", np.full(len(figures), np.nan))
    unknown = figures["value"].isna() & figures["numerator"].isna()
    reasons = np.where(unknown, NO_VALUE, why)
    return _frame(nothing, _no_ratios(len(figures)), reasons)


def _named(figures: pd.DataFrame, name: str, value: Floats) -> pd.Series:
    return pd.Series(value, index=figures.index, name=name)


def _frame(value: pd.Series, ratios: Ratios, why: NDArray[np.str_]) -> pd.DataFrame:
    """The columns of a comparison; where there is a reason, nothing is said beside it."""
    said = why == ""
    columns = {part: np.where(said, each, np.nan) for part, each in ratios._asdict().items()}
    table = pd.DataFrame({**columns, "why": why.astype(object)}, index=value.index)
    return pd.concat([value, table], axis=1)
