"""Two planners at once: steps apart are taken one after the other, others are asked about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boundaries.plans.history import touched
from boundaries.plans.rebasing import Basis, OverlapError, Reach, rebase, unseen_steps
from boundaries.plans.rules import BrokenAreaError
from boundaries.plans.serialization import read_on, read_plan, write_plan
from boundaries.plans.state import Area, ForecastMethod, Signed
from geo.errors import ConflictError, InputError, PatchmapError
from tests.boundaries.drawn import SIGNED, drawn, picture
from tests.boundaries.test_plan_history import PLANNERS, assert_replays, state, taken

BOB = replace(SIGNED, by="Bob", reason="")
CITY = ("AABBEE", "AABBEE", "CCDDFF")


def signed_at(by: str, turn: int) -> Signed:
    return Signed(by, datetime(2026, 5, 1, 9, tzinfo=UTC) + timedelta(minutes=turn))


def value_of(plan, key):
    kind, code = key
    now = plan.now
    match kind:
        case "block":
            return now.assigned[now.graph.positions[code]]
        case "area":
            return now.areas.get(code)
        case "bridge":
            return now.bridges.get(code)
        case "forecast":
            return now.forecast
        case _:
            return now.council_size


class Drawing:
    """Takes one step of any kind, drawn when it is asked for."""

    def __init__(self, draw, signed):
        self.draw, self.signed, self.after = draw, signed, None

    def __call__(self, plan):
        self.after = taken(plan, self.draw, self.signed)
        if self.after is plan:
            raise ConflictError("refused")
        return self.after


def after_attempt(plan, seen, take, draw):
    """The plan after a step, where its author keeps theirs or lets it be if they are asked."""
    try:
        after = rebase(plan, take, seen)
    except OverlapError:
        keeps = draw.draw(st.booleans())
        return rebase(plan, lambda _: take.after, Basis(len(plan.steps))) if keeps else plan
    except PatchmapError:
        return plan
    for key in {key for n in unseen_steps(plan, seen) for key in touched(plan.steps[n - 1])}:
        assert value_of(after, key) == value_of(plan, key), key
    return after


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_nothing_that_somebody_had_not_seen_is_overwritten_unasked(draw):
    plan = drawn(*CITY)
    seen = dict.fromkeys(PLANNERS, Basis(0))
    for turn in range(draw.draw(st.integers(2, 25))):
        by = draw.draw(st.sampled_from(PLANNERS))
        if draw.draw(st.booleans()):
            seen[by] = Basis(len(plan.steps))
        before, take = plan, Drawing(draw, signed_at(by, turn))
        plan = after_attempt(before, seen[by], take, draw)
        # Append-only, in order, and signed by who took each step.
        assert plan.steps[: len(before.steps)] == before.steps
        if plan is not before:
            assert plan is take.after  # the same as one after the other
            assert plan.steps[-1].signed == take.signed
            seen[by] = Basis(seen[by].steps, seen[by].own | {len(plan.steps)})
    assert_replays(plan)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_a_plan_that_is_read_on_is_the_plan_that_is_read(draw):
    plan = known = drawn(*CITY)
    for turn in range(draw.draw(st.integers(0, 12))):
        plan = taken(plan, draw, signed_at(draw.draw(st.sampled_from(PLANNERS)), turn))
        known = plan if draw.draw(st.booleans()) else known
    record = json.loads(json.dumps(write_plan(plan)))
    on = read_on(known, record)
    assert state(on) == state(plan)
    assert (on.steps, on.metadata) == (plan.steps, plan.metadata)
    other = replace(known, metadata=replace(known.metadata, begun_at="another day"))
    assert read_on(other, record) is None


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_steps_apart_lead_to_the_same_plan_in_either_order(draw):
    plan = drawn(*CITY)
    one, other = (taken(plan, draw, signed_at(by, turn)) for turn, by in enumerate(PLANNERS))
    if one is plan or other is plan:
        return
    first, second = one.steps[-1], other.steps[-1]
    if Reach.of(first).meets(Reach.of(second)):
        return
    ways = [plan.now.apply(first).apply(second), plan.now.apply(second).apply(first)]
    assert ways[0].assigned.tolist() == ways[1].assigned.tolist()
    assert ways[0].areas == ways[1].areas
    assert ways[0].council_size == ways[1].council_size
    assert ways[0].forecast == ways[1].forecast


def test_a_step_elsewhere_is_taken_after_the_others():
    begun = drawn(*CITY)
    plan = begun.move(["b1"], "D", signed=SIGNED)
    after = rebase(plan, lambda now: now.move(["e2"], "B", signed=BOB), Basis(0))
    assert picture(after) == ["AABBEE", "AABBBE", "CDDDFF"]
    assert [step.signed.by for step in after.steps] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    ("mine", "sentence"),
    [
        (lambda plan: plan.move(["b1"], "A", signed=BOB), "moved 1 block from Ward D to Ward A"),
        (lambda plan: plan.keep(["b1"], signed=BOB), "kept 1 block in Ward D"),
        (lambda plan: plan.move(["c2"], "D", signed=BOB), "moved 1 block from Ward B to Ward D"),
        (lambda plan: plan.rename("C", "Cop", signed=BOB), "changed C: name Ward C to Cop"),
    ],
)
def test_a_step_on_the_same_block_or_area_is_asked_about(mine, sentence):
    plan = drawn(*CITY).move(["b1"], "D", signed=SIGNED)
    with pytest.raises(OverlapError) as asked:
        rebase(plan, mine, Basis(0))
    assert asked.value.theirs == (1,)
    assert asked.value.sentence == sentence
    assert "Ann moved 1 block from Ward C to Ward D (step 1)" in str(asked.value)
    kept = rebase(plan, mine, Basis(1))
    assert kept.steps[0] == plan.steps[0]
    assert kept.steps[1].signed.by == "Bob"


def test_own_steps_that_were_still_being_saved_are_no_conflict():
    plan = drawn(*CITY).move(["b1"], "D", signed=BOB)
    after = rebase(plan, lambda now: now.move(["b1"], "C", signed=BOB), Basis(0, frozenset({1})))
    assert picture(after) == [*CITY]


def test_the_council_size_the_forecast_and_bridges_are_the_same_for_all():
    begun = drawn(*CITY)
    described = begun.describe_forecast(ForecastMethod("trend"), signed=SIGNED)
    with pytest.raises(OverlapError):
        rebase(described, lambda now: now.describe_forecast(ForecastMethod(), signed=BOB), Basis(0))
    sized = begun.set_council_size(9, signed=SIGNED)
    with pytest.raises(OverlapError):
        rebase(sized, lambda now: now.set_council_size(8, signed=BOB), Basis(0))
    bridged = begun.build_bridge("Ferry", ("a1", "e1"), signed=SIGNED)
    with pytest.raises(OverlapError):
        rebase(bridged, lambda now: now.remove_bridge("Ferry", signed=BOB), Basis(0))
    after = rebase(bridged, lambda now: now.set_council_size(8, signed=BOB), Basis(0))
    assert (after.now.council_size, after.now.bridges) == (8, {"Ferry": ("a1", "e1")})


def test_more_steps_than_there_are_cannot_have_been_seen():
    with pytest.raises(InputError, match="plan try has 0 steps, not 3"):
        rebase(drawn("AB"), lambda now: now, Basis(3))


def test_a_planner_undoes_the_own_last_step_and_leaves_the_other():
    plan = drawn(*CITY).move(["b1"], "D", signed=SIGNED).move(["e2"], "B", signed=BOB)
    undone = plan.undo(signed=SIGNED)
    assert picture(undone) == ["AABBEE", "AABBBE", "CCDDFF"]
    assert undone.steps[-1].of == 1
    assert undone.standing.in_force == (1,)
    # Another's step takes nothing away from what Ann can redo.
    further = undone.rename("F", "Ford", signed=BOB)
    assert picture(further.redo(signed=SIGNED)) == ["AABBEE", "AABBBE", "CDDDFF"]
    with pytest.raises(ConflictError, match="nothing to redo"):
        further.redo(signed=BOB)
    back = read_plan(json.loads(json.dumps(write_plan(further))), plan.start.graph)
    assert back.standing == further.standing


def test_a_step_of_another_is_undone_by_its_number_alone():
    plan = drawn(*CITY).move(["b1"], "D", signed=SIGNED)
    message = "no step in force is by Bob; the last one, step 1, is by Ann: give its number"
    with pytest.raises(ConflictError, match=message):
        plan.undo(signed=BOB)
    assert picture(plan.undo(signed=BOB, of=1)) == [*CITY]
    further = plan.undo(signed=BOB, of=1).rename("F", "Ford", signed=SIGNED)
    with pytest.raises(ConflictError, match="step 1 is not in force"):
        further.undo(signed=BOB, of=1)
    with pytest.raises(PatchmapError, match="there is no step 7; this plan has 1"):
        plan.undo(signed=BOB, of=7)


def test_what_another_has_built_on_is_not_undone():
    plan = drawn(*CITY).move(["b1"], "D", signed=SIGNED).move(["b1"], "A", signed=BOB, force=True)
    message = "step 1 cannot be undone: Bob has changed the same since, in step 2; undo that first"
    with pytest.raises(ConflictError, match=message):
        plan.undo(signed=SIGNED)
    again = plan.undo(signed=BOB).undo(signed=SIGNED)
    assert picture(again) == [*CITY]
    taken_since = again.move(["b1"], "A", signed=BOB)
    with pytest.raises(ConflictError, match="step 1 cannot be redone: Bob has changed the same"):
        taken_since.redo(signed=SIGNED)


def test_undoing_beside_anothers_step_keeps_areas_whole():
    plan = drawn("AABB").move(["b1"], "B", signed=SIGNED).move(["a1"], "B", signed=BOB)
    with pytest.raises(BrokenAreaError):
        plan.undo(signed=SIGNED)
    forced = plan.undo(signed=SIGNED, force=True)
    assert picture(forced) == ["BABB"]
    assert forced.steps[-1].forced


def test_undoing_leaves_no_block_in_an_area_that_is_gone():
    plan = drawn("AABB").add_area(Area("N", "New"), signed=SIGNED)
    plan = plan.move(["a1"], "N", signed=BOB)
    with pytest.raises(ConflictError, match="would leave blocks in N, which would be no area"):
        plan.undo(signed=SIGNED)


def test_undoing_does_not_touch_what_another_has_locked():
    plan = drawn("AABB").move(["b1"], "B", signed=SIGNED).lock("A", signed=BOB)
    with pytest.raises(ConflictError, match="is locked; unlock it first"):
        plan.undo(signed=SIGNED)
    assert picture(plan.undo(signed=BOB).undo(signed=SIGNED)) == ["AABB"]
