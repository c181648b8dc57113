"""Cells are hot or cold against a baseline, and joined hot cells are one hotspot."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geo.cells import Cells
from geo.errors import InputError
from geo.hotspots import getis_ord
from geo.hotspots.baselines import Baseline, cluster_ids
from geo.hotspots.dispersion import begins_series, dispersion
from tests.geo.hotspots import nulls
from tests.geo.hotspots.nulls import called, clumpy, timed

MAPS = 80
"""Of each kind; what is found on them is bounded by the rates that many more gave."""


@pytest.fixture(scope="module")
def city() -> Cells:
    return nulls.city()


def test_of_many_maps_and_streets_of_nothing_at_most_one_in_twenty_shows_anything():
    """`python -m tests.geo.hotspots.nulls` counts them anew."""
    assert all(found <= nulls.PROMISED * of for found, of in nulls.COUNTED.values())
    assert min(of for _, of in nulls.COUNTED.values()) >= 3_000


@pytest.mark.parametrize("null", list(nulls.synthetic_maps()), ids=lambda null: null.name)
def test_incidents_dealt_over_their_baseline_seldom_show_a_hotspot(null):
    """Also of two sources, and in pairs: timed ones are a series, months tell their dispersion."""
    assert nulls.finds(null, MAPS) <= nulls.most(null.name, MAPS)


def test_incidents_dealt_over_the_real_snap_points_of_derby_seldom_show_one(real_data):
    for null in nulls.maps_of("points of Derby", *nulls.derby(real_data)):
        assert nulls.finds(null, MAPS) <= nulls.most(null.name, MAPS)


def test_incidents_in_pairs_would_show_hotspots_if_each_were_evidence(city):
    rng, even = np.random.default_rng(17), Baseline(city.inside_area)
    shown = [nulls.shows(called(nulls.pairs(rng, 0.5)[0], city, even)["class"]) for _ in range(20)]
    assert np.mean(shown) > 0.5


def test_the_tail_is_the_binomial_one_of_the_neighbourhood_s_share_of_the_baseline(city):
    baseline = clumpy(city)
    counts = np.random.default_rng(2).multinomial(900, baseline.shares)
    result = called(counts, city, baseline)
    near = city.neighbours.toarray() > 0
    for cell in (0, 41, 820, 1_599):
        k, share = counts[near[cell]].sum(), baseline.shares[near[cell]].sum()
        law = stats.binom(900, share)
        assert result["p_count"][cell] == pytest.approx(
            min(1.0, 2 * min(law.cdf(k), law.sf(k - 1))), rel=1e-9
        )
    assert result["expected"].to_numpy() == pytest.approx(900 * baseline.shares)
    assert result["baseline"].sum() == pytest.approx(1)


def test_dispersion_widens_each_tail_to_the_wider_one_of_two_laws_of_that_variance(city):
    counts = np.random.default_rng(2).poisson(1.0, len(city))
    n, near = counts.sum(), city.neighbours.toarray() > 0
    result = called(counts, city, Baseline(city.inside_area), dispersion=2.5)
    for cell in (0, 41, 820):
        k, share = counts[near[cell]].sum(), near[cell].sum() / len(city)
        mean, spread = n * share, 2.5 * (1 - share)
        law = stats.nbinom(mean / (spread - 1), 1 / spread)
        assert law.var() == pytest.approx(2.5 * mean * (1 - share))
        low = max(law.cdf(k), stats.gamma(k / spread + 1).sf(mean / spread))
        high = max(law.sf(k - 1), stats.gamma(k / spread).cdf(mean / spread))
        assert result["p_count"][cell] == pytest.approx(min(1.0, 2 * min(low, high)), rel=1e-9)


def test_labels_are_judged_by_fisher_s_exact_test(city):
    everything = clumpy(city).amounts
    rng = np.random.default_rng(6)
    counts = rng.binomial(everything.astype(int), 0.3)
    result = called(counts, city, Baseline(everything, labels=True))
    near = city.neighbours.toarray() > 0
    for cell in (0, 41, 820):
        drawn = int(everything[near[cell]].sum())
        law = stats.hypergeom(int(everything.sum()), int(counts.sum()), drawn)
        k = counts[near[cell]].sum()
        assert result["p_count"][cell] == pytest.approx(
            min(1.0, 2 * min(law.cdf(k), law.sf(k - 1))), rel=1e-7
        )


def test_what_is_hot_by_land_alone_is_not_hot_where_the_baseline_is_as_busy(city):
    baseline = clumpy(city)
    counts = np.random.default_rng(3).multinomial(4_000, baseline.shares)
    even = called(counts, city, Baseline(city.inside_area))["class"]
    own = called(counts, city, baseline)["class"]
    assert even.str.startswith("hot").sum() > 50
    assert not own.str.startswith(("hot", "cold")).any()


def test_a_cold_quarter_and_a_hot_block_are_found_where_they_were_planted(city):
    baseline = clumpy(city)
    x, y = city.grid.centres(city.positions)
    quiet, busy = (x < 1_500) & (y < 1_500), np.hypot(x - 3_000, y - 3_000) < 300
    rate = np.where(quiet, 0.2, np.where(busy, 5.0, 1.0)) * baseline.amounts
    counts = np.random.default_rng(8).poisson(3 * rate)
    classes = called(counts, city, baseline)["class"]
    inner = quiet & (x < 1_300) & (y < 1_300)
    assert classes[inner].str.startswith("cold").mean() > 0.9
    hot = classes.str.startswith("hot").to_numpy()
    assert hot[busy & (baseline.amounts > 0)].all()
    # Given the total, what one place lacks the others have: a few of these are hot by a little.
    assert hot[np.hypot(x - 3_000, y - 3_000) > 600].mean() < 0.02
    assert classes[x > 1_800].str.startswith("cold").mean() < 0.02


def test_a_cell_without_baseline_around_it_is_undefined_and_counts_for_no_expectation(city):
    amounts = np.ones(len(city))
    x, _ = city.grid.centres(city.positions)
    amounts[x < 1_000] = 0
    counts = np.random.default_rng(1).poisson(2, len(city))
    result = called(counts, city, Baseline(amounts))
    assert (result["class"] == "undefined").tolist() == (x < 900).tolist()
    assert result["p_count"].isna().tolist() == (x < 900).tolist()
    assert result["expected"].sum() == pytest.approx(counts[x > 900].sum())
    assert result["n"].sum() == counts.sum()


@pytest.mark.parametrize("counts", [np.zeros(1_600, int), np.eye(1, 1_600, dtype=int)[0]])
def test_without_incidents_nothing_can_be_judged_and_of_one_nothing_is_said(city, counts):
    classes = set(called(counts, city, Baseline(city.inside_area))["class"])
    assert classes == ({"none"} if counts.any() else {"undefined"})


def test_without_any_baseline_every_cell_is_undefined(city):
    result = called(np.ones(1_600, int), city, Baseline(np.zeros(1_600)))
    assert set(result["class"]) == {"undefined"}


@pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
def test_an_amount_that_is_none_is_refused(wrong):
    with pytest.raises(InputError, match="at least 0"):
        Baseline(np.array([1.0, wrong]))


def test_expected_counts_of_two_sources_add(city):
    even, clumps = Baseline(city.inside_area), clumpy(city)
    mixed = Baseline.mixed([(even, 300.0), (clumps, 700.0)])
    assert mixed.amounts == pytest.approx(300 * even.shares + 700 * clumps.shares)


def test_a_hot_cell_holds_incidents_and_an_empty_one_lies_beside(city):
    x, y = city.grid.centres(city.positions)
    counts = np.where((np.abs(x - 2_050) < 10) & (np.abs(y - 2_050) < 10), 40, 0)
    counts[:40] += 1
    result = called(counts, city, Baseline(city.inside_area))
    around = (np.abs(x - 2_050) < 110) & (np.abs(y - 2_050) < 110)
    assert result["class"].str.startswith("hot").tolist() == (counts == 40).tolist()
    assert result["beside"].tolist() == (around & (counts == 0)).tolist()
    name = f"c-{city.ids[int(counts.argmax())]}"
    assert result["cluster_id"].tolist() == np.where(around, name, "").tolist()


def test_joined_hot_cells_are_one_hotspot_named_by_its_busiest_cell(city):
    x, _ = city.grid.centres(city.positions)
    row = city.positions[:, 1]
    hot = ((row == 3) & (x < 500)) | ((row == 4) & (x > 500) & (x < 700)) | (row == 30)
    counts = np.where(hot, 2, 0)
    counts[np.flatnonzero(hot)[1]] = 7
    names = cluster_ids(hot, city.neighbours, counts, city.ids)
    assert set(names[hot]) == {
        f"c-{city.ids[int(counts.argmax())]}",
        f"c-{city.ids[int(np.flatnonzero(row == 30)[0])]}",
    }
    assert set(names[~hot]) == {""}


def test_one_cell_five_times_as_busy_leaves_the_others_as_they_were(city):
    x, y = city.grid.centres(city.positions)
    block = sum(4.0 * (np.hypot(x - at, y - 2_000) < 250) for at in (600, 1_700, 2_800))
    counts = np.random.default_rng(12).poisson(0.5 + block)
    one = int(np.flatnonzero(x > 2_700)[np.argmax(counts[x > 2_700])])
    busier = counts.copy()
    busier[one] *= 5
    even = Baseline(city.inside_area)
    before, after = (called(n, city, even)["class"] for n in (counts, busier))
    other = city.neighbours[:, [one]].toarray().ravel() == 0
    hot = before.str.startswith("hot").to_numpy() & other
    assert hot.sum() > 40
    # A single pass given the total: its threshold moves by the added incidents alone.
    assert (before.str[:3][other] != after.str[:3][other]).mean() < 0.01
    assert after[hot].str.startswith("hot").mean() > 0.95


def test_gi_star_as_the_method_needs_both_tests(city):
    x, y = city.grid.centres(city.positions)
    counts = np.random.default_rng(5).poisson(
        0.5 + 6 * np.exp(-((x - 900) ** 2 + (y - 900) ** 2) / 400**2)
    )
    rule = getis_ord.hotspots(counts, city.neighbours, city.inside_area)
    result = called(counts, city, Baseline(city.inside_area), gi=True)
    occupied = counts > 0
    assert result["class"][occupied].tolist() == rule["class"][occupied].tolist()
    for name in ("z", "p", "q", "p_count", "q_count"):
        np.testing.assert_allclose(result[name], rule[name], rtol=1e-9)


def test_a_series_lasts_twelve_hours_from_its_first_incident():
    hours = ["2024-01-01 20:00", "2024-01-02 07:00", "2024-01-02 09:00", "2024-01-01 22:00"]
    assert begins_series(timed(hours)).tolist() == [True, False, True, False]


@pytest.mark.parametrize(
    "columns",
    [
        {"category": ["noise", "fight"]},
        {"source": ["log", "calls"]},
        {"x": [5.0, 7.0]},
        {"precision": "month"},
        {"precision": "day"},
    ],
)
def test_incidents_of_other_kinds_places_or_unknown_hours_are_no_series(columns):
    two = ["2024-01-01 20:00", "2024-01-01 20:30"]
    assert begins_series(timed(two, **columns)).all()
    assert begins_series(timed(two)).tolist() == [True, False]


def test_dispersion_of_independent_months_is_one_and_of_pairs_two(city):
    rng = np.random.default_rng(3)
    level = rng.gamma(0.5, 2.0, len(city))[:, None] * rng.uniform(0.5, 2, 12)
    assert dispersion(rng.poisson(level)) == pytest.approx(1, abs=0.05)
    assert dispersion(2 * rng.poisson(level / 2)) == pytest.approx(2, abs=0.1)
    counts = rng.poisson(level)
    around = city.neighbours @ counts
    assert dispersion(around, counts.sum(axis=0)) == pytest.approx(1, abs=0.1)


def test_one_month_or_no_incident_tells_no_dispersion():
    assert dispersion(np.full((9, 1), 40)) == 1
    assert dispersion(np.zeros((9, 12))) == 1
