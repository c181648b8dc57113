"""What only a PostGIS store has: a server that can go away, others beside it, and plain tables."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

import pandas as pd
import psycopg
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.errors import ConflictError, InputError, NotFoundError, StoreError
from geo.incidents import REJECT_COLUMNS, Batch, Partition
from geo.store import postgis_server
from geo.store.contract import LayerPapers, Window
from geo.store.postgis import PostgisStore
from tests.postgres import Cluster, PostgresUnavailableError, PrivateCluster, start_cluster

WARDS = LayerPapers("wards", title="Wards of 2025")
SECRET = "s3cret-Pa55"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    try:
        with start_cluster() as started:
            yield started
    except PostgresUnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def private(cluster) -> PrivateCluster:
    if not isinstance(cluster, PrivateCluster):
        pytest.skip("the server of TEST_DATABASE_URL is not ours to stop")
    return cluster


@pytest.fixture
def url(cluster) -> str:
    return cluster.new_database()


@pytest.fixture
def store(url) -> Iterator[PostgisStore]:
    with opened(url, create=True) as made:
        yield made


@pytest.fixture
def partition(incident_frame):
    """Makes a month of `n` incidents, one rejected row beside them."""

    def make(month: str = "2024-01", n: int = 2, *, content: str = "v1", **columns) -> Partition:
        rows = [(435_000.25 + i, 336_000.5, "drugs", month) for i in range(n)]
        ids = [f"police.uk/derbyshire/{month}:{line}" for line in range(2, n + 2)]
        frame = incident_frame(rows).assign(**{"incident_id": ids, **columns})
        rejected = pd.DataFrame({"line": [99], "reason": ["no location"], "row": [("a", "b")]})
        return Partition(
            "police.uk",
            "derbyshire",
            month,
            f"{month}-derbyshire-street.csv",
            # The same file for two months would be refused as a twin.
            content if content == "twin" else f"{month}-{content}",
            ("Longitude", "Latitude"),
            lambda: iter([Batch(frame, rejected)]),
        )

    return make


@pytest.fixture
def keyed(incident_frame):
    """Makes a keyed partition of rows (id, category, when), and of one rejected row."""

    def make(rows: list[tuple[str, str, str]], *, content: str = "k1") -> Partition:
        frame = incident_frame([(435_000, 336_000, kind, when) for _, kind, when in rows])
        frame["incident_id"] = pd.Series([key for key, _, _ in rows], dtype="str")
        batch = Batch(frame, pd.DataFrame(columns=list(REJECT_COLUMNS)))
        return Partition(
            "council", "noise", "", "noise.csv", content, (), lambda: iter([batch]), keyed=True
        )

    return make


@contextmanager
def opened(url: str, *, create: bool = False) -> Iterator[PostgisStore]:
    made = PostgisStore(url, create=create)
    try:
        yield made
    finally:
        made.close()


def run(url: str, statement: str) -> list[tuple]:
    """What another program would do to the database."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def refusal(url: str, kind: type[Exception] = StoreError, *, create: bool = False) -> str:
    with pytest.raises(kind) as refused:
        PostgisStore(url, create=create)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def with_password(url: str, user: str = "patchmap") -> str:
    return url.replace("patchmap@", f"{user}:{SECRET}@", 1)


def test_a_store_at_rest_does_not_notice_a_restart(private, store, partition):
    store.put_partition(partition())
    private.restart()
    assert store.incident_count() == 2


def test_a_restart_in_the_middle_of_a_change_is_refused_and_leaves_nothing(
    private, store, partition
):
    store.put_partition(partition("2024-01"))

    def change() -> None:
        with store.transaction():
            store.put_partition(partition("2024-02"))
            private.restart()
            store.put_partition(partition("2024-03"))

    with pytest.raises(StoreError, match="cannot be used"):
        change()
    assert [record.month for record in store.imports()] == ["2024-01"]
    store.put_partition(partition("2024-02"))
    assert store.incident_count() == len(store.incidents()) == 4


def test_a_server_that_is_down_is_refused_and_used_again_once_it_is_up(private, store):
    store.put_setting("a", 1)
    private.stop()
    try:
        with pytest.raises(StoreError, match="cannot be used: it gave no connection in"):
            store.setting("a")
        assert "cannot be used: connection" in refusal(store_url(private))
    finally:
        private.start()
    assert setting_within(store, "a", seconds=15) == 1


def setting_within(store: PostgisStore, key: str, *, seconds: float) -> object:
    """A setting, asked for again until the store has recovered."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return store.setting(key)
        except StoreError:
            if time.monotonic() > deadline:
                raise


def store_url(cluster: Cluster) -> str:
    return with_password(cluster.url_of("postgres"))


def test_two_importers_queue(store, url, partition):
    with opened(url) as other:
        order = []

        def second() -> None:
            with other.transaction():
                order.append("second begins")
                other.put_partition(partition("2024-02"))

        thread = threading.Thread(target=second)
        with store.transaction():
            thread.start()
            store.put_partition(partition("2024-01"))
            time.sleep(0.3)
            order.append("first ends")
        thread.join()
        assert order == ["first ends", "second begins"]
        assert len(store.incidents()) == store.incident_count() == 4
        assert store.data_version().incidents == 2


def test_an_importer_does_not_wait_for_ever(store, url, monkeypatch):
    monkeypatch.setattr(postgis_server, "LOCK_TIMEOUT_S", 0.2)
    with (
        opened(url) as other,
        store.transaction(),
        pytest.raises(StoreError, match="another import was still running after"),
    ):
        other.put_setting("a", 1)


def test_a_reader_sees_the_old_state_during_an_import_and_never_waits(
    store, url, partition, four_squares
):
    store.put_partition(partition("2024-01"))
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader:
        with store.transaction():
            store.put_partition(partition("2024-01", 5, content="v2"))
            store.put_partition(partition("2024-07", 5))
            store.put_layer(WARDS, four_squares.loc[["A"]])
            assert (len(reader.incidents()), reader.incident_count()) == (2, 2)
            assert len(reader.layer("wards")[1]) == 4
            assert len(reader.imports()) == 1
        assert (len(reader.incidents()), reader.incident_count()) == (10, 10)
        assert len(reader.layer("wards")[1]) == 1


def test_all_that_is_read_together_is_of_one_state(store, url, partition, four_squares):
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader, reader.reading():
        before = reader.data_version()
        store.put_partition(partition())
        store.put_layer(WARDS, four_squares.loc[["A"]])
        with reader.reading():
            assert len(reader.incidents()) == 0
        assert reader.data_version() == before
        assert len(reader.layer("wards")[1]) == 4


def test_a_layer_made_anew_under_a_reader_is_refused_not_empty(store, url, four_squares):
    store.put_layer(WARDS, four_squares)
    with opened(url) as reader, reader.reading():
        assert len(reader.layers()) == 1
        store.put_layer(WARDS, four_squares.assign(residents=1))
        with pytest.raises(StoreError, match="wards was replaced while it was read; ask again"):
            reader.layer("wards")


def test_nothing_is_written_inside_reading_and_blocks_are_not_nested(store):
    with store.reading(), pytest.raises(StoreError, match="read-only transaction"):
        store.put_setting("a", 1)
    with (
        store.transaction(),
        pytest.raises(StoreError, match="blocks are not nested"),
        store.transaction(),
    ):
        pass
    assert store.setting("a") is None


def test_a_failed_change_takes_only_itself_back(store, partition):
    bad = partition("2024-02", incident_id="the-same")
    with store.transaction():
        store.put_partition(partition("2024-01"))
        with pytest.raises(StoreError, match=r"cannot be used: duplicate key .*the-same"):
            store.put_partition(bad)
    assert store.incident_count() == len(store.incidents()) == 2


def test_many_threads_share_a_store(store, partition):
    def change(number: int) -> None:
        store.put_partition(partition(f"2024-{number:02}"))
        with store.reading():
            assert len(store.incidents()) == store.incident_count()

    threads = [threading.Thread(target=change, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.incident_count() == len(store.incidents()) == 16
    assert store.data_version().incidents == 8


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


def test_undo_restores_what_an_import_replaced(store, partition):
    store.put_partition(partition("2024-01", 3))
    before = store.incidents()
    change, record = store.put_partition(partition("2024-01", 5, content="v2"), by="me")
    assert (change, record.rows_replaced, record.imported_by) == ("replaced", 3, "me")
    assert store.undo_import(record.import_id).state == "current"
    pd.testing.assert_frame_equal(store.incidents(), before)
    states = [(item.import_id, item.state) for item in store.imports(history=True)]
    assert states == [(1, "current"), (record.import_id, "undone")]
    with pytest.raises(ConflictError, match="import 2 is undone already"):
        store.undo_import(record.import_id)
    with pytest.raises(NotFoundError, match="there is no import 9"):
        store.undo_import(9)


def test_a_keyed_import_writes_only_what_is_new_or_differs(store, keyed):
    first = [("a", "noise", "2024-01"), ("b", "noise", "2024-02"), ("c", "noise", "2024-03")]
    assert store.put_partition(keyed(first))[0] == "added"
    second = [("a", "noise", "2024-01"), ("b", "litter", "2024-05"), ("d", "noise", "2024-02")]
    change, record = store.put_partition(keyed(second, content="k2"))
    assert (change, record.rows_replaced) == ("updated", 1)
    found = store.incidents().set_index("incident_id")["category"].astype(str).to_dict()
    assert found == {"a": "noise", "b": "litter", "c": "noise", "d": "noise"}
    assert len(store.import_rows(record.import_id)) == 2
    assert store.put_partition(keyed(second, content="k3"))[0] == "unchanged"
    assert len(store.imports(history=True)) == 2
    store.undo_import(record.import_id)
    found = store.incidents().set_index("incident_id")["category"].astype(str).to_dict()
    assert found == dict.fromkeys("abc", "noise")
    assert store.incident_count() == 3


def test_a_twin_is_refused(store, partition):
    store.put_partition(partition("2024-01", content="twin"))
    with pytest.raises(ConflictError, match=r"is already there as police[.]uk/derbyshire/2024-01"):
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
    found = store.incidents()
    assert found["location"].tolist() == odd
    assert found["reference"].tolist() == odd


def test_another_program_reads_layers_and_incidents(store, url, four_squares, partition):
    store.put_layer(WARDS, four_squares.assign(residents=[1, 2, 3, 4]))
    store.put_partition(partition(n=3))
    found = run(
        url,
        "SELECT f_table_name::text, type, srid FROM geometry_columns"
        " WHERE f_table_name IN ('wards', 'incidents') ORDER BY 1",
    )
    code = int(BRITISH_NATIONAL_GRID.partition(":")[2])
    assert found == [("incidents", "POINT", code), ("wards", "MULTIPOLYGON", code)]
    assert run(url, "SELECT sum(residents)::int, count(fid) FROM patchmap.wards") == [(10, 4)]
    within = "SELECT count(*) FROM patchmap.incidents i JOIN patchmap.wards w ON"
    assert run(url, f"{within} ST_Covers(w.geom, i.geom)") == [(3,)]
    indexes = run(url, "SELECT indexdef FROM pg_indexes WHERE tablename = 'wards'")
    assert sum("gist" in text for (text,) in indexes) == 1
    blobs = run(url, "SELECT ST_AsBinary(geom) FROM patchmap.wards ORDER BY fid")
    geometry = shapely.from_wkb([blob for (blob,) in blobs])
    assert shapely.equals(geometry, four_squares.geometry.to_numpy()).all()


@pytest.mark.skipif(not which("ogrinfo"), reason="ogrinfo is not installed (gdal-bin)")
def test_gdal_reads_layers_and_incidents(store, url, four_squares, partition):
    store.put_layer(LayerPapers("wards-2025"), four_squares)
    store.put_partition(partition(n=3))
    for table, count in (("wards-2025", 4), ("incidents", 3)):
        command = ["ogrinfo", "-so", "-ro", url, f"patchmap.{table}"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert f"Feature Count: {count}" in said
        assert "British National Grid" in said


LONG = "Gwybodaeth am y boblogaeth breswyl arferol yn ôl oedran, rhyw ac ardal"


@pytest.mark.parametrize(
    "name",
    [
        "select",
        'say "hi"',
        "50%",
        "%s",
        "%(a)s",
        "{}",
        "é ∑",
        "x;--",
        "",
        "xmin",
        "fid",
        "FID",
        LONG,
    ],
)
def test_any_attribute_name_comes_back(name, store, four_squares):
    values = {name: [1, 2, 3, 4], f"{name}2": [0.5, None, 2, 3], "attribute_2": list("wxyz")}
    for _ in range(2):
        store.put_layer(WARDS, four_squares.assign(**values))
        found = store.layer("wards")[1]
        assert found.columns.tolist() == ["area_name", *values, "geometry"]
        assert found[name].tolist() == [1, 2, 3, 4]
        assert found[f"{name}2"].isna().tolist() == [False, True, False, False]


def test_layers_may_bear_names_that_indexes_would_take(store, four_squares):
    for layer_id in (
        "wards",
        "wards_pkey",
        "wards_geom_idx",
        "wards_fid_seq",
        "wards_area_code_key",
    ):
        store.put_layer(LayerPapers(layer_id), four_squares)
        store.put_layer(LayerPapers(layer_id), four_squares.assign(a=1))
    assert len(store.layers()) == 5


def test_a_database_without_a_store_is_refused_with_what_makes_one(url):
    message = refusal(url, NotFoundError)
    assert message.startswith("there is no store in patchmap_")
    assert "'patchmap layers add' or 'patchmap demo' makes one" in message
    assert run(url, "SELECT to_regnamespace('patchmap')::text") == [(None,)]


def test_a_schema_of_somebody_else_is_refused_and_stays(url):
    run(url, "CREATE SCHEMA patchmap; CREATE TABLE patchmap.shopping (item text)")
    assert "it is no Patchmap store" in refusal(url, create=True)
    assert run(url, "SELECT count(*) FROM patchmap.shopping") == [(0,)]


def test_a_database_that_is_not_there_is_refused(cluster):
    message = refusal(with_password(cluster.url_of("nowhere")), NotFoundError, create=True)
    assert message.startswith("there is no database nowhere on ")
    assert message.endswith("'createdb' makes one")


def test_postgis_is_enabled_where_that_is_allowed(cluster):
    bare = cluster.new_database(postgis=False)
    with opened(bare, create=True) as made:
        assert made.incident_count() == 0


def test_rights_that_lack_are_named(private):
    bare = private.new_database(postgis=False)
    run(bare, "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN")
    message = refusal(with_password(bare, "clerk"), create=True)
    assert "let an administrator run CREATE EXTENSION postgis" in message
    run(bare, "CREATE EXTENSION postgis")
    message = refusal(with_password(bare, "clerk"), create=True)
    assert "GRANT CREATE ON DATABASE" in message
    assert SECRET not in message


def test_postgis_may_lie_in_a_schema_of_its_own(cluster, four_squares, partition):
    bare = cluster.new_database(postgis=False)
    run(bare, "CREATE SCHEMA extensions; CREATE EXTENSION postgis SCHEMA extensions")
    with opened(bare, create=True) as made:
        made.put_layer(WARDS, four_squares)
        made.put_partition(partition())
        assert (len(made.layer("wards")[1]), len(made.incidents())) == (4, 2)


def test_a_newer_store_and_an_edited_migration_are_refused(store, url):
    run(url, "UPDATE patchmap.patchmap_migrations SET sha256 = 'edited' WHERE number = 1")
    assert refusal(url, ConflictError).startswith("migration 1 of patchmap_")
    run(url, "INSERT INTO patchmap.patchmap_migrations VALUES (999, 'later', 'x', '2099')")
    assert "was written by a newer Patchmap; update this one" in refusal(url)


def test_two_that_open_a_new_store_at_once_make_one(url):
    uuids = []

    def make() -> None:
        with opened(url, create=True) as made:
            uuids.append(made.data_version().uuid)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uuids) == 4
    assert len(set(uuids)) == 1


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{SECRET}@@h/db",
        f"postgresql://u:a/{SECRET}@h/db",
        f"postgresql://u:a@{SECRET}@h/db",
        f"postgresql://u:{SECRET}@h:port/db",
        f"host=h password='{SECRET}",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(address):
    message = refusal(address, InputError)
    assert message.startswith("the store's address cannot be read")
    assert SECRET not in message


def test_no_message_bears_the_password(private):
    for url in (
        with_password(private.url_of("nowhere")),
        f"postgresql://u:{SECRET}@127.0.0.1:1/db",
        with_password(private.url_of("postgres"), "nobody"),
    ):
        with pytest.raises((StoreError, NotFoundError)) as refused:
            PostgisStore(url, create=True)
        error: BaseException | None = refused.value
        while error is not None:
            assert SECRET not in str(error)
            error = error.__cause__ or error.__context__


def test_a_closed_store_is_refused(url):
    with opened(url, create=True) as made:
        pass
    with pytest.raises(StoreError, match="it was closed"):
        made.setting("a")
