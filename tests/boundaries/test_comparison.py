"""What goes from where to where, read both ways."""

import numpy as np
import pandas as pd
import pytest
import shapely

from boundaries.plans.flows import (
    flow_table,
    incident_flow,
    moved_blocks,
    side_by_side,
    successors,
)
from boundaries.plans.measures import PlanMeasures
from boundaries.plans.state import Area
from geo.areal.measured_blocks import MeasuredBlocks
from geo.errors import InputError
from tests.boundaries.drawn import SIGNED, SOUTH, WEST, drawn, grid, layer


def sums(columns: int) -> pd.DataFrame:
    return pd.DataFrame(grid(columns, 1))[["electors"]].rename_axis("block_code")


def flow(before: str, after: str) -> pd.DataFrame:
    one, other = drawn(before).assignment, drawn(after).assignment
    return flow_table(one, other, sums(len(before)))


def test_a_flow_table_says_what_stays_and_what_goes():
    table = flow("AABB", "ABB.").set_index(["from_area", "to_area"])
    assert table["blocks"].to_dict() == {
        ("A", "A"): 1, ("A", "B"): 1, ("B", ""): 1, ("B", "B"): 1,
    }  # fmt: skip
    assert table["electors"].tolist() == [100, 200, 400, 300]


def test_the_shares_of_a_flow_are_read_both_ways():
    table = flow("AABB", "ABBB").set_index(["from_area", "to_area"])
    assert table["electors_share_from"].tolist() == pytest.approx([1 / 3, 2 / 3, 1])
    assert table["electors_share_to"].tolist() == pytest.approx([1, 2 / 9, 7 / 9])
    assert table["blocks_share_from"].tolist() == pytest.approx([0.5, 0.5, 1])


def test_a_flow_of_nobody_has_no_share():
    before, after = drawn("AB").assignment, drawn("BB").assignment
    table = flow_table(before, after, sums(2) * 0)
    assert table["electors_share_from"].isna().all()


def test_only_assignments_of_the_same_blocks_are_compared():
    one, other = drawn("AB").assignment, drawn("ABC").assignment
    message = "the assignments are of different blocks"
    with pytest.raises(InputError, match=message):
        flow_table(one, other, sums(2))
    with pytest.raises(InputError, match=message):
        moved_blocks(one, other)


def test_an_area_is_carried_on_under_another_code():
    carried = successors(flow("AABBC", "XXYYX"), by="electors")
    assert carried.to_dict() == {"B": "Y", "C": "X"}
    assert successors(flow("AABB", "BBAA"), by="blocks").to_dict() == {"A": "B", "B": "A"}


def test_unassigned_blocks_carry_nothing_on():
    assert successors(flow("A..", "..B"), by="blocks").empty


def test_moved_blocks_are_told_with_both_areas():
    moved = moved_blocks(drawn("AAB").assignment, drawn("ABB").assignment)
    assert moved.to_dict("index") == {"b1": {"from_area": "A", "to_area": "B"}}


def test_a_block_that_follows_its_area_to_a_new_code_is_not_moved():
    before, after = drawn("AABB").assignment, drawn("XXXY").assignment
    carried = successors(flow("AABB", "XXXY"), by="blocks")
    assert carried.to_dict() == {"A": "X", "B": "Y"}
    assert moved_blocks(before, after, carried_on=carried).index.tolist() == ["c1"]


def test_blocks_unassigned_before_and_after_are_not_moved():
    carried = pd.Series({"A": "X"})
    moved = moved_blocks(drawn("A.").assignment, drawn("X.").assignment, carried_on=carried)
    assert moved.empty


def test_incidents_flow_between_layers_that_share_no_blocks():
    before = layer(shapely.box(0, 0, 100, 100), shapely.box(100, 0, 200, 100))
    after = layer(shapely.box(0, 0, 150, 100), codes="N")
    x, y = np.array([10, 120, 130, 180, 900]) + WEST, np.full(5, 50) + SOUTH
    table = incident_flow(before, after, x, y).set_index(["from_area", "to_area"])
    assert table["incidents"].to_dict() == {("A", "N"): 1, ("B", ""): 1, ("B", "N"): 2}
    assert table["incidents_share_to"]["A", "N"] == pytest.approx(1 / 3)


def test_measures_stand_side_by_side_with_their_change():
    blocks = MeasuredBlocks.of(grid(4, 1), sums=["electors"])
    plan = drawn("AABB")
    before = PlanMeasures.of(plan.now, blocks)
    new = plan.split("B", ["d1"], new=Area("N", "New", 1), signed=SIGNED)
    new = new.move(["c1"], "A", signed=SIGNED).rename("A", "Allestree", signed=SIGNED)
    frame = side_by_side(before, before.after(new.now))
    assert frame["area_name"].to_dict() == {"A": "Allestree", "B": "Ward B", "N": "New"}
    assert frame.loc["A", ["electors_before", "electors_after", "electors_change"]].tolist() == [
        300, 600, 300,
    ]  # fmt: skip
    assert np.isnan(frame.loc["N", "electors_before"])
    assert frame.loc["B", "blocks_change"] == -2
    assert {"variance_before", "variance_after", "pieces_change"} <= set(frame.columns)
