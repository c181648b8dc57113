"""The copy as columns gives what the store gives, or is not used; nothing stays in it."""

from __future__ import annotations

import fcntl
import os
import random
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from pandas.testing import assert_frame_equal

from geo.columns import COPIED
from geo.coverage import point_counts
from geo.distinct_points import PointCounts
from geo.incidents import ANSWER_COLUMNS, COUNT_COLUMNS
from geo.locate import AreaLocator
from geo.question.ask import Needs, ask
from geo.question.model import Question
from geo.store.contract import LOCATED, Store, Window
from geo.store.geopackage import GeoPackageStore, remove_store
from geo.store.postgis import PostgisStore
from tests.geo.stores.parts import (
    Row,
    imported,
    keyed_part,
    lines,
    month_part,
    part,
    put,
    put_layer,
    undo,
)

FEWEST = "geo.store.column_copy.FEWEST"
HOME = "14 Quince Passage"


@pytest.fixture(autouse=True)
def always_copied(monkeypatch):
    """However few incidents a store has, it has a copy."""
    monkeypatch.setattr(FEWEST, 1)
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
def uncopied(monkeypatch, open_store):
    """Opens the test's store where it is never copied."""

    @contextmanager
    def opened() -> Iterator[Store]:
        with monkeypatch.context() as without:
            without.setattr(FEWEST, 10**9)
            yield open_store()

    return opened


def folder(tmp_path: Path) -> Path:
    """The only folder of copies that there is."""
    [found] = tmp_path.rglob("*.columns")
    return found


def pieces(tmp_path: Path) -> list[Path]:
    return sorted(tmp_path.rglob("*.piece"))


def rows_of(store: Store, window: Window | None = None) -> pd.DataFrame:
    """What a store gives, in an order and with types that both ways of reading have."""
    rows = store.incidents(window, columns=ANSWER_COLUMNS)
    texts = rows.select_dtypes(["category", "object", "string"]).columns
    plain = rows.astype(dict.fromkeys(texts, object))
    return plain.sort_values(list(ANSWER_COLUMNS), ignore_index=True)


def council(*keys: str, category: str = "noise", location: str = "1 Elm Row") -> list[Row]:
    return [
        Row(f"council:{key}", category, "2024-01-05T10:00:00", location=location) for key in keys
    ]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-64])


def _turn_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[3] ^= 4
    file.write_bytes(content)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def test_a_copy_is_read_as_the_store_is_whatever_was_changed_before(store, uncopied, tmp_path):
    steps = [
        lambda: put(store, month_part("2024-02", 40)),
        lambda: put(store, month_part("2024-01", 30, category="arson"), month_part("2024-03", 3)),
        lambda: put(store, keyed_part(council("a", "b", "c", location="Gŵyl Row"))),
        lambda: put(store, month_part("2024-01", 20, category="litter")),
        lambda: put(store, keyed_part(council("b", "d", category="fire"))),
        lambda: undo(store, 5),
        lambda: undo(store, 1),
    ]
    for step in steps:
        step()
        with uncopied() as plain:
            truth = plain.partitioned_incidents(columns=ANSWER_COLUMNS)
        copied = store.partitioned_incidents(columns=ANSWER_COLUMNS)
        assert_frame_equal(copied.frame, truth.frame)
        assert list(copied.sizes.items()) == list(truth.sizes.items())
    assert len(pieces(tmp_path)) == len(copied.sizes)


@pytest.mark.parametrize("seed", range(5))
def test_any_window_and_columns_are_read_as_from_the_store(store, uncopied, seed):
    draw = random.Random(seed)
    put(store, *(month_part(f"2024-0{month}", draw.randrange(1, 9)) for month in (1, 2, 3)))
    days = [(draw.randrange(1, 4), draw.randrange(1, 29), draw.randrange(24)) for _ in range(40)]
    moments = [f"2024-0{month}-{day:02}T{hour:02}:30:15" for month, day, hour in days]
    put(store, keyed_part([
        Row(f"council:{at}", f"kind {at % 3}", when, x=435_000 + at, location=f"{at % 7} Elm Row")
        for at, when in enumerate(moments)
    ]))  # fmt: skip
    windows = [
        Window(*(pd.Timestamp(end, tz="UTC") for end in sorted(draw.sample(moments, 2))))
        for _ in range(8)
    ]
    with uncopied() as plain:
        assert plain.point_counts() is None
        truths = [rows_of(plain, window) for window in windows]
    for window, truth in zip(windows, truths, strict=True):
        assert_frame_equal(rows_of(store, window), truth)
        columns = draw.sample(sorted(COPIED), 3)
        assert list(store.incidents(window, columns=columns)) == columns
        assert counted(store.point_counts(window)) == counted(point_counts(truth))


def counted(counts: PointCounts) -> Counter[tuple[str, str, float, float]]:
    """How many incidents a source has in a month at a point, by all three."""
    found: Counter[tuple[str, str, float, float]] = Counter()
    columns = (counts.source.tolist(), counts.month.astype(str), counts.x, counts.y)
    for *where, n in zip(*columns, counts.n.tolist(), strict=True):
        found[tuple(where)] += n
    return found


@pytest.mark.parametrize(
    "options",
    [
        {"datetime": "2024-02"},
        {"datetime": "2024-02", "compare": "previous", "category": "noise"},
        {"period": "latest-2m", "by": "month"},
        {"datetime": "2024-01/2024-03", "without": "High Street"},
    ],
)
def test_questions_have_the_same_answers_from_a_copy(store, uncopied, four_squares, options):
    put_layer(store, four_squares)
    put(store, *(month_part(f"2024-0{n}", 9 * n, category="noise") for n in (1, 2, 3)))
    for month in ("2024-01", "2024-02"):
        put(store, part(lines(7, month=month, name="notts"), month=month, name="notts"))
    question = Question.read(options)
    copied = ask(question, store, history=True)
    with uncopied() as plain:
        truth = ask(question, plain, history=True)
    assert copied.accounts == truth.accounts
    assert_frame_equal(copied.area_counts, truth.area_counts)
    assert len(copied.history) == len(truth.history)


def test_what_counts_reads_few_columns_and_says_the_same(store, uncopied, four_squares):
    put_layer(store, four_squares)
    twice = lines(12, category="noise") * 2
    # The same points, but of other names: these are no rows that were published twice.
    named = [row._replace(location=f"{n} Elm Row") for n, row in enumerate(lines(12) * 2)]
    rows = [row._replace(key=f"{number}") for number, row in enumerate([*twice, *named])]
    put(store, part(rows), part(lines(7, month="2024-02"), month="2024-02"))
    question = Question.read({"datetime": "2024-01/2024-02", "by": "month"})
    count = Needs(columns=COUNT_COLUMNS)
    truth = ask(question, store)
    [doubled] = [caveat for caveat in truth.accounts.caveats if "published twice" in caveat]
    assert "24 rows of noise" in doubled
    with uncopied() as plain:
        for counted in (ask(question, store, needs=count), ask(question, plain, needs=count)):
            assert {*counted.counted} == {*COUNT_COLUMNS, "area"}
            assert counted.accounts == truth.accounts
            assert_frame_equal(counted.area_counts, truth.area_counts)


def areas_of(store: Store, areas: gpd.GeoDataFrame) -> list[int]:
    """The kept areas of all incidents, which are those that their points have."""
    window = Window(pd.Timestamp("2000-01-01", tz="UTC"), pd.Timestamp("2030-01-01", tz="UTC"))
    rows = store.located_incidents(window, ["x", "y"], AreaLocator(areas))
    assert rows[LOCATED].tolist() == AreaLocator(areas).locate(rows["x"], rows["y"]).tolist()
    return rows[LOCATED].tolist()


def test_areas_are_located_once_for_each_layer_and_partition(
    store, four_squares, tmp_path, monkeypatch
):
    put(store, month_part("2024-01", 150), month_part("2024-02", 5))
    first = areas_of(store, four_squares)
    assert set(first) == {0, 1}
    asked: list[int] = []
    locate = AreaLocator.locate

    def counted(self: AreaLocator, x: pd.Series, y: pd.Series) -> NDArray[np.int32]:
        asked.append(len(x))
        return locate(self, x, y)

    monkeypatch.setattr(AreaLocator, "locate", counted)
    assert areas_of(store, four_squares) == first
    assert asked == [155]  # by the test itself
    put(store, month_part("2024-02", 7))
    areas_of(store, four_squares)
    assert asked[1:] == [7, 157]
    moved = four_squares.set_geometry(four_squares.translate(50))
    assert areas_of(store, moved) != first
    assert areas_of(store, four_squares.iloc[::-1]) != first


@pytest.mark.parametrize("damage", [_cut, _turn_a_bit, Path.unlink, _empty])
def test_damaged_areas_are_located_again(store, four_squares, tmp_path, damage):
    put(store, month_part("2024-01", 150))
    truth = areas_of(store, four_squares)
    damage(next(tmp_path.rglob("*.areas")))
    assert areas_of(store, four_squares) == truth
    assert areas_of(store, four_squares) == truth


def test_areas_go_with_their_incidents_and_layers_that_nobody_asks_about(
    store, four_squares, tmp_path, monkeypatch
):
    put(store, keyed_part(council("a", "b")), month_part("2024-01", 5))
    areas_of(store, four_squares)
    assert len(list(tmp_path.rglob("*.areas"))) == 2
    with store.transaction():
        store.put_erasures([store.erasure_of("council", "a", by="ann", reason="asked for")])
    assert len(list(tmp_path.rglob("*.areas"))) == 1
    monkeypatch.setattr("geo.columns.areas.MOST_LAYERS", 2)
    for number in range(1, 5):
        areas_of(store, four_squares.set_geometry(four_squares.translate(number)))
    assert len(list(tmp_path.rglob("*.areas"))) == 4
    remaining = {file.name.partition(".")[0] for file in tmp_path.rglob("*.areas")}
    assert remaining == {file.stem for file in pieces(tmp_path)}


def test_what_another_process_imports_is_noticed(store, reader):
    put(store, month_part("2024-01", 5))
    assert len(rows_of(reader)) == 5
    record = imported(store, month_part("2024-01", 8))
    assert len(rows_of(reader)) == 8
    undo(store, record.import_id)
    assert len(rows_of(reader)) == 5


def test_an_older_state_is_read_from_the_store_and_leaves_the_copy_alone(store, reader):
    put(store, month_part("2024-01", 5))
    with reader.reading():
        assert reader.data_version().incidents == 1
        put(store, month_part("2024-01", 8))
        assert len(rows_of(store)) == 8
        assert len(rows_of(reader)) == 5
    assert len(rows_of(reader)) == len(rows_of(store)) == 8


def test_a_transaction_reads_its_own_changes_and_copies_none_of_them(store, tmp_path):
    put(store, month_part("2024-01", 5))
    rows_of(store)
    with suppress(KeyError), store.transaction():
        store.put_partition(month_part("2024-01", 8))
        assert len(rows_of(store)) == 8
        raise KeyError
    assert len(rows_of(store)) == 5
    assert len(pieces(tmp_path)) == 1


def test_only_partitions_that_changed_are_written_again(store, tmp_path):
    put(store, month_part("2024-01", 5), month_part("2024-02", 5))
    rows_of(store)
    before = set(pieces(tmp_path))
    put(store, month_part("2024-02", 6))
    assert len(rows_of(store)) == 11
    assert len(before & set(pieces(tmp_path))) == 1
    assert len(pieces(tmp_path)) == 2


@pytest.mark.parametrize("damage", [_cut, _turn_a_bit, Path.unlink, _empty])
@pytest.mark.parametrize("which", ["*.piece", "index.json"])
def test_what_is_damaged_is_made_again(store, open_store, tmp_path, damage, which):
    put(store, month_part("2024-01", 5), month_part("2024-02", 5))
    truth = rows_of(store)
    damage(next(tmp_path.rglob(which)))
    later = open_store()
    assert_frame_equal(rows_of(later), truth)
    assert len(pieces(tmp_path)) == 2
    assert_frame_equal(rows_of(open_store()), truth)


def test_a_folder_of_another_version_is_made_again(store, open_store, tmp_path, monkeypatch):
    put(store, month_part("2024-01", 5))
    with monkeypatch.context() as later:
        later.setattr("geo.columns.folder.VERSION", 0)
        rows_of(open_store())
    [before] = pieces(tmp_path)
    assert len(rows_of(store)) == 5
    assert pieces(tmp_path) != [before]


def test_only_the_owner_can_read_a_copy(store, tmp_path):
    put(store, month_part("2024-01", 5))
    rows_of(store)
    assert stat.S_IMODE(folder(tmp_path).stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in folder(tmp_path).iterdir()}
    assert modes == {0o600}


def test_names_of_places_are_in_no_copy_and_erased_rows_go_at_once(store, tmp_path):
    people = council("a", "b", location="2 Elm Row")
    put(store, keyed_part([*people, *council("c", location=HOME)]), month_part("2024-01", 5))
    assert HOME in set(store.incidents(columns=["location"])["location"])
    kept = [file for file in pieces(tmp_path) if len(file.read_bytes())]
    content = b"".join(file.read_bytes() for file in folder(tmp_path).iterdir())
    for text in (b"Quince", b"Elm Row", b"High Street", b"council:c"):
        assert text not in content
    with store.transaction():
        store.put_erasures([store.erasure_of("council", "c", by="ann", reason="asked for")])
    # Before anybody reads again.
    assert len(pieces(tmp_path)) == len(kept) - 1
    assert HOME not in set(store.incidents(columns=["location"])["location"])
    assert len(pieces(tmp_path)) == len(kept)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user than the copy's")
def test_erased_rows_go_from_the_copy_of_another_user_too(store_path, tmp_path):
    with closing(GeoPackageStore(store_path)) as store:
        put(store, keyed_part(council("a", "b")), month_part("2024-01", 5))
        rows_of(store)
        os.chown(folder(tmp_path), 65_534, 65_534)
        with store.transaction():
            store.put_erasures([store.erasure_of("council", "a", by="ann", reason="asked for")])
    assert len(pieces(tmp_path)) == 1


def test_incidents_past_their_retention_go_at_once(store, tmp_path):
    put(store, month_part("2024-01", 5), month_part("2024-02", 5))
    rows_of(store)
    with store.transaction():
        store.expire_incidents("police.uk", pd.Timestamp("2024-02-01", tz="UTC"))
    assert len(pieces(tmp_path)) == 1
    assert len(rows_of(store)) == 5


def test_while_another_process_writes_the_copy_the_store_is_read(store, tmp_path):
    put(store, month_part("2024-01", 5))
    rows_of(store)
    put(store, month_part("2024-02", 5))
    held = os.open(folder(tmp_path), os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert len(rows_of(store)) == 10
        assert len(pieces(tmp_path)) == 1
    finally:
        os.close(held)
    assert len(rows_of(store)) == 10
    assert len(pieces(tmp_path)) == 2


def test_what_a_killed_process_left_is_swept_up(store, tmp_path):
    put(store, month_part("2024-01", 5))
    rows_of(store)
    (folder(tmp_path) / "0123456789abcdef.piece").write_bytes(b"half")
    (folder(tmp_path) / "0123456789abcdef.part").write_bytes(b"half")
    put(store, month_part("2024-02", 5))
    rows_of(store)
    assert len(pieces(tmp_path)) == 2
    assert not list(tmp_path.rglob("*.part"))


def test_a_store_that_can_have_no_folder_beside_it_is_copied_to_the_cache(store_path, tmp_path):
    beside = Path(f"{store_path}.columns")
    beside.write_text("a file of that name", encoding="utf-8")
    with closing(GeoPackageStore(store_path, cache=tmp_path / "cache")) as store:
        put(store, month_part("2024-01", 5))
        assert len(rows_of(store)) == 5
    assert [file.is_relative_to(tmp_path / "cache") for file in pieces(tmp_path)] == [True]
    assert beside.read_text(encoding="utf-8") == "a file of that name"


def test_without_any_place_for_a_copy_the_store_is_read(store_path, tmp_path):
    for name in (f"{store_path}.columns", str(tmp_path / "cache")):
        Path(name).write_text("", encoding="utf-8")
    with closing(GeoPackageStore(store_path, cache=tmp_path / "cache")) as store:
        put(store, month_part("2024-01", 5))
        assert len(rows_of(store)) == 5
    assert not pieces(tmp_path)


def test_what_could_not_be_written_is_not_tried_at_every_reading(store, monkeypatch):
    put(store, month_part("2024-01", 5))
    tries = []

    def full(*_values: object) -> None:
        tries.append(1)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo.store.column_copy.PAUSE_S", 60)
    monkeypatch.setattr("geo.columns.folder.write_piece", full)
    for _ in range(3):
        assert len(rows_of(store)) == 5
    assert len(tries) == 1


def test_a_store_that_is_restored_has_no_copy_of_what_was_there(store_path, tmp_path):
    with closing(GeoPackageStore(store_path)) as store:
        put(store, month_part("2024-01", 5))
        store.back_up(tmp_path / "backup.gpkg")
        put(store, keyed_part(council("a")))
        rows_of(store)
        assert len(pieces(tmp_path)) == 2
        store.restore(tmp_path / "backup.gpkg")
        assert not pieces(tmp_path)
        assert len(rows_of(store)) == 5


def test_a_store_is_removed_with_its_copy(store_path, tmp_path):
    with closing(GeoPackageStore(store_path)) as store:
        put(store, month_part("2024-01", 5))
        rows_of(store)
    assert folder(tmp_path).exists()
    remove_store(store_path)
    assert not list(tmp_path.rglob("*.columns"))


def test_few_incidents_are_not_copied(store, tmp_path, monkeypatch):
    monkeypatch.setattr(FEWEST, 6)
    put(store, part(lines(5)))
    assert len(rows_of(store)) == 5
    assert not list(tmp_path.rglob("*.columns"))
