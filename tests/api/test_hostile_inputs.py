"""What is no regular file, has no end, or holds control characters is refused at every door."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from boundaries.layers import rings
from geo.formats.sandbox import ProcessLimits
from tests.api.test_bad_files import BNG, BOW_TIE, SQUARE, layer
from tests.services import run_patchmap

MAPPING = (
    b'source = "council"\n[when]\nfrom = "Date"\nformat = "iso"\n'
    b'[where]\npostcode = "Postcode"\nlookup = "lookup"\n[what]\ncategory = "noise"\n'
)
COMMANDS = {
    "ingest": ["ingest", "{}"],
    "a mapping": ["ingest", "cases.csv", "--mapping", "{}", "--partition", "a"],
    "a mapped table": ["ingest", "{}", "--mapping", "mapping.toml", "--partition", "a"],
    "layers add": ["layers", "add", "{}.geojson", "--id", "x"],
    "a shapefile": ["layers", "add", "{}.shp", "--id", "x"],
    "a GeoPackage": ["layers", "add", "{}.gpkg", "--id", "x"],
    "a KML": ["layers", "add", "{}.kml", "--id", "x"],
    "a TopoJSON": ["layers", "add", "{}.topojson", "--id", "x"],
    "layers check": ["layers", "check", "{}.geojson"],
    "attributes add": ["attributes", "add", "{}", "--layer", "wards", "--key", "code"],
    "weights add": ["weights", "add", "{}", "--id", "harm"],
    "locate": ["locate", "{}", "--areas", "wards", "-o", "out.csv"],
    "locate in a file": ["locate", "cases.csv", "--areas", "{}.geojson", "-o", "out.csv"],
    "plan import": ["plan", "import", "p", "{}.csv", "--blocks", "wards"],
    "mapping suggest": ["mapping", "suggest", "{}"],
    "gazetteer add": ["gazetteer", "add", "{}.csv"],
    "gazetteer add a zip": ["gazetteer", "add", "{}.zip"],
    "serve --ground": ["serve", "--ground", "{}.mbtiles"],
    "the lines of --ground": ["serve", "--ground", "{}.geojson"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a store of one layer."""
    (tmp_path / "wards.geojson").write_bytes(layer(SQUARE))
    (tmp_path / "cases.csv").write_text("Date,Postcode,lon,lat\n2024-01-02,DE1 1AA,-1.5,52.9\n")
    (tmp_path / "mapping.toml").write_bytes(MAPPING)
    (tmp_path / "lookup").write_text("DE1 1AA,10,435000,336000\nDE1 1AB,10,1,2\n")
    done = run_patchmap("layers", "add", "wards.geojson", "--id", "wards", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return tmp_path


@pytest.fixture
def bound_socket(folder: Path) -> Iterator[Path]:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket"))
        yield folder / "socket"


def refused(folder: Path, *arguments: str) -> str:
    done = run_patchmap(*arguments, cwd=folder)
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (1, 1), done.stderr[-2000:]
    return lines[0]


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_file_is_refused_at_once(folder: Path, bound_socket: Path, command: str) -> None:
    """A pipe to which nobody writes would be waited for, a device read for ever."""
    os.mkfifo(folder / "pipe")
    targets = {"pipe": "pipe", "device": "/dev/zero", "socket": str(bound_socket)}
    if command != "ingest" and "gazetteer" not in command:  # which take folders
        targets["folder"] = str(folder)
    for kind, target in targets.items():
        words = COMMANDS[command]
        ending = next((Path(word).suffix for word in words if word.startswith("{}.")), "")
        name = f"{kind}-link{ending}"
        (folder / name).symlink_to(target)
        message = refused(folder, *(word.replace(f"{{}}{ending}", name) for word in words))
        assert f"is a {kind}" in message


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(folder: Path) -> None:
    with (folder / "long.csv").open("wb") as file:
        file.truncate(2**40)  # a hole: it takes no room
    message = refused(folder, "ingest", "long.csv", "--partition", "derbyshire:2024-01")
    assert "is larger than 4,294,967,296 bytes" in message
    with (folder / "long.geojson").open("wb") as file:
        file.truncate(2**30)
    message = refused(folder, "layers", "add", "long.geojson", "--id", "x")
    assert "is larger than 536,870,912 bytes" in message


def test_a_ring_that_cannot_be_repaired_in_time_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each side of the ring crosses most of the others: a repair makes 100,000s of pieces."""
    monkeypatch.setattr(
        rings,
        "REPAIR_LIMITS",
        ProcessLimits(2**30, cpu_seconds=2, wall_seconds=60.0, file_bytes=2**20),
    )
    corners = [
        ((i * 701 % 3_001) * 10.0 + 400_000, (i * 929 % 3_001) * 10.0 + 300_000)
        for i in range(3_000)
    ]
    ring = [list(corner) for corner in (*corners, corners[0])]
    (folder / "star.geojson").write_bytes(layer(ring, **BNG))
    message = refused(folder, "layers", "add", "star.geojson", "--id", "x", "--repair")
    assert "repairing it takes too long" in message


def test_a_ring_whose_repair_is_cut_off_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = ProcessLimits(
        2**30, cpu_seconds=10, wall_seconds=60.0, file_bytes=64
    )  # half of the answer
    monkeypatch.setattr(rings, "REPAIR_LIMITS", limits)
    (folder / "tie.geojson").write_bytes(layer(BOW_TIE))
    message = refused(folder, "layers", "add", "tie.geojson", "--id", "x", "--repair")
    assert "repairing it takes too long" in message


def test_a_ring_that_crosses_itself_once_is_repaired(folder: Path) -> None:
    (folder / "tie.geojson").write_bytes(layer(BOW_TIE))
    done = run_patchmap("layers", "add", "tie.geojson", "--id", "x", "--repair", cwd=folder)
    assert "repaired, 2 part(s)" in done.stdout


# Control characters


@pytest.mark.parametrize(
    "character", ["\\u0000", "\\u0001", "\\b", "\\u007f", "\\u001F", "\\u0085", "\\u009F", "\x92"]
)
def test_control_characters_in_json_are_refused(folder: Path, character: str) -> None:
    content = layer(SQUARE).replace(b"WD24NM", f"WD24NM{character}".encode())
    (folder / "odd.geojson").write_bytes(content)
    message = refused(folder, "layers", "add", "odd.geojson", "--id", "x")
    assert "odd.geojson holds the control character" in message


@pytest.mark.parametrize("text", ["\\\\u0000", "\\n", "\\u00e9", "\\t", "\\u00a0", "£ŵÀ"])
def test_texts_that_only_look_like_it_are_taken(folder: Path, text: str) -> None:
    content = layer(SQUARE).replace(b"WD24NM", f"WD24NM{text}".encode())
    (folder / "plain.geojson").write_bytes(content)
    done = run_patchmap("layers", "add", "plain.geojson", "--id", "x", cwd=folder)
    assert done.returncode == 0, done.stderr


def test_control_characters_in_toml_are_refused(folder: Path) -> None:
    (folder / "odd.toml").write_bytes(MAPPING.replace(b"council", b"coun\\u0000cil"))
    message = refused(folder, "ingest", "cases.csv", "--mapping", "odd.toml", "--partition", "a")
    assert "odd.toml holds the control character U+0000" in message


def test_control_characters_on_the_command_line_are_refused(folder: Path) -> None:
    words = ["layers", "add", "wards.geojson", "--id", "x", "--title", "a\x1b[2Jb"]
    assert "an argument holds the control character U+001B" in refused(folder, *words)


@pytest.mark.parametrize(
    "address",
    [
        "/?category=%00",
        "/ogc/collections/%00/items",
        "/ogc/collections/wards/items?filter=area_code%20=%20%27%00%27",
        "/ogc/collections/hotspots/items?category=a%01b",
        "/planner?plan=%7f",
        "/map?layer=wards%1b",
        "/map?layer=wards%c2%9b",
    ],
)
def test_control_characters_in_an_address_are_refused(client: TestClient, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 400
    assert "the address holds the control character U+00" in response.json()["detail"]


def test_control_characters_in_a_step_of_a_plan_are_refused(client: TestClient) -> None:
    step = {"step": "rename", "area": "A\0", "name": "x", "version": 1, "by": "Ann"}
    response = client.post(
        "/planner/plans/p/steps",
        content=json.dumps(step),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 400
    assert "the body holds the control character u0000" in response.json()["detail"]
