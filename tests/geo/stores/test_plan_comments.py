"""Comments on plans come back as they were added, in both stores, and go with their plan."""

from dataclasses import replace

import pytest

from geo.errors import NotFoundError
from geo.store.comment_contract import PlanComment
from geo.store.copying import copy_store
from geo.store.migrations import migrations
from tests.geo.stores.parts import put_layer
from tests.geo.stores.test_plans import record, save

NORTH = PlanComment("north", 0, "Ann Shaw", "2026-05-01", "Gŵyl: it's “fine”\nreally", "A")
PLACED = replace(NORTH, author="", written_on="", area_code="", x=435_100.25, y=336_100.5)


def added(store, *comments: PlanComment) -> list[PlanComment]:
    with store.transaction():
        return store.add_plan_comments(comments)


@pytest.fixture
def planned(store):
    save(store, record(), based_on=0)
    save(store, record("south"), based_on=0)
    return store


def test_comments_are_numbered_by_plan_and_come_back_as_they_were_added(planned, reader):
    before = planned.data_version().plans
    south = replace(NORTH, plan_id="south", added_at="2026-05-02T10:00:00Z")
    first, second, other = added(planned, NORTH, PLACED, south)
    assert (first.number, second.number, other.number) == (1, 2, 1)
    assert reader.plan_comments("north") == [first, second]
    assert reader.plan_comments("south") == [replace(south, number=1)]
    assert (second.x, second.y) == (435_100.25, 336_100.5)
    assert first.added_at.endswith("Z")
    assert planned.data_version().plans == before + 1
    assert added(planned, PLACED)[0].number == 3


def test_a_comment_is_only_added_to_a_plan_that_there_is(planned):
    with pytest.raises(NotFoundError, match="no plan 'west'"):
        added(planned, NORTH, replace(NORTH, plan_id="west"))
    assert planned.plan_comments("north") == planned.plan_comments("west") == []


def test_a_comment_is_replaced_and_removed_by_its_number(planned, reader):
    first, second = added(planned, NORTH, PLACED)
    with planned.transaction():
        planned.put_plan_comment(replace(second, body="[taken out]", x=None, y=None))
    assert reader.plan_comments("north") == [
        first,
        replace(second, body="[taken out]", x=None, y=None),
    ]
    with planned.transaction():
        planned.remove_plan_comments("north", [1])
    assert [comment.number for comment in reader.plan_comments("north")] == [2]
    assert added(planned, NORTH)[0].number == 3


def test_comments_go_with_their_plan(planned, reader):
    added(planned, NORTH, replace(NORTH, plan_id="south"))
    with planned.transaction():
        planned.remove_plan("north")
    assert reader.plan_comments("north") == []
    assert len(reader.plan_comments("south")) == 1
    save(planned, record(), based_on=0)
    assert reader.plan_comments("north") == []


def test_a_copy_has_the_comments_with_their_numbers(planned, new_store):
    added(planned, NORTH, PLACED)
    with planned.transaction():
        planned.remove_plan_comments("north", [1])
    target = new_store()()
    copy_store(planned, target)
    assert target.plan_comments("north") == planned.plan_comments("north") != []
    target.close()


def test_a_store_of_an_earlier_release_learns_to_keep_comments(
    new_store, monkeypatch, four_squares
):
    with monkeypatch.context() as earlier:
        earlier.setattr(
            "geo.store.migrations.migrations",
            lambda dialect: [one for one in migrations(dialect) if one.number < 21],
        )
        opener = new_store()
        old = opener()
        put_layer(old, four_squares)
        save(old, record(), based_on=0)
        before = old.data_version()
        old.close()
    store = opener()
    assert (store.data_version(), store.plan("north")) == (before, record())
    assert store.plan_comments("north") == []
    added(store, NORTH)
    assert len(store.plan_comments("north")) == 1
    store.close()
