"""Make what the promises about allocation are about: maps of areas, cells and hotspots."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from geo.allocation.adjacency import contiguity
from tests.geo.allocation.maps import random_areas

SHIFTS = ("early", "late", "night")
CITY_M = 12_000


def main(folder: str) -> None:
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for count in (17, 69):
        areas = random_areas(count, seed=5)
        layer = contiguity(areas)
        np.savez(target / f"areas-{count}.npz", work=areas["workload"], edges=layer.edges)
        areas.to_parquet(target / f"areas-{count}.parquet")
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, CITY_M, (1_000, 2))
    np.savez(target / "cells.npz", xy=xy, demand=rng.pareto(1.5, len(xy)).round(3))
    hotspots(rng).to_csv(target / "hotspots.csv", index=False)


def hotspots(rng: np.random.Generator, count: int = 500) -> pd.DataFrame:
    """Places at least 400 m apart, most of the demand at few of them, each shift in its own way."""
    spots: list[np.ndarray] = []
    while len(spots) < count:
        spot = rng.uniform(0, CITY_M, 2)
        if all(np.hypot(*(spot - other)) >= 400 for other in spots):
            spots.append(spot)
    x, y = np.array(spots).T
    frame = pd.DataFrame({"hotspot_id": [f"h{at:03}" for at in range(count)], "x": x, "y": y})
    frame["area_code"] = [f"w{int(a // 3_000)}{int(b // 3_000)}" for a, b in spots]
    heavy = rng.pareto(1.2, count) * 0.05 + 0.01
    for shift in SHIFTS:
        frame[shift] = heavy * rng.uniform(0.3, 1.0, count)
    return frame


if __name__ == "__main__":
    main(*sys.argv[1:])
