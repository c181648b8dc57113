"""Counts by area and part of time are those of each row, in memory that rows do not add to."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from geo.period import Period
from geo.question.membership import AreaMembership
from geo.question.quality import months_published_twice
from geo.question.tally import tallies
from geo.question.time_parts import TimePart, time_parts

FEW, MANY = 5_000, 50_000


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.question.tally.AT_ONCE", 1_000)
    monkeypatch.setattr("geo.question.quality._AT_ONCE", 1_000)


def located(n: int) -> pd.DataFrame:
    """Incidents of five months, of which four are asked for, in four areas or none."""
    rng = np.random.default_rng(n)
    months = pd.date_range("2024-01-01", periods=5, freq="MS", tz="UTC").as_unit("s")
    return pd.DataFrame(
        {
            "occurred_from": months[rng.integers(0, 5, n)],
            "source": pd.Categorical(["police.uk"] * n),
            "category": pd.Categorical(rng.choice(["drugs", "noise"], n)),
            "precision": pd.Categorical(["month"] * n),
            "x": rng.integers(0, 1_000, n) * 1.0,
            "y": rng.integers(0, 1_000, n) * 1.0,
            "area": rng.integers(-1, 4, n).astype(np.int32),
        }
    )


def harm_of(rows: pd.DataFrame) -> NDArray[np.float64]:
    return np.where(rows["category"] == "noise", 0.1, 2.3)


def of_months() -> list[TimePart]:
    period = Period.of_months("2024-01", "2024-04")
    return time_parts("month", period, period.months)


def test_each_area_and_month_has_the_rows_that_lie_in_it(four_squares: gpd.GeoDataFrame) -> None:
    rows, parts = located(FEW), of_months()
    counted = tallies(rows, parts, AreaMembership(four_squares), harm_of)
    month = rows["occurred_from"].dt.strftime("%Y-%m")
    for part, tally in zip(parts, counted, strict=True):
        here = rows[month == part.months[0]]
        own = [here[here["area"] == area] for area in range(4)]
        assert tally.n.tolist() == [len(one) for one in own]
        assert tally.total == len(here) > tally.n.sum()
        # One after another, as they are added up without parts.
        assert tally.harm is not None
        assert tally.harm.tolist() == [sum(harm_of(one).tolist()) for one in own]
    [whole] = tallies(rows, [TimePart({}, parts[0].period, [])], AreaMembership(four_squares))
    assert whole.total == FEW
    assert whole.harm is None


@pytest.mark.parametrize("work", ["counts", "published twice"])
def test_counting_takes_no_more_memory_for_more_rows(
    four_squares: gpd.GeoDataFrame, work: str
) -> None:
    membership, parts = AreaMembership(four_squares), of_months()
    assert not membership.overlapping
    works: dict[str, Callable[[pd.DataFrame], object]] = {
        "counts": lambda rows: tallies(rows, parts, membership, harm_of),
        "published twice": months_published_twice,
    }
    taken = {}
    for n in (FEW, MANY):
        rows = located(n)
        works[work](rows)
        tracemalloc.start()
        works[work](rows)
        taken[n] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Masks of a byte, which stay small; one number of 8 bytes for each row would be too much.
    assert taken[MANY] - taken[FEW] < 4 * (MANY - FEW)
