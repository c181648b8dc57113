"""`patchmap start` on real downloads: killed and started again, and asked at a terminal."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import pytest

from geo.errors import PatchmapError
from geo.store.geopackage import GeoPackageStore
from tests.api.commands.running import run
from tests.api.commands.test_start import browser_script
from tests.services import serving_by

START = [sys.executable, "-m", "api", "start"]
PATIENCE = 120.0  # seconds
MONTHS = 9


def derby(real_data: Path) -> list[str]:
    named = ["--authority", "Derby", "--force", "derbyshire"]
    return [*named, "--folder", str(real_data / "derby")]


def months_in(store: Path) -> int:
    try:
        opened = GeoPackageStore(store)
    except PatchmapError:  # not made yet
        return 0
    months = len(opened.imports())
    opened.close()
    return months


def kill_during_import(command: Sequence[str], folder: Path) -> int:
    """Kill a start once it has imported a month; returns how many months it had stored."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + PATIENCE
    while months_in(folder / "patchmap.gpkg") == 0:
        time.sleep(0.02)
        assert process.poll() is None
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGKILL)
    process.wait()
    return months_in(folder / "patchmap.gpkg")


def get(address: str, most: int = -1) -> Any:
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:
        assert response.status == 200
        return response.read(most)


@pytest.fixture(scope="module")
def stored_before_the_kill() -> list[int]:
    return []


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory, real_data: Path, stored_before_the_kill: list[int]
) -> Iterator[str]:
    """The board of Derby, after a start that was killed and one that went on."""
    folder = tmp_path_factory.mktemp("derby")
    command = [*START, *derby(real_data)]
    stored_before_the_kill.append(kill_during_import([*command, "--no-serve"], folder))
    with serving_by(command, cwd=folder, env=browser_script(folder)) as running:
        yield running
    assert not (folder / "opened.txt").exists()  # there is no display
    # Once it is served, a start has nothing left to do.
    assert "Nothing new" in run(folder, *command[3:], "--no-serve")


def test_a_start_that_was_killed_goes_on(address: str, stored_before_the_kill: list[int]) -> None:
    assert 0 < stored_before_the_kill[0] < MONTHS
    accounts = json.loads(get(f"{address}/ogc/collections/area-counts/items?{urlencode(WHOLE)}"))
    assert accounts["numberMatched"] == 18


WHOLE = {"datetime": "2018-10/2024-04", "category": "anti-social-behaviour", "layer": "wards-2025"}


def test_the_board_counts_as_the_reference_does(address: str, real_data: Path) -> None:
    # The headline comes first; the sections after it take their time.
    assert b"6,621" in get(f"{address}/?{urlencode(WHOLE, safe='/')}", most=20_000)
    items = json.loads(
        get(f"{address}/ogc/collections/area-counts/items?limit=100&{urlencode(WHOLE)}")
    )
    counts = {each["properties"]["area_code"]: each["properties"] for each in items["features"]}
    reference = pd.read_csv(real_data / "derby/reference-asb-by-ward.csv")
    expected = reference[reference["boundary_vintage"] == "WD25"].set_index("ward_code")
    assert {code: each["n"] for code, each in counts.items()} == expected["total_9m"].to_dict()
    assert all(each["rate_per_1000"] > 0 for each in counts.values())


def converse(
    command: Sequence[str], folder: Path, replies: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Run a command at a terminal and reply to what it asks; returns its exit code and text."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    text, start = "", 0
    for question, reply in replies:
        while question not in text[start:]:
            text += os.read(master, 4096).decode(errors="replace")
        start = len(text)
        os.write(master, f"{reply}\n".encode())
    try:
        while piece := os.read(master, 4096):
            text += piece.decode(errors="replace")
    except OSError:  # how a terminal says that the other side is gone
        pass
    os.close(master)
    return process.wait(), text.replace("\r\n", "\n")


def test_at_a_terminal_it_asks_for_what_was_not_given(tmp_path: Path, real_data: Path) -> None:
    options = ["--folder", str(real_data / "melton"), "--from", "2022-09", "--no-serve"]
    replies = [
        ("Which council (its district, borough or city)? [Melton]:", "Meltin"),
        ("Which council", ""),
        ("Which police force? [leicestershire]:", "leicester"),
        ("Which police force", "Leicestershire Police"),
    ]
    code, text = converse([*START, *options], tmp_path, replies)
    assert code == 0, text
    assert "did you mean Melton?" in text
    assert "did you mean leicestershire" in text
    assert (
        "2 months of leicestershire are there, September 2022 to October 2022, without a gap"
        in text
    )
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    assert [each.layer_id for each in store.layers()] == ["wards-2025", "lsoa-2021"]
    assert {each.name for each in store.imports()} == {"leicestershire"}
    store.close()


def test_wards_that_name_no_authority_are_taken_by_their_place(
    tmp_path: Path, real_data: Path
) -> None:
    folder = real_data / "birmingham"
    named = ["--authority", "Birmingham", "--force", "west-midlands", "--folder", str(folder)]
    output = run(tmp_path, "start", *named, "--no-serve")
    assert "add wards-2013: 40 areas" in output
    reference = pd.read_csv(folder / "reference-asb-by-ward-2011-02.csv")
    run(tmp_path, "count", "--layer", "wards-2013", "--category", "anti-social-behaviour",
        "--from", "2011-02", "--to", "2011-02", "-o", "n.csv")  # fmt: skip
    counts = pd.read_csv(tmp_path / "n.csv")
    expected = reference[reference["boundary_vintage"] == "WD13"]
    assert counts["n"].sum() == expected["asb"].sum()
