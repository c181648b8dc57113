"""Electoral equality: electors a member, against the council's own average."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]

NOTABLE, EXTREME = 0.10, 0.30
"""Variances beyond which an area counts towards a review, and calls for one by itself."""
NOTABLE_SHARE = 0.30
"""A review is called for when more than this share of areas lies beyond `NOTABLE`."""
_ROUNDING = 1e-9  # so that exactly ten per cent, reckoned in floats, is not beyond ten per cent


@dataclass(frozen=True)
class ReviewTriggers:
    """Whether the variances of a council call for a review, if they will not correct themselves.

    Attributes
    ----------
    areas
        How many areas have a variance.
    notable, extreme
        How many lie beyond ±10 %, and beyond ±30 %.
    """

    areas: int
    notable: int
    extreme: int

    @property
    def review(self) -> bool:
        """More than 30 % of areas beyond ±10 %, or any beyond ±30 %."""
        return self.extreme > 0 or self.notable > NOTABLE_SHARE * self.areas


def council_average(electors: ArrayLike, members: ArrayLike, *, unassigned: float = 0.0) -> float:
    """Electors a member of the whole council.

    Parameters
    ----------
    electors, members
        Of each area; areas without members (none, or not known) are left out.
    unassigned
        Electors who are in no area yet but will be: so a partial plan is measured against the
        same average as the whole one.

    Returns
    -------
    Electors a member, NaN where there are no members.
    """
    e, c = np.asarray(electors, float), np.asarray(members, float)
    elects = c > 0
    total = c[elects].sum()
    return float((e[elects].sum() + unassigned) / total) if total else math.nan


def electoral_variance(
    electors: ArrayLike, members: ArrayLike, *, average: float | None = None
) -> pd.DataFrame:
    """How far each area's electors a member lie from the council's average.

    Parameters
    ----------
    electors, members
        Of each area.
    average
        Electors a member of the council, where the areas are not the whole of it; else that of
        the areas themselves.

    Returns
    -------
    One row an area, in the order given: `per_member`, `variance` (0.1 is ten per cent above),
    `variance_percent` (whole per cent, as reviews print it) and `beyond` (10, 30, or 0 where
    neither is passed). NaN, and 0, for areas without members.

    Raises
    ------
    InputError
        If electors or members are negative.

    Source: the technical guidance of the Local Government Boundary Commission for England.
    """
    return pd.DataFrame(variance_columns(electors, members, average=average))


def variance_columns(
    electors: ArrayLike, members: ArrayLike, *, average: float | None = None
) -> dict[str, Floats]:
    """The columns of `electoral_variance` without a frame around them: ten times as fast."""
    e, c = np.asarray(electors, float), np.asarray(members, float)
    if (e < 0).any() or (c < 0).any():
        raise InputError("electors and members cannot be negative")
    whole = council_average(e, c) if average is None else average
    with np.errstate(divide="ignore", invalid="ignore"):
        per_member = np.where(c > 0, e / c, np.nan)
        variance = per_member / whole - 1.0
    beyond = np.where(_beyond(variance, EXTREME), 30, np.where(_beyond(variance, NOTABLE), 10, 0))
    return {
        "per_member": per_member,
        "variance": variance,
        "variance_percent": whole_percent(variance),
        "beyond": beyond,
    }


def review_triggers(variance: ArrayLike) -> ReviewTriggers:
    """Count the areas that lie too far from the average; NaN is no area."""
    v = np.asarray(variance, float)
    notable, extreme = (int(_beyond(v, limit).sum()) for limit in (NOTABLE, EXTREME))
    return ReviewTriggers(int(np.isfinite(v).sum()), notable, extreme)


def whole_percent(variance: ArrayLike) -> Floats:
    """Shares as whole per cent, halves away from nought, as they are printed; NaN stays NaN."""
    v = 100.0 * np.asarray(variance, float)
    # Adding nought turns −0 into 0, which no report prints with a sign.
    return np.sign(v) * np.floor(np.abs(v) + 0.5) + 0.0


def _beyond(variance: Floats, limit: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(variance) > limit + _ROUNDING)
