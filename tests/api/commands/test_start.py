"""`patchmap start` on small folders: what it recognises, takes, leaves and says."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geo.question.ask import default_layer
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run
from tests.postgres import Cluster
from tests.services import Done, run_patchmap, serving_by

HEADER = "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,Crime type\n"
HERE, ELSEWHERE = ("E06000015", "Derby"), ("E06000016", "Leicester")


def square(code: str, west: float, **properties: str) -> dict[str, Any]:
    """An area of a hundredth of a degree."""
    ring = [[west, 52.9], [west + 0.01, 52.9], [west + 0.01, 52.91], [west, 52.91], [west, 52.9]]
    return {
        "type": "Feature",
        "properties": properties | {"code": code},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def collection(field: str, areas: list[tuple[str, float, dict[str, str]]]) -> str:
    """Areas with their codes in a field, as the ONS names it."""
    features = []
    for code, west, others in areas:
        feature = square(code, west, **others)
        feature["properties"] = {field: feature["properties"].pop("code")} | others
        features.append(feature)
    return json.dumps({"type": "FeatureCollection", "features": features})


def national_wards(year: str = "25") -> str:
    """Two wards of Derby and one of Leicester, whose authority a field names."""
    return collection(
        f"WD{year}CD",
        [
            (f"E0500000{n}", -1.5 + n / 100, {f"LAD{year}CD": code, f"LAD{year}NM": name})
            for n, (code, name) in enumerate([HERE, HERE, ELSEWHERE])
        ],
    )


def street(month: str, force: str, rows: int = 3) -> str:
    """A published file: incidents in the first ward, and one row without a place."""
    name = {"derbyshire": "Derbyshire Constabulary"}.get(force, "Kent Police")
    points = [f"-1.49{n},52.90{n + 1}" for n in range(1, rows + 1)]
    lines = [f",{month},{name},{name},{point},On or near {force},Drugs\n" for point in points]
    return HEADER + "".join([*lines, f",{month},{name},{name},,,No Location,Drugs\n"])


def archive(
    path: Path, months: list[str], forces: tuple[str, ...] = ("derbyshire", "kent")
) -> None:
    with zipfile.ZipFile(path, "w") as written:
        for month in months:
            for force in ("derbyshire", "kent"):
                name = f"{month}/{month}-{force}"
                written.writestr(f"{name}-street.csv", street(month, force))
                written.writestr(f"{name}-outcomes.csv", "Crime ID,Month,Outcome type\n")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Downloads as people have them: national files, in folders and archives in archives."""
    inner = tmp_path / "downloads" / "from the portal" / "2025"
    inner.mkdir(parents=True)
    (inner / "WD_MAY_2025.geojson").write_text(national_wards())
    lsoas = [(f"E0100000{n}", -1.5 + n / 100, {}) for n in range(3)]
    with zipfile.ZipFile(inner / "LSOA.zip", "w") as written:
        written.writestr("data/LSOA (Dec 2021).geojson", collection("LSOA21CD", lsoas))
    with zipfile.ZipFile(tmp_path / "downloads" / "all.zip", "w") as written:
        written.write(inner / "LSOA.zip", "deep/LSOA.zip")
    (inner / "LSOA.zip").unlink()
    census = "LSOA code,Usual residents\nE01000000,100\nE01000001,200\nE01000002,400\n"
    (tmp_path / "downloads" / "census.csv").write_text(census)
    archive(tmp_path / "downloads" / "2024-02.zip", ["2024-01", "2024-02"])
    return tmp_path


START = ("start", "--authority", "Derby", "--force", "derbyshire", "--no-serve")


def start_refused(folder: Path, *arguments: str) -> tuple[str, str]:
    """What is said of the folder, and the last line, of a start that is refused."""
    done = run_patchmap("start", *arguments, "--no-serve", cwd=folder)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    *before, line = done.stderr.splitlines()
    return "\n".join(before), line.removeprefix("patchmap: ")


def browser_script(folder: Path) -> dict[str, str]:
    """An environment whose browser writes the address that it opens to `opened.txt`."""
    script = folder / "browser.sh"
    script.write_text('#!/bin/sh\necho "$1" > opened.new && mv opened.new opened.txt\n')
    script.chmod(0o755)
    return {**os.environ, "DISPLAY": "", "WAYLAND_DISPLAY": "", "BROWSER": f"{script} %s"}


def stored(folder: Path) -> tuple[dict[str, int], dict[str, int]]:
    """The number of areas of each layer, and of accepted rows of each partition."""
    store = GeoPackageStore(folder / "patchmap.gpkg")
    layers = {each.layer_id: len(store.layer(each.layer_id)[1]) for each in store.layers()}
    partitions = {each.partition_id: each.rows_accepted for each in store.imports()}
    store.close()
    return layers, partitions


def test_one_place_is_taken_out_of_national_files(folder: Path) -> None:
    output = run(folder, *START)
    layers, partitions = stored(folder)
    assert layers == {"wards-2025": 2, "lsoa-2021": 2}
    assert partitions == {"police.uk/derbyshire/2024-01": 3, "police.uk/derbyshire/2024-02": 3}
    assert "6 incidents of January 2024 to February 2024 lie in Derby, 0 elsewhere" in output
    assert "2 of 8 rows (25.0%) have no place" in output
    assert len((folder / "rejects/2024-01-derbyshire-street.rejects.csv").read_text().split()) > 5
    run(folder, "count", "--layer", "wards-2025", "--from", "2024-01", "--to", "2024-02",
        "-o", "n.csv")  # fmt: skip
    counts = pd.read_csv(folder / "n.csv").set_index("area_code")
    assert counts["n"].to_dict() == {"E05000000": 6, "E05000001": 0}
    assert counts.loc["E05000000", "rate_per_1000"] == pytest.approx(6 / 100 * 1000)


@pytest.mark.skipif(not shutil.which("unzip"), reason="unzip is not installed")
def test_the_same_by_hand_makes_the_same_store(folder: Path) -> None:
    output = run(folder, *START)
    made = stored(folder)
    (folder / "patchmap.gpkg").unlink()
    lines = [line.partition("the same by hand: ")[2] for line in output.splitlines()]
    lines = [line for line in lines if line]
    assert len(lines) == 6
    for line in lines:
        if line.startswith("unzip"):
            subprocess.run(["sh", "-c", line], cwd=folder, check=True, capture_output=True)
        else:
            run(folder, *shlex.split(line)[1:])
    assert stored(folder) == made


def test_a_second_start_does_nothing_new_and_news_are_added(folder: Path) -> None:
    run(folder, *START)
    output = run(folder, *START)
    assert "Nothing new: patchmap.gpkg has all of it" in output
    assert "[1 of" not in output
    archive(folder / "downloads/2024-03.zip", ["2024-02", "2024-03"])
    (folder / "downloads/WD_2022.geojson").write_text(national_wards("22"))
    output = run(folder, *START)
    assert "[1 of 2] add wards-2022: 2 areas, from WD_2022.geojson" in output
    assert "[2 of 2] import 1 month of derbyshire, 2024-03, from 2024-03.zip" in output
    assert "patchmap ingest downloads/2024-03.zip --force derbyshire --from 2024-03" in output
    assert "layer=wards-2025" in output


def test_newer_wards_become_the_boards(folder: Path) -> None:
    run(folder, *START)
    (folder / "downloads/WD_2026.geojson").write_text(national_wards("26"))
    assert "layer=wards-2026" in run(folder, *START)
    store = GeoPackageStore(folder / "patchmap.gpkg")
    assert default_layer(store) == "wards-2026"
    store.close()


def test_a_month_that_was_counted_once_by_hand_stays_so(folder: Path) -> None:
    twice = street("2024-04", "derbyshire").replace(HEADER, "") * 8
    (folder / "downloads/2024-04-derbyshire-street.csv").write_text(HEADER + twice)
    output = run(folder, *START)
    line = next(line for line in output.splitlines() if "looks published twice" in line)
    assert "Drugs of 2024-04" in line
    file = "downloads/2024-04-derbyshire-street.csv"
    run(folder, "ingest", file, "--halve", "derbyshire:2024-04:drugs")
    output = run(folder, *START)
    assert "Nothing new" in output
    assert "published twice" not in output
    assert stored(folder)[1]["police.uk/derbyshire/2024-04"] == 12


def test_what_was_done_by_hand_stays(folder: Path) -> None:
    run(folder, *START)
    records = json.loads(run(folder, "--json", "imports", "list"))
    undone = next(each["import"] for each in records if each["partition"].endswith("2024-02"))
    run(folder, "imports", "undo", str(undone))
    own = "code,residents\nE05000000,150\nE05000001,250\n"
    (folder / "own.csv").write_text(own)
    run(folder, "attributes", "add", "own.csv", "--layer", "wards-2025", "--key", "code")
    output = run(folder, *START)
    assert "Nothing new" in output
    assert "2024-02: undone by hand, so left out" in output
    assert "wards-2025 stays as it is in the store, with other figures than census.csv" in output
    assert list(stored(folder)[1]) == ["police.uk/derbyshire/2024-01"]


def test_a_renamed_file_is_known_by_its_rows(folder: Path) -> None:
    (folder / "downloads/crimes (1).csv").write_text(street("2024-05", "derbyshire"))
    output = run(folder, *START)
    assert stored(folder)[1]["police.uk/derbyshire/2024-05"] == 3
    assert "ingest 'downloads/crimes (1).csv' --partition derbyshire:2024-05" in output


def test_months_are_chosen(folder: Path) -> None:
    run(folder, *START, "--from", "2024-02", "--to", "2024-06")
    assert list(stored(folder)[1]) == ["police.uk/derbyshire/2024-02"]


BROKEN = {
    "broken.geojson": b"{",
    "list.geojson": b'{"type": "FeatureCollection", "features": [{"properties": {"WD25CD": []}}]}',
    "latin.csv": "Cost £\n1\n".encode("latin-1"),
    "empty.csv": b"",
    "damaged.zip": b"PK no archive",
    "notes.pdf": b"%PDF",
    "2024-07-derbyshire-street.csv": b"a,b\n1,2\n",
    "2024-08-derbyshire-street.csv": HEADER.encode(),
}


def test_files_that_cannot_be_read_are_named_and_lose_nothing(folder: Path) -> None:
    for name, content in BROKEN.items():
        (folder / "downloads" / name).write_bytes(content)
    output = run(folder, *START)
    assert "6 incidents of January 2024" in output
    for name in BROKEN:
        assert f"not used: {name}: " in output


def test_a_file_whose_rows_are_all_bad_leaves_the_other_months(folder: Path) -> None:
    bad = HEADER + ",2024-09,Derbyshire,Derbyshire,1,2,On or near,Drugs\n"
    (folder / "downloads/2024-03-derbyshire-street.csv").write_text(bad)
    output = run(folder, *START)
    assert "not imported: 2024-03-derbyshire-street.csv: all of its 1 rows are rejected" in output
    assert len(stored(folder)[1]) == 2


def test_a_layer_of_the_store_is_not_replaced(folder: Path) -> None:
    first = national_wards().replace("-1.5,", "-1.501,")
    (folder / "other.geojson").write_text(first)
    run(folder, "layers", "add", "other.geojson", "--id", "wards-2025")
    output = run(folder, *START)
    assert "wards-2025 stays as it is in the store, read from other.geojson" in output
    assert stored(folder)[0]["wards-2025"] == 3


def test_another_place_needs_another_store(folder: Path) -> None:
    run(folder, *START)
    _, line = start_refused(folder, "--authority", "Leicester", "--force", "derbyshire")
    assert line == (
        "patchmap.gpkg holds wards-2025 of another place than Leicester; name another store, with "
        "--store before the command"
    )


def test_what_is_unknown_is_refused_with_what_is_like_it(folder: Path) -> None:
    _, line = start_refused(folder, "--authority", "Debry", "--force", "derbyshire")
    assert "--authority 'Debry': the folder downloads names no such authority" in line
    assert "did you mean Derby?" in line
    _, line = start_refused(folder, "--authority", "City of Derby", "--force", "derbishire")
    assert "--force 'derbishire' is no force of data.police.uk; did you mean derbyshire" in line
    _, line = start_refused(folder, "--force", "derbyshire")
    assert line == (
        "--authority is missing; add --authority Derby; the downloads hold: Derby, Leicester"
    )
    _, line = start_refused(folder, "--authority", "E06000015")
    assert line.startswith("--force is missing; add --force derbyshire")
    assert not (folder / "patchmap.gpkg").exists()


def test_what_is_lacking_is_named_with_its_address(tmp_path: Path) -> None:
    names = ("--authority", "Derby", "--force", "Derbyshire Constabulary")
    what, line = start_refused(tmp_path, *names, "--from", "2024-01", "--to", "2024-06")
    assert line == (
        "there is no folder downloads; it needs wards of Derby and months of derbyshire "
        "from 2024-01 to 2024-06"
    )
    assert "put them into the folder downloads" in what
    assert "Wards of Derby: https://geoportal.statistics.gov.uk" in what
    assert "Incidents of Derbyshire Constabulary: https://data.police.uk/data/" in what
    assert "choose 2024-01 to 2024-06; tick" in what
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads/wards.geojson").write_text(national_wards())
    what, line = start_refused(tmp_path, *names)
    assert line == "the folder downloads lacks months of derbyshire"
    assert "Wards of" not in what
    assert not (tmp_path / "patchmap.gpkg").exists()


def test_a_lookup_says_which_wards_are_whose(folder: Path) -> None:
    wards = json.loads(national_wards("19"))
    rows = ["WD19CD,LAD19CD,LAD19NM"]
    for feature in wards["features"]:
        named = feature["properties"]
        rows.append(",".join(named.pop(name) for name in ("LAD19CD", "LAD19NM")))
        rows[-1] = f"{named['WD19CD']},{rows[-1]}"
    (folder / "downloads/lookup.csv").write_text("\n".join(rows))
    (folder / "downloads/old wards.geojson").write_text(json.dumps(wards))
    output = run(folder, *START)
    assert "--id wards-2019" in output
    assert "--where WD19CD=E05000000,E05000001" in output
    assert stored(folder)[0]["wards-2019"] == 2


def test_a_shapefile_in_an_archive_and_areas_elsewhere(folder: Path) -> None:
    lsoas = gpd.read_file(collection("LSOA11CD", [("E01000000", -1.5, {}), ("E01000009", 0.5, {})]))
    lsoas.to_file(folder / "LSOA11.shp")
    with zipfile.ZipFile(folder / "downloads/LSOA11.zip", "w") as written:
        for part in folder.glob("LSOA11.*"):
            written.write(part, part.name)
    far = collection("LSOA01CD", [("E01000009", 0.5, {})])
    (folder / "downloads/far.geojson").write_text(far)
    output = run(folder, *START)
    assert "downloads/LSOA11.zip --id lsoa-2011" in output
    assert "not used: far.geojson: no area lies in wards-2025" in output
    assert stored(folder)[0] == {"wards-2025": 2, "lsoa-2021": 2, "lsoa-2011": 1}


def test_json_is_one_document(folder: Path) -> None:
    facts = json.loads(run(folder, "--json", *START))
    assert facts["authority"] == {"code": "E06000015", "name": "Derby"}
    assert facts["question"] == "datetime=2024-01/2024-02&layer=wards-2025"
    assert len(facts["steps"]) == 5


def test_a_port_in_use_is_refused_before_the_work(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done: Done = run_patchmap(*START[:-1], "--port", str(taken.getsockname()[1]), cwd=folder)
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert not (folder / "patchmap.gpkg").exists()


def test_a_service_takes_its_port_before_it_loads_anything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run_patchmap(
            "--store", "new.gpkg", "serve", "--create", "--port", port, cwd=tmp_path
        )
    assert done.returncode == 1
    assert "choose another with --port" in done.stderr
    assert not (tmp_path / "new.gpkg").exists()


def test_the_board_opens_in_a_browser_where_there_is_a_display(folder: Path) -> None:
    command = [sys.executable, "-m", "api", *START[:-1]]
    env = browser_script(folder) | {"DISPLAY": ":99"}
    with serving_by(command, env=env, cwd=folder) as address:
        opened = folder / "opened.txt"
        deadline = time.monotonic() + 120
        while not opened.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    question = "datetime=2024-01/2024-02&layer=wards-2025"
    assert opened.read_text() == f"{address}/?{question}\n"


def test_a_server_is_a_store_too(folder: Path, cluster: Cluster) -> None:
    database = cluster.new_database()
    output = run(folder, "--store", database, *START)
    assert "6 incidents of January 2024" in output
    assert database not in output
    assert "Nothing new" in run(folder, "--store", database, *START)


def test_months_that_a_folder_lacks_are_set_against_those_it_has(folder: Path) -> None:
    names = ("--authority", "Derby", "--force", "derbyshire")
    what, line = start_refused(folder, *names, "--from", "2020-01", "--to", "2020-03")
    assert line == (
        "the folder downloads lacks months of derbyshire from 2020-01 to 2020-03; "
        "it has 2024-01 to 2024-02"
    )
    assert "If you want rates" not in what  # the folder has residents
