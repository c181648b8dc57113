"""Snapshots: after an import only what it changed is read again."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from api.snapshot import Snapshot
from geo.errors import StoreError
from geo.partitioned import PartitionedIncidents
from geo.question.ask import Question, ask
from geo.store.contract import Window
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import MONTHS, month_of_incidents


@pytest.fixture
def readings(store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch) -> list[list[str] | None]:
    """The partitions that are read, in turn; None where all are."""
    read: list[list[str] | None] = []
    whole = store.partitioned_incidents

    def note(partition_ids: list[str] | None = None, **options: tuple) -> PartitionedIncidents:
        read.append(partition_ids)
        return whole(partition_ids, **options)

    monkeypatch.setattr(store, "partitioned_incidents", note)
    return read


def test_an_import_lets_its_own_month_be_read_again(
    store: GeoPackageStore, readings: list[list[str] | None]
) -> None:
    before = Snapshot(store)
    assert len(before.incidents())
    with store.transaction():
        _, record = store.put_partition(month_of_incidents(MONTHS[0], seed=8))
    after = Snapshot(store, before)
    assert readings == [None, [record.partition_id]]
    assert_frame_equal(after.incidents(), Snapshot(store).incidents())
    assert not after.incidents()["x"].equals(before.incidents()["x"])
    assert Snapshot(store, after).incidents() is after.incidents()


def test_what_another_program_did_to_the_file_lets_all_be_read_again(
    store: GeoPackageStore, readings: list[list[str] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Snapshot(store)
    assert len(before.incidents())
    with store.transaction():
        store.put_partition(month_of_incidents(MONTHS[0], seed=8))
    monkeypatch.setattr(store, "incident_count", lambda: 319)
    Snapshot(store, before)
    assert readings[-1] is None


def test_a_counter_that_the_imports_do_not_explain_lets_all_be_read_again(
    store: GeoPackageStore, readings: list[list[str] | None]
) -> None:
    before = Snapshot(store)
    assert len(before.incidents())
    with store.transaction():
        store.put_partition(month_of_incidents(MONTHS[0], seed=8))
        store._tables.execute("UPDATE patchmap_counters SET value = value + 1")
    Snapshot(store, before)
    assert readings == [None, None]


def test_incidents_are_read_when_they_are_first_needed(
    store: GeoPackageStore, readings: list[list[str] | None]
) -> None:
    before = Snapshot(store)
    assert before.incident_count()
    assert before.imports()
    with store.transaction():
        store.put_partition(month_of_incidents(MONTHS[0], seed=8))
    assert readings == []
    with pytest.raises(StoreError, match="the incidents have just changed; try again"):
        before.incidents()
    assert len(Snapshot(store, before).incidents()) == store.incident_count()
    assert readings == [None]


def test_of_more_incidents_than_memory_is_for_a_question_reads_its_own_months(
    store: GeoPackageStore, readings: list[list[str] | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question.read({"period": "latest-1m", "compare": "previous"})
    few = ask(question, Snapshot(store))
    assert readings.pop() is None
    monkeypatch.setattr("api.snapshot.MOST_IN_MEMORY", 0)
    monkeypatch.setattr("geo.store.column_copy.FEWEST", 1)
    windows: list[Window] = []
    located = store.located_incidents

    def note(window: Window, *others: Any) -> pd.DataFrame:
        windows.append(window)
        return located(window, *others)

    monkeypatch.setattr(store, "located_incidents", note)
    many = ask(question, Snapshot(store))
    assert many.accounts == few.accounts
    assert_frame_equal(many.area_counts, few.area_counts)
    assert_frame_equal(many.hotspots, few.hotspots)
    assert_frame_equal(many.ranked_places, few.ranked_places)
    assert readings == []
    assert Window(few.accounts.period.start, few.accounts.period.end) in windows
    assert max(one.end for one in windows) == few.accounts.period.end
