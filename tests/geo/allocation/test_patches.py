"""Plans of patches are a short list with their proof, or a refusal that says what would help."""

import re
from itertools import combinations

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.allocation.adjacency import contiguity
from geo.allocation.patches import enumeration as patch_enumeration
from geo.allocation.patches import problem as patch_problem
from geo.allocation.patches.grouping import PatchAnswer, plan_patches
from geo.allocation.patches.infeasible import InfeasiblePatchesError
from geo.allocation.patches.problem import PatchRules
from geo.errors import InputError
from tests.geo.allocation.maps import graph_of, random_areas, squares


def planned(areas, rules: PatchRules, **options) -> PatchAnswer:
    layer = contiguity(areas, bridges=options.pop("bridges", None))
    return plan_patches(pd.DataFrame(areas.drop(columns="geometry")), layer, rules=rules, **options)


def workloads(answer: PatchAnswer, plan: int) -> pd.Series:
    rows = answer.assignment[answer.assignment["plan"] == plan]
    return rows.groupby("patch")["workload"].sum()


def covers(areas: frozenset[int], patches: list[frozenset[int]]) -> bool:
    """Whether some of the patches hold each area once, by trying all."""
    if not areas:
        return True
    first = min(areas)
    return any(
        covers(areas - patch, patches) for patch in patches if first in patch and patch <= areas
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 5_000), low=st.integers(1, 2))
def test_every_patch_is_contiguous_and_holds_every_area_once(seed, low):
    areas = random_areas(10, seed=seed)
    layer = contiguity(areas)
    graph, members = graph_of(layer), areas["members"].to_numpy()
    sets = (c for size in range(low, 5) for c in combinations(range(len(areas)), size))
    patches = [
        frozenset(c)
        for c in sets
        if members[list(c)].sum() <= 6 and nx.is_connected(graph.subgraph(c))
    ]
    possible = covers(frozenset(range(len(areas))), patches)
    try:
        answer = planned(areas, PatchRules(size=(low, 4), members=6))
    except InfeasiblePatchesError:
        assert not possible
        return
    assert possible
    assert len(answer.plans) >= 1
    for number, rows in answer.assignment.groupby("plan"):
        assert rows["area_code"].tolist() == areas.index.tolist()
        for _, patch in rows.groupby("patch"):
            at = areas.index.get_indexer(patch["area_code"])
            assert nx.is_connected(graph.subgraph(at.tolist()))
            assert low <= len(patch) <= 4
            assert areas["members"].iloc[at].sum() <= 6
        row = answer.plans.set_index("plan").loc[number]
        share = workloads(answer, number) / workloads(answer, number).mean()
        assert row["worst_imbalance"] == pytest.approx(abs(share - 1).max(), abs=1e-8)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 5_000))
def test_the_order_of_the_rows_changes_nothing(seed):
    areas = random_areas(10, seed=seed)
    shuffled = areas.sample(frac=1, random_state=seed)
    first, second = (planned(table, PatchRules(groups=3)) for table in (areas, shuffled))
    pd.testing.assert_frame_equal(first.plans, second.plans)
    pd.testing.assert_frame_equal(first.assignment, second.assignment)


def test_a_row_of_six_is_cut_into_three_even_pairs():
    areas = squares("ABCDEF").assign(workload=[1.0, 3, 2, 2, 3, 1])
    answer = planned(areas, PatchRules(size=(2, 2)))
    assert answer.assignment["patch"].tolist() == [1, 1, 2, 2, 3, 3]
    row = answer.plans.iloc[0]
    assert (row["worst_imbalance"], row["spread"], row["cut_edges"]) == (0, 0, 2)
    assert (row["method"], row["optimal"], row["gap"], row["examined"]) == (
        "enumeration",
        True,
        0,
        1,
    )


def test_sizes_are_answered_for_every_number_of_patches_that_works():
    answer = planned(random_areas(10, seed=3), PatchRules(size=(2, 4)))
    assert answer.plans["groups"].unique().tolist() == [3, 4, 5]
    assert answer.plans.groupby("groups")["optimal"].any().all()


def test_a_limit_on_members_is_answered_with_the_fewest_patches():
    areas = squares("ABCDEF").assign(workload=1.0, members=[2, 2, 2, 1, 1, 1])
    answer = planned(areas, PatchRules(members=3))
    assert answer.plans["groups"].unique().tolist() == [4]


def test_changes_are_counted_from_the_patches_of_today():
    areas = random_areas(9, seed=4).assign(today=list("XXXYYYZZZ"))
    answer = planned(areas, PatchRules(groups=3))
    assert "changes" in answer.plans
    assert answer.assignment["today"].head(9).tolist() == list("XXXYYYZZZ")
    assert "changes" not in planned(areas.drop(columns="today"), PatchRules(groups=3)).plans


def test_a_bridge_lets_an_island_share_a_patch():
    areas = squares("AB.C").assign(workload=1.0)
    answer = planned(areas, PatchRules(groups=1), bridges={"ferry": ("B", "C")})
    assert answer.assignment["patch"].tolist() == [1, 1, 1]


def test_many_areas_are_searched_and_proven_or_the_gap_is_reported(monkeypatch):
    areas, rules = random_areas(16, seed=6), PatchRules(groups=4)
    exact = planned(areas, rules).plans
    monkeypatch.setattr(patch_enumeration, "MOST_PLANS", 100)
    solved = planned(areas, rules).plans
    assert set(solved["method"]) == {"partitioning"}
    assert solved["worst_imbalance"].min() == pytest.approx(exact["worst_imbalance"].min())
    assert solved["optimal"].iloc[0]
    monkeypatch.setattr(patch_problem, "MOST_CANDIDATES", 100)
    windowed = planned(areas, rules).plans
    assert windowed["optimal"].iloc[0]
    best = exact["worst_imbalance"].min()
    assert windowed["worst_imbalance"].iloc[0] == pytest.approx(best, abs=2e-9)
    monkeypatch.setattr(patch_problem, "MOST_NEAR", 100)
    annealed = planned(areas, rules).plans
    assert set(annealed["method"]) == {"annealing"}
    assert annealed["bound"].iloc[0] <= exact["worst_imbalance"].min() + 1e-9
    gap = annealed["worst_imbalance"].min() - annealed["bound"].iloc[0]
    assert annealed["gap"].iloc[0] == pytest.approx(max(gap, 0))


def test_hundreds_of_areas_are_answered_within_a_few_hundredths():
    answer = planned(random_areas(300, seed=1), PatchRules(groups=12))
    assert set(answer.plans["method"]) == {"annealing"}
    assert answer.plans["gap"].iloc[0] < 0.05


def refused(areas, rules: PatchRules) -> InfeasiblePatchesError:
    with pytest.raises(InfeasiblePatchesError) as caught:
        planned(areas, rules)
    return caught.value


def test_too_few_patches_are_refused_with_the_fewest_that_work():
    result = refused(squares("ABCDEF").assign(workload=1.0), PatchRules(size=(1, 2), groups=2))
    assert (result.fewest, result.most) == (3, 6)
    assert str(result).startswith(
        "2 patches of 1 to 2 areas each cannot be made of these 6 areas: "
        "2 patches hold 2 to 4 areas, and there are 6; the fewest that work are 3"
    )


def test_too_many_patches_are_refused_with_the_most_that_work():
    result = refused(squares("ABCDEF").assign(workload=1.0), PatchRules(size=(2, 3), groups=4))
    assert "the most that work are 3" in str(result)
    message = "there are only 6 areas for 7 patches"
    assert message in str(refused(squares("ABCDEF").assign(workload=1.0), PatchRules(groups=7)))


def test_an_area_with_too_many_members_is_named():
    areas = squares("ABC").assign(workload=1.0, members=[1, 5, 1])
    result = refused(areas, PatchRules(members=3))
    assert "Ward B alone has 5 members, more than the 3 of a patch" in str(result)
    assert result.causes == ("B",)


def test_an_island_that_is_too_small_is_named():
    result = refused(squares("ABC.D").assign(workload=1.0), PatchRules(size=(2, 3)))
    assert "Ward D has no other neighbour: name a bridge to one, or allow patches of 1" in str(
        result
    )
    assert result.causes == ("D",)
    assert result.relaxed == (("D",),)


def test_fewer_areas_than_one_patch_needs_are_told():
    result = refused(squares("AB").assign(workload=1.0), PatchRules(size=(3, 3)))
    assert "there are fewer areas than the 3 of a patch" in str(result)


def test_a_star_says_which_areas_are_left_over_and_what_would_do():
    """Only with the middle do arms hang together, so two of the four stay alone."""
    areas = squares(".B.", "CAD", ".E.").assign(workload=1.0)
    result = refused(areas, PatchRules(size=(2, 3), groups=2))
    assert (result.fewest, result.most) == (None, None)
    assert len(result.causes) == 2
    assert sorted(map(len, result.relaxed)) == [1, 4]
    assert "it works if 2 patches may break a limit by one" in str(result)
    assert "these would be left over: Ward" in str(result)


def test_members_that_do_not_add_up_are_told_with_the_cheapest_relaxation():
    areas = squares("ABCD").assign(workload=1.0, members=[2, 2, 2, 2])
    result = refused(areas, PatchRules(members=3, groups=2))
    assert "2 patches hold 6 members, and there are 8" in str(result)
    assert result.fewest == 4
    assert result.relaxed == (("A", "B"), ("C", "D"))


def test_pieces_need_a_patch_each():
    result = refused(squares("A.B.C").assign(workload=1.0), PatchRules(groups=2))
    assert "the areas lie in 3 separate pieces, and each needs a patch" in str(result)
    assert (result.fewest, result.most) == (3, 3)


def test_where_too_many_groups_forbid_a_proof_it_says_so(monkeypatch):
    monkeypatch.setattr(patch_problem, "MOST_CANDIDATES", 2)
    areas = squares(".B.", "CAD", ".E.").assign(workload=1.0)
    message = "no 2 patches of 2 to 3 areas each were found among 5 areas, and there are too many"
    with pytest.raises(InputError, match=message):
        planned(areas, PatchRules(size=(2, 3), groups=2))


def test_where_time_runs_out_it_says_so(monkeypatch):
    monkeypatch.setattr(patch_enumeration, "MOST_PLANS", 0)
    areas = squares("ABCD", "EFGH").assign(workload=1.0, members=[3, 1, 1, 3, 1, 2, 2, 1])
    monkeypatch.setattr("geo.allocation.patches.grouping.annealed", lambda *_, **__: [])
    with pytest.raises(
        InputError, match=r"were found in 0 seconds of computing, and none were ruled out"
    ):
        planned(areas, PatchRules(members=4, groups=4), seconds=0)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({}, "say how many areas or members a patch may have, or how many patches"),
        ({"size": (3, 2)}, "a patch cannot have 3 to 2 areas"),
        ({"size": (0, 2)}, "a patch cannot have 0 to 2 areas"),
        ({"members": 0}, "a patch must be allowed at least one member"),
        ({"groups": 0}, "there must be at least one patch"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules, message):
    with pytest.raises(InputError, match=re.escape(message)):
        PatchRules(**rules)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"workload": 0.0}, "workload is 0 in every area, so there is nothing to balance"),
        ({"workload": -1.0}, "workload must be a number of at least 0 in every area"),
        ({"members": 1.5}, "members must be whole numbers"),
        ({"members": np.nan}, "members must be a number of at least 0 in every area"),
    ],
)
def test_columns_that_cannot_be_are_refused(change, message):
    areas = squares("AB").assign(**{"workload": 1.0, "members": 1, **change})
    with pytest.raises(InputError, match=re.escape(message)):
        planned(areas, PatchRules(members=2))


def test_the_contiguity_of_other_areas_is_refused():
    areas = squares("AB").assign(workload=1.0)
    with pytest.raises(InputError, match="the neighbours are of other areas than these"):
        plan_patches(areas, contiguity(squares("ABC")), rules=PatchRules(groups=1))
