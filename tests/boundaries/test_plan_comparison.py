"""Two sets of boundaries on the same blocks: what moves, from where to where."""

import pandas as pd
import pytest

from boundaries.plans.comparison import before_by_area, compare, compare_draft
from boundaries.plans.draft import new_plan, open_plan, save_plan
from boundaries.plans.plan_layers import draft_against
from boundaries.plans.state import Area
from geo.errors import InputError, NotFoundError, QuestionError
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from tests.boundaries.cities import ALL, begun
from tests.boundaries.drawn import SIGNED, grid

OFFICERS = Question.read({"datetime": "2024-01/2024-02", "posts": "6"})


@pytest.fixture
def moved(city):
    """The two wards, and a plan that moves c1 and c2, and the hotspot's block d2 back."""
    plan = begun(city).plan.move(["c1", "c2"], "E", signed=SIGNED)
    save_plan(city, plan)
    return city


def test_what_moves_is_told_from_where_to_where(moved):
    comparison = compare(moved, "wards", "north", question=ALL)
    blocks = moved.layer("blocks")[1]
    flow = comparison.flow.set_index(["from_area", "to_area"])
    assert flow.index.tolist() == [("E", "E"), ("W", "E"), ("W", "W")]
    assert flow.loc[("W", "E"), "blocks"] == 2
    assert flow.loc[("W", "E"), "electors"] == blocks.loc[["c1", "c2"], "electors"].sum()
    assert flow["incidents"].sum() == comparison.figures.accounts.counted
    assert flow.groupby("to_area")["electors_share_to"].sum().tolist() == pytest.approx([1, 1])
    assert comparison.changes[["from_area", "to_area"]].to_numpy().tolist() == [["W", "E"]]
    assert comparison.moved.index.tolist() == ["c1", "c2"]
    assert comparison.totals["electors"] == comparison.moved["electors"].sum()
    assert comparison.grand_totals["electors"] == blocks["electors"].sum()


def test_the_same_boundaries_move_nothing(moved):
    comparison = compare(moved, "north", "plan-north", question=OFFICERS)
    assert set(comparison.totals.values()) == {0.0}
    assert comparison.changes.empty
    assert comparison.moved.empty


def test_a_hotspot_moves_with_most_of_its_incidents(city):
    plan = begun(city).plan.move(["d1", "d2"], "W", signed=SIGNED)
    save_plan(city, plan)
    comparison = compare(city, "wards", "north", question=ALL)
    top = comparison.figures.places["hotspot_id"].iloc[0]
    row = comparison.hotspots.set_index("hotspot_id").loc[top]
    assert (row["from_area"], row["to_area"], row["moved"]) == ("E", "W", True)
    assert row["n"] == comparison.figures.places["n"].iloc[0]
    assert row["split_before"] == 2
    flow = comparison.flow.set_index(["from_area", "to_area"])["hotspots"]
    assert flow[("E", "W")] == comparison.totals["hotspots"] >= 1
    assert flow.sum() == len(comparison.hotspots)


def test_officers_follow_the_need(moved):
    comparison = compare(moved, "wards", "north", question=OFFICERS)
    officers = comparison.officers.set_index("area_code")
    assert officers["posts_before"].sum() == officers["posts_after"].sum() == 6
    assert officers["change"].sum() == 0
    assert comparison.totals["officers"] == officers["change"].clip(lower=0).sum()
    flow = comparison.flow.groupby("from_area")["officers"].sum()
    assert flow.tolist() == pytest.approx(officers["posts_before"].tolist())


def test_officers_by_a_need_that_does_not_add_up_are_refused(moved):
    question = Question.read({"datetime": "2024-01/2024-02", "posts": "6", "need": "imd_score"})
    comparison = compare(moved, "wards", "north", question=question)
    with pytest.raises(QuestionError, match="need must be made of columns that add up"):
        _ = comparison.flow


def test_areas_whose_codes_changed_are_matched_by_their_electors(city):
    wards = city.layer("wards")[1]
    renamed = wards.rename(index={"E": "X1", "W": "X2"}).rename_axis("area_code")
    with city.transaction():
        city.put_layer(LayerMetadata("later"), renamed)
    comparison = compare(city, "wards", "later", question=ALL, blocks_layer="blocks")
    assert comparison.carried_on.to_dict() == {"E": "X1", "W": "X2"}
    assert comparison.origins == {"X1": "E", "X2": "W"}
    assert comparison.moved.empty


def test_two_layers_need_blocks_and_unknown_ones_are_told(moved):
    with pytest.raises(InputError, match="both are layers; name the blocks"):
        compare(moved, "wards", "blocks", question=ALL)
    message = "no layer or plan 'x'; choose one of: blocks, wards, plan-north"
    with pytest.raises(NotFoundError, match=message):
        compare(moved, "wards", "x", question=ALL)


def test_a_plan_on_other_blocks_is_fitted_to_them(moved):
    with moved.transaction():
        moved.put_layer(LayerMetadata("halves"), grid(6, 4).iloc[:24])
    other, _ = new_plan(moved, "other", blocks_layer="halves", from_layer="wards")
    save_plan(moved, other.plan.move(["c1"], "E", signed=SIGNED))
    comparison = compare(moved, "north", "other", question=ALL)
    assert comparison.block_layer.layer_id == "blocks"
    assert comparison.moved.index.tolist() == ["c2"]


def test_a_layer_goes_before_a_plan_of_the_same_id(city):
    save_plan(city, begun(city, "wards", from_layer="").plan)
    comparison = compare(city, "wards", "plan-wards", question=ALL)
    assert (comparison.before.name, comparison.after.name) == ("wards", "plan-wards")
    assert (comparison.after.assignment == "").all()


def test_a_draft_is_held_against_its_beginning_or_whatever_is_named(moved):
    draft = open_plan(moved, "north", question=ALL)
    own = compare_draft(draft, ALL)
    assert own.before.name == "wards"
    pd.testing.assert_frame_equal(own.moved, compare(moved, "wards", "north", question=ALL).moved)
    plan = draft.plan.split("W", ["a1", "a2"], new=Area("N", "New", 1), signed=SIGNED)
    save_plan(moved, plan)
    draft = draft_against(moved, open_plan(moved, "north", question=ALL), "wards")
    before = before_by_area(draft, compare_draft(draft, ALL))
    assert before.loc["W", "blocks"] == 12
    assert before.loc["N"].isna().all()
    assert draft.measures.frame.loc["N", "blocks"] == 2
