"""Incidents by partition: single ones are read again, and the rest stays as it was."""

import pandas as pd
from pandas.testing import assert_frame_equal

from geo.incidents import ANSWER_COLUMNS, COLUMNS
from geo.partitioned import PartitionedIncidents
from geo.store.contract import Store
from tests.geo.stores.parts import (
    Row,
    as_tuples,
    imported,
    keyed_part,
    month_part,
    put,
    undo,
)


def assert_same(one: PartitionedIncidents, other: PartitionedIncidents) -> None:
    assert_frame_equal(one.frame, other.frame)
    assert list(one.sizes.items()) == list(other.sizes.items())


def exchanged(
    store: Store, before: PartitionedIncidents, changes: dict[str, int]
) -> PartitionedIncidents:
    """Only what has changed is read again; it is the same as if all was."""
    changed = [name for name, n in store.partition_changes().items() if n != changes.get(name)]
    read = store.partitioned_incidents(changed, columns=ANSWER_COLUMNS)
    assert set(read.sizes) <= set(changed)
    after = before.exchanged(read, changed)
    assert_same(after, store.partitioned_incidents(columns=ANSWER_COLUMNS))
    return after


def council(*keys: str, category: str = "noise") -> list[Row]:
    return [Row(f"council:{key}", category, "2024-01-05T10:00:00") for key in keys]


def test_whatever_changes_only_its_partition_is_read_again(store):
    incidents, changes = (
        store.partitioned_incidents(columns=ANSWER_COLUMNS),
        store.partition_changes(),
    )
    counter = store.data_version().incidents
    assert (len(incidents.frame), incidents.sizes, changes) == (0, {}, {})
    march = keyed_part(council("a", "b", "c"))
    steps = [
        lambda: put(store, month_part("2024-02", 40)),
        lambda: put(store, month_part("2024-01", 30, category="arson"), month_part("2024-03", 3)),
        lambda: put(store, march),
        lambda: put(store, month_part("2024-01", 20, category="litter")),
        lambda: put(store, keyed_part(council("b", "d", category="fire"))),
        lambda: put(store, keyed_part(council("d", category="fire"))),  # changes nothing
        lambda: undo(store, 5),  # the second month again
        lambda: [undo(store, number) for number in (1, 3, 6, 4, 2)],  # nothing is left
        lambda: put(store, march, month_part("2024-02", 5)),
    ]
    for step in steps:
        step()
        incidents = exchanged(store, incidents, changes)
        changes = store.partition_changes()
        assert sum(changes.values()) == store.data_version().incidents - counter
    assert list(incidents.sizes.values()) == [3, 5]


def test_partitions_follow_one_another_in_the_order_of_their_names(store):
    record = imported(store, month_part("2024-02", 2))
    put(store, month_part("2024-01", 3))
    read = store.partitioned_incidents()
    assert list(read.sizes.values()) == [3, 2]
    assert list(read.sizes) == sorted(read.sizes)
    assert as_tuples(read.frame.iloc[3:]) == as_tuples(store.import_rows(record.import_id))
    for name in ("source", "category", "precision", "location"):
        assert isinstance(read.frame[name].dtype, pd.CategoricalDtype)
    assert list(read.frame.columns) == list(COLUMNS)
