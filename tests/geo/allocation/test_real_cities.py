"""Derby's and Birmingham's wards are shared out as their councils do it, or it is explained."""

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest

from geo.allocation.adjacency import contiguity
from geo.allocation.patches.grouping import plan_patches
from geo.allocation.patches.infeasible import InfeasiblePatchesError
from geo.allocation.patches.problem import PatchRules
from geo.allocation.posts import share_money, share_posts
from geo.crs import BRITISH_NATIONAL_GRID
from tests.geo.allocation.maps import graph_of


@pytest.fixture(scope="module")
def derby(real_data) -> gpd.GeoDataFrame:
    """The 17 wards of 2022 with nine months of anti-social behaviour."""
    wards = gpd.read_file(real_data / "derby/wards-2022-bng.geojson").set_index("WD22CD")
    counts = pd.read_csv(real_data / "derby/reference-asb-by-ward.csv")
    counts = counts[counts["boundary_vintage"] == "WD22"].set_index("ward_code")
    return wards.rename(columns={"WD22NM": "area_name"}).assign(
        workload=counts["total_9m"], need=counts["total_9m"]
    )


@pytest.fixture(scope="module")
def birmingham(real_data) -> gpd.GeoDataFrame:
    """The 69 wards of 2022 with a month of anti-social behaviour."""
    wards = gpd.read_file(real_data / "birmingham/wards-2022.geojson").set_index("WD22CD")
    counts = pd.read_csv(real_data / "birmingham/reference-asb-by-ward-2011-02.csv")
    counts = counts[counts["boundary_vintage"] == "WD22"].set_index("ward_code")
    wards = wards.to_crs(BRITISH_NATIONAL_GRID).rename(columns={"WD22NM": "area_name"})
    return wards.assign(workload=counts["asb"])


def with_members(wards: gpd.GeoDataFrame, *, seed: int) -> gpd.GeoDataFrame:
    """Two members in 32 wards and one in 37."""
    members = np.ones(len(wards), int)
    members[np.random.default_rng(seed).permutation(69)[:32]] = 2
    return wards.assign(members=members)


def test_derby_shares_20_officers_with_one_in_each_ward(derby):
    result = share_posts(derby, posts=20)
    assert result["posts"].sum() == 20
    assert result["posts"].min() == 1
    busiest = result.loc[result["need"].idxmax()]
    assert (busiest["area_name"], busiest["posts"]) == ("Arboretum", 4)


def test_derby_shares_ten_thousand_pounds_a_ward_to_the_penny(derby):
    result = share_money(derby, pence=17 * 1_000_000)
    assert result["flat_pence"].tolist() == [1_000_000] * 17
    assert result["need_pence"].sum() == 17_000_000
    assert np.abs(result["need_pence"] - result["share"] * 17_000_000).max() < 1


def test_derby_has_6_7_or_8_partnership_officers_on_two_or_three_wards(derby):
    layer = contiguity(derby)
    answer = plan_patches(derby, layer, rules=PatchRules(size=(2, 3)))
    assert answer.plans["groups"].unique().tolist() == [6, 7, 8]
    assert answer.plans.groupby("groups")["examined"].first().tolist() == [414, 1864, 278]
    graph, order = graph_of(layer), pd.Index(layer.codes)
    for _, patch in answer.assignment.groupby(["plan", "patch"]):
        assert len(patch) in (2, 3)
        assert nx.is_connected(graph.subgraph(order.get_indexer(patch["area_code"]).tolist()))


def test_derby_has_4_managers_with_the_best_of_all_balances(derby):
    answer = plan_patches(derby, contiguity(derby), rules=PatchRules(groups=4))
    best = answer.plans.iloc[0]
    assert best["optimal"]
    assert best["examined"] == 99_934
    # No plan is better than leaving the busiest ward alone.
    fair = derby["workload"].sum() / 4
    assert best["worst_imbalance"] == pytest.approx(derby["workload"].max() / fair - 1)


@pytest.mark.parametrize("seed", range(3))
def test_on_most_maps_birmingham_hears_how_many_coordinators_it_needs(birmingham, seed):
    wards, layer = with_members(birmingham, seed=seed), contiguity(birmingham)
    with pytest.raises(InfeasiblePatchesError) as caught:
        plan_patches(wards, layer, rules=PatchRules(members=3, groups=34))
    needed = caught.value.fewest
    assert needed > 34
    assert caught.value.causes
    assert caught.value.relaxed
    with pytest.raises(InfeasiblePatchesError):
        plan_patches(wards, layer, rules=PatchRules(members=3, groups=needed - 1))
    answer = plan_patches(wards, layer, rules=PatchRules(members=3))
    assert set(answer.plans["groups"]) == {needed}


def test_on_some_map_34_coordinators_serve_birminghams_101_members(birmingham):
    wards = with_members(birmingham, seed=10)
    rules = PatchRules(members=3, groups=34)
    answer = plan_patches(wards, contiguity(birmingham), rules=rules)
    assert answer.plans["optimal"].iloc[0]
    rows = answer.assignment[answer.assignment["plan"] == 1].set_index("area_code")
    assert wards["members"].groupby(rows["patch"]).sum().sort_values().tolist() == [2, *[3] * 33]


@pytest.mark.parametrize(("size", "groups"), [((2, 3), 28), ((3, 4), 20)])
def test_birmingham_is_balanced_to_a_proven_optimum(birmingham, size, groups):
    rules = PatchRules(size=size, groups=groups)
    best = plan_patches(birmingham, contiguity(birmingham), rules=rules).plans.iloc[0]
    assert best["optimal"]
    assert best["gap"] == 0
