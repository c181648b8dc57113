"""What was erased or is too old is gone for good, whichever way it could come back."""

from __future__ import annotations

import hmac
import multiprocessing
from contextlib import closing
from hashlib import sha256
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import psycopg
import pytest

from geo.coverage.published import ImportCoverage
from geo.errors import NotFoundError
from geo.incidents import Batch
from geo.store.contract import Store
from geo.store.copying import copy_store
from geo.store.erasures import content_hashes
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.geo.stores.parts import (
    Row,
    all_incidents,
    frame,
    imported,
    keyed_part,
    lines,
    month_part,
    part,
    put,
    undo,
)
from tests.geo.stores.soundness import faults
from tests.geo.stores.traces import TRACE, traced, traces

HOME = "14 Quince Passage"
PEOPLE = [Row(f"council:{name}", location=f"{n} Elm Row") for n, name in enumerate("abcd", 1)]
WITH_HOME = [*PEOPLE[:2], PEOPLE[2]._replace(location=HOME), PEOPLE[3]]
ROWS = 24
"""Of which a process erases one after another until it is killed."""


def erase(store: Store, source: str, incident_id: str) -> int:
    with store.transaction():
        erasure = store.erasure_of(source, incident_id, by="ann", reason="asked for")
        return store.put_erasures([erasure])


def ids(store: Store) -> list[str]:
    return sorted(row[0] for row in all_incidents(store))


def accounts(store: Store, import_id: int) -> tuple[int, int, dict[str, int], int]:
    record = next(one for one in store.imports(history=True) if one.import_id == import_id)
    return (
        record.rows_read,
        record.rows_accepted,
        record.rejected_by_reason,
        sum(record.summary.categories.values()),
    )


def test_an_erased_row_goes_from_what_was_replaced_too_and_never_comes_back(store: Store) -> None:
    first = imported(store, keyed_part(WITH_HOME))
    changed = [row._replace(category="noise") for row in WITH_HOME]
    second = imported(store, keyed_part(changed))
    before = store.data_version().incidents
    assert erase(store, "council", "c") == 2  # by its own id: now, and as it was replaced
    assert store.data_version().incidents == before + 1
    assert ids(store) == ["council:a", "council:b", "council:d"]
    assert accounts(store, second.import_id) == (4, 3, {"erased": 1}, 3)
    assert accounts(store, first.import_id) == (4, 3, {"erased": 1}, 3)
    undo(store, second.import_id)
    assert ids(store) == ["council:a", "council:b", "council:d"]
    kept: list[Batch] = []
    with store.transaction():
        again = keyed_part([*WITH_HOME, Row("council:e")])
        record = store.put_partition(again, on_batch=kept.append)[1]
    assert ids(store) == ["council:a", "council:b", "council:d", "council:e"]
    assert (record.rows_read, record.rows_accepted) == (5, 4)
    assert record.rejected_by_reason == {"erased": 1}
    assert HOME not in repr([(one.accepted.to_dict(), one.rejected.to_dict()) for one in kept])
    assert erase(store, "council", "council:c") == 0  # once more does no harm
    with pytest.raises(NotFoundError, match="no incident 'zz' of council"):
        erase(store, "council", "zz")
    [erasure] = store.erasures()
    assert (erasure.source, erasure.erased_by, erasure.reason) == ("council", "ann", "asked for")


def test_rows_that_are_known_by_their_line_are_found_where_the_next_file_has_them(
    store: Store,
) -> None:
    rows = lines(4)
    alike = rows[2]._replace(key=rows[3].key)  # the same in all but its line
    imported(store, part([*rows[:3], alike]))
    assert erase(store, "police.uk", rows[2].key) == 1
    assert ids(store) == [rows[0].key, rows[1].key, rows[3].key]
    # In the next file another row comes first, so that all lines are others.
    start = "police.uk/derbyshire/2024-01:"
    new = Row(f"{start}2", x=999_999.0 - 560_000)
    moved = [row._replace(key=f"{start}{3 + n}") for n, row in enumerate([*rows[:3], alike])]
    record = imported(store, part([new, *moved]))
    assert ids(store) == [f"{start}{line}" for line in (2, 3, 4, 6)]
    assert record.rejected_by_reason == {"erased": 1}
    undo(store, record.import_id)
    assert len(ids(store)) == 3


def test_of_alike_rows_as_many_stay_away_as_were_erased_and_no_more(
    store: Store, tmp_path: Path
) -> None:
    rows = lines(1)
    alike = [rows[0]._replace(key=f"police.uk/derbyshire/2024-01:{n}") for n in range(2, 6)]
    keys = [row.key for row in alike]
    first = imported(store, part(alike))
    assert erase(store, "police.uk", keys[1]) == 1
    assert ids(store) == [keys[0], *keys[2:]]  # the very line that was named
    # The same again takes none that only says the same, nor does what a later backup knows.
    assert erase(store, "police.uk", keys[1]) == 0
    with store.transaction():
        assert store.put_erasures(store.erasures()) == 0
    assert erase(store, "police.uk", keys[3]) == 1
    assert ids(store) == [keys[0], keys[2]]
    assert accounts(store, first.import_id)[1:3] == (2, {"erased": 2})
    # Both stay away from the next file, and the two others of it are there.
    again = imported(store, part(alike, content="2"))
    assert ids(store) == [keys[0], keys[2]]
    assert (again.rows_read, again.rows_accepted) == (4, 2)
    with closing(GeoPackageStore(tmp_path / "copy.gpkg", create=True)) as copied:
        copy_store(store, copied)
        assert ids(copied) == [keys[0], keys[2]]
        assert erase(copied, "police.uk", keys[1]) == 0
    undo(store, again.import_id)
    assert ids(store) == [keys[0], keys[2]]


def test_the_number_of_a_line_is_of_another_person_in_the_next_file(store: Store) -> None:
    ann, bob = lines(2)
    line = ann.key
    imported(store, part([ann]))
    assert erase(store, "police.uk", line) == 1
    assert erase(store, "police.uk", line) == 0
    imported(store, part([bob._replace(key=line)], content="2"))
    assert ids(store) == [line]
    assert erase(store, "police.uk", line) == 1
    assert ids(store) == []
    assert len(store.erasures()) == 2
    record = imported(store, part([bob, ann._replace(key=bob.key + "1")], content="3"))
    assert (record.rows_accepted, record.rejected_by_reason) == (0, {"erased": 2})


def test_what_was_erased_by_its_line_stays_away_where_the_source_gets_ids(store: Store) -> None:
    ann, bob = lines(2)
    imported(store, part([ann, bob]))
    erase(store, "police.uk", ann.key)
    own = [row._replace(key=f"police.uk:{name}") for name, row in (("a", ann), ("b", bob))]
    rows = keyed_part(own, source="police.uk")
    record = imported(store, rows)
    assert record.rejected_by_reason == {"erased": 1}
    assert "police.uk:b" in ids(store)
    assert "police.uk:a" not in ids(store)


def test_the_hash_of_a_row_is_that_of_what_it_says_whatever_stands_beside_it() -> None:
    key = "0b" * 32
    rows = frame([Row("a", location='Ann\'s "Inn" é'), Row("b", when="2024-01-02T03:04:05")])
    home, street = 'Ann\'s \\"Inn\\" é', "On or near High Street"
    end, moment = "2024-01-31 23:59:59+00:00", "2024-01-02 03:04:05+00:00"
    start, place = '["content", "police.uk", "drugs", ', '"", "435000.25", "336000.5"]'
    texts = [
        f'{start}"2024-01-01 00:00:00+00:00", "{end}", "{home}", {place}',
        f'{start}"{moment}", "{moment}", "{street}", {place}',
    ]
    expected = [hmac.new(bytes.fromhex(key), text.encode(), sha256).hexdigest() for text in texts]
    assert content_hashes(key, rows) == expected
    # Times of a source with fractions of a second are of another type.
    fine = rows.astype({"occurred_from": "datetime64[ms, UTC]"})
    fine.loc[0, "occurred_from"] += pd.Timedelta("0.5s")
    assert content_hashes(key, fine) == expected


def test_a_copy_and_an_older_backup_learn_what_was_erased(store: Store, tmp_path: Path) -> None:
    put(store, keyed_part(WITH_HOME), part(lines(3)))
    with closing(GeoPackageStore(tmp_path / "older.gpkg", create=True)) as older:
        copy_store(store, older)
        with store.transaction():
            done = [
                store.erasure_of("council", "c"),
                store.erasure_of("police.uk", lines(3)[1].key),
            ]
            assert store.put_erasures(done) == 2
        with older.transaction():
            assert older.put_erasures(store.erasures()) == 2
        assert all_incidents(older) == all_incidents(store)
    with closing(GeoPackageStore(tmp_path / "copy.gpkg", create=True)) as copied:
        copy_store(store, copied)
        assert copied.erasures() == store.erasures()
        imported(copied, keyed_part([*WITH_HOME, Row("council:e")]))
        assert "council:c" not in ids(copied)
    assert faults(tmp_path / "older.gpkg") == []


def _fill(store: Store) -> None:
    put(store, keyed_part(WITH_HOME), part(lines(300)))
    put(store, keyed_part([row._replace(category="noise") for row in WITH_HOME]))


def test_no_file_of_a_geopackage_holds_an_erased_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    path = tmp_path / "s.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        _fill(store)
        assert traces(tmp_path) > 0
        erase(store, "council", "c")
        # Broken off here, the next one does what was left to do.
        assert erase(store, "council", "c") == 0
        store.compact()
        assert traces(tmp_path) == 0
        packed = store._file.rows("SELECT replaced_rows FROM patchmap_imports")
        assert not any(_unpacked_has_trace(blob) for (blob,) in packed if blob)
    assert faults(path) == []


def _unpacked_has_trace(blob: bytes) -> bool:
    import pyarrow as pa  # noqa: PLC0415 - for this alone

    with pa.ipc.open_stream(blob) as stream:
        table = stream.read_all()
    # With what dictionaries hold, used or not.
    return TRACE.decode() in str([column.chunk(0) for column in table.columns])


def test_no_file_of_a_server_holds_an_erased_address(cluster) -> None:
    url = cluster.new_database()
    with (
        closing(PostgisStore(url, create=True)) as store,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        _fill(store)
        connection.execute("ANALYZE")
        row = connection.execute(
            "SELECT current_setting('data_directory'), oid::text FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
        assert row
        folder = Path(row[0]) / "base" / row[1]
        connection.execute("CHECKPOINT")
        if not folder.is_dir():
            pytest.skip("the server's files are on another machine")
        assert traces(folder) > 0
        erase(store, "council", "c")
        store.compact()
        connection.execute("CHECKPOINT")
        assert traces(folder) == 0


def _months(store: Store) -> dict[str, tuple[str, ...]]:
    return {one.partition_id: ImportCoverage.of_import(one).months for one in store.imports()}


def test_what_is_older_than_it_is_kept_goes_and_its_months_are_unknown(store: Store) -> None:
    old, new = (part(lines(5, month=month), month=month) for month in ("2023-01", "2024-03"))
    put(store, old, new, keyed_part([Row("council:a", when="2023-01-05T10:00:00")]))
    replacing = imported(store, part(lines(3, month="2023-01"), month="2023-01", content="2"))
    before = pd.Timestamp("2024-01-01", tz="UTC")
    assert store.expirable_incidents("police.uk", before) == 8
    with store.transaction():
        assert store.expire_incidents("police.uk", before) == 8
    store.compact()
    assert ids(store) == sorted(["council:a", *(row.key for row in lines(5, month="2024-03"))])
    assert accounts(store, replacing.import_id) == (3, 0, {"past retention": 3}, 0)
    # A month that is gone is unknown, and not one without incidents.
    assert _months(store)["police.uk/derbyshire/2023-01"] == ()
    assert _months(store)["police.uk/derbyshire/2024-03"] == ("2024-03",)
    undo(store, replacing.import_id)
    assert len(ids(store)) == 6


def test_months_that_hold_nothing_are_dropped_from_a_database(cluster) -> None:
    url = cluster.new_database()
    with (
        closing(PostgisStore(url, create=True)) as store,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        put(store, *(part(lines(5, month=month), month=month) for month in ("2023-01", "2024-03")))
        with store.transaction():
            store.expire_incidents("police.uk", pd.Timestamp("2024-01-01", tz="UTC"))
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'patchmap_incidents_20__!___' ESCAPE"
            " '!' AND relkind = 'r'"
        ).fetchall()
        assert [name for (name,) in names] == ["patchmap_incidents_2024_03"]
        assert imported(store, part(lines(2, month="2023-01"), month="2023-01", content="3"))
        assert len(ids(store)) == 7


def _erase_all(path: str, mark: Connection) -> None:
    """Erase one row after another, as 'patchmap erase' does."""
    with closing(GeoPackageStore(Path(path))) as store:
        for row in traced(ROWS):
            mark.send("begun")
            erase(store, "police.uk", row.key)
            store.compact()


def test_an_erasure_that_is_killed_is_whole_or_not_there_and_can_be_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path))
    path = tmp_path / "s.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        put(store, part(traced(ROWS)), month_part("2024-03", 5))
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=_erase_all, args=(str(path), there), daemon=True)
    worker.start()
    for _ in range(5):
        assert here.recv() == "begun"
    worker.kill()
    worker.join()
    assert faults(path) == []
    with closing(GeoPackageStore(path)) as store:
        [record] = [one for one in store.imports() if one.month == "2024-01"]
        erased = len(store.erasures())
        assert 4 <= erased < ROWS
        assert (record.rows_read, record.rows_accepted) == (ROWS, ROWS - erased)
        assert store.incident_count() == ROWS + 5 - erased
        for row in traced(ROWS):
            erase(store, "police.uk", row.key)
        store.compact()
        assert traces(tmp_path) == 0
        assert store.incident_count() == 5
