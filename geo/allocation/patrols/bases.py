"""Candidate bases for patrols, compared by travel to the places and by the demand within reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from geo.allocation.facility_location import Sites, maximal_covering, p_median
from geo.allocation.needs import numbers
from geo.errors import InputError

Floats = NDArray[np.float64]

REACH_MINUTES = 15.0
"""A usual target of UK forces for an urgent response in towns."""

MOST_CANDIDATES = 500  # beyond, the p-median model takes minutes
MOST_BASES = 5  # bases that are chosen together: a neighbourhood team has few

TRAVEL, COVER = "travel", "cover"
"""Goals of a choice: the least demand-weighted travel, and the most demand within reach."""


@dataclass(frozen=True)
class BaseComparison:
    """Candidate bases, and the best choices among them.

    Attributes
    ----------
    candidates
        One row for each candidate, best first: `base_code`, `base_name`, `x`, `y` (metres),
        `rank` (by `minutes_mean`, ties by code), `minutes_mean` (travel to a place, weighted by
        demand), `minutes_most` (to the farthest place), `places_within` and `covered_share` (the
        places, and the share of their demand, within reach), `chosen_travel` and `chosen_cover`
        (for which numbers of bases the candidate is in the best choice by that goal: `1, 3`).
    choices
        One row for each number of bases and goal: `bases`, `goal`, `base_codes`, `minutes_mean`
        and `covered_share` of the choice, and `proven`: whether no other choice is better.
    """

    candidates: pd.DataFrame
    choices: pd.DataFrame

    @property
    def best(self) -> tuple[float, float]:
        """X and y of the base with the least demand-weighted travel."""
        first = self.candidates.iloc[0]
        return float(first["x"]), float(first["y"])


def compare_bases(
    places: pd.DataFrame,
    bases: pd.DataFrame,
    minutes: ArrayLike,
    *,
    reach: float = REACH_MINUTES,
    most: int = 1,
    seconds: float = 10.0,
) -> BaseComparison:
    """Compare candidate bases by how well they serve places.

    Parameters
    ----------
    places
        The n places, with a column `demand`, indexed by what messages call them.
    bases
        The m candidates: `base_code`, `base_name`, `x`, `y` (metres), in any order.
    minutes
        n × m minutes of travel between a place and a candidate.
    reach
        Minutes within which a place counts as covered.
    most
        Choices are made of 1, 2 … bases, up to so many, `MOST_BASES` and m.
    seconds
        How long the solver may work, in seconds of a processor, for each choice.

    Returns
    -------
    The candidates with their ranks, and the best choices.

    Raises
    ------
    InputError
        If there are no candidates or too many, a code is repeated, or the places have no demand.

    Source: ReVelle & Swain 1970 (p-median); Church & ReVelle 1974 (maximal covering).
    """
    _check_candidates(bases)
    # By code, so that ties are broken by it here and in the models.
    order = np.argsort(bases["base_code"].to_numpy(str), kind="stable")
    table = bases.iloc[order].reset_index(drop=True)
    travel = np.asarray(minutes, float)[:, order]
    demand = numbers(places, "demand", of="place")
    if not demand.sum() > 0:
        raise InputError("the places have no demand, so no base serves them better than another")
    within = travel <= reach + 1e-9
    table["minutes_mean"] = demand @ travel / demand.sum()
    table["minutes_most"] = travel.max(axis=0)
    table["places_within"] = within.sum(axis=0)
    table["covered_share"] = demand @ within / demand.sum()
    choices = [
        (goal, sites)
        for number in range(1, min(most, MOST_BASES, len(table)) + 1)
        for goal, sites in _best(demand, travel, within, number=number, seconds=seconds)
    ]
    for goal in (TRAVEL, COVER):
        chosen = [sites.chosen for own, sites in choices if own == goal]
        table[f"chosen_{goal}"] = [
            ", ".join(str(len(sites)) for sites in chosen if at in sites)
            for at in range(len(table))
        ]
    codes = table["base_code"].to_numpy(str)
    rows = [
        {
            "bases": len(sites.chosen),
            "goal": goal,
            "base_codes": " + ".join(codes[list(sites.chosen)]),
            "minutes_mean": _mean_minutes(demand, travel, sites.chosen),
            "covered_share": _covered_share(demand, within, sites.chosen),
            "proven": sites.optimal,
        }
        for goal, sites in choices
    ]
    return BaseComparison(_ranked(table), pd.DataFrame(rows))


def _check_candidates(bases: pd.DataFrame) -> None:
    if not len(bases):
        raise InputError("there are no candidate bases; give a layer or file with at least one")
    if len(bases) > MOST_CANDIDATES:
        raise InputError(
            f"there are {len(bases):,} candidate bases; give at most {MOST_CANDIDATES}"
        )
    repeated = bases["base_code"][bases["base_code"].duplicated()]
    if len(repeated):
        raise InputError(
            f"the base {repeated.iloc[0]} is listed twice; give each base a code of its own"
        )


def _best(
    demand: Floats, travel: Floats, within: NDArray[np.bool_], *, number: int, seconds: float
) -> list[tuple[str, Sites]]:
    """The best choice of so many bases by each goal."""
    if number == 1:
        # One base needs no solver. Rounded, so that equal sums are not ordered by their last bit:
        # of bases that cover as much the nearest is taken, and of equals the first by code.
        minutes, covered = (demand @ travel).round(9), (demand @ within).round(9)
        nearest, widest = int(minutes.argmin()), int(np.lexsort([minutes, -covered])[0])
        return [
            (TRAVEL, Sites((nearest,), minutes[nearest], minutes[nearest], optimal=True)),
            (COVER, Sites((widest,), covered[widest], covered[widest], optimal=True)),
        ]
    return [
        (TRAVEL, p_median(demand, travel, sites=number, seconds=seconds)),
        (COVER, maximal_covering(demand, within, sites=number, seconds=seconds)),
    ]


def _mean_minutes(demand: Floats, travel: Floats, chosen: Iterable[int]) -> float:
    """Minutes to the nearest chosen base, weighted by demand."""
    return float(demand @ travel[:, list(chosen)].min(axis=1) / demand.sum())


def _covered_share(demand: Floats, within: NDArray[np.bool_], chosen: Iterable[int]) -> float:
    return float(demand @ within[:, list(chosen)].any(axis=1) / demand.sum())


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    order = np.argsort(table["minutes_mean"].to_numpy().round(9), kind="stable")
    ranked = table.iloc[order].reset_index(drop=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    columns = ["base_code", "base_name", "x", "y", "rank", "minutes_mean", "minutes_most",
               "places_within", "covered_share", "chosen_travel", "chosen_cover"]  # fmt: skip
    return ranked[columns]
