"""Rates are shrunk as published, and what is expected of chosen places comes."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from esda.smoothing import Empirical_Bayes
from scipy import stats

from geo.hotspots.circles import best_circles
from geo.hotspots.ranking import count_inside, of_period, place_prior, rank
from geo.hotspots.shrinkage import Prior, prior, shrunk, shrunk_rates


@pytest.fixture(scope="module")
def wards() -> tuple[np.ndarray, np.ndarray]:
    """Incidents and residents of 60 wards with rates of their own."""
    rng = np.random.default_rng(5)
    residents = rng.integers(300, 9_000, 60).astype(float)
    return rng.poisson(residents * rng.gamma(4.0, 0.003, 60)), residents


def test_rates_are_those_of_esda(wards):
    counts, residents = wards
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = Empirical_Bayes(counts, residents).r
    result = shrunk(counts, residents, prior(counts, residents)).rate
    assert result == pytest.approx(expected.ravel(), rel=1e-9)


def test_the_interval_is_that_of_the_gamma_distribution_of_the_rate(wards):
    counts, residents = wards
    by = prior(counts, residents)
    rates = shrunk(counts, residents, by)
    assert rates.rate.tolist() == shrunk_rates(counts, residents, by).tolist()
    law = stats.gamma(
        by.mean**2 / by.variance + counts, scale=1 / (by.mean / by.variance + residents)
    )
    assert rates.rate == pytest.approx(law.mean())
    assert rates.low == pytest.approx(law.ppf(0.025))
    assert rates.high == pytest.approx(law.ppf(0.975))


def test_where_chance_explains_all_every_rate_is_the_mean():
    counts, size = np.array([3, 4, 5, 4]), np.full(4, 100.0)
    by = prior(counts, size)
    assert by == Prior(0.04, 0.0)
    assert shrunk(counts, size, by).rate.tolist() == [0.04] * 4


def test_a_dispersion_leaves_less_to_differences_of_places(wards):
    counts, residents = wards
    plain, wide = prior(counts, residents), prior(counts, residents, dispersion=3)
    chance = plain.mean / residents.mean()
    assert plain.variance - wide.variance == pytest.approx(2 * chance)
    spread = np.ptp(shrunk(counts, residents, plain).rate)
    assert np.ptp(shrunk(counts, residents, wide, dispersion=3).rate) < spread


@pytest.fixture(scope="module")
def sixty_months() -> list[pd.DataFrame]:
    """A made town of 60 months: 400 points of very different rates, and months that differ."""
    rng = np.random.default_rng(11)
    points, rates = rng.uniform(0, 6_000, (400, 2)), rng.gamma(0.5, 1.0, 400)
    months = []
    for _ in range(60):
        n = rng.poisson(rates * rng.uniform(0.8, 1.2))
        months.append(pd.DataFrame(np.repeat(points, n, axis=0), columns=["x", "y"]))
    return months


def expectation(window: list[pd.DataFrame]) -> tuple[pd.DataFrame, np.ndarray]:
    """The 20 places of some months, and what is to be expected of each in a month."""
    rows = pd.concat(window)
    sites = best_circles(
        rows["x"], rows["y"], weights=np.ones(len(rows)), radius=150, apart=500, most=20
    )
    places = pd.DataFrame(np.array(sites) * 10.0, columns=["x", "y"]).assign(radius_m=150.0)
    by = place_prior(rows, radius=150, land=6_000.0**2)
    rate = shrunk(count_inside(places, rows), np.ones(len(places)), by).rate
    return places, rate * len(pd.concat(window[-3:])) / 3 / len(rows)


def test_what_is_expected_of_chosen_places_comes(sixty_months):
    predicted = observed = plain = 0.0
    for month in range(12, 60, 6):
        places, expected = expectation(sixty_months[month - 12 : month])
        predicted += expected.sum()
        observed += count_inside(places, sixty_months[month]).sum()
        last, _ = expectation(sixty_months[month - 1 : month])
        plain += (
            count_inside(last, sixty_months[month - 1]).sum()
            / count_inside(last, sixty_months[month]).sum()
        )
    assert 0.9 < predicted / observed < 1.1
    # What places chosen by the last month alone would have led one to expect.
    assert plain / 8 > 1.15


def test_places_without_incidents_count_for_the_prior():
    rows = pd.DataFrame({"x": [10.0, 20.0, 900.0], "y": [10.0, 10.0, 900.0]})
    by = place_prior(rows, radius=100, land=100 * np.pi * 100**2)
    assert by.mean == pytest.approx(3 / 100)
    values = np.array([2, 1] + [0] * 98)
    assert by.variance == pytest.approx(max(values.var() - values.mean(), 0))


def test_what_another_time_brought_stands_in_the_place_of_what_chose_them():
    when = pd.Timestamp("2024-01-10 12:00", tz="UTC")
    rows = pd.DataFrame(
        {
            "x": [0.0] * 5 + [1_000.0] * 3, "y": 0.0, "location": "Street", "precision": "instant",
            "occurred_from": when, "occurred_to": when,
        }
    )  # fmt: skip
    places = rank(rows)
    later = of_period(places, rows.iloc[[0, 5, 6]].assign(precision="month"))
    assert places["n"].tolist() == [5, 3]
    assert later["n"].tolist() == [1, 2]
    assert later["share"].tolist() == pytest.approx([1 / 3, 2 / 3])
    assert later["n_untimed"].tolist() == [1, 2]
    assert places["n_day"].tolist() == [5, 3]
    assert later[["hotspot_id", "rank", "streets"]].equals(
        places[["hotspot_id", "rank", "streets"]]
    )
