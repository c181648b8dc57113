"""Rows of an extract that state no place: of a known record they count where it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geo.errors import InputError
from geo.incidents import Batch
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import read_spreadsheet
from geo.store.contract import ImportRecord, Store
from tests.geo.stores.lives import WEEK, events, life_of
from tests.geo.stores.parts import undo

MAPPING = """
source = "council"
id = "Ref"
[when]
from = "Logged"
format = "yyyy-mm-dd"
[where]
easting = "E"
northing = "N"
[what]
category = "litter"
[life]
every_kind = "request"
closed = "Shut"
stated_area = "Ward"
stated_layer = "wards"
extract = "whole"
"""
HEADER = "Ref,Logged,Shut,Ward,E,N"
FIRST = [
    "placed,2026-11-02,,,435100,336100",
    "stated,2026-11-02,,Abbey,,",
    "twice,2026-11-02,,,435200,336100",
]

Ingest = Callable[..., ImportRecord]


@pytest.fixture
def ingest(store: Store, tmp_path: Path) -> Ingest:
    """Imports rows as an extract of a day; `notices` and `rejected` are of the last."""

    def ingest_rows(
        rows: list[str], day: date, notices: list[str], rejected: list[str]
    ) -> ImportRecord:
        path = tmp_path / "cases.csv"
        path.write_text("\n".join([HEADER, *rows]) + "\n")
        mapping = read_mapping(MAPPING.encode(), file="m.toml", folder=tmp_path)
        part = read_spreadsheet(path, mapping, store.projection, extracted=day)

        def note(batch: Batch) -> None:
            notices[:] = batch.notices
            rejected.extend(
                f"{line}: {reason}"
                for line, reason in batch.rejected[["line", "reason"]].to_numpy().tolist()
            )

        with store.transaction():
            return store.put_partition(part, on_batch=note)[1]

    return ingest_rows


def test_a_known_record_stays_where_it_was(store: Store, ingest: Ingest) -> None:
    ingest(FIRST, WEEK[0], [], [])
    notices: list[str] = []
    rejected: list[str] = []
    later = [
        "placed,2026-11-02,2026-11-25,,,",
        "stated,2026-11-02,2026-11-26,,,",
        "new,2026-11-20,,,,",
        "twice,2026-11-02,,,,",
        "twice,2026-11-02,2026-11-27,,435300,336100",
    ]
    done = ingest(later, WEEK[1], notices, rejected)
    assert (done.rows_read, done.rows_accepted, done.rows_placeless) == (5, 3, 1)
    assert done.rejected_by_reason == {"no location": 2}
    assert sorted(rejected) == ["4: no location", "5: no location"]
    assert done.events == {"closed": 3}
    day = "2026-11-30"
    assert events(store) == [(key, "closed", day) for key in ("placed", "stated", "twice")]
    assert life_of(store, "placed")["x"] == 435_100.0
    assert life_of(store, "placed")["closed"] == "2026-11-25"
    assert life_of(store, "stated")["stated_area"] == "Abbey"
    assert life_of(store, "stated")["stated_layer"] == "wards"
    assert life_of(store, "twice")["x"] == 435_300.0
    assert (
        "cases.csv: 2 rows of known records state no usable place (2 no location); each record "
        "stays where it was"
    ) in notices
    undo(store, done.import_id)
    assert life_of(store, "placed")["closed"] == ""
    assert (store.incident_count(), store.placeless_count()) == (2, 1)


def test_a_point_that_cannot_be_right_moves_no_record(store: Store, ingest: Ingest) -> None:
    ingest(FIRST, WEEK[0], [], [])
    done = ingest(["placed,2026-11-02,2026-11-25,,1,1", *FIRST[1:]], WEEK[1], [], [])
    assert (done.rows_accepted, done.events) == (3, {"closed": 1})
    assert life_of(store, "placed")["x"] == 435_100.0


def test_another_fault_rejects_its_row_all_the_same(store: Store, ingest: Ingest) -> None:
    ingest(FIRST, WEEK[0], [], [])
    done = ingest(["placed,2026-11-02,2026-10-25,,,", *FIRST[1:]], WEEK[1], [], [])
    assert (done.rows_accepted, done.events) == (2, {})
    assert life_of(store, "placed")["closed"] == ""


def test_an_erased_record_stays_erased(store: Store, ingest: Ingest) -> None:
    ingest(FIRST, WEEK[0], [], [])
    with store.transaction():
        store.put_erasures([store.erasure_of("council", "placed")])
    done = ingest(["placed,2026-11-02,2026-11-25,,,", *FIRST[1:]], WEEK[1], [], [])
    assert done.rejected_by_reason == {"erased": 1}
    assert "council:placed" not in store.records().index


def test_a_file_of_unknown_records_without_places_is_refused(store: Store, ingest: Ingest) -> None:
    with pytest.raises(InputError, match=r"cases.csv: no row is accepted, mostly: no location"):
        ingest(["new,2026-11-20,,,,"], WEEK[0], [], [])
    assert store.imports() == []
    ingest(FIRST, WEEK[0], [], [])
    before = store.records()
    with pytest.raises(InputError, match="no row is accepted"):
        ingest(["new,2026-11-20,,,,"], WEEK[1], [], [])
    pd.testing.assert_frame_equal(store.records(), before)
