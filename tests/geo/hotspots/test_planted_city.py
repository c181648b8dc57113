"""What is planted in the demo city is found there, and classed as what it is."""

import numpy as np
import pandas as pd
import pytest
import shapely

from geo.cells import Cells, Grid
from geo.hotspots.baselines import Baseline
from geo.hotspots.emerging import emerging
from geo.hotspots.repeats import near_repeats, repeat_places
from geo.incidents import london_months, months_between


@pytest.fixture(scope="module")
def city(demo_city):
    return demo_city


@pytest.fixture(scope="module")
def cells(city):
    return Cells.over(shapely.union_all(city.wards.geometry.to_numpy()), Grid(150))


def judged(city, cells: Cells, first: str, last: str) -> pd.DataFrame:
    """The planted hotspots' cells, by kind."""
    asb = city.incidents[city.incidents["category"] == "anti-social-behaviour"]
    months = months_between(first, last)
    month = (london_months(asb["occurred_from"]) - np.datetime64(first, "M")).astype(int)
    inside = shapely.intersects_xy(shapely.union_all(cells.geometry), asb["x"], asb["y"])
    usable = inside & (month >= 0) & (month < len(months))
    counts = np.zeros((len(cells), len(months)))
    np.add.at(counts, (cells.assign(asb["x"][usable], asb["y"][usable]), month[usable]), 1)
    result = emerging(counts, cells.neighbours, Baseline(cells.inside_area), months=months)
    planted = cells.assign(city.planted["x"], city.planted["y"])
    return result.iloc[planted].set_index(city.planted["kind"])


def test_the_emerging_and_the_fading_hotspot_are_classed_over_all_four_years(city, cells):
    result = judged(city, cells, "2022-04", "2026-03")
    assert result["pattern"]["emerging"] == "hot_consecutive"
    assert result["pattern"]["fading"] == "hot_diminishing"
    # Hot in less than nine in ten months and not now: the categories have no name for it.
    assert result["pattern"]["cleared"] == "none"
    assert "2025-01" <= result["last_hot"]["cleared"] <= "2025-03"


def test_the_cleared_hotspot_is_historical_once_it_has_gone(city, cells):
    assert judged(city, cells, "2023-04", "2025-04")["pattern"]["cleared"] == "hot_historical"


def test_a_burglary_draws_others_near_and_soon(city):
    burglaries = city.incidents[city.incidents["category"] == "burglary"]
    result = near_repeats(burglaries, snapped=False)
    bands = result.bands.set_index(["metres_to", "days_to"])
    assert result.incidents + result.left_out == len(burglaries)
    assert (bands.loc[[(1, 7), (1, 14), (100, 7), (100, 14), (200, 7)], "q"] <= 0.01).all()
    assert (bands.loc[pd.IndexSlice[:, [21, 28]], "ratio"] < 1.5).all()


def test_few_addresses_hold_many_incidents(city):
    result = repeat_places(city.incidents, snapped=False)
    assert result.places["share"].sum() > 0.5
    assert len(result.places) < result.locations
    assert result.places["n"].is_monotonic_decreasing
