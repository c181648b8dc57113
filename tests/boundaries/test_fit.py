"""How far a plan fits another layer: neighbourhoods that should lie whole in wards."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.layers.blocks import BlockLayer, block_graph
from boundaries.plans.draft import Draft
from boundaries.plans.export import history_frame
from boundaries.plans.figures import figure_blocks
from boundaries.plans.fit import (
    PlanFit,
    blocks_between,
    deciding_steps,
    summed_changes,
    target_changes,
)
from boundaries.plans.serialization import read_plan, write_plan
from boundaries.plans.state import Signed
from boundaries.plans.units import Units
from geo.errors import ConflictError, InputError
from tests.boundaries.drawn import SIGNED, drawn, grid, layer

NEIGHBOURHOODS = ("AABB", "AABB", "AABB")
"""Four columns of three blocks of 100 m; `a1` is the lowest on the left."""


def draft_of(*rows, **columns):
    plan = drawn(*rows)
    areas = grid(len(rows[0]), len(rows)).sort_index().assign(**columns)
    blocks = BlockLayer("blocks", areas, block_graph(areas))
    return Draft(plan, blocks, figure_blocks(blocks, None))


def strips(draft, *edges):
    """A target of strips from the south to the north, with these edges in metres."""
    shapes = [shapely.box(west, 0, east, 300) for west, east in pairwise(edges)]
    wards = layer(*shapes, codes="XYZ").assign(area_name=["Ex", "Why", "Zed"][: len(shapes)])
    return Units.of("wards", wards, draft.block_layer)


def fitted(draft, target):
    return PlanFit.of(draft.plan.now, draft.blocks, target)


def test_each_area_lies_mostly_in_one_area_of_the_target_by_blocks_and_people():
    draft = draft_of(*NEIGHBOURHOODS, residents=100)
    fit = fitted(draft, strips(draft, 0, 300, 400))
    area = fit.areas.loc["A"]
    assert (area["target_code"], area["target_name"]) == ("X", "Ex")
    assert (area["blocks"], area["blocks_within"], area["whole"]) == (6, 6, True)
    area = fit.areas.loc["B"]
    assert (area["targets"], area["blocks"], area["blocks_within"]) == (2, 6, 3)
    assert (area["people"], area["people_within"], area["whole"]) == (600, 300, False)
    assert (fit.whole, fit.people) == (1, "residents")
    assert fit.share("blocks") == fit.share("people") == 0.75


def test_people_decide_where_an_area_mostly_lies_not_land():
    draft = draft_of("AAAA", "AAAA", "AAAA", residents=[10] * 9 + [50] * 3)
    target = strips(draft, 0, 300, 400)
    assert fitted(draft, target).homes == {"A": "Y"}
    assert fitted(draft, target).share("people") == pytest.approx(150 / 240)
    assert fitted(draft, target).share("blocks") == pytest.approx(3 / 12)


def test_without_people_blocks_decide_and_people_are_unknown_not_zero():
    plan = drawn("AAAB")
    areas = grid(4, 1).drop(columns=["electors", "residents"])
    blocks = BlockLayer("blocks", areas, plan.now.graph)
    draft = Draft(plan, blocks, figure_blocks(blocks, None))
    fit = fitted(draft, strips(draft, 0, 200, 400))
    assert (fit.people, fit.homes) == ("", {"A": "X", "B": "Y"})
    assert fit.areas[["people", "people_within"]].isna().all(axis=None)
    assert np.isnan(fit.share("people"))
    moved = draft.follow(plan.move(["c1"], "B", signed=SIGNED))
    assert target_changes(moved, fit.target)["people"].isna().all()
    assert summed_changes(target_changes(moved, fit.target))["people"].isna().all()


def test_blocks_in_between_have_the_area_beside_them_on_the_other_side():
    draft = draft_of("AAAB", "AAAB", "AAAC", residents=100)
    between = blocks_between(draft, fitted(draft, strips(draft, 0, 200, 400)))
    assert between["kind"].tolist() == ["elsewhere"] * 3
    assert between["other_area"].to_dict() == {"c1": "C", "c2": "B", "c3": "B"}
    assert between["target_code"].tolist() == ["Y"] * 3


def test_a_block_far_from_the_other_side_has_none_yet():
    draft = draft_of("AAAAB", residents=[1, 9, 1, 1, 1])
    target = strips(draft, 0, 200, 500)
    between = blocks_between(draft, fitted(draft, target))
    assert between["other_area"].to_dict() == {"d1": "B", "c1": ""}
    given = draft.follow(draft.plan.move(["d1"], "B", signed=SIGNED))
    assert blocks_between(given, fitted(given, target))["other_area"].to_dict() == {"c1": "B"}


def test_blocks_across_the_line_are_in_between_whichever_area_they_are_in():
    draft = draft_of("AABB")
    target = strips(draft, 0, 160, 400)
    fit = fitted(draft, target)
    assert (fit.whole, fit.areas["straddling"].tolist()) == (2, [1, 0])
    (row,) = blocks_between(draft, fit).reset_index().to_dict("records")
    assert (row["block_code"], row["kind"], row["other_area"]) == ("b1", "straddling", "B")
    assert (row["target_code"], row["across"]) == ("X", "Y")
    assert row["share"] == pytest.approx(0.6)
    given = draft.follow(draft.plan.move(["b1"], "B", signed=SIGNED))
    (row,) = blocks_between(given, fitted(given, target)).reset_index().to_dict("records")
    assert (row["kind"], row["other_area"]) == ("elsewhere", "A")


def test_blocks_outside_the_target_fit_nowhere_and_have_no_side():
    draft = draft_of("AABB")
    fit = fitted(draft, strips(draft, 0, 100, 200))
    assert fit.homes == {"A": "Y", "B": ""}
    assert fit.areas.loc["B", ["blocks_within", "people_within", "targets"]].tolist() == [0, 0, 0]
    assert not fit.areas.loc["B", "whole"]
    assert blocks_between(draft, fit).index.tolist() == ["a1"]


def test_to_keep_a_block_is_a_signed_step_that_moves_nothing_and_can_be_undone():
    draft = draft_of("AABB")
    later = Signed("Bob", datetime(2026, 5, 2, tzinfo=UTC), "the school is here")
    plan = draft.plan.keep(["b1", "c1"], signed=later)
    assert plan.now.assigned.tolist() == draft.plan.now.assigned.tolist()
    assert deciding_steps(plan) == {"b1": 1, "c1": 1}
    (entry,) = history_frame(plan).to_dict("records")
    assert entry["what"] == "kept 1 block in Ward A; kept 1 block in Ward B"
    assert (entry["by"], entry["reason"]) == ("Bob", "the school is here")
    back = read_plan(write_plan(plan), plan.start.graph)
    assert back.steps == plan.steps
    undone = plan.undo(signed=later)
    assert deciding_steps(undone) == {}
    assert history_frame(undone)["what"].iloc[1].startswith("undid step 1: kept 1 block")
    assert deciding_steps(undone.redo(signed=later)) == {"b1": 1, "c1": 1}


@pytest.mark.parametrize(
    ("blocks", "error", "message"),
    [
        (["z9"], InputError, "z9 is not in this plan's layer of blocks"),
        (["d1"], InputError, "block d1 is in no area; move it into one"),
        ([], InputError, "there is no block to keep"),
        (["a1"], ConflictError, "Ward A .A. is locked; unlock it first"),
    ],
)
def test_what_cannot_be_kept_is_refused(blocks, error, message):
    plan = drawn("AAB.").lock("A", signed=SIGNED)
    with pytest.raises(error, match=message):
        plan.keep(blocks, signed=SIGNED)


def test_a_block_that_a_merge_took_along_is_undecided_again():
    plan = drawn("AABB").keep(["c1"], signed=SIGNED)
    assert deciding_steps(plan.merge(["B"], into="A", signed=SIGNED))["c1"] == 0


def test_changes_say_who_went_from_where_to_where_by_which_step():
    draft = draft_of("AABB", residents=[10, 20, 30, 40])
    plan = draft.plan.move(["b1"], "B", signed=SIGNED).move(["a1"], "B", signed=SIGNED, force=True)
    plan = plan.move(["a1"], "A", signed=SIGNED, force=True)  # and back: no change in the end
    changes = target_changes(draft.follow(plan), strips(draft, 0, 200, 400))
    (row,) = changes.reset_index().to_dict("records")
    assert row["block_code"] == "b1"
    assert (row["from_name"], row["to_name"], row["people"]) == ("Ward A", "Ward B", 20)
    assert (row["target_name"], row["step"], row["by"]) == ("Ex", 1, "Ann")
    (pair,) = summed_changes(changes).to_dict("records")
    assert (pair["from_area"], pair["to_area"], pair["blocks"], pair["people"]) == ("A", "B", 1, 20)


def test_the_blocks_themselves_are_no_target():
    draft = draft_of("AABB")
    with pytest.raises(InputError, match="blocks are the blocks of this plan; choose another"):
        Units.of("blocks", draft.block_layer.areas, draft.block_layer)


PEOPLE = st.lists(st.integers(1, 50), min_size=12, max_size=12)
ROWS = st.lists(st.text("ABC.", min_size=4, max_size=4), min_size=3, max_size=3)


@settings(max_examples=25, deadline=None)
@given(ROWS, PEOPLE, st.sampled_from([(0, 100, 400), (0, 200, 300), (0, 150, 280, 400)]))
def test_the_fit_is_what_a_count_block_by_block_gives(rows, people, edges):
    draft = draft_of(*rows, residents=people)
    target = strips(draft, *edges)
    fit = fitted(draft, target)
    codes = draft.plan.now.graph.codes
    assigned, lies = draft.plan.now.assigned, target.area
    for area in sorted({*assigned} - {""}):
        inside = {
            ward: sum(n for n, at, where in zip(people, assigned, lies, strict=True)
                      if (at, where) == (area, ward))
            for ward in "XYZ"
        }  # fmt: skip
        row = fit.areas.loc[area]
        assert row["people"] == sum(n for n, at in zip(people, assigned, strict=True) if at == area)
        assert row["people_within"] == max(inside.values())
        assert row["targets"] == sum(n > 0 for n in inside.values())
    between = blocks_between(draft, fit)
    straddling = target.straddles
    expected = {
        code
        for code, at, where, across in zip(codes, assigned, lies, straddling, strict=True)
        if at and where and (where != fit.homes[at] or across)
    }
    assert set(between.index) == expected


@settings(max_examples=25, deadline=None)
@given(ROWS, PEOPLE)
def test_every_block_given_to_where_it_lies_improves_the_fit(rows, people):
    draft = draft_of(*rows, residents=people)
    target = strips(draft, 0, 200, 400)
    while True:
        fit = fitted(draft, target)
        between = blocks_between(draft, fit)
        given = between[between["other_area"] != ""]
        if given.empty:
            break
        code, area = given.index[0], given["other_area"].iloc[0]
        draft = draft.follow(draft.plan.move([code], area, signed=SIGNED, force=True))
        assert fitted(draft, target).areas["people_within"].sum() > fit.areas["people_within"].sum()
    # Who is still in between has no neighbour on the other side.
    state = draft.plan.now
    for code, row in between.iterrows():
        near = state.graph.near[state.graph.positions[code]]
        homes = {fit.homes.get(state.assigned[at]) for at in near if state.assigned[at]}
        assert row["target_code"] not in homes
