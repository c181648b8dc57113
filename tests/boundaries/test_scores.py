"""Plans side by side: each score is what the plan's own measures say."""

import math

import numpy as np
import pytest

from boundaries.plans.draft import open_plan, save_plan
from boundaries.plans.scores import plan_scores
from geo.errors import InputError
from geo.store.contract import LayerMetadata
from tests.boundaries.cities import ALL, begun
from tests.boundaries.drawn import SIGNED, grid


def saved(store, plan_id, change=lambda plan: plan, **options):
    plan = save_plan(store, change(begun(store, plan_id, **options).plan))
    return open_plan(store, plan.metadata.plan_id, question=ALL)


def test_each_plan_is_scored_by_what_it_measures(city):
    north = saved(city, "north")
    south = saved(
        city, "south", lambda plan: plan.move(["c1", "c2"], "E", signed=SIGNED), title="To the east"
    )
    table = plan_scores([north, south])
    assert table.index.tolist() == ["north", "south"]
    assert table["title"].tolist() == ["north", "To the east"]
    assert table["areas"].tolist() == [2, 2]
    assert table["members"].tolist() == [5, 5]
    assert table["blocks_moved"].tolist() == [0, 2]
    assert table["cut_edges"].tolist() == [4, 5]
    for draft in (north, south):
        row, frame = table.loc[draft.plan.metadata.plan_id], draft.measures.frame
        variance = frame["variance"].abs()
        assert row["largest_variance"] == variance.max()
        assert row["mean_variance"] == variance.mean()
        assert row["beyond_10"] == (frame["beyond"] >= 10).sum()
        assert row["beyond_30"] == (frame["beyond"] >= 30).sum()
        assert row["hotspots_split"] == draft.hotspots.count_split(draft.plan.now.assigned)
    assert table.loc["north", "polsby_popper"] == pytest.approx(12 * math.pi / 49)
    assert table.loc["south", "least_polsby_popper"] < table.loc["south", "polsby_popper"]


def test_blocks_without_an_area_and_areas_in_pieces_are_counted(city):
    broken = saved(city, "broken", lambda plan: plan.move(["a1"], "E", signed=SIGNED, force=True))
    empty = saved(city, "empty", from_layer="")
    table = plan_scores([broken, empty])
    assert table["in_pieces"].tolist() == [1, 0]
    assert table["unassigned"].tolist() == [0, 24]
    assert table["areas"].tolist() == [2, 0]
    # A plan without areas has no variance and no shape: unknown, not zero.
    unknown = ["beyond_10", "largest_variance", "polsby_popper", "hotspots_split", "cut_edges"]
    assert table.loc["empty", unknown].isna().all()


def test_areas_of_other_layers_that_are_split_are_counted(city):
    parishes = grid(6, 4).iloc[[8, 9, 12, 13]].copy()  # c1, c2 in the west; d1, d2 in the east
    parish = parishes.dissolve([0, 0, 1, 1]).set_axis(["C", "D"])
    with city.transaction():
        city.put_layer(LayerMetadata("parishes"), parish.rename_axis("area_code"))
    north = saved(city, "north")
    south = saved(city, "south", lambda plan: plan.move(["c1"], "E", signed=SIGNED))
    overlaps = north.cut_by(city.layer("parishes")[1])
    table = plan_scores([north, south], {"parishes": overlaps}, least_share=0.01)
    assert table["split_parishes"].tolist() == [0, 1]


def test_every_electorate_has_scores_of_its_own(city):
    blocks = city.layer("blocks")[1]
    blocks["electors_2035"] = np.where(blocks.index < "d", 400, 100)
    with city.transaction():
        city.put_layer(LayerMetadata("blocks"), blocks)
    (row,) = plan_scores([saved(city, "north")]).to_dict("records")
    # 1,200 electors for 2 members and 4,800 for 3, of 6,000 for 5.
    assert row["largest_variance_2035"] == pytest.approx(0.5)
    assert (row["beyond_10_2035"], row["beyond_30_2035"]) == (2, 2)


def test_plans_on_different_blocks_are_refused(city):
    with city.transaction():
        city.put_layer(LayerMetadata("others"), grid(6, 4))
    plans = [saved(city, "north"), saved(city, "other", blocks_layer="others")]
    with pytest.raises(InputError, match="made of the blocks of blocks and others; compare plans"):
        plan_scores(plans)
    with pytest.raises(InputError, match="there are no plans to compare yet"):
        plan_scores([])
