"""Enumeration finds every plan; the other methods find its best, or say how far they are."""

from dataclasses import replace
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.allocation.adjacency import contiguity, positions
from geo.allocation.patches import enumeration as patch_enumeration
from geo.allocation.patches import problem as patch_problem
from geo.allocation.patches.annealing import annealed, balance_bound
from geo.allocation.patches.enumeration import TooManyPlansError, enumerate_plans
from geo.allocation.patches.measures import (
    SAME,
    changes,
    masks_of,
    measures,
    numbered,
    pareto_front,
    short_list,
    verify_patches,
    worst_imbalance,
)
from geo.allocation.patches.partitioning import Partitioning
from geo.allocation.patches.problem import PatchProblem, PatchRules
from tests.geo.allocation.maps import graph_of, random_areas, slow_plans, squares

GRID_8 = ["".join(chr(0x100 + 8 * row + column) for column in range(8)) for row in range(8)]


def problem(areas, rules: PatchRules, *, today=None) -> PatchProblem:
    layer = contiguity(areas)
    return PatchProblem(
        layer, areas["workload"].to_numpy(), areas["members"].to_numpy(), rules, today
    )


def valid_plans(areas, case: PatchProblem) -> list[tuple[int, ...]]:
    plans = slow_plans(areas, case.rules.groups)
    return [plan for plan in plans if not verify_patches(case, np.array(plan))]


RULES = [
    PatchRules(groups=3),
    PatchRules(size=(2, 3), groups=3),
    PatchRules(size=(1, 4), members=5, groups=3),
    PatchRules(members=4, groups=4),
]


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_every_plan_is_found_once(seed, rules):
    areas = random_areas(8, seed=seed)
    case = problem(areas, rules)
    result = enumerate_plans(case, groups=rules.groups)
    plans = [tuple(numbered(row, 8).tolist()) for row in result.plans.tolist()]
    assert sorted(plans) == sorted(valid_plans(areas, case))


@pytest.mark.parametrize("seed", range(3))
def test_the_table_of_all_plans_is_what_each_measures_alone(seed):
    areas = random_areas(9, seed=seed)
    today = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2])
    case = problem(areas, PatchRules(groups=3), today=today)
    result = enumerate_plans(case, groups=3)
    plans = [numbered(row, 9) for row in result.plans.tolist()]
    alone = measures(case, plans)[result.table.columns.tolist()]
    pd.testing.assert_frame_equal(result.table, alone, check_dtype=False, atol=2e-9)


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("seed", range(6))
def test_partitioning_proves_the_best_of_all_plans(seed, rules):
    areas = random_areas(11, seed=seed)
    case = problem(areas, rules)
    every = enumerate_plans(case, groups=rules.groups)
    plan, bound = Partitioning(case, rules.groups, case.candidates).best()
    if not len(every.plans):
        assert plan is None
        assert bound == np.inf
        return
    best = every.table["worst_imbalance"].min()
    assert not verify_patches(case, plan)
    assert [worst_imbalance(case, plan), bound] == pytest.approx([best, best], abs=SAME)


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_annealing_keeps_the_limits_and_no_plan_is_below_the_bound(seed, rules):
    areas = random_areas(11, seed=seed)
    case = problem(areas, rules)
    every = enumerate_plans(case, groups=rules.groups)
    result = annealed(case, groups=rules.groups, seed=5, steps=20_000)
    assert all(not verify_patches(case, plan) for plan in result)
    if len(every.plans):
        best = every.table["worst_imbalance"].min()
        assert balance_bound(case, groups=rules.groups) <= best + 2e-9
        assert worst_imbalance(case, result[0]) <= best + 0.05


def test_annealing_finds_the_same_plans_from_the_same_seed():
    case = problem(random_areas(40, seed=2), PatchRules(groups=5))
    first, again = (annealed(case, groups=5, seed=9, steps=5_000) for _ in range(2))
    assert [plan.tolist() for plan in first] == [plan.tolist() for plan in again]


def test_a_start_that_is_known_saves_looking_and_changes_nothing():
    case = problem(random_areas(13, seed=8), PatchRules(size=(2, 4), groups=4))
    start = annealed(case, groups=4, seed=1, steps=5_000)[0]
    fresh, known = (
        Partitioning(case, 4, case.candidates).best(),
        Partitioning(case, 4, case.candidates).best(start),
    )
    worst = worst_imbalance(case, known[0])
    assert [fresh[1], known[1]] == pytest.approx([worst, worst], abs=SAME)


@pytest.mark.parametrize("seed", range(4))
def test_groups_near_a_fair_share_are_enough_to_prove_the_best(seed):
    case = problem(random_areas(13, seed=seed), PatchRules(groups=3))
    start = annealed(case, groups=3, seed=1, steps=200)[0]
    near = case.candidates_near(groups=3, within=worst_imbalance(case, start))
    assert len(near) < len(case.candidates)
    every = enumerate_plans(case, groups=3).table["worst_imbalance"]
    assert Partitioning(case, 3, near).best(start)[1] == pytest.approx(every.min(), abs=2e-9)


def test_without_time_there_is_the_start_and_an_honest_bound():
    case = problem(random_areas(13, seed=8), PatchRules(size=(2, 4), groups=4))
    best = Partitioning(case, 4, case.candidates).best()[1]
    plan, bound = Partitioning(case, 4, case.candidates, seconds=0).best()
    assert plan is None
    assert bound <= best
    assert Partitioning(case, 4, case.candidates, seconds=0).others(best) == []


def test_other_plans_keep_the_limits_too():
    areas = random_areas(14, seed=3)
    case = problem(areas, PatchRules(size=(2, 4), groups=5), today=np.arange(14) % 5)
    model = Partitioning(case, 5, case.candidates)
    others = model.others(model.best()[1])
    assert len(others) == 9
    assert all(not verify_patches(case, plan) for plan in others)
    cuts = measures(case, others)["cut_edges"]
    assert cuts.min() < cuts.iloc[0]


def test_more_plans_than_can_be_listed_are_given_up(monkeypatch):
    monkeypatch.setattr(patch_enumeration, "MOST_PLANS", 10)
    with pytest.raises(TooManyPlansError):
        enumerate_plans(problem(random_areas(10, seed=1), PatchRules(groups=4)), groups=4)


def test_more_groups_than_can_be_listed_are_given_up(monkeypatch):
    monkeypatch.setattr(patch_problem, "MOST_CANDIDATES", 10)
    assert problem(random_areas(10, seed=1), PatchRules(groups=4)).candidates is None


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), high=st.integers(1, 5))
def test_candidates_are_the_connected_groups_each_once(seed, high):
    case = problem(random_areas(9, seed=seed), PatchRules(size=(1, high)))
    graph = graph_of(case.contiguity)
    slow = {
        mask
        for mask in range(1, 1 << 9)
        if mask.bit_count() <= high and nx.is_connected(graph.subgraph(positions(mask)))
    }
    assert len(case.candidates) == len(slow)
    assert set(case.candidates) == slow


def grid_8() -> PatchProblem:
    areas = squares(*GRID_8).assign(workload=1.0, members=0)
    return problem(areas, PatchRules(groups=2))


def test_cut_edges_of_an_eight_by_eight_grid_are_the_published_ones():
    case = grid_8()
    row, column = (
        np.array([f(at) for at in range(64)]) for f in (lambda a: a // 8, lambda a: a % 8)
    )
    plans = [column // 4, 2 * (row // 4) + column // 4]
    assert measures(case, plans)["cut_edges"].tolist() == [8, 16]


def test_patches_are_numbered_by_their_lowest_area():
    assert numbered([0b1100, 0b0011], 4).tolist() == [0, 0, 1, 1]
    assert masks_of(np.array([0, 1, 0, 1])) == [0b0101, 0b1010]


def test_changes_are_counted_under_the_names_that_fit_best():
    today = np.array([0, 0, 0, 1, 1, 1])
    assert changes(np.array([1, 1, 1, 0, 0, 0]), today) == 0
    assert changes(np.array([0, 0, 1, 1, 1, 1]), today) == 1
    assert changes(np.array([0, 0, 0, 1, 1, 2]), today) == 1


def front_of(rows: list[tuple[float, float, int, int]]) -> list[bool]:
    names = ["worst_imbalance", "spread", "cut_edges", "changes"]
    return pareto_front(pd.DataFrame(rows, columns=names)).tolist()


def test_the_front_holds_what_nothing_beats_and_twins_once():
    rows = [
        (0.2, 0.2, 5, 1),
        (0.1, 0.3, 5, 1),
        (0.2, 0.2, 5, 1),
        (0.2, 0.3, 5, 1),
        (0.9, 0.9, 4, 9),
    ]
    assert front_of(rows) == [True, True, False, False, True]


def test_a_short_list_has_the_best_by_every_measure():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {name: rng.random(400) for name in ("worst_imbalance", "spread", "cut_edges", "changes")}
    )
    table["worst_imbalance"] /= 5  # all of them bearable
    chosen = short_list(table, most=6)
    assert len(chosen) == 6
    assert set(table.idxmin()) <= set(chosen)
    balance = table.loc[chosen, "worst_imbalance"].tolist()
    assert all(one <= other for one, other in pairwise(balance))


def test_a_plan_much_worse_than_need_be_is_listed_only_if_it_changes_least():
    names = ["worst_imbalance", "spread", "cut_edges", "changes"]
    rows = pd.DataFrame([(0.1, 0.2, 9, 5), (0.5, 0.7, 3, 4), (0.9, 1.2, 8, 0)], columns=names)
    assert short_list(rows, most=6) == [0, 2]
    assert short_list(rows.assign(changes=0), most=6) == [0]


def test_a_plan_that_breaks_its_rules_is_told():
    areas = squares("ABC").assign(workload=1.0, members=2)
    case = problem(areas, PatchRules(size=(2, 2), members=3, groups=3))
    assert verify_patches(case, np.array([0, 1, 0])) == [
        "there are 2 patches, not 3",
        "the patch of A is not connected",
        "the patch of A has 4 members",
        "the patch of B has 1 areas",
    ]
    assert verify_patches(case, np.array([0, -1, 0])) == ["an area has no patch"]
    assert verify_patches(replace(case, rules=PatchRules(groups=1)), np.zeros(3, int)) == []
