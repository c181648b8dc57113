"""Plans are layers of every Question: counted on like published boundaries."""

from functools import partial

import pytest
import shapely

from boundaries.plans.draft import save_plan
from boundaries.plans.plan_layers import plan_areas, plan_outline, read_layer_or_plan
from geo.errors import InputError, NotFoundError, QuestionError
from geo.question.ask import ask
from geo.question.model import Question
from tests.boundaries.cities import begun, reckoned
from tests.boundaries.drawn import SIGNED


@pytest.fixture
def planned(city):
    save_plan(city, begun(city).plan.move(["c1", "c2"], "E", signed=SIGNED))
    return city


def test_a_question_counts_on_a_plan_what_a_join_to_its_areas_counts(planned):
    read = partial(read_layer_or_plan, planned)
    question = Question.read({"datetime": "2024-01/2024-02", "layer": "plan-north"})
    counts = ask(question, planned, layer_of=read).area_counts
    draft = begun(planned)
    plan = draft.plan.move(["c1", "c2"], "E", signed=SIGNED)
    expected = reckoned(planned.layer("blocks")[1], plan.assignment, planned.incidents())
    assert counts["area_code"].tolist() == expected.index.tolist()
    assert counts["n"].tolist() == expected["incidents"].tolist()
    assert counts["n"].tolist() == draft.follow(plan).measures.frame["incidents"].tolist()


def test_a_plan_has_metadata_and_measures_as_a_layer(planned):
    metadata, areas = read_layer_or_plan(planned, "plan-north")
    assert (metadata.layer_id, metadata.title) == ("plan-north", "north (draft)")
    assert metadata.source == "A plan made of the blocks of blocks, based on wards"
    assert areas.index.name == "area_code"
    assert {"area_name", "electors", "members", "variance"} <= set(areas.columns)
    assert "incidents" not in areas.columns
    assert read_layer_or_plan(planned, "wards")[1].index.tolist() == ["E", "W"]


def test_the_outline_is_that_of_the_blocks_which_have_an_area(planned):
    whole = shapely.union_all(planned.layer("blocks")[1].geometry.to_numpy())
    assert plan_outline(planned, "north").equals(whole)
    save_plan(planned, begun(planned, "empty", from_layer="").plan)
    assert plan_outline(planned, "empty") is None
    assert plan_areas(planned, "empty").empty


def test_a_plan_that_cannot_be_counted_on_is_refused(planned):
    save_plan(planned, begun(planned, "empty", from_layer="").plan)
    with pytest.raises(InputError, match="no area of plan empty has a block yet"):
        read_layer_or_plan(planned, "plan-empty")
    with pytest.raises(NotFoundError, match="there is no plan 'x'"):
        read_layer_or_plan(planned, "plan-x")
    question = Question.read({"datetime": "2024-01", "layer": "plan-x"})
    with pytest.raises(QuestionError, match="layer: there is no plan 'x'"):
        ask(question, planned, layer_of=partial(read_layer_or_plan, planned))
