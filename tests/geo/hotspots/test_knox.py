"""Knox's test counts the pairs there are, and deals the days out fairly."""

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pointpats import Knox

from geo.errors import InputError
from geo.hotspots import knox as module
from geo.hotspots import knox_compiled
from geo.hotspots.knox import Loops, knox, plain_pairs, plain_shuffled

PLAIN = Loops(plain_shuffled, plain_pairs)
COMPILED = Loops(knox_compiled.shuffled, knox_compiled.count_pairs)
BANDS = {"metres": (0, 1, 100, 200), "days": (0, 7, 14)}


def scattered(
    n: int, *, seed: int, side: float = 1000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, side / 10, (2, n)) * 10.0
    return x, y, rng.integers(0, 60, n)


def by_pairs(x, y, day, *, metres, days) -> list[int]:
    """Observed pairs by looking at each, in the order of the frame."""
    gaps = [
        (np.hypot(x[i] - x[j], y[i] - y[j]), abs(day[i] - day[j]))
        for i, j in itertools.combinations(range(len(x)), 2)
    ]
    return [
        sum(a <= far < b and c <= late < d for far, late in gaps)
        for a, b in itertools.pairwise(metres)
        for c, d in itertools.pairwise(days)
    ]


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(0, 60),
    seed=st.integers(0, 2**16),
    metres=st.sampled_from([(0, 100), (0, 1, 100, 200), (50, 300), (0, 10, 20, 5000)]),
    days=st.sampled_from([(0, 7), (0, 1, 2), (3, 40_000)]),
)
def test_every_pair_is_counted_once_in_its_half_open_band(n, seed, metres, days):
    x, y, day = scattered(n, seed=seed)
    result = knox(x, y, day, metres=metres, days=days, permutations=1)
    assert result["observed"].tolist() == by_pairs(x, y, day, metres=metres, days=days)


@pytest.mark.parametrize("loops", [PLAIN, COMPILED])
def test_manhattan_distance_is_along_both_axes(loops, monkeypatch):
    monkeypatch.setattr(module, "_loops", lambda: loops)
    x, y, day = scattered(60, seed=8)
    apart = [
        abs(x[i] - x[j]) + abs(y[i] - y[j])
        for i, j in itertools.combinations(range(60), 2)
        if abs(day[i] - day[j]) < 14
    ]
    result = knox(x, y, day, **BANDS, permutations=1, distance="manhattan")
    observed = result.groupby("metres_from", sort=True)["observed"].sum().tolist()
    assert observed == np.histogram(apart, [0, 1, 100, 199.999])[0].tolist()
    straight = knox(x, y, day, **BANDS, permutations=1)
    assert straight["observed"].sum() > result["observed"].sum()


def test_a_pair_on_an_edge_belongs_to_the_band_above():
    result = knox([0, 100], [0, 0], [3, 10], **BANDS, permutations=1)
    counted = result[result["observed"] == 1]
    assert counted[["metres_from", "metres_to", "days_from", "days_to"]].to_numpy().tolist() == [
        [100, 200, 7, 14]
    ]


def test_observed_and_expected_are_those_of_pointpats():
    rng = np.random.default_rng(3)
    points, day = rng.uniform(0, 1000, (300, 2)), rng.integers(0, 90, 300)
    result = knox(*points.T, day, metres=(0, 80), days=(0, 8), permutations=2000).iloc[0]
    np.random.seed(1)  # noqa: NPY002 - the oracle draws from it
    theirs = Knox(points, day[:, None].astype(float), delta=80, tau=7, permutations=500, keep=True)
    assert result["observed"] == theirs.statistic_
    assert result["expected"] == pytest.approx(theirs.sim.mean(), rel=0.02)
    assert result["p"] == pytest.approx(theirs.p_sim, abs=0.06)


def test_incidents_that_draw_others_are_found_and_others_are_not():
    rng = np.random.default_rng(5)
    x, y, day = rng.uniform(0, 5000, 400), rng.uniform(0, 5000, 400), rng.integers(0, 365, 400)
    near = rng.normal(0, 25, (2, 60))
    x, y = np.append(x, x[:60] + near[0]), np.append(y, y[:60] + near[1])
    followed = np.append(day, day[:60] + rng.integers(0, 6, 60))
    result = knox(x, y, followed, **BANDS, seed=1).set_index(["metres_from", "days_from"])
    assert result.loc[(1, 0), "p"] == 1 / 1000
    assert result.loc[(1, 0), "ratio"] > 3
    assert result.loc[(100, 7), "p"] > 0.05


def test_where_days_are_dealt_by_chance_p_is_even():
    p = [
        knox(*scattered(80, seed=seed), metres=(0, 150), days=(0, 10), permutations=99)["p"][0]
        for seed in range(200)
    ]
    assert np.mean(np.array(p) <= 0.05) <= 0.085
    assert np.mean(p) == pytest.approx(0.5, abs=0.07)


def test_plain_and_compiled_loops_give_the_same_frame(monkeypatch):
    x, y, day = scattered(400, seed=2)
    fast = knox(x, y, day, **BANDS, permutations=300, seed=7)
    monkeypatch.setattr(module, "_loops", lambda: PLAIN)
    assert knox(x, y, day, **BANDS, permutations=300, seed=7).equals(fast)


def test_without_a_compiler_the_plain_loops_are_taken(monkeypatch):
    assert module._loops() == COMPILED
    monkeypatch.setitem(sys.modules, "geo.hotspots.knox_compiled", None)
    assert module._loops() == PLAIN


@pytest.mark.parametrize("loops", [COMPILED, PLAIN])
def test_every_order_of_the_days_is_as_likely(loops):
    keys = np.random.SeedSequence(4).generate_state(24_000, np.uint64)
    dealt = loops.shuffled(np.array([1, 2, 3, 4], np.int16), keys)
    orders, times = np.unique(dealt, axis=1, return_counts=True)
    assert orders.shape == (4, 24)
    assert times.min() > 850
    assert times.max() < 1150


def test_more_pairs_than_sixteen_bits_hold_are_all_counted():
    n = 300
    result = knox(
        np.zeros(n), np.zeros(n), np.zeros(n, int), metres=(0, 1), days=(0, 1), permutations=2
    )
    assert result["observed"][0] == n * (n - 1) / 2
    assert result["ratio"][0] == 1
    assert result["p"][0] == 1


def test_the_same_seed_gives_the_same_and_another_another():
    x, y, day = scattered(300, seed=1)
    one, same, other = (knox(x, y, day, **BANDS, permutations=50, seed=seed) for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    east=st.integers(-(10**6), 10**6),
    later=st.integers(-20_000, 20_000),
)
def test_neither_place_nor_date_nor_row_order_matters_to_what_is_observed(seed, east, later):
    x, y, day = scattered(100, seed=seed)
    order = np.random.default_rng(seed).permutation(100)
    here = knox(x, y, day, **BANDS, permutations=1)
    there = knox(y[order] + east, x[order], day[order] + later, **BANDS, permutations=1)
    assert here["observed"].tolist() == there["observed"].tolist()


def test_nothing_expected_has_no_ratio_and_the_largest_p():
    result = knox([0, 9000], [0, 0], [0, 0], **BANDS, permutations=9)
    assert result["ratio"].isna().all()
    assert set(result["p"]) == {1.0}


def test_one_stray_point_far_away_costs_nothing():
    x, y, day = scattered(200, seed=1)
    alone = knox(x, y, day, **BANDS, permutations=1)
    stray = knox(np.append(x, 5e6), np.append(y, -5e6), np.append(day, 0), **BANDS, permutations=1)
    assert stray["observed"].tolist() == alone["observed"].tolist()


@pytest.mark.parametrize("metres", [(0,), (), (-1, 5), (0, 100, 100), (100, 0)])
def test_bands_that_do_not_rise_are_refused(metres):
    message = "the bands of metres are not valid; give two or more edges that rise from 0 or above"
    with pytest.raises(InputError, match=message):
        knox([0], [0], [0], metres=metres, days=(0, 7))


def test_no_permutation_and_a_century_are_refused():
    with pytest.raises(InputError, match="choose 1 or more"):
        knox([0], [0], [0], **BANDS, permutations=0)
    with pytest.raises(InputError, match="span 40,000 days, and the test allows 32,767"):
        knox([0, 0], [0, 0], [0, 40_000], **BANDS)
