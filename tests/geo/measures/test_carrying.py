"""Values go from one layer to another with their totals, and what cannot be carried says so."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.measures.carrying import Carrying, carry_values, overlap_of
from geo.measures.model import Measure, MeasureKind, values_frame
from tests.boundaries.drawn import grid, layer

box = shapely.box


def measure(kind: MeasureKind = "count", multiplier: float = 1.0) -> Measure:
    return Measure("m", "M", "", kind, "neither", "old", "Council", multiplier=multiplier)


def values(old: gpd.GeoDataFrame, **columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"area_code": old.index.astype(str), **columns})
    return values_frame(frame.assign(measure_id="m", first_day="2021-01-01", last_day="2021-12-31"))


def carried(old, new, kind: MeasureKind = "count", multiplier: float = 1.0, **columns: Any):
    frame, carrying = carry_values(
        values(old, **columns), measure(kind, multiplier), old, new, target="new"
    )
    return frame.set_index("area_code"), carrying


def test_small_areas_go_whole_to_the_area_that_they_fit_best():
    new = layer(box(0, 0, 340, 200), box(340, 0, 600, 200))
    frame, carrying = carried(grid(6, 2), new, value=[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    assert frame["value"].to_dict() == {"A": 21, "B": 57}
    assert carrying.way == "best fit"
    assert carrying.estimated_share == pytest.approx(15 / 78)  # d1 and d2
    assert carrying.note == (
        "carried from old by best fit of whole areas; 19 % of the total lies in areas that "
        "straddle several"
    )


def test_areas_that_are_not_smaller_are_shared_out_by_surface():
    frame, carrying = carried(
        grid(2, 1), layer(box(0, 0, 150, 100), box(150, 0, 200, 100)), value=[10, 20]
    )
    assert frame["value"].to_dict() == pytest.approx({"A": 20, "B": 10})
    assert (carrying.way, carrying.estimated_share) == ("by surface", pytest.approx(2 / 3))
    assert carrying.note.startswith("carried from old by surface, as if spread evenly")


def test_what_lies_outside_is_told_and_what_is_far_away_is_not():
    frame, carrying = carried(grid(3, 1), layer(box(0, 0, 150, 100)), value=[10, 20, 40])
    assert frame["value"].to_dict() == {"A": 20}
    assert (carrying.total, carrying.placed, carrying.outside) == (30, 20, 10)
    assert carrying.note.endswith("33 % of it lies outside")


def test_what_is_unknown_in_a_part_is_unknown_in_the_whole():
    new = layer(box(0, 0, 200, 100), box(200, 0, 300, 100), box(300, 0, 400, 100))
    frame, carrying = carried(grid(4, 1), new, value=[10, np.nan, 20, np.nan])
    assert frame["value"].to_dict() == pytest.approx(
        {"A": np.nan, "B": 20, "C": np.nan}, nan_ok=True
    )
    assert (carrying.total, carrying.placed, carrying.unknown) == (30, 20, 10)


def test_an_area_without_a_row_is_unknown_and_no_zero():
    old = grid(2, 1)
    rows = values(old, value=[10, 20]).iloc[:1]
    new = layer(box(0, 0, 200, 100))
    frame, _ = carry_values(rows, measure(), old, new, target="new")
    assert frame["value"].isna().all()


def test_a_sliver_makes_nothing_unknown():
    new = layer(box(0, 0, 100.4, 100), box(100.4, 0, 200, 100))
    frame, carrying = carried(grid(2, 1), new, value=[10, np.nan])
    assert frame["value"]["A"] == 10
    assert carrying.way == "same areas"


def test_a_rate_is_made_anew_of_what_it_is_made_of():
    frame, _ = carried(
        grid(2, 1), layer(box(0, 0, 200, 100)), "rate", 1000.0,
        value=[100, 500], numerator=[10, 100], denominator=[100, 200],
    )  # fmt: skip
    assert frame["value"]["A"] == pytest.approx(1000 * 110 / 300)
    assert frame["numerator"]["A"] == 110


def test_a_rate_without_denominators_stands_on_the_same_areas_only():
    frame, carrying = carried(
        grid(4, 1),
        layer(box(0, 0, 100, 100), box(100, 0, 250, 100), box(250, 0, 400, 100)),
        "mean", value=[1, 2, 3, 4], lower=[0.5, 1, 2, 3],
    )  # fmt: skip
    assert frame["value"].to_dict() == pytest.approx(
        {"A": 1, "B": np.nan, "C": np.nan}, nan_ok=True
    )
    assert frame["lower"]["A"] == 0.5
    assert carrying == Carrying("not carried", "old", note=carrying.note)
    assert carrying.note == (
        "published on old without denominators; cannot be shown on new but on the 1 area that is "
        "the same"
    )


def test_a_rate_that_was_adjusted_is_not_made_anew_of_its_counts():
    frame, carrying = carried(
        grid(4, 1),
        layer(box(0, 0, 100, 100), box(100, 0, 250, 100), box(250, 0, 400, 100)),
        "rate", 1_000.0,
        value=[12, 9, 14, 8], numerator=[10, 10, 10, 10], denominator=[1_000] * 4,
    )  # fmt: skip
    assert frame["value"].to_dict() == pytest.approx(
        {"A": 12, "B": np.nan, "C": np.nan}, nan_ok=True
    )
    assert (frame["numerator"]["A"], carrying.way) == (10, "not carried")
    assert carrying.note == (
        "published on old with values that are no ratio of their counts, as if adjusted for age; "
        "cannot be shown on new but on the 1 area that is the same"
    )


def test_a_share_that_was_published_as_a_whole_number_is_made_of_its_counts():
    frame, carrying = carried(
        grid(2, 1), layer(box(0, 0, 200, 100)), "share", 100.0,
        value=[3, 4], numerator=[26, 35], denominator=[1_000, 1_000],
    )  # fmt: skip
    assert (frame["value"].tolist(), carrying.way) == ([pytest.approx(3.05)], "by surface")


def test_means_are_weighted_by_their_denominators_where_no_sums_are_published():
    frame, carrying = carried(
        grid(2, 1), layer(box(0, 0, 200, 100)), "mean",
        value=[10, 40], denominator=[100, 50],
    )  # fmt: skip
    assert frame["value"]["A"] == pytest.approx(np.average([10, 40], weights=[100, 50]))
    assert frame["denominator"]["A"] == 150
    assert carrying.way == "by surface"


def test_a_share_with_denominators_alone_says_what_it_lacks():
    frame, carrying = carried(
        grid(2, 1), layer(box(0, 0, 200, 100)), "share", 100.0,
        value=[10, 40], denominator=[100, 50],
    )  # fmt: skip
    assert frame["value"].isna().all()
    assert carrying.note == "published on old without numerators; cannot be shown on new"


def test_values_of_areas_that_the_layer_no_longer_has_are_counted():
    old, new = grid(2, 1), layer(box(0, 0, 200, 100))
    gone = values(old, value=[7, 9]).assign(area_code=["x", "y"])
    more = gone.iloc[:1].assign(first_day=pd.Timestamp("2022-01-01"))
    rows = values_frame(pd.concat([values(old, value=[10, 20]), gone, more]))
    frame, carrying = carry_values(rows, measure(), old, new, target="new")
    assert frame["value"].tolist() == [30]
    assert (carrying.lost_areas, carrying.lost_values) == (2, 3)
    assert carrying.note.endswith("; 3 values of 2 areas that old no longer has left out")


def test_each_period_is_carried_by_itself():
    old, new = grid(2, 1), layer(box(0, 0, 200, 100))
    later = values(old, value=[1, 2]).assign(first_day=pd.Timestamp("2022-01-01"))
    rows = values_frame(pd.concat([values(old, value=[10, 20]), later]))
    frame, carrying = carry_values(rows, measure(), old, new, target="new")
    assert list(frame["value"]) == [30, 3]
    assert carrying.total == 33


cuts = st.lists(st.integers(5, 595), min_size=1, max_size=5, unique=True)
amounts = st.lists(st.one_of(st.just(np.nan), st.floats(0, 1e6)), min_size=12, max_size=12)


@settings(max_examples=20)
@given(cuts=cuts, numbers=amounts, last=st.integers(300, 600))
def test_totals_are_preserved_by_every_carrying(cuts, numbers, last):
    edges = [0, *sorted(cut for cut in cuts if cut < last), last]
    new = layer(*(box(a, 0, b, 200) for a, b in pairwise(edges)))
    for old in (grid(6, 2), layer(box(0, 0, 250, 200), box(250, 0, 600, 200))):
        own = numbers[: len(old)]
        frame, carrying = carried(old, new, value=own)
        known = np.nansum(own)
        reached = overlap_of(old, new).weights.sum(axis=0) > 0
        assert carrying.total == pytest.approx(np.nansum(np.array(own)[reached]))
        assert carrying.placed == pytest.approx(frame["value"].sum(), abs=1e-6 * (1 + known))
        parts = carrying.placed + carrying.outside + carrying.unknown
        assert parts == pytest.approx(carrying.total, abs=1e-6 * (1 + known))
        assert min(carrying.placed, carrying.outside, carrying.unknown) >= -1e-6 * (1 + known)


@settings(max_examples=20)
@given(cuts=cuts, numbers=st.lists(st.integers(1, 1000), min_size=12, max_size=12))
def test_a_carried_rate_lies_between_those_that_it_is_made_of(cuts, numbers):
    edges = [0, *sorted(cuts), 600]
    new = layer(*(box(a, 0, b, 200) for a, b in pairwise(edges)))
    whole = np.array(numbers, float)
    part = whole * np.linspace(0.1, 0.9, 12)
    frame, _ = carried(grid(6, 2), new, "share", 100.0, numerator=part, denominator=whole)
    assert frame["value"].dropna().between(100 * 0.1 - 1e-9, 100 * 0.9 + 1e-9).all()
