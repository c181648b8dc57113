"""`patchmap look` at real downloads, against what is known of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.api.commands.running import run, run_json


def test_the_text_of_the_wards_of_derby(real_data: Path, tmp_path: Path) -> None:
    (tmp_path / "wards-2013.topojson").symlink_to(real_data / "derby" / "wards-2013.topojson")
    text = run(tmp_path, "look", "wards-2013.topojson")
    assert text.split("\n\n")[0] == (
        "wards-2013.topojson: TopoJSON, 8.3 kB\nAreas with their codes in WD13CD\n17 areas"
    )
    assert text.split("\n\n")[2] == (
        """Where
  OGC:CRS84; longitude -1.5569 to -1.3831, latitude 52.8611 to 52.9681
  11.7 km from west to east, 11.9 km from south to north
  +------------------------+
  |                        |
  |                        |
  |        .        .      |
  |          .   .         |
  |     .           .      |
  |        .           .   |
  |  .        .            |
  |    .     .     .       |
  |       .                |
  |           .    .       |
  |               .        |
  |                        |
  +------------------------+
  One character is 0.5 by 0.99 km; areas in it:
  . 1"""
    )
    assert text.split("\n\n")[-1] == (
        "Command\n  patchmap layers add wards-2013.topojson --id wards-2013\n"
    )


def test_an_archive_of_derbyshire(real_data: Path, tmp_path: Path) -> None:
    archive = real_data / "derby" / "police-uk-derbyshire.zip"
    facts = run_json(tmp_path, "look", str(archive))
    assert (facts["rows"], facts["check"]["accepted"]) == (74_453, 74_453)
    assert len(facts["dates"]["missing"]) == 58
    assert facts["categories"]["anti-social-behaviour"] == 19_807
    place = facts["place"]
    assert sum(map(sum, place["counts"])) + place["beyond"] == 74_453


def test_each_file_of_derby_gets_a_command(real_data: Path, tmp_path: Path) -> None:
    found = {
        name: run_json(tmp_path, "look", str(real_data / "derby" / name))
        for name in ("wards-2022-bng.geojson", "residents-2021-lsoa-2021.csv")
    }
    wards, residents = found.values()
    assert (wards["rows"], wards["place"]["crs"]) == (17, "EPSG:27700")
    assert wards["commands"][0].endswith("--id wards-2022")
    rows = pd.read_csv(real_data / "derby" / "residents-2021-lsoa-2021.csv")
    assert residents["check"]["accepted"] == len(rows)
    assert residents["commands"][0].endswith("--key mnemonic")
