"""On a full disk of its database every command that writes says so in one line."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from geo.store.postgis import PostgisStore
from tests.api.commands.test_postgis_commands import a_month
from tests.api.conftest import fill_town
from tests.disks import fill
from tests.postgres import PrivateCluster
from tests.services import Done, run_patchmap

WEIGHTS = "\n".join(
    ['title = "Harm"', 'source = "made"', "[weights]", "burglary = 5", "anti-social-behaviour = 1"]
    + [f"kind-{hashlib.sha256(str(n).encode()).hexdigest()} = {n}" for n in range(400)]
)
COMMANDS = [
    "ingest 2024-01-testshire-street.csv",
    "layers add squares.geojson --id squares",
    "attributes add members.csv --layer wards --key ward",
    "measures add values.csv --id fit --layer wards --kind count",
    "entries add paid.csv --layer wards --column id=Ref",
    "weights add harm.toml --id harm",
    "basemap add squares.geojson",
    "plan new p --blocks wards --from wards",
    "task raise Lights --place A@wards --by Ann",
    "priority set Litter --by Ann",
    "roster set warden --holder Ann --by Ann",
    "rank --layer wards --from 2024-01 --to 2024-02 --save -o places.csv",
    "users add ann --role viewer --no-password",
    "keys add excel --role viewer",
    "release make first --from 2024-01 --to 2024-01 --source police.uk",
    "erase --source police.uk --id police.uk/testshire/2024-01:2 --reason asked",
    "copy --to {empty}",
    "demo",
    "restore town.gpkg",
]
"""What needs a page of its own; `imports undo`, a step of a plan and the like find room in one."""

ON_THE_EMPTY: Final = ("demo", "restore")
_OF_THE_SERVER: Final = ("host", "socket", ".PGSQL", "user ", "@", "password", "/")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, made_town: Path) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("files")
    shutil.copy(made_town, folder / "town.gpkg")
    a_month(folder, rows=3_000)
    squares = [
        {
            "type": "Feature",
            "properties": {"code": f"S{n}", "name": f"Square {n}"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, 52.9], [x + 0.01, 52.9], [x + 0.01, 52.91], [x, 52.9]]],
            },
        }
        for n, x in enumerate(-1.5 + n / 100 for n in range(40))
    ]
    document = {"type": "FeatureCollection", "features": squares}
    (folder / "squares.geojson").write_text(json.dumps(document))
    (folder / "members.csv").write_text("ward,members\nA,2\nB,3\n")
    (folder / "values.csv").write_text("area,period,value\nA,2024,30\nB,2024,31\n")
    (folder / "paid.csv").write_text("Ref,Date,Amount,Ward,Status\nP1,2025-04-01,5.00,A,paid\n")
    (folder / "harm.toml").write_text(WEIGHTS)
    return folder


def tables(address: str) -> dict[str, int]:
    """How many rows each table has."""
    with psycopg.connect(address) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'patchmap' ORDER BY 1"
        ).fetchall()
        counted = {}
        for (name,) in names:
            query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("patchmap", name))
            counted[name] = connection.execute(query).fetchone()[0]
        return counted


@pytest.fixture
def database(private: PrivateCluster, files: Path, server_disk: Path) -> Iterator[str]:
    with private.database_at(server_disk) as address:
        with closing(PostgisStore(address, create=True)) as store, store.transaction():
            fill_town(store)
        # A page that is nearly empty takes the next row without more room.
        with psycopg.connect(address, autocommit=True) as connection:
            partitioned = "SELECT relname FROM pg_class WHERE relkind = 'p'"
            whole = {name for (name,) in connection.execute(partitioned)}
            for name in tables(address).keys() - whole:
                table = sql.Identifier("patchmap", name)
                connection.execute(sql.SQL("ALTER TABLE {} SET (fillfactor = 10)").format(table))
            connection.execute("VACUUM FULL")
        yield address


def test_one_line_that_names_no_server_and_nothing_is_changed(
    private: PrivateCluster, database: str, server_disk: Path, files: Path
) -> None:
    empty = private.new_database()
    private.run("ALTER DATABASE {} SET TABLESPACE small", urlsplit(empty).path[1:])
    try:
        before = tables(database), tables(empty)
        ballast = fill(server_disk, leave=0)
        for line in COMMANDS:
            words = line.format(empty=empty).split()
            done = run_patchmap(
                "--store", empty if words[0] in ON_THE_EMPTY else database, *words, cwd=files
            )
            assert is_one_line_about_the_disk(done), (line, done)
        ballast.unlink()
        assert (tables(database), tables(empty)) == before
    finally:
        private.drop_database(empty)


def test_a_connection_that_finds_no_room_says_so_too(
    database: str, server_disk: Path, files: Path
) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        # Then the next connection writes the file of caches anew that each database has.
        connection.execute("VACUUM FULL pg_catalog.pg_class")
    ballast = fill(server_disk, leave=0)
    done = run_patchmap("--store", database, "imports", "list", cwd=files)
    ballast.unlink()
    assert is_one_line_about_the_disk(done), done
    assert run_patchmap("--store", database, "imports", "list", cwd=files).returncode == 0


def is_one_line_about_the_disk(done: Done) -> bool:
    (line,) = done.stderr.splitlines()
    return (
        (done.returncode, done.stdout) == (1, "")
        and line.endswith(" cannot be used: its server's disk is full; make room there")
        and not any(word in line for word in _OF_THE_SERVER)
    )
