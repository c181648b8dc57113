"""Lists of snap points: a source that replaces its points is found by its rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geo.coverage import new_lists, point_counts
from geo.distinct_points import PointCounts
from geo.incidents import months_between

MONTHS = months_between("2022-01", "2022-12")


def snapped(
    rng: np.random.Generator, points: np.ndarray, month: str, rows: int, *, source: str = "police"
) -> pd.DataFrame:
    """Rows of a month at points of a list, some of which are much busier than others."""
    weights = 1 / (1 + np.arange(len(points)))
    chosen = points[rng.choice(len(points), rows, p=weights / weights.sum())]
    moment = pd.Timestamp(f"{month}-10", tz="UTC")
    return pd.DataFrame(
        {"source": source, "occurred_from": moment, "x": chosen[:, 0], "y": chosen[:, 1]}
    )


def points_of(rng: np.random.Generator, n: int = 3_000, *, east: float = 0.0) -> np.ndarray:
    return rng.uniform(0, 20_000, (n, 2)) + np.array([400_000 + east, 300_000])


def new_lists_of(rows: pd.DataFrame) -> tuple[str, ...]:
    """The new lists of rows, whether these are counted one by one or by point and month."""
    each = point_counts(rows)
    frame = pd.DataFrame({"source": each.source, "month": each.month.astype("datetime64[s]")})
    frame = frame.assign(x=each.x, y=each.y)
    groups = frame.groupby([*frame], observed=True).size().reset_index(name="n")
    summed = PointCounts(
        pd.Categorical(groups["source"]),
        groups["month"].to_numpy().astype("datetime64[M]"),
        *(groups[name].to_numpy() for name in ("x", "y", "n")),
    )
    found = new_lists(each)
    assert new_lists(summed) == found
    return found


@pytest.mark.parametrize("rows", [300, 3_000])
def test_the_month_of_a_new_list_is_found_and_no_other(rows):
    rng = np.random.default_rng(1)
    old, new = points_of(rng), points_of(rng)
    frames = [snapped(rng, old if month < "2022-07" else new, month, rows) for month in MONTHS]
    assert new_lists_of(pd.concat(frames)) == ("2022-07",)
    assert new_lists_of(pd.concat(frames[:6])) == ()
    assert new_lists_of(pd.concat(frames[5:7])) == ("2022-07",)


@pytest.mark.parametrize("seed", range(20))
def test_few_rows_of_many_points_are_no_new_list(seed):
    rng = np.random.default_rng(seed)
    points = points_of(rng, 8_000)
    rows = rng.integers(110, 1_500, 4)
    months = zip(MONTHS[:4], rows.tolist(), strict=True)
    assert new_lists_of(pd.concat([snapped(rng, points, *month) for month in months])) == ()


def test_another_force_brings_new_points_without_a_new_list():
    rng = np.random.default_rng(2)
    west, east = points_of(rng), points_of(rng, east=60_000)
    frames = [snapped(rng, west, month, 800) for month in MONTHS[:4]]
    frames += [snapped(rng, east, month, 2_500) for month in MONTHS[2:4]]
    assert new_lists_of(pd.concat(frames)) == ()


def test_points_that_no_two_incidents_share_are_no_list():
    rng = np.random.default_rng(3)
    frames = [snapped(rng, points_of(rng, 10**6), month, 500) for month in MONTHS[:2]]
    anywhere = pd.concat(frames).assign(x=rng.uniform(4e5, 4.2e5, 1_000))
    assert new_lists_of(anywhere) == ()
    assert new_lists_of(anywhere[:0]) == ()
