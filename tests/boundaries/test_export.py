"""A plan as tables and layers: its history in sentences, its pieces, what is left."""

import pytest

from boundaries.plans.export import (
    describe,
    history_frame,
    moved_layer,
    pieces_layer,
)
from boundaries.plans.flows import moved_blocks
from boundaries.plans.state import Area
from geo.areal.measured_blocks import MeasuredBlocks
from tests.boundaries.drawn import SIGNED, drawn, grid


def measured(columns: int, rows: int) -> MeasuredBlocks:
    return MeasuredBlocks.of(grid(columns, rows), sums=["electors"])


def test_the_history_says_who_did_what_when_and_why():
    plan = drawn("AABB").move(["c1"], "A", signed=SIGNED).lock("A", signed=SIGNED)
    plan = plan.undo(signed=SIGNED)
    frame = history_frame(plan)
    assert frame.iloc[0].to_dict() == {
        "step": 1,
        "at": "2025-05-01T09:30:00+00:00",
        "by": "Ann",
        "kind": "move",
        "what": "moved 1 block from Ward B to Ward A",
        "reason": "the road parts them",
        "forced": False,
        "in_force": True,
    }
    assert frame["in_force"].tolist() == [True, False, True]


def test_a_plan_without_steps_has_an_empty_history():
    assert history_frame(drawn("A")).empty


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda p: p.move(["a1", "b1"], "", signed=SIGNED), "moved 2 blocks from A to unassigned"),
        (
            lambda p: p.reassign({"b1": "B", "c1": "A"}, signed=SIGNED, force=True),
            "moved 1 block from A to B; moved 1 block from B to A",
        ),
        (
            lambda p: p.split("A", ["a1"], new=Area("N", "New"), signed=SIGNED),
            "added N (New); moved 1 block from A to N",
        ),
        (
            lambda p: p.merge(["B"], into="A", signed=SIGNED),
            "removed B (Ward B); changed A: members 1 to 2; moved 2 blocks from B to A",
        ),
        (lambda p: p.rename("A", "Abbey", signed=SIGNED), "changed A: name Ward A to Abbey"),
        (lambda p: p.set_members("A", None, signed=SIGNED), "changed A: members 1 to None"),
        (lambda p: p.lock("A", signed=SIGNED), "locked A (Ward A)"),
        (
            lambda p: p.build_bridge("Ferry", ("a1", "d1"), signed=SIGNED),
            "built the bridge Ferry from a1 to d1",
        ),
        (
            lambda p: p.build_bridge("Ferry", ("a1", "d1"), signed=SIGNED).remove_bridge(
                "Ferry", signed=SIGNED
            ),
            "removed the bridge Ferry from a1 to d1",
        ),
    ],
)
def test_every_step_is_told_in_a_sentence(change, sentence):
    assert describe(change(drawn("AABB")).steps_in_force[-1]) == sentence


def test_pieces_of_broken_areas_are_a_layer():
    layer = pieces_layer(drawn("AABA", "BBBB").now, measured(4, 2))
    assert layer["area_code"].tolist() == ["A", "A"]
    assert layer["piece"].tolist() == [1, 2]
    assert layer["blocks"].tolist() == [2, 1]
    assert layer.area.tolist() == [20_000, 10_000]


def test_a_plan_in_whole_areas_has_no_pieces_to_show():
    layer = pieces_layer(drawn("AB").now, measured(2, 1))
    assert layer.empty
    assert "area_code" in layer.columns


def test_moved_blocks_are_a_layer():
    moved = moved_blocks(drawn("AAB").assignment, drawn("ABB").assignment)
    layer = moved_layer(moved, grid(3, 1))
    assert layer[["from_area", "to_area"]].to_numpy().tolist() == [["A", "B"]]
    assert layer.geometry["b1"].equals(grid(3, 1).geometry["b1"])
