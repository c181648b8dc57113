"""Whole things are shared as the textbooks say, and nobody loses a post when one is added."""

import re
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.allocation.apportionment import METHODS, apportion, claims, tipping_needs
from geo.errors import InputError

DIVISORS = ["sainte-lague", "dhondt"]
FIVE, OTHER_FIVE = [5117, 4400, 162, 161, 160], [9061, 7179, 5259, 3319, 1182]
NEEDS = st.lists(st.integers(0, 500), min_size=2, max_size=9).filter(any)


@pytest.mark.parametrize(
    ("needs", "total", "method", "expected"),
    [
        (FIVE, 100, "sainte-lague", [51, 43, 2, 2, 2]),
        (FIVE, 100, "dhondt", [52, 45, 1, 1, 1]),
        (FIVE, 100, "largest-remainder", [51, 44, 2, 2, 1]),
        (OTHER_FIVE, 26, "sainte-lague", [9, 8, 5, 3, 1]),
        (OTHER_FIVE, 26, "dhondt", [10, 7, 5, 3, 1]),
        (OTHER_FIVE, 26, "largest-remainder", [9, 7, 5, 4, 1]),
    ],
)
def test_published_examples_have_their_published_seats(needs, total, method, expected):
    assert apportion(needs, total, method=method).tolist() == expected


def one_by_one(needs, total, floors, ahead) -> list[int]:
    allocated = list(floors)
    for _ in range(total - sum(allocated)):
        # Whole numbers, so that a tie is a tie: claims as need / (2 × (has + ahead)).
        best = max(
            range(len(needs)),
            key=lambda i: (needs[i] / (2 * allocated[i] + 2 * ahead), -i),
        )
        allocated[best] += 1
    return allocated


@pytest.mark.parametrize(("method", "ahead"), [("sainte-lague", 0.5), ("dhondt", 1.0)])
@settings(max_examples=150, deadline=None)
@given(needs=NEEDS, floor=st.integers(0, 3), extra=st.integers(0, 60))
def test_divisor_methods_are_the_textbook_loop(method, ahead, needs, floor, extra):
    total = floor * len(needs) + extra
    expected = one_by_one(needs, total, [floor] * len(needs), ahead)
    assert apportion(needs, total, floors=floor, method=method).tolist() == expected


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=100, deadline=None)
@given(needs=NEEDS, floor=st.integers(0, 3), extra=st.integers(0, 60))
def test_all_is_shared_and_every_floor_is_kept(method, needs, floor, extra):
    total = floor * len(needs) + extra
    allocated = apportion(needs, total, floors=floor, method=method)
    assert allocated.sum() == total
    assert (allocated >= floor).all()


@pytest.mark.parametrize("method", DIVISORS)
@settings(max_examples=100, deadline=None)
@given(needs=NEEDS, floor=st.integers(0, 3), extra=st.integers(0, 60))
def test_a_post_more_takes_none_from_anybody(method, needs, floor, extra):
    total = floor * len(needs) + extra
    allocated = apportion(needs, total, floors=floor, method=method)
    assert (apportion(needs, total + 1, floors=floor, method=method) >= allocated).all()


def test_largest_remainder_can_take_a_post_away_when_one_is_added():
    """The Alabama paradox, which is why it is meant for pence."""
    needs = [6, 6, 2]
    fewer, more = (apportion(needs, n, method="largest-remainder") for n in (10, 11))
    assert (fewer.tolist(), more.tolist()) == ([4, 4, 2], [5, 5, 1])


@pytest.mark.parametrize("method", METHODS)
def test_equal_needs_share_the_rest_from_the_first_on(method):
    assert apportion([0.1, 0.1, 0.1], 5, method=method).tolist() == [2, 2, 1]


@pytest.mark.parametrize("method", METHODS)
def test_a_tie_that_rounding_hides_is_still_a_tie(method):
    """0.1 × 3 is a little more than 0.3."""
    assert apportion([0.3, 0.1 * 3], 3, method=method).tolist() == [2, 1]


@pytest.mark.parametrize("method", METHODS)
def test_millions_of_pence_are_shared_to_the_last_penny(method):
    needs = np.random.default_rng(4).random(69)
    allocated = apportion(needs, 69_000_007, method=method)
    assert allocated.sum() == 69_000_007
    assert np.abs(allocated - 69_000_007 * needs / needs.sum()).max() < 35


def test_an_area_without_need_has_its_floor_alone():
    assert apportion([10, 0], 6, floors=1).tolist() == [5, 1]
    assert apportion([10, 0], 6, floors=1, method="largest-remainder").tolist() == [5, 1]


def test_the_strongest_claim_is_that_of_the_next_post():
    allocated = apportion(FIVE, 100)
    next_one = apportion(FIVE, 101) - allocated
    assert int(np.argmax(claims(FIVE, allocated, method="sainte-lague"))) == int(
        np.argmax(next_one)
    )


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(
    needs=st.lists(st.integers(1, 500), min_size=2, max_size=6),
    floor=st.integers(0, 2),
    extra=st.integers(1, 20),
)
def test_an_area_changes_just_beyond_its_tipping_needs_and_not_before(method, needs, floor, extra):
    total = floor * len(needs) + extra
    allocated = apportion(needs, total, floors=floor, method=method)
    lose, gain = tipping_needs(needs, allocated, floors=floor, method=method)

    def has(at: int, need: float) -> int:
        changed = [*needs[:at], need, *needs[at + 1 :]]
        return int(apportion(changed, total, floors=floor, method=method)[at])

    # Known wherever a unit lies above the floor, and wherever another area has one to give.
    spare = allocated - floor
    assert (~np.isnan(lose) == (spare > 0)).all()
    assert (~np.isnan(gain) == (spare.sum() - spare > 0)).all()
    for at in range(len(needs)):
        if not np.isnan(lose[at]) and lose[at] > 1e-9:
            assert has(at, lose[at] * (1 - 1e-6)) < allocated[at]
            assert has(at, lose[at] + 1e-6 * (needs[at] - lose[at]) + 1e-7) == allocated[at]
        if not np.isnan(gain[at]):
            assert has(at, gain[at] * (1 + 1e-6)) > allocated[at]
            assert has(at, gain[at] * (1 - 1e-6)) <= allocated[at]


def test_the_last_unit_of_a_small_area_falls_at_half_a_unit():
    # 10 × need / (need + 1) = 9.5, so that the other area's half unit is no more than its own.
    _, gain = tipping_needs([1, 6], [1, 9], method="largest-remainder")
    assert gain[1] == pytest.approx(19)


@pytest.mark.parametrize("method", METHODS)
def test_an_area_alone_never_changes(method):
    lose, gain = tipping_needs([5], [3], method=method)
    assert np.isnan([lose[0], gain[0]]).all()


@pytest.mark.parametrize("method", METHODS)
def test_an_area_without_a_unit_has_none_to_lose(method):
    lose, gain = tipping_needs([10, 0.1], [2, 0], method=method)
    assert np.isnan(lose[1])
    assert gain[1] > 0.1


@pytest.mark.parametrize(
    ("needs", "options", "message"),
    [
        ([1, -1], {}, "every need must be a number of at least 0"),
        ([1, np.nan], {}, "every need must be a number of at least 0"),
        ([0, 0], {}, "no area has any need, so there is nothing to share by"),
        ([1, 1], {"floors": -1}, "a floor must be at least 0"),
        ([1, 1], {"floors": 6}, "the floors of 2 areas come to 12, more than the 10 there are"),
        ([1, 1], {"method": "hare"}, "unknown method 'hare'; choose sainte-lague"),
    ],
)
def test_what_cannot_be_shared_is_refused_with_the_numbers(needs, options, message):
    with pytest.raises(InputError, match=re.escape(message)):
        apportion(needs, 10, **options)


LARGEST = "largest-remainder"


@pytest.mark.parametrize(
    ("needs", "total", "floors", "expected"),
    [
        # Quotas 4.7, 1.6, 1.58, 1.2, 0.61, 0.31: the rest goes to .7, .61 and .6.
        ([47_000, 16_000, 15_800, 12_000, 6_100, 3_100], 10, 0, [5, 2, 1, 1, 1, 0]),
        # Equal remainders: the first of the list comes first.
        ([1, 1, 1], 4, 0, [2, 1, 1]),
        ([3, 3, 2], 4, 0, [2, 1, 1]),
        # Quotas 8.1, 0.9, 1.0: two are below their floor of 2, the third shares what is left.
        ([81, 9, 10], 10, 2, [6, 2, 2]),
        # The floor of the last leaves 8 for the others, of which the second then is below its own.
        ([60, 30, 10], 10, [0, 3, 2], [5, 3, 2]),
        # A quota that is the floor exactly is no exception.
        ([50, 30, 20], 10, [5, 3, 2], [5, 3, 2]),
        ([5, 3, 2], 10, 0, [5, 3, 2]),
    ],
)
def test_largest_remainder_by_hand(needs, total, floors, expected):
    assert apportion(needs, total, floors=floors, method=LARGEST).tolist() == expected


@settings(max_examples=60, deadline=None)
@given(
    needs=st.lists(st.integers(0, 300), min_size=1, max_size=7).filter(any),
    total=st.integers(0, 60),
)
def test_largest_remainder_is_that_of_fractions(needs, total):
    quotas = [Fraction(total * need, sum(needs)) for need in needs]
    expected = [int(quota) for quota in quotas]
    order = sorted(range(len(needs)), key=lambda at: (expected[at] - quotas[at], at))
    for at in order[: total - sum(expected)]:
        expected[at] += 1
    assert apportion(needs, total, method=LARGEST).tolist() == expected


def test_the_claim_of_largest_remainder_is_the_unmet_part_of_the_next_quota():
    assert claims([60, 30, 10], [5, 3, 1], method=LARGEST).tolist() == pytest.approx([1, 0, 0])
    assert claims([60, 40], [2, 1], method="dhondt").tolist() == pytest.approx([20, 20])
    assert claims([60, 40], [2, 1], method="sainte-lague").tolist() == pytest.approx([24, 80 / 3])


@pytest.mark.parametrize("method", METHODS)
def test_a_floor_protects_a_unit_and_only_floors_cannot_be_taken_from(method):
    needs, floors = [5, 3], [0, 2]
    allocated = apportion(needs, 4, floors=floors, method=method)
    assert allocated.tolist() == [2, 2]
    lose, gain = tipping_needs(needs, allocated, floors=floors, method=method)
    assert not np.isnan(lose[0])
    assert np.isnan(lose[1])
    assert np.isnan(gain[0])
    assert not np.isnan(gain[1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_a_tie_is_a_tie_at_every_size(method, scale):
    # 0.1 × 3 is a little more than 0.3.
    needs = [0.3 * scale, 0.1 * 3 * scale]
    assert needs[1] > needs[0]
    assert apportion(needs, 1, method=method).tolist() == [1, 0]
    assert apportion(needs, 5, method=method).tolist() == [3, 2]


@pytest.mark.parametrize("method", ["sainte-lague", "dhondt"])
@given(
    needs=st.lists(st.integers(0, 10_000), min_size=1, max_size=12).filter(any),
    floor=st.integers(0, 2),
    room=st.integers(0, 3),
    share=st.floats(0, 1),
)
def test_between_floors_and_ceilings_no_unit_is_better_placed(method, needs, floor, room, share):
    total = floor * len(needs) + round(share * room * len(needs))
    most = floor + room
    has = apportion(needs, total, floors=floor, ceilings=most, method=method)
    assert has.sum() == total
    assert ((has >= floor) & (has <= most)).all()
    waiting = claims(needs, has, method=method)[has < most]
    served = claims(needs, has - 1, method=method)[has > floor]
    if len(waiting) and len(served):
        assert waiting.max() <= served.min() * (1 + 1e-9)


def test_ceilings_pass_units_on_to_the_next_claim():
    assert apportion([70, 20, 10], 6, floors=1).tolist() == [4, 1, 1]
    assert apportion([70, 20, 10], 6, floors=1, ceilings=3).tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ceilings": 2}, "the ceilings of 2 areas come to 4, fewer than the 5 to share"),
        ({"ceilings": 1, "floors": 2}, "a ceiling is below its floor"),
        ({"ceilings": 9, "method": "largest-remainder"}, "largest remainder takes no ceilings"),
    ],
)
def test_ceilings_that_cannot_be_kept_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        apportion([3, 4], 5, **options)
