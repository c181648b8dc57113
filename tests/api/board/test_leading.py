"""The sentence about the area with most: by incidents, or by harm where that is asked."""

from __future__ import annotations

import pandas as pd
import pytest

from api.board.leading import leading_area


@pytest.mark.parametrize(
    ("n", "weighted", "sentence"),
    [
        ([3, 1], None, "Abbey has most: 3 incidents, 75.0 % of all."),
        ([1, 0], None, "Abbey has most: 1 incident, 100.0 % of all."),
        ([2, 2], None, "2 areas have most: 2 incidents each."),
        ([0, 0], None, "No area has any incident."),
        ([None, None], None, "How many incidents the areas have is unknown."),
        ([None, 1], None, "Brook has most: 1 incident, 100.0 % of all."),
        # The most incidents are not the most harm.
        ([3, 1], [30.0, 1825.0], "Brook has most harm: 1,825, from 1 incident, 25.0 % of all."),
        ([3, 1], [8.0, 8.0], "2 areas have most: 8 of harm each."),
    ],
)
def test_the_area_with_most_is_named_by_what_the_table_is_ordered_by(
    n: list[int | None], weighted: list[float] | None, sentence: str
) -> None:
    counts = pd.Series(n, dtype=object)
    share = pd.to_numeric(counts) / max(pd.to_numeric(counts).sum(), 1)
    areas = pd.DataFrame({"area_name": ["Abbey", "Brook"], "n": counts, "share": share})
    if weighted:
        areas["weighted"] = weighted
    assert str(leading_area(areas, harm=weighted is not None)) == sentence
