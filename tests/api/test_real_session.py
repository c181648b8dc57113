"""The session of the README on the real files, from the archive to the published counts."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

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


def test_the_map_of_derby_is_one_small_file(tmp_path: Path, derby_store: Path) -> None:
    question = ["--category", ASB, "--from", "2018-10", "--to", "2019-02"]
    done = run_patchmap(
        "--store", str(derby_store), "map", *question, "-o", "map.html", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "map.html").stat().st_size < 2_000_000


def test_the_bases_of_melton_are_those_of_trying_every_pair(
    tmp_path: Path, real_data: Path, melton_store: Path
) -> None:
    melton = real_data / "melton"
    patrols = ["patrols", "--layer", "wards-2025", "--category", ASB]
    for arguments in (
        ["rank", "--layer", "wards-2025", "--category", ASB, "-o", "places.csv"],
        [*patrols, "--bases", "lsoa-2021", "--reach", "10", "-o", "rounds.csv"],
    ):
        done = run_patchmap("--store", str(melton_store), *arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    places = pd.read_csv(tmp_path / "places.csv")
    table = pd.read_csv(tmp_path / "rounds.bases.csv").set_index("base_code")
    areas = gpd.read_file(melton / "lsoa-2021.geojson").set_index("LSOA21CD").to_crs("EPSG:27700")
    points = areas.representative_point()
    away = np.hypot(
        places["x"].to_numpy()[:, None] - points.x.to_numpy(),
        places["y"].to_numpy()[:, None] - points.y.to_numpy(),
    )
    minutes = pd.DataFrame(away * 1.3 / 1_000 * 60 / 25, columns=areas.index)
    mean = minutes.apply(np.average, weights=places["n"])
    covered = (minutes <= 10).apply(np.average, weights=places["n"])
    assert sorted(table.index) == sorted(areas.index)
    # The store's operation to metres and PROJ's best one differ by about two metres.
    assert table["minutes_mean"].to_dict() == pytest.approx(mean.to_dict(), abs=0.03)
    assert (table["covered_share"] - covered).abs().max() < 0.05
    assert table.index[0] == mean.idxmin()
    pair = min(
        combinations(minutes.columns, 2),
        key=lambda codes: np.average(minutes[list(codes)].min(axis=1), weights=places["n"]),
    )
    chosen = table.index[table["chosen_travel"].astype(str).str.contains("2")]
    assert sorted(chosen) == sorted(pair)
