"""Where both sides ask for a density."""

from __future__ import annotations

import numpy as np


def middles(cell: float, *, side: float = 20_000.0) -> np.ndarray:
    """The middles of the squares that tile the points' square."""
    axis = np.arange(cell / 2, side, cell)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
