"""A small store of drawn blocks with incidents, in which plans are begun and saved."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from boundaries.plans.draft import Draft, new_plan
from geo.question.model import Question
from geo.store.contract import LayerMetadata, Store
from tests.boundaries.drawn import SOUTH, WEST, grid
from tests.geo.stores.parts import Row, part, put

MONTHS = ("2024-01", "2024-02")
ALL = Question.read({"datetime": "2024-01/2024-02"})
BUSY = (330.0, 105.0)
"""A place in block d2, 30 m from the border of the two wards, that holds ten incidents a month."""


def wards_of(blocks: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Two wards, West and East of the middle, of whole blocks."""
    middle = blocks.total_bounds[[0, 2]].mean()
    codes = np.where(blocks.geometry.centroid.x > middle, "E", "W")
    wards = blocks.dissolve(codes, aggfunc={"electors": "sum"}).rename_axis("area_code")
    wards.index = wards.index.astype("str")
    return wards.assign(area_name=["East", "West"], members=[2, 3])


def places(columns: int, rows: int, *, seed: int) -> list[tuple[float, float]]:
    """Places in metres from the corner of the grid, some beyond its edge, most where it is busy."""
    spread = np.random.default_rng(seed).uniform(
        (-40, -40), (100 * columns + 40, 100 * rows + 40), (60, 2)
    )
    return [*map(tuple, spread.tolist()), *[BUSY] * 10]


def fill(store: Store, *, columns: int = 6, rows: int = 4, seed: int = 1) -> Store:
    """Fill a store with blocks, two wards, and two months of incidents."""
    blocks = grid(columns, rows)
    with store.transaction():
        store.put_layer(LayerMetadata("wards", title="Wards"), wards_of(blocks))
        store.put_layer(LayerMetadata("blocks"), blocks)
    for number, month in enumerate(MONTHS):
        put_places(store, places(columns, rows, seed=seed + number), month=month)
    return store


def put_places(store: Store, where: list[tuple[float, float]], *, month: str) -> None:
    """Import an incident at each place, as the month that a source publishes."""
    rows = [
        Row(f"{month}:{number}", when=month, x=WEST + x, y=SOUTH + y)
        for number, (x, y) in enumerate(where)
    ]
    put(store, part(rows, month=month))


def reckoned(blocks: gpd.GeoDataFrame, areas: pd.Series, points: pd.DataFrame) -> pd.DataFrame:
    """Electors, residents, incidents and km² of each area, from nothing, with geopandas."""
    assigned = areas[areas != ""]
    drawn = blocks.loc[assigned.index].dissolve(
        assigned.to_numpy(), aggfunc={"electors": "sum", "residents": "sum"}
    )
    cloud = gpd.GeoDataFrame(geometry=gpd.points_from_xy(points["x"], points["y"]), crs=blocks.crs)
    joined = gpd.sjoin(cloud, drawn[["geometry"]], predicate="within")
    counts = joined.groupby(joined.columns[-1]).size().reindex(drawn.index, fill_value=0)
    return pd.DataFrame(drawn.drop(columns="geometry")).assign(
        incidents=counts, area_km2=drawn.area / 1e6
    )


def begun(store: Store, plan_id: str = "north", **options) -> Draft:
    """A plan of the two wards, not saved."""
    arguments = {"blocks_layer": "blocks", "from_layer": "wards", "question": ALL} | options
    return new_plan(store, plan_id, **arguments)[0]
