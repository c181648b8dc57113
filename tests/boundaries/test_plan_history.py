"""The history of a plan is append-only: whatever is undone or renamed, nothing leaves it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.plans.draft import new_plan, open_plan, save_plan
from boundaries.plans.export import history_frame
from boundaries.plans.serialization import read_plan, write_plan
from boundaries.plans.state import Area, ForecastMethod, Signed
from geo.errors import ConflictError, InputError, PatchmapError
from tests.boundaries.drawn import SIGNED, drawn, picture

PLANNERS = ("Ann", "Bob")
KINDS = (
    "move", "keep", "force", "split", "merge", "rename", "members", "council", "share", "lock",
    "unlock", "remove", "forecast",
    "undo", "undo", "undo", "redo", "redo",
)  # fmt: skip


def taken(plan, draw, signed):  # noqa: C901, PLR0911 - one for each kind of step
    """One step of any kind; the plan as it is where the step is refused."""
    areas = st.sampled_from(sorted(plan.now.areas) or ["A"])
    blocks = st.lists(st.sampled_from(plan.now.graph.codes), min_size=1, max_size=4, unique=True)
    area, number = draw.draw(areas), len(plan.steps)
    try:
        match kind := draw.draw(st.sampled_from(KINDS)):
            case "move" | "force":
                to, force = draw.draw(areas), kind == "force"
                return plan.move(draw.draw(blocks), to, signed=signed, force=force)
            case "keep":
                return plan.keep(draw.draw(blocks), signed=signed)
            case "split":
                new = Area(f"N{number}", f"New {number}", 1)
                return plan.split(area, draw.draw(blocks), new=new, signed=signed, force=True)
            case "merge":
                return plan.merge([draw.draw(areas)], into=area, signed=signed, force=True)
            case "rename":
                return plan.rename(area, f"Name {number}", signed=signed)
            case "members":
                return plan.set_members(area, 1 + number % 3, signed=signed)
            case "council":
                return plan.set_council_size(number % 7 or None, signed=signed)
            case "forecast":
                return plan.describe_forecast(ForecastMethod(f"Trend {number}"), signed=signed)
            case "share":
                seats = dict.fromkeys(plan.now.areas, 1 + number % 3)
                return plan.share_seats(seats, signed=signed, council_size=1 + number)
            case "undo" | "redo":
                return getattr(plan, kind)(signed=signed)
            case _:
                take = {"lock": plan.lock, "unlock": plan.unlock, "remove": plan.remove_area}
                return take[kind](area, signed=signed)
    except PatchmapError:
        return plan


def state(plan):
    now = plan.now
    return picture(plan), dict(now.areas), dict(now.bridges), now.council_size, now.forecast


def assert_replays(plan):
    """What is stored of a plan leads to it again, and so do its steps in force alone."""
    back = read_plan(json.loads(json.dumps(write_plan(plan))), plan.start.graph)
    assert state(back) == state(plan)
    assert (back.steps, back.standing) == (plan.steps, plan.standing)
    replayed = plan.start
    for step in plan.steps_in_force:
        replayed = replayed.apply(step)
    assert replayed.assigned.tolist() == plan.now.assigned.tolist()
    assert replayed.areas == plan.now.areas


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_steps_of_two_planners_undone_and_redone_replay_to_the_same_plan(draw):
    plan = drawn("AABB", "AABB", "CCDD")
    history = []
    for turn in range(draw.draw(st.integers(1, 25))):
        by = draw.draw(st.sampled_from(PLANNERS))
        signed = Signed(by, datetime(2026, 5, 1, 9, tzinfo=UTC) + timedelta(minutes=turn))
        before, plan = plan, taken(plan, draw, signed)
        # Every step that is taken adds one entry, signed by who took it, and changes none.
        if plan is not before:
            assert plan.steps[:-1] == before.steps
            assert plan.steps[-1].signed == signed
        frame = history_frame(plan).drop(columns="in_force").to_dict("records")
        assert frame[: len(history)] == history
        history = frame
    assert_replays(plan)
    # Every forced step is recorded as one.
    assert all(step.signed.by in PLANNERS for step in plan.steps)
    forced = [step.forced for step in plan.steps]
    assert history_frame(plan)["forced"].tolist() == forced


def test_a_step_after_an_undo_leaves_what_was_undone_in_the_record():
    bob = Signed("Bob", SIGNED.at + timedelta(days=1), "wrong side of the road")
    plan = drawn("AABB").move(["d1"], "A", signed=SIGNED, force=True)
    plan = plan.undo(signed=bob, of=1)
    plan = plan.move(["b1"], "B", signed=SIGNED)
    with pytest.raises(ConflictError, match="nothing to redo"):
        plan.redo(signed=SIGNED)
    frame = history_frame(plan)
    assert frame["what"].tolist() == [
        "moved 1 block from Ward B to Ward A",
        "undid step 1: moved 1 block from Ward B to Ward A",
        "moved 1 block from Ward A to Ward B",
    ]
    assert frame["by"].tolist() == ["Ann", "Bob", "Ann"]
    assert frame["at"].iloc[1] == "2025-05-02T09:30:00+00:00"
    assert frame["reason"].iloc[1] == "wrong side of the road"
    assert frame["forced"].tolist() == [True, False, False]
    assert frame["in_force"].tolist() == [False, True, True]


def test_names_in_the_history_are_those_of_the_day():
    plan = drawn("AABB").move(["c1"], "A", signed=SIGNED).rename("A", "Abbey", signed=SIGNED)
    plan = plan.move(["c1"], "B", signed=SIGNED).merge(["B"], into="A", signed=SIGNED)
    history = history_frame(plan)["what"].tolist()
    assert history[0] == "moved 1 block from Ward B to Ward A"
    assert history[2] == "moved 1 block from Abbey to Ward B"
    assert history[3].endswith("moved 2 blocks from Ward B to Abbey")
    undone = plan.undo(signed=SIGNED).undo(signed=SIGNED).undo(signed=SIGNED)
    assert history_frame(undone)["what"].tolist()[:4] == history
    assert undone.area("A").name == "Ward A"


def test_a_record_of_an_earlier_release_opens_with_its_undone_steps_in_the_record():
    old = drawn("AABB").move(["c1"], "A", signed=SIGNED).move(["c1"], "B", signed=SIGNED)
    record = write_plan(old) | {"done": 1}
    plan = read_plan(record, old.start.graph)
    assert picture(plan) == ["AAAB"]
    assert picture(plan.redo(signed=SIGNED)) == ["AABB"]
    undo = plan.steps[-1]
    assert (undo.kind, undo.of, undo.signed.by) == ("undo", 2, "")
    assert undo.signed.reason.startswith("undone before undo was recorded")
    assert write_plan(plan)["done"] == 3


@pytest.mark.parametrize("of", [0, 1, 3])
def test_a_record_whose_undo_is_out_of_turn_is_refused(of):
    plan = drawn("AABB").move(["c1"], "A", signed=SIGNED).move(["c1"], "B", signed=SIGNED)
    record = write_plan(plan.undo(signed=SIGNED))
    record["steps"][-1]["of"] = of
    with pytest.raises(InputError, match=f"step 3 is to undo step {of}, out of turn"):
        read_plan(record, plan.start.graph)


def test_the_record_comes_back_from_every_store(any_city):
    draft, _ = new_plan(any_city, "north", blocks_layer="blocks", from_layer="wards", by="Cay")
    (block, *_) = draft.plan.now.graph.codes
    plan = save_plan(any_city, draft.plan.move([block], "", signed=SIGNED, force=True))
    plan = save_plan(any_city, plan.undo(signed=Signed("Bob", SIGNED.at), of=1))
    assert any_city.plans()[0]["updated_by"] == "Bob"
    plan = save_plan(any_city, plan.rename(min(plan.now.areas), "Renamed", signed=SIGNED))
    back = open_plan(any_city, "north", question=None).plan
    assert back.steps == plan.steps
    assert [step.kind for step in back.steps] == ["move", "undo", "rename"]
