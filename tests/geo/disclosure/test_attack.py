"""The attack: all numbers ever published together recover no count under 5.

The oracle is apart from the code: it enumerates every table that is consistent with what was
published, over all combinations of areas, also those without an incident.
"""

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo.disclosure.attack import (
    TOLERANCE,
    Bounds,
    PublishedNumbers,
    bounds,
    shown_bounds,
)
from geo.disclosure.cell_keys import record_keys
from geo.disclosure.pieces import Pieces, TableShape, protected

_MOST = 13  # no published number lets a count be higher in what follows

Number = tuple[tuple[int, ...], int, int]
"""A published number: the places that it is the sum of, its value, and how far it may be off."""


def _consistent(places: int, numbers: list[Number]) -> np.ndarray:
    tables = np.array(list(product(range(_MOST + 1), repeat=places)))
    good = np.ones(len(tables), dtype=bool)
    for members, value, tolerance in numbers:
        good &= np.abs(tables[:, list(members)].sum(axis=1) - value) <= tolerance
    return tables[good]


def _recovered(tables: np.ndarray) -> list[tuple[int, ...]]:
    """The places, alone or together, of which the count is one under 5, or known to be 1 to 4."""
    places = range(tables.shape[1])
    found = []
    for size in range(1, tables.shape[1] + 1):
        for members in combinations(places, size):
            sums = tables[:, list(members)].sum(axis=1)
            low, high = sums.min(), sums.max()
            if high < 5 and (low == high or low >= 1):
                found.append(members)
    return found


def _publish(counts: list[int], layers: list[list[int]], secret: bytes) -> list[Number]:
    """Publish places by one layer after another, each a list of the area of each place."""
    place = np.repeat(np.arange(len(counts)), counts)
    keys = record_keys((str(at) for at in range(len(place))), secret)
    pieces, numbers = Pieces.none(), list[Number]()
    true = np.array(counts)
    for many, layer in enumerate(layers, 1):
        cells = np.column_stack([np.array(one, np.int64)[place] for one in layers[:many]])
        shape = TableShape(max(*layer, 0) + 1, 1, 1)
        pieces, _ = protected(pieces, cells, shape, keys, secret=secret)
        table = pieces.table(many - 1, shape.size)
        for members, value in _margins(layer, table):
            # The worst attacker knows the largest error that there is.
            tolerance = max(TOLERANCE, abs(int(true[list(members)].sum()) - value))
            numbers.append((members, value, tolerance))
    return numbers


def _margins(layer: list[int], table: np.ndarray) -> list[tuple[tuple[int, ...], int]]:
    areas = [
        (tuple(at for at, one in enumerate(layer) if one == area), int(value))
        for area, value in enumerate(table)
    ]
    total = tuple(at for at, one in enumerate(layer) if one >= 0)
    return [(members, value) for members, value in areas if members] + [(total, int(table.sum()))]


_LAYERS = st.lists(st.integers(-1, 2), min_size=4, max_size=4).filter(lambda one: max(one) >= 0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.integers(0, 4), min_size=4, max_size=4),
    st.lists(_LAYERS, min_size=1, max_size=4),
    st.binary(min_size=8, max_size=8),
)
def test_no_releases_on_any_boundaries_recover_a_count_under_5(
    counts: list[int], layers: list[list[int]], secret: bytes
) -> None:
    tables = _consistent(4, _publish(counts, layers, secret))
    assert any((tables == counts).all(axis=1))  # the truth is among them
    assert _recovered(tables) == []


_ALONE = (((0,), 5, 4), ((1,), 5, 4), ((2,), 5, 4), ((3,), 5, 4))


def test_two_releases_that_were_rounded_apart_would_recover_four_counts_of_one() -> None:
    # Four places with one incident each: all 5 in one release, together 0 in another.
    numbers: list[Number] = [*_ALONE, ((0, 1, 2, 3), 0, 4)]
    tables = _consistent(4, numbers)
    assert tables.tolist() == [[1, 1, 1, 1]]
    published = _as_sums(4, numbers)
    for place in range(4):
        found = bounds(published, [place])
        assert found == Bounds(1, 1)
        assert found.recovers
    with pytest.raises(ValueError, match="do not agree"):
        shown_bounds(published, [5, 5, 5, 5])


def _as_sums(places: int, numbers: list[Number]) -> PublishedNumbers:
    sums = np.zeros((len(numbers), places), np.int64)
    for row, (members, _, _) in enumerate(numbers):
        sums[row, list(members)] = 1
    values, tolerance = (np.array([one[at] for one in numbers]) for at in (1, 2))
    return PublishedNumbers(csr_array(sums), values, tolerance)


_NUMBERS = st.lists(
    st.tuples(
        st.sets(st.integers(0, 2), min_size=1).map(lambda one: tuple(sorted(one))),
        st.sampled_from([0, 5]),
        st.integers(0, 4),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(_NUMBERS)
def test_the_bounds_are_those_of_all_consistent_tables(extra: list[Number]) -> None:
    numbers = [*_ALONE[:3], *extra]
    tables, published = _consistent(3, numbers), _as_sums(3, numbers)
    for members in [(0,), (1,), (0, 2)]:
        found = bounds(published, members)
        if not len(tables):
            assert found is None
            continue
        sums = tables[:, list(members)].sum(axis=1)
        assert found == Bounds(int(sums.min()), int(sums.max()))


def test_bounds_can_be_shown_without_solving_anything() -> None:
    published = _as_sums(4, [((0,), 5, 4), ((1,), 0, 4), ((0, 1), 5, 4)])
    low, high = shown_bounds(published, [5, 0, 0, 0])
    assert low[:2].tolist() == [1, 0]
    assert high[:2].tolist() == [9, 4]
    assert high[2] > 1_000  # nothing is published of it


def test_a_longer_period_has_the_numbers_of_the_shorter_one() -> None:
    random = np.random.default_rng(4)
    area, month = random.integers(0, 6, 400), random.integers(0, 12, 400)
    keys = record_keys((str(at) for at in range(400)), b"secret")
    short = np.where(month < 6, area * 6 + month, -1)
    first, _ = protected(Pieces.none(), short[:, None], TableShape(6, 6, 1), keys, secret=b"secret")
    long, counts = protected(
        first,
        np.column_stack([short, area * 12 + month]),
        TableShape(6, 12, 1),
        keys,
        secret=b"secret",
    )
    before = first.table(0, 36).reshape(6, 6)
    after = long.table(1, 72).reshape(6, 12)
    assert (after[:, :6] == before).all()
    assert (long.table(0, 36).reshape(6, 6) == before).all()
    true = np.zeros(72, np.int64)
    np.add.at(true, long.cells[:, 1], counts)
    assert np.abs(after - true.reshape(6, 12)).max() <= 4


def test_revised_data_changes_a_number_only_where_it_no_longer_fits() -> None:
    cells = np.repeat([0, 1, 2], [3, 2, 6])
    keys = record_keys((str(at) for at in range(len(cells))), b"secret")
    first, _ = protected(Pieces.none(), cells[:, None], TableShape(3, 1, 1), keys, secret=b"s")
    more = np.append(cells, [0, *[2] * 30])  # 4, 2 and 36
    keys = record_keys((str(at) for at in range(len(more))), b"secret")
    second, _ = protected(
        first, np.column_stack([more, more]), TableShape(3, 1, 1), keys, secret=b"s"
    )
    assert second.table(1, 3)[:2].tolist() == first.table(0, 3)[:2].tolist()
    assert second.table(1, 3)[2] in (35, 40)


@pytest.mark.parametrize("count", range(10))
def test_a_value_of_0_or_5_stays_until_the_count_is_10(count: int) -> None:
    for number in range(20):
        secret = bytes([number]) * 8
        cells = np.repeat([0, 1], [3, 17])
        keys = record_keys(map(str, range(20)), secret)
        first, _ = protected(
            Pieces.none(), cells[:, None], TableShape(2, 1, 1), keys, secret=secret
        )
        now = np.repeat([0, 1], [count, 17])
        keys = record_keys((f"revised {at}" for at in range(len(now))), secret)
        second, _ = protected(
            first,
            np.column_stack([now, now]),
            TableShape(2, 1, 1),
            keys,
            secret=secret,
            places=np.array([0, 1]),
        )
        assert second.table(1, 2)[0] == first.table(0, 2)[0] == second.table(0, 2)[0]


def test_a_cell_that_was_empty_is_0_until_the_count_is_10() -> None:
    shape, seen = TableShape(1, 1, 1), set[int]()
    for count in (3, 9, 12):
        for number in range(20):
            secret = bytes([number]) * 8
            first = Pieces(np.zeros((0, 1), np.int64), Pieces.none().values, Pieces.none().keys)
            keys = record_keys(map(str, range(count)), secret)
            cells = np.zeros((count, 2), np.int64)
            pieces, _ = protected(first, cells, shape, keys, secret=secret)
            seen.add(int(pieces.table(1, 1)[0]))
        assert seen == ({0} if count < 10 else {0, 10, 15})
