"""The copy takes the memory of what is read, or written at once, not of what is stored."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import ArrayLike, NDArray
from pandas.testing import assert_frame_equal

from geo.columns import ColumnFolder, IncidentColumns, StoreState

ROWS = 20_000
FEW, MANY = 3, 30


class Months:
    """A store of months of `ROWS` incidents, which it makes when they are read."""

    def __init__(self, count: int) -> None:
        self.months = [str(np.datetime64("2020-01") + number) for number in range(count)]
        names = dict.fromkeys(self.months, "1 1 2024")
        self.state = StoreState("store", count, names, count * ROWS)

    def numbered_rows(self, partition_id: str) -> pd.DataFrame:
        number = self.months.index(partition_id)
        row = np.arange(ROWS)
        start = np.datetime64(partition_id, "s") + row
        times = pd.Series(start).dt.tz_localize("UTC")
        return pd.DataFrame(
            {
                "x": row + 0.5,
                "y": row - 0.5,
                "occurred_from": times,
                "occurred_to": times,
                "source": pd.Categorical(["police.uk"] * ROWS),
                "category": pd.Categorical.from_codes(row % 14, [f"kind {n}" for n in range(14)]),
                "precision": pd.Categorical(["instant"] * ROWS),
                "location": pd.Categorical.from_codes(row % 50, [f"{n} Elm" for n in range(50)]),
                "fid": row + number * ROWS,
            }
        )

    def locations(self, fids: NDArray[np.int64]) -> Mapping[int, str]:
        return {int(fid): f"{fid % ROWS % 50} Elm" for fid in fids}


def peak(work: Callable[[], object]) -> int:
    """The most bytes that some work has at once."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def copied(folder: Path, months: Months) -> IncidentColumns:
    made = ColumnFolder(folder).refreshed(months.state, months, is_latest=lambda: True)
    assert made is not None
    return made


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[IncidentColumns, int]]:
    """Copies of a few months and of many, and the memory that making them took."""
    stores = {}
    for count in (FEW, MANY):
        months, folder = Months(count), tmp_path_factory.mktemp("copy")
        copied(folder / "warm", months)
        taken = peak(lambda: copied(folder / "own", months))  # noqa: B023 - called at once
        stores[count] = copied(folder / "own", months), taken
    return stores


def test_a_copy_is_made_in_the_memory_of_one_partition(stores):
    assert stores[MANY][1] < 1.2 * stores[FEW][1]


def test_a_month_is_read_in_its_own_memory(stores):
    start, end = (pd.Timestamp(day, tz="UTC") for day in ("2020-02-01", "2020-03-01"))
    taken = {}
    for count, (store, _) in stores.items():
        assert len(store.read(["x", "occurred_from", "category"], start=start, end=end)) == ROWS
        taken[count] = peak(
            lambda: store.read(["x", "occurred_from", "category"], start=start, end=end)  # noqa: B023
        )
    assert taken[MANY] < 1.2 * taken[FEW]
    assert taken[FEW] < 60 * ROWS


def test_what_is_not_asked_for_is_not_read(stores):
    store = stores[MANY][0]
    one = peak(lambda: store.read(["category"]))
    three = peak(lambda: store.read(["x", "y", "category"]))
    assert one < 0.2 * three


class Odd:
    """A layer of one area, which holds every other incident."""

    digest = "0" * 64

    def locate(self, x: ArrayLike, y: ArrayLike) -> NDArray[np.int32]:
        del y
        return (np.asarray(x).astype(np.int32) % 2) - 1


def test_incidents_outside_all_areas_come_last(stores):
    store, names = stores[FEW][0], ["x", "occurred_from", "category"]
    start = pd.Timestamp("2020-02-01 00:00:30", tz="UTC")
    for _ in range(2):  # when they are located, and when that is read
        rows, areas = store.located(names, Odd(), start=start)
        plain = store.read(names, start=start)
        outside = plain["x"].to_numpy() % 2 < 1
        assert areas.tolist() == sorted(outside * -1, reverse=True)
        expected = pd.concat([plain[~outside], plain[outside]], ignore_index=True)
        assert_frame_equal(rows, expected)
