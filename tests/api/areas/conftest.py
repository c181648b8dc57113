"""A town of wards, estates that overlap, blocks and a plan, with and without incidents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient

from boundaries.plans.draft import new_plan, save_plan
from geo.crs import BRITISH_NATIONAL_GRID
from geo.measures.model import Measure, entries_frame, values_frame
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import SIDE, SOUTH, WEST, fill_town, serve_town, two_wards

ODD = "Ŵ/1 & ?#"
"""A code that an address must carry whole."""


def layer(named: dict[str, str], shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    """Areas by code and name; shapes in wards from the town's south-western corner."""
    moved = [shapely.transform(shape, lambda xy: xy * SIDE + [WEST, SOUTH]) for shape in shapes]
    frame = gpd.GeoDataFrame(
        {"area_name": list(named.values())}, geometry=moved, crs=BRITISH_NATIONAL_GRID
    )
    return frame.set_axis(pd.Index(list(named), name="area_code", dtype="str"))


def fill(store: GeoPackageStore) -> None:
    """Put the layers of the town into a store, inside a transaction.

    1 +---+---+---+    wards A and B, and a field F beside them that no incident is known of
      | A | B | F |    estates: one in A, one over A and B, and one over both of these
    0 +---+---+---+
    """
    estates = layer(
        {ODD: "Mill Estate", "E2": "Bridge End", "E3": "Market"},
        [
            shapely.box(0.2, 0.2, 0.6, 0.6),
            shapely.box(0.75, 0.2, 1.25, 0.8),
            shapely.box(0.5, 0.5, 0.9, 0.7),
        ],
    )
    old = layer({"OLD": "Old Abbey"}, [shapely.box(0, 0, 1.5, 1)])
    quarters = {
        f"q{x}{y}": shapely.box(x / 4, y / 4, (x + 1) / 4, (y + 1) / 4)
        for x in range(8)
        for y in range(4)
    }
    blocks = layer(dict(zip(quarters, quarters, strict=True)), list(quarters.values()))
    store.put_layer(LayerMetadata("estates", title="Estates", valid_from="2024-01-01"), estates)
    store.put_layer(LayerMetadata("old-wards", title="Old wards"), old)
    store.put_layer(LayerMetadata("blocks", title="Blocks"), blocks.assign(electors=100))
    field = layer(
        {"F": "Far Field", "G": "Gap"}, [shapely.box(2, 0, 3, 1), shapely.box(8, 0, 9, 1)]
    )
    store.put_layer(LayerMetadata("outskirts", title="Outskirts"), field)


@pytest.fixture(scope="session")
def areas_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of the town."""
    path = tmp_path_factory.mktemp("areas") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        with store.transaction():
            fill_town(store)
            fill(store)
        plan, _ = new_plan(
            store, plan_id="north", title="A try", by="x", blocks_layer="blocks", from_layer="wards"
        )
        save_plan(store, plan.plan)
        with serve_town(store) as client:
            yield client


@pytest.fixture(scope="session")
def bare_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of a store with wards and no incidents."""
    path: Path = tmp_path_factory.mktemp("bare") / "bare.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("wards", title="Wards"), two_wards())
        with serve_town(store) as client:
            yield client


def entry(number: int, state: str, pounds: float, **others: str) -> dict[str, object]:
    """An entry of money of the financial year 2023/24, in ward A unless `others` say where."""
    return {
        "entry_id": f"e{number}",
        "kind": "money",
        "day": "2023-06-15",
        "amount": round(100 * pounds),
        "layer_id": "wards",
        "area_code": "A",
        "state": state,
        "priority": "Young people",
        **others,
    }


def measured(store: GeoPackageStore) -> None:
    """Put money and a measure into the town, inside a transaction.

    A: £5,000 allocated, £1,000 paid of a commitment of £2,500. B: £5,000, untouched. City-wide:
    £300 paid of nothing. An estate that lies over both wards: £40 paid, which stand in neither.
    """
    beside = {"area_code": "", "layer_id": ""}
    rows = [
        entry(1, "allocated", 5_000),
        entry(2, "committed", 2_500, priority="Cleaner streets"),
        entry(3, "paid", 1_000, settles="e2", priority="Cleaner streets"),
        entry(4, "allocated", 5_000, area_code="B"),
        entry(5, "paid", 300, **beside),
        entry(6, "paid", 40, area_code="E2", layer_id="estates"),
    ]
    store.put_entries(entries_frame(rows), TableFile("money.csv", "1", rows_read=len(rows)))
    safety = Measure(
        *("safe", "Feels safe", "% of those asked", "share", "up", "wards", "A survey"),
        multiplier=100.0,
    )
    values = [
        {
            "measure_id": "safe",
            "area_code": code,
            "first_day": first,
            "last_day": last,
            "numerator": numerator,
            "denominator": 400,
            "value": numerator / 4,
        }
        for first, last in (("2023-01-01", "2023-12-31"), ("2024-01-01", "2024-12-31"))
        for code, numerator in (("A", 120), ("B", 240))
    ]
    file = TableFile("safe.csv", "2", rows_read=len(values), measures=(safety,))
    store.put_measure_values(values_frame(values), file)


@pytest.fixture(scope="session")
def measured_client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service of the town with money and a measure."""
    path = tmp_path_factory.mktemp("measured") / "town.gpkg"
    with closing(GeoPackageStore(path, create=True)) as store:
        with store.transaction():
            fill_town(store)
            fill(store)
            measured(store)
        with serve_town(store) as client:
            yield client
