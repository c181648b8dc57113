"""The memory of the caches: what values take, and what goes when there is no room."""

from __future__ import annotations

import gc
import time
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.answers import Answers
from api.app import make_app
from api.load import memory
from api.load.memory import MemoryBudget, size_of
from api.settings import Settings
from geo.question.ask import Question
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere


@dataclass
class Shelf:
    """A cache of named values, with the time of their last use."""

    values: dict[str, tuple[float, object]]

    def entries(self) -> list[tuple[float, Hashable, object]]:
        return [(used, key, value) for key, (used, value) in self.values.items()]

    def drop(self, key: Hashable) -> None:
        del self.values[str(key)]


def megabytes(value: object) -> float:
    return size_of(value) / 1e6


SQUARES = shapely.box(np.arange(10_000), 0, np.arange(10_000) + 1, 1)


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (np.zeros(1_000_000), 8.0, 8.1),
        (b"x" * 3_000_000, 3.0, 3.1),
        (pd.DataFrame({"a": np.zeros(500_000), "b": np.zeros(500_000)}), 8.0, 8.1),
        ([b"y" * 900] * 1_000, 0.9, 1.0),
        (SQUARES, 1.8, 2.0),  # five corners of two numbers each, and the object
        (gpd.GeoDataFrame({"a": np.zeros(10_000)}, geometry=SQUARES), 1.8, 2.1),
        ({"tree": shapely.STRtree(SQUARES)}, 2.0, 3.0),
        ({"deep": [({"er": np.zeros(250_000)},)]}, 2.0, 2.1),
        ({f"{number:09}": number for number in range(10_000)}, 1.2, 1.4),
        ({"days": [f"{number:09}" for number in range(10_000)]}, 1.1, 1.3),
    ],
)
def test_values_are_measured_by_their_content(value: object, least: float, most: float) -> None:
    assert least <= megabytes(value) <= most


def test_what_is_shared_counts_once() -> None:
    shared = np.zeros(1_000_000)
    assert 8 <= megabytes([shared, {"again": shared}]) < 8.1
    assert size_of([shared], {id(shared)}) < 1_000


def test_the_columns_of_a_frame_are_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = pd.DataFrame({"name": ["ward"] * 10_000})
    size = size_of([texts])
    monkeypatch.setattr(memory, "_frame_bytes", None)
    assert size_of([texts]) == size > 10_000
    sizes, kept = memory._frame_sizes, id(texts)
    assert kept in sizes._known
    del texts
    gc.collect()
    assert kept not in sizes._known


def test_the_least_recently_used_goes_first_whichever_cache_it_is_in() -> None:
    budget = MemoryBudget(25_000_000)
    one, other = (
        Shelf({name: (used, np.zeros(1_000_000)) for name, used in times})
        for times in ((("a", 1.0), ("b", 4.0)), (("c", 2.0), ("d", 3.0)))
    )
    budget.watch(one)
    budget.watch(other)
    assert budget.trim() <= 20_000_000  # with room for more
    assert ([*one.values], [*other.values]) == (["b"], ["d"])


def test_the_latest_stays_though_it_is_too_large() -> None:
    budget = MemoryBudget(1_000)
    shelf = Shelf({"old": (1.0, np.zeros(1_000)), "new": (2.0, np.zeros(1_000_000))})
    budget.watch(shelf)
    budget.trim()
    assert [*shelf.values] == ["new"]


def test_answers_that_are_asked_for_one_after_another_stay_within_the_bound(
    store: GeoPackageStore,
) -> None:
    memory = MemoryBudget(8_000_000)
    answers = Answers(store, memory=memory)
    sizes = []
    for cell in range(60, 80):
        answers.ask(Question.read({"cell": str(cell), "layer": "wards"})).hotspots  # noqa: B018
        answers.cached(f"more {cell}", lambda _: np.zeros(100_000))
        sizes.append(memory.trim())
    assert max(sizes) <= 8_000_000
    # The layer and the incidents belong to the snapshot, and the last answers are still there.
    assert 1 < len(answers.entries()) < 40


def test_the_planner_is_counted_too_and_opens_again(store: GeoPackageStore, tmp_path: Path) -> None:
    app = make_app(store, Settings(cache_bytes=1), searches=SearchesHere())
    with TestClient(app, base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50_000)) as client:
        before = time.monotonic()
        assert client.get("/planner/blocks/wards").status_code == 200
        data = app.state.plan_sessions._data
        data.blocks("wards")
        assert [len(cache.entries()) for cache in (data._drawn, data._blocks)] == [0, 1]
        assert client.get("/planner/blocks/wards").status_code == 200
        recent = data._drawn
        assert [used >= before for used, _, _ in recent.entries()] == [True]
        assert client.get("/ogc/collections/wards/items").status_code == 200
        assert recent.entries() == []
        assert client.get("/planner/blocks/wards").status_code == 200
