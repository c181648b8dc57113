"""What the parts of a board share is worked out once: of an answer, or a state of the data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from fastapi.testclient import TestClient

from geo.analyses import hot_cells
from geo.coverage import point_lists
from geo.question.answer import Answer
from geo.question.baseline import month_dispersion
from geo.question.quality import months_published_twice
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each was called since the test began."""
    counted: Counter[str] = Counter()

    def count(module: Any, function: Callable[..., Any]) -> None:
        def counting(*args: Any, **kwargs: Any) -> Any:
            counted[function.__name__] += 1
            return function(*args, **kwargs)

        monkeypatch.setattr(module, function.__name__, counting)

    # By name: a function of the package is called as this module is.
    count(import_module("geo.question.answer"), months_published_twice)
    count(import_module("geo.question.rows"), point_lists)
    count(import_module("geo.question.answer"), month_dispersion)
    count(hot_cells, hot_cells.hotspot_outlines)
    count(Answer, Answer._choose_places)
    return counted


def open_board(client: TestClient, query: str) -> str:
    """Open the board of an address, and its map."""
    page = client.get(f"/?{query}")
    assert page.status_code == 200
    assert client.get(f"/map?{query}").status_code == 200
    return page.text


def test_a_board_and_its_map_look_once_for_months_published_twice_and_for_hotspots(
    client: TestClient, calls: Counter[str]
) -> None:
    assert "2024-02" in open_board(client, "datetime=2024-02&compare=previous")
    assert calls["months_published_twice"] == 1
    assert calls["hotspot_outlines"] == 1


def test_the_points_of_a_source_are_listed_once_for_each_state_of_the_incidents(
    client: TestClient, store: GeoPackageStore, calls: Counter[str]
) -> None:
    for query in ("datetime=2024-02", "datetime=2024-01", "datetime=2024-02&category=burglary"):
        open_board(client, query)
    assert calls["point_lists"] == 1
    with store.transaction():
        store.put_partition(month_of_incidents("2024-03"))
    open_board(client, "datetime=2024-02")
    assert calls["point_lists"] == 2


def test_places_are_chosen_once_for_all_questions_of_the_same_incidents(
    client: TestClient, store: GeoPackageStore, calls: Counter[str]
) -> None:
    for query in (
        "datetime=2024-02",
        "datetime=2024-02&compare=previous",
        "datetime=2024-02&by=month",
    ):
        open_board(client, query)
    assert calls["_choose_places"] == calls["month_dispersion"] == 1
    for more, query in enumerate(("category=burglary", "radius=200", "spacing=900"), 2):
        open_board(client, f"datetime=2024-02&{query}")
        assert calls["_choose_places"] == more, query
    with store.transaction():
        store.put_partition(month_of_incidents("2024-02", seed=8))
    open_board(client, "datetime=2024-02")
    assert calls["_choose_places"] == 5
