"""The session of the README on the real files, from the archive to the published counts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.services import run_patchmap

ASB = "anti-social-behaviour"


def test_the_halved_month_gives_the_counts_of_the_reference(
    tmp_path: Path, real_data: Path
) -> None:
    derby = real_data / "derby"
    for arguments in (
        ["layers", "add", str(derby / "wards-2025.geojson"), "--id", "wards-2025"],
        ["ingest", str(derby / "police-uk-derbyshire.zip"), "--halve", f"derbyshire:2024-02:{ASB}"],
        ["count", "--category", ASB, "--from", "2018-10", "--to", "2024-04", "-o", "n.csv"],
    ):
        done = run_patchmap(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    reference = pd.read_csv(derby / "reference-asb-by-ward.csv")
    expected = reference[reference["boundary_vintage"] == "WD25"].set_index("ward_code")
    counts = pd.read_csv(tmp_path / "n.csv").set_index("area_code")["n"]
    assert counts.to_dict() == expected["total_9m_feb2024_halved"].to_dict()


def test_the_map_of_derby_is_one_small_file(tmp_path: Path, real_data: Path) -> None:
    derby = real_data / "derby"
    for arguments in (
        ["layers", "add", str(derby / "wards-2025.geojson"), "--id", "wards-2025"],
        ["ingest", str(derby / "police-uk-derbyshire.zip")],
        ["map", "--category", ASB, "--from", "2018-10", "--to", "2019-02", "-o", "map.html"],
    ):
        done = run_patchmap(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "map.html").stat().st_size < 2_000_000
