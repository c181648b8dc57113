"""Incidents to analyse: counts on a grid of cells, and points with places that are busy."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import shapely

from geo.cells import Cells, Grid

SIDE_M = 20_000.0
CENTRES = 40
STREETS = 8_000
DAYS = 365


def main(kind: str, count: str, target: str) -> None:
    makers = {"cells": cells, "points": points, "snap": snap_points, "grid": grid}
    arrays = makers[kind](int(count))
    np.savez(Path(target), **arrays)


def cells(count: int) -> dict[str, np.ndarray]:
    """Counts of about so many hexagons in a disc, three in each, and which are neighbours."""
    width = 100.0
    radius = np.sqrt(count * width**2 * np.sqrt(3) / 2 / np.pi)
    made = Cells.over(shapely.Point(435_000, 336_000).buffer(radius), Grid(round(width)))
    rng = np.random.default_rng(1)
    busy = rng.gamma(0.6, 5, len(made))
    near = made.neighbours.tocsr()
    return {
        "counts": rng.poisson(busy),
        "data": near.data,
        "indices": near.indices,
        "indptr": near.indptr,
    }


def grid(width: int) -> dict[str, np.ndarray]:
    """The hexagons of a width over the square of the points, as shapes, and which touch."""
    made = Cells.over(shapely.box(0, 0, SIDE_M, SIDE_M), Grid(width))
    near, whole = made.neighbours.tocsr(), shapely.geometrycollections(made.geometry)
    return {
        "shapes": np.frombuffer(whole.wkb, dtype=np.uint8),
        "land": made.inside_area,
        "data": near.data,
        "indices": near.indices,
        "indptr": near.indptr,
    }


def points(count: int) -> dict[str, np.ndarray]:
    """Half of the points all over a square, half around a few centres; all are distinct."""
    rng = np.random.default_rng(2)
    even = rng.uniform(0, SIDE_M, (count // 2, 2))
    centres = rng.uniform(0.1 * SIDE_M, 0.9 * SIDE_M, (CENTRES, 2))
    around = centres[rng.integers(0, CENTRES, count - len(even))]
    xy = np.vstack([even, around + rng.normal(0, 400, around.shape)])
    return {"xy": np.clip(xy, 0, SIDE_M), "day": rng.integers(0, DAYS, count)}


def snap_points(count: int) -> dict[str, np.ndarray]:
    """As police.uk publishes them: few points, shared by many."""
    some = points(STREETS)
    share = np.random.default_rng(3).gamma(0.5, 1, STREETS)
    drawn = np.random.default_rng(4).choice(STREETS, count, p=share / share.sum())
    return {"xy": some["xy"][drawn], "day": some["day"][drawn]}


if __name__ == "__main__":
    main(*sys.argv[1:])
