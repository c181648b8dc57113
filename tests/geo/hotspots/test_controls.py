"""Controls are like the treated places before the choice, and fall of themselves as much."""

import numpy as np
import pytest
import shapely

from geo.errors import InputError
from geo.hotspots.controls import (
    counts_of_places,
    expected_share,
    like_level,
    match_controls,
    untreated_circles,
)
from geo.hotspots.treatment import (
    CLEAR_FALL,
    CLEAR_RISE,
    effective_number,
    rate_ratio,
    spread_of_changes,
    verdict_of,
)

FLAT, RISING = [10] * 12, [5] * 6 + [15] * 6
WINTER = [2] * 3 + [18] * 3 + [2] * 3 + [18] * 3


def test_each_place_gets_the_candidate_of_its_level_trend_and_season():
    candidates = [[30] * 12, RISING, FLAT, WINTER]
    matches = match_controls([WINTER, FLAT, RISING], candidates, each=1)
    assert matches.controls == ((3,), (2,), (1,))
    assert matches.chosen == [1, 2, 3]


def test_every_place_has_a_first_control_before_one_has_a_second():
    matches = match_controls([[11] * 6, [10] * 6], [[11] * 6, [9] * 6, [12] * 6], each=2)
    assert matches.controls == ((0, 2), (1,))


def test_a_control_has_from_half_to_twice_as_many():
    matches = match_controls([[10] * 12], [[21] * 12, [20] * 12, [5] * 12, [4] * 12])
    assert set(matches.chosen) == {1, 2}


def test_without_places_of_like_level_matching_is_refused():
    message = "1 of 1 treated places have no untreated place of like level .* up to 120, and the bu"
    with pytest.raises(InputError, match=message):
        match_controls([FLAT], [[4] * 12])
    with pytest.raises(InputError, match="no place is left"):
        match_controls([FLAT], np.zeros((0, 12)))
    some = match_controls([FLAT] * 4 + [[90] * 12], [FLAT] * 9)
    assert some.unmatched == [4]


def test_untreated_circles_keep_away_from_the_treated():
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, 4000, (2, 3000))
    treated = shapely.Point(2000, 2000).buffer(150)
    centres = untreated_circles(x, y, treated=treated, radius=150, apart=500, gap=300)
    distance = np.hypot(*(centres - 2000).T)
    assert len(centres) > 15
    assert distance.min() >= 150 + 300 + 150 - 1
    apart = np.hypot(*(centres[:, None] - centres[None]).T)
    assert apart[~np.eye(len(centres), dtype=bool)].min() >= 500 - 1e-6


def test_incidents_count_in_each_place_and_month():
    places = [shapely.box(0, 0, 10, 10), shapely.box(5, 0, 15, 10)]
    counts = counts_of_places(
        [1, 7, 7, 12, 50, 1], [5] * 6, [0, 1, 1, 2, 0, -1], places=places, months=3
    )
    assert counts.tolist() == [[1, 2, 0], [0, 2, 1]]


def test_the_nearest_in_level_say_how_places_change():
    candidates = np.concatenate([np.full(30, 50), np.full(5, 2000)])
    assert like_level([60, 70], candidates).tolist() == list(range(30))
    assert len(like_level([5000], candidates)) == 20


def test_what_the_choice_alone_does_is_estimated():
    """Hauer's estimate, against the truth of simulated places whose rates do not change."""
    rng = np.random.default_rng(3)
    shares, truths = [], []
    for _ in range(300):
        rates = rng.gamma(4, 5, 80)
        before, after = rng.poisson(rates), rng.poisson(rates)
        busiest = np.argsort(-before)[:8]
        shares.append(expected_share(before[busiest], before))
        truths.append(after[busiest].sum() / before[busiest].sum())
    assert np.mean(truths) < 0.93
    assert np.mean(shares) == pytest.approx(np.mean(truths), abs=0.01)
    assert expected_share([0], [0, 0]) == expected_share([5], [5]) == 1


def made_city(rng, places=120, months=60, dispersion=1.5):
    """Monthly counts of places with seasons, a trend of the city, and no treatment."""
    rates = rng.gamma(1.5, 8, places)[:, None]
    month = np.arange(months)
    city = np.exp(0.15 * np.sin(2 * np.pi * month / 12) - 0.004 * month)
    drift = np.exp(np.cumsum(rng.normal(0, 0.03, (places, months)), axis=1))
    mean = rates * city * drift
    return rng.negative_binomial(mean / (dispersion - 1), 1 / dispersion)


def test_the_busiest_places_treated_at_random_show_no_effect():
    rng = np.random.default_rng(11)
    clear = judged = 0
    for _ in range(60):
        counts = made_city(rng)
        for _ in range(3):
            since, length, many = int(rng.integers(24, 54)), 6, int(rng.choice([1, 3, 5, 10]))
            chosen = np.argsort(-counts[:, since - 12 : since].sum(axis=1), kind="stable")
            own, others = counts[chosen[:many]], counts[chosen[many:70]]
            try:
                matches = match_controls(own[:, since - 24 : since], others[:, since - 24 : since])
            except InputError:
                continue
            judged += 1
            clear += judge(own, others, matches.chosen, since, length)
    assert judged > 90
    assert clear <= 0.10 * judged


def judge(own, others, control, since, length):
    """Whether an effect is clear at places treated in a month, against their matched controls."""
    (t_0, t_1), (o_0, o_1) = (
        (n[:, since - length : since].sum(axis=1), n[:, since : since + length].sum(axis=1))
        for n in (own, others)
    )
    like = like_level(t_0, o_0)
    spread = spread_of_changes([(t_0, t_1), (o_0[like], o_1[like])])
    every = np.concatenate([t_0, o_0])
    share, other = (
        expected_share(n, every, dispersion=spread.dispersion) for n in (t_0, o_0[control])
    )
    ratio = rate_ratio(
        (t_0.sum(), t_1.sum()),
        (o_0[control].sum(), o_1[control].sum()),
        spread=spread,
        places=(effective_number(t_0), effective_number(o_0[control])),
    )
    return verdict_of(ratio, expected=min(share / other, 1)) in (CLEAR_FALL, CLEAR_RISE)
