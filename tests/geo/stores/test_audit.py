"""The audit: what is done to a stored chain is named, and what cannot be kept is an error."""

import json
import multiprocessing
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from geo.errors import InputError, NotFoundError, StoreError
from geo.store.audit import AuditLog
from geo.store.audit_archive import read_archive, write_archive
from geo.store.audit_chain import AuditKey
from geo.store.audit_files import HeadFile, read_key
from geo.store.geopackage.records import RecordsFile, records_path
from geo.store.postgis import PostgisStore
from geo.store.postgis.records import PostgisRecords
from geo.store.records import Records
from tests.disks import largest_file

_KEY = AuditKey(bytes(range(32)))
_WHO = {"who": "ann", "roles": ["analyst"], "rows": 12}


both_stores = pytest.mark.parametrize("records", ["GeoPackage", "PostGIS"], indirect=True)


@pytest.fixture
def records(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Records]:
    if getattr(request, "param", "GeoPackage") == "GeoPackage":
        with closing(RecordsFile(tmp_path / "city.gpkg")) as file:
            yield file
        return
    url = request.getfixturevalue("empty_database")(0)
    with closing(PostgisStore(url, create=True)), closing(PostgisRecords(url)) as server:
        yield server


@pytest.fixture
def heads(tmp_path: Path) -> HeadFile:
    return HeadFile(tmp_path / "heads", lambda _head: None)


@pytest.fixture
def log(records: Records, heads: HeadFile) -> AuditLog:
    kept = AuditLog(records, _KEY, heads)
    for number in range(1, 7):
        kept.append("consultation", {**_WHO, "subject": f"incidents {number}"})
    return kept


@contextmanager
def _unguarded(records: Records) -> Iterator[None]:
    """As whoever may change the database can."""
    with records.transaction():
        if isinstance(records, RecordsFile):
            records.execute("DROP TRIGGER patchmap_audit_kept")
            records.execute("DROP TRIGGER patchmap_audit_unchanged")
        else:
            records.execute("ALTER TABLE patchmap_audit DISABLE TRIGGER USER")
        yield


def _replace(records: Records, column: str, old: str, new: str, sequence: int) -> None:
    with _unguarded(records):
        records.execute(
            f"UPDATE patchmap_audit SET {column} = replace({column}, ?, ?) WHERE sequence = ?",
            old,
            new,
            sequence,
        )


@both_stores
def test_an_audit_that_nobody_touched_is_whole(log: AuditLog) -> None:
    assert log.faults() == []
    first = next(log.entries())
    assert (first.sequence, first.action, first.text("who")) == (1, "consultation", "ann")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", first.at)


@pytest.mark.parametrize(
    ("column", "old", "new", "fault"),
    [
        ("fields", "ann", "anm", "entry 3 was changed: its who is not the one"),
        ("fields", "incidents 3", "incidents 4", "entry 3 was changed: its subject"),
        ("entry", "consultation", "cinsultation", "entry 3 was changed"),
        ("entry", "T", "U", "entry 3 was changed"),
        ("entry", "{", "[", "entry 3 was changed"),
        ("fields", "{", "", "entry 3 was changed: its fields"),
    ],
)
def test_one_byte_changed_is_named(
    records: Records, log: AuditLog, column: str, old: str, new: str, fault: str
) -> None:
    _replace(records, column, old, new, 3)
    assert log.faults()[0].startswith(fault)
    assert not any("entry 4" in line for line in log.faults())


def test_only_the_rows_that_are_shown_are_read(log: AuditLog) -> None:
    numbers = [entry.sequence for entry in log.entries(newest_first=True, before=4)]
    assert numbers == [3, 2, 1]
    chosen = log.entries(action="consultation", newest_first=True, before=3)
    assert [entry.sequence for entry in chosen] == [2, 1]
    assert [*log.entries(before=1)] == []


def test_a_mac_with_one_byte_changed_is_named(records: Records, log: AuditLog) -> None:
    mac = records.rows("SELECT mac FROM patchmap_audit WHERE sequence = 3")[0][0]
    _replace(records, "mac", mac, mac[:-1] + ("0" if mac[-1] != "0" else "1"), 3)
    assert log.faults()[0] == "entry 3 was changed"


@both_stores
def test_a_dropped_row_is_named(records: Records, log: AuditLog) -> None:
    with _unguarded(records):
        records.execute("DELETE FROM patchmap_audit WHERE sequence IN (3, 4)")
    assert log.faults() == ["entries 3 to 4 are missing"]


def test_rows_in_another_order_are_named(records: Records, log: AuditLog) -> None:
    with _unguarded(records):
        for old, new in ((2, 99), (5, 2), (99, 5)):
            records.execute("UPDATE patchmap_audit SET sequence = ? WHERE sequence = ?", new, old)
    faults = log.faults()
    assert "entry 2 stands in the place of another: it was written as 5" in faults
    assert "entry 5 stands in the place of another: it was written as 2" in faults


@both_stores
def test_a_tail_that_was_cut_shows_by_the_head_outside(
    records: Records, log: AuditLog, heads: HeadFile
) -> None:
    with _unguarded(records):
        records.execute("DELETE FROM patchmap_audit WHERE sequence > 4")
    missing = "entries 5 to 6 are missing at the end: the head that was written outside is entry 6"
    assert log.faults() == [missing]
    # Others written in their place do not hide it either.
    AuditLog(records, _KEY).append("export", _WHO)
    assert log.faults()[0] == "entry 5 is not the one whose head was written outside"
    assert AuditLog(records, _KEY).faults() == []  # without that head nothing shows
    assert len(heads.read()) == 6


def test_half_a_line_of_the_head_is_none(log: AuditLog, heads: HeadFile, tmp_path: Path) -> None:
    with (tmp_path / "heads").open("a") as file:
        file.write("7 abc")
    log.append("export", _WHO)
    assert log.faults() == []
    assert [head.sequence for head in heads.read()] == [1, 2, 3, 4, 5, 6, 7]


def test_another_key_is_named_as_such(records: Records, log: AuditLog) -> None:
    del log
    other = AuditLog(records, AuditKey(bytes(32)))
    assert "entry 1 was written with another key" in other.faults()[0]


@both_stores
def test_a_field_is_redacted_and_the_chain_still_whole(records: Records, log: AuditLog) -> None:
    log.redact(2, "subject", {"who": "dee", "reason": "named a victim"})
    assert log.faults() == []
    assert [entry.text("subject") for entry in log.entries()][1] == "[redacted]"
    records.compact()
    if isinstance(records, RecordsFile):
        assert b"incidents 2" not in records.path.read_bytes()
    last = next(log.entries(newest_first=True))
    assert (last.action, last.text("subject")) == ("redaction", "2 subject")
    with pytest.raises(NotFoundError, match="entry 2 of the audit has no subject"):
        log.redact(2, "subject", {})


def test_a_field_removed_without_a_redaction_is_named(records: Records, log: AuditLog) -> None:
    fields = json.loads(records.rows("SELECT fields FROM patchmap_audit WHERE sequence = 4")[0][0])
    with records.transaction():
        records.execute(
            "UPDATE patchmap_audit SET fields = ? WHERE sequence = 4",
            json.dumps(fields | {"who": None}),
        )
    expected = "entry 4: its who was removed, and no entry says that it was redacted"
    assert log.faults() == [expected]


@both_stores
def test_entries_are_not_changed_or_deleted_by_mistake(records: Records, log: AuditLog) -> None:
    del log
    for statement in ("DELETE FROM patchmap_audit", "UPDATE patchmap_audit SET mac = ''"):
        with pytest.raises(StoreError, match="never"), records.transaction():
            records.execute(statement)


def _append(path: Path) -> None:
    """Append from four threads until killed."""
    with closing(RecordsFile(path)) as records:
        log = AuditLog(records, _KEY, HeadFile(path.with_name("heads"), lambda _head: None))

        def forever() -> None:
            while True:
                log.append("export", _WHO)

        work = [threading.Thread(target=forever) for _ in range(4)]
        for thread in work:
            thread.start()
        for thread in work:
            thread.join()


def _wait_for(heads: HeadFile, number: int) -> None:
    deadline = time.monotonic() + 60
    while len(heads.read()) < number and time.monotonic() < deadline:
        time.sleep(0.02)


def test_processes_append_to_one_chain_which_is_whole_when_they_are_killed(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path, heads = tmp_path / "city.gpkg", HeadFile(tmp_path / "heads", lambda _head: None)
    workers = [context.Process(target=_append, args=(path,), daemon=True) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        for worker in workers:
            _wait_for(heads, len(heads.read()) + 40)
            worker.kill()
            worker.join()
            acknowledged = heads.read()
            with closing(RecordsFile(path)) as records:
                log = AuditLog(records, _KEY, heads)
                assert log.faults() == []
                assert log.count() >= len(acknowledged) >= 40
    finally:
        for worker in workers:
            worker.kill()


def test_what_cannot_be_kept_is_an_error_for_each_who_waits(tmp_path: Path) -> None:
    with closing(RecordsFile(tmp_path / "city.gpkg")) as records:
        log = AuditLog(records, _KEY)
        log.append("export", _WHO)
        size = records_path(tmp_path / "city.gpkg").stat().st_size
        with largest_file(size), pytest.raises(StoreError):
            log.append("export", {"subject": "x" * 5_000_000})
        log.append("export", _WHO)
        assert log.faults() == []
        other = sqlite3.connect(records.path)
        other.execute("DROP TRIGGER patchmap_audit_kept")
        other.execute("DROP TABLE patchmap_audit")
        with pytest.raises(StoreError):
            log.append("export", _WHO)


def test_a_head_that_cannot_be_written_is_an_error(records: Records, tmp_path: Path) -> None:
    log = AuditLog(records, _KEY, HeadFile(tmp_path / "no" / "heads", lambda _head: None))
    with pytest.raises(StoreError, match="heads cannot be written"):
        log.append("export", _WHO)


def test_the_key_is_its_owners_alone_and_never_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "audit-key"
    made = read_key(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_key(path, make=True) == made
    path.chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        read_key(path, make=False)
    path.unlink()
    with pytest.raises(StoreError, match="put the file back"):
        read_key(path, make=False)


def _archived(log: AuditLog, folder: Path, until: int) -> Path:
    """The first entries of an audit, archived."""
    file = folder / f"audit-{until}.jsonl"
    written = write_archive(file, (one for one in log.stored_before("9") if one.sequence <= until))
    log.archive(written, {"who": "ann"}, file=file.name)
    return file


@both_stores
def test_what_is_archived_leaves_a_chain_that_can_be_checked(
    records: Records, log: AuditLog, tmp_path: Path
) -> None:
    first = _archived(log, tmp_path, 3)
    second = _archived(log, tmp_path, 5)
    log.compact()
    assert [entry.sequence for entry in log.entries()] == [6, 7, 8]
    assert (log.first(), log.last(), log.count()) == (6, 8, 3)
    assert log.faults() == []
    every = [*read_archive(first), *read_archive(second)]
    assert [one.sequence for one in every] == [1, 2, 3, 4, 5]
    assert log.faults(every) == []
    assert log.faults(every[1:])[0].startswith("entry 1 is missing")
    assert log.faults([*every[:2], *every[3:]])[0].startswith("entry 3 is missing")
    with pytest.raises(StoreError), records.transaction():
        records.execute("DELETE FROM patchmap_audit WHERE sequence = 6")
    assert log.append("import", _WHO).sequence == 9


def test_a_cut_at_the_beginning_is_none_that_was_archived(
    records: Records, log: AuditLog, tmp_path: Path
) -> None:
    _archived(log, tmp_path, 2)
    with records.transaction():
        records.delete_audit_until(4)
    [fault] = log.faults()
    assert fault == "entries 1 to 4 are missing, and no entry says that they were archived"


def test_a_seal_that_was_changed_seals_nothing(
    records: Records, log: AuditLog, tmp_path: Path
) -> None:
    _archived(log, tmp_path, 2)
    _replace(records, "fields", '"2 ', '"3 ', 7)
    assert "no entry says that they were archived" in " ".join(log.faults())
    with pytest.raises(InputError, match="entry 7 seals an archive"):
        log.redact(7, "subject", {"who": "ann", "reason": "x"})


def test_what_is_redacted_meanwhile_is_not_archived(log: AuditLog, tmp_path: Path) -> None:
    written = write_archive(tmp_path / "a", log.stored_before("9"))
    log.redact(2, "who", {"who": "ann", "reason": "x"})
    with pytest.raises(StoreError, match="has just changed"):
        log.archive(written, {"who": "ann"}, file="a")
    assert log.count() == 7


def test_only_whole_lines_of_entries_are_an_archive(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for text in ("x\n", "[1]\n", "{}\n", '[1,"a","b","c","d","e"]\n'):
        file.write_text(text)
        with pytest.raises(InputError, match="line 1 of a is no entry"):
            [*read_archive(file)]
