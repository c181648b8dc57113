"""The same commands on PostGIS: the answer is the same bytes."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from geo.store.geopackage import GeoPackageStore
from tests.api.commands.plan_folders import PERIOD, planned
from tests.api.commands.running import refused, run
from tests.disks import MB, fill
from tests.postgres import Cluster, PrivateCluster
from tests.services import run_patchmap

QUESTION = ["--from", "2024-01", "--to", "2024-02", "--layer", "wards"]


def test_a_copied_store_answers_as_its_original(
    store: GeoPackageStore, tmp_path: Path, cluster: Cluster
) -> None:
    store.close()
    database = cluster.new_database()
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


def test_a_plan_is_the_same_on_a_server(tmp_path: Path, cluster: Cluster) -> None:
    folder, database = planned(tmp_path), cluster.new_database()
    copied = run_patchmap("copy", "--to", database, cwd=folder)
    assert copied.returncode == 0, copied.stderr
    facts = []
    for address in ("patchmap.gpkg", database):
        store = ["--store", address]
        run(folder, *store, "plan", "move", "north", "c1", "c2", "--to", "E", "--by", "Ann")
        run(folder, *store, "plan", "undo", "north", "--by", "Ann")
        message = refused(folder, *store, "plan", "move", "north", "a1", "--to", "E")
        output = json.loads(run(folder, *store, "--json", "plan", "show", "north", *PERIOD))
        output["accounts"].pop("data_version")
        for step in output["history"]:
            step.pop("at")
        facts.append((output, message))
    assert facts[0] == facts[1]
    assert facts[0][0]["plan"]["version"] == 3


def test_a_server_that_is_not_there_is_one_line_without_the_password(tmp_path: Path) -> None:
    address = "postgresql://someone:secret@127.0.0.1:1/nothing"
    done = run_patchmap("--store", address, "layers", "list", cwd=tmp_path)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "secret" not in done.stderr


def test_no_line_has_the_address_of_the_database(town_database: str, tmp_path: Path) -> None:
    address = town_database.replace("patchmap@", "patchmap:secret@")
    (tmp_path / "points.csv").write_text("x,y,when\n435100,336100,2024-01-05\n")
    for line, code in {
        "backup saved.gpkg": 0,
        "copy --to copied.gpkg": 0,
        "look points.csv": 0,
        "demo": 1,
        "restore saved.gpkg": 1,
    }.items():
        done = run_patchmap("--store", address, *line.split(), cwd=tmp_path)
        assert done.returncode == code, (line, done)
        assert "secret" not in done.stdout + done.stderr, line
        assert "host=" not in done.stdout + done.stderr, line


def a_month(folder: Path, *, rows: int) -> Path:
    path = folder / "2024-01-testshire-street.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["Crime ID", "Month", "Longitude", "Latitude", "Location", "Crime type"])
        for number in range(rows):
            lon = f"{-1.5 + number / 1e6:.6f}"
            writer.writerow([f"{number:064}", "2024-01", lon, "52.95", "On Mill Lane", "Drugs"])
    return path


def test_a_full_disk_of_the_server_is_one_line_and_leaves_the_old_data(
    private: PrivateCluster, server_disk: Path, tmp_path: Path
) -> None:
    with private.database_at(server_disk) as address:

        def ingest(*, rows: int) -> tuple[int, list[str]]:
            file = a_month(tmp_path, rows=rows)
            done = run_patchmap("--store", address, "ingest", file.name, cwd=tmp_path)
            return done.returncode, done.stderr.splitlines()

        assert ingest(rows=30)[0] == 0
        ballast = fill(server_disk, leave=MB)
        code, lines = ingest(rows=20_000)
        assert (code, len(lines)) == (1, 1)
        assert "cannot be used: its server's disk is full" in lines[0]
        listed = run_patchmap("--store", address, "--json", "imports", "list", cwd=tmp_path)
        assert [record["state"] for record in json.loads(listed.stdout)] == ["current"]
        ballast.unlink()
        assert ingest(rows=20_000)[0] == 0
