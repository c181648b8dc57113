"""A plan takes legal steps, refuses others with the reason, and takes every step back."""

from datetime import datetime

import pytest

from boundaries.layers.blocks import block_graph
from boundaries.plans.export import history_frame
from boundaries.plans.plan import Plan, PlanMetadata
from boundaries.plans.rules import BrokenAreaError
from boundaries.plans.state import Area, Signed
from geo.errors import ConflictError, InputError, NotFoundError
from tests.boundaries.drawn import SIGNED, drawn, grid, picture


def test_a_plan_begins_empty_and_may_stay_partial():
    plan = Plan.begin(PlanMetadata("empty"), block_graph(grid(2, 1)))
    assert picture(plan) == [".."]
    plan = plan.add_area(Area("N", "North", 2), signed=SIGNED).move(["a1"], "N", signed=SIGNED)
    assert picture(plan) == ["N."]


def test_an_area_that_only_the_assignment_names_bears_its_code():
    plan = Plan.begin(PlanMetadata("new"), block_graph(grid(2, 1)), assignment={"a1": "W1"})
    assert plan.area("W1") == Area("W1", "W1", None)


def test_blocks_move_and_the_plan_before_stays_as_it_was():
    before = drawn("AABB", "AABB")
    after = before.move(["c1", "c2"], "A", signed=SIGNED)
    assert picture(before) == ["AABB", "AABB"]
    assert picture(after) == ["AAAB", "AAAB"]
    (step,) = after.steps_in_force
    assert step.blocks == {"c1": ("B", "A"), "c2": ("B", "A")}
    assert (step.signed.by, step.signed.reason) == ("Ann", "the road parts them")


def test_blocks_that_are_there_already_are_not_moved():
    plan = drawn("AAB").move(["a1", "c1"], "A", signed=SIGNED)
    assert list(plan.steps_in_force[0].blocks) == ["c1"]
    with pytest.raises(InputError, match="nothing to move: every block is in that area already"):
        plan.move(["a1"], "A", signed=SIGNED)


def test_blocks_can_be_unassigned_whatever_that_leaves_of_the_rest():
    plan = drawn("AABB").move(["a1", "d1"], "", signed=SIGNED)
    assert picture(plan) == [".AB."]


def test_a_move_that_breaks_an_area_is_refused_with_its_pieces():
    with pytest.raises(BrokenAreaError) as refused:
        drawn("AAAAB", "BBBBB").move(["b2"], "B", signed=SIGNED)
    assert str(refused.value) == (
        "Ward A (A) would be in 2 pieces instead of 1, the smallest being a2; "
        "force the step, or add a bridge first"
    )
    assert refused.value.area == "A"
    assert refused.value.pieces == [["c2", "d2"], ["a2"]]


def test_a_long_piece_is_named_by_its_first_blocks():
    with pytest.raises(BrokenAreaError, match=r"being f1, g1, h1 and 1 more; force"):
        drawn("AAAAAAAAA").move(["e1"], "", signed=SIGNED)


def test_a_move_may_not_make_an_outpost_either():
    with pytest.raises(ConflictError, match=r"Ward A \(A\) would be in 2 pieces"):
        drawn("AABB").move(["d1"], "A", signed=SIGNED)


def test_a_forced_move_breaks_and_says_so():
    plan = drawn("AABB").move(["d1"], "A", signed=SIGNED, force=True)
    assert picture(plan) == ["AABA"]
    assert plan.steps_in_force[0].forced


def test_a_break_that_stands_is_tolerated_and_may_be_mended():
    plan = drawn("ABBA", "ABBB").move(["b2"], "A", signed=SIGNED)
    assert len(plan.now.pieces("A")) == 2
    plan = plan.move(["d2"], "B", signed=SIGNED)
    assert picture(plan) == ["AABB", "ABBB"]
    assert len(plan.now.pieces("A")) == 1


def test_a_named_bridge_joins_and_cannot_be_taken_from_under_an_area():
    plan = drawn("AAB.B").build_bridge("Swarkestone", ("c1", "e1"), signed=SIGNED)
    assert plan.now.pieces("B") == [[2, 4]]
    with pytest.raises(ConflictError, match=r"Ward B \(B\) would be in 2 pieces"):
        plan.remove_bridge("Swarkestone", signed=SIGNED)
    plan = plan.remove_bridge("Swarkestone", signed=SIGNED, force=True)
    assert plan.now.bridges == {}
    assert len(plan.now.pieces("B")) == 2


def test_a_plan_begun_from_another_keeps_its_bridges():
    old = drawn("A.A").build_bridge("Ferry", ("a1", "c1"), signed=SIGNED)
    new = Plan.begin(
        PlanMetadata("next"),
        old.start.graph,
        assignment=old.assignment,
        areas=old.now.areas.values(),
        bridges=old.now.bridges,
    )
    assert new.now.areas == old.now.areas
    assert len(new.now.pieces("A")) == 1


def test_bridges_have_a_name_of_their_own():
    plan = drawn("A.B").build_bridge("Ferry", ("a1", "c1"), signed=SIGNED)
    with pytest.raises(ConflictError, match="there is already a bridge Ferry"):
        plan.build_bridge("Ferry", ("a1", "c1"), signed=SIGNED)
    with pytest.raises(InputError, match="a bridge needs a name"):
        plan.build_bridge(" ", ("a1", "b1"), signed=SIGNED)
    with pytest.raises(NotFoundError, match="there is no bridge Tunnel in this plan"):
        plan.remove_bridge("Tunnel", signed=SIGNED)


def test_nothing_moves_in_or_out_of_a_locked_area():
    plan = drawn("AABBC").lock("B", signed=SIGNED)
    message = r"Ward B \(B\) is locked; unlock it first"
    for blocks, to in ((["c1"], "A"), (["b1"], "B"), (["d1"], "")):
        with pytest.raises(ConflictError, match=message):
            plan.move(blocks, to, signed=SIGNED)
    for change in (
        lambda: plan.rename("B", "Beeston", signed=SIGNED),
        lambda: plan.set_members("B", 3, signed=SIGNED),
        lambda: plan.merge(["B"], into="A", signed=SIGNED),
        lambda: plan.merge(["A"], into="B", signed=SIGNED),
        lambda: plan.remove_area("B", signed=SIGNED),
    ):
        with pytest.raises(ConflictError, match=message):
            change()
    assert picture(plan.unlock("B", signed=SIGNED).move(["c1"], "A", signed=SIGNED)) == ["AAABC"]


def test_an_area_is_split_into_a_new_one():
    plan = drawn("AAAA", "BBBB").split("A", ["c2", "d2"], new=Area("N", "New", 1), signed=SIGNED)
    assert picture(plan) == ["AANN", "BBBB"]
    assert plan.area("N").name == "New"
    assert picture(plan.undo(signed=SIGNED)) == ["AAAA", "BBBB"]
    assert "N" not in plan.undo(signed=SIGNED).now.areas


@pytest.mark.parametrize(
    ("blocks", "code", "message"),
    [
        (["a1"], "N", "to split A, choose some of its blocks but not all"),
        ([], "N", "to split A, choose some"),
        (["b1"], "N", "block b1 is not in A, the area to split"),
        (["a1"], "B", "there is already an area B"),
        (["a1"], " ", "' ' cannot be an area's code; use letters"),
        (["a1"], "N,M", "'N,M' cannot be an area's code"),
        (["z1"], "N", "z1 is not in this plan's layer of blocks"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(blocks, code, message):
    with pytest.raises((InputError, ConflictError), match=message):
        drawn("AB").split("A", blocks, new=Area(code, "New"), signed=SIGNED)


def test_merged_areas_elect_the_members_of_all():
    plan = drawn("AABC", members=2).merge(["B", "C"], into="A", signed=SIGNED)
    assert picture(plan) == ["AAAA"]
    assert list(plan.now.areas) == ["A"]
    assert plan.area("A").members == 6
    assert picture(plan.undo(signed=SIGNED)) == ["AABC"]
    assert plan.undo(signed=SIGNED).area("B").members == 2


def test_the_members_of_merged_areas_stay_open_where_one_is():
    plan = drawn("AB", members=None).set_members("A", 2, signed=SIGNED)
    assert plan.merge(["B"], into="A", signed=SIGNED).area("A").members is None
    with pytest.raises(InputError, match="nothing to merge into A"):
        plan.merge(["A"], into="A", signed=SIGNED)


def test_names_and_members_change_and_change_back():
    plan = drawn("AB").rename("A", " Allestree ", signed=SIGNED).set_members("B", 3, signed=SIGNED)
    assert (plan.area("A").name, plan.area("B").members) == ("Allestree", 3)
    assert plan.undo(signed=SIGNED).undo(signed=SIGNED).now.areas == drawn("AB").now.areas


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plan: plan.rename("A", "Ward A", signed=SIGNED), "nothing to change: A is like"),
        (lambda plan: plan.rename("A", " ", signed=SIGNED), "the new name of A is empty"),
        (lambda plan: plan.set_members("A", -1, signed=SIGNED), "A cannot have -1 members"),
        (lambda plan: plan.unlock("A", signed=SIGNED), "nothing to change: A is like that already"),
        (lambda plan: plan.lock("Q", signed=SIGNED), "there is no area 'Q' in this plan"),
        (lambda plan: plan.move(["a1"], "Q", signed=SIGNED), "there is no area 'Q' in this plan"),
        (
            lambda plan: plan.move(["q1"], "A", signed=SIGNED),
            "q1 is not in this plan's layer of blocks",
        ),
        (lambda plan: plan.move(["q1", "q2"], "A", signed=SIGNED), "q1 and 1 more are not in"),
        (lambda plan: plan.undo(signed=SIGNED), "there is nothing to undo"),
        (lambda plan: plan.redo(signed=SIGNED), "there is nothing to redo"),
    ],
)
def test_a_step_that_cannot_be_is_refused(change, message):
    with pytest.raises((InputError, ConflictError, NotFoundError), match=message):
        change(drawn("AB"))


def test_a_removed_area_leaves_its_blocks_unassigned():
    plan = drawn("AAB").remove_area("A", signed=SIGNED)
    assert picture(plan) == ["..B"]
    assert picture(plan.undo(signed=SIGNED)) == ["AAB"]


def test_undo_and_redo_run_over_the_whole_history():
    plan = drawn("AABB")
    pictures = [picture(plan)]
    for blocks, to in ((["c1"], "A"), (["d1"], ""), (["d1"], "A")):
        plan = plan.move(blocks, to, signed=SIGNED, force=True)
        pictures.append(picture(plan))
    for expected in reversed(pictures[:-1]):
        plan = plan.undo(signed=SIGNED)
        assert picture(plan) == expected
    for expected in pictures[1:]:
        plan = plan.redo(signed=SIGNED)
        assert picture(plan) == expected


def test_each_block_may_go_its_own_way_in_one_step():
    plan = drawn("AABBCC").reassign({"c1": "A", "d1": "C"}, signed=SIGNED)
    assert picture(plan) == ["AAACCC"]
    assert picture(plan.undo(signed=SIGNED)) == ["AABBCC"]


def test_the_time_of_a_step_needs_a_zone():
    with pytest.raises(InputError, match="the time of a step has no time zone"):
        Signed("Ann", datetime(2025, 5, 1))  # noqa: DTZ001 - that is the fault


def test_a_plan_refuses_an_id_and_blocks_that_cannot_be():
    graph = block_graph(grid(1, 1))
    with pytest.raises(InputError, match="'North plan' cannot be a plan's id"):
        Plan.begin(PlanMetadata("North plan"), graph)
    with pytest.raises(InputError, match="x9 is not in this plan's layer of blocks"):
        Plan.begin(PlanMetadata("north"), graph, assignment={"x9": "A"})


def test_a_merger_of_areas_apart_is_refused_unless_it_is_forced():
    plan = drawn("ABC")
    with pytest.raises(BrokenAreaError, match=r"Ward A \(A\) would be in 2 pieces"):
        plan.merge(["C"], into="A", signed=SIGNED)
    forced = plan.merge(["C"], into="A", signed=SIGNED, force=True)
    assert picture(forced) == ["ABA"]
    assert forced.steps_in_force[0].forced
    assert not drawn("AB").merge(["B"], into="A", signed=SIGNED).steps_in_force[0].forced


def test_an_area_that_gets_the_blocks_may_be_named_among_those_merged():
    plan = drawn("AABC", members=2).merge(["A", "B", "B"], into="A", signed=SIGNED)
    assert picture(plan) == ["AAAC"]
    assert plan.area("A").members == 4
    assert plan.area("C").members == 2


def test_all_areas_are_locked_and_unlocked_in_one_step():
    plan = drawn("AABBCCDD").lock("B", signed=SIGNED).lock_all(signed=SIGNED)
    assert all(area.locked for area in plan.now.areas.values())
    with pytest.raises(InputError, match="nothing to change: no area is unlocked"):
        plan.lock_all(signed=SIGNED)
    assert [area.locked for area in plan.undo(signed=SIGNED).now.areas.values()] == [
        False, True, False, False,
    ]  # fmt: skip
    opened = plan.unlock_all(signed=SIGNED)
    assert not any(area.locked for area in opened.now.areas.values())
    with pytest.raises(InputError, match="nothing to change: no area is locked"):
        opened.unlock_all(signed=SIGNED)
    what = history_frame(opened)["what"].tolist()
    assert what[1].startswith("locked A (Ward A); locked C")
    assert what[2] == "unlocked 4 areas"
