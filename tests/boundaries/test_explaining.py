"""Why an area is drawn so: a text in the signed history, also of an agreed area."""

import json

import pytest

from boundaries.plans.export import history_frame
from boundaries.plans.plan import MOST_WHY
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


def test_impossible_texts_are_refused():
    plan = drawn("AAB")
    with pytest.raises(InputError, match="write at most 4,000"):
        plan.explain("A", "x" * (MOST_WHY + 1), signed=SIGNED)
    with pytest.raises(InputError, match="nothing to change"):
        plan.explain("A", " ", signed=SIGNED)
    with pytest.raises(NotFoundError):
        plan.explain("Z", TEXT, signed=SIGNED)
