"""Why an area is drawn so: a text in the signed history, also of an agreed area."""

import json
from dataclasses import replace

import pytest

from boundaries.plans.export import describe_steps, history_frame
from boundaries.plans.history import REDACTED
from boundaries.plans.plan import MOST_WHY, Plan, PlanMetadata
from boundaries.plans.serialization import read_plan, write_plan
from geo.errors import InputError, NotFoundError
from tests.boundaries.drawn import SIGNED, drawn

TEXT = "Follows the brook.\n\nBoth sides use one school."


def again(plan):
    """The plan as a store gives it back."""
    return read_plan(json.loads(json.dumps(write_plan(plan))), plan.start.graph)


def test_a_text_is_written_changed_undone_and_kept_by_a_store():
    plan = drawn("AAB").explain("A", f"  {TEXT} ", signed=SIGNED)
    assert plan.now.areas["A"].why == TEXT
    changed = plan.explain("A", "Shorter.", signed=SIGNED)
    undone = again(changed.undo(signed=SIGNED))
    assert undone.now.areas["A"].why == TEXT
    assert undone.now.areas["B"].why == ""
    assert [step.kind for step in undone.steps] == ["why", "why", "undo"]
    removed = again(undone.explain("A", "", signed=SIGNED))
    assert removed.now.areas["A"].why == ""
    assert history_frame(removed)["what"].tolist() == [
        "wrote why A (Ward A) is drawn so",
        "wrote why A (Ward A) is drawn so",
        "undid step 2: wrote why A (Ward A) is drawn so",
        "removed the text on why A (Ward A) is drawn so",
    ]


def test_an_agreed_area_is_explained_but_not_changed():
    plan = drawn("AAB").lock("A", signed=SIGNED).explain("A", TEXT, signed=SIGNED)
    assert plan.now.areas["A"].locked
    assert plan.unlock("A", signed=SIGNED).now.areas["A"].why == TEXT


def test_a_plan_without_texts_is_written_as_earlier_releases_read_it():
    record = write_plan(drawn("AAB").rename("A", "Alder", signed=SIGNED))
    assert "why" not in json.dumps(record)


def test_moves_and_merges_leave_the_text_of_the_area_that_stays():
    plan = drawn("AAB").explain("A", TEXT, signed=SIGNED)
    assert plan.move(["b1"], "B", signed=SIGNED).now.areas["A"].why == TEXT
    assert plan.merge(["B"], into="A", signed=SIGNED).now.areas["A"].why == TEXT


def test_a_text_is_taken_out_wherever_it_stands():
    named = replace(SIGNED, reason="Ann Lee asked for it")
    plan = drawn("AAB").explain("A", TEXT, signed=named).rename("A", "Alder", signed=SIGNED)
    plan = plan.undo(signed=SIGNED).redo(signed=SIGNED).undo(signed=SIGNED)
    redacted = again(plan.redact(plan.texts_written(1), of=1, signed=replace(SIGNED, by="Officer")))
    record = json.dumps(write_plan(redacted))
    assert "brook" not in record
    assert "Ann Lee" not in record
    assert redacted.now.areas["A"].why == REDACTED
    rows = history_frame(redacted)
    assert rows["reason"].tolist()[0] == REDACTED
    assert rows["what"].tolist()[-1] == (
        "took out what was written with step 1: wrote why A (Ward A) is drawn so"
    )
    assert rows["by"].tolist()[-1] == "Officer"
    # Boundaries, and what can be undone and redone, are as before.
    assert redacted.now.assigned.tolist() == plan.now.assigned.tolist()
    assert redacted.standing == plan.standing
    assert redacted.redo(signed=SIGNED).now.areas["A"].name == "Alder"
    assert redacted.undo(signed=SIGNED).now.areas["A"].why == ""


def test_a_text_that_a_plan_began_with_is_taken_out_of_its_start_too():
    plan = drawn("AAB").explain("A", TEXT, signed=SIGNED)
    copy = Plan.begin(
        PlanMetadata("copy"),
        plan.now.graph,
        assignment=plan.assignment,
        areas=plan.now.areas.values(),
    )
    copy = copy.explain("A", f"{TEXT} More.", signed=SIGNED).explain("A", TEXT, signed=SIGNED)
    redacted = again(copy.redact(copy.texts_written(2), of=2, signed=SIGNED))
    assert redacted.start.areas["A"].why == redacted.now.areas["A"].why == REDACTED
    assert TEXT not in {step.areas["A"][0].why for step in redacted.steps if step.areas}


def test_a_reason_is_taken_out_of_an_undo():
    plan = drawn("AAB").rename("A", "Alder", signed=replace(SIGNED, reason=""))
    plan = plan.undo(signed=replace(SIGNED, reason="Ann Lee minds"))
    plan = plan.redact(plan.texts_written(2), of=2, signed=SIGNED)
    assert describe_steps(plan, [2]) == [
        "took out what was written with step 2: undid step 1: changed A: name Ward A to Alder"
    ]
    assert "Ann Lee" not in json.dumps(write_plan(again(plan)))


def test_what_was_written_in_another_plan_is_taken_out_likewise():
    texts = drawn("AAB").explain("A", TEXT, signed=SIGNED).texts_written(1)
    plan = again(drawn("AB").explain("B", TEXT, signed=SIGNED).redact(texts, signed=SIGNED))
    assert plan.now.areas["B"].why == REDACTED
    assert describe_steps(plan, [1]) == ["took out what was written with a step of another plan"]


def test_only_steps_with_a_text_are_redacted():
    plan = drawn("AAB").rename("A", "Alder", signed=replace(SIGNED, reason=""))
    with pytest.raises(InputError, match="nothing is written with step 1"):
        plan.texts_written(1)
    for number in (0, 2, -1):
        with pytest.raises(NotFoundError, match="this plan has 1"):
            plan.texts_written(number)


def test_impossible_texts_are_refused():
    plan = drawn("AAB")
    with pytest.raises(InputError, match="write at most 4,000"):
        plan.explain("A", "x" * (MOST_WHY + 1), signed=SIGNED)
    with pytest.raises(InputError, match="nothing to change"):
        plan.explain("A", " ", signed=SIGNED)
    with pytest.raises(NotFoundError):
        plan.explain("Z", TEXT, signed=SIGNED)
