"""Of one place, chosen at its worst, success is only called where there is some."""

import numpy as np
import pytest

from geo.errors import InputError
from geo.hotspots.place_effect import Windows, place_effect
from geo.hotspots.treatment import CLEAR_FALL, CLEAR_RISE, NO_CLEAR_EFFECT
from tests.geo.hotspots.place_nulls import CITIES, judged, shares, worst_against_itself, worst_of

# Four months before, two after.
MONTHS = Windows(matched=np.arange(4), before=np.arange(4), after=np.arange(4, 6))
STEADY = np.tile([[20] * 6], (12, 1))


@pytest.mark.parametrize("worst", [worst_of, worst_against_itself])
def test_of_200_places_chosen_at_their_worst_at_most_one_in_twenty_worked(worst):
    rng = np.random.default_rng(20261201)
    effects = [judged(city, worst(city)) for city in drawn(rng, 40)]
    worked, _, unknown = shares(effects)
    assert len(effects) == 200
    assert worked <= 0.05
    assert unknown <= 0.10


def drawn(rng, each):
    return (kind.counts(rng) for kind in CITIES for _ in range(each))


@pytest.mark.parametrize(
    ("city", "least"), list(zip(CITIES, (0.95, 0.9, 0.8, 0.4, 0.6), strict=True))
)
def test_a_place_whose_incidents_are_halved_is_mostly_found(city, least):
    rng = np.random.default_rng(3)
    worked, worse, _ = shares([judged(*city.treated(rng, 0.5)) for _ in range(60)])
    assert worked >= least
    assert worse == 0


def test_windows_need_not_be_as_long_for_a_ratio():
    # 80 in four months, 20 in two: half of the 40 that the others had.
    effect = place_effect([20] * 4 + [10] * 2, STEADY, MONTHS)
    assert effect.ratio.ratio == pytest.approx((20 / 80) / (40 / 80))
    assert (effect.place, effect.control) == ((80, 20), (320, 160))
    assert len(effect.matched) == 4


def test_a_place_that_was_cleared_worked_although_nothing_is_left_to_count():
    effect = place_effect([20] * 4 + [0, 0], STEADY, MONTHS)
    assert effect.verdict == CLEAR_FALL
    assert effect.ratio.ratio == pytest.approx((0.5 / 80.5) / (160.5 / 320.5))


def test_a_named_control_is_not_matched():
    effect = place_effect([20] * 4 + [40, 40], STEADY, MONTHS, control=[500] * 6)
    assert effect.verdict == CLEAR_RISE
    assert effect.control == (2000, 1000)
    assert effect.matched == ()


def test_what_the_whole_city_did_is_no_effect():
    falling = np.tile([[40] * 4 + [20] * 2], (12, 1))
    assert place_effect([40] * 4 + [20] * 2, falling, MONTHS).verdict == NO_CLEAR_EFFECT


def test_a_place_busier_than_all_others_is_expected_to_fall():
    rng = np.random.default_rng(5)
    others = rng.poisson(20, (60, 6))
    effect = place_effect([35] * 4 + [30] * 2, others, MONTHS)
    assert 0.7 < effect.expected < 0.9


def test_the_ring_is_only_looked_at_where_the_place_changed_clearly():
    ring = [30] * 4 + [60] * 2
    clear = place_effect([40] * 4 + [2] * 2, np.full((12, 6), 40), MONTHS, beside=ring)
    assert clear.beside is not None
    assert clear.beside.ratio == pytest.approx(2)
    assert place_effect([40] * 6, np.full((12, 6), 40), MONTHS, beside=ring).beside is None
    few = place_effect([40] * 4 + [2] * 2, np.full((12, 6), 40), MONTHS, beside=[1] * 6)
    assert few.beside is None


@pytest.mark.parametrize(
    ("place", "others", "control", "message"),
    [
        ([2, 2, 2, 3, 0, 0], STEADY, None, "9 incidents at the place before and 0 after"),
        ([9] * 6, STEADY[:7], None, "only 7 other places can be compared"),
        ([90] * 6, STEADY, None, "no untreated place of like level"),
        ([20] * 6, STEADY, [1] * 6, "the control had 4 incidents before"),
    ],
)
def test_where_nobody_can_tell_the_reason_is_given(place, others, control, message):
    with pytest.raises(InputError, match=message):
        place_effect(place, others, MONTHS, control=control)


def test_ten_incidents_before_are_enough_to_say_something():
    assert place_effect([2, 2, 3, 3, 0, 0], STEADY // 8, MONTHS).verdict == NO_CLEAR_EFFECT
