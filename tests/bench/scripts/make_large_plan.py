"""A store with a plan of 36,000 blocks and 400 areas, the size of a whole country's reviews."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from boundaries.plans.draft import new_plan, save_plan
from geo.crs import BRITISH_NATIONAL_GRID
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore

COLUMNS, ROWS, AREAS_ALONG, SIDE_M, SEED = 240, 150, 20, 100.0, 3
SHIFT_M = 20.0
"""How far a corner may lie from its place in the grid, so that no two blocks are alike."""


def main(path: Path) -> None:
    random = np.random.default_rng(SEED)
    x, y = np.meshgrid(np.arange(COLUMNS + 1), np.arange(ROWS + 1), indexing="ij")
    corners = SIDE_M * np.stack([x, y], axis=-1) + [400_000, 300_000]
    corners = np.round(corners + random.uniform(-SHIFT_M, SHIFT_M, corners.shape), 1)
    column, row = np.divmod(np.arange(COLUMNS * ROWS), ROWS)
    around = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    rings = np.stack([corners[column + right, row + up] for right, up in around], axis=1)
    shapes = shapely.polygons(rings)
    electors = random.integers(50, 250, len(shapes))
    columns = {"electors": electors, "electors_forecast": (1.06 * electors).round()}
    blocks = layer("Block", "B{:05}", shapes, columns)
    ward = (column * AREAS_ALONG // COLUMNS) * AREAS_ALONG + row * AREAS_ALONG // ROWS
    united = [shapely.union_all(shapes[ward == number]) for number in range(AREAS_ALONG**2)]
    with closing(GeoPackageStore(path, create=True)) as store:
        with store.transaction():
            store.put_layer(LayerMetadata("blocks", title="Blocks"), blocks)
            wards = layer("Ward", "W{:03}", united, {"members": np.full(len(united), 3)})
            store.put_layer(LayerMetadata("wards", title="Wards"), wards)
        draft, _ = new_plan(store, "bench", blocks_layer="blocks", from_layer="wards", by="bench")
        save_plan(store, draft.plan)


def layer(name: str, code: str, shapes: object, columns: dict[str, object]) -> gpd.GeoDataFrame:
    """Areas with numbered names and codes."""
    numbers = range(len(shapes))
    codes = pd.Index([code.format(number) for number in numbers], name="area_code", dtype="str")
    names = {"area_name": [f"{name} {number}" for number in numbers]}
    return gpd.GeoDataFrame(
        names | columns, index=codes, geometry=shapes, crs=BRITISH_NATIONAL_GRID
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
