"""The rival: geopandas joins points to cells, SciPy tests them and corrects for their number."""

from __future__ import annotations

import sys
import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from baseline_amounts import amounts
from baselines_rivals import tails
from inputs import timed
from result_file import save
from scipy.sparse import csr_array
from scipy.stats import false_discovery_control


def main(kind: str, points: str, grid: str, answer: str) -> None:
    warnings.simplefilter("ignore")
    xy, given = pd.DataFrame(np.load(points)["xy"], columns=["x", "y"]), np.load(grid)
    cells = gpd.GeoDataFrame(
        geometry=shapely.get_parts(shapely.from_wkb(given["shapes"].tobytes()))
    )
    near = csr_array((given["data"], given["indices"], given["indptr"]))
    residents = amounts("residents", len(cells))

    def work() -> tuple[np.ndarray, np.ndarray]:
        counts = counted(xy, cells)
        amount = {
            "even": lambda: given["land"],
            "points": lambda: counted(xy.drop_duplicates(), cells).astype(float),
            "residents": lambda: residents,
        }[kind]()
        p = tails(counts.astype(float), near, amount)
        judged = ~np.isnan(p)
        q = np.full(len(p), np.nan)
        q[judged] = false_discovery_control(p[judged])
        return p, q

    (p, q), took = timed(work)
    save(answer, {"s": took}, p=p, q=q)


def counted(xy: pd.DataFrame, cells: gpd.GeoDataFrame) -> np.ndarray:
    frame = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy["x"], xy["y"]))
    joined = frame.sjoin(cells, predicate="within")
    return np.bincount(joined["index_right"], minlength=len(cells))


if __name__ == "__main__":
    main(*sys.argv[1:])
