"""The baselines of cells, and the residents of areas, that both sides of a race are given."""

from __future__ import annotations

import numpy as np


def amounts(kind: str, cells: int) -> np.ndarray:
    """How much of a baseline lies in each cell: land, snap points, or residents."""
    rng = np.random.default_rng(6)
    if kind == "even":
        return np.ones(cells)
    if kind == "points":
        return rng.poisson(2.0, cells).astype(float)
    return rng.gamma(2.0, 50.0, cells) + 1.0
