"""What is planted in the demo city is found through the commands, and classed as what it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from tests.services import run_patchmap

ASB = "anti-social-behaviour"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, demo_folder) -> Path:
    """A folder with the demo city's store, and the files that a council would have."""
    made: Path = tmp_path_factory.mktemp("planted")
    shutil.copytree(demo_folder, made, dirs_exist_ok=True)
    done(made, "council.gpkg", "layers", "add", "files/wards.geojson", "--id", "wards")
    sheet = ("files/council-asb.csv", "--mapping", "files/council-asb.toml")
    done(made, "council.gpkg", "ingest", *sheet)
    return made


def done(folder: Path, store: str, *arguments: str) -> str:
    ran = run_patchmap("--store", store, *arguments, cwd=folder)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def patterns(folder: Path, planted: pd.DataFrame, *period: str) -> dict[str, str]:
    """What the cells of the planted hotspots are called, by kind."""
    done(folder, "demo.gpkg", "emerging", "--category", ASB, *period, "-o", "emerging.parquet")
    spots = gpd.GeoDataFrame(planted, geometry=gpd.points_from_xy(planted["x"], planted["y"]))
    cells = gpd.read_parquet(folder / "emerging.parquet")
    joined = gpd.sjoin(spots.set_crs(cells.crs), cells, predicate="within")
    return dict(zip(joined["kind"], joined["pattern"], strict=True))


def test_the_planted_hotspots_are_classed_as_what_they_are(folder, demo_city):
    late = patterns(folder, demo_city.planted, "--period", "latest-48m")
    assert (late["emerging"], late["fading"]) == ("hot_consecutive", "hot_diminishing")
    early = patterns(folder, demo_city.planted, "--from", "2023-04", "--to", "2025-04")
    assert early["cleared"] == "hot_historical"


def test_near_repeats_of_burglary_are_found_and_fade_with_distance(folder):
    question = ("--category", "burglary", "--period", "latest-48m", "--near", "1,100,200,300")
    done(folder, "demo.gpkg", "near-repeats", *question, "-o", "near.csv")
    bands = pd.read_csv(folder / "near.csv").set_index(["metres_to", "days_to"])
    assert (bands.loc[[(1, 7), (100, 7), (200, 7)], "q"] <= 0.01).all()
    assert (bands.loc[[(200, 28), (300, 7), (300, 28)], "q"] > 0.05).all()


def test_the_councils_repeat_addresses_are_those_of_its_sheet(folder):
    done(folder, "council.gpkg", "repeats", "-o", "repeats.csv")
    repeats = pd.read_csv(folder / "repeats.csv").set_index("location")["n"]
    sheet = pd.read_csv(folder / "files/council-asb.csv", keep_default_na=False)
    # Some rows lie beyond the wards.
    expected = sheet[sheet["Ward"] != ""]["Address"].value_counts()
    assert repeats.to_dict() == expected[expected > 1].to_dict()


def test_the_councils_hours_and_repeats_can_be_told_and_the_polices_cannot(folder):
    assert "Friday 18:00 to 22:00" in done(folder, "council.gpkg", "dayparts", "-o", "hours.csv")
    done(folder, "police.gpkg", "layers", "add", "files/wards.geojson", "--id", "wards")
    done(folder, "police.gpkg", "ingest", "files/police-uk/2026-03")
    for command, reason in {
        "dayparts": "these incidents have a day or a month and no time of day",
        "repeats": "the source moves its points to anonymous ones that many addresses share",
        "near-repeats": "the source moves its points to anonymous ones, which makes neighbours",
    }.items():
        ran = run_patchmap("--store", "police.gpkg", command, "-o", "x.csv", cwd=folder)
        assert ran.returncode == 1
        assert reason in ran.stderr


@pytest.mark.parametrize("command", ["hotspots", "rank", "density", "concentration", "evaluate"])
def test_an_answer_says_its_n_its_mask_and_its_crs(folder, command):
    said = done(folder, "council.gpkg", command, "-o", "answer.csv")
    assert "11,482 counted" in said
    assert "study area wards; EPSG:27700" in said
    assert "method: " in said
    assert "Synthetic: this city" in said
