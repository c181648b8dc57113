"""What is erased comes into no copy again, and no step that fails or is killed leaves any of it."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely

from geo.columns import ColumnFolder
from geo.columns.places import made
from geo.errors import StoreError
from geo.locate import AreaLocator
from geo.store.column_copy import CopyChange
from geo.store.contract import Store, Window
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.geo.stores.parts import Row, keyed_part, month_part, put, undo

SECRET = "zz-erased"
AREAS = gpd.GeoDataFrame(
    {"name": ["all"]}, index=["A"], geometry=[shapely.box(0, 0, 1e6, 1e6)], crs=27700
)
ALWAYS = Window(*(pd.Timestamp(f"{year}-01-01", tz="UTC") for year in (2000, 2030)))
NOBODY = 65_534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture(autouse=True)
def always_copied(monkeypatch):
    """However few incidents a store has, it has a copy."""
    monkeypatch.setattr("geo.store.column_copy.FEWEST", 1)
    monkeypatch.setattr("geo.store.column_copy.PAUSE_S", 0)


@pytest.fixture
def open_store(request, backend, tmp_path) -> Iterator[Callable[[], Store]]:
    """Opens the test's store, with a cache of its own; all that were opened are closed."""
    with ExitStack() as opened:
        kind = PostgisStore if backend == "postgis" else GeoPackageStore
        place = "copied_database" if backend == "postgis" else "store_path"
        own = partial(kind, request.getfixturevalue(place), cache=tmp_path / "cache")
        yield lambda: opened.enter_context(closing(own()))


@pytest.fixture
def filled(store) -> Store:
    """A store with one incident to erase, whose category nothing else has."""
    rows = [Row("council:a", "noise", "2024-01-05T10:00:00")]
    rows.append(Row("council:b", SECRET, "2024-01-06T10:00:00"))
    put(store, month_part("2024-01", 5), keyed_part(rows))
    return store


def categories(store: Store) -> set[str]:
    return set(store.incidents(columns=["category"])["category"])


def erase(store: Store) -> None:
    with store.transaction():
        store.put_erasures([store.erasure_of("council", "b", by="ann", reason="asked for")])


def files(tmp_path: Path) -> set[str]:
    """All files of copies but the index."""
    folders = tmp_path.rglob("*.columns")
    return {file.name for folder in folders for file in folder.iterdir()} - {"index.json"}


def named(tmp_path: Path) -> set[str]:
    """The files that the index names."""
    texts = [file.read_bytes().partition(b"\n")[2] for file in tmp_path.rglob("index.json")]
    pieces = [piece for text in texts for piece in json.loads(text)["pieces"].values()]
    return {piece[0] for piece in pieces if piece[0]}


def remains(tmp_path: Path) -> bool:
    """Whether a copy shows anything of what was erased."""
    indexes = [file.read_text(encoding="utf-8") for file in tmp_path.rglob("index.json")]
    return any(SECRET in text for text in indexes) or not files(tmp_path) <= named(tmp_path)


@pytest.mark.parametrize("copied_before", [True, False])
def test_who_began_to_read_before_an_erasure_brings_nothing_back(
    filled, reader, tmp_path, copied_before
):
    if copied_before:
        categories(filled)
        assert remains(tmp_path)
    with reader.reading():
        assert len(reader.imports()) == 2
        erase(filled)
        assert not remains(tmp_path)
        assert SECRET in categories(reader)
        assert not remains(tmp_path)
    for store in (filled, reader):
        assert categories(store) == {"noise", "drugs"}
    assert not remains(tmp_path)
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("copied_before", [True, False])
@pytest.mark.parametrize("step", ["hold", "drop_changed"])
def test_nobody_copies_between_an_erasure_and_its_commit(
    filled, reader, tmp_path, monkeypatch, step, copied_before
):
    if copied_before:
        categories(filled)
    own = getattr(CopyChange, step)
    seen: list[set[str]] = []

    def then_read(change: CopyChange, **options: bool) -> None:
        own(change, **options)
        seen.append(categories(reader))

    monkeypatch.setattr(CopyChange, step, then_read)
    erase(filled)
    monkeypatch.undo()
    assert SECRET in seen[0]
    assert not remains(tmp_path)


def test_an_erasure_that_is_rolled_back_leaves_a_copy_to_read(
    filled, open_store, tmp_path, monkeypatch
):
    categories(filled)
    drop = CopyChange.drop_changed

    def then_fail(change: CopyChange) -> None:
        drop(change)
        raise KeyError

    with monkeypatch.context() as failing, suppress(KeyError):
        failing.setattr(CopyChange, "drop_changed", then_fail)
        erase(filled)
    assert len(files(tmp_path)) == 1
    assert SECRET in categories(filled)
    assert len(files(tmp_path)) == 2
    with monkeypatch.context() as failing:
        # The store is not read for what the copy has.
        failing.setattr(ColumnFolder, "refreshed", None)
        assert SECRET in categories(open_store())


def test_an_erasure_waits_for_who_is_writing_the_copy(store_path, tmp_path):
    """In another process, which would name the erased rows in its index afterwards."""
    _fill(store_path, copied=False)
    ready, go = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            _copy_slowly(store_path, ready[1], go[0])
        finally:
            os._exit(1)
    os.read(ready[0], 1)
    threading.Timer(0.5, os.write, (go[1], b".")).start()
    with closing(GeoPackageStore(store_path)) as store:
        erase(store)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert not remains(tmp_path)


def _copy_slowly(path: Path, ready: int, go: int) -> None:
    """Copy a store; the index is published once somebody has said so."""
    publish = ColumnFolder._publish

    def slowly(folder: ColumnFolder, index: object) -> None:
        os.write(ready, b".")
        os.read(go, 1)
        publish(folder, index)

    ColumnFolder._publish = slowly
    if SECRET in categories(GeoPackageStore(path)):
        os._exit(0)


def _kill_after(owner: type, step: str, *, times: int = 1) -> None:
    method = getattr(owner, step)
    calls = []

    def killed(*values: object, **options: object) -> object:
        result = method(*values, **options)
        calls.append(1)
        if len(calls) == times:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, step, killed)


@contextmanager
def killed_child() -> Iterator[bool]:
    """Runs the block in a child process, which is killed in it; false in the parent."""
    child = os.fork()
    if child == 0:
        try:
            yield True
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "nothing killed it"
    yield False


@pytest.mark.parametrize("step", ["hold", "drop_changed"])
def test_after_an_erasure_was_killed_the_next_one_leaves_nothing(
    store_path, tmp_path, monkeypatch, step
):
    _fill(store_path)
    with killed_child() as is_child:
        if is_child:
            _kill_after(CopyChange, step)
            erase(GeoPackageStore(store_path))
    with closing(GeoPackageStore(store_path)) as store:
        assert SECRET in categories(store)
        erase(store)
        assert not remains(tmp_path)
        assert SECRET not in categories(store)


@pytest.mark.parametrize(
    ("step", "times"), [("_written", 1), ("_written", 2), ("_publish", 1), ("_sweep", 2)]
)
def test_after_a_copying_was_killed_an_erasure_leaves_nothing(store_path, tmp_path, step, times):
    _fill(store_path, copied=False)
    with killed_child() as is_child:
        if is_child:
            _kill_after(ColumnFolder, step, times=times)
            categories(GeoPackageStore(store_path))
    assert files(tmp_path)
    with closing(GeoPackageStore(store_path)) as store:
        erase(store)
        assert not remains(tmp_path)
        assert SECRET not in categories(store)
        assert files(tmp_path) == named(tmp_path)


def _fill(path: Path, *, copied: bool = True) -> None:
    with closing(GeoPackageStore(path)) as store:
        rows = [Row("council:b", SECRET, "2024-01-06T10:00:00")]
        put(store, month_part("2024-01", 5), keyed_part(rows))
        if copied:
            categories(store)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk that is nearly full."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))


def test_a_copy_that_does_not_fit_leaves_no_file(store, tmp_path):
    put(store, month_part("2024-01", 20), month_part("2024-02", 20), month_part("2024-03", 3000))
    with largest_file(8192):
        for _ in range(2):
            assert len(store.incidents(columns=["x"])) == 3040
            assert files(tmp_path) == set()
    assert len(store.incidents(columns=["x"])) == 3040
    assert len(files(tmp_path)) == 3


def test_areas_and_indexes_that_do_not_fit_leave_no_file(store, tmp_path, monkeypatch):
    put(store, month_part("2024-01", 3000))
    store.incidents(columns=["x"])
    before = files(tmp_path)
    with largest_file(4096):
        assert len(store.located_incidents(ALWAYS, ["x"], AreaLocator(AREAS))) == 3000
        assert files(tmp_path) == before
    put(store, *(month_part(f"2024-{month:02}", 1) for month in range(2, 8)))
    with largest_file(2048):
        assert len(store.incidents(columns=["x"])) == 3006
    assert files(tmp_path) == before


def test_what_no_index_names_goes_with_an_erasure(filled, tmp_path):
    categories(filled)
    [folder] = tmp_path.rglob("*.columns")
    [*kept] = files(tmp_path)
    for name in ("0123.piece", "0123.piece.ff.areas", "0123.part"):
        (folder / name).write_bytes(b"left")
    erase(filled)
    assert len(files(tmp_path)) == 1
    assert files(tmp_path) < set(kept)
    assert not remains(tmp_path)


def test_areas_of_old_pieces_go_though_a_partition_is_empty(store, tmp_path):
    put(store, month_part("2024-01", 5), month_part("2024-02", 5))
    undo(store, 2)
    for count in (6, 7):
        store.located_incidents(ALWAYS, ["x"], AreaLocator(AREAS))
        put(store, month_part("2024-01", count))
    assert len(store.located_incidents(ALWAYS, ["x"], AreaLocator(AREAS))) == 7
    assert sorted(Path(file).suffix for file in files(tmp_path)) == [".areas", ".piece"]


def test_areas_of_a_piece_that_has_gone_are_not_written(filled, reader, tmp_path, monkeypatch):
    categories(reader)
    locate = AreaLocator.locate

    def erase_first(self: AreaLocator, x: object, y: object) -> object:
        erase(filled)
        return locate(self, x, y)

    monkeypatch.setattr(AreaLocator, "locate", erase_first)
    assert len(reader.located_incidents(ALWAYS, ["x"], AreaLocator(AREAS))) == 7
    monkeypatch.undo()
    assert {file for file in files(tmp_path) if file.endswith(".piece")} == named(tmp_path)
    assert {Path(file).stem.partition(".")[0] for file in files(tmp_path)} == {
        Path(file).stem for file in named(tmp_path)
    }


def test_a_store_with_few_incidents_keeps_no_copy_of_when_it_had_more(
    filled, reader, tmp_path, monkeypatch
):
    categories(filled)
    monkeypatch.setattr("geo.store.column_copy.FEWEST", 100)
    categories(reader)
    assert not list(tmp_path.rglob("*.columns"))


def test_rows_of_no_import_make_no_copy_and_none_is_written_for_them_twice(
    store, reader, tmp_path, monkeypatch, edited
):
    put(store, month_part("2024-01", 5), month_part("2024-02", 5))
    edited("UPDATE {incidents} SET import_id = 999 WHERE fid = (SELECT min(fid) FROM {incidents})")
    assert len(store.incidents(columns=["x"])) == 10
    before = files(tmp_path)
    assert len(before) == 2
    put(store, month_part("2024-02", 6))
    assert len(store.incidents(columns=["x"])) == 11
    assert len(before & files(tmp_path)) == 1


@pytest.fixture
def edited(request, backend) -> Callable[[str], None]:
    """Runs a statement as another program does."""

    def in_database(statement: str) -> None:
        url = request.getfixturevalue("copied_database")
        with psycopg.connect(url) as connection:
            connection.execute(statement.format(incidents="patchmap.incidents"))

    def in_file(statement: str) -> None:
        with closing(sqlite3.connect(request.getfixturevalue("store_path"))) as connection:
            for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
                connection.create_function(name, 1, lambda _: 0)
            with connection:
                connection.execute(statement.format(incidents="incidents"))

    return in_database if backend == "postgis" else in_file


def test_an_erasure_does_not_wait_for_ever_for_a_process_that_hangs(
    store_path, tmp_path, monkeypatch
):
    _fill(store_path)
    [folder] = tmp_path.rglob("*.columns")
    monkeypatch.setattr("geo.columns.locking.PATIENCE_S", 0.2)
    with (
        closing(GeoPackageStore(store_path)) as store,
        ColumnFolder(folder).lock(wait=False) as is_held,
    ):
        assert is_held
        with pytest.raises(StoreError, match="end it, or try again"):
            erase(store)
        assert SECRET in categories(store)
    with closing(GeoPackageStore(store_path)) as store:
        erase(store)
        assert SECRET not in categories(store)
    assert not remains(tmp_path)


@as_root
def test_a_copy_that_root_changed_is_read_by_its_owner(store_path, tmp_path):
    _fill(store_path)
    [folder] = tmp_path.rglob("*.columns")
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    with closing(GeoPackageStore(store_path)) as store:
        erase(store)
    assert {path.stat().st_uid for path in (folder, *folder.iterdir())} == {NOBODY}
    assert not remains(tmp_path)


@as_root
def test_a_private_copy_of_another_user_is_named(store_path, tmp_path, monkeypatch):
    _fill(store_path)
    # By a path without the folders of the test, which no other user may enter.
    tmp_path.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    folder = ColumnFolder(Path(f"{store_path.name}.columns"))
    assert not folder.is_out_of_reach
    os.seteuid(NOBODY)
    try:
        assert folder.is_out_of_reach
        with folder.lock(wait=True) as is_held:
            assert not is_held
    finally:
        os.seteuid(0)


def test_a_folder_that_a_killed_process_made_for_its_lock_goes_when_the_store_is_opened(
    store_path,
):
    _fill(store_path, copied=False)
    folder = Path(f"{store_path}.columns")
    folder.mkdir(mode=0o700, exist_ok=True)
    GeoPackageStore(store_path).close()
    assert not folder.exists()
    _fill(store_path)
    content = {file.name for file in folder.iterdir()}
    GeoPackageStore(store_path).close()
    assert {file.name for file in folder.iterdir()} == content != set()


def test_whoever_waits_for_a_folder_that_others_remove_locks_the_next_one(tmp_path, monkeypatch):
    path = tmp_path / "store.columns"

    def removed_once(folder: Path) -> bool:
        monkeypatch.setattr("geo.columns.folder.made", made)
        return False

    monkeypatch.setattr("geo.columns.folder.made", removed_once)
    with ColumnFolder(path).lock(wait=True) as is_held:
        assert is_held
