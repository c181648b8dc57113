"""A full disk of the database's server: what is sent is refused in one line, and nothing is half
written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from geo.errors import DiskFullError
from geo.store.postgis import PostgisStore
from tests.api.conftest import fill_town, serve_town
from tests.api.data.conftest import Caller, page_text
from tests.disks import MB, fill
from tests.postgres import PrivateCluster

ROWS = 20_000
SORTED = "SELECT md5(n::text) FROM generate_series(1, 50000) n ORDER BY 1"


def test_a_server_that_gives_no_more_room_is_a_full_disk(private: PrivateCluster) -> None:
    address = private.new_database()
    name = address.partition("?")[0].rpartition("/")[2]
    for setting in ("temp_file_limit = '64kB'", "work_mem = '64kB'"):
        private.run(f'ALTER DATABASE "{name}" SET {setting}')
    with (
        closing(PostgisStore(address, create=True)) as store,
        pytest.raises(DiskFullError, match=r"no more room for .*temp_file_limit"),
    ):
        store._tables.rows(SORTED)


def test_a_file_for_a_full_server_leaves_nothing_behind(
    private: PrivateCluster, server_disk: Path
) -> None:
    head = "Ref,When,Easting,Northing,Type\n"
    rows = "".join(
        f"{n},16/03/2024 22:00,{436_101 + n % 900},337500,Noise of kind {n % 9}\n"
        for n in range(ROWS)
    )
    with (
        private.database_at(server_disk) as address,
        closing(PostgisStore(address, create=True)) as store,
    ):
        with store.transaction():
            fill_town(store)
        before = store.incident_count(), store.imports(history=True)
        with serve_town(store) as client:
            caller = Caller(client)
            ballast = fill(server_disk, leave=MB // 2)
            address_of_file = caller.open(("cases.csv", (head + rows).encode()))
            caller.choose(address_of_file, "import")
            response = caller.finished(address_of_file)
            assert response.status_code == 507
            assert client.get(f"{address_of_file}/progress").status_code == 507
            refused = page_text(response)
            assert "its server's disk is full; make room there" in refused
            assert str(server_disk) not in refused
            assert (store.incident_count(), store.imports(history=True)) == before
            ballast.unlink()
            caller.choose(address_of_file, "import")
            assert f"{ROWS:,}" in page_text(caller.finished(address_of_file))
            assert store.incident_count() == before[0] + ROWS
