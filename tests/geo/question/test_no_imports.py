"""Questions of a store that has incidents and no records of their imports."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from geo.crs import BRITISH_NATIONAL_GRID
from geo.question.ask import Question, ask
from geo.question.layer_index import LayerIndexes
from geo.store.contract import LayerMetadata, StoreReader
from geo.store.geopackage import GeoPackageStore
from tests.geo.stores.parts import Row, keyed_part, part, put, put_layer

WEST, SOUTH, SIDE = 430_000, 335_000, 5_000
W, E = (WEST + 100.0, SOUTH + 100.0), (WEST + SIDE + 100.0, SOUTH + 100.0)


def two_towns() -> gpd.GeoDataFrame:
    """Two squares as wide as those by which it is known where a source has incidents."""
    shapes = [shapely.box(x, SOUTH, x + SIDE, SOUTH + SIDE) for x in (WEST, WEST + SIDE)]
    frame = gpd.GeoDataFrame(
        {"area_name": ["West", "East"]}, geometry=shapes, crs=BRITISH_NATIONAL_GRID
    )
    return frame.set_axis(pd.Index(["W", "E"], name="area_code"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreReader]:
    """The council's rows reach the east in March; the police publish January and March."""
    opened = GeoPackageStore(tmp_path / "s.gpkg", create=True)
    put_layer(opened, two_towns(), LayerMetadata("towns"))
    council = [("2024-02-05T10:00:00", W), ("2024-03-05T10:00:00", E)]
    police = [("2024-01", W), ("2024-01", E), ("2024-03", W), ("2024-03", E)]
    put(
        opened,
        keyed_part([Row(f"council:{at}", "litter", *row) for at, row in _flat(council)]),
        part([Row(f"police.uk:{at}", "drugs", *row) for at, row in _flat(police)], month=""),
    )
    monkeypatch.setattr(opened, "imports", lambda **_: [])
    yield opened
    opened.close()


def _flat(
    rows: list[tuple[str, tuple[float, float]]],
) -> list[tuple[int, tuple[str, float, float]]]:
    return [(at, (when, *place)) for at, (when, place) in enumerate(rows)]


def test_whose_an_area_is_follows_from_the_rows_of_each_window(store: StoreReader) -> None:
    first, second = (
        Question.read({"datetime": days, "by": "month"})
        for days in ("2024-01/2024-02", "2024-02/2024-03")
    )
    # A service reads a layer once, and keeps what it makes of it.
    towns, shared = cache(store.layer), LayerIndexes()
    ask(first, store, layer_of=towns, indexes=shared)
    once = ask(second, store, layer_of=towns, indexes=shared)
    assert once.area_counts["n"].tolist() == [0, 1, 2, 1]  # east, west; east, west
    assert once.known.why(["2024-02"]).tolist() == ["", ""]
