"""Suggested moves are legal, improve the balance and worsen nothing."""

import numpy as np
import pytest

from boundaries.layers.blocks import block_graph
from boundaries.plans.annealing import AlternativeLimits, find_alternative
from boundaries.plans.communities import Communities
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.overlaps import Overlaps
from boundaries.plans.plan import Plan, PlanMetadata, areas_of_layer
from boundaries.plans.suggestions import Balance, suggest_moves
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, drawn, grid


def even(columns: int, rows: int) -> MeasuredBlocks:
    """Blocks that all have 100 electors."""
    return MeasuredBlocks.of(grid(columns, rows).assign(electors=100), sums=["electors"])


@pytest.fixture(scope="module")
def city(demo_city):
    made = demo_city
    sums = ["electors", "residents"]
    blocks = MeasuredBlocks.of(made.blocks, sums=sums)
    plan = Plan.begin(
        PlanMetadata("city"),
        block_graph(made.blocks),
        assignment=made.blocks["ward_code"],
        areas=areas_of_layer(made.wards),
    )
    return plan, blocks


def test_the_one_move_that_evens_two_areas_is_suggested():
    moves = suggest_moves(drawn("AAAAAABB").now, even(8, 1))
    assert moves[["block_code", "from_area", "to_area"]].to_numpy().tolist() == [["f1", "A", "B"]]
    # Six and two blocks, four being fair: squares of ±50 % become squares of ±25 %.
    assert moves["gain"][0] == pytest.approx(2 * 0.25 - 2 * 0.0625)
    assert (moves["from_off"][0], moves["to_off"][0]) == pytest.approx((0.25, -0.25))


def test_a_plan_in_balance_needs_no_move():
    assert suggest_moves(drawn("AABB").now, even(4, 1)).empty


def test_members_count_and_areas_without_any_are_left_alone():
    plan = drawn("AAAAB").set_members("A", 4, signed=SIGNED)
    assert suggest_moves(plan.now, even(5, 1)).empty
    plan = drawn("AAAABC").set_members("C", None, signed=SIGNED)
    assert set(suggest_moves(plan.now, even(6, 1))["to_area"]) == {"B"}


def test_where_no_members_are_known_every_area_counts_alike():
    assert len(suggest_moves(drawn("AAAAB", members=None).now, even(5, 1))) == 1


def test_locked_areas_give_and_take_nothing():
    plan = drawn("AAAABC").lock("B", signed=SIGNED)
    assert suggest_moves(plan.now, even(6, 1)).empty


def test_a_move_that_breaks_an_area_is_not_suggested():
    plan = drawn("AAAAA", "CCBCC")
    moves = suggest_moves(plan.now, even(5, 2), limit=99)
    assert set(moves["block_code"]) == {"b1", "d1"}
    for row in moves.itertuples():
        plan.move([row.block_code], row.to_area, signed=SIGNED)


def test_unassigned_blocks_are_offered_to_the_areas_that_touch_them():
    moves = suggest_moves(drawn("A..B").now, even(4, 1))
    assert moves[["block_code", "from_area", "to_area"]].to_numpy().tolist() == [
        ["b1", "", "A"], ["c1", "", "B"],
    ]  # fmt: skip
    assert moves["from_off"].isna().all()


def test_a_hotspot_is_not_split_for_the_sake_of_balance():
    hotspots = Overlaps.of_points(["H"] * 2, np.array([4, 5]))
    assert suggest_moves(drawn("AAAAAABB").now, even(8, 1), hotspots=hotspots).empty
    elsewhere = Overlaps.of_points(["H"] * 2, np.array([6, 7]))
    assert len(suggest_moves(drawn("AAAAAABB").now, even(8, 1), hotspots=elsewhere)) == 1


def test_cut_edges_are_told_as_they_then_are():
    plan, blocks = drawn("AAAB", "AAAB", "AAAB"), even(4, 3)
    before = PlanMeasures.of(plan.now, blocks)
    suggested = suggest_moves(plan.now, blocks)
    assert len(suggested) >= 2
    for row in suggested.itertuples():
        after = before.after(plan.move([row.block_code], row.to_area, signed=SIGNED).now)
        assert after.cut_edges - before.cut_edges == row.cut_edges_change


def test_suggestions_do_what_they_say(city):
    plan, blocks = city
    before = PlanMeasures.of(plan.now, blocks)
    moves = suggest_moves(plan.now, blocks, limit=25)
    assert len(moves) == 25
    assert moves["gain"].is_monotonic_decreasing
    for row in moves.itertuples():
        moved = plan.move([row.block_code], row.to_area, signed=SIGNED)
        variance = before.after(moved.now).frame["variance"]
        assert variance[row.to_area] == pytest.approx(row.to_off)
        assert variance[row.from_area] == pytest.approx(row.from_off)
        fall = (before.frame["variance"] ** 2).sum() - (variance**2).sum()
        assert fall == pytest.approx(row.gain)
        assert variance.abs().max() <= before.frame["variance"].abs().max()


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("beats", "the blocks have no column 'beats' to balance; choose from: electors, residents"),
        ("residents", "there is no residents to balance; add areas"),
    ],
)
def test_what_cannot_be_balanced_is_refused(column, message):
    blocks = grid(2, 1).assign(residents=0)
    measured = MeasuredBlocks.of(blocks, sums=["electors", "residents"])
    with pytest.raises(InputError, match=message):
        Balance.of(drawn("AB").now, measured, column=column)


def test_an_alternative_is_legal_better_and_within_its_limits(city):
    plan, blocks = city
    alternative = find_alternative(
        plan.now, blocks, limits=AlternativeLimits(0.1, 0.02), steps=20_000, seed=4
    )
    assert 0 < len(alternative.targets) <= 0.1 * len(blocks.geometry)
    assert alternative.imbalance[1] < alternative.imbalance[0] / 2
    after = PlanMeasures.of(plan.reassign(alternative.targets, signed=SIGNED).now, blocks)
    before = PlanMeasures.of(plan.now, blocks)
    assert (before.cut_edges, after.cut_edges) == alternative.cut_edges
    assert after.cut_edges <= before.cut_edges * 1.02
    assert after.frame["variance"].abs().max() == pytest.approx(alternative.furthest[1])
    assert (after.frame["variance"] ** 2).sum() == pytest.approx(alternative.imbalance[1])


def test_the_same_seed_finds_the_same_alternative(city):
    plan, blocks = city
    one, two, other = (
        find_alternative(plan.now, blocks, steps=3_000, seed=seed) for seed in (1, 1, 2)
    )
    assert one == two
    assert one.targets != other.targets


def test_locked_areas_and_unassigned_blocks_stay_in_an_alternative():
    plan = drawn("AAAAAB", "AAAAAB", "CCCCC.").lock("C", signed=SIGNED)
    alternative = find_alternative(
        plan.now, even(6, 3), limits=AlternativeLimits(1.0, 1.0), steps=3_000
    )
    assert alternative.targets
    assert set(alternative.targets.values()) == {"B"}
    assert not {"f1", "a1"} & set(alternative.targets)


def test_where_nothing_is_better_an_alternative_has_no_targets():
    alternative = find_alternative(drawn("AABB").now, even(4, 1), steps=200)
    assert alternative.targets == {}
    assert alternative.imbalance == (0.0, 0.0)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ((0.0, 0.0), r"the share of moved blocks is 0.0; give more than 0"),
        ((1.5, 0.0), "the share of moved blocks is 1.5"),
        ((0.5, -0.1), "the growth of cut edges cannot be negative"),
    ],
)
def test_limits_that_make_no_sense_are_refused(limits, message):
    with pytest.raises(InputError, match=message):
        AlternativeLimits(*limits)


def test_an_alternative_divides_no_more_communities_than_the_plan(city, demo_city):
    plan, blocks = city
    estates = demo_city.wards.set_index(demo_city.wards["area_name"].astype(str))
    communities = Communities.of_layer(demo_city.blocks, estates)
    assert communities.count_whole(plan.now.assigned) == len(estates)
    free = find_alternative(plan.now, blocks, steps=20_000, seed=4)
    assert free.targets
    # Every block belongs to a ward, so that no block can move and leave its ward whole.
    assert not find_alternative(
        plan.now, blocks, communities=communities, steps=5_000, seed=4
    ).targets
    few = Communities(("one", "two"), np.where(communities.of_block < 2, communities.of_block, -1))
    kept = find_alternative(plan.now, blocks, communities=few, steps=20_000, seed=4)
    assert kept.imbalance[1] < kept.imbalance[0] / 2
    after = plan.reassign(kept.targets, signed=SIGNED).now
    assert few.count_whole(after.assigned) == 2
    assert few.count_whole(plan.reassign(free.targets, signed=SIGNED).now.assigned) < 2


def test_an_alternative_makes_no_area_less_compact_than_the_limit(city):
    plan, blocks = city
    before = PlanMeasures.of(plan.now, blocks).frame["polsby_popper"]
    least = float(before.quantile(0.3))
    free = find_alternative(plan.now, blocks, steps=20_000, seed=4)
    limits = AlternativeLimits(least_compactness=least)
    held = find_alternative(plan.now, blocks, limits=limits, steps=20_000, seed=4)
    assert held.imbalance[1] < held.imbalance[0]

    def shapes(alternative):
        after = plan.reassign(alternative.targets, signed=SIGNED).now
        return PlanMeasures.of(after, blocks).frame["polsby_popper"]

    floor = before.clip(upper=least)
    # Edges of less than a metre are not counted as shared.
    assert (shapes(held) >= floor - 0.005).all()
    assert (shapes(free) < floor - 0.02).any()


@pytest.mark.parametrize("least", [-0.1, 1.1, float("nan")])
def test_an_impossible_compactness_is_refused(least):
    with pytest.raises(InputError, match="the least compactness is"):
        AlternativeLimits(least_compactness=least)
