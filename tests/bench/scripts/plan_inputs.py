"""What every way of moving blocks starts from, and how it tells what it took."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

SUMS = ["electors", "electors_forecast", "residents", "incidents"]
COMPARED = 10
"""After so many moves the tables of all ways are compared."""
WARM_UP = 3

Move = tuple[str, str]


def read_blocks(folder: Path) -> gpd.GeoDataFrame:
    return gpd.read_file(folder / "blocks.gpkg").set_index("area_code")


def read_members(folder: Path) -> pd.Series:
    return pd.read_csv(folder / "wards.csv", index_col="area_code")["members"]


def read_points(folder: Path) -> np.ndarray:
    return np.load(folder / "points.npy")


def read_moves(folder: Path) -> list[Move]:
    return [tuple(move) for move in json.loads((folder / "moves.json").read_text("utf-8"))]


def timed_moves(
    moves: Iterable[Move],
    step: Callable[[Move], Any],
    table: Callable[[], pd.DataFrame],
    answer: str,
) -> None:
    """Take the moves one by one, keep the table after some of them, and tell the median.

    In milliseconds on the CPU: other processes must not tell in moves as short as these.
    """
    taken = []
    for number, move in enumerate(moves, start=1):
        start = process_time()
        step(move)
        taken.append(process_time() - start)
        if number == COMPARED:
            table()[SUMS].sort_index().round().astype(int).to_csv(answer)
    figures = {"ms": 1000 * median(taken[WARM_UP:]), "slowest_ms": 1000 * max(taken[WARM_UP:])}
    sys.stdout.write(json.dumps(figures) + "\n")
