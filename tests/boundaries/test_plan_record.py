"""A plan comes back from its record as it was, and nobody's changes are overwritten."""

import json
from dataclasses import replace

import pytest

from boundaries.layers.blocks import block_graph
from boundaries.plans.plan import Plan
from boundaries.plans.serialization import PlanConflictError, next_version, read_plan, write_plan
from boundaries.plans.state import Area
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, drawn, grid, picture


def busy_plan():
    """A plan in which every kind of step was taken, and the last one undone."""
    plan = drawn("AABB", "CCB.").build_bridge("Ferry", ("a1", "d1"), signed=SIGNED)
    plan = plan.split("A", ["b2"], new=Area("N", "New"), signed=SIGNED)
    plan = plan.move(["d1"], "B", signed=SIGNED).rename("B", "Beeston", signed=SIGNED)
    plan = plan.merge(["N"], into="A", signed=SIGNED).lock("A", signed=SIGNED)
    plan = plan.add_area(Area("E", "Empty"), signed=SIGNED).set_members("E", 3, signed=SIGNED)
    return plan.remove_area("E", signed=SIGNED).undo(signed=SIGNED)


def test_a_plan_comes_back_from_json_with_its_history():
    plan = busy_plan()
    record = json.loads(json.dumps(write_plan(plan)))
    back = read_plan(record, plan.start.graph)
    assert picture(back) == picture(plan)
    assert back.now.areas == plan.now.areas
    assert back.now.bridges == plan.now.bridges == {"Ferry": ("a1", "d1")}
    assert (back.metadata, back.steps) == (plan.metadata, plan.steps)
    assert write_plan(back) == record


def test_what_was_undone_before_saving_can_be_redone_after():
    plan = busy_plan()
    back = read_plan(write_plan(plan), plan.start.graph)
    assert "E" not in back.redo(signed=SIGNED).now.areas
    while back.standing.in_force:
        back = back.undo(signed=SIGNED)
    assert picture(back) == ["AABB", "CCB."]


def test_bridges_that_stood_at_the_start_come_back():
    old = drawn("A.A")
    bridges = {"Ferry": ("a1", "c1")}
    plan = Plan.begin(old.metadata, old.start.graph, assignment=old.assignment, bridges=bridges)
    record = json.loads(json.dumps(write_plan(plan)))
    assert read_plan(record, old.start.graph).now.bridges == bridges


def test_a_record_says_what_the_plan_is_made_of():
    record = write_plan(drawn("A."))
    assert record["blocks"] == {"a1": "A", "b1": ""}
    assert record["areas"] == [{"code": "A", "name": "Ward A", "members": 1, "locked": False}]
    assert (record["plan_id"], record["version"], record["blocks_layer"]) == ("try", 0, "blocks")


def test_blocks_that_changed_since_are_told():
    record = write_plan(drawn("AB"))
    message = (
        "the blocks of layer blocks have changed since plan try was made: "
        "1 are gone, such as b1; 1 are new, such as a2"
    )
    with pytest.raises(InputError, match=message):
        read_plan(record, block_graph(grid(1, 2)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": [{"kind": "move"}]}, "this is not a stored plan"),
        ({"blocks": 5}, "this is not a stored plan"),
        ({"areas": [{"colour": 1}]}, "this is not a stored plan"),
        ({"done": 2}, "plan try has 0 steps, not 2"),
    ],
)
def test_a_record_that_is_none_is_refused(change, message):
    plan = drawn("AB")
    with pytest.raises(InputError, match=message):
        read_plan(write_plan(plan) | change, plan.start.graph)


def test_a_step_of_strange_blocks_is_refused():
    plan = drawn("AB").move(["a1"], "B", signed=SIGNED)
    record = json.loads(json.dumps(write_plan(plan)).replace('{"a1": ["A"', '{"q7": ["A"'))
    with pytest.raises(InputError, match="a step of plan try moves q7, which is not a block of it"):
        read_plan(record, plan.start.graph)


def test_each_saving_counts_one_version():
    first = next_version(drawn("AB"), None)
    second = next_version(first, write_plan(first))
    assert (first.metadata.version, second.metadata.version) == (1, 2)


def test_two_planners_do_not_overwrite_each_other():
    stored = next_version(drawn("AABB"), None)
    ann = stored.move(["c1"], "A", signed=replace(SIGNED, by="Ann Shaw"))
    bob = stored.move(["b1"], "B", signed=replace(SIGNED, by="Bob"))
    stored = next_version(ann, write_plan(stored))
    message = (
        r"Ann Shaw changed plan try since you opened it \(version 2, yours is 1\); "
        "open it again and repeat your changes"
    )
    with pytest.raises(PlanConflictError, match=message):
        next_version(bob, write_plan(stored))


def test_a_plan_whose_hand_is_not_known_conflicts_all_the_same():
    stored = next_version(
        next_version(drawn("AB"), None), write_plan(next_version(drawn("AB"), None))
    )
    with pytest.raises(PlanConflictError, match="someone else changed plan try"):
        next_version(next_version(drawn("AB"), None), write_plan(stored))


def test_a_new_plan_does_not_take_the_id_of_another():
    stored = write_plan(next_version(drawn("AB"), None))
    with pytest.raises(PlanConflictError, match="there is already a plan try; choose another id"):
        next_version(drawn("BA"), stored)


def test_a_plan_that_was_deleted_is_not_revived_unasked():
    with pytest.raises(PlanConflictError, match="plan try was deleted since you opened it"):
        next_version(next_version(drawn("AB"), None), None)


def test_a_plan_begun_anew_under_the_same_id_is_another():
    mine = next_version(drawn("AB"), None)
    theirs = replace(mine, metadata=replace(mine.metadata, begun_at="2025-05-02T10:00:00+00:00"))
    with pytest.raises(PlanConflictError, match="and another created with its id"):
        next_version(mine, write_plan(theirs))


def test_who_began_a_plan_is_its_last_hand_while_there_is_no_step():
    begun = drawn("AB")
    begun = replace(begun, metadata=replace(begun.metadata, begun_by="Cay"))
    later = next_version(next_version(begun, None), write_plan(next_version(begun, None)))
    with pytest.raises(PlanConflictError, match="Cay changed plan try since you opened it"):
        next_version(next_version(begun, None), write_plan(later))
