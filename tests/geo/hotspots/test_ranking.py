"""Ranked places hold the most, keep their distance, and keep their names."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import InputError
from geo.hotspots.circles import STEPS, best_circles
from geo.hotspots.ranking import rank


def incidents(x, y, *, location="Street", begins="2024-01-10 12:00", ends=None, precision="month"):
    n = len(x)
    begins = pd.to_datetime(pd.Series([begins] * n if isinstance(begins, str) else begins))
    ends = begins if ends is None else pd.to_datetime(pd.Series(ends))
    return pd.DataFrame(
        {
            "x": np.asarray(x, float),
            "y": np.asarray(y, float),
            "location": location,
            "occurred_from": begins.dt.tz_localize("UTC"),
            "occurred_to": ends.dt.tz_localize("UTC"),
            "precision": precision,
        }
    )


def piles(*places: tuple[float, float, int]) -> pd.DataFrame:
    x, y, n = np.array(places, float).T
    return incidents(np.repeat(x, n.astype(int)), np.repeat(y, n.astype(int)))


def greedy(x, y, weights, *, radius: float, apart: float, most: int) -> list[tuple[int, int]]:
    """Every site of the lattice that a point may be near, and the best taken again and again."""
    step = radius / STEPS
    around = np.stack(np.meshgrid(*[np.arange(-STEPS - 1, STEPS + 2)] * 2), axis=-1).reshape(-1, 2)
    below = np.floor(np.column_stack([x, y]) / step).astype(int)
    column, row = np.unique((below[:, None] + around).reshape(-1, 2), axis=0).T
    squared = (x - column[:, None] * step) ** 2 + (y - row[:, None] * step) ** 2
    inside = np.where(squared <= radius**2, weights, 0)
    value, spread = inside.sum(axis=1).round(6), (inside * squared).sum(axis=1).round(3)
    chosen, free = [], value > 0
    while free.any() and len(chosen) < most:
        best = np.lexsort((column, row, spread, -value, ~free))[0]
        chosen.append((int(column[best]), int(row[best])))
        gap = np.hypot(column - column[best], row - row[best]) * step
        free &= gap >= apart * (1 - 1e-12)
    return chosen


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), apart=st.sampled_from([60, 100, 180]))
def test_part_of_the_land_has_the_circles_that_it_has_in_the_whole(seed, apart):
    rng = np.random.default_rng(seed)
    x, y = np.round(rng.beta(1, 2, (2, 120)) * 900, -int(rng.integers(0, 2)))
    weights = rng.integers(0, 4, 120).astype(float)
    terms = {"weights": weights, "radius": 30, "apart": apart}

    def wanted(at_x, at_y):
        return (at_x > 150) & (at_x < 420) & (at_y < 300)

    every = best_circles(x, y, most=500, **terms)
    step = 30 / STEPS
    part = [site for site in every if wanted(site[0] * step, site[1] * step)]
    assert best_circles(x, y, most=500, wanted=wanted, **terms) == part
    assert best_circles(x, y, most=2, wanted=wanted, **terms) == part[:2]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), spread=st.sampled_from([40, 200, 700]))
def test_the_search_finds_what_trying_every_site_finds(seed, spread):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(-100, spread, (2, 40)).round()
    weights = rng.integers(1, 4, 40).astype(float)
    terms = {"radius": 75.0, "apart": 200.0, "most": 6}
    assert best_circles(x, y, weights=weights, **terms) == greedy(x, y, weights, **terms)


def test_places_are_ranked_by_what_they_hold():
    result = rank(piles((0, 0, 5), (2_000, 0, 9), (0, 3_000, 7)))
    assert result["n"].tolist() == [9, 7, 5]
    assert result["rank"].tolist() == [1, 2, 3]
    assert result["share"].tolist() == pytest.approx([9 / 21, 7 / 21, 5 / 21])
    assert result[["x", "y"]].to_numpy().tolist() == [[2_000, 0], [0, 3_000], [0, 0]]
    assert result["hotspot_id"].tolist() == ["p150:200:0", "p150:0:300", "p150:0:0"]
    assert set(result["radius_m"]) == {150}


def test_a_place_is_laid_so_that_it_holds_neighbouring_points():
    """No point lies within 150 m of all others, but a place between them does."""
    result = rank(piles((0, 0, 3), (280, 0, 3), (140, 130, 3)))
    assert result["n"].tolist() == [9]


def test_centres_keep_their_distance_and_no_incident_counts_twice():
    x, y = np.random.default_rng(6).uniform(0, 2_500, (2, 3_000)).round(1)
    result = rank(incidents(x, y), most=50)
    gap = np.hypot(*(np.subtract.outer(result[a].to_numpy(), result[a].to_numpy()) for a in "xy"))
    assert gap[~np.eye(len(gap), dtype=bool)].min() >= 500
    assert result["n"].is_monotonic_decreasing
    for place in result.itertuples():
        assert (np.hypot(x - place.x, y - place.y) <= 150).sum() == place.n


def test_equal_places_are_ranked_by_spread_then_from_south_and_west():
    result = rank(piles((4_000, 0, 2), (0, 1_000, 2), (0, 0, 2), (2_000, 60, 1), (2_000, 0, 1)))
    assert result[["x", "y"]].to_numpy().tolist() == [
        [0, 0], [4_000, 0], [0, 1_000], [2_000, 30],
    ]  # fmt: skip


def test_an_incident_on_the_rim_is_held():
    assert rank(piles((0, 0, 2), (300, 0, 2)), most=1)["n"].tolist() == [4]
    assert rank(piles((0, 0, 2), (300.1, 0, 2)), most=1)["n"].tolist() == [2]


def test_weights_choose_the_places_and_n_stays_the_count():
    rows = piles((0, 0, 5), (2_000, 0, 2))
    result = rank(rows, weights=np.where(rows["x"] > 0, 10, 1))
    assert result["n"].tolist() == [2, 5]
    assert result["weighted"].tolist() == [20, 5]
    assert "weighted" not in rank(rows)


def test_what_weighs_nothing_chooses_no_place_but_is_counted_in_one():
    rows = piles((0, 0, 5), (20, 0, 1), (2_000, 0, 5))
    result = rank(rows, weights=(rows["x"] == 20).astype(float))
    assert result["n"].tolist() == [6]


def test_streets_are_those_that_occur_most():
    names = ["On or near B", "On or near A", "On or near C", "On or near A", "", "On or near D"]
    result = rank(incidents([0] * 6, [0] * 6, location=names))
    assert result["streets"].tolist() == ["A; B; C"]
    assert rank(incidents([0], [0], location=""))["streets"].tolist() == [""]


def test_day_and_night_are_told_where_the_time_is_known():
    """London is an hour ahead of UTC in July: 06:30 UTC is day there, 18:30 is night."""
    begins = ["2024-07-01 06:30", "2024-07-01 18:30", "2024-07-01 05:30", "2024-07-01 12:00"]
    result = rank(incidents([0] * 4, [0] * 4, begins=begins, precision=["instant"] * 3 + ["day"]))
    assert result[["n_day", "n_night", "n_untimed"]].to_numpy().tolist() == [[1, 2, 1]]


@pytest.mark.parametrize(
    ("ends", "split"),
    [
        ("2024-01-10 17:00", [1, 0, 0]),  # begun at noon: the same day
        ("2024-01-10 20:00", [0, 0, 1]),  # into the night
        ("2024-01-11 12:00", [0, 0, 1]),  # a day later: with the night between
    ],
)
def test_an_interval_counts_where_it_lies_in_one_part(ends, split):
    rows = incidents([0], [0], ends=[ends], precision="interval")
    assert rank(rows)[["n_day", "n_night", "n_untimed"]].to_numpy().tolist() == [split]


def test_a_night_shorter_than_the_day_is_not_day_beyond_midnight():
    rows = incidents([0], [0], begins=["2024-01-10 23:30"], precision="instant")
    result = rank(rows, day=(6, 22))
    assert result[["n_day", "n_night"]].to_numpy().tolist() == [[0, 1]]


def test_a_place_that_moved_a_little_keeps_its_id():
    before = rank(piles((0, 0, 5), (2_000, 0, 9)))
    after = rank(piles((70, 20, 8), (2_000, 0, 3), (0, 4_000, 1)), known=before)
    assert after["hotspot_id"].tolist() == ["p150:0:0", "p150:200:0", "p150:0:400"]
    assert after["moved_m"].tolist()[:2] == pytest.approx([np.hypot(70, 20), 0])
    assert np.isnan(after["moved_m"][2])
    assert before["hotspot_id"].tolist() == ["p150:200:0", "p150:0:0"]


def test_a_place_that_moved_as_far_as_stated_is_a_new_one():
    known = pd.DataFrame({"hotspot_id": ["old"], "x": [0.0], "y": [0.0]})
    assert rank(piles((150, 0, 5)), known=known)["hotspot_id"].tolist() == ["p150:15:0"]
    near = rank(piles((150, 0, 5)), known=known, moved=151)
    assert near["hotspot_id"].tolist() == ["old"]


def test_the_nearest_place_keeps_a_known_id_and_no_id_is_kept_twice():
    known = pd.DataFrame({"hotspot_id": ["old"], "x": [200.0], "y": [0.0]})
    result = rank(piles((0, 0, 9), (300, 0, 2)), known=known, radius=60, apart=120, moved=250)
    assert result["hotspot_id"].tolist() == ["p60:0:0", "old"]


def test_a_new_place_where_a_known_one_was_first_seen_is_named_apart():
    """The known place kept its id while it moved away from the site that named it."""
    known = pd.DataFrame({"hotspot_id": ["p150:0:0"], "x": [600.0], "y": [0.0]})
    result = rank(piles((600, 0, 9), (0, 0, 2)), known=known)
    assert result["hotspot_id"].tolist() == ["p150:0:0", "p150:0:0:2"]


def test_no_incidents_have_no_places():
    none = rank(piles((0, 0, 1))[:0])
    full = rank(piles((0, 0, 1)))
    assert len(none) == 0
    assert none.dtypes.tolist() == full.dtypes.tolist()
    assert rank(piles((0, 0, 1))[:0], known=full).columns.tolist() == full.columns.tolist()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.integers(-40_000, 40_000))
def test_shift_row_order_and_doubling_do_what_they_should(seed, shift):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 1_500, (2, 80)).astype(float)
    rows = incidents(x, y)
    result = rank(rows, most=5)
    shuffled = rank(rows.iloc[rng.permutation(80)], most=5)
    moved = rank(rows.assign(x=x + 10 * shift, y=y - 10 * shift), most=5)
    doubled = rank(pd.concat([rows, rows], ignore_index=True), most=5)
    pd.testing.assert_frame_equal(shuffled, result)
    assert (moved["x"] - 10 * shift).tolist() == result["x"].tolist()
    assert moved["n"].tolist() == result["n"].tolist()
    assert doubled["hotspot_id"].tolist() == result["hotspot_id"].tolist()
    assert doubled["n"].tolist() == (2 * result["n"]).tolist()


def test_circles_that_would_overlap_are_refused():
    with pytest.raises(InputError, match=r"centres 200 m apart would overlap; .* at least 300 m"):
        rank(piles((0, 0, 1)), apart=200)


@pytest.mark.parametrize("radius", [0, -1, np.nan, np.inf])
def test_a_radius_that_is_no_length_is_refused(radius):
    with pytest.raises(InputError, match=r"radius .* m is not valid; give a length above 0"):
        rank(piles((0, 0, 1)), radius=radius)


@pytest.mark.parametrize("weight", [-1, np.nan])
def test_a_weight_that_is_none_is_refused(weight):
    with pytest.raises(InputError, match="a weight is missing or below 0"):
        rank(piles((0, 0, 2)), weights=[1, weight])
