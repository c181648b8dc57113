"""The rival: the same sum over what a KD-tree finds near each middle.

`distinct` adds up the points that share a place first, which helps where many do.
"""

from __future__ import annotations

import sys

import numpy as np
from inputs import timed
from middles import middles
from result_file import save
from scipy.spatial import cKDTree

KM2 = 1e6


def main(method: str, points: str, cell: str, bandwidth: str, answer: str) -> None:
    xy, at, h = np.load(points)["xy"], middles(float(cell)), float(bandwidth)
    result, took = timed(lambda: METHODS[method](xy, at, h))
    save(answer, {"s": took}, density=result)


def by_tree(xy: np.ndarray, at: np.ndarray, h: float) -> np.ndarray:
    return summed(xy, np.ones(len(xy)), at, h)


def by_distinct(xy: np.ndarray, at: np.ndarray, h: float) -> np.ndarray:
    places, count = np.unique(xy, axis=0, return_counts=True)
    return summed(places, count.astype(float), at, h)


def summed(xy: np.ndarray, weight: np.ndarray, at: np.ndarray, h: float) -> np.ndarray:
    tree, result = cKDTree(xy), np.zeros(len(at))
    for cell, place in enumerate(at):
        near = tree.query_ball_point(place, h)
        squared = ((xy[near] - place) ** 2).sum(axis=1)
        result[cell] = (weight[near] * (1 - squared / h**2) ** 2).sum()
    return result * (3 / (np.pi * h**2)) * KM2


METHODS = {"tree": by_tree, "distinct": by_distinct}

if __name__ == "__main__":
    main(*sys.argv[1:])
