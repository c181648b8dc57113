"""Counts add up, in whatever pieces they come."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.scale import counting
from geo.scale.counting import CountTable

NAMES = ("drugs", "burglary", "drugs")
rows = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(-800, 800)), max_size=40
)


def table_of(points: list[tuple[int, int, int]]) -> CountTable:
    place, category, month = np.array(points, dtype=np.int64).reshape(-1, 3).T
    return CountTable.of(place, category, month, categories=NAMES)


def as_dict(result: CountTable) -> dict[tuple[int, str, int], int]:
    slugs = [result.categories[number] for number in result.category]
    keys = zip(result.unit.tolist(), slugs, result.month.tolist(), strict=True)
    return dict(zip(keys, result.n.tolist(), strict=True))


@pytest.mark.parametrize("slots", [0, 2_000_000])
@given(pieces=st.lists(rows, max_size=4))
def test_tallies_of_pieces_are_the_tally_of_the_whole(slots, pieces):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(counting, "MOST_SLOTS", slots)
        joined = CountTable.join([table_of(piece) for piece in pieces])
    points = [
        (place, NAMES[category], month) for piece in pieces for place, category, month in piece
    ]
    assert as_dict(joined) == pd.Series(points, dtype=object).value_counts().to_dict()


def test_a_tally_is_in_the_order_of_place_then_category_then_month():
    result = table_of([(1, 0, 5), (0, 2, 7), (0, 1, 9), (0, 0, 6)])
    assert list(as_dict(result)) == [
        (0, "burglary", 9),
        (0, "drugs", 6),
        (0, "drugs", 7),
        (1, "drugs", 5),
    ]
