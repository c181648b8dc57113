"""Ours: points joined to a layer, from nothing and with the index ready."""

from __future__ import annotations

import sys

import geopandas as gpd
import numpy as np
import shapely
from inputs import read_inputs, report, timed

from geo.locate import AreaLocator

ROUNDS = 5


def main(layer: str, points: str, answer: str) -> None:
    areas, x, y = read_inputs(layer, points)
    load_compiled()
    locator = AreaLocator(areas)
    result, first = timed(lambda: locator.locate(x, y, workers=1))
    result, ready = timed(lambda: locator.locate(x, y, workers=1), rounds=ROUNDS)
    report(result, answer, first_s=first, ready_s=ready)


def load_compiled() -> None:
    """Loading what is compiled takes a moment once in a process, whatever is joined."""
    square = gpd.GeoDataFrame(index=["A"], geometry=[shapely.box(0, 0, 1, 1)])
    AreaLocator(square).locate(np.zeros(200_000), np.zeros(200_000))


if __name__ == "__main__":
    main(*sys.argv[1:])
