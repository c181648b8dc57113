"""Months as partitions, ids that stand once, and imports that can be undone."""

from __future__ import annotations

import pandas as pd
import pytest

from geo.errors import ConflictError, NotFoundError, StoreError
from geo.incidents import REJECT_COLUMNS, Batch, Partition
from geo.store.contract import Window
from tests.geo.postgis.databases import run


def test_each_month_of_london_is_a_partition_and_a_window_reads_no_other(store, url, partition):
    for month in ("2024-05", "2024-06", "2024-07"):
        store.put_partition(partition(month))
    names = run(
        url,
        "SELECT relname::text FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = 'patchmap.incidents'::regclass ORDER BY 1",
    )
    assert names == [(f"patchmap_incidents_2024_0{month}",) for month in (5, 6, 7)]
    assert run(url, f"SELECT count(*) FROM patchmap.{names[1][0]}") == [(2,)]
    plan = run(
        url,
        "EXPLAIN SELECT * FROM patchmap.incidents WHERE occurred_from >= '2024-05-31T23:00:00Z'"
        " AND occurred_from < '2024-06-30T23:00:00Z'",
    )
    scanned = "\n".join(line for (line,) in plan)
    assert "2024_06" in scanned
    assert "2024_05" not in scanned
    assert "2024_07" not in scanned
    june = Window(pd.Timestamp("2024-05-31T23:00Z"), pd.Timestamp("2024-06-30T23:00Z"))
    assert store.incidents(june)["incident_id"].str.contains("2024-06").all()


def test_an_id_stands_once_whatever_its_month(store, partition):
    store.put_partition(partition("2024-01"))
    bad = partition("2024-02", incident_id=["police.uk/derbyshire/2024-01:2", "b"])
    with pytest.raises(StoreError, match="duplicate key"):
        store.put_partition(bad)
    assert store.incident_count() == 2


def test_the_count_and_the_ids_stay_true_when_another_program_edits(store, url, partition):
    store.put_partition(partition("2024-01", 3))
    run(url, "DELETE FROM patchmap.incidents WHERE incident_id LIKE '%:2'")
    run(url, "UPDATE patchmap.incidents SET incident_id = 'new' WHERE incident_id LIKE '%:3'")
    assert store.incident_count() == len(store.incidents()) == 2
    assert run(url, "SELECT incident_id FROM patchmap.patchmap_ids ORDER BY 1") == [
        ("new",),
        ("police.uk/derbyshire/2024-01:4",),
    ]
    run(url, "TRUNCATE patchmap.incidents")
    assert store.incident_count() == 0


def test_an_edit_by_another_program_moves_the_counter_of_incidents(store, url, partition):
    store.put_partition(partition("2024-01", 3))
    store.put_partition(partition("2024-02", 3))
    for statement, partitions in (
        ("UPDATE patchmap.incidents SET category = 'noise' WHERE incident_id LIKE '%:2'", 2),
        ("DELETE FROM patchmap.incidents WHERE incident_id LIKE '%01:2'", 1),
        ("DELETE FROM patchmap.incidents WHERE incident_id = 'none'", 0),
        ("UPDATE patchmap.incidents SET import_id = 1", 2),
        ("TRUNCATE patchmap.incidents", 2),
    ):
        before, changes = store.data_version().incidents, store.partition_changes()
        run(url, statement)
        assert store.data_version().incidents == before + partitions, statement
        moved = sum(store.partition_changes().values()) - sum(changes.values())
        assert moved == partitions, statement
    before = store.data_version().incidents
    store.put_partition(partition("2024-03", 3))
    assert store.data_version().incidents == before + 1


def test_undo_restores_what_an_import_replaced(store, partition):
    store.put_partition(partition("2024-01", 3))
    before = store.incidents()
    change, record = store.put_partition(partition("2024-01", 5, content="v2"), by="me")
    assert (change, record.rows_replaced, record.imported_by) == ("replaced", 3, "me")
    assert store.undo_import(record.import_id).state == "current"
    pd.testing.assert_frame_equal(store.incidents(), before)
    states = [(item.import_id, item.state) for item in store.imports(history=True)]
    assert states == [(1, "current"), (record.import_id, "undone")]
    with pytest.raises(ConflictError, match="import 2 is already undone"):
        store.undo_import(record.import_id)
    with pytest.raises(NotFoundError, match="there is no import 9"):
        store.undo_import(9)


def test_a_keyed_import_writes_only_what_is_new_or_differs(store, keyed):
    first = [("a", "noise", "2024-01"), ("b", "noise", "2024-02"), ("c", "noise", "2024-03")]
    assert store.put_partition(keyed(first))[0] == "added"
    second = [("a", "noise", "2024-01"), ("b", "litter", "2024-05"), ("d", "noise", "2024-02")]
    change, record = store.put_partition(keyed(second, content="k2"))
    assert (change, record.rows_replaced) == ("updated", 1)
    categories = store.incidents().set_index("incident_id")["category"].astype(str).to_dict()
    assert categories == {"a": "noise", "b": "litter", "c": "noise", "d": "noise"}
    assert len(store.import_rows(record.import_id)) == 2
    assert store.put_partition(keyed(second, content="k3"))[0] == "unchanged"
    assert len(store.imports(history=True)) == 2
    store.undo_import(record.import_id)
    categories = store.incidents().set_index("incident_id")["category"].astype(str).to_dict()
    assert categories == dict.fromkeys("abc", "noise")
    assert store.incident_count() == 3


def test_a_twin_is_refused(store, partition):
    store.put_partition(partition("2024-01", content="twin"))
    with pytest.raises(
        ConflictError, match=r"is already imported as police[.]uk/derbyshire/2024-01"
    ):
        store.put_partition(partition("2024-02", content="twin"))


def test_texts_of_any_kind_come_back(store, keyed):
    odd = [
        "",
        "a,b",
        'say "hi"',
        "two\nlines",
        "\\N",
        "\\.",
        "é ∑ 🙂",
        "NULL",
        " x ",
        "\t",
        "%s",
        "1",
    ]
    part = keyed([(f"id-{i}", "noise", "2024-01") for i in range(len(odd))])
    frame = next(part.batches()).accepted.assign(location=odd, reference=odd)
    batch = Batch(frame, pd.DataFrame(columns=list(REJECT_COLUMNS)))
    store.put_partition(Partition("council", "noise", "", "n.csv", "x", (), lambda: iter([batch])))
    incidents = store.incidents()
    assert incidents["location"].tolist() == odd
    assert incidents["reference"].tolist() == odd
