"""In a store of either kind a task is assessed once its months are imported, and only then."""

from datetime import UTC, datetime

import pytest

from boundaries.tasking.actions import raise_task, take_step
from boundaries.tasking.automatic import assess_due_tasks, proposed_assessment
from boundaries.tasking.history import Signed
from boundaries.tasking.storage import read_task
from boundaries.tasking.task import Place, TaskTerms
from geo.errors import QuestionError
from geo.store.contract import LayerMetadata
from tests.boundaries.tasking.judged_made import (
    MONTHS,
    after,
    circle,
    counts,
    frame,
    partition,
    wards,
)

CHOSEN, DONE = datetime(2024, 2, 10, 12, tzinfo=UTC), datetime(2024, 3, 20, 12, tzinfo=UTC)
NOW = datetime(2025, 1, 15, tzinfo=UTC)
PLACE = 27
QUERY = "category=anti-social-behaviour&layer=wards&view=map"


@pytest.fixture(scope="module")
def incidents():
    n = counts(mean=8)
    n[PLACE, after("2024-04") :] //= 8
    return frame(n)


def imported(store, incidents, months):
    with store.transaction():
        for month in months:
            store.put_partition(partition(incidents, month), by="test")


def test_it_is_assessed_with_the_last_of_its_months_and_only_once(open_store, incidents):
    store = open_store()
    last = MONTHS.index("2024-09")
    with store.transaction():
        store.put_layer(LayerMetadata("wards", "Wards"), wards())
    imported(store, incidents, MONTHS[:last])
    where = circle(PLACE)
    fixed = proposed_assessment(store, QUERY, where, at=CHOSEN)
    assert (fixed.category, fixed.before) == (("anti-social-behaviour",), ("2023-02", "2024-01"))
    terms = TaskTerms(
        title="Patrol at night",
        kind="patrol",
        level="area",
        place=Place("polygon", "", "A square", fixed.place),
        owner="officer",
        question=QUERY,
        assessment=fixed,
    )
    own = raise_task(store, terms, signed=Signed("manager", CHOSEN)).task_id
    for step, at in (("accept", CHOSEN), ("finish", DONE)):
        take_step(store, own, step, signed=Signed("manager", at))
    before = store.data_version()
    assert assess_due_tasks(store, at=NOW) == ([], {})
    imported(store, incidents, MONTHS[last : last + 1])
    recorded = []
    assessed, waiting = assess_due_tasks(store, at=NOW, record=recorded.extend)
    assert (waiting, recorded) == ({}, assessed)
    assert [task.task_id for task in assessed] == [own]
    stored = read_task(open_store(), own)
    assert (stored.state, stored.outcome, stored.updated.by) == ("assessed", "worked", "Patchmap")
    assert stored == assessed[0]
    assert assess_due_tasks(store, at=NOW) == ([], {})
    assert store.data_version().layers == before.layers


def test_a_question_that_cannot_be_read_fixes_nothing(open_store):
    with pytest.raises(QuestionError):
        proposed_assessment(open_store(), "datetime=someday", circle(PLACE))
