"""Electoral equality: electors per member, compared with the council's average."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import InputError

Floats = NDArray[np.float64]

# The triggers of an electoral review by the Local Government Boundary Commission for England
# (LGBCE, "Electoral reviews: technical guidance"): more than 30 % of wards beyond ±10 %, or one
# beyond ±30 %.
NOTABLE, EXTREME = 0.10, 0.30
"""Variances beyond which an area counts towards a review, and triggers one alone."""
NOTABLE_SHARE = 0.30
"""A review is triggered if more than this share of areas is beyond `NOTABLE`."""

_ROUNDING = 1e-9  # exactly ten per cent, computed in floats, must not be beyond ten per cent


@dataclass(frozen=True)
class ReviewTriggers:
    """Whether a council's variances trigger a review.

    Attributes
    ----------
    areas
        How many areas have a variance.
    notable, extreme
        How many are beyond ±10 %, and beyond ±30 %.
    """

    areas: int
    notable: int
    extreme: int

    @property
    def review(self) -> bool:
        """More than 30 % of areas beyond ±10 %, or any beyond ±30 %."""
        return self.extreme > 0 or self.notable > NOTABLE_SHARE * self.areas


def council_average(electors: ArrayLike, members: ArrayLike, *, unassigned: float = 0.0) -> float:
    """Electors per member of the whole council.

    Parameters
    ----------
    electors, members
        Of each area, shape (areas,); areas with 0 members (none, or unknown) are left out.
    unassigned
        Electors in no area yet, so that a partial plan has the same average as a complete one.

    Returns
    -------
    Electors per member; NaN if there are no members.
    """
    voters, seats = np.asarray(electors, float), np.asarray(members, float)
    elects = seats > 0
    total = seats[elects].sum()
    return float((voters[elects].sum() + unassigned) / total) if total else math.nan


def electoral_variance(
    electors: ArrayLike, members: ArrayLike, *, average: float | None = None
) -> dict[str, Floats]:
    """How far each area's electors per member are from the council's average.

    Parameters
    ----------
    electors, members
        Of each area, shape (areas,).
    average
        Electors per member of the council; None for the average of these areas.

    Returns
    -------
    Columns of shape (areas,), by name: `per_member`, `variance` (0.1 is ten per cent above),
    `variance_percent` (whole per cent, as reviews print it) and `beyond` (10, 30, or 0 if within
    both). NaN, and 0, for areas without members.

    Raises
    ------
    InputError
        If electors or members are negative.

    References
    ----------
    Local Government Boundary Commission for England, "Electoral reviews: technical guidance".
    """
    voters, seats = np.asarray(electors, float), np.asarray(members, float)
    if (voters < 0).any() or (seats < 0).any():
        raise InputError("electors and members cannot be negative; correct the figures")
    mean = council_average(voters, seats) if average is None else average
    with np.errstate(divide="ignore", invalid="ignore"):
        per_member = np.where(seats > 0, voters / seats, np.nan)
        variance = per_member / mean - 1.0
    beyond = np.where(_beyond(variance, EXTREME), 30, np.where(_beyond(variance, NOTABLE), 10, 0))
    return {
        "per_member": per_member,
        "variance": variance,
        "variance_percent": whole_percent(variance),
        "beyond": beyond,
    }


def review_triggers(variance: ArrayLike) -> ReviewTriggers:
    """Count the areas beyond the limits; areas with a variance of NaN are left out."""
    values = np.asarray(variance, float)
    notable, extreme = (int(_beyond(values, limit).sum()) for limit in (NOTABLE, EXTREME))
    return ReviewTriggers(int(np.isfinite(values).sum()), notable, extreme)


def whole_percent(variance: ArrayLike) -> Floats:
    """Shares as whole per cent, rounded half away from zero as reviews do; NaN stays NaN."""
    percent = 100.0 * np.asarray(variance, float)
    # Adding 0 turns −0 into 0: no report prints "-0 %".
    return np.sign(percent) * np.floor(np.abs(percent) + 0.5) + 0.0


def _beyond(variance: Floats, limit: float) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return np.abs(variance) > limit + _ROUNDING
