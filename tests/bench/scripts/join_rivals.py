"""The rivals: the same join as other libraries do it.

geopandas and sedonadb get their points as geometries made beforehand, which ours does not need;
where points are made of distinct places only, making them counts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import geopandas as gpd
import numpy as np
import x_sorted
from inputs import read_inputs, report, timed


def main(method: str, layer: str, points: str, answer: str) -> None:
    areas, x, y = read_inputs(layer, points)
    result, took = timed(METHODS[method](areas, x, y))
    report(result, answer, s=took)


def by_sjoin(areas: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=areas.crs)
    return lambda: _sjoin(areas, points)


def by_distinct_places(
    areas: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray
) -> Callable[[], np.ndarray]:
    def join() -> np.ndarray:
        places, back = np.unique(x + 1j * y, return_inverse=True)
        points = gpd.points_from_xy(places.real, places.imag)
        return _sjoin(areas, gpd.GeoDataFrame(geometry=points, crs=areas.crs))[back]

    return join


def by_x_sorted(areas: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: x_sorted.locate(areas, x, y)


def by_sedonadb(areas: gpd.GeoDataFrame, x: np.ndarray, y: np.ndarray) -> Callable[[], np.ndarray]:
    import sedonadb  # noqa: PLC0415 - only its own race pays for it

    db = sedonadb.connect()
    points = gpd.GeoDataFrame({"i": np.arange(len(x))}, geometry=gpd.points_from_xy(x, y))
    numbered = gpd.GeoDataFrame({"area": np.arange(len(areas))}, geometry=areas.geometry.to_numpy())
    db.create_data_frame(points).to_memtable().to_view("points")
    db.create_data_frame(numbered).to_memtable().to_view("areas")

    def join() -> np.ndarray:
        pairs = db.sql(
            "SELECT points.i, areas.area FROM points "
            "JOIN areas ON ST_Within(points.geometry, areas.geometry)"
        ).to_pandas()
        return _lowest(areas, len(x), pairs["i"].to_numpy(), pairs["area"].to_numpy())

    return join


def _sjoin(areas: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> np.ndarray:
    numbered = gpd.GeoDataFrame({"area": np.arange(len(areas))}, geometry=areas.geometry.to_numpy())
    numbered = numbered.set_crs(points.crs)
    pairs = gpd.sjoin(points, numbered, predicate="within")
    return _lowest(areas, len(points), pairs.index.to_numpy(), pairs["area"].to_numpy())


def _lowest(areas: gpd.GeoDataFrame, count: int, point: np.ndarray, area: np.ndarray) -> np.ndarray:
    """One area a point, −1 for none; the layers here are in the order of their codes."""
    assert areas.index.is_monotonic_increasing
    result = np.full(count, len(areas))
    np.minimum.at(result, point, area)
    return np.where(result == len(areas), -1, result)


METHODS = {
    "geopandas sjoin": by_sjoin,
    "distinct places, then sjoin": by_distinct_places,
    "intersects_xy on x-sorted points": by_x_sorted,
    "sedonadb": by_sedonadb,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
