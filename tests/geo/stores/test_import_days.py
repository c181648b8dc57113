"""The counts by London day that every import keeps, and those of stores of earlier releases."""

from __future__ import annotations

import json
from contextlib import closing

from geo.incidents import IncidentSummary, Partition
from geo.store.import_records import _summary_to_json
from geo.store.migrations import migrations
from tests.geo.stores.parts import Row, part, put

NIGHTS = (
    "2024-03-31T00:30:00",
    "2024-03-31T23:30:00",
    "2024-06-30T22:59:59",
    "2024-06-30T23:00:00",
)
# 31 March 2024 is the day on which the clocks of London go forward.
DAYS = {"2024-03-31": 1, "2024-04-01": 1, "2024-06-30": 1, "2024-07-01": 1}


def nights() -> Partition:
    return part([Row(f"k{number}", when=when) for number, when in enumerate(NIGHTS)], month="")


def test_an_import_counts_its_rows_by_the_day_in_london(store):
    put(store, nights())
    assert store.imports()[0].summary.days == DAYS


def test_a_store_of_an_earlier_release_is_counted_once(new_store, monkeypatch):
    def as_before(summary: IncidentSummary) -> str:
        return json.dumps(json.loads(_summary_to_json(summary))[:5])

    with monkeypatch.context() as earlier:
        earlier.setattr("geo.store.import_records._summary_to_json", as_before)
        earlier.setattr(
            "geo.store.migrations.migrations",
            lambda dialect: [one for one in migrations(dialect) if one.name != "import_days"],
        )
        opener = new_store()
        with closing(opener()) as old:
            put(old, nights())
            before = old.imports()[0].summary
            assert before.days == {}
    for _ in range(2):
        with closing(opener()) as store:
            assert store.imports()[0].summary.days == DAYS
            assert store.imports()[0].summary.squares == before.squares
