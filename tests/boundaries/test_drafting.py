"""Plans are begun, opened, measured and saved in a store of either kind."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boundaries.plans.draft import (
    import_assignment,
    new_plan,
    open_plan,
    redact_plans,
    save_plan,
)
from boundaries.plans.history import REDACTED
from boundaries.plans.serialization import PlanConflictError
from boundaries.plans.state import Area
from geo.errors import ConflictError, InputError, NotFoundError
from geo.formats.csv_table import read_table
from geo.question.model import Question
from geo.store.contract import LayerMetadata
from tests.boundaries.cities import ALL, begun, put_places, reckoned, wards_of
from tests.boundaries.drawn import SIGNED, WEST, grid


def saved(store, **options):
    return save_plan(store, begun(store, **options).plan)


def test_a_plan_begun_from_a_layer_has_its_areas_and_its_incidents(any_city):
    draft, straddling = new_plan(
        any_city, "north", blocks_layer="blocks", from_layer="wards", by="Ann", question=ALL
    )
    assert straddling.empty
    frame = draft.measures.frame
    assert frame["area_name"].tolist() == ["East", "West"]
    assert frame["members"].tolist() == [2, 3]
    blocks = any_city.layer("blocks")[1]
    expected = reckoned(blocks, draft.plan.assignment, any_city.incidents())
    assert frame["incidents"].tolist() == expected["incidents"].tolist()
    assert frame["incidents"].sum() == draft.figures.accounts.counted > 80
    assert (draft.plan.metadata.title, draft.plan.metadata.begun_by) == ("north", "Ann")
    assert any_city.plans() == []


def test_blocks_that_straddle_the_layer_are_listed(city):
    wards = wards_of(grid(6, 4))
    shifted = wards.set_geometry(
        shapely.transform(wards.geometry.to_numpy(), lambda xy: xy + np.array([10.0, 0.0]))
    ).set_crs(wards.crs, allow_override=True)
    with city.transaction():
        city.put_layer(LayerMetadata("shifted"), shifted)
    _, straddling = new_plan(city, "north", blocks_layer="blocks", from_layer="shifted")
    assert sorted(straddling.index) == [f"{c}{r}" for c in "ad" for r in range(1, 5)]
    assert straddling["share"].tolist() == pytest.approx([0.9] * 8)


def test_a_plan_can_begin_empty_or_from_another(any_city):
    empty = begun(any_city, from_layer="")
    assert (empty.plan.assignment == "").all()
    assert empty.measures.unassigned["incidents"] == empty.figures.accounts.counted
    first = begun(any_city).plan.build_bridge("Ferry", ("a1", "f1"), signed=SIGNED)
    save_plan(any_city, first.move(["c1"], "E", signed=SIGNED))
    other = begun(any_city, "south", blocks_layer="", from_layer="", from_plan="north")
    assert other.plan.assignment["c1"] == "E"
    assert other.plan.now.bridges == {"Ferry": ("a1", "f1")}
    assert (other.plan.metadata.base_layer, other.plan.steps) == ("wards", ())


def test_a_text_is_taken_out_of_every_plan_that_holds_it(any_city):
    secret = "Zebedee Quill minds"
    named = begun(any_city).plan.explain("E", secret, signed=SIGNED)
    save_plan(any_city, named)
    saved(any_city, plan_id="copy", blocks_layer="", from_layer="", from_plan="north")
    saved(any_city, plan_id="other")
    with any_city.transaction():
        any_city.put_layer(LayerMetadata("few"), grid(2, 2))
    old = begun(any_city, "old", blocks_layer="few", from_layer="").plan
    save_plan(any_city, old.add_area(Area("E", "East", why=secret), signed=SIGNED))
    with any_city.transaction():  # so that its plan cannot be opened any more
        any_city.put_layer(LayerMetadata("few"), grid(3, 2))
    redacted = redact_plans(any_city, "north", 1, signed=SIGNED)
    assert list(redacted.saved) == ["north", "copy"]
    assert list(redacted.unread) == ["old"]
    for plan_id in ("north", "copy"):
        assert secret not in json.dumps(any_city.plan(plan_id))
        assert open_plan(any_city, plan_id).plan.now.areas["E"].why == REDACTED
    assert any_city.plan("other")["version"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_plan": "x"}, "from a layer or from another plan, not from both"),
        ({"blocks_layer": "", "from_layer": ""}, "name the layer of blocks"),
        ({"plan_id": "Nord!"}, "'Nord!' cannot be a plan's id"),
        (
            {"from_layer": "", "from_plan": "old", "blocks_layer": "wards"},
            "of the blocks of blocks",
        ),
    ],
)
def test_a_plan_that_cannot_be_begun_is_refused(city, options, message):
    saved(city, plan_id="old")
    with pytest.raises(InputError, match=message):
        begun(city, **options)


def test_unknown_layers_and_plans_are_told(city):
    with pytest.raises(NotFoundError, match="there is no layer 'x'; there are: wards, blocks"):
        begun(city, blocks_layer="x")
    with pytest.raises(NotFoundError, match="there is no plan 'x'; there are: none yet"):
        open_plan(city, "x")


def test_blocks_that_do_not_tile_carry_no_plan(city):
    overlapping = grid(3, 1)
    shapes = overlapping.geometry.to_numpy().copy()
    shapes[0] = shapely.box(*(shapely.bounds(shapes[0]) + np.array([0, 0, 5, 0])))
    with city.transaction():
        city.put_layer(LayerMetadata("faulty"), overlapping.set_geometry(shapes).set_crs(27700))
    message = r"layer faulty cannot be the blocks of a plan: .*overlap 1.*a1 and b1 .*--snap METRES"
    with pytest.raises(InputError, match=message):
        begun(city, blocks_layer="faulty")


def test_a_plan_is_opened_as_it_was_saved(any_city):
    plan = saved(any_city).move(["c1", "c2"], "E", signed=SIGNED)
    plan = save_plan(any_city, plan.rename("E", "Eastbank", signed=SIGNED).undo(signed=SIGNED))
    draft = open_plan(any_city, "north", question=ALL)
    assert draft.plan.metadata == plan.metadata
    assert draft.plan.metadata.version == 2
    assert draft.plan.redo(signed=SIGNED).area("E").name == "Eastbank"
    assert draft.plan.assignment.equals(plan.assignment)
    assert any_city.plans()[0]["updated_by"] == "Ann"


def test_two_planners_do_not_overwrite_each_other(any_city):
    saved(any_city)
    ann, bob = (open_plan(any_city, "north").plan for _ in range(2))
    save_plan(any_city, ann.move(["c1"], "E", signed=replace(SIGNED, by="Ann Shaw")))
    with pytest.raises(PlanConflictError, match=r"Ann Shaw changed plan north since you opened it"):
        save_plan(any_city, bob.move(["d1"], "W", signed=SIGNED))
    assert open_plan(any_city, "north").plan.assignment["d1"] == "E"


def test_a_plan_begun_anew_is_not_taken_for_the_one_that_was_opened(any_city):
    mine = saved(any_city)
    with any_city.transaction():
        any_city.remove_plan("north")
    saved(any_city)
    with pytest.raises(PlanConflictError, match="another created with its id"):
        save_plan(any_city, mine.move(["c1"], "E", signed=SIGNED))
    with pytest.raises(PlanConflictError, match="there is already a plan north"):
        saved(any_city)


def test_blocks_that_changed_since_are_told_when_a_plan_is_opened(city):
    saved(city)
    with city.transaction():
        city.put_layer(LayerMetadata("blocks"), grid(6, 3))
    with pytest.raises(InputError, match="the blocks of layer blocks have changed since plan"):
        open_plan(city, "north")


def test_a_draft_follows_its_plan_and_keeps_what_it_began_as(city):
    draft = begun(city)
    followed = draft.follow(draft.plan.move(["c1"], "E", signed=SIGNED))
    assert followed.before is draft.before
    fresh = save_plan(city, followed.plan)
    again = open_plan(city, fresh.metadata.plan_id, question=ALL)
    pd.testing.assert_frame_equal(followed.measures.frame, again.measures.frame, check_exact=True)
    pd.testing.assert_frame_equal(followed.before.frame, again.before.frame, check_exact=True)


def take(plan, draw):
    """A step that may be refused; the plan as it then stands."""
    codes = list(plan.now.graph.codes)
    kind = draw.draw(st.sampled_from(["move", "move", "move", "undo", "redo", "away"]))
    try:
        if kind in ("undo", "redo"):
            return getattr(plan, kind)(signed=SIGNED)
        blocks = draw.draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))
        to = "" if kind == "away" else draw.draw(st.sampled_from(list(plan.now.areas)))
        return plan.move(blocks, to, signed=SIGNED, force=draw.draw(st.booleans()))
    except (ConflictError, InputError):
        return plan


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data())
def test_measures_through_the_store_are_those_reckoned_with_geopandas(any_city, draw):
    with any_city.transaction():
        for summary in any_city.plans():
            any_city.remove_plan(summary["plan_id"])
    saved(any_city)
    blocks, points = any_city.layer("blocks")[1], any_city.incidents()
    for _ in range(draw.draw(st.integers(1, 3))):
        plan = open_plan(any_city, "north", question=ALL).plan
        for _ in range(draw.draw(st.integers(1, 4))):
            plan = take(plan, draw)
        save_plan(any_city, plan)
    draft = open_plan(any_city, "north", question=ALL)
    expected = reckoned(blocks, draft.plan.assignment, points)
    layer = draft.measures.layer
    assert layer.index.tolist() == expected.index.tolist()
    for name in ("electors", "residents", "incidents"):
        assert layer[name].tolist() == expected[name].tolist()
    assert layer["area_km2"].to_numpy() == pytest.approx(expected["area_km2"].to_numpy())
    whole = layer["incidents"].sum() + draft.measures.unassigned["incidents"]
    assert whole == draft.figures.accounts.counted
    assert layer.area.sum() + blocks[draft.plan.assignment.to_numpy() == ""].area.sum() == (
        pytest.approx(blocks.area.sum())
    )


def table(text: str):
    return read_table(text.encode(), file="plan.csv")


def test_a_table_of_blocks_becomes_a_plan(city):
    source = table("block_code,area_code\na1,N\na2,N\nb1,S\n")
    draft, straddling = import_assignment(city, "north", source, blocks_layer="blocks")
    assert draft.plan.assignment["a2"] == "N"
    assert draft.measures.unassigned["blocks"] == 21
    assert straddling.empty


def test_polygons_become_a_plan_by_best_fit(city):
    west = WEST + 330
    areas = gpd.GeoDataFrame(
        {"area_name": ["Left", "Right"]},
        index=pd.Index(["L", "R"], name="area_code", dtype="str"),
        geometry=[shapely.box(WEST, 0, west, 9e5), shapely.box(west, 0, WEST + 600, 9e5)],
        crs=27700,
    )
    draft, straddling = import_assignment(city, "north", areas, blocks_layer="blocks")
    assert draft.plan.assignment[["c1", "d1"]].tolist() == ["L", "R"]
    assert sorted(straddling.index) == ["d1", "d2", "d3", "d4"]
    assert draft.plan.area("L").name == "Left"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "block_code,area_code\nq9,N\n",
            "plan.csv, line 2: block 'q9' is not in this plan's layer",
        ),
        ("block_code,area_code\na1,N\na1,S\n", "line 3: block 'a1' appears twice"),
        ("block,area\na1,N\n", "block_code"),
    ],
)
def test_a_table_that_is_no_plan_is_refused(city, text, message):
    with pytest.raises(InputError, match=message):
        import_assignment(city, "north", table(text), blocks_layer="blocks")


def test_incidents_that_come_later_are_counted_when_a_plan_is_opened_again(city):
    saved(city)
    before = open_plan(city, "north", question=ALL).measures.frame["incidents"].sum()
    put_places(city, [(50.0, 50.0)] * 3, month="2024-03")
    later = Question.read({"datetime": "2024-01/2024-03"})
    after = open_plan(city, "north", question=later).measures.frame["incidents"].sum()
    assert after == before + 3
