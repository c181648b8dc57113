"""What is known of the blocks of a plan: columns, incidents, hotspots, posts and money."""

from dataclasses import replace

import numpy as np
import pytest

from boundaries.plans.comparison import posts_and_money
from boundaries.plans.figures import count_incidents, figure_blocks
from geo.errors import InputError, QuestionError
from geo.question.harm import WEIGHTS_SETTING
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from tests.boundaries.cities import ALL, begun
from tests.boundaries.drawn import SIGNED, grid


def test_hotspots_and_other_layers_that_a_plan_cuts_are_found(city):
    draft = begun(city)
    assert draft.hotspots.count_split(draft.plan.now.assigned) == 1
    sides = draft.hotspots.split(draft.plan.now.assigned)
    assert set(sides["area_code"]) == {"E", "W"}
    assert sides["amount"].sum() == draft.figures.places["n"].iloc[0]
    moved = draft.plan.move(["c1", "c2", "c3"], "E", signed=SIGNED)
    assert draft.hotspots.by_area(moved.now.assigned)["share"].iloc[0] > sides["share"].iloc[0]
    wards = draft.cut_by(city.layer("wards")[1])
    assert wards.count_split(draft.plan.now.assigned) == 0
    assert wards.count_split(moved.now.assigned) == 1


def test_what_a_question_leaves_out_is_not_counted(city):
    one = begun(city, question=Question.read({"datetime": "2024-01"}))
    assert one.measures.frame["incidents"].sum() == one.figures.accounts.counted
    assert one.figures.accounts.not_asked == 70
    with pytest.raises(QuestionError, match="category: unknown value 'fraud'"):
        begun(city, question=Question.read({"category": "fraud"}))


def test_harm_is_added_up_under_a_table(city):
    weights = {"drugs": 2.5, "anti-social-behaviour": 1.0}
    with city.transaction():
        city.put_setting(
            WEIGHTS_SETTING.format("mine"),
            {"title": "Mine", "source": "me", "weights": weights},
        )
    frame = begun(city, question=replace(ALL, weight="mine")).measures.frame
    assert frame["harm"].tolist() == (2.5 * frame["incidents"]).tolist()


def test_a_store_without_incidents_has_plans_too(geopackage):
    with geopackage.transaction():
        geopackage.put_layer(LayerMetadata("blocks"), grid(2, 2))
    draft = begun(geopackage, from_layer="")
    assert (draft.figures.answer, draft.figures.accounts) == (None, None)
    assert "incidents" not in draft.measures.frame
    assert draft.hotspots.count_split(draft.plan.now.assigned) == 0


def test_columns_are_summed_and_averaged_by_their_names(city):
    blocks = grid(6, 4).assign(
        imd_score=np.arange(24.0), beds=2, electors_forecast=[np.nan, *range(23)]
    )
    with city.transaction():
        city.put_layer(LayerMetadata("blocks"), blocks)
    draft = begun(city)
    figures = figure_blocks(draft.block_layer, count_incidents(city, "blocks", ALL), sums=["beds"])
    assert set(figures.blocks.sums) == {"beds", "electors", "residents", "incidents"}
    assert figures.blocks.weights == {"imd_score": "residents"}
    assert figures.notes == (
        "electors_forecast is missing or negative for 1 block(s), such as a1; left out",
    )
    with pytest.raises(InputError, match="the blocks have no column pubs"):
        figure_blocks(draft.block_layer, None, sums=["pubs"])


def test_an_average_that_nobody_weighs_is_left_out_and_noted(geopackage):
    blocks = grid(2, 2)[["area_name", "geometry"]].assign(imd_rank=[1, 2, 3, 4])
    with geopackage.transaction():
        geopackage.put_layer(LayerMetadata("blocks"), blocks)
    figures = begun(geopackage, from_layer="").figures
    assert list(figures.blocks.means) == []
    assert figures.notes == ("imd_rank left out: averages need residents or electors",)


def test_posts_and_money_are_shared_over_the_areas_of_a_plan(city):
    measures = begun(city).measures
    shares = posts_and_money(measures, Question.read({"posts": "7", "money": "1000"}))
    assert shares["posts"].sum() == 7
    assert shares["pounds"].sum() == pytest.approx(1000)
    assert shares["pounds_flat"].tolist() == [500, 500]
    share = measures.frame["incidents"] / measures.frame["incidents"].sum()
    assert shares["need"].to_numpy() == pytest.approx(share.to_numpy())
    assert shares["pounds"].to_numpy() == pytest.approx(1000 * share.to_numpy(), abs=0.01)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, r"posts: say how many officers there are \(--posts\), or how much money \(--money\)"),
        ({"posts": "1"}, "posts: a floor of 1 in each of 2 areas takes 2 posts, and there are 1"),
        ({"posts": "5", "need": "pubs"}, "need: the areas have no column 'pubs'"),
    ],
)
def test_posts_that_cannot_be_shared_are_refused(city, options, message):
    with pytest.raises(QuestionError, match=message):
        posts_and_money(begun(city).measures, Question.read(options))
