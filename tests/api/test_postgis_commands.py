"""The same commands on PostGIS: the answer is the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from geo.store.geopackage import GeoPackageStore
from tests.postgres import start_cluster
from tests.services import run_patchmap

QUESTION = ["--from", "2024-01", "--to", "2024-02", "--layer", "wards"]


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """An empty database of a throw-away cluster."""
    with start_cluster() as cluster:
        yield cluster.new_database()


def test_a_copied_store_answers_as_its_original(
    store: GeoPackageStore, tmp_path: Path, database: str
) -> None:
    store.close()
    copied = run_patchmap("--store", "town.gpkg", "copy", "--to", database, cwd=tmp_path)
    assert copied.returncode == 0, copied.stderr
    for name, address in (("file", "town.gpkg"), ("server", database)):
        for command, ending in (("count", "csv"), ("hotspots", "csv")):
            output = f"{name}-{command}.{ending}"
            done = run_patchmap("--store", address, command, *QUESTION, "-o", output, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
    for command in ("count", "hotspots"):
        one, other = (tmp_path / f"{name}-{command}.csv" for name in ("file", "server"))
        assert one.read_bytes() == other.read_bytes()


def test_a_server_that_is_not_there_is_one_line_without_the_password(tmp_path: Path) -> None:
    address = "postgresql://someone:secret@127.0.0.1:1/nothing"
    done = run_patchmap("--store", address, "layers", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr
