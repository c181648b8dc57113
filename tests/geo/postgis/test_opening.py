"""Databases that hold a store, none yet, or somebody else's; and addresses that lead nowhere."""

from __future__ import annotations

import pytest

from geo.errors import ConflictError, InputError, NotFoundError, StoreError
from geo.store.postgis import PostgisStore
from tests.geo.postgis.databases import SECRET, WARDS, opened, refusal, run, with_password


def test_a_database_without_a_store_is_refused_with_what_makes_one(url):
    message = refusal(url, NotFoundError)
    assert message.startswith("there is no store in patchmap_")
    assert "'patchmap start' or 'patchmap demo' makes one" in message
    assert run(url, "SELECT to_regnamespace('patchmap')::text") == [(None,)]


def test_a_schema_of_somebody_else_is_refused_and_stays(url):
    run(url, "CREATE SCHEMA patchmap; CREATE TABLE patchmap.shopping (item text)")
    assert "it is no Patchmap store" in refusal(url, create=True)
    assert run(url, "SELECT count(*) FROM patchmap.shopping") == [(0,)]


def test_a_database_that_is_not_there_is_refused(cluster):
    message = refusal(with_password(cluster.url_of("nowhere")), NotFoundError, create=True)
    assert message == "there is no database nowhere; 'createdb' makes one"


def test_postgis_is_enabled_where_that_is_allowed(cluster):
    bare = cluster.new_database(postgis=False)
    with opened(bare, create=True) as made:
        assert made.incident_count() == 0


def test_rights_that_lack_are_named(private):
    bare = private.new_database(postgis=False)
    run(bare, "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN")
    message = refusal(with_password(bare, "clerk"), create=True)
    assert "ask an administrator to run CREATE EXTENSION postgis" in message
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


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{SECRET}h/db",
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
