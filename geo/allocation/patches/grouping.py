"""Patches: contiguous groups of areas under one officer, with balanced workloads.

Up to about twenty areas every plan is enumerated. Beyond, annealing finds a plan, and either an
average proves that none is better, or the solver searches all groups that could be patches.
Where these are too many, the plan is given with the gap to a proven bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.allocation.adjacency import Contiguity
from geo.allocation.needs import numbers
from geo.allocation.patches.annealing import annealed, balance_bound
from geo.allocation.patches.enumeration import MOST_AREAS, TooManyPlansError, enumerate_plans
from geo.allocation.patches.infeasible import plain_faults, refusal
from geo.allocation.patches.measures import (
    SAME,
    measures,
    short_list,
    verify_patches,
    worst_imbalance,
)
from geo.allocation.patches.partitioning import Partitioning
from geo.allocation.patches.problem import PatchProblem, PatchRules
from geo.allocation.solver import require_sound
from geo.errors import InputError

Ints = NDArray[np.int64]

SECONDS = 5.0
MOST_CHOICES = 8  # more rows than a meeting can compare


@dataclass(frozen=True)
class PatchAnswer:
    """A short list of plans to choose from.

    Attributes
    ----------
    plans
        One row for each plan, the best balanced first: `plan` (1, 2 …), `groups`, the measures of
        `measures.measures`, `method` (`enumeration`, `partitioning` or `annealing`), `bound` (no
        plan of so many patches has a lower worst imbalance), `gap` (the lowest worst imbalance
        less the bound), `optimal` (this plan's balance is proven best) and `examined` (the number
        of plans enumerated; empty where not all were).
    assignment
        One row for each plan and area: `plan`, `patch` (1, 2 … by lowest area code), `area_code`,
        `area_name`, `workload`, and with today's patches `today`.
    """

    plans: pd.DataFrame
    assignment: pd.DataFrame


@dataclass(frozen=True)
class _PlanSet:
    """Plans of one number of patches, and the bound of all others."""

    plans: list[Ints]
    bound: float
    method: str
    examined: int | None = None


def plan_patches(
    areas: pd.DataFrame,
    contiguity: Contiguity,
    *,
    rules: PatchRules,
    seed: int = 1,
    seconds: float = SECONDS,
    most: int = MOST_CHOICES,
) -> PatchAnswer:
    """Group areas into contiguous patches, as evenly as the limits allow.

    Parameters
    ----------
    areas
        Indexed by area code, in any order, with `area_name`, `workload`, `members` where the
        rules limit them, and `today` where there are patches now.
    contiguity
        Of the same areas.
    rules
        The limits. If they leave the number of patches open, limits on size are answered for
        every number that works, and a limit on members alone for the fewest patches.
    seed
        Of the annealing.
    seconds
        How long the solver may work, in seconds of a processor, for each number of patches.
    most
        The number of plans to choose from, for each number of patches.

    Returns
    -------
    The plans, and the patch of each area in each.

    Raises
    ------
    InfeasiblePatchesError
        If no plan keeps the limits: with the numbers that work, the smallest relaxation and the
        areas that are the cause.
    InputError
        If a column is missing or faulty, or the contiguity is of other areas.

    Source: set partitioning as in Garfinkel & Nemhauser 1970; Kirkpatrick et al. 1983 (annealing).
    """
    table = _ordered(areas, contiguity)
    problem = _problem(table, contiguity, rules)
    if plain_faults(problem).reasons:
        raise refusal(problem, seconds=seconds)
    plans, rows = [], []
    for groups in problem.group_counts():
        fixed = replace(problem, rules=replace(rules, groups=groups))
        plan_set = _plans_of(fixed, groups=groups, seed=seed, seconds=seconds)
        if plan_set is None:
            continue
        judged = _judged(fixed, plan_set, most=most)
        plans += [plan_set.plans[row] for row in judged.index]
        rows.append(judged)
        # Without limits on size the fewest patches answer the question: more need more officers.
        if rules.size is None:
            break
    if not plans:
        raise refusal(problem, seconds=seconds)
    listed = pd.concat(rows, ignore_index=True)
    listed.insert(0, "plan", np.arange(1, len(listed) + 1))
    return PatchAnswer(listed, _assignment(table, plans))


def _ordered(areas: pd.DataFrame, contiguity: Contiguity) -> pd.DataFrame:
    """The areas in the order of the contiguity, which is that of their codes."""
    table = areas.sort_index()
    if tuple(str(code) for code in table.index) != contiguity.codes:
        raise InputError("the neighbours are of other areas than these; find them anew")
    return table


def _problem(table: pd.DataFrame, contiguity: Contiguity, rules: PatchRules) -> PatchProblem:
    workload = numbers(table, "workload")
    if not workload.sum() > 0:
        raise InputError("workload is 0 in every area, so there is nothing to balance")
    members = np.zeros(len(table), np.int64)
    if rules.members is not None:
        column = numbers(table, "members")
        if (column % 1 != 0).any():
            raise InputError("members must be whole numbers")
        members = column.astype(np.int64)
    today = None
    if "today" in table.columns:
        today = pd.factorize(table["today"], use_na_sentinel=False)[0].astype(np.int64)
    names = tuple(table["area_name"].astype(str))
    return PatchProblem(contiguity, workload, members, rules, today, names)


def _plans_of(problem: PatchProblem, *, groups: int, seed: int, seconds: float) -> _PlanSet | None:
    """Good plans of so many patches, None where there is none."""
    if plain_faults(problem).reasons:
        return None
    if len(problem) <= MOST_AREAS and problem.candidates is not None:
        try:
            every = enumerate_plans(problem, groups=groups)
        except TooManyPlansError:
            pass
        else:
            if not len(every.plans):
                return None
            bound = float(every.table["worst_imbalance"].min())
            return _PlanSet(every.front(len(problem)), bound, "enumeration", len(every.plans))
    return _searched(problem, groups=groups, seed=seed, seconds=seconds)


def _searched(problem: PatchProblem, *, groups: int, seed: int, seconds: float) -> _PlanSet | None:
    """Plans by annealing, then by proof where the groups that matter can be listed."""
    plans = annealed(problem, groups=groups, seed=seed)
    worst = worst_imbalance(problem, plans[0]) if plans else np.inf
    bound = balance_bound(problem, groups=groups)
    masks = problem.candidates
    if masks is None and plans and worst > bound + SAME:
        masks = problem.candidates_near(groups=groups, within=worst)
    if masks is None:
        if not plans:
            raise InputError(
                f"no {groups} patches of {problem.rules} were found among {len(problem)} areas, "
                "and there are too many groups to prove that none exist; loosen the limits"
            )
        return _PlanSet(plans, bound, "annealing")
    model = Partitioning(problem, groups, masks, seconds=seconds)
    best, proven = (plans[0], bound) if worst <= bound + SAME else model.best(*plans[:1])
    if best is None and np.isfinite(proven):
        raise InputError(
            f"no {groups} patches of {problem.rules} were found in {seconds:g} seconds of "
            "computing, and none were ruled out; allow more time"
        )
    if best is None:
        return None
    plans = [best, *plans, *model.others(worst_imbalance(problem, best))]
    return _PlanSet(plans, max(bound, proven), "partitioning")


def _judged(problem: PatchProblem, plan_set: _PlanSet, *, most: int) -> pd.DataFrame:
    """The short list of the plans found; its index says which plans they are."""
    table = measures(problem, plan_set.plans)
    table = table.loc[short_list(table, most=most)]
    for row in table.index:
        require_sound(verify_patches(problem, plan_set.plans[row]))
    best = float(table["worst_imbalance"].min())
    if problem.today is None:
        table = table.drop(columns="changes")
    table["method"], table["bound"] = plan_set.method, plan_set.bound
    table["gap"] = best - plan_set.bound if best > plan_set.bound + SAME else 0.0
    table["optimal"] = table["worst_imbalance"] <= plan_set.bound + SAME
    table["examined"] = pd.array([plan_set.examined] * len(table), dtype="Int64")
    return table


def _assignment(table: pd.DataFrame, plans: Sequence[Ints]) -> pd.DataFrame:
    rows = []
    for number, plan in enumerate(plans, start=1):
        row = pd.DataFrame(
            {
                "plan": number,
                "patch": plan + 1,
                "area_code": table.index,
                "area_name": table["area_name"].to_numpy(),
                "workload": table["workload"].to_numpy(),
            }
        )
        rows.append(row.assign(today=table["today"].to_numpy()) if "today" in table else row)
    return pd.concat(rows, ignore_index=True)
